"""One scenario: its corner of the cluster, its agents and their logs."""

import json
import re
import shutil
import zlib

from .agent import Agent
from .audit import AuditLog
from .checks.formats import check_formats
from .checks.metrics import check_last_scrape
from .checks.spans import check_left
from .container import Container
from .corner import Corner
from .stage import REPOSITORY

LOGS = REPOSITORY / ".build/end-to-end"


def short_name(test):
    """A name that the cluster takes, the same in each run: test_a_budget[500] → a-budget-500."""
    name = re.sub(r"[^a-z0-9]+", "-", test.removeprefix("test_").lower()).strip("-")
    if len(name) <= 50:
        return name
    return f"{name[:45].rstrip('-')}-{zlib.crc32(test.encode()) & 0xFFFF:04x}"


class Scenario(Corner):
    def __init__(self, stage, test):
        super().__init__(stage, short_name(test))
        self.logs = LOGS / self.name
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        self.directory = stage.directory / "scenarios" / self.name
        self.directory.mkdir(parents=True)
        self.audit = AuditLog(stage.audit_log)
        self.agents = []
        self._corners = []

    def corner(self, suffix):
        """Another corner of the cluster beside this scenario's own: two more nodes and a namespace."""
        corner = Corner(self.stage, f"{self.name}-{suffix}")
        self._corners.append(corner)
        corner.begin()
        return corner

    def check_formats(self):
        """Holds for whatever the scenario is about: all scrapes of all its agents are right, and agree."""
        for agent in self.agents:
            check_formats(agent.relayed())

    def end(self, failed):
        try:
            if not failed:
                self._check_what_agents_left()
        except BaseException:
            failed = True
            raise
        finally:
            self._take_down(failed)

    def _check_what_agents_left(self):
        """Of every scenario, whatever it was about. Those that still live are ended by us, in the middle of something."""
        for agent in self.agents:
            if agent.has_ended:
                check_left(agent)
                check_last_scrape(agent, agent.spans())

    def _take_down(self, failed):
        for agent in self.agents:
            agent.stop()
        if failed:
            self._keep_evidence()
        else:
            shutil.rmtree(self.logs)
        shutil.rmtree(self.directory)
        for each in [*self._corners, self]:
            each.clear()

    def _keep_evidence(self):
        with open(self.logs / "audit.jsonl", "w") as file:
            for event in self.audit.read():
                if self.name in json.dumps(event):
                    file.write(json.dumps(event) + "\n")
        for name in self._kubelets:
            log = self.stage.control_plane / "logs" / f"{name}.log"
            if log.exists():
                shutil.copy(log, self.logs)
        pods = [pod for name in self.namespaces for pod in self.kubernetes.list("v1/pods", name)]
        (self.logs / "pods.json").write_text(json.dumps(pods, indent=1))

    def sidecar(self, *options, node=None, **settings):
        """`drain-agent run`, serving and scraped by Prometheus, waiting for a trigger."""
        node = node or self.node
        agent = self._agent(node, "run", "--node", node, *options, **settings)
        if agent.is_under_prometheus:
            agent.wait_until_it_serves()
            agent.begin_scrapes()
            agent.wait_for_a_scrape()
        return agent

    def drain(self, *options, node=None, **settings):
        """`drain-agent drain NODE`, started."""
        agent = self._agent(self.node, "drain", node or self.node, *options, **settings)
        agent.begin_scrapes()
        return agent

    def container(self, pod, node=None):
        """The agent of a pod that is in the cluster, in its image; `node`, if it drains another than its own."""
        return self._started(Container(self, len(self.agents) + 1, pod, node or pod["spec"]["nodeName"]))

    def _agent(self, node, *arguments, **settings):
        return self._started(Agent(self, len(self.agents) + 1, node, arguments, **settings))

    def _started(self, agent):
        self.agents.append(agent)
        agent.start()
        return agent
