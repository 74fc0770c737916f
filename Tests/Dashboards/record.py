"""Records the drains that the dashboards are tried with: Tests/Fixtures/drains.txt.

Three agents of a simulated cluster are scraped each second for three minutes: node-a completes once somebody has mended
the budget that can never allow, node-b misses its deadline behind another such budget, node-c waits for its turn and is
cancelled.

Usage: record.py PROGRAM (drain-agent), with kubectl on the PATH
"""

import json
import math
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from recording import FIXTURE, Recording

SECONDS = 180
JOB = "drain-agent"
NODES = {"node-a": 19811, "node-b": 19812, "node-c": 19813}
API_PORT = 19810
API = f"http://127.0.0.1:{API_PORT}"
KUBECONFIG = f"""
apiVersion: v1
kind: Config
clusters: [{{name: simulated, cluster: {{server: "{API}"}}}}]
contexts: [{{name: simulated, context: {{cluster: simulated, user: anybody}}}}]
current-context: simulated
users: [{{name: anybody, user: {{}}}}]
"""


class Stage:
    def __init__(self, program, directory):
        self.program, self.directory, self.processes = program, directory, []
        self.config = directory / "kubeconfig"
        self.config.write_text(KUBECONFIG)
        self.start("demo", "--simulate-only", "--port", str(API_PORT), log="cluster")
        time.sleep(3)
        for node, port in NODES.items():
            self.start(
                "run",
                "--node",
                node,
                "--listen",
                f"127.0.0.1:{port}",
                "--kubeconfig",
                str(self.config),
                "--control-socket",
                str(directory / node),
                "--max-parallel-drains",
                "2",
                "--lease-namespace",
                "default",
                "--concurrency",
                "2",
                "--spans",
                str(directory / f"{node}.jsonl"),
                log=node,
            )

    def start(self, *arguments, log):
        with open(self.directory / f"{log}.log", "wb") as file:
            self.processes.append(subprocess.Popen([self.program, *arguments], stdout=file, stderr=file))

    def tell(self, node, word, *arguments):
        command = [self.program, word, "--control-socket", str(self.directory / node), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def keep(self, namespace, budget, available):
        patch = json.dumps({"spec": {"minAvailable": available, "maxUnavailable": None}})
        command = ["kubectl", "--kubeconfig", self.config, "patch", "pdb", budget, "-n", namespace]
        subprocess.run([*command, "--type", "merge", "-p", patch], check=True, stdout=subprocess.DEVNULL)

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def events(stage):
    return [
        (10, lambda: stage.tell("node-a", "trigger", "--timeout", "2m")),
        (50, lambda: stage.keep("data", "db", 3)),
        (55, lambda: stage.tell("node-b", "trigger", "--timeout", "70s")),
        (75, lambda: stage.tell("node-c", "trigger", "--timeout", "5m")),
        (150, lambda: stage.tell("node-c", "cancel")),
    ]


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=0.9) as answer:
        return answer.read().decode()


def record(stage):
    recording = Recording(math.ceil(time.time()), SECONDS)
    due = events(stage)
    for second in range(SECONDS):
        time.sleep(max(0, recording.start + second - time.time()))
        while due and due[0][0] <= second:
            threading.Thread(target=due.pop(0)[1]).start()
        for node, port in NODES.items():
            target = {"job": JOB, "instance": f"{node}:9809"}
            try:
                recording.add(second, target, scrape(port))
            except OSError:
                recording.add(second, target, None)
    return recording


def main():
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(sys.argv[1], Path(directory))
        try:
            time.sleep(3)
            FIXTURE.write_text(record(stage).text())
        finally:
            stage.end()


if __name__ == "__main__":
    main()
