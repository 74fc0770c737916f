"""What is said of a budget that blocks: whether it can ever allow, and what a person can do about it."""

import pytest

from harness.checks import check
from harness.permissions import kubeconfig_with, shipped_rules, without
from harness.spans import named
from harness.triggers import moment
from harness.until import until

# From the first refusal.
SECONDS_TO_A_VERDICT = 2


def blocker(state, name):
    """What GET /drain says of the budget."""
    return next((each for each in state["blockers"] if each.get("pdb", "").endswith(f"/{name}")), None)


def verdict_is(word, name="web"):
    def is_so(state):
        found = blocker(state, name)
        return found is not None and found["verdict"] == word

    return is_so


def seconds_to_the_verdict(agent, word):
    """From the first refusal to the line that says so."""
    refused = agent.log("eviction is blocked")[0]
    said = next(line for line in agent.log("verdict changed") if line["verdict"] == word)
    return moment(said["ts"]) - moment(refused["ts"])


def unsatisfiable(agent, name="web"):
    """drain_pdb_unsatisfiable of that budget, as a scrape has it; None: there is no such series."""
    return agent.scrape().value("drain_pdb_unsatisfiable", pdb_namespace=agent.scenario.namespace, pdb=name)


def cancel(agent):
    assert agent.tell("cancel").returncode == 0


# --- unsatisfiable


def test_one_replica_that_must_be_available_is_called_unsatisfiable_at_once_and_everywhere(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("web", minAvailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    state = agent.wait_for("the verdict", verdict_is("unsatisfiable"))
    advice = blocker(state, "web")["advice"]
    owner = f"Deployment {scenario.namespace}/web keeps 1"
    assert all(each in advice for each in (owner, "scale it to 2", "set minAvailable to 0")), advice
    assert unsatisfiable(agent) == 1
    within = seconds_to_the_verdict(agent, "unsatisfiable")
    assert within <= SECONDS_TO_A_VERDICT, f"{within} s; the log is in {agent.logs}"
    (line,) = agent.log("verdict changed")
    assert (line["level"], line["pdb"], line["advice"]) == ("warning", f"{scenario.namespace}/web", advice)
    (event,) = until("an Event on the node", lambda: scenario.events("BudgetCannotAllow"))
    assert event["involvedObject"]["name"] == scenario.node and advice in event["message"], event
    (event,) = until("an Event on the pod", lambda: scenario.events("DrainBlocked"))
    assert "web" in event["message"] and event["type"] == "Warning", event
    cancel(agent)
    drained = check(agent, "cancelled", held=["web"])
    assert not drained.accepted
    (wait,) = named(drained.spans, "pdb.wait")
    assert wait.attributes["drain.pdb.verdict"] == "unsatisfiable"


def test_a_leftover_failed_pod_does_not_make_it_look_satisfiable(scenario):
    # The disruption controller counts it: expectedPods is 2, and one of them can never be healthy.
    scenario.deployment("web", replicas=1)
    scenario.pod("leftover", labels={"app": "web"}, fail_after=0, ready=False)
    until("a failed pod", lambda: "Failed" in [each["status"]["phase"] for each in scenario.pods_of("web")])
    scenario.budget("web", minAvailable=1)
    until("the controller to count both", lambda: scenario.find_budget("web")["status"]["expectedPods"] == 2)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("the verdict", verdict_is("unsatisfiable"))
    within = seconds_to_the_verdict(agent, "unsatisfiable")
    assert within <= SECONDS_TO_A_VERDICT, f"{within} s; the log is in {agent.logs}"
    cancel(agent)
    assert check(agent, "cancelled", held=[each["metadata"]["name"] for each in agent.before if is_alive(each)])


def is_alive(pod):
    return pod["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    "replicas, spec, advice",
    [
        (3, {"maxUnavailable": 0}, "set maxUnavailable to 1 or more"),
        (3, {"minAvailable": "100%"}, "set minAvailable to 66% or less"),
        (2, {"minAvailable": 5}, "scale it to 6 or more"),
    ],
    ids=["maxUnavailable-0", "minAvailable-100-percent", "minAvailable-above-the-replicas"],
)
def test_numbers_that_leave_no_room_are_unsatisfiable(scenario, replicas, spec, advice):
    scenario.deployment("web", replicas=replicas)
    scenario.budget("web", **spec)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    state = agent.wait_for("the verdict", verdict_is("unsatisfiable"))
    assert advice in blocker(state, "web")["advice"], blocker(state, "web")
    # One was asked, one may have been at the same time; their siblings wait without asking.
    cancel(agent)
    check(agent, "cancelled", held=["web"])


def test_a_budget_that_will_allow_is_only_waited_for(scenario):
    scenario.deployment("web", replicas=3, ready_after=2)
    scenario.budget("web", maxUnavailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("blocked pods", lambda state: state["counts"]["blocked"] > 0)
    assert unsatisfiable(agent) in (0, None)
    check(agent)
    assert not [line for line in agent.log("verdict changed") if line["verdict"] != "waiting"]


def test_the_verdict_follows_what_a_person_does(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("web", minAvailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("the verdict", verdict_is("unsatisfiable"))
    scenario.kubernetes.patch("apps/v1/deployments", "web", {"spec": {"replicas": 2}}, scenario.namespace)
    check(agent)
    assert unsatisfiable_is_over(scenario)


def unsatisfiable_is_over(scenario):
    return not scenario.stage.prometheus.query(f'drain_pdb_unsatisfiable{{scenario="{scenario.name}"}}')


# --- misconfigured


def test_several_budgets_on_one_pod_are_misconfigured_at_once(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("first", {"app": "web"}, maxUnavailable=1)
    scenario.budget("second", {"app": "web"}, maxUnavailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    state = agent.wait_for("a blocker", lambda state: state["blockers"])
    (several,) = state["blockers"]
    assert several["verdict"] == "misconfigured", several
    advice = lambda state: state["blockers"][0]["advice"]
    agent.wait_for("both names", lambda state: "first" in advice(state) and "second" in advice(state))
    scenario.delete_budget("second")
    check(agent)


@pytest.mark.long
def test_an_owner_without_a_scale_is_misconfigured_after_half_a_minute_and_not_before(scenario):
    # A Job cannot be scaled: the disruption controller does not know how many pods there ought to be.
    scenario.job("web", ready=True)
    scenario.budget("web", countable=False, maxUnavailable=1)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    assert blocker(agent.state(), "web")["verdict"] == "waiting"
    state = agent.wait_for("the verdict", verdict_is("misconfigured"))
    assert "scale" in blocker(state, "web")["advice"], state
    assert unsatisfiable(agent) == 1
    after = seconds_to_the_verdict(agent, "misconfigured")
    assert 29.5 <= after <= 35, f"{after} s; the log is in {agent.logs}"
    cancel(agent)
    check(agent, "cancelled", held=["web"])


def test_a_sync_that_fails_for_a_moment_is_no_false_alarm(scenario):
    scenario.deployment("web", replicas=2, labels={"guarded": "yes"})
    # One pod whose owner has no scale is enough for the whole budget to fail.
    scenario.job("stray", ready=True, labels={"guarded": "yes"})
    scenario.budget("web", {"guarded": "yes"}, countable=False, maxUnavailable=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("blocked pods", lambda state: state["counts"]["blocked"] > 0)
    scenario.kubernetes.delete("batch/v1/jobs", "stray", scenario.namespace)
    check(agent, lost_races=True)
    said = [line for line in agent.log("verdict changed") if line["verdict"] != "waiting"]
    assert not said, f"{said}; the log is in {agent.logs}"


# --- how soon something is noticed


def test_a_budget_that_a_person_loosens_lets_its_pods_go_at_once(scenario):
    scenario.deployment("web", replicas=4)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar("--pdb-retry-interval", "5s")
    agent.trigger()
    agent.wait_for("four blocked pods", lambda state: state["counts"]["blocked"] == 4)
    agent.wait_for("the verdict", verdict_is("unsatisfiable"))
    scenario.change_budget("web", maxUnavailable=4)
    drained = check(agent)
    assert len(drained.evictions) <= 8, f"{len(drained.evictions)} requests; the log is in {agent.logs}"
    problems = agent.log("budgets are not watched: asking instead") + agent.log("request failed: trying again")
    assert not problems, problems
    assert seconds_after_the_change(scenario, drained) <= 2


def test_a_budget_that_is_deleted_blocks_nobody(scenario):
    scenario.deployment("web", replicas=4)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar("--pdb-retry-interval", "5s")
    agent.trigger()
    agent.wait_for("four blocked pods", lambda state: state["counts"]["blocked"] == 4)
    scenario.delete_budget("web")
    drained = check(agent)
    assert seconds_after_the_change(scenario, drained) <= 2


def seconds_after_the_change(scenario, drained):
    """From the last change of a budget by hand to the last eviction that was accepted."""

    def written():
        return [
            each["stageTimestamp"]
            for each in scenario.audit.read('"userAgent":"end-to-end"', "poddisruptionbudgets", scenario.name)
            if each["verb"] in ("patch", "delete")
        ]

    changed = until("the change in the audit log", written)[-1]
    return max(moment(each.at) for each in drained.accepted) - moment(changed)


def test_blocked_pods_are_hardly_asked_for(scenario, record_property):
    scenario.deployment("web", replicas=60)
    scenario.budget("web", maxUnavailable=0)
    # The bound is of ten in flight; the sixteen of the default have sent 32 on a loaded machine.
    agent = scenario.sidecar("--concurrency", "10")
    agent.trigger()
    agent.wait_for("sixty blocked pods", lambda state: state["counts"]["blocked"] == 60)
    cancel(agent)
    drained = check(agent, "cancelled", held=["web"])
    # As many as fit into the time that the budgets' list takes.
    record_property("evictions sent for sixty blocked pods", len(drained.evictions))
    assert len(drained.evictions) <= 30, f"{len(drained.evictions)} requests; the log is in {agent.logs}"


def test_without_reading_budgets_they_are_asked_every_few_seconds_and_it_is_said(scenario):
    rules = shipped_rules(scenario.kubernetes)
    for verb in ("list", "watch"):
        rules = without(rules, "poddisruptionbudgets", verb)
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar("--pdb-retry-interval", "2s", kubeconfig=kubeconfig_with(scenario, rules))
    agent.trigger()
    line = agent.wait_for_log("budgets are not watched: asking instead")
    assert "poddisruptionbudgets" in line["err"], line
    asked = lambda: len(scenario.audit.evictions([scenario.namespace]))
    first = agent.wait_for("two blocked pods", lambda state: state["counts"]["blocked"] == 2) and asked()
    until("two more requests", lambda: asked() >= first + 2)
    scenario.change_budget("web", maxUnavailable=2)
    check(agent)
