"""The agent under test as a process: its arguments, what it writes, how it ends."""

import json
import os
import signal
import subprocess
import time
import zlib
from datetime import datetime

from . import processes
from .served import TOKEN, Served
from .spans import read_spans
from .stage import REPOSITORY
from .until import PATIENCE, until


def binary():
    return os.environ.get("DRAIN_AGENT_BINARY") or str(REPOSITORY / ".build/debug/drain-agent")


class Agent(Served):
    def __init__(
        self, scenario, number, node, arguments, kubeconfig=None, environment=None, scraped=True, streams=None,
        within=(), address=None,
    ):
        """`streams`: descriptors in place of the files for "stdout" and "stderr". `within`: a program that runs it.

        `address`: where it will serve, if its log cannot tell."""
        super().__init__(scenario, f"agent-{number}", node)
        self.command = arguments[0]
        self.logs = scenario.logs
        self.is_under_prometheus = scraped and self.command == "run"
        # A socket's path has at most 107 bytes: no room for the scenario's name.
        self.control_socket = scenario.stage.directory / f"{zlib.crc32(scenario.name.encode()):08x}-{number}.sock"
        self.termination_log = scenario.logs / f"{self.name}.termination-log"
        self._spans = scenario.logs / f"{self.name}.spans.jsonl"
        self._arguments = [*map(str, arguments), *self._defaults(arguments, kubeconfig)]
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(scenario.directory), **(environment or {})}
        self._streams = streams or {}
        self._within = within
        self._address = address
        self._process = None

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
            streams = {"stdout": out, "stderr": errors, **self._streams}
            self._process = processes.start(
                [*self._within, binary(), *self._arguments], env=self._environment, **streams
            )

    def stop(self):
        if self._process:
            processes.end(self._process)
        self.end_scrapes()

    def signal(self, number=signal.SIGTERM):
        self._process.send_signal(number)

    @property
    def pid(self):
        return self._process.pid

    @property
    def has_ended(self):
        return self._process.poll() is not None

    @property
    def was_killed(self):
        return self._process.poll() == -signal.SIGKILL

    def exit_code(self, within=PATIENCE):
        """How it ended; waits for that."""
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            what = f"end of {self.name}; its log is {self._path('stderr')}"
            raise AssertionError(f"not within {within} s: {what}") from None

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
        # One that is ended before it has said a word never began.
        if self.has_ended and not self._spans.exists() and not self.stderr():
            return []
        return read_spans(self._spans, self.was_killed)

    def would_evict(self):
        """Names of the pods that a dry run from the terminal says would go."""
        lines = [line.split() for line in self.stdout().splitlines() if "would be evicted" in line]
        return {word.split("/")[1] for line in lines for word in line if "/" in word}

    def past_the_cordon(self):
        """Waits until pods that come now count as arrived: the list may have missed those bound up to 2 s after it."""
        line = self.wait_for_log("node cordoned")
        cordoned = datetime.fromisoformat(line["ts"].replace("Z", "+00:00")).timestamp()
        # A pod's own times have whole seconds.
        until("3 s after the cordon", lambda: time.time() > cordoned + 3)

    def tell(self, command, *options):
        """Runs `drain-agent trigger|prestop|cancel|status` against its socket; gives the finished process."""
        call = [binary(), command, "--control-socket", self.control_socket, *options]
        return subprocess.run(call, capture_output=True, text=True, timeout=300)
