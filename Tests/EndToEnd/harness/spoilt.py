"""Faults one after the other, and what is told of them afterwards."""

import re
import time

from .spans import named
from .triggers import moment


class Spoilt:
    """Faults, one after the other, and when each began: what the log says next was of it."""

    def __init__(self, faults):
        self._left = list(faults)
        self.begun = []  # (when, in words)

    def next(self):
        words = self._left.pop(0) if self._left else None
        if words:
            self.begun.append((time.time(), words))
        return words

    @property
    def are_through(self):
        return not self._left

    def said(self, lines):
        """By fault: the first of the log's lines between its begin and the next one's."""
        ends = [*(begin for begin, _ in self.begun[1:]), float("inf")]
        found = {}
        for (begin, words), end in zip(self.begun, ends):
            of_it = [line["err"] for line in lines if begin <= moment(line["ts"]) < end]
            found[words] = of_it[0] if of_it else None
        return found


def slug(words):
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60].strip("-")


def cost(agent):
    """What a drain took, for the page."""
    requests = sum(agent.stored("drain_api_requests_total", by="operation").values())
    restarts = sum(agent.stored("drain_api_watch_restarts_total", by="reason").values())
    return f"{requests:.0f} requests, {restarts:.0f} watches begun again"


def attempts(spans, pod):
    """What the pod's eviction was answered each time and what became of it, for the page; and the answers alone."""
    (own,) = [each for each in named(spans, "pod.evict") if each.attributes["k8s.pod.name"] == pod]
    mine = [each for each in named(spans, "eviction.attempt") if each.parent == own.id]
    mine.sort(key=lambda each: each.attributes["drain.eviction.attempt"])
    said = [
        each.attributes["drain.eviction.answer"] + (f" ({each.message})" if each.message else "") for each in mine
    ]
    answers = [each.attributes["drain.eviction.answer"] for each in mine]
    return f"{', then '.join(said)}; {own.attributes['drain.pod.result']}", answers


def in_memory(peak):
    return f"; at most {peak.kibibytes >> 10} MiB of memory of its own in all this"


def few_pods(scenario, count=3):
    for number in range(count):
        scenario.pod(f"web-{number}", ready=False)
    for number in range(count):
        scenario.wait_for_pods(f"web-{number}", 1)
