#!/usr/bin/env python3
"""The limit that drains are measured against: as fast as this cluster lets pods leave, without any manners.

    limit.py --dir DIR --node NODE

DIR is what `control-plane.sh start` made. Cordons the node, evicts every pod on it, asks again 100 ms after each no,
and ends when a watch has shown that all are gone. Prints the monotonic clock's time of its first request, and at the
end the seconds since then.
"""

import heapq
import json
import sys
import threading
import time

from api import API, GONE, contest, of_node

RETRY_SECONDS = 0.1
HANDS = 16  # connections to evict with: no drain has more by default
NAME = "limit"


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
    api = API(directory, NAME)
    while True:
        uid, (namespace, name) = asking.next()
        status, answer = api.evict(version, namespace, name, uid)
        if status in GONE:
            continue
        if status != 429:
            print(f"limit.py: {namespace}/{name}: {status}: {answer.get('message')}", file=sys.stderr, flush=True)
        asking.again(uid, (namespace, name))


def drain(directory, node):
    began = time.monotonic()
    print(f"{began:.6f}", flush=True)
    api = API(directory, NAME)
    version = api.eviction_version()
    api.cordon(node)
    found, since = api.pods_on(node)
    left = {each["uid"]: (each["namespace"], each["name"]) for each in found}
    asking = Asking(left)
    for _ in range(HANDS):
        threading.Thread(target=evict, args=(directory, asking, version), daemon=True).start()
    watch = API(directory, NAME).open("GET", f"/api/v1/pods?{of_node(node)}&watch=1&resourceVersion={since}")
    while left:
        event = json.loads(watch.readline())
        if event["type"] == "DELETED":
            left.pop(event["object"]["metadata"]["uid"], None)
    return time.monotonic() - began


if __name__ == "__main__":
    contest(__doc__, drain)
