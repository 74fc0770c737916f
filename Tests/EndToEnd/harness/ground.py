"""The same pods for one drain after the other, back and forth between the two nodes of a corner."""

from .kubernetes import is_ready
from .until import until

PATIENCE = 300


class Ground:
    """So many pods, of workloads that replace them: whoever drains `corner.node` sends them to `corner.spare`."""

    def __init__(self, corner, pods):
        self.corner = corner
        self._pods = pods

    def make_ready(self):
        """Every pod is ready on the node that is next, each budget that ever allows does, and the other node is free."""
        corner = self.corner
        corner.set_unschedulable(corner.node, False)
        until("the pods, whole", self._are_whole, PATIENCE)
        corner.open_spare()

    def turn_round(self):
        """The pods are on the other node now. Those that the drain left go there, too; what it noted down is forgotten."""
        corner, kubernetes = self.corner, self.corner.kubernetes
        for each in kubernetes.pods_on(corner.node):
            namespace, name = each["metadata"]["namespace"], each["metadata"]["name"]
            kubernetes.delete("v1/pods", name, namespace, grace=0)
        notes = kubernetes.get("v1/nodes", corner.node)["metadata"].get("annotations", {})
        notes = {name: None for name in notes if "drain-agent.dev/" in name}
        kubernetes.patch("v1/nodes", corner.node, {"metadata": {"annotations": notes}})
        corner.node, corner.spare = corner.spare, corner.node

    def _are_whole(self):
        corner = self.corner
        pods = corner.kubernetes.list("v1/pods", corner.namespace)
        here = [each for each in pods if each["spec"].get("nodeName") == corner.node and is_ready(each)]
        if not len(here) == len(pods) == self._pods:
            return False
        budgets = [each for each in corner.budgets() if each["spec"].get("maxUnavailable") != 0]
        return all(each.get("status", {}).get("disruptionsAllowed", 0) > 0 for each in budgets)
