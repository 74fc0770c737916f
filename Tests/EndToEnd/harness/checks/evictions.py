"""What must be true of the requests that any drain sent, by the audit log."""

from ..spans import named
from ..until import until


def evictions_of(agent):
    """From the audit log, those that this agent sent; whole once it holds every answer that the agent has told of."""
    told = {
        each.attributes["k8s.audit_id"]
        for each in named(agent.spans(), "eviction.attempt")
        if "k8s.audit_id" in each.attributes
    }
    audit = agent.scenario.audit
    mine = agent.scenario.namespaces

    def whole():
        evictions = audit.evictions(mine)
        return (evictions, True) if told <= {each.audit_id for each in evictions} else None

    evictions, _ = until("audit log that has every answer of the spans", whole)
    others = set()
    for other in agent.scenario.agents:
        if other is not agent:
            others |= {each.attributes.get("k8s.audit_id") for each in named(other.spans(), "eviction.attempt")}
    return [each for each in evictions if each.audit_id not in others]


def check_evictions(evictions, there, stays, lost_races, heard=None):
    """`heard`: audit ids of the acceptances that reached the agent, where some may not have; else all have."""
    accepted = set()
    for each in evictions:
        who = f"{each.namespace}/{each.pod} ({each.audit_id})"
        if not each.was_read:
            assert each.code in (401, 403, 429), f"eviction of {who} without a body: {each.code}"
            continue
        assert each.uid, f"eviction of {who} without a UID precondition"
        assert each.uid in there, f"eviction of {who} with the UID {each.uid}, which was not on the node"
        assert each.is_dry_run or each.uid not in stays, f"eviction of {who}, which was to be left alone"
        assert each.uid not in accepted, f"eviction of {who} again, after one was accepted"
        if not lost_races:
            assert each.code not in (404, 409), f"eviction of {who}, which was gone: {each.code}"
        if each.is_accepted and not each.is_dry_run and (heard is None or each.audit_id in heard):
            accepted.add(each.uid)


def check_verified(agent, spans):
    """Completed is what a list says that came from storage, after the last eviction; a dry run needs none."""
    (root,) = named(spans, "node.drain")
    if root.attributes["drain.dry_run"] != "none":
        return
    attempts = named(spans, "eviction.attempt")
    last = max((each.end for each in attempts), default=root.start)
    verified = [each for each in named(spans, "pods.list") if each.attributes["drain.list.purpose"] == "verify"]
    assert verified and verified[-1].start >= last, f"{agent.name} did not verify that the pods are gone"
    events = agent.scenario.audit.of_agents('"verb":"list"', agent.node)
    lists = [each["requestURI"] for each in events if each["objectRef"]["resource"] == "pods"]
    consistent = [each for each in lists if "resourceVersion" not in each and agent.node in each]
    assert consistent, f"lists from the server's cache only: {lists}"
