"""The API server's audit log: the witness of what was really sent."""

import json
from dataclasses import dataclass


@dataclass
class Eviction:
    """One request to remove a pod, by eviction or by plain delete."""

    audit_id: str
    agent: str  # user agent
    namespace: str
    pod: str
    uid: str  # of the precondition; empty without one
    code: int
    is_dry_run: bool
    grace: int | None
    at: str
    answered_at: str
    was_read: bool  # who is refused before that leaves no body in the log

    @property
    def is_accepted(self):
        return self.code in (200, 201)


class AuditLog:
    """What was logged since this object was made."""

    def __init__(self, path):
        self._path = path
        self._begin = path.stat().st_size

    def read(self, *needles):
        """Events whose line holds all needles; a line that is still being written is left for later."""
        wanted = [each.encode() for each in needles]
        with open(self._path, "rb") as file:
            file.seek(self._begin)
            for line in file:
                if line.endswith(b"\n") and all(each in line for each in wanted):
                    yield json.loads(line)

    def of_agents(self, *needles):
        for event in self.read('"userAgent":"drain-agent/', *needles):
            if event["userAgent"].startswith("drain-agent/"):
                yield event

    def evictions(self, namespaces):
        """Every request of an agent that would remove a pod of these namespaces, in the order of the log."""
        return [
            eviction_of(event)
            for event in self.of_agents()
            if event.get("objectRef", {}).get("namespace") in namespaces and removes_a_pod(event)
        ]


def what_is_asked(event):
    """list pods, create pods/eviction, …"""
    reference = event.get("objectRef", {"resource": event["requestURI"].partition("?")[0]})
    return "/".join([f"{event['verb']} {reference['resource']}", *filter(None, [reference.get("subresource")])])


def removes_a_pod(event):
    reference = event["objectRef"]
    if reference["resource"] != "pods":
        return False
    return reference.get("subresource") == "eviction" or event["verb"] in ("delete", "deletecollection")


def eviction_of(event):
    body = event.get("requestObject", {})
    options = body.get("deleteOptions", body) or {}
    reference = event["objectRef"]
    return Eviction(
        audit_id=event["auditID"],
        agent=event["userAgent"],
        namespace=reference["namespace"],
        pod=reference.get("name", ""),
        uid=options.get("preconditions", {}).get("uid", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        is_dry_run=options.get("dryRun") == ["All"],
        grace=options.get("gracePeriodSeconds"),
        at=event["requestReceivedTimestamp"],
        answered_at=event["stageTimestamp"],
        was_read="requestObject" in event,
    )
