"""What all scenarios of a run share: one control plane, one Prometheus, one Alertmanager, in a directory of the run."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import processes
from .alertmanager import Alertmanager, rules, start_alertmanager
from .kubernetes import Kubernetes
from .prometheus import Prometheus
from .until import until

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
PREFIX = "drain-agent-end-to-end."


class Stage:
    """A view of the directory: each worker has its own."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.control_plane = self.directory / "control-plane"
        self.kubernetes = Kubernetes(self.control_plane)
        self.prometheus = Prometheus(self.directory / "prometheus")
        self.alertmanager = Alertmanager(self.directory / "alertmanager")
        self.audit_log = self.control_plane / "logs/audit.log"
        self.admin_kubeconfig = self.control_plane / "admin.kubeconfig"
        self.agent_kubeconfig = self.directory / "agent.kubeconfig"

    def command(self, verb, *arguments):
        """Runs control-plane.sh VERB on our control plane and gives what it prints."""
        call = [HERE / "control-plane.sh", verb, self.control_plane, *arguments]
        done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0, f"control-plane.sh {verb} failed:\n{done.stderr}"
        return done.stdout.strip()

    def try_kubectl(self, *arguments, kubeconfig=None):
        """The finished process."""
        call = [tool("kubectl"), "--kubeconfig", kubeconfig or self.admin_kubeconfig, *arguments]
        return subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def kubectl(self, *arguments, kubeconfig=None):
        """What it prints."""
        done = self.try_kubectl(*arguments, kubeconfig=kubeconfig)
        assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))} failed:\n{done.stderr}"
        return done.stdout

    @contextmanager
    def shared_with_others(self, alone=False):
        """Holds the stage: with the others, or, for a scenario that stops servers, without any other."""
        with open(self.directory / "lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield

    def kubeconfig(self, name, **user):
        """A kubeconfig of the control plane for a user given as kubeconfig has it: token="…", tokenFile="…"."""
        config = json.loads(self.kubectl("config", "view", "--raw", "-o", "json"))
        config["users"] = [{"name": config["contexts"][0]["context"]["user"], "user": user}]
        path = self.directory / f"{name}.kubeconfig"
        path.write_text(json.dumps(config, indent=1))
        path.chmod(0o600)
        return path

    def token(self, account, namespace, seconds=3600 * 6, pod=None):
        """A token of the service account, as a kubelet would ask for it; bound to a pod, given its metadata."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "metadata": {"name": account},
            "spec": {"audiences": [], "expirationSeconds": seconds},
        }
        if pod:
            bound = {"apiVersion": "v1", "kind": "Pod", "name": pod["name"], "uid": pod["uid"]}
            request["spec"]["boundObjectRef"] = bound
        made = self.kubernetes.create("v1/serviceaccounts", request, namespace, subresource="token")
        return made["status"]["token"]


class Run:
    """The stage's life, from the first process to the last; only the process that the person started has one."""

    def __init__(self):
        remove_what_dead_runs_left()
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        (self.directory / "owner").write_text(str(os.getpid()))
        self._prometheus = None
        self._alertmanager = None

    def start_control_plane(self):
        """That alone; gives the stage."""
        call = [HERE / "control-plane.sh", "start", self.directory / "control-plane", "--owner", str(os.getpid())]
        subprocess.run(call, check=True)
        return Stage(self.directory)

    def start(self):
        stage = self.start_control_plane()
        self._alertmanager = start_alertmanager(self.directory / "alertmanager", tool("prometheus-alertmanager"))
        alertmanager = (self.directory / "alertmanager/address").read_text()
        self._prometheus = start_prometheus(self.directory / "prometheus", alertmanager)
        stage.kubectl("apply", "-k", REPOSITORY / "deploy/rbac")
        token = until("token of the agent's account", lambda: stage.token("drain-agent", "kube-system"))
        stage.kubeconfig("agent", token=token)

    def end(self):
        for process in filter(None, [self._prometheus, self._alertmanager]):
            processes.end(process)
        if (self.directory / "control-plane").exists():
            subprocess.run([HERE / "control-plane.sh", "remove", self.directory / "control-plane"], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


def start_prometheus(directory, alertmanager):
    """Scrapes each second, or each 15 if told so, and tells the Alertmanager at that address of alerts."""
    for name in ("targets", "slow-targets"):
        (directory / name).mkdir(parents=True)
    (directory / "rules.yml").write_text(json.dumps(rules(REPOSITORY)))
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [str(directory / "rules.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {
                "job_name": "drain-agent",
                "file_sd_configs": [{"files": [str(directory / "targets/*.json")], "refresh_interval": "2s"}],
            },
            {
                "job_name": "slow",
                "scrape_interval": "15s",
                "scrape_timeout": "10s",
                "file_sd_configs": [{"files": [str(directory / "slow-targets/*.json")], "refresh_interval": "2s"}],
            },
        ],
    }
    (directory / "prometheus.yml").write_text(json.dumps(config))
    log = open(directory / "log", "wb")
    process = processes.start(
        [
            tool("prometheus"),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            "--web.listen-address=127.0.0.1:0",
            # Hidden: how soon a new target is scraped. Its default of 5 s is for fleets.
            "--scrape.discovery-reload-interval=100ms",
            "--enable-feature=exemplar-storage",
        ],
        stdout=log,
        stderr=log,
    )

    def address():
        assert process.poll() is None, f"Prometheus ended: {(directory / 'log').read_text()[-2000:]}"
        return re.search(r'msg="Listening on" address=(\S+)', (directory / "log").read_text())

    (directory / "address").write_text(until("Prometheus's address", address)[1])
    return process


def remove_what_dead_runs_left():
    """A run that was killed could not tidy up; its processes ended with it."""
    for directory in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        owner = directory / "owner"
        if owner.exists() and not Path("/proc", owner.read_text()).exists():
            shutil.rmtree(directory, ignore_errors=True)


def tool(name):
    """A program of Debian's that scripts/install unpacked, or the machine's own."""
    unpacked = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "drain-agent/tools/bin" / name
    return str(unpacked) if unpacked.exists() else name

