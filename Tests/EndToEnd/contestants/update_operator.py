#!/usr/bin/env python3
"""Drains as the operators do that update a node's system: five pods at once, and each until it is gone.

    update_operator.py --dir DIR --node NODE

DIR is what `control-plane.sh start` made. Cordons the node and lists its pods. Five hands take a pod each, ask for its
eviction, again 5 s after each 429, and then for the pod itself, at once and each 5 s, until it is not there or another;
only then they take the next one. Prints the monotonic clock's time of its first request, and at the end the seconds
since then.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from api import API, GONE, contest, pod_path

HANDS = 5
SECONDS = 5  # between two requests, whichever
NAME = "update-operator"


def remove(directory, version, pod):
    api = API(directory, NAME)
    namespace, name, uid = pod["namespace"], pod["name"], pod["uid"]
    while api.evict(version, namespace, name, uid)[0] not in GONE:
        time.sleep(SECONDS)
    while True:
        status, found = api.request("GET", pod_path(namespace, name))
        if status == 404 or found["metadata"]["uid"] != uid:
            return
        time.sleep(SECONDS)


def drain(directory, node):
    began = time.monotonic()
    print(f"{began:.6f}", flush=True)
    api = API(directory, NAME)
    version = api.eviction_version()
    api.cordon(node)
    found, _ = api.pods_on(node)
    with ThreadPoolExecutor(HANDS) as hands:
        for done in [hands.submit(remove, directory, version, each) for each in found]:
            done.result()
    return time.monotonic() - began


if __name__ == "__main__":
    contest(__doc__, drain)
