"""Maintenance overview: all nodes."""

from model import Dashboard
from panels import panel, row, stat, table, target, threshold, time_series
from queries import (
    STATES,
    UNDER_WAY,
    by_node,
    by_node_lately,
    deadline_in,
    ended_today,
    late_by,
    lately,
    lateness,
    never,
    numbered,
    of,
    or_zero,
    pods_in,
    pods_left,
    pods_stuck,
    progress,
    running,
    since,
)
from shared import ALARM, LATE, LATE_MAP, NODE_LINK, STATE_MAP, TIME_LEFT, WARN, blockers_table, runbook


def overview():
    board = Dashboard(
        "drain-agent-overview",
        "Maintenance overview",
        "All nodes that are drained: what is stuck, whose it is, and whether it will be done in time.",
        many_nodes=True,
    )
    draining = of("drain_state", 'state=~"cordoning|draining"')
    queue = of("drain_state", 'state="waiting"')
    deadline = of("drain_deadline_timestamp_seconds")
    badly = 'outcome=~"incomplete|timed_out|failed"'
    board.add(
        stat(
            "Draining",
            "Nodes whose drain is under way; in line: those that wait for their turn.",
            (0, 0, 4, 4),
            [
                target(or_zero(f"count({by_node(f'{draining} == 1')})"), "draining"),
                target(or_zero(f"count({by_node(f'{queue} == 1')})"), "in line"),
            ],
            "short",
            threshold("blue"),
        ),
        stat(
            "Can never go",
            "Pods behind a budget that can never allow them as things stand. Somebody must act: see Blockers.",
            (4, 0, 4, 4),
            [target(never(), "pods")],
            "short",
            ALARM,
            links=runbook("DrainBudgetNeverAllows"),
        ),
        stat(
            "Stuck terminating",
            "Pods that were told to stop, should be gone, and are not.",
            (8, 0, 4, 4),
            [target(or_zero(pods_stuck()), "pods")],
            "short",
            WARN,
            links=runbook("DrainPodStuckTerminating"),
        ),
        stat(
            "Will be late",
            "Nodes that will miss their deadline as things go, told before it passes.",
            (12, 0, 4, 4),
            [target(or_zero(f"count({by_node(running(of('drain_projected_overrun_seconds') + ' > 0'))})"), "nodes")],
            "short",
            ALARM,
            links=runbook("DrainDeadlineAtRisk"),
        ),
        stat(
            "Next deadline in",
            "Time left to the earliest deadline of a drain that is under way.",
            (16, 0, 4, 4),
            [target(f"min({by_node(running(f'({deadline} > 0) - time()'))})", "time left")],
            "s",
            TIME_LEFT,
            empty="none",
        ),
        stat(
            "Ended badly today",
            "Nodes with a drain that was incomplete, timed out or failed in the last 24 hours; all of the job.",
            (20, 0, 4, 4),
            [target(or_zero(f"count({ended_today(badly)})"), "nodes")],
            "short",
            ALARM,
            links=runbook("DrainFailed"),
        ),
        blockers_table(0, 4, 11, 9),
        table(
            "Nodes: will we make it?",
            "A row a node whose drain is under way. Stuck: pods that were told to stop and should be gone. Retried: "
            "those whose eviction failed otherwise than by a budget. Late by: the agent's own projection against the "
            "deadline. Quiet for: since a pod was last gone, an eviction accepted or the state changed.",
            (11, 4, 13, 9),
            {
                "node": {"name": "Node", "links": [NODE_LINK]},
                "state": {
                    "expr": numbered(UNDER_WAY),
                    "name": "State",
                    "mappings": STATE_MAP,
                    "coloured": True,
                    "width": 100,
                },
                "left": {"expr": pods_left(), "name": "Pods left", "unit": "short", "width": 85},
                "stuck": {
                    "expr": pods_stuck("node"),
                    "name": "Stuck",
                    "unit": "short",
                    "width": 70,
                    "thresholds": WARN,
                },
                "retried": {
                    "expr": pods_in('phase="retrying"'),
                    "name": "Retried",
                    "unit": "short",
                    "width": 80,
                    "thresholds": WARN,
                },
                "done": {
                    "expr": f"{progress()} and on (node) {pods_left()}",
                    "name": "Done",
                    "unit": "percentunit",
                    "bar": True,
                },
                "deadline": {
                    "expr": deadline_in(),
                    "name": "Deadline in",
                    "unit": "s",
                    "width": 105,
                    "thresholds": TIME_LEFT,
                },
                "late": {
                    "expr": late_by(),
                    "name": "Late by",
                    "unit": "s",
                    "mappings": LATE_MAP,
                    "thresholds": LATE,
                    "coloured": True,
                    "width": 105,
                },
                "quiet": {
                    "expr": since("drain_last_progress_timestamp_seconds"),
                    "name": "Quiet for",
                    "unit": "s",
                    "width": 95,
                },
                "lasts": {
                    "expr": since("drain_start_timestamp_seconds"),
                    "name": "Running for",
                    "unit": "s",
                    "width": 105,
                },
            },
            sort=["Late by"],
            empty="No drain is under way",
        ),
        row("Over time", 13),
        panel(
            "state-timeline",
            "State of each node",
            "The state of each node's drain; the bar ends where its agent does.",
            (0, 14, 24, 7),
            [target(numbered(STATES, lately, by_node_lately), "{{node}}")],
            "none",
            mappings=STATE_MAP,
            custom={"fillOpacity": 80, "lineWidth": 0, "spanNulls": False},
            options={
                "mergeValues": True,
                "showValue": "auto",
                "rowHeight": 0.85,
                "alignValue": "left",
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
                "tooltip": {"mode": "single", "sort": "none"},
            },
        ),
        time_series(
            "Progress",
            "Part of the pods of each drain that is gone.",
            (0, 21, 12, 8),
            [target(progress(lately, by_node_lately), "{{node}}")],
            "percentunit",
            top=1,
        ),
        time_series(
            "Time left, and how late it will be",
            "Falling lines: time left to the deadline. The others: how late it will be as things go; as much as the "
            "drain was given in all stands for that, for more, and for never.",
            (12, 21, 12, 8),
            [target(deadline_in(), "{{node}}: left"), target(lateness(), "{{node}}: late by")],
            "s",
            links=runbook("DrainDeadlineAtRisk"),
        ),
        row("Today", 29),
        stat(
            "Outcomes of the last 24 hours",
            "Nodes by how a drain of theirs ended; of all nodes of the job, also of those that are "
            "gone. Twice with the same outcome counts once.",
            (0, 30, 10, 6),
            [target(f"count by (outcome) ({ended_today()})", "{{outcome}}")],
            "short",
            None,
            colours=STATES,
            empty="none ended",
        ),
        time_series(
            "Stuck terminating, by why",
            "Pods that should be gone and are not: docs/stuck.md says what to do.",
            (10, 30, 7, 6),
            [target(f"{pods_stuck('node', 'reason')} > 0", "{{node}}: {{reason}}")],
            "short",
            links=runbook("DrainPodStuckTerminating"),
        ),
        time_series(
            "Agents that answer",
            "Agents of the job that Prometheus reaches, and those it does not.",
            (17, 30, 7, 6),
            [target(or_zero(f"sum({of('up')})"), "up"), target(or_zero(f"sum(1 - {of('up')})"), "down")],
            "short",
            colours={"up": "green", "down": "red"},
            links=runbook("DrainAgentGone"),
        ),
    )
    return board
