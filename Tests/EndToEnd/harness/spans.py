"""Spans as the agent writes them: OTLP JSON lines, read by protobuf's own parser into OpenTelemetry's messages."""

import base64
import json
from dataclasses import dataclass, field

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData


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
    links: list = field(default_factory=list, repr=False)  # ids of spans
    message: str = field(default="", repr=False)  # of the status

    @property
    def seconds(self):
        return (self.end - self.start) / 1e9


def value(any_value):
    kind = any_value.WhichOneof("value")
    held = getattr(any_value, kind)
    return [value(each) for each in held.values] if kind == "array_value" else held


def parse_spans(document, message=TracesData):
    """Spans of one OTLP JSON document. protobuf's JSON has bytes in base64, OTLP's has ids in hex: no other difference.

    Unknown fields, wrong types and misspelt names are errors."""
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for each in scope["spans"]:
                for holder in [each, *each.get("links", [])]:
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in holder:
                            holder[name] = base64.b64encode(bytes.fromhex(holder[name])).decode()
    data = ParseDict(document, message())
    return [
        Span(
            each.trace_id.hex(), each.span_id.hex(), each.parent_span_id.hex(), each.name,
            each.start_time_unix_nano, each.end_time_unix_nano,
            {item.key: value(item.value) for item in each.attributes}, each.status.code,
            [link.span_id.hex() for link in each.links], each.status.message,
        )
        for resource in data.resource_spans
        for scope in resource.scope_spans
        for each in scope.spans
    ]


def read_spans(path, was_killed=False):
    """One span a line. A process that was killed may have left half a line at the end."""
    if was_killed and not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    if was_killed and lines and not lines[-1].endswith("\n"):
        del lines[-1]
    spans = []
    for line in lines:
        (span,) = parse_spans(json.loads(line))
        spans.append(span)
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
