"""Medians and ratios of what was measured: pure, over the runs as JSON holds them."""

import math
import statistics

from .workloads import OURS

EVICTIONS = "create pods/eviction"


def of(runs, contestant):
    return [each for each in runs if each["contestant"] == contestant]


def median(runs, contestant, value):
    """Of a contestant's rounds; None if there is none. `value`: a run's key, or a function of a run."""
    read = value if callable(value) else lambda run: run[value]
    found = [read(each) for each in of(runs, contestant)]
    return statistics.median(found) if found else None


def ratios(runs, other, value="seconds"):
    """Ours to the other's, round by round. Who was cut off stays so in the rounds that follow; if we were, it has no end."""
    theirs = {each["round"]: each[value] for each in of(runs, other)}
    found = []
    for each in of(runs, OURS):
        if base := theirs.get(each["round"]) or (was_cut_off(runs, other) and theirs[max(theirs)]):
            found.append(math.inf if each["cut_off"] else each[value] / base)
    return found


def ratio(runs, other, value="seconds"):
    """The median of the rounds' ratios; one that was cut off counts as all."""
    found = ratios(runs, other, value)
    return max(found) if math.inf in found else statistics.median(found) if found else None


def was_cut_off(runs, contestant):
    return any(each["cut_off"] for each in of(runs, contestant))


def evictions(run):
    return run["requests"].get(EVICTIONS, 0)


def others(run):
    return sum(run["requests"].values()) - evictions(run)


def requests(runs, contestant):
    """How many of each kind: the medians of the rounds, the most frequent kind first."""
    found = of(runs, contestant)
    kinds = {kind for each in found for kind in each["requests"]}
    counts = {kind: statistics.median(each["requests"].get(kind, 0) for each in found) for kind in kinds}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
