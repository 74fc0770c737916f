"""Faults between the agent and the API server, each in the middle of a drain that has to end truthfully all the same."""

from harness.checks import check
from harness.faults import ANSWERS, CORDONS, LISTS, TRICKLE, WATCHES, redirect_to
from harness.fleet import Fleet
from harness.measured import MemoryPeak
from harness.middle import Middle
from harness.pods import STUCK, let_stop
from harness.spans import named
from harness.spoilt import Spoilt, attempts, few_pods, in_memory, slug
from harness.tried import tried
from harness.until import until
from harness.visits import Visits
from harness.wire import FAULTS_OF_CONNECTIONS, Wire

# Memory of its own, whatever the server sends: an item or a line is refused at 16 MiB.
MOST_MEMORY = 64 << 10  # KiB
QUICKLY = ("--retry-max-delay", "1s")


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


# What a kept connection may be lost by before any answer (a reset takes back what has not been read): a read is sent
# again at once, and nobody hears of it.
SENT_AGAIN = ("reset", "ended")


def again(error):
    return f"{error}; asked again" if error else "sent again at once on another connection"


def answer_to(words):
    """What the agent has to make of that fault."""
    if words in HARMLESS:
        return "accepted"
    return "server_error" if words.startswith(FROM_A_PROXY) else "unreachable"


def test_every_first_answer_to_an_eviction_is_spoilt(scenario):
    with Visits() as elsewhere:
        faults = {**ANSWERS, "a redirect to another server": redirect_to(elsewhere.url)}
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
            return faults[by_pod[request.pod]]

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
        assert answer_to(words) in answers, said
        assert set(answers) <= {"accepted", "server_error", "unreachable", "gone"}, said
        tried("Answers to evictions", words, said)


def test_every_first_list_is_spoilt(scenario):
    few_pods(scenario)
    with Visits() as elsewhere:
        answers = {words: fault for words, fault in ANSWERS.items() if words not in HARMLESS_TO_LISTS}
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


def test_every_first_answer_about_the_node_is_spoilt(scenario):
    few_pods(scenario)
    node = f"/api/v1/nodes/{scenario.node}"
    with Visits() as elsewhere:
        answers = {**ANSWERS, **CORDONS, "a redirect to another server": redirect_to(elsewhere.url)}
        # One that takes half a minute is enough.
        reads = Spoilt(words for words in answers if words not in (*HARMLESS, *CORDONS, TRICKLE))
        changes = Spoilt(words for words in answers if words not in HARMLESS)

        def fault(request):
            if request.target == node and request.method == "GET":
                return answers.get(reads.next())
            if request.target == node and request.method == "PATCH":
                return answers.get(changes.next())

        with Middle(scenario, fault) as middle:
            agent = scenario.sidecar("--retry-max-delay", "300ms", kubeconfig=middle.kubeconfig())
            agent.trigger()
            check(agent, lost_answers=True)
        assert reads.are_through and changes.are_through and not elsewhere.visits
    failures = agent.log("request failed: trying again")
    for area, spoilt, operation in (("Reads of the node", reads, "read"), ("Changes of the node", changes, "write")):
        for words, error in spoilt.said([each for each in failures if each["operation"] == operation]).items():
            assert error or (operation == "read" and words.startswith(SENT_AGAIN)), words
            tried(area, words, again(error))


def test_every_first_answer_about_a_turn_is_spoilt(scenario):
    scenario.pod("web")
    answers = [words for words in ANSWERS if words not in (*HARMLESS_TO_LISTS, TRICKLE)]
    spoilt, writes = Spoilt(answers), Spoilt(answers)

    def fault(request):
        if "/leases" not in request.target:
            return None
        if request.method == "GET":
            return ANSWERS.get(spoilt.next())
        # Some are under way side by side: that it ends well must do.
        return ANSWERS.get(writes.next()) if spoilt.are_through else None

    with Middle(scenario, fault) as middle:
        agent = Fleet(scenario).agent("--retry-max-delay", "300ms", proxy=middle)
        agent.trigger()
        check(agent)
    assert spoilt.are_through and writes.begun
    failures = [each for each in agent.log("request failed: trying again") if each["operation"] == "lease"]
    for words, error in spoilt.said(failures).items():
        assert error or words.startswith(SENT_AGAIN), words
        tried("Lists of Leases", words, again(error))


def test_every_first_answer_about_the_policy_group_is_spoilt(scenario):
    """What evictions are called is asked before the first one."""
    scenario.pod("web")
    spoilt = Spoilt(words for words in ANSWERS if words not in (*HARMLESS, TRICKLE))

    def fault(request):
        if request.target == "/api/v1":
            return ANSWERS.get(spoilt.next())

    with Middle(scenario, fault) as middle:
        agent = scenario.sidecar("--retry-max-delay", "300ms", kubeconfig=middle.kubeconfig())
        agent.trigger()
        drained = check(agent)
    assert spoilt.are_through
    said, answers = attempts(drained.spans, "web")
    assert answers[-1] == "accepted" and set(answers[:-1]) <= {"unreachable", "server_error"}, said
    for words, error in spoilt.said(agent.log("eviction is tried again")).items():
        tried("Discovery", words, again(error))


def test_every_list_and_watch_of_budgets_is_spoilt(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("web", maxUnavailable=0)
    lists = Spoilt(words for words in ANSWERS if words not in (*HARMLESS_TO_LISTS, TRICKLE))
    watches = Spoilt(WATCHES)

    def fault(request):
        if "/poddisruptionbudgets" not in request.target:
            return None
        if request.kind == "watch":
            return WATCHES.get(watches.next())
        return ANSWERS.get(lists.next())

    with Middle(scenario, fault) as middle:
        agent = scenario.sidecar("--retry-max-delay", "300ms", kubeconfig=middle.kubeconfig())
        agent.trigger()
        until("an end of the faults", lambda: lists.are_through and watches.are_through, within=120)
        until("a verdict", lambda: agent.state()["counts"]["blocked"] == 1)
        scenario.change_budget("web", maxUnavailable=1)
        check(agent)
    failures = [each for each in agent.log("request failed: trying again") if each["operation"] == "list"]
    for words, error in lists.said(failures).items():
        assert error or words.startswith(SENT_AGAIN), words
        tried("Lists of budgets", words, again(error))
    for words, error in watches.said(agent.log("watch ended")).items():
        assert error, words
        tried("Watches of budgets", words, f"{error}; watched again")


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
