"""Faults between the agent and the API server, each in the middle of a drain that has to end truthfully all the same."""

import re

import pytest

from harness.checks import check
from harness.faults import ANSWERS, LISTS, WATCHES, redirect_to
from harness.measured import MemoryPeak
from harness.middle import Certificates, Middle
from harness.outages import count, last_count
from harness.pods import STUCK, let_stop
from harness.spans import named
from harness.tried import tried
from harness.until import until
from harness.visits import Visits
from harness.wire import FAULTS_OF_CONNECTIONS, Wire

# Memory of its own, whatever the server sends: an item or a line is refused at 16 MiB.
MOST_MEMORY = 120 << 10  # KiB
QUICKLY = ("--retry-max-delay", "1s")


def slug(words):
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60].strip("-")


def cost(agent):
    """What a drain took, for the page."""
    requests = sum(agent.stored("drain_api_requests_total", by="operation").values())
    restarts = sum(agent.stored("drain_api_watch_restarts_total", by="reason").values())
    return f"{requests:.0f} requests, {restarts:.0f} watches begun again"


def attempts(spans, pod):
    """What the pod's eviction was answered each time, and what became of it."""
    (own,) = [each for each in named(spans, "pod.evict") if each.attributes["k8s.pod.name"] == pod]
    mine = [each for each in named(spans, "eviction.attempt") if each.parent == own.id]
    mine.sort(key=lambda each: each.attributes["drain.eviction.attempt"])
    said = [
        each.attributes["drain.eviction.answer"] + (f" ({each.message})" if each.message else "") for each in mine
    ]
    return f"{', then '.join(said)}; {own.attributes['drain.pod.result']}"


def few_pods(scenario, count=3):
    for number in range(count):
        scenario.pod(f"web-{number}", ready=False)
    for number in range(count):
        scenario.wait_for_pods(f"web-{number}", 1)


def test_every_first_answer_to_an_eviction_is_spoilt(scenario):
    with Visits() as elsewhere:
        faults = {**ANSWERS, "a redirect to another server": (redirect_to(elsewhere.url), False)}
        by_pod = {slug(words): words for words in faults}
        assert len(by_pod) == len(faults)
        for pod in by_pod:
            scenario.pod(pod, ready=False)
        for pod in by_pod:
            scenario.wait_for_pods(pod, 1)
        spoilt = set()

        def fault(request):
            if request.kind != "evict" or request.pod in spoilt:
                return None
            spoilt.add(request.pod)
            return faults[by_pod[request.pod]][0]

        with Middle(scenario, fault) as middle:
            agent = scenario.sidecar(*QUICKLY, kubeconfig=middle.kubeconfig())
            with MemoryPeak(agent.pid) as peak:
                agent.trigger()
                drained = check(agent, lost_answers=True)
            sent = [each.pod for each in middle.requests if each.kind == "evict"]
        assert spoilt == set(by_pod) and not elsewhere.visits
    assert peak.kibibytes < MOST_MEMORY
    # Nothing is sent again behind the agent's back: what it tells is what was sent.
    assert len(sent) == len(named(drained.spans, "eviction.attempt"))
    for pod, words in by_pod.items():
        tried("Answers to evictions", words, attempts(drained.spans, pod))


def test_every_first_list_is_spoilt(scenario):
    few_pods(scenario)
    with Visits() as elsewhere:
        answers = {**{words: fault for words, (fault, _) in ANSWERS.items()}, **LISTS}
        answers["a redirect to another server"] = redirect_to(elsewhere.url)
        left = list(answers.items())
        spoilt = []

        def fault(request):
            if request.kind != "list" or scenario.node not in request.target or not left:
                return None
            words, spoil = left.pop(0)
            spoilt.append(words)
            return spoil

        with Middle(scenario, fault) as middle:
            agent = scenario.sidecar("--retry-max-delay", "300ms", kubeconfig=middle.kubeconfig())
            with MemoryPeak(agent.pid) as peak:
                agent.trigger()
                check(agent)
        assert not elsewhere.visits
    assert spoilt == list(answers) and peak.kibibytes < MOST_MEMORY
    said = [line["err"] for line in agent.log("request is tried again")]
    tried("Answers to lists", "all of them", f"{said}")


def test_every_watch_is_spoilt_and_none_of_it_is_believed(scenario):
    few_pods(scenario)
    scenario.pod("stuck", stop_after=STUCK, grace=1)
    left = list(WATCHES.items())
    spoilt = []

    def fault(request):
        if request.kind != "watch" or "pods" not in request.target or not left:
            return None
        words, spoil = left.pop(0)
        spoilt.append(words)
        return spoil

    with Middle(scenario, fault) as middle:
        agent = scenario.sidecar(*QUICKLY, kubeconfig=middle.kubeconfig())
        with MemoryPeak(agent.pid) as peak:
            agent.trigger()
            until("an end of the faults", lambda: not left, within=180)
            let_stop(scenario, "stuck")
            drained = check(agent)
    assert len(drained.accepted) == 4 and peak.kibibytes < MOST_MEMORY
    said = [(line["reason"], line["err"]) for line in agent.log("watch ended")]
    tried("Watches", "all of them", f"{said} {cost(agent)} {peak.kibibytes}")


@pytest.mark.parametrize("rounds", [1])
def test_connections_are_broken_below_http(scenario, rounds):
    few_pods(scenario)
    with Wire(scenario) as wire:
        agent = scenario.sidecar(*QUICKLY, kubeconfig=wire.kubeconfig())
        agent.wait_for_log("serving")
        until("a connection", lambda: wire.connections)
        wire.reset_all()
        wire.faults = list(FAULTS_OF_CONNECTIONS)
        agent.trigger()
        check(agent, lost_answers=True)
        assert not wire.faults
    said = [line["err"] for line in agent.log("request is tried again")]
    tried("Connections", "all of them", f"{said} {cost(agent)}")


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
