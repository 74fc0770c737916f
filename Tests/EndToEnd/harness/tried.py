"""The rows of docs/reliability.md: what was tried, and what happened. scripts/document-reliability writes the page."""

import json
import re

from .stage import REPOSITORY

ROWS = REPOSITORY / ".build/reliability/end-to-end.jsonl"


def begin_rows(afresh):
    """Of a run; one of some scenarios only leaves the others' rows."""
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    if afresh:
        ROWS.write_text("")


def tried(area, input, happened):
    """A row: in that part of the page, the fault or the input in words that stay, and what happened, with numbers."""
    # Where a run has its files is nobody's business, and differs each time.
    happened = re.sub(r"/\S*/scenarios/[^/\s]+", "…", happened)
    line = json.dumps({"area": area, "input": input, "happened": happened})
    with open(ROWS, "a") as file:
        file.write(line + "\n")
