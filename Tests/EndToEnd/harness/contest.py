"""The same pods, drained by one contestant after the other, back and forth between two nodes."""

import statistics
import subprocess
import sys
import threading
import time

from . import processes
from .checks import check
from .ground import Ground
from .stage import HERE, tool

PATIENCE = 180
# Nobody waits longer for kubectl: it counts as if it had ended then.
CUT_OFF = 120


class Contest:
    """`settle(corner)` makes the workload of so many pods in a corner, ready on its node."""

    def __init__(self, scenario, pods, settle):
        self._scenario = scenario
        self._settle = settle
        self._ground = Ground(scenario, pods)
        self._seconds = {"limit": [], "kubectl": [], "drain-agent": []}
        self._kubectls = []
        settle(scenario)

    def __str__(self):
        return "; ".join(f"{name} {' '.join(f'{each:.2f}' for each in times)}" for name, times in self._seconds.items())

    def ratio(self, other):
        """Our median to that of the other."""
        return statistics.median(self._seconds["drain-agent"]) / statistics.median(self._seconds[other])

    # --- contestants

    def limit(self):
        """By its own watch: what its interpreter needs to start does not count."""
        self._ground.make_ready()
        call = [sys.executable, "-B", HERE / "contestants/limit.py", "--dir", self._scenario.stage.control_plane]
        done = subprocess.run(
            [*call, "--node", self._scenario.node], stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True
        )
        self._took("limit", float(done.stdout.split()[-1]))
        self._ground.turn_round()

    def ours(self, *options):
        """From the process's start to its end. Gives what the checks know of the drain."""
        self._ground.make_ready()
        began = time.monotonic()
        agent = self._scenario.drain("--log-level", "info", *options)
        agent.exit_code(PATIENCE)
        self._took("drain-agent", time.monotonic() - began)
        drained = check(agent)
        self._ground.turn_round()
        return drained

    def begin_kubectl(self, times):
        """Each in a corner of its own, all at once and beside the others: kubectl sleeps nearly all the time."""
        corners = [self._scenario.corner(f"k{number + 1}") for number in range(times)]
        for corner in corners:
            self._settle(corner)
            corner.open_spare()
        self._kubectls = [Kubectl(corner) for corner in corners]

    def end_kubectl(self):
        for each in self._kubectls:
            self._took("kubectl", each.seconds())

    def _took(self, name, seconds):
        self._seconds[name].append(seconds)


class Kubectl:
    """A `kubectl drain` that runs."""

    def __init__(self, corner):
        call = [tool("kubectl"), "--kubeconfig", corner.stage.admin_kubeconfig, "drain", corner.node]
        self._began = time.monotonic()
        self._process = processes.start(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._seconds = None
        self._code = 0  # also of one that is cut off
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self):
        try:
            self._process.wait(CUT_OFF)
            self._code = self._process.returncode
        except subprocess.TimeoutExpired:
            processes.end(self._process)
        self._seconds = time.monotonic() - self._began

    def seconds(self):
        self._watcher.join()
        assert self._code == 0, f"kubectl drain ended with {self._code}"
        return self._seconds
