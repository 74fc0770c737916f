"""One drain by one contestant: started, watched, and ended if it must be."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

from harness.audit import AuditLog, what_is_asked
from harness.measured import MemoryPeak

TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    """A process and what it used, by wait4."""

    def __init__(self, call, environment, log):
        self.began = time.monotonic()
        # Not through `processes.start`: what runs between fork and exec would count as the child's.
        self._process = subprocess.Popen(
            list(map(str, call)), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._has_ended = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self):
        _, status, usage = os.wait4(self.pid, 0)
        self.ended = time.monotonic()
        self.code = self._process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self._has_ended.set()

    def wait(self, within):
        return self._has_ended.wait(max(0, within))

    def kill(self):
        if not self._has_ended.is_set():
            os.kill(self.pid, signal.SIGKILL)
        self._has_ended.wait()


class OthersGone:
    """When all pods of a node but those of a label are gone, as a watch sees it."""

    def __init__(self, kubernetes, node, label):
        query = f"/api/v1/pods?fieldSelector=spec.nodeName%3D{node}"
        listed = kubernetes.request("GET", query)
        self._left = {
            each["metadata"]["uid"] for each in listed["items"] if label not in each["metadata"].get("labels", {})
        }
        self._stream = kubernetes.stream(f"{query}&watch=1&resourceVersion={listed['metadata']['resourceVersion']}")
        self.at = None
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        for line in self._stream:
            event = json.loads(line)
            if event["type"] == "DELETED":
                self._left.discard(event["object"]["metadata"]["uid"])
                if not self._left:
                    self.at = time.monotonic()
                    return


def cpu_of(pid):
    """Seconds of CPU that a process used so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def requests_since(audit, agent, since):
    """How many requests of each kind this user agent sent. A watch is logged at its beginning and at its end."""
    seen = {}
    for event in audit.read(f'"userAgent":"{agent}'):
        if event["userAgent"].startswith(agent) and event["requestReceivedTimestamp"] >= since:
            seen[event["auditID"]] = what_is_asked(event) if "objectRef" in event else "discoveries"
    return dict(Counter(seen.values()))


def files_of(program):
    """The program and the libraries that it is linked with; what is no program of that kind has none."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [Path(program), *(Path(each) for each in re.findall(r"(/\S+) \(0x", said))]


def warm(program):
    """Nobody is to wait for the disk: a virtual machine may take away what was not used for a minute, and then the first
    after a slow contestant would be the one who reads its program anew, while etcd writes."""
    for each in files_of(program):
        each.read_bytes()


def measure(stage, contestant, node, through, environment, log_path, cut_off, stuck_label=None):
    """The figures of one drain, as JSON can hold them."""
    audit = AuditLog(stage.audit_log)
    server = int((stage.control_plane / "pids/kube-apiserver").read_text().split()[0])
    goal = OthersGone(stage.kubernetes, node, stuck_label) if stuck_label else None
    call = contestant.call(node, through)
    warm(call[0])
    load = os.getloadavg()[0]
    since = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with open(log_path, "w+") as log:
        server_cpu = cpu_of(server)
        child = Child(call, environment, log)
        try:
            with MemoryPeak(child.pid, every=0.005) as memory:
                is_over = wait_for_end(child, goal, cut_off)
        finally:
            child.kill()
        server_cpu = cpu_of(server) - server_cpu
        log.seek(0)
        said = log.read()
    ended = goal.at if goal and goal.at else child.ended
    left = len(stage.kubernetes.pods_on(node))
    if is_over and not goal:
        assert child.code == 0 and not left, f"{contestant.name} ended with {child.code}, {left} left: {said[-1000:]}"
    return {
        "contestant": contestant.name,
        "seconds": round(ended - contestant.began(child.began, said), 3),
        "cut_off": not is_over,
        "left": left,
        "requests": requests_since(audit, contestant.agent, since),
        "server_cpu": round(server_cpu, 2),
        "cpu": round(child.cpu, 3),
        "rss_kib": memory.resident,
        "anon_kib": memory.kibibytes,
        "load": round(load, 2),
    }


def wait_for_end(child, goal, cut_off):
    """Whether it came to its end, or to the goal, before it was cut off."""
    deadline = child.began + cut_off
    if goal is None:
        return child.wait(deadline - time.monotonic())
    while time.monotonic() < deadline:
        if goal.at:
            return True
        assert not child.wait(0.01), "it ended though pods are left that nobody may evict"
    return False
