"""Turns of a fleet: the Leases, and who was touched when."""

from dataclasses import dataclass

from .permissions import kubeconfig_with, let_take_turns, rules_for
from .triggers import moment

TTL = 10  # seconds: the least that --lease-ttl takes
LEASES = "coordination.k8s.io/v1/leases"


class Fleet:
    """One of the scenario's own: agents that take turns in its namespace."""

    def __init__(self, scenario, parallel=1, ttl=f"{TTL}s"):
        self._scenario = scenario
        self._kubeconfig = kubeconfig_with(scenario, rules_for(scenario))
        let_take_turns(scenario, namespace=scenario.namespace)
        self._flags = ("--max-parallel-drains", parallel, "--lease-namespace", scenario.namespace, "--lease-ttl", ttl)

    def agent(self, *options, node=None, proxy=None):
        kubeconfig = proxy.kubeconfig(of=self._kubeconfig) if proxy else self._kubeconfig
        return self._scenario.sidecar(*self._flags, *options, node=node, kubeconfig=kubeconfig)


def holder(scenario, slot=0):
    """The slot's Lease."""
    return scenario.kubernetes.get(LEASES, f"drain-agent-{slot}", scenario.namespace)


def others_wait(agent, node):
    """Until the agent says that it waits for that node; its own has not been touched."""
    agent.wait_for(
        f"its turn after {node}", lambda state: state["state"] == "waiting" and state["turn"].get("holders") == [node]
    )
    assert not agent.scenario.is_cordoned(agent.node), f"{agent.node} is cordoned before its turn; see {agent.logs}"


@dataclass
class Turn:
    node: str
    began: float  # the cordon
    last_eviction: float


def turns_of(scenario):
    """By the audit log, in their order."""
    turns = {}
    pods = {pod["metadata"]["uid"]: agent.node for agent in scenario.agents for pod in agent.before}
    for event in scenario.audit.of_agents('"verb":"patch"', '"resource":"nodes"', scenario.name):
        node = event["objectRef"]["name"]
        if event.get("requestObject", {}).get("spec", {}).get("unschedulable") and node not in turns:
            at = moment(event["requestReceivedTimestamp"])
            turns[node] = Turn(node, at, at)
    for eviction in scenario.audit.evictions(scenario.namespaces):
        turns[pods[eviction.uid]].last_eviction = moment(eviction.at)
    return sorted(turns.values(), key=lambda each: each.began)
