#!/usr/bin/env python3
"""Writes the two Grafana dashboards beside this file; with --check only says whether they are current.

Usage: dashboards/generate.py [--check] [--runbooks URL] [--to DIRECTORY]
"""

import argparse
import sys
from pathlib import Path

from node import node
from overview import overview
from queries import annotation_of

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "alerts"))

import links  # noqa: E402


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


def files(runbooks):
    return {f"{board.uid}.json": board.text(runbooks) for board in boards()}


def main():
    parser = argparse.ArgumentParser(description="Writes the two dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if what is there is not up to date")
    parser.add_argument("--to", type=Path, default=HERE, help="the directory to write to")
    links.add_arguments(parser)
    arguments = parser.parse_args()
    made = {arguments.to / name: text for name, text in files(arguments.runbooks).items()}
    stale = [file for file, text in made.items() if not file.exists() or file.read_text() != text]
    if arguments.check:
        sys.exit("".join(f"{file.name} is stale: run dashboards/generate.py\n" for file in stale) or 0)
    for file in stale:
        file.write_text(made[file])
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
