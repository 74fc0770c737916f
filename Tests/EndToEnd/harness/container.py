"""The agent in its image: a container as a manifest has it, run by runc as a kubelet would have it run."""

import http.client
import os
import ssl
import subprocess
import sys

from . import processes
from .agent import Agent
from .served import make_certificate
from .stage import REPOSITORY

for directory in ("deploy/image", "Tests/Deploy"):
    sys.path.append(str(REPOSITORY / directory))

import bundle  # noqa: E402
from builds import agent_of  # noqa: E402

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# Not the manifest's: the network is this machine's, so the port is any free one; and what the checks want to read.
OURS = ["--listen=127.0.0.1:0", "--log-level=debug", "--spans=/out/spans.jsonl"]


def image():
    file = os.environ.get("DRAIN_AGENT_IMAGE") or REPOSITORY / ".build/image/drain-agent.tar"
    assert os.path.exists(file), f"no image at {file}: `make image` builds it"
    return file


class Container(Agent):
    """Of a pod that is in the cluster: arguments, environment, user, mounts and token are as its spec has them."""

    def __init__(self, scenario, number, pod, node):
        self.pod = pod
        self._authority = None
        self._container = agent_of(pod)
        super().__init__(scenario, number, node, self._container["args"])
        self._directory = scenario.directory / f"container-{number}"
        self._container_name = f"drain-agent-{os.getpid()}-{number}"
        self.termination_log = self._made("termination-log", {"termination-log": ""}) / "termination-log"
        out = self._made("out")
        self._spans = out / "spans.jsonl"
        for path in (self.termination_log, out):
            path.chmod(0o777)
        bundle.make(
            image(),
            self._directory / "bundle",
            [*self._container["args"], *OURS],
            self._variables(),
            [*self._mounts(), (self.termination_log, "/dev/termination-log", False), (out, "/out", False)],
            self._security("runAsUser"),
        )

    def asked_for(self, resource):
        """What the manifest requests of it, in bytes."""
        return int(self._container["resources"]["requests"][resource].removesuffix("Mi")) << 20

    # --- what a kubelet makes of the spec

    def _security(self, name):
        return {**self.pod["spec"].get("securityContext", {}), **self._container["securityContext"]}[name]

    def _variables(self):
        host, port = self.scenario.kubernetes.address
        told = {each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"] for each in self._container.get("env", [])}
        fields = {name: self._field(path) for name, path in told.items()}
        return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, **fields}

    def _field(self, path):
        value = self.pod
        for name in path.split("."):
            value = value[name]
        return value

    def _mounts(self):
        volumes = {each["name"]: each for each in self.pod["spec"]["volumes"]}
        for mount in self._container["volumeMounts"]:
            path, volume = mount["mountPath"], volumes[mount["name"]]
            if path == ACCOUNT:
                yield self._made("account", self._account()), path, True
            elif "emptyDir" in volume:
                directory = self._made(mount["name"])
                directory.chmod(0o777)  # as kubelets do
                yield directory, path, False
            elif "hostPath" in volume:
                yield self._made(mount["name"]), path, False
            elif volume["secret"]["secretName"] == "drain-agent-tls":
                yield self._certificate(mount["name"]), path, True
            else:
                yield self._made(mount["name"], {"token": "a token of the tests"}), path, True

    def _certificate(self, name):
        directory = make_certificate(self._directory / name)
        (directory / "tls.key").chmod(0o644)  # as kubelets do
        self._authority = directory / "tls.crt"
        return directory

    def _connection(self, timeout):
        """As the pod's probes and scrapes are told to speak."""
        scheme = self._container.get("livenessProbe", {}).get("httpGet", {}).get("scheme")
        if scheme != "HTTPS":
            return super()._connection(timeout)
        context = ssl.create_default_context(cafile=str(self._authority))
        return http.client.HTTPSConnection(self.address, timeout=timeout, context=context)

    def _account(self):
        """The files of the pod's account; the token is bound to the pod."""
        metadata = self.pod["metadata"]
        account, namespace = self.pod["spec"]["serviceAccountName"], metadata["namespace"]
        authority = (self.scenario.stage.control_plane / "certs/ca.crt").read_text()
        token = self.scenario.stage.token(account, namespace, pod=metadata)
        return {"token": token, "ca.crt": authority, "namespace": namespace}

    def _made(self, name, files=None):
        directory = self._directory / name
        directory.mkdir(parents=True)
        for file, text in (files or {}).items():
            (directory / file).write_text(text)
        return directory

    # --- life

    def start(self):
        with open(self._path("stdout"), "wb") as out, open(self._path("stderr"), "wb") as errors:
            self._process = processes.start(self._call("run"), stdout=out, stderr=errors)

    def stop(self):
        super().stop()
        subprocess.run(self._call("delete"), capture_output=True)

    def tell(self, command, *options):
        """Runs `drain-agent COMMAND` in the container, as `kubectl exec` would; gives the finished process."""
        call = self._call("exec", "drain-agent", command, *options)
        return subprocess.run(call, capture_output=True, text=True, timeout=300)

    def _call(self, verb, *arguments):
        return bundle.command(self._directory / "bundle", verb, self._container_name, *arguments)
