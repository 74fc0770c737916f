"""Follows the pods of a node."""

import json
import threading
import time
import urllib.parse

from .api import API, LOST, RETRY_SECONDS, Answer, log

WATCH_SECONDS = 120


class PodWatch:
    def __init__(self, directory, pods):
        self.directory = directory
        self.pods = pods
        self.listed = threading.Event()

    def run(self, node):
        api = API(self.directory)
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
            except LOST as error:
                log(f"{node}: will watch again: {type(error).__name__}: {error}")
                time.sleep(RETRY_SECONDS)
            finally:
                api.close()

    @staticmethod
    def selection(node, **more):
        return "/api/v1/pods?" + urllib.parse.urlencode({"fieldSelector": f"spec.nodeName={node}", **more})

    def list_pods(self, api, node):
        found = api.request("GET", self.selection(node))
        self.pods.listed(node, found["items"])
        self.listed.set()
        return found["metadata"]["resourceVersion"]

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
                    self.pods.saw(event["type"], event["object"])
        except LOST as error:
            # What was seen was seen: the next watch goes on from there.
            log(f"{node}: watch broke off: {type(error).__name__}: {error}")
            time.sleep(RETRY_SECONDS)
        return version
