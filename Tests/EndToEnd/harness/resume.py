"""What outlives an agent's process: the record on its node, the cordon; and reboots."""

import json
import time
import uuid

from .triggers import moment
from .until import until

ANNOTATION = "drain-agent.dev/drain"
ROUNDS = 5


def record(scenario, node=None):
    """The record on the node; None: there is none."""
    found = scenario.kubernetes.get("v1/nodes", node or scenario.node)["metadata"].get("annotations", {})
    return json.loads(found[ANNOTATION]) if ANNOTATION in found else None


def set_ready(scenario, ready):
    """As its kubelet says, or the lack of it."""
    node = scenario.kubernetes.get("v1/nodes", scenario.node)
    conditions = node["status"]["conditions"]
    for each in conditions:
        if each["type"] == "Ready":
            each["status"] = "True" if ready else "False"
    scenario.kubernetes.patch("v1/nodes", scenario.node, {"status": {"conditions": conditions}}, subresource="status")


def reboot(scenario):
    status = {"nodeInfo": {"bootID": str(uuid.uuid4())}}
    scenario.kubernetes.patch("v1/nodes", scenario.node, {"status": status}, subresource="status")


def one_round(scenario, app, pods, after):
    """A drain whose agent is killed so long after its request, and what a restarted agent makes of it; then the pods
    are on the other node, and the round is over. Gives how far the killed one had come."""
    scenario.set_unschedulable(scenario.node, False)
    scenario.wait_for_pods(app, pods)
    scenario.open_spare()
    last = record(scenario)
    first = scenario.sidecar(scraped=False)
    deadline = time.monotonic() + after
    status, body = first.request("POST", "/drain")
    assert status == 202, body
    drain = body["drain_id"]
    until(f"{after} s after the request", lambda: time.monotonic() >= deadline)
    if not first.has_ended:
        first.signal(9)
    first.exit_code()
    found = how_far(scenario, last, drain)
    again = scenario.sidecar(scraped=False)
    if found == "nothing":
        # Killed before it had written anything: whoever asked was told nothing but that it had begun.
        status, body = again.request("POST", "/drain", {"drain_id": drain})
        assert status == 202, body
    if found != "the outcome":
        until(f"end of {again.name}; its log is in {again.logs}", lambda: again.has_ended or take_back(scenario))
        assert again.exit_code() == 0, f"exit code {again.exit_code()}; the log is in {again.logs}"
        ids = {line["drain_id"] for each in (first, again) for line in each.log() if line["logger"] == "drain"}
        assert ids == {drain}, f"{ids}; the log is in {again.logs}"
    assert (record(scenario)["id"], record(scenario)["outcome"]) == (drain, "completed"), record(scenario)
    assert not scenario.pods_of(app), f"the drain is completed, and there are pods; the log is in {again.logs}"
    assert scenario.is_cordoned(), f"the node is not cordoned; the log is in {again.logs}"
    again.stop()
    scenario.node, scenario.spare = scenario.spare, scenario.node
    return found


def take_back(scenario):
    """The API server breaks an eviction off whose client dies, sometimes after the budget was charged and before the
    pod was deleted. The disruption controller takes that back after two minutes; we don't wait so long."""
    for budget in scenario.budgets():
        charged = budget["status"].get("disruptedPods", {})
        stale = {name: None for name, at in charged.items() if time.time() - moment(at) > 3}
        if stale:
            scenario.change_budget_status(budget["metadata"]["name"], disruptedPods=stale)


def how_far(scenario, last, drain):
    now = record(scenario)
    if now == last or now["id"] != drain:
        return "nothing"
    return "the outcome" if "outcome" in now else f"a drain with {len(scenario.pods_everywhere())} pods about"


def check_nothing_twice(scenario):
    """No pod was asked to leave again after an agent had been told that it may. What the server was still at when an
    agent was killed may be answered after that."""
    evictions = scenario.audit.evictions(scenario.namespaces)
    accepted = {each.uid: each.answered_at for each in evictions if each.is_accepted}
    for each in evictions:
        again = each.uid in accepted and each.at > accepted[each.uid]
        assert not again, f"{each.pod} was evicted again: {each}"


def check_never_schedulable(scenario):
    for event in scenario.audit.of_agents('"verb":"patch"', '"resource":"nodes"', scenario.name):
        spec = event.get("requestObject", {}).get("spec", {})
        assert spec.get("unschedulable", True), f"an agent made the node schedulable: {event}"
