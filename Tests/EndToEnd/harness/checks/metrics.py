"""What must be true of the metrics that Prometheus stored of any drain."""

from collections import Counter

from ..spans import counted, named
from ..until import until


def nonzero(values):
    return {key: value for key, value in values.items() if value}


def check_stored(agent, spans, outcome):
    """Prometheus never missed a scrape, and its last values are what the spans say."""
    until("outcome in Prometheus", lambda: agent.stored("drain_state", by="state").get(outcome) == 1)
    ups = agent.scenario.stage.prometheus.query(
        f'min_over_time(up{{scenario="{agent.scenario.name}",agent="{agent.name}"}}[1h] @ {agent.last_scrape()})'
    )
    assert [value for _, value in ups] == [1], f"a scrape failed while the agent lived: {ups}"
    finished = check_counters(agent, spans)
    phases = nonzero(agent.stored("drain_pods", by="phase"))
    assert sum(phases.values()) == len(named(spans, "pod.evict")), f"{phases}"
    assert phases.get("gone", 0) == finished["evicted"] + finished["vanished"], f"{phases}"
    states = nonzero(agent.stored("drain_state", by="state"))
    assert states == {outcome: 1}, f"states: {states}"
    (root,) = named(spans, "node.drain")
    excluded = sum(agent.stored("drain_pods_excluded", by="reason").values())
    assert excluded <= root.attributes["drain.pods.excluded"]
    check_seconds(agent, spans)
    check_histograms(agent, spans)
    check_exemplars(agent, root)
    written = agent.stored('drain_spans_total{sink="file"}', by="result")
    assert nonzero(written) == {"written": len(spans)}, f"spans: Prometheus has {written}, the file has {len(spans)}"


def check_counters(agent, spans):
    """Attempts by answer and pods by result, of the last scrape and of the spans; gives the latter."""
    answers = Counter(counted(spans, "eviction.attempt", "drain.eviction.answer"))
    omitted = sum(each.attributes.get("drain.eviction.attempts_omitted", 0) for each in named(spans, "pod.evict"))
    stored = agent.stored("drain_eviction_attempts_total", by="answer")
    assert len(stored) == 13, f"answers in Prometheus: {stored}"
    more = {answer: count - answers[answer] for answer, count in nonzero(stored).items() if count != answers[answer]}
    assert all(count > 0 for count in more.values()) and answers.keys() <= nonzero(stored).keys() and (
        sum(more.values()) == omitted
    ), f"attempts: Prometheus has {nonzero(stored)}, spans have {answers} and omit {omitted}"
    finished = Counter(counted(spans, "pod.evict", "drain.pod.result"))
    stored = agent.stored("drain_pods_finished_total", by="result")
    assert nonzero(stored) == finished, f"finished: Prometheus has {nonzero(stored)}, spans have {finished}"
    return finished


def check_last_scrape(agent, spans):
    """The same for an agent whose end nobody looked at otherwise, if Prometheus has seen its outcome."""
    outcomes = [each.attributes.get("drain.outcome") for each in named(spans, "node.drain")]
    if agent.is_under_prometheus and outcomes and agent.stored("drain_state", by="state").get(outcomes[0]) == 1:
        check_counters(agent, spans)


def check_histograms(agent, spans):
    """As many observations as there are spans to match."""
    pods = named(spans, "pod.evict")
    waits = [
        each for each in named(spans, "pdb.wait")
        if each.attributes["drain.blocker"] == "budget" and "drain.wait.continues" not in each.attributes
    ]
    expected = {
        "drain_duration_seconds": 1,
        "drain_pod_deletion_duration_seconds": sum(is_evicted(each) for each in pods),
        "drain_pod_eviction_attempts": sum(is_finished(each) and is_asked_for(each) for each in pods),
        "drain_pdb_wait_duration_seconds": len(waits),
    }
    for name, count in expected.items():
        stored = sum(agent.stored(f"{name}_count", by="outcome").values())
        assert stored == count, f"{name}: Prometheus has {stored} observations, spans have {count}"


def check_exemplars(agent, root):
    """Those of the drain lead to its trace. There may be none: Prometheus saw every second scrape in OpenMetrics."""
    series = f'{{scenario="{agent.scenario.name}",agent="{agent.name}"}}'
    for name in ("drain_eviction_attempts_total", "drain_pod_deletion_duration_seconds_bucket"):
        found = agent.scenario.stage.prometheus.exemplars(name + series)
        assert {each["trace_id"] for each in found} <= {root.trace}, f"{name} leads elsewhere: {found}"


def is_finished(pod):
    return "drain.pod.result" in pod.attributes


def is_asked_for(pod):
    return pod.attributes["drain.eviction.attempts"] > 0


def is_evicted(pod):
    return pod.attributes.get("drain.pod.result") == "evicted"


def check_seconds(agent, spans):
    """Pod-seconds of each phase: in metrics as in spans."""
    stored = agent.stored("drain_pod_phase_seconds_total", by="phase")
    pods = named(spans, "pod.evict")
    for phase in ("queued", "evicting", "blocked", "retrying", "terminating"):
        spent = sum(each.attributes[f"drain.seconds.{phase}"] for each in pods)
        # A counter cannot take back what a scrape in the middle of a step has counted too much.
        tolerance = 0.1 + 0.02 * len(pods)
        assert abs(stored[phase] - spent) < tolerance, f"{phase}: Prometheus has {stored[phase]} s, spans {spent} s"
