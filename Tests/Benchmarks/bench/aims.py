"""What we want to reach, and whether we have: pure, over the results by name."""

import statistics
from dataclasses import dataclass

from . import figures
from .workloads import KUBECTL, LIMIT, OURS, WORKLOADS

# Of one run on this kind of machine, by hand: swift-prometheus's scrape and the Python client's of the same families.
SWIFT_PROMETHEUS_OF_PYTHON = 56 / 1797


@dataclass(frozen=True)
class Verdict:
    aim: str
    at_most: float
    measured: float
    unit: str = ""

    @property
    def is_met(self):
        return self.measured <= self.at_most


def verdicts(results):
    """Of all aims that there are figures for, by workload names, "once" and the growths'."""
    found = []
    for workload in WORKLOADS:
        if runs := results.get(workload.name, {}).get("runs"):
            found += of_workload(workload, runs)
    found += [*of_noise(results), *of_growth(results.get("pods-on-node")), *of_once(results.get("once"))]
    return [each for each in found if each.measured is not None]


def of_workload(workload, runs):
    name = workload.name
    yield Verdict(f"{name}: time, of the limit's", 1.10, figures.ratio(runs, LIMIT))
    if name.startswith("budget"):
        yield Verdict(f"{name}: time, of kubectl's", 0.35, figures.ratio(runs, KUBECTL))
    if name == "unprotected-100":
        yield Verdict(f"{name}: time, of kubectl's", 0.20, figures.ratio(runs, KUBECTL))
    if not workload.is_counted:
        yield Verdict(f"{name}: CPU, of kubectl's", 0.5, figures.ratio(runs, KUBECTL, "cpu"))
        yield from of_requests(workload, runs)
    if name == "unprotected-100":
        yield Verdict(f"{name}: anonymous memory", 8, mebibytes(runs, OURS, "anon_kib"), "MiB")
        theirs = mebibytes(runs, KUBECTL, "rss_kib")
        yield Verdict(
            f"{name}: resident memory, of kubectl's", 0.5, theirs and mebibytes(runs, OURS, "rss_kib") / theirs
        )


def of_requests(workload, runs):
    each_pod = figures.median(runs, OURS, lambda run: figures.evictions(run) / workload.pods)
    if not workload.stuck:
        yield Verdict(f"{workload.name}: evictions a pod", 2 if workload.blocked_namespaces else 1.02, each_pod)
    most = 30 + workload.blocked_namespaces
    yield Verdict(f"{workload.name}: other requests", most, figures.median(runs, OURS, figures.others))


def of_noise(results):
    quiet, noise = (results.get(name, {}).get("runs", []) for name in ("quiet", "noise"))
    without, with_noise = (figures.median(runs, OURS, "received") for runs in (quiet, noise))
    if not without or not with_noise:
        return []
    return [Verdict("noise: bytes received, of those without", 1.02, with_noise / without)]


def of_growth(result):
    runs = [each for each in (result or {}).get("runs", []) if each["size"] == 5000]
    memory = mebibytes(runs, OURS, "anon_kib")
    return [Verdict("5,000 pods on the node: anonymous memory", 24, memory, "MiB")]


def of_once(result):
    if not result:
        return
    made = result["figures"]
    yield Verdict("start to first answered scrape", 30, statistics.median(made["start_ms"]), "ms")
    yield Verdict("binary, stripped", 25, made["binary_bytes"] / 1e6, "MB")
    if "scrape_us" in made:
        ours, python = made["scrape_us"], made["python_scrape_us"]["text: scrape"]
        yield Verdict("scrape: CPU, of the Python client's", 0.5, ours["text: scrape"] / python)
        bare = ours["text: without process_*"] / python
        yield Verdict("scrape without process_*: CPU, of swift-prometheus's", 1, bare / SWIFT_PROMETHEUS_OF_PYTHON)


def mebibytes(runs, contestant, value):
    found = figures.median(runs, contestant, value)
    return found and found / 1024
