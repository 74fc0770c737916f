"""Pods of other nodes that change all the time."""

import threading
import time

from harness import workloads

PODS, HANDS, A_SECOND = 20, 2, 50


class Noise:
    """Writes the status of pods on a node of its own, so often a second, from `begin` to `end`."""

    def __init__(self, corner):
        self._corner = corner
        self._node = f"{corner.name}-noise"
        self._namespace = f"{corner.name}-noise"
        self._ends = threading.Event()
        self._threads = []

    def settle(self):
        corner = self._corner
        corner.add_nodes(self._node)
        corner.set_unschedulable(self._node, True)
        corner.add_namespace(self._namespace)
        for number in range(PODS):
            body = workloads.bare_pod(f"pod-{number}", corner.template("noise", ready_after=0), self._node)
            corner.kubernetes.create("v1/pods", body, self._namespace)
        corner.wait_for_pods("noise", PODS, node=self._node, namespace=self._namespace)

    def begin(self):
        self._ends.clear()
        self._began, self._written = time.monotonic(), [0] * HANDS
        self._threads = [threading.Thread(target=self._write, args=(each,), daemon=True) for each in range(HANDS)]
        for each in self._threads:
            each.start()

    def end(self):
        """How many a second there really were."""
        self._ends.set()
        for each in self._threads:
            each.join()
        return sum(self._written) / (time.monotonic() - self._began)

    def _write(self, hand):
        due = time.monotonic()
        while not self._ends.wait(max(0, due - time.monotonic())):
            due += HANDS / A_SECOND
            number = self._written[hand]
            status = {"status": {"message": f"{hand}.{number}"}}
            name = f"pod-{(number * HANDS + hand) % PODS}"
            self._corner.kubernetes.patch("v1/pods", name, status, self._namespace, subresource="status")
            self._written[hand] += 1
