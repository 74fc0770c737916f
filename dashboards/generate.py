#!/usr/bin/env python3
"""Writes the two Grafana dashboards beside this file; with --check only says whether they are current.

Usage: dashboards/generate.py [--check]
"""

import sys
from pathlib import Path

from node import node
from overview import overview
from queries import annotation_of

HERE = Path(__file__).parent


def boards():
    found = [overview(), node()]
    for board in found:
        board.annotate(
            "Drains begin", "blue", annotation_of("drain_start_timestamp_seconds"), "Drain of {{node}} began"
        )
        board.annotate(
            "Drains end",
            "purple",
            annotation_of("drain_last_completion_timestamp_seconds", "outcome"),
            "Drain of {{node}} ended: {{outcome}}",
        )
    return found


def files():
    return {HERE / f"{board.uid}.json": board.text() for board in boards()}


def main():
    stale = [file for file, text in files().items() if not file.exists() or file.read_text() != text]
    if "--check" in sys.argv:
        sys.exit("".join(f"{file.name} is stale: run dashboards/generate.py\n" for file in stale) or 0)
    for file in stale:
        file.write_text(files()[file])
        print(f"wrote {file.name}")


if __name__ == "__main__":
    main()
