"""Faults between the agent and the API server, each in the middle of a drain that has to end truthfully all the same."""

import re
import subprocess
import time

import pytest

from harness.checks import check
from harness.faults import ANSWERS, LISTS, WATCHES, redirect_to
from harness.measured import MemoryPeak
from harness.middle import Certificates, Middle
from harness.outages import count, last_count
from harness.pods import STUCK, let_stop
from harness.spans import named
from harness.tried import tried
from harness.triggers import moment
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
    """What the pod's eviction was answered each time and what became of it, for the page; and the answers alone."""
    (own,) = [each for each in named(spans, "pod.evict") if each.attributes["k8s.pod.name"] == pod]
    mine = [each for each in named(spans, "eviction.attempt") if each.parent == own.id]
    mine.sort(key=lambda each: each.attributes["drain.eviction.attempt"])
    said = [
        each.attributes["drain.eviction.answer"] + (f" ({each.message})" if each.message else "") for each in mine
    ]
    answers = [each.attributes["drain.eviction.answer"] for each in mine]
    return f"{', then '.join(said)}; {own.attributes['drain.pod.result']}", answers


def in_memory(peak):
    return f"; at most {peak.kibibytes >> 10} MiB of memory of its own in all this"


def few_pods(scenario, count=3):
    for number in range(count):
        scenario.pod(f"web-{number}", ready=False)
    for number in range(count):
        scenario.wait_for_pods(f"web-{number}", 1)


# What an answer is none the worse for.
HARMLESS = {
    "ended right after the answer",
    "body called text/html",
    "interim answers 100, 102 and 103 before it",
    "one byte at a time",
    "chunks of one byte, with extensions and a trailer",
}
# Spaces before a list are skipped as they come.
HARMLESS_TO_LISTS = {*HARMLESS, "body of 17 MiB"}
FROM_A_PROXY = ("a web page with 50", "a line of text with 504")


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
    # Nothing is sent behind the agent's back. A request that met a connection in the moment of its end did not arrive.
    assert len(sent) <= len(named(drained.spans, "eviction.attempt"))
    for pod, words in by_pod.items():
        said, answers = attempts(drained.spans, pod)
        expected = "accepted" if words in HARMLESS else "server_error" if words.startswith(FROM_A_PROXY) else "unreachable"
        assert expected in answers and set(answers) <= {"accepted", "server_error", "unreachable", "gone"}, said
        tried("Answers to evictions", words, said)


class Spoilt:
    """Faults, one after the other, and when each began: what the log says next was of it."""

    def __init__(self, faults):
        self._left = list(faults)
        self.begun = []  # (when, in words)

    def next(self):
        words = self._left.pop(0) if self._left else None
        if words:
            self.begun.append((time.time(), words))
        return words

    @property
    def are_through(self):
        return not self._left

    def said(self, lines):
        """By fault: the first of the log's lines between its begin and the next one's."""
        ends = [*(begin for begin, _ in self.begun[1:]), float("inf")]
        found = {}
        for (begin, words), end in zip(self.begun, ends):
            of_it = [line["err"] for line in lines if begin <= moment(line["ts"]) < end]
            found[words] = of_it[0] if of_it else None
        return found


def test_every_first_list_is_spoilt(scenario):
    few_pods(scenario)
    with Visits() as elsewhere:
        answers = {words: fault for words, (fault, _) in ANSWERS.items() if words not in HARMLESS_TO_LISTS}
        answers |= {**LISTS, "a redirect to another server": redirect_to(elsewhere.url)}
        spoilt = Spoilt(answers)

        def fault(request):
            if request.kind == "list" and scenario.node in request.target:
                return answers.get(spoilt.next())

        with Middle(scenario, fault) as middle:
            agent = scenario.sidecar("--retry-max-delay", "300ms", kubeconfig=middle.kubeconfig())
            with MemoryPeak(agent.pid) as peak:
                agent.trigger()
                until("an end of the faults", lambda: spoilt.are_through)
                check(agent)
        assert not elsewhere.visits
    assert peak.kibibytes < MOST_MEMORY
    for words, error in spoilt.said(agent.log("request failed: trying again")).items():
        # A connection that was kept and dies before any answer: a read is sent again at once.
        said = f"{error}; listed again" if error else "sent again at once on another connection"
        if "20 MiB" in words:
            said += in_memory(peak)
        assert error or "request has been sent" in words or "server has answered" in words, words
        tried("Lists of the node's pods", words, said)


def test_every_watch_is_spoilt_and_none_of_it_is_believed(scenario):
    few_pods(scenario)
    scenario.pod("stuck", stop_after=STUCK, grace=1)
    spoilt = Spoilt(WATCHES)

    def fault(request):
        if request.kind == "watch" and "/pods" in request.target:
            return WATCHES.get(spoilt.next())

    with Middle(scenario, fault) as middle:
        agent = scenario.sidecar(*QUICKLY, kubeconfig=middle.kubeconfig())
        with MemoryPeak(agent.pid) as peak:
            agent.trigger()
            until("an end of the faults", lambda: spoilt.are_through, within=180)
            let_stop(scenario, "stuck")
            drained = check(agent)
    assert len(drained.accepted) == 4
    assert peak.kibibytes < MOST_MEMORY
    # One watch after the other: one end each.
    for words, line in zip(WATCHES, agent.log("watch ended"), strict=True):
        memory = in_memory(peak) if "100 MiB" in words else ""
        tried("Watches", words, f"{line['reason']}: {line['err']}; watched again{memory}")


def test_connections_are_broken_below_http(scenario):
    scenario.pod("web")
    spoilt = Spoilt(FAULTS_OF_CONNECTIONS)
    with Wire(scenario) as wire:
        agent = scenario.sidecar("--retry-max-delay", "300ms", kubeconfig=wire.kubeconfig())
        agent.wait_for_log("serving")
        until("readiness", lambda: agent.request("GET", "/readyz")[0] == 200)
        wire.fault = spoilt.next
        wire.reset_all()
        agent.trigger()
        until("an end of the faults", lambda: spoilt.are_through)
        check(agent, lost_answers=True)
    for words, error in spoilt.said(agent.log("request failed: trying again")).items():
        assert error, words
        tried("Connections", words, f"{error}; connected again")


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


# --- dead without a word


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


# --- who is there


WRONG_CERTIFICATES = {
    "of another authority": Certificates.of_another_authority,
    "for another host": Certificates.of_another_host,
    "expired": Certificates.expired,
}


def test_a_wrong_certificate_is_refused_and_nothing_is_told_to_its_owner(scenario):
    scenario.pod("web")
    certificates = Certificates(scenario)
    for words, make in WRONG_CERTIFICATES.items():
        wrong = make(certificates)
        with Middle(scenario, certificate=wrong) as middle:
            agent = scenario.drain(kubeconfig=middle.kubeconfig())
            code, said = agent.exit_code(), agent.stderr().splitlines()[-1]
            assert code == 1 and "certificate" in said, said
            assert not middle.requests and not scenario.is_cordoned()
        tried("Certificates", words, f"exit code 1 at once: {said}")
    with Middle(scenario, certificate=wrong) as middle:
        agent = scenario.sidecar(*QUICKLY, kubeconfig=middle.kubeconfig())
        agent.wait_for_log("not ready")
        agent.trigger()
        agent.wait_for("an error to be told", lambda state: "certificate" in (state.get("last_error") or ""))
        assert not middle.requests
        middle.present(scenario.stage.control_plane / "certs/apiserver")
        check(agent)
    tried("Certificates", "wrong at first, then right, under `run`", "not ready until then; completed")


def test_the_name_of_the_server_does_not_resolve(scenario):
    scenario.pod("web")
    with Wire(scenario) as wire:
        config = wire.kubeconfig(host="api.drain-agent.invalid")
        agent = scenario.drain("--startup-timeout", "2s", kubeconfig=config)
        code, said = agent.exit_code(), agent.stderr().splitlines()[-1]
        assert code == 1 and "name_resolution" in said and "api.drain-agent.invalid" in said, said
        assert not scenario.is_cordoned()
        tried("Names", "the server's name does not resolve", f"exit code 1 at the startup timeout: {said}")


def own_names(hosts, services):
    """Runs a program with its own /etc/hosts, which is all that it resolves names with."""
    mount = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", hosts, services]


def test_the_name_of_the_server_resolves_only_later(scenario):
    scenario.pod("web")
    words = "the server's name resolves only after the drain began"
    hosts, services = scenario.directory / "hosts", scenario.directory / "nsswitch.conf"
    hosts.write_text("")
    services.write_text("hosts: files\n")
    within = own_names(hosts, services)
    if subprocess.run([*within, "true"], capture_output=True).returncode != 0:
        tried("Names", words, "not tried: no mount namespaces on this machine")
        pytest.skip("no mount namespaces here")
    with Wire(scenario) as wire:
        # In the server's certificate.
        config = wire.kubeconfig(host="kubernetes.default.svc")
        agent = scenario.sidecar(*QUICKLY, kubeconfig=config, within=within)
        error = agent.wait_for_log("not ready")["err"]
        agent.trigger()
        agent.wait_for("an error to be told", lambda state: "name_resolution" in (state.get("last_error") or ""))
        hosts.write_text("127.0.0.1 kubernetes.default.svc\n")
        check(agent)
    tried("Names", words, f"not ready ({error}); then completed")
