"""Which pods go, and which stay."""

from harness.checks import check


def test_pods_of_daemon_sets_and_mirror_pods_are_left(scenario):
    scenario.deployment("web", replicas=2)
    scenario.daemon_set("logger")
    scenario.mirror_pod("static")
    agent = scenario.sidecar()
    agent.trigger()
    drained = check(agent, left=["logger", "static"])
    assert len(drained.accepted) == 2
