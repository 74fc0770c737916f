"""Recorded scrapes, kept small: a line a series, and in it runs of equal values, one for each scrape.

    # start 1800000000 seconds 100 step 5
    drain_pods{instance="node-a:9809",job="drain-agent",phase="gone"} 0*12 1 2*3 _*4

`_` is a scrape without the series. Each series begins at the start.
"""

import re
from pathlib import Path

FIXTURE = Path(__file__).parents[1] / "Fixtures" / "drains.txt"
ABSENT = "_"
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")


class Recording:
    def __init__(self, start, seconds, step):
        self.start, self.seconds, self.step, self.types, self.series = start, seconds, step, {}, {}

    def add(self, second, target, text):
        """Takes what a scrape of the target gave; None: it gave nothing."""
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(target.items()))
        self.put(second, f"up{{{labels}}}", "0" if text is None else "1")
        for line in (text or "").splitlines():
            if line.startswith("# TYPE "):
                self.types[line.split()[2]] = line.split()[3]
            elif sample := SAMPLE.match(line):
                name, own, value = sample.groups()
                self.put(second, f"{name}{{{labels}{',' + own if own else ''}}}", value)

    def put(self, second, series, value):
        self.series.setdefault(series, [ABSENT] * len(range(0, self.seconds, self.step)))[second // self.step] = value

    def text(self):
        lines = [f"# start {self.start} seconds {self.seconds} step {self.step}"]
        lines += [f"# TYPE {name} {kind}" for name, kind in sorted(self.types.items())]
        lines += [f"{series} {' '.join(runs(values))}" for series, values in sorted(self.series.items())]
        return "\n".join(lines) + "\n"

    def open_metrics(self):
        """What `promtool tsdb create-blocks-from openmetrics` takes; without types, which it does not need."""
        for series, values in self.series.items():
            for number, value in enumerate(values):
                if value != ABSENT:
                    yield f"{series} {value} {self.start + number * self.step}\n"
        yield "# EOF\n"


def runs(values):
    start = 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[start]:
            yield values[start] + (f"*{end - start}" if end - start > 1 else "")
            start = end


def load(file=FIXTURE):
    lines = file.read_text().splitlines()
    header = re.fullmatch(r"# start (\d+) seconds (\d+) step (\d+)", lines[0])
    recording = Recording(*map(int, header.groups()))
    for line in lines[1:]:
        if line.startswith("# TYPE "):
            recording.types[line.split()[2]] = line.split()[3]
            continue
        series, values = line[: line.rindex("}") + 1], line[line.rindex("}") + 2 :]
        recording.series[series] = [
            value for run in values.split() for value, _, times in [run.partition("*")] for _ in range(int(times or 1))
        ]
    return recording
