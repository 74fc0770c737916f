"""Alerts that speak of agents which are gone, scraped each 15 s; and objects for the API server."""

import json
import signal

from harness.permissions import kubeconfig_with, rules_for, without
from harness.stage import REPOSITORY
from harness.until import until


def told(scenario, alert):
    """The first word of the alert that reached the webhook."""
    received = scenario.stage.alertmanager.received
    return until(f"{alert} at the webhook", lambda: received(alert, scenario=scenario.name, node=scenario.node))[0]


def moments_with_an_outcome(agent):
    """How many scrapes showed one; the relay makes two of each."""
    shown = [
        any(
            line.startswith("drain_last_completion_timestamp_seconds{") and float(line.split()[1]) > 0
            for line in text.splitlines()
        )
        for _, text in agent.relayed()
    ]
    return (sum(shown) + 1) // 2


def test_an_outcome_that_one_scrape_showed_is_told_after_the_agent_has_gone(scenario):
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    agent = scenario.sidecar("--timeout", "5s", scraped=False)
    agent.is_scraped_slowly()
    agent.trigger()
    assert agent.exit_code() == 4
    alert = told(scenario, "DrainIncomplete")
    assert (alert["status"], alert["labels"]["outcome"]) == ("firing", "timed_out")
    assert moments_with_an_outcome(agent) == 1


def test_a_drain_that_could_not_begin_is_told_after_the_agent_has_gone(scenario):
    scenario.deployment("web")
    kubeconfig = kubeconfig_with(scenario, without(rules_for(scenario), "nodes", "patch"))
    agent = scenario.sidecar(kubeconfig=kubeconfig, scraped=False)
    agent.is_scraped_slowly()
    agent.trigger()
    assert agent.exit_code() == 1
    alert = told(scenario, "DrainFailed")
    assert (alert["status"], alert["labels"]["severity"]) == ("firing", "critical")
    assert moments_with_an_outcome(agent) == 1


def test_an_agent_that_is_killed_in_mid_drain_is_missed(scenario):
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    until("it in Prometheus", lambda: agent.stored("drain_state", by="state").get("draining") == 1)
    agent.signal(signal.SIGKILL)
    alert = told(scenario, "DrainAgentGone")
    assert (alert["status"], alert["labels"]["severity"]) == ("firing", "critical")


def test_the_api_server_takes_the_dashboards_as_config_maps(stage):
    said = stage.kubectl("apply", "--dry-run=server", "-o", "json", "-n", "default", "-k", REPOSITORY / "dashboards")
    taken = json.loads(said)["items"]
    assert {each["metadata"]["name"] for each in taken} == {"drain-agent-overview", "drain-agent-node"}
    for each in taken:
        file = f"{each['metadata']['name']}.json"
        assert each["data"] == {file: (REPOSITORY / "dashboards" / file).read_text()}
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
