"""How pods go: quickly, slowly, or held by something."""

from harness.checks import check
from harness.spans import named
from harness.until import until


def test_a_pod_that_stops_slowly_is_given_its_grace_period(scenario):
    scenario.deployment("slow", stop_after="never", grace=4)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("it to be terminating", lambda state: state["counts"]["terminating"] == 1)
    # The answer may be here before the watch has shown the deadline.
    until("its deadline", lambda: agent.scrape().value("drain_oldest_deletion_deadline_timestamp_seconds") > 0)
    drained = check(agent)
    (termination,) = named(drained.spans, "pod.termination")
    assert termination.attributes["drain.grace_period_seconds"] == 4


def test_the_grace_period_flag_replaces_the_pods_own(scenario):
    scenario.deployment("slow", replicas=2, stop_after="never", grace=600)
    agent = scenario.sidecar("--grace-period", "2")
    agent.trigger()
    drained = check(agent)
    assert [each.grace for each in drained.accepted] == [2, 2]


def test_a_pod_that_a_finalizer_holds_is_waited_for(scenario):
    finalizer = "example.com/hold"
    pod = scenario.pod("held", finalizers=[finalizer], stop_after=0)
    scenario.deployment("web")
    agent = scenario.sidecar()
    agent.trigger()
    state = agent.wait_for(
        "one gone and one held", lambda state: state["counts"]["gone"] == 1 and state["counts"]["terminating"] == 1
    )
    assert [each.get("finalizers") for each in state["pods"] if each["name"] == "held"] == [[finalizer]]
    agent.scrape()
    scenario.kubernetes.patch(
        "v1/pods", pod["metadata"]["name"], {"metadata": {"finalizers": None}}, scenario.namespace
    )
    drained = check(agent)
    held = [each for each in named(drained.spans, "pod.termination") if each.attributes["drain.finalizers"]]
    assert [each.attributes["drain.finalizers"] for each in held] == [[finalizer]]


def test_a_pod_that_never_goes_ends_the_drain_at_its_timeout(scenario):
    scenario.pod("stuck", stop_after="stuck", grace=1)
    agent = scenario.sidecar("--timeout", "5s")
    agent.trigger()
    drained = check(agent, "timed_out", held=["stuck"])
    assert drained.evicted() == ["stuck"]
    (termination,) = named(drained.spans, "pod.termination")
    assert termination.attributes["drain.overdue_seconds"] > 0


def test_at_most_so_many_pods_terminate_at_once_if_asked(scenario):
    scenario.deployment("web", replicas=6, stop_after=1)
    agent = scenario.sidecar("--max-terminating", "2")
    agent.trigger()
    drained = check(agent)
    ends = sorted((each.start, each.end) for each in named(drained.spans, "pod.termination"))
    for start, _ in ends:
        assert sum(1 for began, ended in ends if began <= start < ended) <= 2


def test_pods_of_a_namespace_that_is_being_deleted_leave_with_it(scenario):
    scenario.deployment("web", replicas=3, stop_after=5)
    agent = scenario.sidecar()
    scenario.kubernetes.delete("v1/namespaces", scenario.namespace)
    agent.trigger()
    check(agent, lost_races=True)
