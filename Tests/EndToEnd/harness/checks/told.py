"""What must be true of what the agent said of any drain: its log, its state, its scrapes."""

from .. import metrics
from ..spans import named


def check_log(agent, spans, outcome):
    """JSON with its facts first, in the drain's trace; one end, with the outcome; and each pod's way."""
    (root,) = named(spans, "node.drain")
    lines = agent.log()
    for line in lines:
        assert list(line)[:4] == ["ts", "level", "logger", "msg"], line
        if line["logger"] == "drain":
            assert line.get("trace_id") == root.trace, f"a line out of the trace: {line}"
            assert line["drain_id"] == root.attributes["drain.id"], line
    assert [line["outcome"] for line in agent.log("drain ended")] == [outcome]
    check_phases(agent, spans)


def check_phases(agent, spans):
    """What the log says of each pod's way: never gone before it was terminating by an accepted eviction."""
    ways = {}
    for line in agent.log():
        if line["msg"] in ("pod is terminating", "pod is gone", "pod cannot be evicted"):
            ways.setdefault(line["pod"]["uid"], []).append(line["phase"])
    for each in named(spans, "pod.evict"):
        if each.attributes.get("drain.pod.result") == "evicted":
            way = ways.get(each.attributes["k8s.pod.uid"])
            assert way in (["terminating", "gone"], ["gone"]), f"{each.attributes['k8s.pod.name']} went by {way}"


def check_last_state(agent, spans, outcome):
    """GET /drain at the end: outcome, phases and attempts as in the spans."""
    state = agent.last_state()
    if state is None:
        return
    assert state["state"] == state["outcome"] == outcome
    pods = {each.attributes["k8s.pod.uid"]: each for each in named(spans, "pod.evict")}
    assert pods.keys() == {each["uid"] for each in state["pods"]}, "GET /drain and spans know different pods"
    for each in state["pods"]:
        told = pods[each["uid"]].attributes
        assert each["attempts"] == told["drain.eviction.attempts"], f"{each} but {told}"
        ended = {"evicted": "gone", "vanished": "gone", "failed": "failed"}.get(told.get("drain.pod.result"))
        assert each["phase"] == told.get("drain.pod.phase", ended), f"{each} but {told}"
    assert state["counts"] == phase_counts(state)


def phase_counts(state):
    counts = {phase: 0 for phase in state["counts"]}
    for each in state["pods"]:
        counts[each["phase"]] += 1
    return counts


def check_scrapes(agent):
    for text in agent.scrapes:
        metrics.parse(text)
    if agent.scrapes:
        said = metrics.promtool_check(agent.scrapes[-1])
        assert not said, f"promtool check metrics: {said}"
