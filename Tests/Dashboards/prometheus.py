"""A real Prometheus on 127.0.0.1 that holds the recorded drains, and nothing else."""

import json
import math
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

STEP = 5

def tool(name):
    tools = os.environ.get("DRAIN_AGENT_TOOLS", "")
    found = shutil.which(name, path=os.pathsep.join([tools, os.environ["PATH"]]))
    assert found, f"no {name}: scripts/install test"
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RecordedPrometheus:
    def __init__(self, recording, directory):
        self.recording, self.directory, self.data = recording, directory, directory / "data"
        text = directory / "recording.txt"
        text.write_text("".join(recording.open_metrics()))
        self.backfill("openmetrics", text, self.data)
        (directory / "prometheus.yml").write_text("{}\n")
        self.start()

    def backfill(self, *arguments):
        subprocess.run([tool("promtool"), "tsdb", "create-blocks-from", *arguments], check=True, capture_output=True)

    def start(self):
        self.address = f"http://127.0.0.1:{free_port()}"
        with open(self.directory / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    tool("prometheus"),
                    f"--config.file={self.directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.data}",
                    "--storage.tsdb.retention.time=100y",
                    # A backfill knows no staleness markers: what is gone at the next scrape is to be gone.
                    f"--query.lookback-delta={self.recording.step * 1500 - 1}ms",
                    f"--web.listen-address={self.address.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=log,
            )

    def end(self):
        self.process.terminate()
        self.process.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while not self.answers():
            log = (self.directory / "prometheus.log").read_text()
            assert self.process.poll() is None and time.monotonic() < deadline, log
            time.sleep(0.1)

    def remember(self, rules, interval):
        """Has what the file's recording rules would have recorded; Prometheus reads it when it starts anew."""
        start, end = self.recording.start, self.recording.start + self.recording.seconds
        span = [f"--start={start}", f"--end={end}", f"--eval-interval={interval}"]
        self.backfill("rules", f"--url={self.address}", *span, f"--output-dir={self.data}", rules)
        self.end()
        self.start()
        self.wait()

    def __enter__(self):
        self.wait()
        return self

    def __exit__(self, *_):
        self.end()

    def answers(self):
        try:
            return urllib.request.urlopen(f"{self.address}/-/ready", timeout=2).status == 200
        except OSError:
            return False

    def ask(self, path, **parameters):
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{json.load(error)['error']}: {parameters['query']}") from error

    def at(self, second, expression):
        """[(labels, number)] so many seconds after the recording's start."""
        found = self.ask("query", query=expression, time=self.recording.start + second)
        return [(each["metric"], float(each["value"][1])) for each in found]

    def over(self, expression, step=STEP):
        """[(labels, [(second, number)])] over the whole recording, without what is no number."""
        start = self.recording.start
        found = self.ask("query_range", query=expression, start=start, end=start + self.recording.seconds, step=step)
        points = [(each["metric"], [(at - start, float(value)) for at, value in each["values"]]) for each in found]
        kept = [(labels, [(at, value) for at, value in series if not math.isnan(value)]) for labels, series in points]
        return [(labels, series) for labels, series in kept if series]
