"""A scenario's own corner of the cluster: two nodes, their kubelets, a namespace and what is in it."""

from . import workloads
from .kubernetes import Refusal, is_ready
from .until import until


class Corner:
    """`node` is to be drained. `spare` takes its pods afterwards: it is cordoned until `open_spare()`."""

    def __init__(self, stage, name):
        self.stage = stage
        self.kubernetes = stage.kubernetes
        self.name = self.namespace = name
        self.node, self.spare = f"{name}-node", f"{name}-spare"
        self.namespaces = []
        self._kubelets, self._nodes, self._at_the_end = [], [], []

    def begin(self):
        self.add_nodes(self.node, self.spare)
        self.set_unschedulable(self.spare, True)
        self.add_namespace(self.namespace)

    def clear(self):
        """Nothing is waited for: it all goes with the control plane."""
        for undo in self._at_the_end:
            undo()
        for name in self.namespaces:
            self.kubernetes.request("DELETE", f"/api/v1/namespaces/{name}/pods?gracePeriodSeconds=0")
            self._delete("v1/namespaces", name)
        for node in self._nodes:
            self._delete("v1/nodes", node)
        for name in self._kubelets:
            self.stage.command("end", name)

    def at_the_end(self, undo):
        """For what is in other people's namespaces."""
        self._at_the_end.append(undo)

    def _delete(self, kind, name):
        try:
            self.kubernetes.delete(kind, name)
        except Refusal as refusal:
            if refusal.status not in (404, 409):
                raise

    # --- nodes

    def add_nodes(self, *names):
        name = self.stage.command("kubelets", "--nodes", ",".join(names), "--ready-after", "0.3")
        self._kubelets.append(name)
        self._nodes += names
        for node in names:
            self.kubernetes.patch("v1/nodes", node, {"metadata": {"labels": {"scenario": self.name}}})

    def set_unschedulable(self, node, value):
        self.kubernetes.patch("v1/nodes", node, {"spec": {"unschedulable": value or None}})

    def open_spare(self):
        self.set_unschedulable(self.spare, False)

    def is_cordoned(self, node=None):
        return bool(self.kubernetes.get("v1/nodes", node or self.node)["spec"].get("unschedulable"))

    # --- namespaces and what is in them

    def add_namespace(self, name):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.kubernetes.create("v1/namespaces", body)
        self.namespaces.append(name)
        account = lambda: self.kubernetes.find("v1/serviceaccounts", "default", name)
        until(f"service account of namespace {name}", account)

    def template(self, app, **pod):
        return workloads.pod_template(app, self.name, **pod)

    def deployment(self, name, replicas=1, owner_annotations=None, strategy=None, **pod):
        """A Deployment whose pods are all on the node and ready."""
        spec = {"strategy": strategy} if strategy else {}
        body = workloads.workload("Deployment", name, self.template(name, **pod), replicas=replicas, **spec)
        body["metadata"]["annotations"] = owner_annotations or {}
        self.kubernetes.create("apps/v1/deployments", body, self.namespace)
        return self.wait_for_pods(name, replicas, ready=pod.get("ready_after") not in ("never", "pending"))

    def stateful_set(self, name, replicas=1, owner_annotations=None, **pod):
        body = workloads.workload(
            "StatefulSet", name, self.template(name, **pod), replicas=replicas, serviceName=name,
            podManagementPolicy="Parallel",
        )
        body["metadata"]["annotations"] = owner_annotations or {}
        self.kubernetes.create("apps/v1/statefulsets", body, self.namespace)
        return self.wait_for_pods(name, replicas)

    def daemon_set(self, name, **pod):
        """A DaemonSet; its pod on the node."""
        body = workloads.workload("DaemonSet", name, self.template(name, **pod))
        self.kubernetes.create("apps/v1/daemonsets", body, self.namespace)
        return self.wait_for_pods(name, 1)

    def job(self, name, pods=1, ready=False, **pod):
        body = workloads.job(name, self.template(name, **pod), completions=pods, parallelism=pods)
        self.kubernetes.create("batch/v1/jobs", body, self.namespace)
        return self.wait_for_pods(name, pods, ready=ready)

    def pod(self, name, node=None, finalizers=(), ready=True, **pod):
        """A pod without an owner, bound to the node at once; without `ready` nothing is waited for."""
        body = workloads.bare_pod(name, self.template(name, **pod), node or self.node, finalizers)
        made = self.kubernetes.create("v1/pods", body, self.namespace)
        return self.wait_for_pods(name, 1, node=node)[0] if ready else made

    def orphan_of_daemon_set(self, name):
        """A pod whose DaemonSet does not exist. The garbage collector would take it away at once if it knew the owner's
        API group."""
        body = workloads.bare_pod(name, self.template(name), self.node)
        body["metadata"]["ownerReferences"] = [
            {"apiVersion": "unknown.example.com/v1", "kind": "DaemonSet", "name": name, "uid": name, "controller": True}
        ]
        self.kubernetes.create("v1/pods", body, self.namespace)
        return self.wait_for_pods(name, 1)[0]

    def mirror_pod(self, name):
        node = self.kubernetes.get("v1/nodes", self.node)
        body = workloads.mirror_pod(name, self.template(name), node)
        self.kubernetes.create("v1/pods", body, self.namespace)
        return self.wait_for_pods(name, 1)[0]

    def budget(self, name, labels=None, ready=True, countable=True, **spec):
        """A budget over the pods of the workload of that name; returns when the controller has counted them."""
        kind, version = self._budget_kind()
        body = workloads.budget(name, version, labels or {"app": name}, **spec)
        self.kubernetes.create(kind, body, self.namespace)

        def counted():
            status = self.find_budget(name).get("status", {})
            return status.get("observedGeneration") and (status.get("currentHealthy", 0) > 0 or not ready)

        if countable:
            until(f"budget {name} to be counted", counted)

    def _budget_kind(self):
        version = "policy/v1" if self.kubernetes.serves("policy/v1", "poddisruptionbudgets") else "policy/v1beta1"
        return f"{version}/poddisruptionbudgets", version

    def find_budget(self, name):
        return self.kubernetes.get(self._budget_kind()[0], name, self.namespace)

    def budgets(self):
        return self.kubernetes.list(self._budget_kind()[0], self.namespace)

    def delete_budget(self, name):
        self.kubernetes.delete(self._budget_kind()[0], name, self.namespace)

    def change_budget(self, name, **spec):
        self.kubernetes.patch(self._budget_kind()[0], name, {"spec": spec}, self.namespace)

    def change_budget_status(self, name, **status):
        self.kubernetes.patch(self._budget_kind()[0], name, {"status": status}, self.namespace, subresource="status")

    def pods_of(self, app, node=None, namespace=None):
        """The workload's pods on the node."""
        found = self.kubernetes.list(
            "v1/pods", namespace or self.namespace, labelSelector=f"app={app}",
            fieldSelector=f"spec.nodeName={node or self.node}",
        )
        return sorted(found, key=lambda pod: pod["metadata"]["name"])

    def events(self, reason):
        """Events of that reason about the scenario's node or its pods."""
        found = self.kubernetes.list("v1/events", fieldSelector=f"reason={reason}")
        about = {self.node, *(pod["metadata"]["name"] for pod in self.pods_everywhere())}
        return [each for each in found if each["involvedObject"]["name"] in about]

    def pods_everywhere(self):
        """All pods of the scenario's namespaces, on whatever node."""
        return [pod for name in self.namespaces for pod in self.kubernetes.list("v1/pods", name)]

    def wait_for_pods(self, app, count, node=None, ready=True, namespace=None):
        def there():
            found = [pod for pod in self.pods_of(app, node, namespace) if is_ready(pod) or not ready]
            return found if len(found) == count else None

        return until(f"{count} pods of {app} on {node or self.node}", there)

    def wait_for_phase(self, app, phase, count):
        def reached():
            return [pod["status"]["phase"] for pod in self.pods_of(app)].count(phase) == count

        until(f"{count} pods of {app} to be {phase}", reached)

    def annotate(self, pod, **simulated):
        """Tells the kubelet otherwise: ready_after, stop_after, …"""
        annotations = {workloads.SIMULATION + name.replace("_", "-"): value for name, value in simulated.items()}
        metadata = {"annotations": annotations}
        self.kubernetes.patch("v1/pods", pod["metadata"]["name"], {"metadata": metadata}, self.namespace)
