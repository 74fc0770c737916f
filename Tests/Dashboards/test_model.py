"""The files are current, fit the schema of Grafana's classic model, and keep the rules of Grafana's dashboard-linter.

Of the linter's rules, those for Loki are left out (there is no Loki), and one is kept in part: template-datasource-rule
wants one data source, or several that are named after their kind; here `datasource` is the Prometheus, and a second,
hidden one, `traces`, is used by a link only.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from boards import BOARDS, DIRECTORY, REPOSITORY, each_expression, each_panel, selectors

SCHEMA = json.loads((Path(__file__).parent / "dashboard.schema.json").read_text())
UIDS = ["drain-agent-node", "drain-agent-overview"]
BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
PANEL = pytest.mark.parametrize(
    "panel", [p for _, p in each_panel()], ids=[f"{b}: {p['title']}" for b, p in each_panel()]
)
EXPRESSION = pytest.mark.parametrize(
    "expression", [e for _, e in each_expression()], ids=[w for w, _ in each_expression()]
)
# Those of Grafana's list that are used here.
UNITS = {"none", "short", "s", "percentunit", "reqps", "bytes"}
COUNTER = r"(?:_total|_bucket|_count|_sum)$"


def variable(board, name):
    (found,) = [each for each in board["templating"]["list"] if each["name"] == name]
    return found


# --- files


def test_there_are_two_dashboards_of_stable_uids():
    assert list(BOARDS) == UIDS == [board["uid"] for board in BOARDS.values()]


def test_the_files_are_current():
    result = subprocess.run(
        [sys.executable, "-B", DIRECTORY / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_runbooks_are_where_they_are_told(tmp_path):
    call = [sys.executable, "-B", DIRECTORY / "generate.py", "--to", tmp_path]
    call += ["--runbooks", "https://wiki.example/books/"]
    subprocess.run(call, check=True, capture_output=True)
    for uid in UIDS:
        made = json.loads((tmp_path / f"{uid}.json").read_text())
        assert variable(made, "runbooks")["query"] == "https://wiki.example/books"


@BOARD
def test_unless_told_otherwise_runbooks_are_in_the_repository(board):
    assert (REPOSITORY / variable(board, "runbooks")["query"]).is_dir()


@BOARD
def test_the_schema_of_the_model(board):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    errors = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(board)
    ]
    assert not errors, "\n".join(errors)


# --- layout


@BOARD
def test_ids_are_unique_and_panels_do_not_overlap(board):
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


@PANEL
def test_columns_of_tables_are_those_of_their_queries(panel):
    """A renamed field, a sort or an override that names no column does nothing, silently."""
    if panel["type"] != "table":
        return
    organize = next(each["options"] for each in panel["transformations"] if each["id"] == "organize")
    values = {f"Value #{target['refId']}" for target in panel["targets"]}
    labels = {
        label for t in panel["targets"] for label in re.search(r"\bby \((node[^)]*)\)", t["expr"]).group(1).split(", ")
    }
    assert set(organize["renameByName"]) == set(organize["indexByName"]) == values | labels
    columns = set(organize["renameByName"].values())
    assert {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]} <= columns
    assert {each["displayName"] for each in panel["options"]["sortBy"]} <= columns


# --- the linter's rules


@BOARD
def test_template_datasource_rule(board):
    assert variable(board, "datasource")["label"] == "Data source"
    kinds = {each["name"]: each["query"] for each in board["templating"]["list"] if each["type"] == "datasource"}
    assert kinds == {"datasource": "prometheus", "traces": "tempo"}
    uses = [each for each in json.dumps(board | {"templating": {}, "links": []}).split('"') if "traces}" in each]
    assert uses == []


@pytest.mark.parametrize("name", ["job", "instance"])
@BOARD
def test_template_job_rule_and_template_instance_rule(board, name):
    found = variable(board, name)
    assert found["label"].lower() == name
    assert found["type"] == "query" and found["datasource"]["uid"] == "${datasource}"
    assert found["multi"] and found["includeAll"] and found["allValue"] == ".+"


@BOARD
def test_template_label_promql_rule_and_template_on_time_change_reload_rule(board):
    for each in board["templating"]["list"]:
        if each["type"] != "query":
            continue
        metric, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", each["query"]["query"]).groups()
        assert (metric, label) == ("drain_node_info", each["name"])
        assert each["definition"] == each["query"]["query"]
        assert each["refresh"] == 2


@PANEL
def test_panel_datasource_rule(panel):
    for each in [panel, *panel["targets"]]:
        assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@PANEL
def test_panel_title_description_rule(panel):
    assert panel["title"] and panel["description"].endswith(".")


@PANEL
def test_panel_units_rule(panel):
    overrides = [
        p["value"] for each in panel["fieldConfig"]["overrides"] for p in each["properties"] if p["id"] == "unit"
    ]
    units = [panel["fieldConfig"]["defaults"]["unit"], *overrides]
    assert set(units) <= UNITS
    assert units[0] != "none" or panel["fieldConfig"]["defaults"]["mappings"]


@PANEL
def test_panel_no_targets_rule(panel):
    assert all(target["expr"] for target in panel["targets"])


@EXPRESSION
def test_target_rate_interval_rule(expression):
    for function, window in re.findall(r"(\w+)\([a-z_]+\{[^}]*\}\[([^\]]+)\]", expression):
        assert window == "$__rate_interval" or function in {"max_over_time", "last_over_time"}
    assert "$__interval" not in expression


@EXPRESSION
def test_target_job_rule_and_target_instance_rule(expression):
    for metric, matchers in selectors(expression):
        assert ("job", "=~", "$job") in matchers, metric
        assert ("instance", "=~", "$instance") in matchers, metric
    for name in re.findall(r"\b((?:drain|process)_\w+|up)\b(?!\{)", expression):
        raise AssertionError(f"{name} has no matchers")


@EXPRESSION
def test_target_counter_agg_rule(expression):
    for before, metric in re.findall(r"(\w*)\(?\b([a-z_]+)\{", expression):
        assert not re.search(COUNTER, metric) or before in {"rate", "increase"}, metric


# --- beyond the linter


def test_exemplars_are_on_wherever_the_agent_has_them():
    lines = (REPOSITORY / "docs/metrics.md").read_text().splitlines()
    having = {re.match(r"\| `(\w+)`", line).group(1) for line in lines if line.endswith("with exemplars |")}
    assert len(having) >= 5
    for board, panel in each_panel():
        for target in panel["targets"]:
            names = {re.sub("_bucket$", "", metric) for metric, _ in selectors(target["expr"])}
            assert target["exemplar"] == bool(names & having), f"{board}: {panel['title']}"


@BOARD
def test_annotations_of_starts_and_ends_are_placed_by_their_values(board):
    placed = [each for each in board["annotations"]["list"] if not each.get("builtIn")]
    assert [each["name"] for each in placed] == ["Drains begin", "Drains end"]
    assert all(each["useValueForTime"] and each["expr"].endswith("* 1000") and each["enable"] for each in placed)


@BOARD
def test_links_lead_to_runbooks_and_traces(board):
    links = {each["title"]: each for each in board["links"]}
    assert links["Runbooks"]["url"] == "${runbooks}"
    url = links["Traces of these drains"]["url"]
    assert url.startswith("/explore?") and "${traces}" in url and "${node:regex}" in url
    assert links["Drains"]["tags"] == board["tags"]


def test_linked_runbooks_exist():
    runbooks = REPOSITORY / "alerts/runbooks"
    linked = {link["url"] for _, panel in each_panel() for link in panel["links"]}
    assert linked
    for url in linked:
        assert (runbooks / url.removeprefix("${runbooks}/")).is_file(), url


def test_every_column_of_nodes_leads_to_the_nodes_dashboard():
    for board, panel in each_panel():
        if panel["type"] == "table":
            links = [
                p["value"]
                for each in panel["fieldConfig"]["overrides"]
                for p in each["properties"]
                if p["id"] == "links"
            ]
            assert [link["url"].split("?")[0] for each in links for link in each] == ["/d/drain-agent-node"]
