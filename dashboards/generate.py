#!/usr/bin/env python3
"""Writes the two Grafana dashboards beside this file; with --check only says whether they are current.

Usage: dashboards/generate.py [--check]
"""

import json
import sys
from pathlib import Path

from model import Dashboard, data_link, panel, row, stat, table, target, threshold, time_series, value_map

HERE = Path(__file__).parent

# --- expressions

WHO = 'job=~"$job", instance=~"$instance"'
WINDOW = "[$__rate_interval]"
INFO = f'drain_node_info{{{WHO}, node=~"$node"}}'
STATES = {
    "idle": "#6e7280", "waiting": "blue", "cordoning": "purple", "draining": "yellow", "completed": "green",
    "incomplete": "orange", "timed_out": "red", "cancelled": "light-blue", "failed": "dark-red",
}  # fmt: skip
PHASES = {
    "queued": "#6e7280", "evicting": "blue", "blocked": "red", "retrying": "orange", "terminating": "yellow",
    "gone": "green", "failed": "dark-red",
}  # fmt: skip
STATE_NUMBERS = {state: number for number, state in enumerate(STATES, 1)}
UNDER_WAY = ["waiting", "cordoning", "draining"]
# It knows its pods.
AT_WORK = UNDER_WAY[1:]
NO_DEADLINE, NEVER = -1, 10**9


def of(metric, *matchers):
    """The metric of the agents that are selected."""
    return f"{metric}{{{', '.join([WHO, *matchers])}}}"


def by_node(expression, info=INFO):
    """Joined with drain_node_info, which alone knows the node; so the node variable selects.

    One info an instance: an agent that was started anew, or an address used again, makes no error of it.
    """
    return f"({expression}) * on (instance, job) group_left (node) topk by (instance, job) (1, {info})"


def lately(metric, *matchers):
    """The last of each window: an agent ends after one scrape of its outcome, which a step of a graph would miss."""
    return f"last_over_time({of(metric, *matchers)}{WINDOW})"


def by_node_lately(expression):
    return by_node(expression, f"last_over_time({INFO}{WINDOW})")


def running(expression, states=UNDER_WAY):
    """Only of agents whose drain is under way."""
    under_way = of("drain_state", f'state=~"{"|".join(states)}"')
    return f"({expression}) and on (instance, job) ({under_way} == 1)"


def rate(counter, by, *matchers):
    return f"sum by ({by}) ({by_node_lately(f'rate({of(counter, *matchers)}{WINDOW})')})"


def increase(counter, by, *matchers):
    return f"sum by ({by}) ({by_node_lately(f'increase({of(counter, *matchers)}{WINDOW})')})"


def quantile(q, histogram, *by, matchers=()):
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', ', '.join(['le', *by]), *matchers)})"


def or_zero(expression):
    return f"{expression} or vector(0)"


def numbered(states, read=of, join=by_node):
    """The state as its number in STATE_MAP."""
    one = [f"({read('drain_state', f'state={json.dumps(state)}')} == 1) * {STATE_NUMBERS[state]}" for state in states]
    return f"max by (node) ({join(' or '.join(one))})"


def deadline_in():
    deadline = of("drain_deadline_timestamp_seconds")
    return f"max by (node) ({by_node(running(f'({deadline} > 0) - time()'))})"


def late_by():
    """Seconds; NEVER: something can never go; NO_DEADLINE: it may take for ever."""
    deadline, overrun = of("drain_deadline_timestamp_seconds"), of("drain_projected_overrun_seconds")
    timed = f"clamp_max({overrun}, {NEVER}) and on (instance, job) ({deadline} > 0)"
    return f"max by (node) ({by_node(running(f'({timed}) or ({deadline} == 0) - 1'))})"


def lateness():
    """Seconds, for a graph: no more than the drain was given, which stands for never, too."""
    late, begin = f"{of('drain_projected_overrun_seconds')} > 0", of("drain_start_timestamp_seconds")
    given = f"({of('drain_deadline_timestamp_seconds')} > 0) - {begin}"
    return f"max by (node) ({by_node(running(f'(({late}) < ({given})) or (({given}) and ({late}))'))})"


def pods_left():
    left = of("drain_pods", 'phase!~"gone|failed"')
    return f"sum by (node) ({by_node(running(left, AT_WORK))})"


def progress(read=of, join=by_node):
    pods, done = read("drain_pods"), read("drain_pods", 'phase="gone"')
    return f"sum by (node) ({join(done)}) / (sum by (node) ({join(pods)}) > 0)"


def since(timestamp, *by):
    return f"max by ({', '.join(['node', *by])}) ({by_node(running(f'time() - ({of(timestamp)} > 0)'))})"


def blockers(metric, function="max"):
    return f"{function} by (node, pdb_namespace, pdb) ({by_node(of(metric))})"


def waiting_since():
    start = of("drain_pdb_wait_start_timestamp_seconds")
    return f"max by (node, pdb_namespace, pdb) ({by_node(f'time() - {start}')})"


def never():
    unsatisfiable = of("drain_pdb_unsatisfiable")
    pods = f"{of('drain_pdb_blocked_pods')} and on (instance, job, pdb_namespace, pdb) ({unsatisfiable} == 1)"
    return or_zero(f"sum({by_node(pods)})")


def ended_today(*matchers):
    """By the time of the outcome, which outlives the agent in what Prometheus stored; not joined, for nodes go."""
    ended = f"max_over_time({of('drain_last_completion_timestamp_seconds', *matchers)}[1d])"
    return f"max by (instance, job, outcome) ({ended}) > time() - 86400"


def annotation_of(timestamp, *by):
    """Milliseconds; of the last five minutes, so that no step misses what a single scrape showed."""
    recent = f"last_over_time({of(timestamp)}[5m]) > 0"
    return f"max by ({', '.join(['node', *by])}) ({by_node(recent, f'last_over_time({INFO}[5m])')}) * 1000"


# --- words and colours

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
        "Budgets that refuse evictions now: those that can never allow first, then by how long they have done so. The budget's owner "
        "is in its namespace. GET /drain and `drain-agent status` have the verdict in words, and advice.",
        (x, y, w, h),
        {
            "pdb_namespace": {"name": "Namespace"},
            "pdb": {"name": "Budget"},
            "verdict": {"expr": blockers("drain_pdb_unsatisfiable"), "name": "Verdict", "mappings": VERDICT_MAP,
                        "width": 190, "coloured": True},
            "waits": {"expr": waiting_since(), "name": "For", "unit": "s", "width": 100},
            "pods": {"expr": blockers("drain_pdb_blocked_pods", "sum"), "name": "Pods", "unit": "short", "width": 70},
            "node": {"name": "Node", "links": [NODE_LINK]},
        },
        sort=["Verdict", "For"],
        links=runbook("DrainBlockedByBudget"),
        empty="No budget refuses anything",
    )  # fmt: skip


# --- Maintenance overview


def overview():
    board = Dashboard(
        "drain-agent-overview", "Maintenance overview",
        "All nodes that are drained: what is stuck, whose it is, and whether it will be done in time.", many_nodes=True)  # fmt: skip
    draining = of("drain_state", 'state=~"cordoning|draining"')
    queue = of("drain_state", 'state="waiting"')
    deadline = of("drain_deadline_timestamp_seconds")
    badly = 'outcome=~"incomplete|timed_out|failed"'
    board.add(
        stat("Draining", "Nodes whose drain is under way; in line: those that wait for their turn.", (0, 0, 4, 4),
             [target(or_zero(f"count({by_node(f'{draining} == 1')})"), "draining"),
              target(or_zero(f"count({by_node(f'{queue} == 1')})"), "in line")], "short", threshold("blue")),
        stat("Can never go", "Pods behind a budget that can never allow them as things stand. Somebody must act: see Blockers.",
             (4, 0, 4, 4), [target(never(), "pods")], "short", ALARM, links=runbook("DrainBudgetNeverAllows")),
        stat("Stuck terminating", "Pods that were told to stop, should be gone, and are not.", (8, 0, 4, 4),
             [target(or_zero(f"sum({by_node(of('drain_pods_stuck'))})"), "pods")], "short", WARN, links=runbook("DrainPodStuckTerminating")),
        stat("Will be late", "Nodes that will miss their deadline as things go, told before it passes.", (12, 0, 4, 4),
             [target(or_zero(f"count({by_node(running(of('drain_projected_overrun_seconds') + ' > 0'))})"), "nodes")],
             "short", ALARM, links=runbook("DrainDeadlineAtRisk")),
        stat("Next deadline in", "Time left to the earliest deadline of a drain that is under way.", (16, 0, 4, 4),
             [target(f"min({by_node(running(f'({deadline} > 0) - time()'))})", "time left")], "s", TIME_LEFT,
             empty="none"),
        stat("Ended badly today", "Nodes with a drain that was incomplete, timed out or failed in the last 24 hours; all of the job.",
             (20, 0, 4, 4), [target(or_zero(f"count({ended_today(badly)})"), "nodes")], "short", ALARM, links=runbook("DrainFailed")),
        blockers_table(0, 4, 11, 9),
        table(
            "Nodes: will we make it?",
            "A row a node whose drain is under way. Late by: the agent's own projection against the deadline. Quiet for: since a "
            "pod was last gone, an eviction accepted or the state changed.",
            (11, 4, 13, 9),
            {
                "node": {"name": "Node", "links": [NODE_LINK]},
                "state": {"expr": numbered(UNDER_WAY), "name": "State", "mappings": STATE_MAP, "coloured": True, "width": 100},
                "left": {"expr": pods_left(), "name": "Pods left", "unit": "short", "width": 85},
                "done": {"expr": f"{progress()} and on (node) {pods_left()}", "name": "Done", "unit": "percentunit",
                         "bar": True},
                "deadline": {"expr": deadline_in(), "name": "Deadline in", "unit": "s", "width": 105,
                             "thresholds": TIME_LEFT},
                "late": {"expr": late_by(), "name": "Late by", "unit": "s", "mappings": LATE_MAP, "thresholds": LATE,
                         "coloured": True, "width": 105},
                "quiet": {"expr": since("drain_last_progress_timestamp_seconds"), "name": "Quiet for", "unit": "s",
                          "width": 95},
                "lasts": {"expr": since("drain_start_timestamp_seconds"), "name": "Running for", "unit": "s", "width": 105},
            },
            sort=["Late by"], empty="No drain is under way"),
        row("Over time", 13),
        panel("state-timeline", "State of each node", "The state of each node's drain; the bar ends where its agent does.",
              (0, 14, 24, 7), [target(numbered(STATES, lately, by_node_lately), "{{node}}")], "none", mappings=STATE_MAP,
              custom={"fillOpacity": 80, "lineWidth": 0, "spanNulls": False},
              options={"mergeValues": True, "showValue": "auto", "rowHeight": 0.85, "alignValue": "left",
                       "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
                       "tooltip": {"mode": "single", "sort": "none"}}),
        time_series("Progress", "Part of the pods of each drain that is gone.", (0, 21, 12, 8),
                    [target(progress(lately, by_node_lately), "{{node}}")], "percentunit", top=1),
        time_series("Time left, and how late it will be",
                    "Falling lines: time left to the deadline. The others: how late it will be as things go; as much as the drain "
                    "was given in all stands for that, for more, and for never.", (12, 21, 12, 8),
                    [target(deadline_in(), "{{node}}: left"), target(lateness(), "{{node}}: late by")], "s",
                    links=runbook("DrainDeadlineAtRisk")),
        row("Today", 29),
        stat("Outcomes of the last 24 hours", "Nodes by how a drain of theirs ended; of all nodes of the job, also of those that are "
             "gone. Twice with the same outcome counts once.", (0, 30, 10, 6),
             [target(f"count by (outcome) ({ended_today()})", "{{outcome}}")], "short", None, colours=STATES, empty="none ended"),
        time_series("Stuck terminating, by why", "Pods that should be gone and are not: docs/stuck.md says what to do.",
                    (10, 30, 7, 6), [target(f"sum by (node, reason) ({by_node(of('drain_pods_stuck'))}) > 0",
                                            "{{node}}: {{reason}}")], "short", links=runbook("DrainPodStuckTerminating")),
        time_series("Agents that answer", "Agents of the job that Prometheus reaches, and those it does not.", (17, 30, 7, 6),
                    [target(or_zero(f"sum({of('up')})"), "up"), target(or_zero(f"sum(1 - {of('up')})"), "down")], "short",
                    links=runbook("DrainAgentGone")),
    )  # fmt: skip
    return board


# --- Node drain


def node():
    board = Dashboard(
        "drain-agent-node", "Node drain", "One node's drain in depth: its pods, its budgets, the API server and the agent.",
        many_nodes=False)  # fmt: skip
    waits, deletion = "drain_pdb_wait_duration_seconds", "drain_pod_deletion_duration_seconds"
    api = "drain_api_request_duration_seconds"
    board.add(
        stat("State", "What the drain is doing, or how the last one ended.", (0, 0, 4, 4),
             [target(numbered(STATES, lately, by_node_lately), "state")], "none", None, mappings=STATE_MAP, instant=False),
        stat("Pods left", "Pods of the drain that are neither gone nor given up.", (4, 0, 4, 4),
             [target(pods_left(), "pods")], "short", threshold("blue"), empty="no drain"),
        stat("Can never go", "Pods behind a budget that can never allow them as things stand.", (8, 0, 4, 4),
             [target(never(), "pods")], "short", ALARM, links=runbook("DrainBudgetNeverAllows")),
        stat("Deadline in", "Time left until the drain gives up.", (12, 0, 4, 4), [target(deadline_in(), "time left")], "s",
             TIME_LEFT, empty="none"),
        stat("Late by", "The agent's own projection against the deadline.", (16, 0, 4, 4), [target(late_by(), "late by")], "s",
             LATE, mappings=LATE_MAP, empty="no drain", links=runbook("DrainDeadlineAtRisk")),
        stat("Quiet for", "Since a pod was last gone, an eviction accepted or the state changed.", (20, 0, 4, 4),
             [target(since("drain_last_progress_timestamp_seconds"), "quiet for")], "s",
             threshold("green", (120, "orange"), (600, "red")), empty="no drain", links=runbook("DrainStalled")),
        blockers_table(0, 4, 12, 9),
        time_series("Pods by phase", "Every pod of the drain is in one phase; what piles up shows where it hangs.", (12, 4, 12, 9),
                    [target(f"sum by (phase) ({by_node_lately(lately('drain_pods'))})", "{{phase}}")], "short", stacked=True,
                    colours=PHASES),
        row("Budgets", 13),
        time_series("Waiting now", "How long each budget has refused its longest waiting pod: rises while it waits.", (0, 14, 8, 8),
                    [target(waiting_since(), "{{pdb_namespace}}/{{pdb}}")], "s", links=runbook("DrainBlockedByBudget")),
        panel("heatmap", "Waits that ended, by length", "Each wait on a budget when it ended, allowed or abandoned.", (8, 14, 8, 8),
              [target(increase(f"{waits}_bucket", "le"), "{{le}}", format="heatmap", exemplar=True)], "short", kind="heatmap"),
        time_series("Length of waits that ended", "Quantiles of the waits that ended in each interval; the points are traces.",
                    (16, 14, 8, 8),
                    [target(quantile(q, waits, "outcome"), f"{{{{outcome}}}} p{round(q * 100)}", exemplar=True)
                     for q in (0.5, 0.9, 0.99)], "s", points=True),
        row("Evictions", 22),
        time_series("Eviction requests by answer", "Requests in each interval; budget: a disruption budget's no.", (0, 23, 8, 8),
                    [target(f"{increase('drain_eviction_attempts_total', 'answer')} > 0", "{{answer}}", exemplar=True)],
                    "short", bars=True),
        time_series("Retries, by the answer before", "Requests sent again in each interval.", (8, 23, 8, 8),
                    [target(f"{increase('drain_eviction_retries_total', 'answer')} > 0", "{{answer}}")], "short", bars=True),
        time_series("Requests a pod took", "Quantiles of the eviction requests of pods that were dealt with in each interval.",
                    (16, 23, 8, 8), [target(quantile(q, "drain_pod_eviction_attempts"), f"p{round(q * 100)}")
                                     for q in (0.5, 0.9)], "short", points=True),
        time_series("Time to deletion", "From an accepted eviction to the pod being gone; the points are traces.", (0, 31, 8, 8),
                    [target(quantile(q, deletion), f"p{round(q * 100)}", exemplar=True) for q in (0.5, 0.9, 0.99)], "s",
                    points=True),
        time_series("Where the pods' time goes", "Pods in each phase, on average over the interval, from the pod-seconds.",
                    (8, 31, 8, 8),
                    [target(rate("drain_pod_phase_seconds_total", "phase", 'phase!~"gone|failed"'), "{{phase}}")], "short",
                    stacked=True, colours=PHASES),
        time_series("Pods dealt with", "Gone after our eviction, gone without it, given up; in each interval.", (16, 31, 8, 8),
                    [target(f"{increase('drain_pods_finished_total', 'result')} > 0", "{{result}}")], "short", bars=True),
        row("API server", 39),
        time_series("Requests", "Requests by operation.", (0, 40, 6, 8),
                    [target(rate("drain_api_requests_total", "operation"), "{{operation}}")], "reqps"),
        time_series("Latency", "From sending to the whole answer; the points are traces.", (6, 40, 6, 8),
                    [target(quantile(q, api, "operation"), f"{{{{operation}}}} p{round(q * 100)}", exemplar=True)
                     for q in (0.5, 0.99)], "s", points=True),
        time_series("Errors", "Answers other than success, not found, conflict and too many requests (a budget's no); none: no "
                    "answer came.", (12, 40, 6, 8),
                    [target(f"{rate('drain_api_requests_total', 'operation, code', ERRORS)} > 0",
                            "{{operation}} {{code}}")], "reqps", links=runbook("DrainAPIErrors"), empty="no errors"),
        time_series("Backing off", "Part of the time spent waiting before requests are sent again, and watches begun again.",
                    (18, 40, 6, 8),
                    [target(rate("drain_api_backoff_seconds_total", "node"), "waiting"),
                     target(f"{increase('drain_api_watch_restarts_total', 'reason')} > 0", "watch: {{reason}}")], "short"),
        row("Agent", 48),
        time_series("CPU", "Cores used by the agent.", (0, 49, 6, 7),
                    [target(rate("process_cpu_seconds_total", "node"), "{{node}}")], "short"),
        time_series("Memory", "Resident memory of the agent.", (6, 49, 6, 7),
                    [target(f"sum by (node) ({by_node(of('process_resident_memory_bytes'))})", "{{node}}")], "bytes"),
        time_series("Warnings and errors in the log", "Log lines in each interval.", (12, 49, 6, 7),
                    [target(f"{increase('drain_log_messages_total', 'level', WARNINGS)} > 0", "{{level}}")],
                    "short", bars=True),
        time_series("Telemetry lost", "Spans and Events that were dropped or failed, in each interval.", (18, 49, 6, 7),
                    [target(f"{increase('drain_spans_total', 'sink, result', LOST)} > 0", "spans to {{sink}}: {{result}}"),
                     target(f"{increase('drain_cluster_events_total', 'result', LOST)} > 0", "Events: {{result}}")],
                    "short", bars=True, links=runbook("DrainTelemetryLost"), empty="nothing lost"),
    )  # fmt: skip
    return board


ERRORS = 'code!~"2..|404|409|429"'
WARNINGS = 'level=~"warning|error"'
LOST = 'result=~"dropped|failed"'


def boards():
    found = [overview(), node()]
    for board in found:
        board.annotate(
            "Drains begin", "blue", annotation_of("drain_start_timestamp_seconds"), "Drain of {{node}} began"
        )
        board.annotate("Drains end", "purple", annotation_of("drain_last_completion_timestamp_seconds", "outcome"),
                       "Drain of {{node}} ended: {{outcome}}")  # fmt: skip
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
