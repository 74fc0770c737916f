"""The dashboards as they are checked in, and what their expressions name."""

import json
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DIRECTORY = REPOSITORY / "dashboards"
BOARDS = {file.stem: json.loads(file.read_text()) for file in sorted(DIRECTORY.glob("*.json"))}
MANY = {"job", "node", "instance"}


def panels(board):
    return [panel for panel in BOARDS[board]["panels"] if panel["type"] != "row"]


def each_panel():
    return [(board, panel) for board in BOARDS for panel in panels(board)]


def each_expression():
    """(where, expression) of every target and annotation."""
    found = [
        (f"{board}: {panel['title']} {target['refId']}", target["expr"])
        for board, panel in each_panel()
        for target in panel["targets"]
    ]
    for board in BOARDS:
        found += [(f"{board}: {a['name']}", a["expr"]) for a in BOARDS[board]["annotations"]["list"] if "expr" in a]
    return found


def named(board, title):
    (panel,) = [panel for panel in panels(board) if panel["title"] == title]
    return panel


def filled(expression, rate_interval="20s", **variables):
    """As Grafana sends it, with its variables in their places."""
    values = {"job": "drain-agent", "instance": ".+", "node": ".+", "__rate_interval": rate_interval, **variables}
    found = re.sub(r"\$(\w+)", lambda match: values[match.group(1)], expression)
    assert "$" not in found, found
    return found


SELECTOR = re.compile(r"\b([a-z_][a-z0-9_]*)\{([^}]*)\}")
MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')


def selectors(expression):
    """[(metric, [(label, operator, value)])]"""
    return [(name, MATCHER.findall(matchers)) for name, matchers in SELECTOR.findall(expression)]
