"""Many pods, many namespaces, many finished ones, and pods that everything else depends on."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import workloads
from harness.checks import check
from harness.measured import MemoryPeak
from harness.spans import named
from harness.until import until

PATIENCE = 180


def bare_pods(scenario, count, **pod):
    """Pods without owners, so that nothing is replaced; made by several hands."""

    def make(number):
        body = workloads.bare_pod(f"pod-{number:03}", scenario.template("many", **pod), scenario.node)
        scenario.kubernetes.create("v1/pods", body, scenario.namespace)

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(make, range(count)))


def requests_of(scenario):
    """How many requests of each kind the agents sent about this scenario, evictions apart."""
    return Counter(
        f"{each['verb']} {each['objectRef']['resource']}"
        for each in scenario.audit.of_agents(scenario.name)  # and so none without an object
        if each["objectRef"].get("subresource") != "eviction"
    )


@pytest.mark.long
def test_500_pods_on_one_node(scenario, record_property):
    bare_pods(scenario, 500, stop_after=0.5)
    until(
        "500 ready pods", lambda: len([each for each in scenario.pods_of("many") if is_running(each)]) == 500, PATIENCE
    )
    agent = scenario.sidecar("--log-level", "info")
    with MemoryPeak(agent.pid) as memory:
        agent.trigger()
        agent.exit_code(PATIENCE)
    drained = check(agent)
    assert len(drained.accepted) == 500
    sent = len(drained.evictions)
    assert sent <= 510, f"{sent} evictions for 500 pods; the log is in {agent.logs}"
    others = requests_of(scenario)
    # One read of the node, its cordon, a list, a watch, a list that verifies; the rest is for restarts and retries.
    assert {"get nodes", "patch nodes", "list pods", "watch pods"} <= others.keys(), f"{others}"
    assert sum(others.values()) <= 30, f"{others}; the log is in {agent.logs}"
    (root,) = named(drained.spans, "node.drain")
    record_property("seconds", f"{root.seconds:.1f}")
    record_property("evictions sent", sent)
    record_property("other requests", dict(others))
    record_property("peak of anonymous memory in MiB", f"{memory.kibibytes / 1024:.1f}")
    assert memory.kibibytes < 64 * 1024


def is_running(pod):
    return pod["status"]["phase"] == "Running"


@pytest.mark.long
def test_fifty_pods_in_ten_namespaces_each_behind_a_budget(scenario):
    namespaces = [scenario.namespace, *(f"{scenario.namespace}-{number}" for number in range(2, 11))]
    for name in namespaces[1:]:
        scenario.add_namespace(name)
    for name in namespaces:
        scenario.namespace = name
        scenario.deployment("web", replicas=5, ready_after=1)
        scenario.budget("web", maxUnavailable=2)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    drained = check(agent)
    accepted = Counter(each.namespace for each in drained.accepted)
    assert accepted == {name: 5 for name in namespaces}
    assert {each.namespace for each in drained.evictions if each.code == 429} == set(namespaces)


def test_finished_pods_by_the_hundred(scenario, record_property):
    bare_pods(scenario, 200, complete_after=0, ready_after=0)
    until(
        "200 finished pods",
        lambda: len([each for each in scenario.pods_of("many") if each["status"]["phase"] == "Succeeded"]) == 200,
        PATIENCE,
    )
    agent = scenario.sidecar("--log-level", "info")
    agent.trigger()
    drained = check(agent)
    assert len(drained.accepted) == len(drained.evictions) == 200
    (root,) = named(drained.spans, "node.drain")
    record_property("seconds", f"{root.seconds:.1f}")


def test_critical_pods_are_evicted_too(scenario):
    scenario.deployment("web", replicas=2)
    scenario.deployment("dns", priority="system-cluster-critical")
    scenario.deployment("network", priority="system-node-critical")
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    drained = check(agent)
    assert sorted(each.split("-")[0] for each in drained.evicted()) == ["dns", "network", "web", "web"]
