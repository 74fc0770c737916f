"""Which pods go, and which stay."""

import pytest

from harness.checks import check


def test_pods_of_daemon_sets_and_mirror_pods_are_left(scenario):
    scenario.deployment("web", replicas=2)
    scenario.daemon_set("logger")
    scenario.mirror_pod("static")
    agent = scenario.sidecar()
    agent.trigger()
    drained = check(agent, left=["logger", "static"])
    assert len(drained.accepted) == 2
    assert agent.stored("drain_pods_excluded", by="reason")["daemonset"] == 1
    assert agent.stored("drain_pods_excluded", by="reason")["mirror"] == 1


def test_a_pod_whose_daemon_set_is_gone_is_evicted(scenario):
    scenario.deployment("web")
    scenario.orphan_of_daemon_set("orphan")
    agent = scenario.sidecar()
    agent.trigger()
    assert sorted(check(agent).evicted())[0] == "orphan"


def test_finished_pods_of_jobs_are_evicted(scenario):
    scenario.job("batch", pods=2, complete_after=0)
    scenario.wait_for_phase("batch", "Succeeded", 2)
    scenario.job("broken", pods=1, fail_after=0)
    scenario.wait_for_phase("broken", "Failed", 1)
    agent = scenario.sidecar()
    agent.trigger()
    assert len(check(agent).accepted) == 3


def test_the_sidecar_evicts_bare_pods_and_those_with_an_empty_dir(scenario):
    scenario.pod("bare")
    scenario.deployment("scratch", empty_dir=True)
    agent = scenario.sidecar()
    agent.trigger()
    assert len(check(agent).accepted) == 2


@pytest.mark.parametrize(
    "flag, make",
    [
        ("--force", lambda scenario: scenario.pod("lonely")),
        ("--force", lambda scenario: scenario.orphan_of_daemon_set("lonely")),
        ("--delete-emptydir-data", lambda scenario: scenario.deployment("lonely", empty_dir=True)),
    ],
    ids=["bare", "orphan", "emptydir"],
)
def test_from_a_terminal_nothing_is_touched_without_the_flag(scenario, flag, make):
    scenario.deployment("web")
    make(scenario)
    refused = scenario.drain()
    check(refused, "failed", left=["web", "lonely"], cordoned=False)
    assert flag in refused.stderr() and "lonely" in refused.stderr()
    assert not writes(scenario)
    allowed = scenario.drain(flag)
    assert len(check(allowed).accepted) == 2


def test_no_ignore_daemonsets_makes_them_a_refusal(scenario):
    scenario.deployment("web")
    scenario.daemon_set("logger")
    agent = scenario.drain("--no-ignore-daemonsets")
    check(agent, "failed", left=["web", "logger"], cordoned=False)
    assert "logger" in agent.stderr()


def test_pods_that_the_selector_does_not_match_are_left(scenario):
    scenario.deployment("web", labels={"tier": "front"})
    scenario.deployment("db", labels={"tier": "back"})
    agent = scenario.sidecar("--pod-selector", "tier!=back")
    agent.trigger()
    check(agent, left=["db"])
    assert agent.stored("drain_pods_excluded", by="reason")["selector"] == 1


def test_a_client_dry_run_writes_nothing(scenario):
    scenario.deployment("web", replicas=2)
    agent = scenario.drain("--dry-run=client")
    drained = check(agent, left=["web"], cordoned=False)
    assert not drained.evictions
    assert not writes(scenario)
    for pod in agent.before:
        assert f"pod {scenario.namespace}/{pod['metadata']['name']} would be evicted" in agent.stdout()


def test_a_server_dry_run_asks_and_changes_nothing(scenario):
    scenario.deployment("web", replicas=2)
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    agent = scenario.drain("--dry-run=server")
    drained = check(agent, "incomplete", left=["web", "held"], cordoned=False)
    assert len(drained.evictions) == 3 and all(each.is_dry_run for each in drained.evictions)
    assert len(drained.accepted) == 2, "the budget says no in a dry run, too"


def test_a_node_that_is_cordoned_already_is_drained_and_not_cordoned_again(scenario):
    scenario.deployment("web")
    scenario.set_unschedulable(scenario.node, True)
    agent = scenario.sidecar()
    agent.trigger()
    check(agent)
    assert agent.log("node was cordoned already")
    # The record is written all the same.
    patches = [
        each["requestObject"]
        for each in scenario.audit.of_agents('"verb":"patch"', scenario.node)
        if "subresource" not in each["objectRef"] and each["objectRef"]["resource"] == "nodes"
    ]
    assert patches and not any("spec" in each for each in patches)


def test_a_node_that_is_not_there_is_a_failure_in_one_clear_line(scenario):
    agent = scenario.drain("--startup-timeout", "5s", node="no-such-node")
    assert agent.exit_code() == 1
    errors = [line for line in agent.stderr().splitlines() if not line.startswith("{")]
    assert len(errors) == 1 and "no-such-node" in errors[0], agent.stderr()
    assert not writes(scenario, "no-such-node")


def test_an_empty_node_is_cordoned_and_drained(scenario):
    agent = scenario.sidecar()
    agent.trigger()
    assert not check(agent).evictions


KUBECTL_FLAGS = [
    (["--force", "--delete-emptydir-data"], ["--force", "--delete-emptydir-data", "--ignore-daemonsets"]),
    (
        ["--force", "--delete-emptydir-data", "--pod-selector=tier=front"],
        ["--force", "--delete-emptydir-data", "--ignore-daemonsets", "--pod-selector=tier=front"],
    ),
    (["--delete-emptydir-data"], ["--delete-emptydir-data", "--ignore-daemonsets"]),
    (["--force"], ["--force", "--ignore-daemonsets"]),
    (
        ["--force", "--delete-emptydir-data", "--no-ignore-daemonsets"],
        ["--force", "--delete-emptydir-data"],
    ),
]


def test_the_same_pods_go_as_with_kubectl_drain(scenario):
    scenario.deployment("web", replicas=2, labels={"tier": "front"})
    scenario.deployment("scratch", empty_dir=True)
    scenario.stateful_set("db", labels={"tier": "front"})
    scenario.daemon_set("logger")
    scenario.daemon_set("scratch-logger", empty_dir=True)
    scenario.mirror_pod("static")
    scenario.pod("bare", labels={"tier": "front"})
    scenario.orphan_of_daemon_set("orphan")
    scenario.job("batch", complete_after=0)
    scenario.wait_for_phase("batch", "Succeeded", 1)
    scenario.pod("done", complete_after=0, ready=False)
    scenario.wait_for_phase("done", "Succeeded", 1)
    for ours, theirs in KUBECTL_FLAGS:
        wanted = named_by_kubectl(scenario, theirs)
        agent = scenario.drain("--dry-run=client", *ours)
        assert (agent.exit_code() == 0) == (wanted is not None), f"{ours}: {agent.stderr()}"
        assert agent.would_evict() == (wanted or set()), f"with {ours}"


def named_by_kubectl(scenario, flags):
    """Names of the pods that `kubectl drain --dry-run=client` would evict; None where it refuses."""
    done = scenario.stage.try_kubectl("drain", scenario.node, "--dry-run=client", *flags)
    if done.returncode:
        return None
    words = [line.split() for line in done.stdout.splitlines() if "pod" in line and "(dry run)" in line]
    return {word.rsplit("/")[-1] for line in words for word in line if word.startswith(f"{scenario.namespace}/")}


def writes(scenario, node=None):
    """What the agents of this scenario wrote, dry or not."""
    verbs = ("create", "update", "patch", "delete", "deletecollection")
    return [
        event
        for event in scenario.audit.of_agents()
        if event["verb"] in verbs
        and event["objectRef"]["resource"] in ("nodes", "pods")
        and {scenario.namespace, node or scenario.node} & set(event["objectRef"].values())
    ]
