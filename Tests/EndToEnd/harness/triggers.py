"""How drains are begun and held up otherwise than by POST /drain, and what shows that none was."""

import json
import subprocess
import threading
from datetime import datetime

from . import processes
from .agent import binary


def terminate(agent):
    """SIGTERM, as the kubelet sends it to end the agent's container."""
    agent.before = agent.scenario.kubernetes.pods_on(agent.node)
    agent.signal()


def killed_after(agent, seconds):
    """SIGKILL so long from now, as the kubelet sends it at the end of the grace period."""
    timer = threading.Timer(seconds, lambda: agent.has_ended or agent.signal(9))
    timer.daemon = True
    timer.start()


class Told:
    """A `drain-agent trigger|prestop` that runs beside the scenario."""

    def __init__(self, agent, command, *options):
        agent.before = agent.scenario.kubernetes.pods_on(agent.node)
        call = [binary(), command, "--control-socket", agent.control_socket, *options]
        self._process = processes.start(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @property
    def has_ended(self):
        return self._process.poll() is not None

    def answer(self):
        """Waits for its end; gives exit code and what it printed, as JSON."""
        out, errors = self._process.communicate(timeout=60)
        return self._process.returncode, json.loads(out) if out else errors


def termination_log(agent):
    return json.loads(agent.termination_log.read_text())


def moment(text):
    """An RFC 3339 time as seconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def check_nothing_was_done(agent):
    """It ended with 0, and everything is as it was: the audit log has reads only."""
    scenario = agent.scenario
    code = agent.exit_code()
    assert code == 0, f"exit code {code}; {agent.stderr()[-1500:]}"
    assert not agent.log("drain began"), f"a drain began; the log is in {agent.logs}"
    assert not scenario.is_cordoned(agent.node), f"the node is cordoned; the log is in {agent.logs}"
    check_only_reads(agent)


def check_only_reads(agent):
    """Whatever it sent left the cluster as it was: reads, and writes that the server was told only to try."""
    for event in agent.scenario.audit.of_agents(agent.scenario.name):
        is_trial = "dryRun=All" in event["requestURI"] or '"dryRun": ["All"]' in json.dumps(event.get("requestObject"))
        what = f"{event['verb']} {event['requestURI']}; the agent's log is in {agent.logs}"
        assert event["verb"] in ("get", "list", "watch") or is_trial, f"it changed something: {what}"
