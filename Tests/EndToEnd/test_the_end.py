"""What is known of a drain when its agent is gone."""

import subprocess

from harness.agent import binary
from harness.metrics import parse
from harness.triggers import killed_after, terminate
from harness.until import until

WAITING = "waiting for a scrape that shows the outcome"


def completions(agent):
    """The outcomes that Prometheus has a time for."""
    stored = agent.stored("drain_last_completion_timestamp_seconds", by="outcome")
    return {outcome for outcome, at in stored.items() if at > 0}


def test_a_prometheus_that_scrapes_each_15_s_has_the_outcome_of_a_drain_of_3_s(scenario):
    scenario.pod("web", stop_after=3)
    agent = scenario.sidecar(scraped=False)
    agent.is_scraped_slowly()
    agent.trigger()
    assert agent.exit_code() == 0
    assert agent.log(WAITING)[0]["scrapers"] == ["127.0.0.1"]
    assert until("the outcome in Prometheus", lambda: completions(agent)) == {"completed"}
    assert agent.stored("drain_pods_finished_total", by="result")["evicted"] == 1
    assert agent.stored("drain_eviction_attempts_total", by="answer")["accepted"] == 1
    assert agent.stored("drain_duration_seconds_count", by="agent") == {agent.name: 1}
    state = agent.stored("drain_state", by="state")
    assert [name for name, value in state.items() if value] == ["completed"]


def test_with_10_s_of_grace_left_it_exits_in_time_scrape_or_not(scenario):
    scenario.pod("web", stop_after=3)
    agent = scenario.sidecar("--termination-grace", "10s", scraped=False)
    agent.is_scraped_slowly()
    terminate(agent)
    killed_after(agent, 10)
    assert agent.exit_code() == 0
    assert agent.log("ending")


def test_with_nobody_who_scrapes_it_exits_at_once_and_leaves_a_textfile_and_spans_to_report(scenario):
    scenario.pod("web", stop_after=1)
    textfile = scenario.directory / "drain.prom"
    agent = scenario.sidecar("--textfile", textfile, "--linger", "10m", scraped=False)
    terminate(agent)
    assert agent.exit_code() == 0
    assert not agent.log(WAITING)
    samples = parse(textfile.read_text())
    assert samples.value("drain_last_completion_timestamp_seconds", outcome="completed") > 0
    assert samples.value("drain_pods_finished_total", result="evicted") == 1
    told = subprocess.run([binary(), "report", agent._spans], capture_output=True, text=True, check=True).stdout
    assert told.startswith(f"node/{scenario.node} drained\n"), told
    assert f"{scenario.namespace}/web" in told
