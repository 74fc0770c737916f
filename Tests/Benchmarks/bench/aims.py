"""What we want to reach, and whether we have: pure, over the results by name."""

import statistics
from dataclasses import dataclass

from . import figures
from .growth import GROWTHS
from .workloads import KUBECTL, LIMIT, OURS, WORKLOADS

# Of one run on this kind of machine, by hand: swift-prometheus's scrape and the Python client's of the same families. So its
# verdict is by way of Python's figure of today, and without process_*, which it does not have.
SWIFT_PROMETHEUS_OF_PYTHON = 56 / 1797


@dataclass(frozen=True)
class Verdict:
    aim: str
    at_most: float
    measured: float | None  # None: there is no figure, and nothing is met
    unit: str = ""

    @property
    def is_met(self):
        return self.measured is not None and self.measured <= self.at_most


def verdicts(results):
    """Of all aims that there are figures for, by workload names, "once" and the growths'."""
    found = []
    for workload in WORKLOADS:
        if runs := results.get(workload.name, {}).get("runs"):
            found += of_workload(workload, runs)
    for growth in GROWTHS:
        if runs := results.get(growth.name, {}).get("runs"):
            found += of_growth(growth, runs)
    return [*found, *of_noise(results), *of_once(results.get("once"))]


def of_workload(workload, runs):
    name = workload.name
    yield Verdict(f"{name}: time, of the limit's", 1.10, figures.ratio(runs, LIMIT))
    if name.startswith("budget"):
        yield Verdict(f"{name}: time, of kubectl's", 0.35, figures.ratio(runs, KUBECTL))
    if name == "unprotected-100":
        yield Verdict(f"{name}: time, of kubectl's", 0.20, figures.ratio(runs, KUBECTL))
    if KUBECTL in workload.contestants:
        yield Verdict(f"{name}: CPU, of kubectl's", 0.5, figures.ratio(runs, KUBECTL, "cpu"))
    yield from of_requests(workload, runs)
    if name == "unprotected-100":
        yield Verdict(f"{name}: anonymous memory", 8, mebibytes(runs, OURS, "anon_kib"), "MiB")
        theirs = mebibytes(runs, KUBECTL, "rss_kib")
        yield Verdict(
            f"{name}: resident memory, of kubectl's", 0.5, theirs and mebibytes(runs, OURS, "rss_kib") / theirs
        )


def of_requests(workload, runs):
    if workload.stuck:
        most = 1.02 * (workload.pods - workload.stuck) + 2 * workload.stuck
        yield Verdict(f"{workload.name}: evictions", most, figures.median(runs, OURS, figures.evictions))
    else:
        each_pod = figures.median(runs, OURS, lambda run: figures.evictions(run) / workload.pods)
        yield Verdict(f"{workload.name}: evictions a pod", 2 if workload.blocked_namespaces else 1.02, each_pod)
    most = 30 + workload.blocked_namespaces
    yield Verdict(f"{workload.name}: other requests", most, figures.median(runs, OURS, figures.others))


def of_noise(results):
    quiet, noise = (results.get(name, {}).get("runs", []) for name in ("quiet", "noise"))
    without, with_noise = (figures.median(runs, OURS, "received") for runs in (quiet, noise))
    if not without or not with_noise:
        return []
    return [Verdict("noise: bytes received, of those without", 1.02, with_noise / without)]


def of_growth(growth, runs):
    for size in growth.sizes:
        those = [each for each in runs if each["size"] == size]
        yield Verdict(f"{growth.name}, {size:,}: time, of the limit's", 1.10, figures.ratio(those, LIMIT))
        if size == 5000:
            yield Verdict(f"{growth.name}, {size:,}: anonymous memory", 24, mebibytes(those, OURS, "anon_kib"), "MiB")


def of_once(result):
    if not result:
        return
    made = result["figures"]
    yield Verdict("start to first answered scrape", 30, statistics.median(made["start_ms"]), "ms")
    yield Verdict("binary, stripped", 25, made["binary_bytes"] / 1e6, "MB")
    ours, python = made["scrape_us"], made["python_scrape_us"]["text: scrape"]
    yield Verdict("scrape: CPU, of the Python client's", 0.5, ours["text: scrape"] / python)
    bare = ours["text: without process_*"] / python
    yield Verdict("scrape: CPU, of swift-prometheus's by an earlier run", 1, bare / SWIFT_PROMETHEUS_OF_PYTHON)


def mebibytes(runs, contestant, value):
    found = figures.median(runs, contestant, value)
    return found and found / 1024
