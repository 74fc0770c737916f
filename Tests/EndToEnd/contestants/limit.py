#!/usr/bin/env python3
"""The limit that drains are measured against: as fast as this cluster lets pods leave, without any manners.

    limit.py --dir DIR --node NODE

DIR is what `control-plane.sh start` made. Cordons the node, evicts every pod on it, asks again 100 ms after each no,
and ends when a watch has shown that all are gone. Prints the seconds from its first request to that moment.
"""

import argparse
import heapq
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

RETRY_SECONDS = 0.1
HANDS = 8  # connections to evict with
TERMINAL = (200, 201, 404)


class API:
    """One connection, of one thread."""

    def __init__(self, directory):
        with open(os.path.join(directory, "server")) as file:
            url = urllib.parse.urlsplit(file.read().strip())
        certs = os.path.join(directory, "certs")
        tls = ssl.create_default_context(cafile=os.path.join(certs, "ca.crt"))
        tls.load_cert_chain(os.path.join(certs, "admin.crt"), os.path.join(certs, "admin.key"))
        self._connection = http.client.HTTPSConnection(url.hostname, url.port, context=tls, timeout=120)

    def open(self, method, path, body=None, content_type="application/json"):
        headers = {"User-Agent": "limit", "Accept": "application/json", "Content-Type": content_type}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        return self._connection.getresponse()

    def request(self, *arguments):
        response = self.open(*arguments)
        return response.status, json.loads(response.read())


class Asking:
    """Pods that are to be asked for, each when it is due."""

    def __init__(self, pods):
        self._changed = threading.Condition()
        self._due = [(0, uid, pod) for uid, pod in pods.items()]
        heapq.heapify(self._due)

    def next(self):
        with self._changed:
            while True:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[1:]
                self._changed.wait(self._due[0][0] - now if self._due else None)

    def again(self, uid, pod):
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + RETRY_SECONDS, uid, pod))
            self._changed.notify()


def evict(directory, asking, version):
    api = API(directory)
    while True:
        uid, (namespace, name) = asking.next()
        body = {
            "apiVersion": version,
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        }
        status, answer = api.request("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/eviction", body)
        if status in TERMINAL or "UID" in answer.get("message", ""):
            continue
        if status != 429:
            print(f"limit.py: {namespace}/{name}: {status}: {answer.get('message')}", file=sys.stderr, flush=True)
        asking.again(uid, (namespace, name))


def eviction_version(api):
    _, answer = api.request("GET", "/api/v1")
    (resource,) = [each for each in answer["resources"] if each["name"] == "pods/eviction"]
    return f"{resource.get('group', 'policy')}/{resource.get('version', 'v1')}"


def drain(directory, node):
    api = API(directory)
    version = eviction_version(api)
    began = time.monotonic()
    api.request("PATCH", f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}}, "application/merge-patch+json")
    query = urllib.parse.urlencode({"fieldSelector": f"spec.nodeName={node}"})
    _, listed = api.request("GET", f"/api/v1/pods?{query}")
    found = [each["metadata"] for each in listed["items"]]
    left = {each["uid"]: (each["namespace"], each["name"]) for each in found}
    asking = Asking(left)
    for _ in range(HANDS):
        threading.Thread(target=evict, args=(directory, asking, version), daemon=True).start()
    since = listed["metadata"]["resourceVersion"]
    watch = API(directory).open("GET", f"/api/v1/pods?{query}&watch=1&resourceVersion={since}")
    while left:
        event = json.loads(watch.readline())
        if event["type"] == "DELETED":
            left.pop(event["object"]["metadata"]["uid"], None)
    return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", required=True, help="what control-plane.sh start made")
    parser.add_argument("--node", required=True)
    arguments = parser.parse_args()
    print(f"{drain(arguments.dir, arguments.node):.3f}", flush=True)
    # The threads wait without an end; nothing of theirs needs tidying.
    os._exit(0)


if __name__ == "__main__":
    main()
