#!/usr/bin/env python3
"""Records the drains that dashboards and alerts are tried with, Tests/Fixtures/drains.txt: `make record-drains`.

Nine agents on the real control plane are scraped every 5 s for 20 minutes, long enough for each alert as it is shipped.
What happens to them is STORY below; tests and pictures of Tests/Dashboards and Tests/Alerts know it.

Usage: record_drains.py [--hurry N --to FILE]
    --hurry N  N times as fast, as a rehearsal: then no threshold of an alert fits
"""

import argparse
import http.client
import math
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parents[1] / "Dashboards"))

from harness.corner import Corner
from harness.permissions import TURNS as ROLE_OF_TURNS, kubeconfig_with, rules_for, without
from harness.pods import STUCK, let_stop
from harness.scenario import Scenario
from harness.stage import Run, Stage
from harness.triggers import terminate
from recording import FIXTURE, Recording

SECONDS, STEP = 1200, 5
JOB = "drain-agent"
# As Prometheus says it: so the agent knows its scraper.
SCRAPER = {"Accept": "text/plain;version=0.0.4", "X-Prometheus-Scrape-Timeout-Seconds": "4"}
TURNS = ("--max-parallel-drains", "1", "--lease-namespace", "drain-agent-turns")
WEBHOOKS = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"

SITES = {
    "shop": "node-a",
    "data": "node-b",
    "search": "node-c",
    "media": "node-d",
    "edge": "node-e",
    "batch": "node-f",
    "mail": "node-g",
    "ci": "node-h",
    "lab": "node-i",
}


class Site(Corner):
    """A node with its agent, and the namespace whose pods are on it; the spare node takes them."""

    def __init__(self, story, namespace, node):
        super().__init__(story.stage, namespace)
        self.node, self.story, self.agent = node, story, None
        self.begin()

    def start(self, *options, **settings):
        own = ("--pdb-retry-interval", "5s", *options)
        self.agent = self.story.scenario.sidecar(*own, node=self.node, scraped=False, **settings)
        self.agent.wait_for_log("serving")

    def drain(self, timeout=None):
        """As a person does on the node."""
        given = ("--timeout", self.story.duration(timeout)) if timeout else ()
        told = self.agent.tell("trigger", *given)
        assert told.returncode == 0, told.stderr


class Story:
    def __init__(self, stage, hurry):
        self.stage, self.hurry, self.scenario = stage, hurry, Scenario(stage, "record_drains")

    def duration(self, seconds):
        return f"{math.ceil(seconds / self.hurry)}s"

    def after(self, seconds):
        """For a simulated pod."""
        return seconds / self.hurry

    def begin(self):
        """Nodes, pods and idle agents."""
        self.stage.kubectl("apply", "-k", ROLE_OF_TURNS)
        self.sites = [self.furnished(*each) for each in SITES.items()]

    def furnished(self, namespace, node):
        site = Site(self, namespace, node)
        getattr(self, f"furnish_{namespace}")(site)
        site.open_spare()
        setattr(self, namespace, site)
        return site

    def end(self):
        for site in self.sites:
            site.agent.stop()

    # --- what is there

    def furnish_shop(self, site):
        """A budget that can never allow, until somebody mends it; one that lets pods go one by one; and none."""
        site.deployment("payments", replicas=2)
        site.budget("payments", minAvailable=2)
        site.deployment("web", replicas=6, ready_after=self.after(8), stop_after=self.after(4))
        site.budget("web", minAvailable=5)
        site.deployment("front", replicas=8, stop_after=self.after(15), grace=30)
        site.start()

    def furnish_data(self, site):
        """A budget of 0."""
        site.stateful_set("db", replicas=3)
        site.budget("db", maxUnavailable=0)
        site.deployment("reports", replicas=5, stop_after=self.after(10), grace=30)
        site.start()

    def furnish_search(self, site):
        """A budget that could allow, if replacements became ready."""
        for pod in site.deployment("index", replicas=3, ready_after="never"):
            site.annotate(pod, ready_after="0")
        site.wait_for_pods("index", 3)
        site.budget("index", minAvailable=2)
        site.deployment("query", replicas=4, stop_after=self.after(10), grace=30)
        site.start()

    def furnish_media(self, site):
        """Pods that do not stop."""
        site.deployment("encoder", replicas=2, stop_after=STUCK, grace=20)
        site.pod("archive", finalizers=["example.com/upload"], stop_after=0, grace=1)
        site.deployment("player", replicas=5, stop_after=self.after(20), grace=40)
        site.start()

    def furnish_edge(self, site):
        """A webhook that nobody answers."""
        site.deployment("gateway", replicas=3)
        site.kubernetes.patch("v1/namespaces", "edge", {"metadata": {"labels": {"guarded": "yes"}}})
        webhook = {
            "name": "guard.example.com",
            "clientConfig": {"url": "https://127.0.0.1:1/"},
            "rules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods/eviction"]}
            ],
            "namespaceSelector": {"matchLabels": {"guarded": "yes"}},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 1,
        }
        api = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
        site.kubernetes.create(WEBHOOKS, {**api, "metadata": {"name": "guard"}, "webhooks": [webhook]})
        site.start()

    def furnish_batch(self, site):
        """A spot instance: it is asked to end, and is gone before its time."""
        site.deployment("worker", replicas=4)
        site.budget("worker", maxUnavailable="50%")
        site.deployment("ledger")
        site.budget("ledger", minAvailable=1)
        site.start(*TURNS, "--termination-grace", self.duration(600))

    def furnish_mail(self, site):
        """It has to wait for the turn of the one before."""
        site.deployment("smtp", replicas=2)
        site.start(*TURNS)

    def furnish_ci(self, site):
        """Its account may neither evict nor write Events."""
        site.deployment("runner", replicas=2)
        allowed = [each for each in rules_for(site) if not {"pods/eviction", "events"} & set(each["resources"])]
        site.start(kubeconfig=kubeconfig_with(site, allowed))

    def furnish_lab(self, site):
        """Its account may not cordon."""
        site.deployment("notebook")
        allowed = without(rules_for(site), "nodes", "patch")
        site.start(kubeconfig=kubeconfig_with(site, allowed))

    # --- what happens

    def happenings(self):
        """[(second, what)]"""
        shop, media = self.shop, self.media
        return [
            (30, lambda: shop.drain(600)),
            (30, lambda: self.search.drain()),
            (45, lambda: media.drain(1200)),
            (60, lambda: self.data.drain(180)),
            (60, lambda: self.edge.drain()),
            (100, lambda: terminate(self.batch.agent)),
            (120, lambda: self.mail.drain(900)),
            (210, lambda: self.batch.agent.signal(9)),
            (240, lambda: shop.change_budget("payments", minAvailable=1)),
            (330, lambda: self.mail.agent.tell("cancel")),
            (400, lambda: self.ci.drain()),
            (500, lambda: let_stop(media, "encoder")),
            (560, lambda: media.kubernetes.patch("v1/pods", "archive", {"metadata": {"finalizers": None}}, "media")),
            (600, lambda: self.lab.drain()),
            (780, lambda: self.edge.kubernetes.delete(WEBHOOKS, "guard")),
            (1080, lambda: self.search.change_budget("index", minAvailable=0)),
        ]


def scrape(agent):
    """The text; None when nobody answers."""
    connection = http.client.HTTPConnection(agent.address, timeout=0.4)
    try:
        connection.request("GET", "/metrics", headers=SCRAPER)
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def tell(second, what):
    try:
        what()
    except Exception as error:
        print(f"at {second} s: {error!r}", file=sys.stderr)


def record(story):
    step, seconds = max(1, STEP // story.hurry), math.ceil(SECONDS / story.hurry)
    recording = Recording(math.ceil(time.time()), seconds, step)
    due = story.happenings()
    for second in range(seconds):
        time.sleep(max(0, recording.start + second - time.time()))
        while due and due[0][0] / story.hurry <= second:
            threading.Thread(target=tell, args=due.pop(0)).start()
        if second % step:
            continue
        for site in story.sites:
            recording.add(second, {"job": JOB, "instance": f"{site.node}:9809"}, scrape(site.agent))
    return recording


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hurry", type=int, default=1)
    parser.add_argument("--to", type=Path, default=FIXTURE)
    arguments = parser.parse_args()
    run = Run()
    try:
        run.start()
        story = Story(Stage(run.directory), arguments.hurry)
        story.begin()
        arguments.to.write_text(record(story).text())
        story.end()
        print(f"recorded {arguments.to}: {arguments.to.stat().st_size // 1024} KiB; logs are in {story.scenario.logs}")
    finally:
        run.end()


if __name__ == "__main__":
    main()
