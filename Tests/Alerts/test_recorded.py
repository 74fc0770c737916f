"""The shipped rules over the recorded drains: each has something to say of them, of the right nodes, at the right time.

What happened stands in Tests/EndToEnd/record_drains.py.
"""

import re

import pytest
from recording import load
from rulefiles import alerts, documented, name, shipped
from test_vocabulary import selectors

STEP = 5
SCRAPE = {"cluster", "instance", "job"}
# Rules that may find nothing in the recording, and why: none.
MAY_BE_EMPTY = {}


def of(node, **labels):
    return tuple(sorted({"node": node, **labels}.items()))


# Each alert that fired, its labels beside those of the scrape, and from when to when in seconds after the start.
FIRED = {
    "DrainBudgetNeverAllows": {
        of("node-a", pdb_namespace="shop", pdb="payments"): (155, 240),
        of("node-b", pdb_namespace="data", pdb="db"): (185, 240),
    },
    "DrainBlockedByBudget": {of("node-c", pdb_namespace="search", pdb="index"): (935, 1080)},
    "DrainStalled": {of("node-e"): (665, 780)},
    "DrainPodStuckTerminating": {
        of("node-d", reason="containers_running"): (170, 500),
        of("node-d", reason="finalizers"): (170, 560),
    },
    "DrainDeadlineAtRisk": {of("node-a"): (95, 240), of("node-b"): (125, 240), of("node-f"): (165, 210)},
    "DrainFailed": {of("node-i", outcome="failed"): (605, 1200)},
    "DrainIncomplete": {
        of("node-b", outcome="timed_out"): (245, 1150),
        of("node-h", outcome="incomplete"): (405, 1200),
    },
    "DrainNodeLeftCordoned": {of("node-b", outcome="timed_out"): (1145, 1200)},
    # As long as the agent lives: its outcome is told by DrainIncomplete.
    "DrainEvictionForbidden": {of("node-h", answer="forbidden"): (405, 410)},
    "DrainTelemetryLost": {of("node-h", lost="events"): (405, 410)},
    "DrainAPIErrors": {of("node-e"): (185, 795)},
    "DrainAgentGone": {of("node-f"): (335, 1110)},
}


def seconds(duration):
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]


def firing(recorded, alert):
    """{labels: (from, to)}: when the expression had held for as long as the rule says, by evaluations 5 s apart."""
    found = {}
    hold = seconds(alert.get("for", "0s"))
    for labels, points in recorded.over(alert["expr"], STEP):
        assert SCRAPE <= labels.keys(), "people route by what the scrape says"
        told = tuple(sorted((label, value) for label, value in labels.items() if label not in SCRAPE))
        began, before = None, None
        for at, _ in points:
            began = at if before is None or at - before > STEP else began
            before = at
            if at - began >= hold:
                found[told] = (found.get(told, (at, at))[0], at)
    return found


@pytest.mark.parametrize("rule", shipped(), ids=name)
def test_every_rule_returns_data_of_the_recorded_drains_or_says_why_not(recorded, rule):
    found = recorded.over(rule["expr"], STEP)
    assert bool(found) != (name(rule) in MAY_BE_EMPTY)
    if "record" in rule:
        remembered = recorded.over(name(rule), STEP)
        assert {labels["node"] for labels, _ in found} == {labels["node"] for labels, _ in remembered}


@pytest.mark.parametrize("alert", alerts(), ids=name)
def test_an_alert_fires_of_the_right_nodes_at_the_right_time(recorded, alert):
    found, wanted = firing(recorded, alert), FIRED[name(alert)]
    assert found.keys() == wanted.keys()
    for labels, times in wanted.items():
        assert found[labels] == pytest.approx(times, abs=15), labels


@pytest.mark.parametrize("rule", shipped(), ids=name)
def test_every_word_that_a_rule_names_was_exposed_by_the_recorded_agents(rule):
    exposed = " ".join(load().series)
    known = documented()
    for metric, matchers in selectors(rule["expr"]):
        metric = metric.removeprefix("node:")
        for label, operator, value in matchers:
            if known.get(metric, {}).get(label):
                for word in value.split("|") if "~" in operator else [value]:
                    series = rf'\b{metric}\{{[^}}]*\b{label}="{word}"'
                    assert re.search(series, exposed), f"{metric}: {label} was never {word}"
