"""Servers that stop, and how the agent takes it."""

from contextlib import contextmanager

from . import metrics
from .until import until


@contextmanager
def api_server_killed(stage):
    """SIGKILL: connections break, and new ones are refused; it is back and ready afterwards."""
    stage.command("kill-apiserver")
    try:
        yield
    finally:
        stage.command("start-apiserver")


@contextmanager
def etcd_paused(stage):
    """SIGSTOP: the API server takes requests and answers none that needs storage."""
    stage.command("pause-etcd")
    try:
        yield
    finally:
        stage.command("resume-etcd")
        wait_for_storage(stage)


@contextmanager
def etcd_killed(stage):
    """SIGKILL: the API server answers that it cannot."""
    stage.command("kill-etcd")
    try:
        yield
    finally:
        stage.command("start-etcd")
        wait_for_storage(stage)


def wait_for_storage(stage):
    until("API server that reads and writes again", lambda: is_ready(stage))


def is_ready(stage):
    try:
        return "ok" in stage.kubernetes.request("GET", "/readyz", patience=60)
    except Exception:
        return False


def scrapes(agent):
    """How many scrapes of the agent Prometheus has stored: as good as a clock while other servers are away."""
    return agent.scenario.stage.prometheus.query(
        f'count_over_time(up{{scenario="{agent.scenario.name}",agent="{agent.name}"}}[1h])'
    )[0][1]


def live_through(agent, seconds):
    """Until Prometheus has scraped the agent so many times more."""
    before = scrapes(agent)
    enough = lambda: scrapes(agent) - before >= seconds
    until(f"{seconds} more scrapes of {agent.name}", enough, within=4 * seconds + 60)


def count(agent, name, **labels):
    """A series as it is at this moment."""
    status, text = agent.request("GET", "/metrics")
    assert status == 200, text
    return metrics.parse(text).value(name, **labels) or 0


def last_count(agent, name, **labels):
    """The series' last value that Prometheus stored; also when the agent has ended."""
    labels = {"scenario": agent.scenario.name, "agent": agent.name, **labels}
    selector = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return agent.scenario.stage.prometheus.query(f"sum(last_over_time({name}{{{selector}}}[1h])) or vector(0)")[0][1]
