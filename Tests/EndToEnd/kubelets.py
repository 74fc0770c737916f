#!/usr/bin/env python3
"""Simulated kubelets: they register nodes with a real API server and do to pods what a kubelet would report.

    kubelets.py --dir DIR --nodes node-a,node-b [--ready-after 1.0] [--stop-after 0.5]

DIR is what `control-plane.sh start` made. A pod bound to one of the nodes is Running and Ready after --ready-after
seconds; one that is being deleted is gone --stop-after seconds later, and at the end of its grace period at the
latest. Annotations of the pod say otherwise, and may change while the pod lives:

    sim.drain-agent.dev/ready-after      seconds: Running at once, Ready then
                                         never: Running, not Ready      pending: not even Running
    sim.drain-agent.dev/stop-after       seconds      never: it takes its whole grace period
                                         stuck: the node never finishes it, not even then
    sim.drain-agent.dev/complete-after   seconds from Running to Succeeded
    sim.drain-agent.dev/fail-after       seconds from Running to Failed

"ready" on standard output says that every node is registered and watched. SIGTERM and SIGINT end it; the nodes stay.
A node that somebody deletes is not registered again, as with a real kubelet that keeps running, but its pods are
still looked after. An API server that is away is waited for.
"""

import argparse
import heapq
import http.client
import itertools
import json
import os
import queue
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import uuid
from datetime import datetime, timezone

PREFIX = "sim.drain-agent.dev/"
WORKERS = 4
HEARTBEAT_SECONDS = 30
WATCH_SECONDS = 120
RETRY_SECONDS = 0.5


def log(text):
    print(f"{datetime.now(timezone.utc).isoformat(timespec='milliseconds')} {text}", flush=True)


def now_text():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Answer(Exception):
    """The API server answered with a status that is not a success."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300].decode(errors='replace')}")
        self.status = status


class API:
    """One connection, kept open and used by one thread; every failure closes it."""

    def __init__(self, directory):
        with open(os.path.join(directory, "server")) as file:
            url = urllib.parse.urlsplit(file.read().strip())
        self.host, self.port = url.hostname, url.port
        certs = os.path.join(directory, "certs")
        self.tls = ssl.create_default_context(cafile=os.path.join(certs, "ca.crt"))
        self.tls.load_cert_chain(os.path.join(certs, "kubelets.crt"), os.path.join(certs, "kubelets.key"))
        self.connection = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def open(self, method, path, body=None, content_type="application/json", timeout=30):
        """Sends a request and gives the response, whose body is still to be read."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls)
        headers = {"User-Agent": "kubelets.py", "Accept": "application/json"}
        if body is not None:
            body = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        try:
            self.connection.request(method, path, body=body, headers=headers)
            return self.connection.getresponse()
        except BaseException:
            self.close()
            raise

    def request(self, method, path, body=None, content_type="application/json"):
        try:
            response = self.open(method, path, body, content_type)
            data = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if not 200 <= response.status < 300:
            raise Answer(response.status, data)
        return json.loads(data)

    def patch(self, path, body, kind="strategic-merge-patch"):
        return self.request("PATCH", path, body, f"application/{kind}+json")


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
        self.address = None

    @property
    def name(self):
        return self.object["metadata"]["name"]

    @property
    def path(self):
        metadata = self.object["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    def annotation(self, name):
        return self.object["metadata"].get("annotations", {}).get(PREFIX + name)


class Kubelets:
    def __init__(self, arguments):
        self.arguments = arguments
        self.lock = threading.Condition()
        self.heap = []  # (due, number, UID, action)
        self.numbers = itertools.count()
        # A pod's reports all go through one worker, so that Running never overtakes Succeeded.
        self.work = [queue.SimpleQueue() for _ in range(WORKERS)]
        self.pods = {}  # uid → Pod
        self.listed = set()
        self.addresses = itertools.count(2)

    # --- time: one thread, one heap; the requests are made by a few workers, each with a connection

    def at(self, due, uid, action):
        with self.lock:
            heapq.heappush(self.heap, (due, next(self.numbers), uid, action))
            self.lock.notify()

    def run_schedule(self):
        while True:
            with self.lock:
                while not self.heap or self.heap[0][0] > time.monotonic():
                    self.lock.wait(max(0, self.heap[0][0] - time.monotonic()) if self.heap else None)
                _, _, uid, action = heapq.heappop(self.heap)
            self.work[hash(uid) % WORKERS].put((uid, action))

    def run_worker(self, number):
        api = API(self.arguments.dir)
        while True:
            uid, action = self.work[number].get()
            try:
                action(api)
            except Answer as answer:
                if answer.status in (400, 422):
                    log(f"gives up: {answer}")
                elif answer.status != 404:
                    # Also a 409: if the pod was replaced under its name, the watch tells before the next attempt.
                    log(f"will try again: {answer}")
                    self.at(time.monotonic() + RETRY_SECONDS, uid, action)
            except (OSError, http.client.HTTPException, ValueError) as error:
                log(f"will try again: {type(error).__name__}: {error}")
                self.at(time.monotonic() + RETRY_SECONDS, uid, action)

    # --- pods

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
            due += self.arguments.ready_after
            self.plan(uid, pod, due, lambda api: self.report_running(api, pod, ready=True))
        elif ready_after == "pending":
            return
        else:
            self.plan(uid, pod, due, lambda api: self.report_running(api, pod, ready=False))
            if ready_after != "never":
                due += seconds(ready_after, self.arguments.ready_after)
                self.plan(uid, pod, due, lambda api: self.report_running(api, pod, ready=True))
        if complete_after is not None:
            self.plan(uid, pod, due + seconds(complete_after, 0), lambda api: self.report_ended(api, pod, 0))
        if fail_after is not None:
            self.plan(uid, pod, due + seconds(fail_after, 0), lambda api: self.report_ended(api, pod, 1))

    def plan(self, uid, pod, due, action):
        generation = pod.startup_generation

        def still_wanted(api):
            current = self.pods.get(uid)
            if current is pod and generation == pod.startup_generation and pod.deletion_seen is None:
                action(api)

        self.at(due, uid, still_wanted)

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
            end = min(end, pod.deletion_seen + seconds(stop_after, self.arguments.stop_after))
        generation = pod.stop_generation

        def finish(api):
            if self.pods.get(uid) is pod and generation == pod.stop_generation:
                self.finish(api, uid, pod)

        self.at(end, uid, finish)

    def finish(self, api, uid, pod):
        pod.finishing = True  # a failed attempt is repeated until it works
        if pod.object["metadata"].get("finalizers"):
            # Somebody else holds the object: it stays to be seen, with its containers ended.
            self.report_ended(api, pod, 0)
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": uid},
        }
        api.request("DELETE", pod.path, options)

    # --- what a kubelet reports

    def report_running(self, api, pod, ready):
        if pod.ended:
            return  # this attempt comes too late
        spec = pod.object["spec"]
        if pod.address is None:
            number = next(self.addresses)
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
        self.report(api, pod, status)

    def report_ended(self, api, pod, exit_code):
        pod.ended = True
        status = {
            "phase": "Failed" if exit_code else "Succeeded",
            "conditions": conditions(pod.object, False, "PodFailed" if exit_code else "PodCompleted"),
            "containerStatuses": [
                container(each, {"terminated": ended(exit_code)}, False) for each in pod.object["spec"]["containers"]
            ],
        }
        self.report(api, pod, status)

    @staticmethod
    def report(api, pod, status):
        # With the UID, so that a successor of the same name is left alone.
        api.patch(pod.path + "/status", {"metadata": {"uid": pod.object["metadata"]["uid"]}, "status": status})

    # --- watching

    def run_watch(self, node):
        api = API(self.arguments.dir)
        version = None
        while True:
            try:
                if version is None:
                    version = self.list_pods(api, node)
                api.close()  # the watch's connection has a longer timeout
                version = self.watch_pods(api, node, version)
            except Answer as answer:
                if answer.status == 410:
                    version = None
                else:
                    log(f"{node}: will watch again: {answer}")
                    time.sleep(RETRY_SECONDS)
            except (OSError, http.client.HTTPException, ValueError) as error:
                log(f"{node}: will watch again: {type(error).__name__}: {error}")
                time.sleep(RETRY_SECONDS)
            finally:
                api.close()

    @staticmethod
    def selection(node, **more):
        return "/api/v1/pods?" + urllib.parse.urlencode({"fieldSelector": f"spec.nodeName={node}", **more})

    def list_pods(self, api, node):
        pods = api.request("GET", self.selection(node))
        there = {each["metadata"]["uid"] for each in pods["items"]}
        with self.lock:
            for uid in [uid for uid, pod in self.pods.items() if pod.object["spec"]["nodeName"] == node]:
                if uid not in there:
                    del self.pods[uid]
        for each in pods["items"]:
            self.saw("ADDED", each)
        self.listed.add(node)
        return pods["metadata"]["resourceVersion"]

    def watch_pods(self, api, node, version):
        """Follows the node's pods until the server ends the watch; gives where to go on."""
        path = self.selection(
            node, watch="true", resourceVersion=version, allowWatchBookmarks="true", timeoutSeconds=WATCH_SECONDS
        )
        # A quiet watch may say nothing until its end (1.20 sends one bookmark, just before): only silence beyond that
        # is a dead connection.
        response = api.open("GET", path, timeout=WATCH_SECONDS + 10)
        if response.status != 200:
            raise Answer(response.status, response.read())
        try:
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise Answer(event["object"].get("code", 500), line)
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self.saw(event["type"], event["object"])
        except (OSError, http.client.HTTPException, ValueError) as error:
            # What was seen was seen: the next watch goes on from there.
            log(f"{node}: watch broke off: {type(error).__name__}: {error}")
            time.sleep(RETRY_SECONDS)
        return version

    # --- nodes

    def register(self, api, node):
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
        self.untaint(api, node)
        log(f"{node}: registered")

    @staticmethod
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

    def run_node(self, node, registered):
        api = API(self.arguments.dir)
        while not registered.is_set():
            try:
                self.register(api, node)
                registered.set()
            except (Answer, OSError, http.client.HTTPException, ValueError) as error:
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
            except (OSError, http.client.HTTPException, ValueError) as error:
                log(f"{node}: heartbeat: {type(error).__name__}: {error}")

    def start(self):
        nodes = self.arguments.nodes
        registered = {node: threading.Event() for node in nodes}
        targets = [(self.run_schedule, ())] + [(self.run_worker, (number,)) for number in range(WORKERS)]
        targets += [(self.run_node, (node, registered[node])) for node in nodes]
        targets += [(self.run_watch, (node,)) for node in nodes]
        for target, arguments in targets:
            threading.Thread(target=target, args=arguments, daemon=True).start()
        for event in registered.values():
            event.wait()
        while not self.listed.issuperset(nodes):
            time.sleep(0.02)


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
    moment = now_text()
    result = [
        {"type": kind, "status": status, "reason": reason, "message": "simulated", "lastHeartbeatTime": moment}
        for kind, status, reason in (
            ("Ready", "True", "KubeletReady"),
            ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID"),
        )
    ]
    if registering:
        for each in result:
            each["lastTransitionTime"] = moment
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", required=True, help="what control-plane.sh start made")
    parser.add_argument("--nodes", required=True, type=lambda text: [each for each in text.split(",") if each])
    parser.add_argument("--ready-after", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--stop-after", type=float, default=0.5, metavar="SECONDS")
    arguments = parser.parse_args()
    # Blocked before any thread starts, so that all inherit it and sigwait below gets the signal.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)

    def start():
        Kubelets(arguments).start()
        print("ready", flush=True)

    threading.Thread(target=start, daemon=True).start()
    signal.sigwait(ending)
    log("ending")
    # The threads sit in reads without an end; nothing of theirs needs tidying.
    os._exit(0)


if __name__ == "__main__":
    main()
