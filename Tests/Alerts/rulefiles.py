"""The alerts, their files, and promtool."""

import importlib.util
import os
import pathlib
import re
import subprocess

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ALERTS = REPOSITORY / "alerts"


def load_source():
    spec = importlib.util.spec_from_file_location("alerts", ALERTS / "alerts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


source = load_source()


def shipped():
    """The rules as they are checked in."""
    (group,) = yaml.safe_load((ALERTS / "drain-agent.rules.yaml").read_text())["groups"]
    return group["rules"]


def name(rule):
    return rule.get("alert") or rule["record"]


def alerts():
    return [rule for rule in shipped() if "alert" in rule]


def promtool(*arguments):
    cached = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "drain-agent/tools/bin/promtool"
    call = [str(cached) if cached.exists() else "promtool", *map(str, arguments)]
    return subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def documented():
    """{metric: {label: {its values}}}; no values: anything goes. Of docs/metrics.md, which a test holds against the program."""
    found = {"process_start_time_seconds": {}}
    for line in (REPOSITORY / "docs/metrics.md").read_text().splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if len(row) != 4 or not row[0].startswith("`drain_"):
            continue
        labels = {}
        for label in filter(None, row[2].split(";")):
            words = re.findall(r"`([^`]+)`", label)
            labels[words[0]] = set(words[1:])
        found[row[0].strip("`")] = labels
    return found
