"""Lines between the agent and the API server that are slow, or dead without a word."""

import pytest

from harness.checks import check
from harness.outages import last_count
from harness.spoilt import attempts, cost, few_pods, slug
from harness.tried import tried
from harness.until import until
from harness.wire import Wire

SLOW = {
    "300 ms each way, and up to 400 ms more": (dict(latency=0.3, jitter=0.4), 5),
    "1 kB/s for 5 pods": (dict(rate=1000), 5),
    "64 kB/s for 100 pods": (dict(rate=64_000), 100),
}


@pytest.mark.long
@pytest.mark.parametrize("words", SLOW, ids=slug)
def test_a_slow_line(scenario, words):
    line, pods = SLOW[words]
    scenario.deployment("web", replicas=pods, stop_after=1)
    scenario.open_spare()
    with Wire(scenario, **line) as wire:
        agent = scenario.sidecar(kubeconfig=wire.kubeconfig())
        agent.trigger()
        until("end of the drain", lambda: agent.has_ended, within=400)
        drained = check(agent, lost_answers=True)
        tried(
            "Slow lines", words,
            f"{drained.seconds:.0f} s, {wire.carried >> 10} KiB over {wire.connections} connections, {cost(agent)}"
        )


@pytest.mark.long
def test_every_connection_falls_silent_for_ever(scenario):
    """No FIN, no RST, no answer: requests are given up after 40 s, the watch after 90 s of silence."""
    few_pods(scenario)
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    with Wire(scenario) as wire:
        agent = scenario.sidecar(kubeconfig=wire.kubeconfig())
        agent.trigger()
        agent.wait_for(
            "one blocked, the others gone",
            lambda state: state["counts"]["blocked"] == 1 and state["counts"]["gone"] == 3,
        )
        silent = wire.silence()
        scenario.change_budget("held", maxUnavailable=1)
        until("end of the drain", lambda: agent.has_ended, within=240)
        drained = check(agent, lost_answers=True)
    idle = last_count(agent, "drain_api_watch_restarts_total", reason="idle")
    said, _ = attempts(drained.spans, drained.evicted()[-1])
    tried(
        "Silence", "all connections fall silent, for ever",
        f"{silent} connections; watches ended as idle: {idle:.0f}; the pod that a budget held: {said}; {cost(agent)}",
    )
