"""The agent under test as a process: its arguments, what it serves, what it writes, how it ends."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time
import zlib
from datetime import datetime

from . import metrics, processes
from .spans import read_spans
from .stage import REPOSITORY, tool
from .until import PATIENCE, until

TOKEN = "a token of the tests"


def binary():
    return os.environ.get("DRAIN_AGENT_BINARY") or str(REPOSITORY / ".build/debug/drain-agent")


class Agent:
    def __init__(self, scenario, number, arguments, kubeconfig=None, environment=None, scraped=True):
        self.scenario = scenario
        self.name = f"agent-{number}"
        self.command = arguments[0]
        self.logs = scenario.logs
        self.is_under_prometheus = scraped and self.command == "run"
        # A socket's path has at most 107 bytes: no room for the scenario's name.
        self.control_socket = scenario.stage.directory / f"{zlib.crc32(scenario.name.encode()):08x}-{number}.sock"
        self.termination_log = scenario.logs / f"{self.name}.termination-log"
        self.scrapes = []  # texts, as they came
        self.before = scenario.kubernetes.pods_on(scenario.node)  # what was on the node when it was told to drain
        self._spans = scenario.logs / f"{self.name}.spans.jsonl"
        self._arguments = [*map(str, arguments), *self._defaults(arguments, kubeconfig)]
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(scenario.directory), **(environment or {})}
        self._address = None
        self._process = None
        self._target = None
        self._fetcher = None
        self._last_state = None

    def _defaults(self, arguments, kubeconfig):
        """What the scenario did not say itself."""
        token_file = self.scenario.directory / "control-token"
        token_file.write_text(TOKEN)
        defaults = {
            "--kubeconfig": kubeconfig or self.scenario.stage.agent_kubeconfig,
            "--listen": "127.0.0.1:0",
            "--spans": self._spans,
            "--log-format": "json",
            "--log-level": "debug",
            "--pdb-retry-interval": "1s",
        }
        if self.command == "run":
            defaults["--control-socket"] = self.control_socket
            defaults["--control-token-file"] = token_file
            defaults["--termination-log"] = self.termination_log
        return [str(each) for pair in defaults.items() if pair[0] not in arguments for each in pair]

    # --- life

    def start(self):
        with open(self._path("stdout"), "wb") as out, open(self._path("stderr"), "wb") as errors:
            self._process = processes.start(
                [binary(), *self._arguments], stdout=out, stderr=errors, env=self._environment
            )

    def stop(self):
        if self._process:
            processes.end(self._process)
        if self._target:
            self._target.unlink(missing_ok=True)

    def signal(self, number=signal.SIGTERM):
        self._process.send_signal(number)

    @property
    def pid(self):
        return self._process.pid

    @property
    def has_ended(self):
        return self._process.poll() is not None

    def exit_code(self, within=PATIENCE):
        """How it ended; waits for that."""
        until(f"end of {self.name}; its log is {self._path('stderr')}", lambda: self.has_ended, within)
        return self._process.returncode

    def _path(self, what):
        return self.logs / f"{self.name}.{what}"

    # --- what it writes

    def stdout(self):
        return self._path("stdout").read_text()

    def stderr(self):
        return self._path("stderr").read_text()

    def log(self, message=None):
        """Its log lines, or those with this message."""
        lines = [json.loads(line) for line in self.stderr().splitlines() if line.startswith("{")]
        return [line for line in lines if message in (None, line["msg"])]

    def wait_for_log(self, message, within=PATIENCE):
        def said():
            assert self.log(message) or not self.has_ended, f"{self.name} ended: {self.stderr()[-1000:]}"
            return self.log(message)

        return until(f"“{message}” in the log of {self.name}", said, within)[0]

    def spans(self):
        return read_spans(self._spans)

    def would_evict(self):
        """Names of the pods that a dry run from the terminal says would go."""
        lines = [line.split() for line in self.stdout().splitlines() if "would be evicted" in line]
        return {word.split("/")[1] for line in lines for word in line if "/" in word}

    # --- what it serves

    @property
    def address(self):
        if self._address is None:
            self._address = self.wait_for_log("serving")["listen"][0]
        return self._address

    def request(self, method, path, body=None, token=TOKEN, headers=None, timeout=300):
        """Gives status and body; JSON where it is some."""
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            authorization = {"Authorization": f"Bearer {token}"} if token else {}
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {**authorization, **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode()
            isJSON = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(text) if isJSON else text
        finally:
            connection.close()

    def state(self):
        """GET /drain."""
        status, body = self.request("GET", "/drain")
        assert status == 200, body
        return body

    def phases(self, phase):
        """Names of the pods in that phase, as GET /drain has them."""
        return sorted(each["name"] for each in self.state()["pods"] if each["phase"] == phase)

    def wait_for(self, what, condition, within=PATIENCE):
        """Until GET /drain fulfils the condition."""

        def fulfilled():
            state = self.state()
            return state if condition(state) else None

        return until(f"{what} at {self.name}", fulfilled, within)

    def scrape(self):
        """One scrape of ours, kept for the checks; gives its samples."""
        status, text = self.request("GET", "/metrics")
        assert status == 200, text
        self.scrapes.append(text)
        return metrics.parse(text)

    def is_scraped(self):
        """Has Prometheus scrape it, and waits for the first time."""
        if not self.is_under_prometheus:
            return
        self._target = self.scenario.stage.prometheus.scrape(
            self.address, scenario=self.scenario.name, agent=self.name
        )
        until(f"first scrape of {self.name}", lambda: self.stored("up", by="agent").get(self.name) == 1)

    def last_scrape(self):
        """When Prometheus last reached it, in seconds; after that it had ended."""
        selector = f'up{{scenario="{self.scenario.name}",agent="{self.name}"}}'
        ((_, at),) = self.scenario.stage.prometheus.query(f"max_over_time(timestamp({selector} == 1)[1h:1s])")
        return at

    def stored(self, metric, by):
        """The metric's last values that Prometheus stored, by a label's value."""
        name, _, labels = metric.partition("{")
        selector = ",".join(filter(None, [f'scenario="{self.scenario.name}"', f'agent="{self.name}"', labels.rstrip("}")]))
        return self.scenario.stage.prometheus.last(f"{name}{{{selector}}}", by)

    def past_the_cordon(self):
        """Waits until pods that come now count as arrived: those bound up to 2 s after the cordon may have been missed."""
        line = self.wait_for_log("node cordoned")
        cordoned = datetime.fromisoformat(line["ts"].replace("Z", "+00:00")).timestamp()
        # A pod's own times have whole seconds.
        until("3 s after the cordon", lambda: time.time() > cordoned + 3)

    # --- triggers

    def trigger(self, headers=None, **overrides):
        """POST /drain; returns when the drain has begun."""
        self.before = self.scenario.kubernetes.pods_on(self.scenario.node)
        status, body = self.request("POST", "/drain", overrides or None, headers=headers)
        assert status == 202, f"POST /drain was answered with {status}: {body}"
        self.wait_for_the_end_in_the_background()

    def wait_for_the_end_in_the_background(self):
        """Fetches the drain's last state at its end, before the agent goes; the drain must have begun."""

        def fetch():
            try:
                status, body = self.request("POST", "/prestop")
            except (OSError, http.client.HTTPException) as error:
                status, body = 0, repr(error)
            self._last_state = body if status == 200 else f"POST /prestop was answered with {status}: {body}"

        self._fetcher = threading.Thread(target=fetch, daemon=True)
        self._fetcher.start()

    def last_state(self):
        """GET /drain as it was at the drain's end; None when nobody waited for it."""
        if self._fetcher is None:
            return None
        self._fetcher.join(PATIENCE)
        assert isinstance(self._last_state, dict), self._last_state
        return self._last_state

    def tell(self, command, *options):
        """Runs `drain-agent trigger|prestop|cancel|status` against its socket; gives the finished process."""
        call = [binary(), command, "--control-socket", self.control_socket, *options]
        return subprocess.run(call, capture_output=True, text=True, timeout=300)


def promtool_check(text):
    """What `promtool check metrics` says of the scrape; silence is praise."""
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
