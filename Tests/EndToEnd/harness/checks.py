"""What must be true after every drain, whatever it was about. The audit log is the witness of what was sent, Prometheus
of what was shown, the API server of what is left."""

from collections import Counter

from . import metrics
from .agent import promtool_check
from .kubernetes import Refusal
from .spans import counted, named
from .until import until

EXIT_CODES = {"completed": 0, "failed": 1, "incomplete": 3, "timed_out": 4, "cancelled": 5}
CODES = {"accepted": {200, 201}, "gone": {404}, "replaced": {409}, "budget": {429, 403}, "unauthorized": {401}}


def check(agent, outcome="completed", left=(), held=(), arrived=(), outlives=(), lost_races=False, cordoned=True):
    """Waits for the drain's end, then holds it against everything that is known about it.

    left        names of the pods, or of their workloads, that were on the node and were to be left alone
    held        names of those that were to go, and could not
    arrived     names of those that came meanwhile and were to stay
    outlives    names of those that go, but later than the drain ends: the agent's own pod
    lost_races  pods may go by somebody else's hand in the moment in which they are evicted
    """
    code = agent.exit_code()
    assert code == EXIT_CODES[outcome], f"exit code {code} is not that of {outcome}; {agent.stderr()[-1500:]}"
    there = {pod["metadata"]["uid"]: pod for pod in agent.before}
    stays = uids_of(there, left)
    check_node(agent, there, stays | uids_of(there, held), arrived, outlives, outcome, cordoned)
    evictions = evictions_of(agent)
    check_evictions(evictions, there, stays, lost_races)
    spans = agent.spans()
    check_tree(spans, outcome)
    check_pods(spans, evictions)
    check_phases(agent, spans)
    check_last_state(agent, spans, outcome)
    check_scrapes(agent)
    if agent.is_under_prometheus:
        check_stored(agent, spans, outcome)
    return Drained(evictions, spans)


class Drained:
    """What a scenario may want to know beyond."""

    def __init__(self, evictions, spans):
        self.evictions = evictions
        self.spans = spans
        self.accepted = [each for each in evictions if each.is_accepted]

    def evicted(self):
        """Names of pods whose eviction was accepted, in that order."""
        return [each.pod for each in self.accepted]


def uids_of(there, names):
    uids = {uid for uid, pod in there.items() if is_among(pod, names)}
    assert len(uids) >= len(names), f"the scenario has no pods {names}"
    return uids


def is_among(pod, names):
    metadata = pod["metadata"]
    return metadata["name"] in names or metadata.get("labels", {}).get("app") in names


def check_node(agent, there, stays, arrived, outlives, outcome, cordoned):
    scenario = agent.scenario
    try:
        assert scenario.is_cordoned() == cordoned, f"the node is {'not ' if cordoned else ''}cordoned"
    except Refusal as refusal:
        assert refusal.status == 404
    left = {pod["metadata"]["uid"]: pod for pod in scenario.kubernetes.pods_on(scenario.node)}
    missing = [there[uid]["metadata"]["name"] for uid in stays if uid not in left]
    assert not missing, f"these had to stay on the node, and are gone: {missing}"
    newcomers = [pod for uid, pod in left.items() if uid not in there]
    strange = [pod["metadata"]["name"] for pod in newcomers if not is_among(pod, arrived)]
    assert not strange, f"nobody expected these on the node: {strange}"
    if outcome == "completed":
        remains = [
            pod["metadata"]["name"]
            for uid, pod in left.items()
            if uid in there and uid not in stays and not is_among(pod, outlives)
        ]
        assert not remains, f"the drain is “completed”, and these are left: {remains}"


def evictions_of(agent):
    """From the audit log, those that this agent sent; complete once it holds every answer that the agent has told of."""
    told = {
        each.attributes["k8s.audit_id"]
        for each in named(agent.spans(), "eviction.attempt")
        if "k8s.audit_id" in each.attributes
    }
    audit = agent.scenario.audit
    mine = agent.scenario.namespaces

    def whole():
        evictions = audit.evictions(mine)
        return (evictions, True) if told <= {each.audit_id for each in evictions} else None

    evictions, _ = until("audit log that has every answer of the spans", whole)
    others = set()
    for other in agent.scenario.agents:
        if other is not agent:
            others |= {each.attributes.get("k8s.audit_id") for each in named(other.spans(), "eviction.attempt")}
    return [each for each in evictions if each.audit_id not in others]


def check_evictions(evictions, there, stays, lost_races):
    accepted = set()
    for each in evictions:
        who = f"{each.namespace}/{each.pod} ({each.audit_id})"
        if not each.was_read:
            assert each.code in (401, 403, 429), f"eviction of {who} without a body: {each.code}"
            continue
        assert each.uid, f"eviction of {who} without a UID precondition"
        assert each.uid in there, f"eviction of {who} with the UID {each.uid}, which was not on the node"
        assert each.is_dry_run or each.uid not in stays, f"eviction of {who}, which was to be left alone"
        assert each.uid not in accepted, f"eviction of {who} again, after one was accepted"
        if not lost_races:
            assert each.code not in (404, 409), f"eviction of {who}, which was gone: {each.code}"
        if each.is_accepted and not each.is_dry_run:
            accepted.add(each.uid)


def check_tree(spans, outcome):
    """One tree; children within their parents' time."""
    by_id = {each.id: each for each in spans}
    assert len(by_id) == len(spans), "two spans have the same id"
    assert len({each.trace for each in spans}) == 1, "spans of one drain are in several traces"
    (root,) = named(spans, "node.drain")
    assert root.attributes["drain.outcome"] == outcome
    for each in spans:
        if each is root:
            continue
        assert each.parent in by_id, f"{each} has no parent"
        parent = by_id[each.parent]
        assert parent.start <= each.start and each.end <= parent.end, f"{each} is not within its parent {parent}"


def check_pods(spans, evictions):
    """Each pod's seconds add up, its attempts are those of the audit log, and its result follows from their answers."""
    attempts = {}
    for each in named(spans, "eviction.attempt"):
        attempts.setdefault(each.parent, []).append(each.attributes["drain.eviction.answer"])
    for each in named(spans, "pod.evict"):
        name = each.attributes["k8s.pod.name"]
        spent = sum(value for key, value in each.attributes.items() if key.startswith("drain.seconds."))
        assert abs(spent - each.seconds) < 0.001, f"{name}: phases add up to {spent} s of {each.seconds} s"
        answers = attempts.get(each.id, [])
        omitted = each.attributes.get("drain.eviction.attempts_omitted", 0)
        assert each.attributes["drain.eviction.attempts"] == len(answers) + omitted, f"{name}: attempts"
        result = each.attributes.get("drain.pod.result")
        if result == "evicted":
            assert answers.count("accepted") == 1, f"{name} was evicted by {answers}"
        elif result == "vanished":
            assert "accepted" not in answers, f"{name} vanished by {answers}"
        elif result == "failed":
            assert answers and answers[-1] != "accepted", f"{name} failed by {answers}"
    by_audit_id = {each.audit_id: each for each in evictions}
    for each in named(spans, "eviction.attempt"):
        answer, audit_id = each.attributes["drain.eviction.answer"], each.attributes.get("k8s.audit_id")
        if audit_id is None:
            continue
        sent = by_audit_id[audit_id]
        code = each.attributes["http.response.status_code"]
        assert code == sent.code, f"{sent.pod}: the span says {code}, the audit log {sent.code}"
        assert code in CODES.get(answer, {code}), f"{sent.pod}: {code} was read as {answer}"
        assert (answer == "accepted") == (code in (200, 201)), f"{sent.pod}: {code} was read as {answer}"
    told = {each.attributes.get("k8s.audit_id") for each in named(spans, "eviction.attempt")}
    # After a 401 the client reads its credential again, and tries again in the same attempt.
    untold = [each for each in evictions if each.audit_id not in told and each.code != 401]
    answerless = [each for each in named(spans, "eviction.attempt") if "k8s.audit_id" not in each.attributes]
    assert len(untold) <= len(answerless), f"evictions without a span: {untold}"


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
        said = promtool_check(agent.scrapes[-1])
        assert not said, f"promtool check metrics: {said}"


def check_stored(agent, spans, outcome):
    """Prometheus never missed a scrape, and its last values are what the spans say."""
    until("outcome in Prometheus", lambda: agent.stored("drain_state", by="state").get(outcome) == 1)
    ups = agent.scenario.stage.prometheus.query(
        f'min_over_time(up{{scenario="{agent.scenario.name}",agent="{agent.name}"}}[1h] @ {agent.last_scrape()})'
    )
    assert [value for _, value in ups] == [1], f"a scrape failed while the agent lived: {ups}"
    answers = Counter(counted(spans, "eviction.attempt", "drain.eviction.answer"))
    omitted = sum(each.attributes.get("drain.eviction.attempts_omitted", 0) for each in named(spans, "pod.evict"))
    stored = agent.stored("drain_eviction_attempts_total", by="answer")
    assert len(stored) == 13, f"answers in Prometheus: {stored}"
    if not omitted:
        assert nonzero(stored) == answers, f"attempts: Prometheus has {nonzero(stored)}, spans have {answers}"
    finished = Counter(counted(spans, "pod.evict", "drain.pod.result"))
    stored = agent.stored("drain_pods_finished_total", by="result")
    assert nonzero(stored) == finished, f"finished: Prometheus has {nonzero(stored)}, spans have {finished}"
    phases = nonzero(agent.stored("drain_pods", by="phase"))
    assert sum(phases.values()) == len(named(spans, "pod.evict")), f"{phases}"
    assert phases.get("gone", 0) == finished["evicted"] + finished["vanished"], f"{phases}"
    states = nonzero(agent.stored("drain_state", by="state"))
    assert states == {outcome: 1}, f"states: {states}"
    (root,) = named(spans, "node.drain")
    excluded = sum(agent.stored("drain_pods_excluded", by="reason").values())
    assert excluded <= root.attributes["drain.pods.excluded"]
    check_seconds(agent, spans)


def check_seconds(agent, spans):
    """Pod-seconds of each phase: in metrics as in spans."""
    stored = agent.stored("drain_pod_phase_seconds_total", by="phase")
    for phase in ("queued", "evicting", "blocked", "retrying", "terminating"):
        spent = sum(each.attributes[f"drain.seconds.{phase}"] for each in named(spans, "pod.evict"))
        assert abs(stored[phase] - spent) < 0.01, f"{phase}: Prometheus has {stored[phase]} s, spans {spent} s"


def nonzero(values):
    return {key: value for key, value in values.items() if value}
