"""What a kubelet reports, as values."""

from datetime import datetime, timezone


def now_text():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text, otherwise):
    try:
        return max(0.0, float(text))
    except (TypeError, ValueError):
        return otherwise


def has_condition(pod, kind):
    return any(
        each["type"] == kind and each["status"] == "True" for each in pod.get("status", {}).get("conditions", [])
    )


def conditions(pod, ready, reason="ContainersNotReady"):
    moment = now_text()
    states = {"Initialized": True, "Ready": ready, "ContainersReady": ready}
    if not has_condition(pod, "PodScheduled"):
        states["PodScheduled"] = True  # bound at its creation, past the scheduler
    result = []
    for kind, state in states.items():
        each = {"type": kind, "status": "True" if state else "False", "lastTransitionTime": moment}
        # A patch merges: the reason of a Ready that was false would stay.
        each["reason"] = None if state else reason
        result.append(each)
    return result


def container(spec, state, ready):
    # A state is one of three, and a patch merges: the other two are taken out.
    whole = {"waiting": None, "running": None, "terminated": None, **state}
    return {
        "name": spec["name"],
        "image": spec.get("image", ""),
        "imageID": "simulated",
        "containerID": "simulated://" + spec["name"],
        "restartCount": 0,
        "ready": ready,
        "started": "running" in state,
        "state": whole,
        "lastState": {},
    }


def ended(exit_code):
    moment = now_text()
    reason = "Error" if exit_code else "Completed"
    return {"exitCode": exit_code, "reason": reason, "startedAt": moment, "finishedAt": moment}


def node_conditions(registering=False):
    """Later ones are patched in: whatever a test made of the node's status stays."""
    moment = now_text()
    if not registering:
        return [{"type": "Ready", "lastHeartbeatTime": moment}]
    return [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": "simulated",
            "lastHeartbeatTime": moment,
            "lastTransitionTime": moment,
        }
        for kind, status, reason in (
            ("Ready", "True", "KubeletReady"),
            ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID"),
        )
    ]
