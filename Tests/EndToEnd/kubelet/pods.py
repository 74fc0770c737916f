"""What a kubelet does to the pods of its nodes."""

import threading
import time
from datetime import datetime

from .reports import report_ended, report_running
from .status import has_condition, seconds

PREFIX = "sim.drain-agent.dev/"


class Pod:
    """What a kubelet remembers of a pod; the object itself is the last one seen."""

    def __init__(self, seen):
        self.object = seen
        self.first_seen = time.monotonic()
        self.startup = None  # the annotations that the running steps were planned with
        self.startup_generation = 0
        self.stop = None  # the annotation and grace period that the end was planned with
        self.stop_generation = 0
        self.deletion_seen = None
        self.deletion_left = None
        self.ended = False
        self.finishing = False
        self.address = None  # once it runs

    @property
    def name(self):
        return self.object["metadata"]["name"]

    @property
    def path(self):
        metadata = self.object["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    def annotation(self, name):
        return self.object["metadata"].get("annotations", {}).get(PREFIX + name)


class Pods:
    def __init__(self, schedule, ready_after, stop_after):
        self.schedule = schedule
        self.ready_after = ready_after
        self.stop_after = stop_after
        self.lock = threading.RLock()
        self.pods = {}  # uid → Pod

    def listed(self, node, items):
        """All pods of the node, as a list shows them."""
        there = {each["metadata"]["uid"] for each in items}
        with self.lock:
            for uid in [uid for uid, pod in self.pods.items() if pod.object["spec"]["nodeName"] == node]:
                if uid not in there:
                    del self.pods[uid]
        for each in items:
            self.saw("ADDED", each)

    def saw(self, kind, seen):
        with self.lock:
            uid = seen["metadata"]["uid"]
            if kind == "DELETED":
                self.pods.pop(uid, None)
                return
            pod = self.pods.get(uid)
            if pod is None:
                pod = self.pods[uid] = Pod(seen)
            pod.object = seen
            if "deletionTimestamp" in seen["metadata"]:
                self.plan_stop(uid, pod)
            else:
                self.plan_startup(uid, pod)

    def plan_startup(self, uid, pod):
        """Plans Running, Ready and the end of a pod that ends by itself; again when its annotations change."""
        if pod.object.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return
        names = ("ready-after", "complete-after", "fail-after")
        wanted = tuple(pod.annotation(name) for name in names)
        if pod.startup == wanted:
            return
        first, pod.startup = pod.startup is None, wanted
        pod.startup_generation += 1
        ready_after, complete_after, fail_after = wanted
        due = time.monotonic()
        if first and has_condition(pod.object, "Ready"):
            pass  # a kubelet before us did it
        elif ready_after is None:
            due += self.ready_after
            self.plan(uid, pod, due, lambda api: report_running(api, pod, ready=True))
        elif ready_after == "pending":
            return
        else:
            self.plan(uid, pod, due, lambda api: report_running(api, pod, ready=False))
            if ready_after != "never":
                due += seconds(ready_after, self.ready_after)
                self.plan(uid, pod, due, lambda api: report_running(api, pod, ready=True))
        if complete_after is not None:
            self.plan(uid, pod, due + seconds(complete_after, 0), lambda api: report_ended(api, pod, 0))
        if fail_after is not None:
            self.plan(uid, pod, due + seconds(fail_after, 0), lambda api: report_ended(api, pod, 1))

    def plan(self, uid, pod, due, action):
        generation = pod.startup_generation

        def still_wanted(api):
            current = self.pods.get(uid)
            if current is pod and generation == pod.startup_generation and pod.deletion_seen is None:
                action(api)

        self.schedule.at(due, uid, still_wanted)

    def plan_stop(self, uid, pod):
        if pod.finishing:
            return  # what comes now is the echo of our own request, or a finalizer holds the object
        metadata = pod.object["metadata"]
        grace = metadata.get("deletionGracePeriodSeconds", 0)
        wanted = (pod.annotation("stop-after"), grace)
        if pod.stop == wanted:
            return
        moment = time.monotonic()
        if pod.deletion_seen is None:
            pod.deletion_seen = moment
        pod.stop = wanted
        pod.stop_generation += 1
        stop_after = wanted[0]
        if stop_after == "stuck":
            return
        # The timestamp has whole seconds, so a deletion that has just begun is measured from now; one that began
        # while we or the API server were away is not given its grace period again.
        left = datetime.fromisoformat(metadata["deletionTimestamp"].replace("Z", "+00:00")).timestamp() - time.time()
        end = moment + (grace if left > grace - 1.5 else max(0, left))
        if stop_after != "never":
            end = min(end, pod.deletion_seen + seconds(stop_after, self.stop_after))
        generation = pod.stop_generation

        def finish(api):
            if self.pods.get(uid) is pod and generation == pod.stop_generation:
                self.finish(api, uid, pod)

        self.schedule.at(end, uid, finish)

    def finish(self, api, uid, pod):
        pod.finishing = True  # a failed attempt is repeated until it works
        if pod.object["metadata"].get("finalizers"):
            # Somebody else holds the object: it stays to be seen, with its containers ended.
            report_ended(api, pod, 0)
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": uid},
        }
        api.request("DELETE", pod.path, options)
