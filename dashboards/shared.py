"""What both dashboards show alike: words, colours, links, and the table of blockers."""

from panels import data_link, table, threshold, value_map
from queries import NEVER, NO_DEADLINE, STATE_NUMBERS, STATES, blockers, waiting_since

STATE_MAP = value_map({number: (state, STATES[state]) for state, number in STATE_NUMBERS.items()})
VERDICT_MAP = value_map({0: ("waiting: may yet allow", "yellow"), 1: ("CAN NEVER ALLOW", "red")})
LATE_MAP = value_map({NO_DEADLINE: ("no deadline", "#6e7280"), 0: ("in time", "green"), NEVER: ("NEVER", "dark-red")})
ALARM = threshold("green", (1, "red"))
WARN = threshold("green", (1, "orange"))
TIME_LEFT = threshold("red", (60, "orange"), (300, "green"))
LATE = threshold("green", (1, "red"))

NODE_LINK = data_link(
    "Drain of ${__value.text}",
    "/d/drain-agent-node?var-node=${__value.text}&${datasource:queryparam}&${job:queryparam}&${__url_time_range}",
)


def runbook(name):
    return [{"title": "Runbook", "url": f"${{runbooks}}/{name}.md", "targetBlank": True}]


def blockers_table(x, y, w, h):
    return table(
        "Blockers: what is stuck, and whose it is",
        "Budgets that refuse evictions now: those that can never allow first, then by how long they have done so. "
        "The budget's owner is in its namespace. GET /drain and `drain-agent status` have the verdict in words, and "
        "advice.",
        (x, y, w, h),
        {
            "pdb_namespace": {"name": "Namespace"},
            "pdb": {"name": "Budget"},
            "verdict": {
                "expr": blockers("drain_pdb_unsatisfiable"),
                "name": "Verdict",
                "mappings": VERDICT_MAP,
                "width": 190,
                "coloured": True,
            },
            "waits": {"expr": waiting_since(), "name": "For", "unit": "s", "width": 100},
            "pods": {"expr": blockers("drain_pdb_blocked_pods", "sum"), "name": "Pods", "unit": "short", "width": 70},
            "node": {"name": "Node", "links": [NODE_LINK]},
        },
        sort=["Verdict", "For"],
        links=runbook("DrainBlockedByBudget"),
        empty="No budget refuses anything",
    )
