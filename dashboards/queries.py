"""The expressions, and the vocabularies that they use."""

import json

WHO = 'job=~"$job", instance=~"$instance"'
WINDOW = "[$__rate_interval]"
INFO = f'drain_node_info{{{WHO}, node=~"$node"}}'
STATES = {
    "idle": "#6e7280",
    "waiting": "blue",
    "cordoning": "purple",
    "draining": "yellow",
    "completed": "green",
    "incomplete": "orange",
    "timed_out": "red",
    "cancelled": "light-blue",
    "failed": "dark-red",
}
ANSWERS = {
    "accepted": "green",
    "gone": "light-blue",
    "budget": "yellow",
    "deferred": "yellow",
    "several_budgets": "red",
    "forbidden": "red",
    "unauthorized": "red",
    "rejected": "dark-red",
    "server_error": "orange",
    "unreachable": "purple",
}
PHASES = {
    "queued": "#6e7280",
    "evicting": "blue",
    "blocked": "red",
    "retrying": "orange",
    "terminating": "yellow",
    "gone": "green",
    "failed": "dark-red",
}
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


def pods_in(phases):
    return f"sum by (node) ({by_node(running(of('drain_pods', phases), AT_WORK))})"


def pods_left():
    return pods_in('phase!~"gone|failed"')


def pods_stuck(*by):
    """Of drains that go on: the number stands when they have ended."""
    grouped = f" by ({', '.join(by)}) " if by else ""
    return f"sum{grouped}({by_node(running(of('drain_pods_stuck'), AT_WORK))})"


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
