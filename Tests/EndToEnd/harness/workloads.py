"""Kubernetes objects as values."""

SIMULATION = "sim.drain-agent.dev/"
EVERYTHING = [{"operator": "Exists"}]


def pod_template(app, nodes, *, labels=None, annotations=None, grace=5, empty_dir=False, priority=None, **simulated):
    """`nodes`: the value of the scenario's node label. `simulated`: ready_after, stop_after, complete_after, …"""
    simulation = {SIMULATION + name.replace("_", "-"): str(value) for name, value in simulated.items()}
    spec = {
        "nodeSelector": {"scenario": nodes},
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": grace,
        "containers": [{"name": "main", "image": "none"}],
    }
    if empty_dir:
        spec["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    if priority:
        spec["priorityClassName"] = priority
    metadata = {"labels": {"app": app, **(labels or {})}, "annotations": {**simulation, **(annotations or {})}}
    return {"metadata": metadata, "spec": spec}


def workload(kind, name, template, **spec):
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet over the template."""
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": selector, "template": template, **spec},
    }


def job(name, template, **spec):
    template["spec"]["restartPolicy"] = "Never"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": template, "backoffLimit": 0, **spec},
    }


def bare_pod(name, template, node, finalizers=()):
    """A pod without an owner, bound at its creation."""
    metadata = {"name": name, "finalizers": list(finalizers), **template["metadata"]}
    spec = {**template["spec"], "nodeName": node, "tolerations": EVERYTHING}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def mirror_pod(name, template, node):
    """What a kubelet shows of a static pod, owned by its node."""
    pod = bare_pod(name, template, node["metadata"]["name"])
    pod["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "0123456789abcdef"
    pod["metadata"]["annotations"]["kubernetes.io/config.source"] = "file"
    pod["metadata"]["ownerReferences"] = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "name": node["metadata"]["name"],
            "uid": node["metadata"]["uid"],
            "controller": True,
        }
    ]
    return pod


def budget(name, api_version, match_labels, **spec):
    """`spec`: minAvailable, maxUnavailable, unhealthyPodEvictionPolicy."""
    return {
        "apiVersion": api_version,
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": match_labels}, **spec},
    }
