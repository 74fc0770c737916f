"""Scrapes in both formats, held against each other. The readers are PyPI's prometheus_client's, stricter than
Prometheus; `promtool check metrics` reads the text format only.

As a program: reads a JSON list of [text, OpenMetrics] from stdin, each two renderings of one snapshot, and prints
what is wrong with them.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

TEXT = "text/plain;version=0.0.4"


def families_of_text(scrape):
    return checked(list(read_text(scrape)))


def families_of_openmetrics(scrape):
    return checked(list(read_openmetrics(scrape)))


def checked(families):
    """No family and no series twice: the text format's reader would let that pass."""
    names = [family.name for family in families]
    assert len(names) == len(set(names)), f"families that are there twice: {names}"
    count = sum(len(family.samples) for family in families)
    assert len(series(families)) == count, "a series is there twice"
    return families


def series(families):
    """{(name, its labels): value}"""
    samples = [each for family in families for each in family.samples]
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in samples}


def metadata(families):
    """{family: (type, help)}, as OpenMetrics has it. To the text format an info is a gauge of its whole name."""
    found = {}
    for family in families:
        is_info = family.type == "info" or family.name.endswith("_info")
        found[family.name.removesuffix("_info")] = ("info" if is_info else family.type, family.documentation.strip())
    return found


def check_agreement(text, openmetrics):
    """Two renderings of one snapshot: the same families, series and values."""
    text, openmetrics = families_of_text(text), families_of_openmetrics(openmetrics)
    assert metadata(text) == metadata(openmetrics), difference(metadata(text), metadata(openmetrics))
    assert same(series(text), series(openmetrics)), difference(series(text), series(openmetrics))


def same(a, b):
    """repr: NaN is not equal to itself."""
    return a.keys() == b.keys() and all(repr(float(a[key])) == repr(float(b[key])) for key in a)


def difference(a, b):
    only = [f"only text has {key}" for key in a.keys() - b.keys()]
    only += [f"only OpenMetrics has {key}" for key in b.keys() - a.keys()]
    return "; ".join(only + [f"{key}: {a[key]} and {b[key]}" for key in a.keys() & b.keys() if a[key] != b[key]])


if __name__ == "__main__":
    for pair in json.load(sys.stdin):
        check_agreement(*pair)
