"""What must be true after every drain, whatever it was about. The audit log is the witness of what was sent, Prometheus
of what was shown, the API server of what is left."""

from ..kubernetes import Refusal
from ..spans import named
from .evictions import check_evictions, check_verified, evictions_of
from .metrics import check_stored
from .spans import check_left, check_pods
from .told import check_last_state, check_log, check_scrapes

EXIT_CODES = {"completed": 0, "failed": 1, "incomplete": 3, "timed_out": 4, "cancelled": 5}


def check(
    agent, outcome="completed", left=(), held=(), arrived=(), outlives=(), lost_races=False, lost_answers=False,
    cordoned=True,
):
    """Waits for the drain's end, then holds it against everything that is known about it.

    left        names of the pods, or of their workloads, that were on the node and were to be left alone
    held        names of those that were to go, and could not
    arrived     names of those that came meanwhile and were to stay
    outlives    names of those that go, but later than the drain ends: the agent's own pod
    lost_races  pods may go by somebody else's hand in the moment in which they are evicted
    lost_answers  answers may be lost on their way: what was not heard is asked for again
    """
    code = agent.exit_code()
    assert code == EXIT_CODES[outcome], f"exit code {code} is not that of {outcome}; {agent.stderr()[-1500:]}"
    there = {pod["metadata"]["uid"]: pod for pod in agent.before}
    stays = uids_of(there, left)
    check_node(agent, there, stays | uids_of(there, held), arrived, outlives, outcome, cordoned)
    evictions = evictions_of(agent)
    spans = agent.spans()
    heard = {each.attributes.get("k8s.audit_id") for each in counted_as_accepted(spans)} if lost_answers else None
    check_evictions(evictions, there, stays, lost_races or lost_answers, heard)
    if outcome == "completed":
        check_verified(agent, spans)
    check_left(agent)
    (root,) = named(spans, "node.drain")
    assert root.attributes["drain.outcome"] == outcome
    check_pods(spans, evictions)
    check_log(agent, spans, outcome)
    check_last_state(agent, spans, outcome)
    check_scrapes(agent)
    if agent.is_under_prometheus:
        check_stored(agent, spans, outcome)
    return Drained(evictions, spans)


def counted_as_accepted(spans):
    """Attempts whose acceptance the agent has heard."""
    return [
        each for each in named(spans, "eviction.attempt") if each.attributes["drain.eviction.answer"] == "accepted"
    ]


class Drained:
    """What a scenario may want to know beyond."""

    def __init__(self, evictions, spans):
        self.evictions = evictions
        self.spans = spans
        self.accepted = [each for each in evictions if each.is_accepted]

    @property
    def seconds(self):
        """How long the drain took."""
        (root,) = named(self.spans, "node.drain")
        return root.seconds

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
        assert scenario.is_cordoned(agent.node) == cordoned, f"the node is {'not ' if cordoned else ''}cordoned"
    except Refusal as refusal:
        assert refusal.status == 404
    left = {pod["metadata"]["uid"]: pod for pod in scenario.kubernetes.pods_on(agent.node)}
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
