"""The shipped manifests in a scenario: their objects, and pods of theirs that are really in the cluster."""

import json
import subprocess
import sys

from .kubernetes import Refusal
from .permissions import let_take_turns, new_account, rules_for
from .stage import REPOSITORY, tool
from .until import until

sys.path.append(str(REPOSITORY / "Tests/Deploy"))

from builds import built, names, one_of, template_of, with_pods  # noqa: E402, F401

FEATURES = ["unblock", "wait-volume-detach", "delete-pods"]


def applied(stage, objects, *options):
    """What kubectl says of them."""
    call = [tool("kubectl"), "--kubeconfig", stage.admin_kubeconfig, "apply", *options, "-f", "-"]
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    done = subprocess.run(call, input=json.dumps(listed), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_old(stage):
    return int(stage.kubernetes.request("GET", "/version")["minor"].rstrip("+")) < 29


def on_old_servers(stage, each):
    """Before Kubernetes 1.29 there are no sidecars: the container stands beside the others, as in sidecar/plain."""
    spec = each.get("spec", {}).get("template", {}).get("spec", {})
    if is_old(stage) and "initContainers" in spec:
        for container in spec.pop("initContainers"):
            assert container.pop("restartPolicy") == "Always"
            spec["containers"].append(container)
    return each


def bound_pod(scenario, name, **annotations):
    """A pod of that build on the scenario's node, with an account that may do what any component needs."""
    objects = [on_old_servers(scenario.stage, each) for each in built(name)]
    classes = [each for each in objects if each["kind"] == "PriorityClass"]
    if classes:
        applied(scenario.stage, classes)
    template = template_of(objects)
    account = new_account(scenario, rules_for(scenario, *FEATURES), template["spec"]["serviceAccountName"])
    if any(each["kind"] == "Role" for each in objects):
        let_take_turns(scenario, account)
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "agent", "labels": template["metadata"]["labels"], "annotations": annotations},
        "spec": {**template["spec"], "nodeName": scenario.node},
    }

    def made():
        try:
            return scenario.kubernetes.create("v1/pods", body, scenario.namespace)
        except Refusal as refusal:
            # Before 1.24 a pod waits for its account to have a token.
            assert "retry after the token" in str(refusal), refusal
            return None

    return until("pod of the new account", made)


def pod_of_daemon_set(scenario):
    """The pod that the shipped DaemonSet brings to the scenario's node; it is only told to keep to the scenario's."""
    body = one_of(built("node-agent"), "DaemonSet", "drain-agent")
    body["metadata"]["name"] = scenario.name
    body["spec"]["selector"]["matchLabels"]["scenario"] = scenario.name
    body["spec"]["template"]["metadata"]["labels"]["scenario"] = scenario.name
    return pod_of(scenario, body, "apps/v1/daemonsets", scenario.node)


def pod_of_job(scenario):
    """The pod of the shipped Job for the scenario's node, where the scheduler puts it."""
    objects = json.loads(json.dumps(built("job")).replace("node-to-drain", scenario.node))
    body = one_of(objects, "Job", f"drain-{scenario.node}")
    applied(scenario.stage, [each for each in objects if each is not body])
    body["spec"]["template"]["metadata"]["labels"]["scenario"] = scenario.name
    return pod_of(scenario, body, "batch/v1/jobs", scenario.spare)


def pod_of(scenario, body, kind, node):
    spec = body["spec"]["template"]["spec"]
    spec["nodeSelector"] = {**spec.get("nodeSelector", {}), "scenario": scenario.name}
    # Simulated nodes say nothing of their system.
    for name in (scenario.node, scenario.spare):
        scenario.kubernetes.patch("v1/nodes", name, {"metadata": {"labels": {"kubernetes.io/os": "linux"}}})
    namespace = body["metadata"]["namespace"]
    scenario.kubernetes.create(kind, body, namespace)
    scenario.at_the_end(lambda: scenario.kubernetes.delete(kind, body["metadata"]["name"], namespace))

    def bound():
        pods = scenario.kubernetes.list("v1/pods", namespace, labelSelector=f"scenario={scenario.name}")
        return next((pod for pod in pods if pod["spec"].get("nodeName") == node), None)

    return until(f"pod of {body['kind']} {body['metadata']['name']} on {node}", bound)
