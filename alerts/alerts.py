#!/usr/bin/env python3
"""The alerts: the source of drain-agent.rules.yaml and prometheusrule.yaml, which stand beside it.

Usage: alerts/alerts.py [--check] [--runbooks URL] [--grafana URL] [--to DIRECTORY]
"""

import argparse
import copy
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE))

import links  # noqa: E402

# Every number there is. What ends in _for is how long the expression must hold.
THRESHOLDS = {
    "never_allows_for": "2m",
    "blocked_seconds": 900,
    "stalled_seconds": 600,
    "overdue_seconds": 120,
    "at_risk_for": "1m",
    "forbidden_answers": 2,
    "forbidden_window_seconds": 300,
    "api_errors": 10,
    "api_errors_window_seconds": 300,
    "api_errors_for": "2m",
    "telemetry_window_seconds": 600,
    "left_cordoned_seconds": 900,
    "left_cordoned_remembered": "1h",
    "gone_for": "2m",
    # An agent leaves after its drain: so long its last words count.
    "remembered": "15m",
    # Less than the time between two scrapes: an agent that ends is seen with its outcome once.
    "interval": "5s",
}

# The node that an agent drains is a label of drain_node_info only. A dry run alerts nobody. What else the scrape says of
# the agent (its pod, a cluster) stays on every alert, for people route by it.
NODE = '* on (job, instance) group_left (node) drain_node_info{dry_run="false"}'
UNDER_WAY = 'drain_state{state=~"waiting|cordoning|draining"}'
RUNNING = 'drain_state{state=~"cordoning|draining"} == 1'


def increase(series, seconds):
    """Of a process that is younger than that, all it has counted: it may have done so before its first scrape."""
    young = f"process_start_time_seconds > time() - {seconds}"
    return f"(({series} and on (job, instance) ({young}))\nor increase({series}[{seconds}s]))"


def minutes(seconds):
    return f"{seconds // 60} minutes"


def records():
    """What must be known of a node when its agent has gone, and when another node has got its address.

    A process that has not seen a drain yet knows nothing of its node: it says nothing of what the one before it left.
    """
    seen = "and on (job, instance) (drain_start_timestamp_seconds > 0)"
    return {
        "node:drain_last_completion_timestamp_seconds": f"(drain_last_completion_timestamp_seconds > 0)\n{NODE}",
        "node:drain_node_unschedulable": f"(drain_node_unschedulable\n{seen})\n{NODE}",
        # When the drain that is under way began, or 0.
        "node:drain_under_way_start_timestamp_seconds": (
            "((drain_start_timestamp_seconds > 0)\n"
            f"* on (job, instance) group_left () sum by (job, instance) ({UNDER_WAY}))\n{NODE}"
        ),
    }


def alerts(t):
    """name: (severity, for, expression, summary, description, dashboard)"""
    completion = "node:drain_last_completion_timestamp_seconds"
    under_way = "node:drain_under_way_start_timestamp_seconds"
    nobody_drains = f"unless on (job, node) ({under_way} > 0)"

    def last_outcome(outcomes, window):
        """Since when the node's last drain is over; only if it ended so, and nothing has begun since."""
        return (
            f'((time() - (last_over_time({completion}{{outcome=~"{outcomes}"}}[{window}])\n'
            f"== on (job, node) group_left () max by (job, node) (last_over_time({completion}[{window}]))))\n"
            f"{nobody_drains})"
        )

    blocked = "time() - drain_pdb_wait_start_timestamp_seconds"
    never = "on (job, instance, pdb_namespace, pdb) (drain_pdb_unsatisfiable == 1)"
    budget = "budget {{ $labels.pdb_namespace }}/{{ $labels.pdb }}"
    node = "node {{ $labels.node }}"
    long = "{{ $value | humanizeDuration }}"
    return {
        "DrainBudgetNeverAllows": (
            "critical",
            t["never_allows_for"],
            f"({blocked}\nand {never})\n{NODE}",
            f"The drain of {node} waits for {budget}, which can never allow it",
            f"On {node} the drain has waited {long} for {budget}. As things stand this budget can never allow an eviction: "
            "somebody has to change the budget or its workload.",
            "node",
        ),
        "DrainBlockedByBudget": (
            "warning",
            None,
            f"(({blocked} > {t['blocked_seconds']})\nunless {never})\n{NODE}",
            f"The drain of {node} has long been blocked by {budget}",
            f"On {node} the drain has waited {long} for {budget}, which allows no disruption now but could: its pods are "
            "not ready, or others use it up.",
            "node",
        ),
        "DrainStalled": (
            "warning",
            None,
            f"((time() - drain_last_progress_timestamp_seconds > {t['stalled_seconds']})\n"
            f"and on (job, instance) ({RUNNING})\n"
            "unless on (job, instance) (drain_pdb_blocked_pods > 0)\n"
            "unless on (job, instance) (drain_pods_stuck > 0)\n"
            # A long grace period is no stall.
            f"unless on (job, instance) (drain_oldest_deletion_deadline_timestamp_seconds > time()))\n{NODE}",
            f"The drain of {node} does not move",
            f"On {node} no pod has gone and no eviction was accepted for {long}, and neither a budget that can be named nor "
            "a stuck pod is the reason.",
            "node",
        ),
        "DrainPodStuckTerminating": (
            "warning",
            None,
            f"((time() - (drain_oldest_deletion_deadline_timestamp_seconds > 0) > {t['overdue_seconds']})\n"
            f"and on (job, instance) ({RUNNING}))\n"
            "* on (job, instance) group_right () (drain_pods_stuck > bool 0 == 1)\n"
            f"{NODE}",
            f"Pods on {node} do not terminate ({{{{ $labels.reason }}}})",
            f"On {node} a pod should have been gone {long} ago and is still there. Why pods are stuck: {{{{ $labels.reason }}}}.",
            "node",
        ),
        "DrainDeadlineAtRisk": (
            "warning",
            t["at_risk_for"],
            f"((drain_deadline_timestamp_seconds - time() > 0)\n"
            f"and on (job, instance) (drain_projected_overrun_seconds > 0))\n{NODE}",
            f"The drain of {node} will miss its deadline",
            f"The deadline of the drain of {node} is in {long}, and as things go pods will be left then.",
            "node",
        ),
        "DrainFailed": (
            "critical",
            None,
            last_outcome("failed", t["remembered"]),
            f"The drain of {node} failed",
            f"The drain of {node} ended {long} ago as {{{{ $labels.outcome }}}}: it could not begin or go on.",
            "node",
        ),
        "DrainIncomplete": (
            "critical",
            None,
            last_outcome("incomplete|timed_out", t["remembered"]),
            f"The drain of {node} ended with pods left",
            f"The drain of {node} ended {long} ago as {{{{ $labels.outcome }}}}: pods are left on the node.",
            "node",
        ),
        "DrainNodeLeftCordoned": (
            "warning",
            None,
            f"({last_outcome('incomplete|timed_out|cancelled|failed', t['left_cordoned_remembered'])} "
            f"> {t['left_cordoned_seconds']})\n"
            f"and on (job, instance, node) (last_over_time(node:drain_node_unschedulable[{t['left_cordoned_remembered']}]) == 1)",
            f"Node {{{{ $labels.node }}}} was left cordoned",
            f"The drain of {node} ended {long} ago as {{{{ $labels.outcome }}}}, the node was cordoned then, and nobody drains "
            "it now.",
            "overview",
        ),
        "DrainEvictionForbidden": (
            "critical",
            None,
            "("
            + increase('drain_eviction_attempts_total{answer=~"forbidden|unauthorized"}', t["forbidden_window_seconds"])
            + f" >= {t['forbidden_answers']})\n{NODE}",
            f"The agent on {node} may not evict",
            f"On {node} the API server answered {{{{ $labels.answer }}}} to {{{{ printf \"%.0f\" $value }}}} evictions within "
            f"{minutes(t['forbidden_window_seconds'])}: the agent lacks a permission, or its credential is refused.",
            "node",
        ),
        "DrainAPIErrors": (
            "warning",
            t["api_errors_for"],
            "(sum without (operation, code, answer) ("
            + increase('drain_api_requests_total{operation!="evict",code=~"5..|none"}', t["api_errors_window_seconds"])
            # Of evictions the answer tells more than the code: several budgets on a pod are a 500, too.
            + "\nor "
            + increase(
                'drain_eviction_attempts_total{answer=~"server_error|unreachable"}', t["api_errors_window_seconds"]
            )
            + f") >= {t['api_errors']})\n{NODE}",
            f"The agent on {node} cannot work with the API server",
            f"On {node} {{{{ printf \"%.0f\" $value }}}} requests to the API server failed or got no answer within "
            f"{minutes(t['api_errors_window_seconds'])}.",
            "node",
        ),
        "DrainTelemetryLost": (
            "warning",
            None,
            "((label_replace(sum without (sink, result) "
            + increase('drain_spans_total{result=~"dropped|failed"}', t["telemetry_window_seconds"])
            + ', "lost", "spans", "", "")\nor label_replace(sum without (result) '
            + increase('drain_cluster_events_total{result=~"dropped|failed"}', t["telemetry_window_seconds"])
            + f', "lost", "events", "", "")) > 0)\n{NODE}',
            f"The agent on {node} loses {{{{ $labels.lost }}}}",
            f"On {node} the agent lost {{{{ printf \"%.0f\" $value }}}} {{{{ $labels.lost }}}} within "
            f"{minutes(t['telemetry_window_seconds'])}: what is told of the drain has holes. The drain itself goes on.",
            "node",
        ),
        "DrainAgentGone": (
            "critical",
            t["gone_for"],
            f"((time() - (last_over_time({under_way}[{t['remembered']}]) > 0))\n"
            f"{nobody_drains})\n"
            # Another agent went on with it, and ended it.
            "unless on (job, instance, node) (\n"
            f"last_over_time({under_way}[{t['remembered']}])\n"
            f"<= on (job, node) group_left () max by (job, node) (last_over_time({completion}[{t['remembered']}])))\n"
            # It may have been too short to be recorded: an outcome that any scrape has shown.
            "unless on (job, instance) (\n"
            f"max by (job, instance) (max_over_time(drain_last_completion_timestamp_seconds[{t['remembered']}]))\n"
            f">= on (job, instance) max_over_time(drain_start_timestamp_seconds[{t['remembered']}]))",
            f"The agent on {node} has gone in the middle of a drain",
            f"The drain of {node} began {long} ago and nobody goes on with it: its agent is gone, or cannot be scraped, and it "
            "told no outcome.",
            "overview",
        ),
    }


def rules(thresholds=THRESHOLDS, runbooks=links.RUNBOOKS, grafana=links.GRAFANA):
    """The rule file's content."""
    made = [{"record": name, "expr": expression} for name, expression in records().items()]
    for name, (severity, hold, expression, summary, description, dashboard) in alerts(thresholds).items():
        rule = {"alert": name, "expr": expression}
        if hold:
            rule["for"] = hold
        rule["labels"] = {"severity": severity}
        rule["annotations"] = {
            "summary": summary,
            "description": description,
            "runbook_url": f"{runbooks}/{name}.md",
            "dashboard_url": f"{grafana}/d/drain-agent-{dashboard}?var-node={{{{ $labels.node }}}}",
        }
        made.append(rule)
    return {"groups": [{"name": "drain-agent", "interval": thresholds["interval"], "rules": made}]}


def object_of(content):
    """The same as the Prometheus operator's object."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "drain-agent", "labels": {"app.kubernetes.io/name": "drain-agent"}},
        "spec": copy.deepcopy(content),
    }


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
)


def text_of(content):
    return "# Generated by alerts/alerts.py; change that.\n" + yaml.dump(content, Dumper=Dumper, sort_keys=False, width=1000)


def files(content):
    return {"drain-agent.rules.yaml": text_of(content), "prometheusrule.yaml": text_of(object_of(content))}


def main():
    parser = argparse.ArgumentParser(description="Writes the rule file and the PrometheusRule object.")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if what is there is not up to date")
    links.add_arguments(parser)
    parser.add_argument("--to", type=pathlib.Path, default=HERE, help="the directory to write to")
    arguments = parser.parse_args()
    made = files(rules(runbooks=arguments.runbooks, grafana=arguments.grafana))
    if not arguments.check:
        for name, text in made.items():
            (arguments.to / name).write_text(text)
        return 0
    stale = [name for name, text in made.items() if (arguments.to / name).read_text() != text]
    for name in stale:
        print(f"{name} is not up to date: run alerts/alerts.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
