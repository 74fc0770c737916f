"""Node drain: one node in depth."""

from model import Dashboard
from panels import panel, row, stat, target, threshold, time_series
from queries import (
    ANSWERS,
    PHASES,
    STATES,
    by_node,
    by_node_lately,
    deadline_in,
    increase,
    late_by,
    lately,
    never,
    numbered,
    of,
    pods_left,
    quantile,
    rate,
    since,
    waiting_since,
)
from shared import ALARM, LATE, LATE_MAP, STATE_MAP, TIME_LEFT, blockers_table, runbook

ERRORS = 'code!~"2..|404|409|429"'
WARNINGS = 'level=~"warning|error"'
LOST = 'result=~"dropped|failed"'


def node():
    board = Dashboard(
        "drain-agent-node",
        "Node drain",
        "One node's drain in depth: its pods, its budgets, the API server and the agent.",
        many_nodes=False,
    )
    waits, deletion = "drain_pdb_wait_duration_seconds", "drain_pod_deletion_duration_seconds"
    api = "drain_api_request_duration_seconds"
    board.add(
        stat(
            "State",
            "What the drain is doing, or how the last one ended.",
            (0, 0, 4, 4),
            [target(numbered(STATES, lately, by_node_lately), "state")],
            "none",
            None,
            mappings=STATE_MAP,
            instant=False,
        ),
        stat(
            "Pods left",
            "Pods of the drain that are neither gone nor given up.",
            (4, 0, 4, 4),
            [target(pods_left(), "pods")],
            "short",
            threshold("blue"),
            empty="no drain",
        ),
        stat(
            "Can never go",
            "Pods behind a budget that can never allow them as things stand.",
            (8, 0, 4, 4),
            [target(never(), "pods")],
            "short",
            ALARM,
            links=runbook("DrainBudgetNeverAllows"),
        ),
        stat(
            "Deadline in",
            "Time left until the drain gives up.",
            (12, 0, 4, 4),
            [target(deadline_in(), "time left")],
            "s",
            TIME_LEFT,
            empty="none",
        ),
        stat(
            "Late by",
            "The agent's own projection against the deadline.",
            (16, 0, 4, 4),
            [target(late_by(), "late by")],
            "s",
            LATE,
            mappings=LATE_MAP,
            empty="no drain",
            links=runbook("DrainDeadlineAtRisk"),
        ),
        stat(
            "Quiet for",
            "Since a pod was last gone, an eviction accepted or the state changed.",
            (20, 0, 4, 4),
            [target(since("drain_last_progress_timestamp_seconds"), "quiet for")],
            "s",
            threshold("green", (120, "orange"), (600, "red")),
            empty="no drain",
            links=runbook("DrainStalled"),
        ),
        blockers_table(0, 4, 12, 9),
        time_series(
            "Pods by phase",
            "Every pod of the drain is in one phase; what piles up shows where it hangs.",
            (12, 4, 12, 9),
            [target(f"sum by (phase) ({by_node_lately(lately('drain_pods'))})", "{{phase}}")],
            "short",
            stacked=True,
            colours=PHASES,
        ),
        row("Budgets", 13),
        time_series(
            "Waiting now",
            "How long each budget has refused its longest waiting pod: rises while it waits.",
            (0, 14, 8, 8),
            [target(waiting_since(), "{{pdb_namespace}}/{{pdb}}")],
            "s",
            links=runbook("DrainBlockedByBudget"),
        ),
        panel(
            "heatmap",
            "Waits that ended, by length",
            "Each wait on a budget when it ended, allowed or abandoned.",
            (8, 14, 8, 8),
            [target(increase(f"{waits}_bucket", "le"), "{{le}}", format="heatmap", exemplar=True)],
            "short",
            kind="heatmap",
        ),
        time_series(
            "Length of waits that ended",
            "Quantiles of the waits that ended in each interval; the points are traces.",
            (16, 14, 8, 8),
            [
                target(quantile(q, waits, "outcome"), f"{{{{outcome}}}} p{round(q * 100)}", exemplar=True)
                for q in (0.5, 0.9, 0.99)
            ],
            "s",
            points=True,
        ),
        row("Evictions", 22),
        time_series(
            "Eviction requests by answer",
            "Requests in each interval; budget: a disruption budget's no.",
            (0, 23, 8, 8),
            [target(f"{increase('drain_eviction_attempts_total', 'answer')} > 0", "{{answer}}", exemplar=True)],
            "short",
            bars=True,
            colours=ANSWERS,
        ),
        time_series(
            "Retries, by the answer before",
            "Requests sent again in each interval.",
            (8, 23, 8, 8),
            [target(f"{increase('drain_eviction_retries_total', 'answer')} > 0", "{{answer}}")],
            "short",
            bars=True,
            colours=ANSWERS,
        ),
        time_series(
            "Requests a pod took",
            "Quantiles of the eviction requests of pods that were dealt with in each interval.",
            (16, 23, 8, 8),
            [target(quantile(q, "drain_pod_eviction_attempts"), f"p{round(q * 100)}") for q in (0.5, 0.9)],
            "short",
            points=True,
        ),
        time_series(
            "Time to deletion",
            "From an accepted eviction to the pod being gone; the points are traces.",
            (0, 31, 8, 8),
            [target(quantile(q, deletion), f"p{round(q * 100)}", exemplar=True) for q in (0.5, 0.9, 0.99)],
            "s",
            points=True,
        ),
        time_series(
            "Where the pods' time goes",
            "Pods in each phase, on average over the interval, from the pod-seconds.",
            (8, 31, 8, 8),
            [target(rate("drain_pod_phase_seconds_total", "phase", 'phase!~"gone|failed"'), "{{phase}}")],
            "short",
            stacked=True,
            colours=PHASES,
        ),
        time_series(
            "Pods dealt with",
            "Gone after our eviction, gone without it, given up; in each interval.",
            (16, 31, 8, 8),
            [target(f"{increase('drain_pods_finished_total', 'result')} > 0", "{{result}}")],
            "short",
            bars=True,
        ),
        row("API server", 39),
        time_series(
            "Requests",
            "Requests by operation.",
            (0, 40, 6, 8),
            [target(rate("drain_api_requests_total", "operation"), "{{operation}}")],
            "reqps",
        ),
        time_series(
            "Latency",
            "From sending to the whole answer; the points are traces.",
            (6, 40, 6, 8),
            [
                target(quantile(q, api, "operation"), f"{{{{operation}}}} p{round(q * 100)}", exemplar=True)
                for q in (0.5, 0.99)
            ],
            "s",
            points=True,
        ),
        time_series(
            "Errors",
            "Answers other than success, not found, conflict and too many requests (a budget's no); none: no "
            "answer came.",
            (12, 40, 6, 8),
            [target(f"{rate('drain_api_requests_total', 'operation, code', ERRORS)} > 0", "{{operation}} {{code}}")],
            "reqps",
            links=runbook("DrainAPIErrors"),
            empty="no errors",
        ),
        time_series(
            "Backing off",
            "Part of the time spent waiting before requests are sent again, and watches begun again.",
            (18, 40, 6, 8),
            [
                target(rate("drain_api_backoff_seconds_total", "node"), "waiting"),
                target(f"{increase('drain_api_watch_restarts_total', 'reason')} > 0", "watch: {{reason}}"),
            ],
            "short",
        ),
        row("Agent", 48),
        time_series(
            "CPU",
            "Cores used by the agent.",
            (0, 49, 6, 7),
            [target(rate("process_cpu_seconds_total", "node"), "{{node}}")],
            "short",
        ),
        time_series(
            "Memory",
            "Resident memory of the agent.",
            (6, 49, 6, 7),
            [target(f"sum by (node) ({by_node(of('process_resident_memory_bytes'))})", "{{node}}")],
            "bytes",
        ),
        time_series(
            "Warnings and errors in the log",
            "Log lines in each interval.",
            (12, 49, 6, 7),
            [target(f"{increase('drain_log_messages_total', 'level', WARNINGS)} > 0", "{{level}}")],
            "short",
            bars=True,
            colours={"warning": "orange", "error": "red"},
        ),
        time_series(
            "Telemetry lost",
            "Spans and Events that were dropped or failed, in each interval.",
            (18, 49, 6, 7),
            [
                target(f"{increase('drain_spans_total', 'sink, result', LOST)} > 0", "spans to {{sink}}: {{result}}"),
                target(f"{increase('drain_cluster_events_total', 'result', LOST)} > 0", "Events: {{result}}"),
            ],
            "short",
            bars=True,
            links=runbook("DrainTelemetryLost"),
            empty="nothing lost",
        ),
    )
    return board
