"""Agents that are killed and come back, and nodes that come back from a reboot."""

import random
import signal
from collections import Counter

import pytest

from harness.checks import check
from harness.fleet import Fleet, holder
from harness.pods import environment_of
from harness.resume import (
    ROUNDS,
    check_never_schedulable,
    check_nothing_twice,
    one_round,
    reboot,
    record,
    set_ready,
)
from harness.until import until


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_an_agent_that_is_killed_at_any_moment_goes_on_with_its_drain(scenario, seed, record_property):
    moments = random.Random(seed)
    scenario.deployment("web", replicas=5, ready_after=0, stop_after=0.4)
    scenario.budget("web", maxUnavailable=2)
    found = Counter()
    for _ in range(ROUNDS):
        found[one_round(scenario, "web", 5, after=moments.uniform(0, 2.5))] += 1
        check_nothing_twice(scenario)
        check_never_schedulable(scenario)
    record_property("what the killed ones left", dict(found))


def blocked_drain(scenario, sidecar, *options, cordoned=False):
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    if cordoned:
        scenario.set_unschedulable(scenario.node, True)
    agent = sidecar(*options)
    agent.trigger()
    agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    return agent


def killed(agent):
    agent.signal(signal.SIGKILL)
    agent.exit_code()


def test_a_restarted_agent_goes_on_with_id_start_and_deadline(scenario):
    first = blocked_drain(scenario, scenario.sidecar, "--timeout", "300s")
    before = first.state()
    killed(first)
    assert record(scenario)["id"] == before["drain_id"]
    again = scenario.sidecar()  # what it was told is in the record
    again.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    after = again.state()
    for each in ("drain_id", "trigger", "started", "deadline"):
        assert after[each][:19] == before[each][:19], f"{each}: {after[each]}, was {before[each]}"
    assert after["resumed"] is True
    again.wait_for_the_end_in_the_background()
    scenario.change_budget("held", maxUnavailable=1)
    drained = check(again)
    assert len(drained.accepted) == 1
    assert record(scenario)["outcome"] == "completed"
    ids = {line["drain_id"] for each in (first, again) for line in each.log() if "drain_id" in line}
    assert ids == {before["drain_id"]}


def test_another_agent_does_not_go_on_with_it(scenario):
    first = blocked_drain(scenario, scenario.sidecar)
    killed(first)
    us = scenario.pod("agent", node=scenario.spare)
    other = scenario.sidecar(environment=environment_of(us))
    until("the other's look at the node", lambda: reads_of_the_node(scenario, other))
    assert other.state()["state"] == "idle"
    assert "outcome" not in record(scenario)


def test_a_drain_that_was_cancelled_is_not_resumed(scenario):
    first = blocked_drain(scenario, scenario.sidecar)
    assert first.tell("cancel").returncode == 0
    check(first, "cancelled", held=["held"])
    assert record(scenario)["outcome"] == "cancelled"
    again = scenario.sidecar()
    until("its look at the node", lambda: reads_of_the_node(scenario, again))
    assert again.state()["state"] == "idle"


def reads_of_the_node(scenario, agent):
    """Its start-up is over: it has read the node, and done whatever follows from that."""
    status, _ = agent.request("GET", "/readyz")
    return status == 200 and agent.scrape().value("drain_api_requests_total", operation="read", code="200")


@pytest.mark.parametrize("uncordons", [True, False], ids=["and-comes-back", "and-stays-cordoned"])
def test_a_node_that_reboots_in_mid_drain_is_not_drained_again(scenario, uncordons):
    fleet, options = Fleet(scenario), ["--uncordon-after-boot"] if uncordons else []
    first = blocked_drain(scenario, fleet.agent, *options)
    drain = first.state()["drain_id"]
    killed(first)
    set_ready(scenario, False)
    reboot(scenario)
    again = fleet.agent(*options)
    line = again.wait_for_log("an earlier drain was interrupted, and is not resumed")
    assert line["drain_id"] == drain and "reboot" in line["reason"]
    found = until("an outcome in the record", lambda: record(scenario) if "outcome" in record(scenario) else None)
    assert (found["id"], found["outcome"]) == (drain, "cancelled") and "interrupted" in found["reason"], found
    assert again.state()["state"] == "idle" and scenario.is_cordoned()
    assert holder(scenario)["spec"]["holderIdentity"] == scenario.node, "its turn is over before it is back"
    set_ready(scenario, True)
    if not uncordons:
        # A person does it.
        assert scenario.is_cordoned()
        scenario.set_unschedulable(scenario.node, False)
    until("a schedulable node", lambda: not scenario.is_cordoned())
    until("a turn that is over", lambda: not holder(scenario)["spec"].get("holderIdentity"))
    assert again.state()["state"] == "idle"
    assert not [each for each in scenario.audit.evictions(scenario.namespaces) if each.is_accepted]


def test_a_node_that_somebody_else_had_cordoned_stays_so_after_a_reboot(scenario):
    first = blocked_drain(scenario, scenario.sidecar, "--uncordon-after-boot", cordoned=True)
    killed(first)
    reboot(scenario)
    again = scenario.sidecar("--uncordon-after-boot")
    again.wait_for_log("an earlier drain was interrupted, and is not resumed")
    until("an outcome in the record", lambda: "outcome" in record(scenario))
    until("its look at the node", lambda: reads_of_the_node(scenario, again))
    assert scenario.is_cordoned()
