"""A name is not a pod: pods are told apart by their UIDs."""

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
