"""PodDisruptionBudgets: they are respected, and seen."""

from harness.checks import check


def test_a_deployment_behind_a_budget_leaves_one_by_one(scenario):
    scenario.deployment("web", replicas=3, ready_after=2)
    scenario.budget("web", minAvailable=2)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    agent.scrape()
    drained = check(agent)
    assert len(drained.accepted) == 3
    refused = [each for each in drained.evictions if each.code == 429]
    assert refused, "three pods at once cannot have been allowed"
