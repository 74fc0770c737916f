"""A name is not a pod: pods are told apart by their UIDs. And what comes and goes while a drain runs."""

from harness.checks import check


def test_the_stateful_set_replacement_of_the_same_name_is_never_evicted(scenario):
    before = scenario.stateful_set("db", replicas=2)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    drained = check(agent)
    assert sorted(drained.evicted()) == ["db-0", "db-1"]
    after = scenario.wait_for_pods("db", 2, node=scenario.spare)
    assert not {each["metadata"]["uid"] for each in before} & {each["metadata"]["uid"] for each in after}


def test_a_pod_of_the_same_name_that_comes_back_to_the_node_is_another_one(scenario):
    scenario.pod("phoenix")
    slow = scenario.pod("slow", stop_after="never", grace=600)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("phoenix to be gone", lambda state: state["counts"]["gone"] == 1)
    agent.past_the_cordon()
    scenario.pod("phoenix")
    scenario.annotate(slow, stop_after="0")
    drained = check(agent, arrived=["phoenix"])
    assert sorted(drained.evicted()) == ["phoenix", "slow"]
    assert agent.stored("drain_pods_excluded", by="reason")["arrived"] == 1


def test_a_pod_that_arrives_after_the_cordon_is_left(scenario):
    slow = scenario.pod("slow", stop_after="never", grace=600)
    agent = scenario.sidecar()
    agent.trigger()
    agent.past_the_cordon()
    scenario.pod("late")
    agent.wait_for("the arrival", lambda state: [each["reason"] for each in state["excluded"]] == ["arrived"])
    agent.scrape()
    scenario.annotate(slow, stop_after="0")
    check(agent, arrived=["late"])


def test_a_pod_that_arrives_after_the_cordon_is_evicted_if_asked_for(scenario):
    slow = scenario.pod("slow", stop_after="never", grace=600)
    agent = scenario.sidecar("--follow-arrivals")
    agent.trigger()
    agent.past_the_cordon()
    agent.before.append(scenario.pod("late", ready=False))
    agent.wait_for("the arrival to be gone", lambda state: state["counts"]["gone"] == 1)
    scenario.annotate(slow, stop_after="0")
    assert check(agent).evicted() == ["slow", "late"]


def test_a_pod_that_somebody_else_deletes_has_vanished(scenario):
    held, *_ = scenario.deployment("held", replicas=1)
    scenario.budget("held", maxUnavailable=0)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("the budget's no", lambda state: state["counts"]["blocked"] == 1)
    scenario.kubernetes.delete("v1/pods", held["metadata"]["name"], scenario.namespace)
    drained = check(agent, lost_races=True)
    assert not drained.accepted
    assert agent.stored("drain_pods_finished_total", by="result")["vanished"] == 1


def test_a_pod_that_terminates_already_is_waited_for_and_not_evicted(scenario):
    leaving = scenario.pod("leaving", stop_after="never", grace=600)
    scenario.deployment("web")
    scenario.kubernetes.delete("v1/pods", "leaving", scenario.namespace)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("web to be gone", lambda state: state["counts"]["gone"] == 1)
    scenario.annotate(leaving, stop_after="0")
    drained = check(agent)
    assert len(drained.evictions) == 1, "web's"
