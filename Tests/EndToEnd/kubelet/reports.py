"""A pod's status as its kubelet reports it."""

import itertools

from .status import conditions, container, ended, now_text

addresses = itertools.count(2)


def report_running(api, pod, ready):
    if pod.ended:
        return  # this attempt comes too late
    spec = pod.object["spec"]
    if pod.address is None:
        number = next(addresses)
        pod.address = f"10.{64 + (number >> 16) % 64}.{(number >> 8) % 256}.{number % 256}"
    running = {"running": {"startedAt": now_text()}}
    status = {
        "phase": "Running",
        "hostIP": "127.0.0.1",
        "podIP": pod.address,
        "podIPs": [{"ip": pod.address}],
        "startTime": pod.object.get("status", {}).get("startTime") or now_text(),
        "conditions": conditions(pod.object, ready),
        "containerStatuses": [container(each, running, ready) for each in spec["containers"]],
    }
    if spec.get("initContainers"):
        status["initContainerStatuses"] = [
            container(each, running, True)
            if each.get("restartPolicy") == "Always"
            else container(each, {"terminated": ended(0)}, True)
            for each in spec["initContainers"]
        ]
    report(api, pod, status)


def report_ended(api, pod, exit_code):
    pod.ended = True
    status = {
        "phase": "Failed" if exit_code else "Succeeded",
        "conditions": conditions(pod.object, False, "PodFailed" if exit_code else "PodCompleted"),
        "containerStatuses": [
            container(each, {"terminated": ended(exit_code)}, False) for each in pod.object["spec"]["containers"]
        ],
    }
    report(api, pod, status)


def report(api, pod, status):
    # With the UID, so that a successor of the same name is left alone.
    api.patch(pod.path + "/status", {"metadata": {"uid": pod.object["metadata"]["uid"]}, "status": status})
