"""Whether a workload was there at every moment."""

import json
import threading
from datetime import datetime, timezone

from .kubernetes import is_ready


class ReadyPods:
    """Watches a workload's pods on all nodes, and counts those that are ready and not on their way out."""

    def __init__(self, scenario, app):
        self.least = None
        self.empty_at = []
        self._scenario = scenario
        self._query = f"labelSelector=app%3D{app}"
        self._pods = {}
        self._ends = threading.Event()

    def __enter__(self):
        path = f"/api/v1/namespaces/{self._scenario.namespace}/pods?{self._query}"
        listed = self._scenario.kubernetes.request("GET", path)
        for pod in listed["items"]:
            self._saw("ADDED", pod)
        self._count()
        since = listed["metadata"]["resourceVersion"]
        self._stream = self._scenario.kubernetes.stream(f"{path}&watch=1&timeoutSeconds=300&resourceVersion={since}")
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()

    def _watch(self):
        """Goes when the server ends the watch."""
        for line in self._stream:
            if self._ends.is_set():
                return
            event = json.loads(line)
            self._saw(event["type"], event["object"])
            self._count()

    def _saw(self, kind, pod):
        serves = kind != "DELETED" and is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
        self._pods[pod["metadata"]["uid"]] = serves

    def _count(self):
        ready = sum(self._pods.values())
        self.least = ready if self.least is None else min(self.least, ready)
        if not ready:
            self.empty_at.append(datetime.now(timezone.utc).isoformat())
