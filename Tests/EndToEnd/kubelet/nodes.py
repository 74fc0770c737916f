"""Registers a node and keeps its status fresh."""

import time
import uuid

from .api import API, LOST, RETRY_SECONDS, Answer, log
from .status import node_conditions

HEARTBEAT_SECONDS = 30


def register(api, node):
    labels = {"kubernetes.io/hostname": node, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    try:
        api.request(
            "POST",
            "/api/v1/nodes",
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": labels}, "spec": {}},
        )
    except Answer as answer:
        if answer.status != 409:
            raise
        api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": labels}})
    resources = {"cpu": "64", "memory": "512Gi", "pods": "6000", "ephemeral-storage": "1Ti"}
    version = "v1.20.2"
    status = {
        "capacity": resources,
        "allocatable": resources,
        "conditions": node_conditions(registering=True),
        "addresses": [{"type": "Hostname", "address": node}, {"type": "InternalIP", "address": "127.0.0.1"}],
        "nodeInfo": {
            "machineID": uuid.uuid4().hex,
            "systemUUID": str(uuid.uuid4()),
            "bootID": str(uuid.uuid4()),
            "kernelVersion": "simulated",
            "osImage": "simulated",
            "containerRuntimeVersion": "simulated://1",
            "kubeletVersion": version,
            "kubeProxyVersion": version,
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
    }
    api.patch(f"/api/v1/nodes/{node}/status", {"status": status})
    untaint(api, node)
    log(f"{node}: registered")


def untaint(api, node):
    """Admission taints every new node as not ready; the controller that would see it ready is off."""
    for _ in range(10):
        found = api.request("GET", f"/api/v1/nodes/{node}")
        taints = found["spec"].get("taints", [])
        kept = [each for each in taints if each["key"] != "node.kubernetes.io/not-ready"]
        if kept == taints:
            return
        metadata = {"resourceVersion": found["metadata"]["resourceVersion"]}
        try:
            api.patch(f"/api/v1/nodes/{node}", {"metadata": metadata, "spec": {"taints": kept or None}}, "merge-patch")
            return
        except Answer as answer:
            if answer.status != 409:
                raise


def run_node(directory, node, registered):
    api = API(directory)
    while not registered.is_set():
        try:
            register(api, node)
            registered.set()
        except (Answer, *LOST) as error:
            log(f"{node}: will register again: {type(error).__name__}: {error}")
            time.sleep(RETRY_SECONDS)
    gone = False
    while True:
        time.sleep(HEARTBEAT_SECONDS)
        try:
            api.patch(f"/api/v1/nodes/{node}/status", {"status": {"conditions": node_conditions()}})
            gone = False
        except Answer as answer:
            if answer.status != 404 or not gone:
                log(f"{node}: heartbeat: {answer}")
            gone = answer.status == 404
        except LOST as error:
            log(f"{node}: heartbeat: {type(error).__name__}: {error}")
