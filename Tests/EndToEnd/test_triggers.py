"""What begins a drain, what it does to one that runs, and how the agent ends."""

import json
import signal

import pytest

from harness.checks import check
from harness.pods import STUCK, environment_of, let_stop, wait_for_deletion, wait_until_gone
from harness.spans import named
from harness.triggers import (
    Told,
    check_nothing_was_done,
    check_only_reads,
    killed_after,
    moment,
    terminate,
    termination_log,
)
from harness.until import until


# --- SIGTERM


def test_sigterm_drains_within_the_termination_grace(scenario):
    scenario.deployment("web", replicas=2)
    agent = scenario.sidecar("--termination-grace", "90s")
    scenario.open_spare()
    terminate(agent)
    drained = check(agent)
    assert len(drained.accepted) == 2
    (root,) = named(drained.spans, "node.drain")
    assert root.attributes["drain.trigger"] == "sigterm"
    (signalled,), (began,) = agent.log("SIGTERM: draining"), agent.log("drain began")
    # 3 s of the grace are kept for the end. The deadline is told in whole seconds or better.
    granted = moment(began["deadline"]) - moment(signalled["ts"])
    assert abs(granted - 87) < 2, f"the deadline is {granted} s after the signal; the log is in {agent.logs}"
    assert termination_log(agent)["outcome"] == "completed"


def test_ten_seconds_of_grace_and_a_stuck_pod_leave_everything_told(scenario):
    scenario.deployment("web", replicas=2)
    scenario.pod("stuck", stop_after=STUCK, grace=1)
    agent = scenario.sidecar("--termination-grace", "10s")
    terminate(agent)
    killed_after(agent, 10)
    drained = check(agent, "timed_out")
    assert {each.attributes["k8s.pod.name"] for each in named(drained.spans, "pod.evict")} == {
        pod["metadata"]["name"] for pod in agent.before
    }
    told = termination_log(agent)
    assert told["outcome"] == "timed_out"
    assert [each["pod"] for each in told["remaining"]] == [f"{scenario.namespace}/stuck"]
    assert agent.log("ending")[0]["exit_code"] == 4


def test_sigterm_during_a_drain_gives_it_a_deadline_and_a_further_one_neither_moves_it_nor_cancels(scenario):
    scenario.pod("slow", stop_after=STUCK)
    agent = scenario.sidecar("--termination-grace", "200s")
    agent.trigger(timeout="0s")
    agent.wait_for("a terminating pod", lambda state: state["counts"]["terminating"] == 1)
    assert agent.state()["deadline"] is None
    agent.signal()
    first = agent.wait_for("a deadline", lambda state: state["deadline"])
    agent.signal()
    until("the second SIGTERM in the log", lambda: len(agent.log("SIGTERM while draining")) == 2)
    second = agent.state()
    assert second["deadline"] == first["deadline"], f"the grace counts from the first one; the log is in {agent.logs}"
    assert first["outcome"] is None and second["outcome"] is None, f"it ended; the log is in {agent.logs}"
    let_stop(scenario, "slow")
    drained = check(agent)
    assert drained.evicted() == ["slow"]


def test_on_sigterm_auto_ends_without_a_sign_that_the_node_is_going(scenario):
    scenario.deployment("web")
    agent = scenario.sidecar("--on-sigterm", "auto")
    terminate(agent)
    check_nothing_was_done(agent)
    assert agent.log("SIGTERM: no sign that the node is going, ending without a drain")


def test_on_sigterm_auto_drains_a_node_that_somebody_cordoned(scenario):
    scenario.deployment("web")
    agent = scenario.sidecar("--on-sigterm", "auto")
    scenario.set_unschedulable(scenario.node, True)
    terminate(agent)
    check(agent)
    assert agent.log("SIGTERM: draining")[0]["reason"] == "the node is unschedulable"


def test_on_sigterm_auto_drains_a_node_that_the_autoscaler_tainted(scenario):
    scenario.deployment("web")
    agent = scenario.sidecar("--on-sigterm", "auto")
    taint = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}
    scenario.kubernetes.patch("v1/nodes", scenario.node, {"spec": {"taints": [taint]}})
    terminate(agent)
    check(agent)
    assert "ToBeDeletedByClusterAutoscaler" in agent.log("SIGTERM: draining")[0]["reason"]


def test_on_sigterm_exit_just_ends(scenario):
    scenario.deployment("web")
    agent = scenario.sidecar("--on-sigterm", "exit")
    scenario.set_unschedulable(scenario.node, True)
    scenario.set_unschedulable(scenario.node, False)
    terminate(agent)
    check_nothing_was_done(agent)


# --- POST /drain


def test_post_drain_takes_the_token_and_one_drain(scenario):
    scenario.pod("slow", stop_after=STUCK)
    agent = scenario.sidecar()
    for why, status, request in [
        ("no token", 401, {"token": None}),
        ("another token", 401, {"token": "guessed"}),
        ("a browser's Origin", 403, {"headers": {"Origin": "http://localhost"}}),
        ("a page of another site", 403, {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        ("an unknown field", 400, {"body": {"grace": 5}}),
        ("a time that is none", 400, {"body": {"timeout": "soon"}}),
        ("a body that is no object", 400, {"body": [1]}),
    ]:
        got, body = agent.request("POST", "/drain", **request)
        assert got == status and body["error"], f"{why} was answered with {got}: {body}; the log is in {agent.logs}"
    assert agent.state()["state"] == "idle"
    assert agent.request("DELETE", "/drain", token=None)[0] == 401
    assert agent.request("DELETE", "/drain")[0] == 409
    assert agent.request("PUT", "/drain")[0] == 405
    assert agent.request("GET", "/drain", token=None)[0] == 200
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    agent.trigger(grace_period_seconds=7, headers={"traceparent": f"00-{trace}-{parent}-01"})
    status, again = agent.request("POST", "/drain", {"grace_period_seconds": 7})
    assert status == 200 and again["drain_id"] == agent.state()["drain_id"]
    status, other = agent.request("POST", "/drain", {"grace_period_seconds": 8})
    assert status == 409 and again["drain_id"] in other["error"]
    let_stop(scenario, "slow")
    drained = check(agent)
    assert [each.grace for each in drained.accepted] == [7]
    (root,) = named(drained.spans, "node.drain")
    assert (root.trace, root.parent) == (trace, parent)
    assert all(line["trace_id"] == trace for line in agent.log() if line["logger"] == "drain")


def test_changes_over_tcp_are_off_without_a_token_file(scenario):
    scenario.pod("slow", stop_after=STUCK)
    agent = scenario.drain("--force")
    agent.wait_for("a terminating pod", lambda state: state["counts"]["terminating"] == 1)
    for method, path in [("POST", "/drain"), ("DELETE", "/drain"), ("POST", "/prestop")]:
        status, body = agent.request(method, path)
        assert status == 403 and "--control-token-file" in body["error"], f"{method} {path}: {status} {body}"
    agent.signal(signal.SIGINT)
    check(agent, "cancelled")


# --- the Unix socket


def test_trigger_waits_for_the_outcome(scenario):
    scenario.deployment("web", replicas=2)
    agent = scenario.sidecar()
    code, answer = Told(agent, "trigger", "--wait", "--grace-period", "3").answer()
    assert code == 0 and answer["outcome"] == "completed", f"{code}: {answer}; the log is in {agent.logs}"
    drained = check(agent)
    assert [each.grace for each in drained.accepted] == [3, 3]


def test_prestop_starts_the_drain_joins_it_and_holds_until_its_end(scenario):
    scenario.pod("slow", stop_after=STUCK)
    agent = scenario.sidecar()
    first = Told(agent, "prestop")
    agent.wait_for("a terminating pod", lambda state: state["counts"]["terminating"] == 1)
    second = Told(agent, "prestop")
    third = Told(agent, "trigger", "--wait")
    status = agent.tell("status", "-o", "json")
    assert json.loads(status.stdout)["trigger"] == "prestop", status
    # The kubelet's SIGTERM while the hook runs.
    agent.signal()
    agent.wait_for_log("SIGTERM while draining")
    held = [each for each in (first, second, third) if not each.has_ended]
    assert held == [first, second, third], f"a hook did not hold; the log is in {agent.logs}"
    let_stop(scenario, "slow")
    for each in held:
        code, answer = each.answer()
        assert code == 0 and answer["outcome"] == "completed", f"{code}: {answer}; the log is in {agent.logs}"
    check(agent)


@pytest.mark.parametrize("uncordon", [False, True], ids=["and-stays-cordoned", "and-is-uncordoned"])
def test_a_drain_is_cancelled(scenario, uncordon):
    scenario.deployment("web")
    scenario.budget("web", minAvailable=1)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    told = agent.tell("cancel", *(["--uncordon"] if uncordon else []))
    assert told.returncode == 0, told
    drained = check(agent, "cancelled", cordoned=not uncordon)
    assert not drained.accepted
    (wait,) = named(drained.spans, "pdb.wait")
    assert wait.attributes["drain.wait.outcome"] == "abandoned"


def test_cancel_leaves_the_cordon_of_somebody_else(scenario):
    scenario.deployment("web")
    scenario.budget("web", minAvailable=1)
    scenario.set_unschedulable(scenario.node, True)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    assert agent.tell("cancel", "--uncordon").returncode == 0
    check(agent, "cancelled")


# --- our own pod


def test_our_own_pod_goes_last(scenario):
    (us,) = scenario.deployment("agent", grace=60)
    scenario.deployment("web", replicas=2, stop_after=1)
    agent = scenario.sidecar(environment=environment_of(us))
    scenario.open_spare()
    agent.trigger()
    wait_for_deletion(scenario, "agent")
    others = [pod["metadata"]["name"] for pod in scenario.pods_of("web")]
    assert not others, f"it went before {others}; the log is in {agent.logs}"
    agent.signal()  # what the kubelet makes of it
    wait_until_gone(scenario, "agent")
    drained = check(agent)
    assert len(drained.evicted()) == 3 and drained.evicted()[-1] == us["metadata"]["name"]


def test_our_own_pod_stays_if_told_so(scenario):
    (us,) = scenario.deployment("agent")
    scenario.deployment("web")
    agent = scenario.sidecar("--self", "leave", environment=environment_of(us))
    agent.trigger()
    check(agent, left=["agent"])


def test_our_own_pod_of_a_daemon_set_stays(scenario):
    (us,) = scenario.daemon_set("agent")
    scenario.deployment("web")
    agent = scenario.sidecar(environment=environment_of(us))
    agent.wait_for_log("a DaemonSet owns our pod: each rollout will drain its node; use --on-sigterm auto")
    agent.trigger()
    check(agent, left=["agent"])
    assert agent.log("pod left alone")[0]["reason"] == "self"


def test_our_own_deletion_is_the_deadline_and_not_waited_for(scenario):
    us = scenario.pod("agent", grace=60, stop_after=STUCK)
    scenario.deployment("web")
    agent = scenario.sidecar(environment=environment_of(us))
    scenario.kubernetes.delete("v1/pods", "agent", scenario.namespace)
    deleted = wait_for_deletion(scenario, "agent")
    terminate(agent)
    check(agent, left=["agent"])
    deadline = moment(deleted["metadata"]["deletionTimestamp"]) - 3
    told = [line["deadline"] for line in agent.log() if line.get("deadline")]
    assert moment(told[-1]) == deadline, f"{told}; the log is in {agent.logs}"


# --- two of us


def test_two_agents_drain_one_node(scenario):
    scenario.deployment("web", replicas=4)
    scenario.budget("web", maxUnavailable=1)
    agents = [scenario.sidecar(), scenario.sidecar()]
    scenario.open_spare()
    for agent in agents:
        agent.trigger()
    for agent in agents:
        agent.exit_code()
    drained = [check(agent, lost_races=True) for agent in agents]
    assert {each.uid for side in drained for each in side.accepted} == {
        pod["metadata"]["uid"] for pod in agents[0].before
    }


# --- a dry run


def test_a_dry_run_of_the_client_only_reads(scenario):
    scenario.deployment("web", replicas=2)
    agent = scenario.sidecar("--dry-run", "client")
    agent.trigger()
    drained = check(agent, left=["web"], cordoned=False)
    assert not drained.evictions
    check_only_reads(agent)
