"""Every expression parses, names what the agent exposes, and returns data of recorded drains."""

import json
import re
import subprocess

import pytest
from boards import REPOSITORY, each_expression, each_panel, filled, selectors
from prometheus import tool
from recording import load

EXPRESSIONS = each_expression()
BY_PLACE = pytest.mark.parametrize("expression", [e for _, e in EXPRESSIONS], ids=[where for where, _ in EXPRESSIONS])
# Labels of the scrape.
SCRAPE = {"job", "instance"}
# Prometheus' own.
OWN = {"up": {}}
# Panels whose query may return nothing, and why.
MAY_BE_EMPTY = {
    "drain-agent-node: Telemetry lost A": "spans went to files, and none was lost",
}


def documented():
    """{metric: {label: its words, or None where they are open}} of docs/metrics.md."""
    found = {}
    for line in (REPOSITORY / "docs/metrics.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 4 or not cells[0].startswith("`drain_"):
            continue
        labels = {}
        for part in filter(None, cells[2].split(";")):
            name, *words = re.findall(r"`([^`]+)`", part)
            labels[name] = set(words) or None
        name = cells[0].strip("`")
        if cells[1] == "histogram":
            found |= {f"{name}_bucket": labels | {"le": None}, f"{name}_sum": labels, f"{name}_count": labels}
        else:
            found[name] = labels
    return found


def process_metrics():
    text = (REPOSITORY / "Tests/Golden/telemetry.prom").read_text() + load().text()
    return {name: {} for name in re.findall(r"^(process_\w+)", text, re.MULTILINE)}


EXPOSED = documented() | process_metrics() | OWN


@BY_PLACE
def test_every_selector_names_a_metric_with_labels_and_words_that_are_exposed(expression):
    found = selectors(expression)
    assert found
    for metric, matchers in found:
        assert metric in EXPOSED, f"{metric} is not exposed"
        for label, operator, value in matchers:
            if label in SCRAPE:
                continue
            assert label in EXPOSED[metric], f"{metric} has no label {label}"
            words = EXPOSED[metric][label]
            if words is not None:
                unknown = set(value.split("|") if "~" in operator else [value]) - words
                assert not unknown, f"{metric}: {label} is never {unknown}"


@BY_PLACE
def test_every_label_that_an_expression_groups_by_is_one_of_its_metrics(expression):
    exposed = SCRAPE | {label for metric, _ in selectors(expression) for label in EXPOSED[metric]}
    for group in re.findall(r"\b(?:by|on|group_left|without|ignoring) \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= exposed, group


def test_every_legend_names_a_label_that_its_expression_keeps(prometheus):
    for board, panel in each_panel():
        for target in panel["targets"]:
            where = f"{board}: {panel['title']} {target['refId']}"
            for labels, _ in prometheus.over(filled(target["expr"])):
                missing = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - set(labels)
                assert not missing, f"{where} has no {missing}"


def test_promtool_parses_every_expression(tmp_path):
    rules = [
        {"record": f"parsed:number{i}", "expr": filled(expression)} for i, (_, expression) in enumerate(EXPRESSIONS)
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    result = subprocess.run([tool("promtool"), "check", "rules", file], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert f"{len(EXPRESSIONS)} rules found" in result.stdout


def test_promtool_refuses_what_does_not_parse(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": [{"record": "a", "expr": "sum(up"}]}]}))
    assert subprocess.run([tool("promtool"), "check", "rules", file], capture_output=True, check=False).returncode


@pytest.mark.parametrize("where, expression", EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_every_query_returns_data_of_the_recorded_drains_or_says_why_not(prometheus, where, expression):
    found = prometheus.over(filled(expression))
    if where in MAY_BE_EMPTY:
        assert not found, f"{where} has data: take it off MAY_BE_EMPTY"
    else:
        assert found, f"{where} is empty: {expression}"


def test_only_queries_that_exist_may_be_empty():
    assert set(MAY_BE_EMPTY) <= {where for where, _ in EXPRESSIONS}


# Of all nodes of the job, as their descriptions say.
OF_ALL = {"Ended badly today", "Outcomes of the last 24 hours", "Agents that answer"}


@pytest.mark.parametrize("where, expression", EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_the_node_variable_selects_or_the_panel_is_of_all(prometheus, where, expression):
    assert ("drain_node_info" not in expression) == (where.split(": ")[1][:-2] in OF_ALL)
    if "drain_node_info" not in expression:
        return
    found = prometheus.over(filled(expression, node="nobody"))
    assert {value for _, series in found for _, value in series} <= ({0} if "vector(0)" in expression else set())
