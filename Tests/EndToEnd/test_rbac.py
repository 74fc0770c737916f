"""The shipped role is enough, and each verb that is missing from it degrades or fails as docs/permissions.md says."""

from harness.checks import check
from harness.permissions import kubeconfig_with, rule, shipped_rules, without
from harness.pods import STUCK, environment_of, wait_for_deletion
from harness.spans import named
from harness.triggers import moment, terminate


def lacking(scenario, resource, verb):
    return kubeconfig_with(scenario, without(shipped_rules(scenario.kubernetes), resource, verb))


def check_failed(agent, what):
    """Nothing was evicted, exit 1, and the log and the last line name what is missing."""
    code = agent.exit_code()
    assert code == 1, f"exit code {code}; the log is in {agent.logs}"
    assert what in agent.stderr(), f"nobody says “{what}”; the log is in {agent.logs}"
    assert agent.scenario.audit.evictions(agent.scenario.namespaces) == []
    assert named(agent.spans(), "node.drain")[0].attributes["drain.outcome"] == "failed"


def test_the_shipped_role_is_enough(scenario):
    (us,) = scenario.deployment("agent")
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=1)
    scenario.daemon_set("logger")
    scenario.orphan_of_daemon_set("orphan")
    scenario.stateful_set("db")
    agent = scenario.sidecar("--self", "leave", "--termination-grace", "100s", environment=environment_of(us))
    scenario.open_spare()
    terminate(agent)
    check(agent, left=["logger", "agent"])
    refused = [each for each in scenario.audit.of_agents(scenario.name) if each["responseStatus"].get("code") == 403]
    assert not refused, f"{refused}; the log is in {agent.logs}"
    warnings = [line["msg"] for line in agent.log() if line["level"] in ("warning", "error")]
    assert set(warnings) <= {"eviction is blocked"}, f"{warnings}; the log is in {agent.logs}"


def test_without_reading_nodes_it_fails_and_touches_nothing(scenario):
    scenario.deployment("web")
    agent = scenario.drain(kubeconfig=lacking(scenario, "nodes", "get"))
    check_failed(agent, f"cannot read node {scenario.node}: nodes ")
    assert not scenario.is_cordoned()


def test_without_patching_nodes_it_fails_and_evicts_nothing(scenario):
    scenario.deployment("web")
    agent = scenario.drain(kubeconfig=lacking(scenario, "nodes", "patch"))
    check_failed(agent, f"cannot cordon {scenario.node}: nodes ")


def test_without_patching_nodes_a_cordoned_node_is_drained(scenario):
    scenario.deployment("web")
    scenario.set_unschedulable(scenario.node, True)
    agent = scenario.drain(kubeconfig=lacking(scenario, "nodes", "patch"))
    check(agent)


def test_without_listing_pods_it_fails_with_one_clear_line(scenario):
    scenario.deployment("web")
    agent = scenario.drain(kubeconfig=lacking(scenario, "pods", "list"))
    check_failed(agent, f"cannot list the pods of {scenario.node}: pods is forbidden")
    (line,) = [line for line in agent.stderr().splitlines() if line.startswith("drain-agent: ")]
    assert "cannot list resource" in line
    assert not scenario.is_cordoned()


def test_without_watching_pods_it_lists_them_and_completes(scenario):
    scenario.deployment("web", replicas=3, stop_after=2)
    agent = scenario.sidecar(kubeconfig=lacking(scenario, "pods", "watch"))
    agent.trigger()
    check(agent)
    told = agent.log("watch does not work: listing pods instead")
    assert len(told) == 1 and "cannot watch resource" in told[0]["err"], f"{told}; the log is in {agent.logs}"
    requests = agent.stored("drain_api_requests_total", by="operation")
    assert requests["list"] >= 3, f"{requests}"


def test_without_evicting_it_names_each_pod_and_gives_up(scenario):
    pods = scenario.deployment("web", replicas=2)
    agent = scenario.sidecar(kubeconfig=lacking(scenario, "pods/eviction", "create"))
    agent.trigger()
    drained = check(agent, "incomplete")
    assert not drained.accepted
    failed = {line["pod"]["name"]: line for line in agent.log("pod cannot be evicted")}
    assert failed.keys() == {pod["metadata"]["name"] for pod in pods}, f"{failed}; the log is in {agent.logs}"
    assert all('cannot create resource "pods/eviction"' in line["err"] for line in failed.values())
    assert len(agent.log("drain ended")[0]["remaining"]) == 2


def test_without_deleting_pods_disable_eviction_gives_up(scenario):
    scenario.deployment("web")
    agent = scenario.drain("--disable-eviction")
    drained = check(agent, "incomplete")
    assert {each.code for each in drained.evictions} == {403}
    (failed,) = agent.log("pod cannot be evicted")
    assert 'cannot delete resource "pods"' in failed["err"]


def test_with_deleting_pods_disable_eviction_goes_past_budgets(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    rules = shipped_rules(scenario.kubernetes) + [rule("", "pods", "delete")]
    agent = scenario.sidecar("--disable-eviction", kubeconfig=kubeconfig_with(scenario, rules))
    agent.trigger()
    drained = check(agent)
    assert len(drained.accepted) == 2


def test_without_reading_daemon_sets_their_orphans_are_left(scenario):
    scenario.orphan_of_daemon_set("orphan")
    scenario.deployment("web")
    agent = scenario.sidecar(kubeconfig=lacking(scenario, "daemonsets", "get"))
    agent.trigger()
    check(agent, left=["orphan"])
    said = [line["err"] for line in agent.log("request failed: trying again")]
    assert any('cannot get resource "daemonsets"' in each for each in said), f"{said}; the log is in {agent.logs}"


def test_without_reading_pods_the_grace_is_what_the_flag_says(scenario):
    us = scenario.pod("agent", grace=60, stop_after=STUCK)
    scenario.deployment("web")
    agent = scenario.sidecar(
        "--termination-grace", "40s", kubeconfig=lacking(scenario, "pods", "get"), environment=environment_of(us)
    )
    scenario.kubernetes.delete("v1/pods", "agent", scenario.namespace)
    wait_for_deletion(scenario, "agent")
    terminate(agent)
    check(agent, left=["agent"])
    (signalled,) = agent.log("SIGTERM: draining")
    deadline = [line["deadline"] for line in agent.log() if line.get("deadline")][-1]
    granted = moment(deadline) - moment(signalled["ts"])
    assert abs(granted - 37) < 2, f"the deadline is {granted} s after the signal; the log is in {agent.logs}"
    said = [line["err"] for line in agent.log("cannot read our own pod")]
    assert said and 'cannot get resource "pods"' in said[0], f"{said}; the log is in {agent.logs}"
