"""Events and conditions: what a real API server takes, and what it then shows."""

from harness.checks import check


def events(scenario, namespace, **about):
    selector = ",".join(f"involvedObject.{key}={value}" for key, value in about.items())
    listed = scenario.kubernetes.list("v1/events", namespace, fieldSelector=selector)
    return {each["reason"]: each for each in listed if each["source"].get("component") == "drain-agent"}


def conditions(scenario):
    listed = scenario.kubernetes.get("v1/nodes", scenario.node)["status"]["conditions"]
    return {each["type"]: (each["status"], each["reason"]) for each in listed if each["type"].startswith("Drain")}


def test_a_drain_leaves_its_events_and_conditions(scenario):
    scenario.deployment("free")
    agent = scenario.sidecar("--pod-events")
    agent.trigger()
    check(agent)
    assert set(events(scenario, "default", kind="Node", name=scenario.node)) == {
        "DrainStarted",
        "NodeCordoned",
        "DrainCompleted",
    }
    assert set(events(scenario, scenario.namespace, kind="Pod")) == {"DrainEvicted"}
    assert conditions(scenario) == {
        "DrainInProgress": ("False", "DrainCompleted"),
        "Drained": ("True", "DrainCompleted"),
    }


def test_a_budget_that_never_allows_is_an_event_on_the_node_and_on_its_pods(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("never", {"app": "web"}, minAvailable=2)
    agent = scenario.sidecar("--timeout", "8s")
    agent.trigger()
    agent.wait_for("two blocked pods", lambda state: state["counts"]["blocked"] == 2)
    assert conditions(scenario) == {
        "DrainInProgress": ("True", "DrainStarted"),
        "Drained": ("False", "DrainStarted"),
    }
    check(agent, "timed_out", held=["web"])
    node = events(scenario, "default", kind="Node", name=scenario.node)
    assert {"BudgetCannotAllow", "DrainTimedOut"} <= set(node)
    assert node["BudgetCannotAllow"]["type"] == "Warning"
    assert f"{scenario.namespace}/never" in node["BudgetCannotAllow"]["message"]
    pods = events(scenario, scenario.namespace, kind="Pod")
    assert set(pods) == {"DrainBlocked"} and "unsatisfiable" in pods["DrainBlocked"]["message"]
    assert conditions(scenario)["Drained"] == ("False", "DrainTimedOut")
