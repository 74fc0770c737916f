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
# Scrapes are a second apart and a backfill knows no staleness markers: what is gone is to be gone.
LOOKBACK = "1500ms"


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
        self.recording, self.directory = recording, directory
        text, data, config = directory / "recording.txt", directory / "data", directory / "prometheus.yml"
        text.write_text("".join(recording.open_metrics()))
        backfill = [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", text, data]
        subprocess.run(backfill, check=True, capture_output=True)
        config.write_text("{}\n")
        self.address = f"http://127.0.0.1:{free_port()}"
        with open(directory / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    tool("prometheus"),
                    f"--config.file={config}",
                    f"--storage.tsdb.path={data}",
                    "--storage.tsdb.retention.time=100y",
                    f"--query.lookback-delta={LOOKBACK}",
                    f"--web.listen-address={self.address.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=log,
            )

    def __enter__(self):
        deadline = time.monotonic() + 60
        while not self.answers():
            log = (self.directory / "prometheus.log").read_text()
            assert self.process.poll() is None and time.monotonic() < deadline, log
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

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
