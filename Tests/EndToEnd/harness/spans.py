"""Spans as the agent writes them: OTLP JSON lines."""

import json
from dataclasses import dataclass, field


@dataclass
class Span:
    trace: str
    id: str
    parent: str
    name: str
    start: int  # nanoseconds
    end: int
    attributes: dict = field(repr=False)
    status: int = 0

    @property
    def seconds(self):
        return (self.end - self.start) / 1e9


def value(wire):
    (kind, held), *_ = wire.items()
    if kind == "arrayValue":
        return [value(each) for each in held.get("values", [])]
    return int(held) if kind == "intValue" else held


def read_spans(path):
    spans = []
    for line in path.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for each in scope["spans"]:
                    spans.append(
                        Span(
                            each["traceId"], each["spanId"], each.get("parentSpanId", ""), each["name"],
                            int(each["startTimeUnixNano"]), int(each["endTimeUnixNano"]),
                            {item["key"]: value(item["value"]) for item in each.get("attributes", [])},
                            each.get("status", {}).get("code", 0),
                        )
                    )
    return spans


def named(spans, name):
    return [each for each in spans if each.name == name]


def counted(spans, name, attribute):
    """How many spans of that name there are for each value of the attribute; without it they don't count."""
    counts = {}
    for each in named(spans, name):
        if attribute in each.attributes:
            word = each.attributes[attribute]
            counts[word] = counts.get(word, 0) + 1
    return counts
