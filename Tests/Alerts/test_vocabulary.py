"""Every metric, label and label value that a rule names is one that the agent exposes."""

import re

import pytest
from rulefiles import REPOSITORY, documented, name, shipped

METRICS = documented()
RECORDED = {rule["record"] for rule in shipped() if "record" in rule}
# Labels that Prometheus, the rules or a join add.
ADDED = {"job", "instance", "node", "outcome"}


def selectors(expression):
    """(metric, [(label, operator, value)]) of each."""
    found = re.findall(r"\b((?:node:)?(?:drain|process)_\w+)(?:\{([^}]*)\})?", expression)
    return [(metric, re.findall(r'(\w+)(=~|!=|!~|=)"([^"]*)"', matchers)) for metric, matchers in found]


def test_there_are_metrics_to_compare():
    assert len(METRICS) > 30 and METRICS["drain_pods_stuck"]["reason"] >= {"finalizers", "unknown"}


@pytest.mark.parametrize("rule", shipped(), ids=name)
def test_a_rule_names_only_what_the_agent_exposes(rule):
    assert selectors(rule["expr"])
    for metric, matchers in selectors(rule["expr"]):
        if metric.startswith("node:"):
            assert metric in RECORDED, metric
        base = metric.removeprefix("node:")
        if base == "drain_under_way_start_timestamp_seconds":
            assert not matchers
            continue
        assert base in METRICS, metric
        for label, operator, value in matchers:
            assert label in METRICS[base], f"{metric} has no label {label}"
            known = METRICS[base][label]
            for word in value.split("|") if "~" in operator else [value]:
                assert word in known or (not known and label == "code"), f"{metric}{{{label}}} is never {word}"


@pytest.mark.parametrize("rule", shipped(), ids=name)
def test_a_rule_joins_and_prints_only_labels_that_are_there(rule):
    there = set().union(*(METRICS.get(metric.removeprefix("node:"), {}) for metric, _ in selectors(rule["expr"])))
    added = ADDED | set(re.findall(r'label_replace\(.*?, "(\w+)"', rule["expr"], re.DOTALL))
    joined = re.findall(r"\b(?:on|by|group_left|group_right) \(([^)]*)\)", rule["expr"])
    named = {label.strip() for labels in joined for label in labels.split(",") if label.strip()}
    for text in rule.get("annotations", {}).values():
        named |= set(re.findall(r"\$labels\.(\w+)", text))
    assert named <= there | added, named - there - added


def test_each_outcome_and_each_lossy_result_is_somebodys():
    """The other way round: an outcome or a loss that is added needs an alert, or a place here."""
    expressions = {name(rule): rule["expr"] for rule in shipped()}

    def values(alert, metric, label):
        return {
            word
            for named, matchers in selectors(expressions[alert])
            for found, _, value in matchers
            if (named.removeprefix("node:"), found) == (metric, label)
            for word in value.split("|")
        }

    completion = "drain_last_completion_timestamp_seconds"
    bad = values("DrainFailed", completion, "outcome") | values("DrainIncomplete", completion, "outcome")
    assert bad | {"completed", "cancelled"} == METRICS[completion]["outcome"]
    assert values("DrainNodeLeftCordoned", completion, "outcome") == METRICS[completion]["outcome"] - {"completed"}
    for metric in ("drain_spans_total", "drain_cluster_events_total"):
        assert values("DrainTelemetryLost", metric, "result") == METRICS[metric]["result"] - {"written"}
    ended = METRICS[completion]["outcome"] | {"idle"}
    under_way = values("node:drain_under_way_start_timestamp_seconds", "drain_state", "state")
    assert under_way == METRICS["drain_state"]["state"] - ended


def test_the_golden_scrape_has_what_is_always_there():
    scrape = (REPOSITORY / "Tests/Golden/drain-metrics.prom").read_text()
    elsewhere = {"process_start_time_seconds", "drain_api_requests_total", "drain_cluster_events_total", "drain_spans_total"}
    named = {metric for rule in shipped() for metric, _ in selectors(rule["expr"]) if not metric.startswith("node:")}
    for metric in named - elsewhere:
        assert re.search(rf"^{metric}[{{ ]", scrape, re.MULTILINE), metric
