"""How drains end otherwise than by themselves, and what stands in the way of an end."""

from harness.checks import check
from harness.permissions import kubeconfig_with, rules_for
from harness.pods import let_stop
from harness.spans import named
from harness.until import until


def blocked(scenario, *options, **settings):
    """A drain with a pod that a budget holds for good, and one that is gone."""
    scenario.deployment("held")
    scenario.deployment("free")
    scenario.budget("held", maxUnavailable=0)
    agent = scenario.sidecar(*options, **settings)
    agent.trigger()
    agent.wait_for("one gone, one blocked", lambda state: state["counts"]["blocked"] == 1 == state["counts"]["gone"])
    return agent


# --- somebody makes the node schedulable


def test_whoever_uncordons_the_node_stops_the_drain(scenario):
    agent = blocked(scenario)
    scenario.set_unschedulable(scenario.node, False)
    drained = check(agent, "cancelled", held=["held"], cordoned=False)
    assert len(drained.accepted) == 1
    assert agent.log("node made schedulable by others")
    assert "schedulable" in agent.log("drain ended")[0]["err"]


def test_whoever_uncordons_the_node_is_overruled_if_asked_for(scenario):
    agent = blocked(scenario, "--on-uncordon", "recordon")
    scenario.set_unschedulable(scenario.node, False)
    until("a cordoned node", scenario.is_cordoned)
    (line,) = agent.log("node made schedulable by others")
    assert line["recordons"] is True
    scenario.change_budget("held", maxUnavailable=1)
    assert len(check(agent, arrived=["held", "free"]).accepted) == 2


# --- the deadline


def test_at_the_deadline_what_is_left_is_deleted_if_asked_for(scenario):
    allowed = kubeconfig_with(scenario, rules_for(scenario, "delete-pods"))
    agent = blocked(scenario, "--timeout", "8s", "--at-deadline", "delete", kubeconfig=allowed)
    assert agent.exit_code() == 4, f"the log is in {agent.logs}"
    (line,) = agent.log("pod deleted at the deadline")
    assert line["pod"]["name"].startswith("held"), line
    deletes = [each for each in scenario.audit.of_agents('"verb":"delete"', scenario.namespace)]
    assert [each["objectRef"]["name"] for each in deletes] == [line["pod"]["name"]]
    assert deletes[0]["requestObject"]["preconditions"]["uid"] == line["pod"]["uid"]
    assert agent.stored("drain_deadline_deletions_total", by="result")["accepted"] == 1
    until("its end", lambda: not scenario.pods_of("held"))


def test_an_overrun_is_foretold(scenario):
    agent = blocked(scenario, "--timeout", "15s")
    line = agent.wait_for_log("deadline will be missed")
    assert line["level"] == "warning" and "held" in str(line["waits_for"]), line
    assert agent.scrape().value("drain_projected_overrun_seconds") > 0
    check(agent, "timed_out", held=["held"])


# --- stuck


def test_why_a_pod_is_stuck_is_said(scenario):
    scenario.pod("held", finalizers=["example.com/hold"], stop_after=0, grace=1)
    scenario.pod("running", stop_after="stuck", grace=1)
    agent = scenario.sidecar()
    agent.trigger()

    def reasons(state):
        return {each["name"]: each["stuck"]["reason"] for each in state["pods"] if each.get("stuck")}

    wanted = {"held": "finalizers", "running": "containers_running"}
    agent.wait_for("both reasons", lambda state: reasons(state) == wanted)
    samples = agent.scrape()
    for reason in wanted.values():
        assert samples.value("drain_pods_stuck", reason=reason) == 1
    stuck = lambda: {each["involvedObject"]["name"] for each in scenario.events("StuckTerminating")}
    until("Events on both", lambda: stuck() == set(wanted))
    scenario.kubernetes.patch("v1/pods", "held", {"metadata": {"finalizers": None}}, scenario.namespace)
    let_stop(scenario, "running")
    drained = check(agent)
    told = {each.attributes.get("drain.pod.stuck") for each in named(drained.spans, "pod.evict")}
    assert told == set(wanted.values()), told


# --- what people see


def conditions(scenario):
    node = scenario.kubernetes.get("v1/nodes", scenario.node)
    return {each["type"]: (each["status"], each["reason"]) for each in node["status"]["conditions"]}


def test_kubectl_describe_shows_how_it_goes_and_how_it_went(scenario):
    agent = blocked(scenario)
    until("a condition", lambda: conditions(scenario).get("DrainInProgress") == ("True", "DrainStarted"))
    said = until("Events", lambda: described(scenario, "DrainStarted", "NodeCordoned", "BudgetCannotAllow"))
    assert "DrainInProgress" in said and "maxUnavailable" in said
    scenario.change_budget("held", maxUnavailable=1)
    check(agent)
    assert conditions(scenario)["DrainInProgress"] == ("False", "DrainCompleted")
    assert conditions(scenario)["Drained"] == ("True", "DrainCompleted")
    assert described(scenario, "DrainCompleted")


def described(scenario, *reasons):
    """What `kubectl describe node` prints, once it has these Events."""
    said = scenario.stage.kubectl("describe", "node", scenario.node)
    return said if all(each in said for each in reasons) else None


def test_each_evicted_pod_has_its_event_if_asked_for(scenario):
    pods = scenario.deployment("web", replicas=3)
    agent = scenario.sidecar("--pod-events")
    agent.trigger()
    check(agent)
    found = scenario.kubernetes.list("v1/events", scenario.namespace, fieldSelector="reason=DrainEvicted")
    about = {each["involvedObject"]["name"] for each in found}
    assert about == {each["metadata"]["name"] for each in pods}


def test_nothing_is_written_about_it_if_asked_for(scenario):
    scenario.deployment("web")
    agent = scenario.sidecar("--no-events", "--no-node-conditions")
    agent.trigger()
    check(agent)
    assert "Drained" not in conditions(scenario)
    assert not [
        each for each in scenario.audit.of_agents(scenario.name)
        if each["objectRef"]["resource"] == "events" or each["objectRef"].get("subresource") == "status"
    ]
