"""A dashboard of Grafana's classic model: its links, variables and annotations."""

import json
from urllib.parse import quote

from panels import PROMETHEUS

TAG = "drain-agent"


def traces_link():
    query = '{ name = "node.drain" && span.k8s.node.name =~ "NODE" }'.replace("NODE", "${node:regex}")
    pane = {
        "datasource": "${traces}",
        "queries": [
            {"refId": "A", "datasource": {"type": "tempo", "uid": "${traces}"}, "queryType": "traceql", "query": query}
        ],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    return "/explore?schemaVersion=1&panes=" + quote(json.dumps({"drain": pane}), safe="${}:,")


class Dashboard:
    def __init__(self, uid, title, description, many_nodes):
        self.uid, self.title, self.description, self.many_nodes = uid, title, description, many_nodes
        self.panels, self.annotations = [], [BUILT_IN]

    def add(self, *panels):
        self.panels += panels

    def annotate(self, name, colour, expression, title):
        self.annotations.append(annotation(name, colour, expression, title))

    def text(self, runbooks):
        return json.dumps(self.json(runbooks), indent=2, ensure_ascii=False) + "\n"

    def json(self, runbooks):
        return {
            "uid": self.uid,
            "title": f"drain-agent / {self.title}",
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": 39,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "timepicker": {"refresh_intervals": ["5s", "10s", "30s", "1m", "5m"]},
            "timezone": "",
            "weekStart": "",
            "fiscalYearStartMonth": 0,
            "liveNow": False,
            "links": links(),
            "templating": {"list": variables(self.many_nodes, runbooks)},
            "annotations": {"list": self.annotations},
            "panels": [{"id": i, **each} for i, each in enumerate(self.panels, 1)],
        }


def links():
    plain = {
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "tags": [],
        "targetBlank": True,
        "tooltip": "",
    }
    others = {**plain, "asDropdown": True, "includeVars": True, "keepTime": True, "tags": [TAG], "targetBlank": False}
    return [
        {**others, "type": "dashboards", "title": "Drains", "icon": "dashboard", "url": ""},
        {**plain, "type": "link", "title": "Runbooks", "icon": "doc", "url": "${runbooks}"},
        {**plain, "type": "link", "title": "Traces of these drains", "icon": "bolt", "url": traces_link()},
    ]


def variables(many_nodes, runbooks):
    everything = {"text": ["All"], "value": ["$__all"]}
    many = {"multi": True, "includeAll": True, "allValue": ".+", "current": everything}
    one = {"multi": False, "includeAll": False, "current": {}}
    job = 'job=~"$job"'
    return [
        source("datasource", "Data source", "prometheus", "The Prometheus that scrapes the agents.", 0),
        query("job", "Job", "drain_node_info", "Jobs whose targets are drain-agents.", 0, many),
        query("node", "Node", f"drain_node_info{{{job}}}", "Nodes that have an agent.", 0, many if many_nodes else one),
        query(
            "instance", "Instance", f'drain_node_info{{{job}, node=~"$node"}}', "The agents of those nodes.", 2, many
        ),
        source("traces", "Traces", "tempo", "Where the spans are, for the link to the traces; it may be empty.", 2),
        {
            "type": "constant",
            "name": "runbooks",
            "label": "Runbooks",
            "description": "Where the runbooks are.",
            "hide": 2,
            "query": runbooks,
            "skipUrlSync": True,
        },
    ]


def source(name, label, kind, description, hide):
    return {
        "type": "datasource",
        "name": name,
        "label": label,
        "description": description,
        "query": kind,
        "regex": "",
        "hide": hide,
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "current": {},
        "options": [],
        "skipUrlSync": False,
    }


def query(name, label, metric, description, hide, choice):
    expression = f"label_values({metric}, {name})"
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "datasource": PROMETHEUS,
        "definition": expression,
        "query": {"query": expression, "refId": f"Variable-{name}", "qryType": 1},
        "regex": "",
        "hide": hide,
        "refresh": 2,
        "sort": 1,
        "options": [],
        "skipUrlSync": False,
        **choice,
    }


BUILT_IN = {
    "name": "Annotations & Alerts",
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "type": "dashboard",
}


def annotation(name, colour, expression, title):
    return {
        "name": name,
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expression,
        "titleFormat": title,
        "textFormat": "",
        "tagKeys": "node",
        "step": "",
        "useValueForTime": True,
    }
