"""Turns: no more nodes at once than a fleet wants, whatever becomes of the agents."""

import signal

import pytest

from harness.checks import check
from harness.fleet import TTL, Fleet, holder, others_wait, turns_of
from harness.triggers import moment
from harness.until import until

PATIENCE = 120


def three_nodes(scenario):
    """Their agents, one of which holds the turn and cannot end: a budget holds its pod. Nobody else has begun."""
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    more = [f"{scenario.name}-{number}" for number in (2, 3)]
    scenario.add_nodes(*more)
    for node in more:
        scenario.pod(f"bare-{node[-1]}", node=node)
    fleet = Fleet(scenario)
    agents = [fleet.agent(node=node) for node in (scenario.node, *more)]
    agents[0].trigger()
    agents[0].wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    for agent in agents[1:]:
        agent.trigger()
        others_wait(agent, scenario.node)
    return agents


@pytest.mark.long
def test_one_node_at_a_time_and_after_a_kill_the_next_one_when_the_lease_is_over(scenario):
    first, second, third = three_nodes(scenario)
    places = sorted(each.state()["turn"]["place"] for each in (second, third))
    assert places == [1, 2], f"{places}; the log is in {second.logs}"
    assert second.scrape().value("drain_fleet_turn", standing="waiting") == 1
    first.signal(signal.SIGKILL)
    first.exit_code()
    renewed = moment(holder(scenario)["spec"]["renewTime"])
    second.exit_code(PATIENCE)
    third.exit_code(PATIENCE)
    check(second)
    check(third)
    turns = turns_of(scenario)
    order = [first.node, second.node, third.node]
    assert [each.node for each in turns] == order, f"{turns}; the log is in {first.logs}"
    assert turns[1].began >= renewed + TTL, f"the next began {turns[1].began - renewed} s after the last renewal"
    assert turns[2].began >= turns[1].last_eviction, f"two at a time: {turns}"
    assert scenario.is_cordoned(first.node)


@pytest.mark.long
def test_a_turn_ends_when_the_node_is_back_and_not_with_the_drain(scenario):
    scenario.deployment("web")
    scenario.add_nodes(f"{scenario.name}-2")
    fleet = Fleet(scenario, ttl="300s")
    first = fleet.agent()
    scenario.open_spare()
    first.trigger()
    check(first)
    assert holder(scenario)["spec"]["holderIdentity"] == first.node
    second = fleet.agent(node=f"{scenario.name}-2")
    second.trigger()
    others_wait(second, first.node)
    # As after a reboot: the node's agent starts, and somebody makes the node schedulable.
    again = fleet.agent()
    assert holder(scenario)["spec"]["holderIdentity"] == first.node
    scenario.set_unschedulable(first.node, False)
    again.wait_for_log("the node is back: its turn is over")
    check(second)


def test_a_fleet_of_two_drains_two_at_once(scenario):
    more = [f"{scenario.name}-{number}" for number in (2, 3)]
    scenario.add_nodes(*more)
    fleet = Fleet(scenario, parallel=2)
    agents = []
    for number, node in enumerate((scenario.node, *more)):
        scenario.pod(f"slow-{number}", node=node, stop_after="stuck", grace=600)
        agents.append(fleet.agent(node=node))
    for agent in agents:
        agent.trigger()
    draining = lambda: [each for each in agents if each.state()["state"] == "draining"]
    waiting = lambda: [each for each in agents if each.state()["state"] == "waiting"]
    until("two that drain and one that waits", lambda: len(draining()) == 2 and len(waiting()) == 1)
    (last,) = waiting()
    assert sorted(last.state()["turn"]["holders"]) == sorted(each.node for each in agents if each is not last)
    assert last.tell("cancel").returncode == 0
    assert last.exit_code() == 5 and not scenario.is_cordoned(last.node)
    for agent in agents:
        if agent is not last:
            assert agent.tell("cancel", "--uncordon").returncode == 0
            check(agent, "cancelled", outlives=["slow"], cordoned=False)
