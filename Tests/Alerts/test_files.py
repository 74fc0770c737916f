"""alerts/: what is checked in is what its source makes, promtool takes it, and each alert has all that belongs to it."""

import json
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
import yaml
from rulefiles import ALERTS, REPOSITORY, alerts, name, promtool, shipped, source

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_the_files_are_those_that_the_source_makes():
    for file, text in source.files(source.rules()).items():
        assert (ALERTS / file).read_text() == text, f"{file} is not up to date: run alerts/alerts.py"


def test_check_names_a_file_that_is_not_up_to_date(tmp_path):
    def run(*options):
        call = [sys.executable, "-B", ALERTS / "alerts.py", "--to", tmp_path, *options]
        return subprocess.run(call, capture_output=True, text=True)

    assert run().returncode == 0
    assert run("--check").returncode == 0
    (tmp_path / "prometheusrule.yaml").write_text("other\n")
    stale = run("--check")
    assert (stale.returncode, "prometheusrule.yaml" in stale.stderr) == (1, True)


def test_links_go_where_they_are_told(tmp_path):
    call = [sys.executable, "-B", ALERTS / "alerts.py", "--to", tmp_path]
    call += ["--runbooks", "https://wiki.example/books/", "--grafana", "https://grafana.example"]
    subprocess.run(call, check=True)
    text = (tmp_path / "drain-agent.rules.yaml").read_text()
    assert "runbook_url: https://wiki.example/books/DrainStalled.md\n" in text
    assert "dashboard_url: https://grafana.example/d/drain-agent-node?var-node={{ $labels.node }}\n" in text


def test_promtool_takes_the_rules():
    done = promtool("check", "rules", ALERTS / "drain-agent.rules.yaml")
    assert done.returncode == 0 and f"SUCCESS: {len(shipped())} rules found" in done.stdout, done.stdout


def test_promtools_tests_pass():
    files = sorted((ALERTS / "tests").glob("*.yaml"))
    assert [file.stem for file in files] == sorted(map(name, alerts()))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(lambda file: promtool("test", "rules", file), files):
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("alert", alerts(), ids=name)
def test_the_tests_of_an_alert_are_about_it_and_see_it_silent_and_firing(alert):
    cases = yaml.safe_load((ALERTS / "tests" / f"{name(alert)}.yaml").read_text())
    looks = [look for test in cases["tests"] for look in test["alert_rule_test"]]
    assert {look["alertname"] for look in looks} == {name(alert)}
    assert {bool(look["exp_alerts"]) for look in looks} == {True, False}
    assert any("stale" in series["values"] for test in cases["tests"] for series in test["input_series"])


@pytest.mark.parametrize("alert", alerts(), ids=name)
def test_an_alert_says_where_how_long_and_what_to_do(alert):
    assert alert["labels"]["severity"] in ("critical", "warning")
    texts = alert["annotations"]
    assert list(texts) == ["summary", "description", "runbook_url", "dashboard_url"]
    assert "{{ $labels.node }}" in texts["summary"] and "{{ $labels.node }}" in texts["description"]
    if "pdb" in alert["expr"].split("unless")[0]:
        assert "{{ $labels.pdb_namespace }}/{{ $labels.pdb }}" in texts["description"]
    assert "$value | humanizeDuration" in texts["description"] or "within " in texts["description"]
    assert re.fullmatch(r"/d/drain-agent-(node|overview)\?var-node={{ \$labels.node }}", texts["dashboard_url"])


@pytest.mark.parametrize("alert", alerts(), ids=name)
def test_a_runbook_has_its_four_parts_and_commands(alert):
    file = ALERTS / "runbooks" / alert["annotations"]["runbook_url"].rsplit("/", 1)[1]
    text = file.read_text()
    assert text.startswith(f"# {name(alert)}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    diagnosis = text.split("## Diagnosis")[1].split("## Mitigation")[0]
    assert re.search(r"^    (kubectl|curl|drain-agent) ", diagnosis, re.MULTILINE), "no command"


def test_there_is_no_runbook_without_an_alert_and_docs_name_all():
    assert {path.stem for path in (ALERTS / "runbooks").glob("*.md")} == set(map(name, alerts()))
    rows = re.findall(r"^\| \[(\w+)\]\(\.\./alerts/runbooks/(\w+)\.md\) \| (\w+) \| ([^|]+) \|", docs(), re.MULTILINE)
    assert [(row[0], row[2]) for row in rows] == [(name(alert), alert["labels"]["severity"]) for alert in alerts()]
    assert all(row[0] == row[1] for row in rows)
    for rule in shipped():
        assert f"`{name(rule)}`" in docs() or "alert" in rule


def docs():
    return (REPOSITORY / "docs/alerts.md").read_text()


SCHEMA = jsonschema.Draft202012Validator(json.loads((pathlib.Path(__file__).parent / "prometheusrule.schema.json").read_text()))


def made_object():
    return yaml.safe_load((ALERTS / "prometheusrule.yaml").read_text())


def test_the_object_fits_the_operators_definition_and_has_the_same_rules():
    SCHEMA.check_schema(SCHEMA.schema)
    errors = [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(made_object())]
    assert not errors, "\n".join(errors)
    (group,) = made_object()["spec"]["groups"]
    assert group["rules"] == shipped()


@pytest.mark.parametrize(
    "path, value",
    [
        (["apiVersion"], "monitoring.coreos.com/v1beta1"),
        (["metadata", "name"], "Drain_Agent"),
        (["metadata", "labels", "number"], 1),
        (["spec", "groups", 0, "interval"], "5 seconds"),
        (["spec", "groups", 0, "interval"], 5),
        (["spec", "groups", 0, "evaluation_interval"], "5s"),
        (["spec", "groups", 0, "rules", 0, "for"], "1m"),
        (["spec", "groups", 0, "rules", 0, "alert"], "Both"),
        (["spec", "groups", 0, "rules", 3, "for"], "two minutes"),
        (["spec", "groups", 0, "rules", 3, "labels", "severity"], 1),
        (["spec", "groups", 0, "rules", 3, "expression"], "up"),
    ],
)
def test_the_schema_refuses_what_the_operator_would(path, value):
    changed = made_object()
    where = changed
    for step in path[:-1]:
        where = where[step]
    where[path[-1]] = value
    assert not SCHEMA.is_valid(changed)


@pytest.mark.parametrize("alert", alerts(), ids=name)
def test_a_link_to_a_dashboard_finds_it_and_its_variable(alert):
    uid, variable = re.fullmatch(r"/d/([^?]+)\?var-(\w+)=.*", alert["annotations"]["dashboard_url"]).groups()
    board = json.loads((REPOSITORY / "dashboards" / f"{uid}.json").read_text())
    assert board["uid"] == uid
    assert variable in [each["name"] for each in board["templating"]["list"]]


def test_what_is_imported_as_it_is_leads_to_no_host():
    for file in [*ALERTS.glob("*.yaml"), *(REPOSITORY / "dashboards").glob("*.json")]:
        assert "://" not in file.read_text(), file
