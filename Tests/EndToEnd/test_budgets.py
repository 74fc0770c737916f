"""PodDisruptionBudgets: they are respected, and seen."""

from harness.checks import check
from harness.spans import named
from harness.until import until


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


def test_pods_without_a_budget_leave_at_once(scenario):
    scenario.deployment("web", replicas=8, stop_after=2)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("all terminating at the same time", lambda state: state["counts"]["terminating"] == 8)
    agent.scrape()
    drained = check(agent)
    assert [each.code for each in drained.evictions] == [201] * 8


def test_a_budget_of_zero_blocks_until_somebody_fixes_it(scenario):
    scenario.deployment("web", replicas=2)
    scenario.deployment("free", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("free to be gone and web blocked", lambda state: blocked(state) == 2 and gone(state) == 2)
    samples = agent.scrape()
    budget = {"pdb_namespace": scenario.namespace, "pdb": "web"}
    assert samples.value("drain_pdb_blocked_pods", **budget) == 2
    assert samples.value("drain_pdb_wait_start_timestamp_seconds", **budget) > 0
    # While one of them is asked for again it is not blocked, for a moment.
    until("two blocked pods", lambda: agent.scrape().value("drain_pods", phase="blocked") == 2)
    told = until("the alert at the webhook", lambda: never_allows(scenario, "firing"))[0]
    assert told["labels"].items() >= {**budget, "node": scenario.node, "severity": "critical"}.items()
    assert scenario.node in told["annotations"]["description"]
    assert f"{scenario.namespace}/web" in told["annotations"]["description"]
    assert told["annotations"]["runbook_url"].endswith("/DrainBudgetNeverAllows.md")
    scenario.change_budget("web", maxUnavailable=2)
    drained = check(agent)
    assert len(drained.accepted) == 4
    until("the alert resolved at the webhook", lambda: never_allows(scenario, "resolved"))
    assert not scenario.stage.prometheus.query(f'drain_pdb_blocked_pods{{scenario="{scenario.name}"}}'), "it is over"
    waits = named(drained.spans, "pdb.wait")
    assert [each.attributes["drain.wait.outcome"] for each in waits] == ["allowed", "allowed"]


def never_allows(scenario, status):
    told = scenario.stage.alertmanager.received("DrainBudgetNeverAllows", scenario=scenario.name)
    return [each for each in told if each["status"] == status]


def test_a_budget_that_never_allows_is_named_everywhere_when_time_is_up(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("never", {"app": "web"}, minAvailable=2)
    agent = scenario.sidecar("--timeout", "8s")
    agent.trigger()
    budget = f"{scenario.namespace}/never"
    state = agent.wait_for("two blocked pods", lambda state: blocked(state) == 2)
    assert [(each["pdb"], each["blocked_pods"]) for each in state["blockers"]] == [(budget, 2)]
    samples = agent.scrape()
    labels = {"pdb_namespace": scenario.namespace, "pdb": "never"}
    assert samples.value("drain_pdb_blocked_pods", **labels) == 2
    assert samples.value("drain_pdb_wait_start_timestamp_seconds", **labels) > 0
    assert samples.value("drain_deadline_timestamp_seconds") > samples.value("drain_start_timestamp_seconds")
    drained = check(agent, "timed_out", held=["web"])
    assert not drained.accepted
    assert [line["pdb"] for line in agent.log("eviction is blocked")] == [budget, budget]
    (ended,) = agent.log("drain ended")
    assert budget in ended["err"] and "web" in ended["remaining"][0], ended
    assert budget in agent.last_state()["reason"]
    assert agent.stored("drain_pdb_blocked_pods", by="pdb") == {"never": 2}
    waits = named(drained.spans, "pdb.wait")
    assert len(waits) == 2
    for each in waits:
        assert each.attributes["drain.pdb"] == "never"
        assert each.attributes["drain.wait.outcome"] == "abandoned"
        assert each.attributes["drain.wait.last_message"], "the server's words"


def test_several_budgets_on_one_pod_block_it_until_one_is_taken_away(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("first", {"app": "web"}, maxUnavailable=1)
    scenario.budget("second", {"app": "web"}, maxUnavailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("blocked pods", lambda state: blocked(state) == 2)
    agent.scrape()
    scenario.delete_budget("second")
    drained = check(agent)
    codes = [each.code for each in drained.evictions]
    assert codes.count(500) >= 2 and len(drained.accepted) == 2


def test_pods_that_are_not_ready_hold_a_budget_until_they_are(scenario):
    scenario.deployment("web", replicas=2, ready_after="never")
    scenario.budget("web", ready=False, minAvailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("blocked pods", lambda state: blocked(state) == 2)
    agent.scrape()
    for pod in scenario.pods_of("web"):
        scenario.annotate(pod, ready_after="0")
    (replacement,) = scenario.wait_for_pods("web", 1, node=scenario.spare, ready=False)
    scenario.annotate(replacement, ready_after="0")
    assert len(check(agent).accepted) == 2


def test_a_blocked_pod_vanishes_when_its_namespace_is_deleted(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("blocked pods", lambda state: blocked(state) == 2)
    scenario.kubernetes.delete("v1/namespaces", scenario.namespace)
    assert not check(agent, lost_races=True).accepted


def test_disable_eviction_goes_past_a_budget(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.drain("--disable-eviction", kubeconfig=scenario.stage.admin_kubeconfig)
    drained = check(agent)
    assert len(drained.accepted) == 2, "deletes, each for one UID"
    assert until("deletes in the audit log", lambda: list(scenario.audit.of_agents('"verb":"delete"')))
    assert not list(scenario.audit.of_agents('"subresource":"eviction"', scenario.namespace))


def blocked(state):
    return state["counts"]["blocked"]


def gone(state):
    return state["counts"]["gone"]
