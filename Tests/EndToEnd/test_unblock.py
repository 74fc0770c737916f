"""A budget that can never allow, and what the agent may do about it."""

from harness.availability import ReadyPods
from harness.checks import check
from harness.permissions import kubeconfig_with, rules_for
from harness.until import until

UNBLOCK = {"drain-agent.dev/unblock": "rollout-restart"}


def cancel(agent):
    assert agent.tell("cancel").returncode == 0


def unblocker(scenario, *options):
    """An agent that may restart rollouts."""
    return scenario.sidecar(*options, kubeconfig=kubeconfig_with(scenario, rules_for(scenario, "unblock")))


def restarts(scenario):
    """Patches of agents to workloads of the scenario."""
    return [
        each for each in scenario.audit.of_agents('"verb":"patch"', scenario.namespace)
        if each["objectRef"].get("apiGroup") == "apps"
    ]


def test_one_replica_whose_owner_allows_it_is_moved_without_a_moment_of_downtime(scenario):
    scenario.deployment("web", replicas=1, ready_after=1, owner_annotations=UNBLOCK)
    scenario.budget("web", minAvailable=1)
    agent = unblocker(scenario)
    scenario.open_spare()
    with ReadyPods(scenario, "web") as ready:
        agent.trigger()
        line = agent.wait_for_log("rollout restarted")
        # Its Deployment takes it away, or we: once the other is ready, the budget allows it.
        check(agent, lost_races=True)
    assert f"{scenario.namespace}/web" in line["owner"] and f"{scenario.namespace}/web" in line["pdb"], line
    assert ready.least >= 1, f"no ready pod at {ready.empty_at}; the log is in {agent.logs}"
    assert len(restarts(scenario)) == 1
    assert agent.stored("drain_unblocks_total", by="result")["restarted"] == 1
    (event,) = until("an Event", lambda: scenario.events("WorkloadRestarted"))
    assert "web" in event["message"], event
    (pod,) = scenario.wait_for_pods("web", 1, node=scenario.spare)
    assert "kubectl.kubernetes.io/restartedAt" in pod["metadata"]["annotations"]


def test_the_flag_asks_for_every_owner(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("web", minAvailable=1)
    agent = unblocker(scenario, "--unblock", "rollout-restart")
    scenario.open_spare()
    with ReadyPods(scenario, "web") as ready:
        agent.trigger()
        check(agent, lost_races=True)
    assert ready.least >= 1, f"no ready pod at {ready.empty_at}; the log is in {agent.logs}"


def test_nobody_is_restarted_unasked(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("web", minAvailable=1)
    agent = unblocker(scenario)
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("the verdict", lambda state: [each["verdict"] for each in state["blockers"]] == ["unsatisfiable"])
    cancel(agent)
    check(agent, "cancelled", held=["web"])
    assert not restarts(scenario) and not agent.log("rollout not restarted")


def test_without_the_permission_it_is_said_and_the_budget_waited_for(scenario):
    scenario.deployment("web", replicas=1, owner_annotations=UNBLOCK)
    scenario.budget("web", minAvailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    line = agent.wait_for_log("rollout restart failed")
    assert "deployments" in line["err"], line
    cancel(agent)
    check(agent, "cancelled", held=["web"])


def test_a_stateful_set_is_not_restarted_and_it_is_said_why(scenario):
    scenario.stateful_set("db", replicas=1, owner_annotations=UNBLOCK)
    scenario.budget("db", minAvailable=1)
    agent = unblocker(scenario)
    scenario.open_spare()
    agent.trigger()
    line = agent.wait_for_log("rollout not restarted")
    assert "StatefulSet" in line["err"], line
    cancel(agent)
    check(agent, "cancelled", held=["db"])
    assert not restarts(scenario)


def test_a_deployment_that_cannot_surge_is_not_restarted(scenario):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    scenario.deployment("web", replicas=1, owner_annotations=UNBLOCK, strategy=strategy)
    scenario.budget("web", minAvailable=1)
    agent = unblocker(scenario)
    scenario.open_spare()
    agent.trigger()
    line = agent.wait_for_log("rollout not restarted")
    assert "maxSurge" in line["err"] or "maxUnavailable" in line["err"], line
    cancel(agent)
    check(agent, "cancelled", held=["web"])
    assert not restarts(scenario)
