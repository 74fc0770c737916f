"""Servers that stop and credentials that end in mid-drain: it goes on afterwards, and says what was the matter."""

import pytest

from harness.checks import check
from harness.outages import api_server_killed, count, etcd_killed, etcd_paused, last_count, live_through
from harness.permissions import kubeconfig_with, new_account, shipped_rules, without
from harness.pods import STUCK, let_stop, wait_for_deletion
from harness.spans import named
from harness.spoilt import cost
from harness.tried import tried
from harness.until import until


def half_way(scenario, **settings):
    """A drain with one pod that is terminating and stuck, one that will be gone soon, and two that a budget holds."""
    scenario.pod("stuck", stop_after=STUCK, grace=1)
    scenario.pod("slow", stop_after=4, grace=30)
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    agent = scenario.sidecar(**settings)
    agent.trigger()
    agent.wait_for(
        "two blocked and two terminating",
        lambda state: state["counts"]["blocked"] == 2 == state["counts"]["terminating"],
    )
    return agent


def free(scenario):
    """Whatever holds the drain up does so no more. After an outage its controller takes up to half a minute."""
    scenario.change_budget("web", maxUnavailable=2)
    let_stop(scenario, "stuck")
    until("budget that allows or has done so", lambda: is_free(scenario), within=180)


def is_free(scenario):
    return scenario.find_budget("web")["status"]["disruptionsAllowed"] > 0 or len(scenario.pods_of("web")) < 2


def check_half_way(scenario, agent, words):
    """`words`: what was tried, for docs/reliability.md."""
    drained = check(agent)
    assert sorted(each.split("-")[0] for each in drained.evicted()) == ["slow", "stuck", "web", "web"]
    answers = agent.stored("drain_eviction_attempts_total", by="answer")
    said = ", ".join(f"{count:.0f} {answer}" for answer, count in answers.items() if count)
    tried("Servers, nodes and credentials", words, f"completed; evictions: {said}; {cost(agent)}")
    return drained


@pytest.mark.alone
def test_the_api_server_is_killed_in_mid_drain_and_comes_back(scenario):
    agent = half_way(scenario)
    with api_server_killed(scenario.stage):
        agent.wait_for("pods that are tried again", lambda state: state["counts"]["retrying"] == 2)
        status = agent.state()
        assert status["outcome"] is None and status["state"] == "draining", status
        live_through(agent, 12)
        assert count(agent, "drain_eviction_attempts_total", answer="unreachable") >= 2
    free(scenario)
    drained = check_half_way(scenario, agent, "the API server is killed in mid-drain, and comes back")
    unreachable = [
        each for each in named(drained.spans, "eviction.attempt")
        if each.attributes["drain.eviction.answer"] == "unreachable"
    ]
    assert unreachable and all(each.attributes.get("error.type") for each in unreachable), unreachable
    assert last_count(agent, "drain_api_requests_total", operation="evict", code="none") >= 2
    assert last_count(agent, "drain_api_watch_restarts_total") >= 1
    assert agent.log("eviction is tried again"), f"nobody says so; the log is in {agent.logs}"


@pytest.mark.alone
def test_the_api_server_is_away_when_the_drain_begins(scenario):
    # Without owners: a scheduler that has just lost its watch puts replacements on a node that it knows as it was.
    scenario.pod("one")
    scenario.pod("two")
    agent = scenario.sidecar()
    with api_server_killed(scenario.stage):
        status, body = agent.request("POST", "/drain")
        assert status == 202, body
        agent.wait_for_the_end_in_the_background()
        agent.wait_for("an error to be told", lambda state: state.get("last_error"))
        assert count(agent, "drain_state", state="cordoning") == 1
    check(agent)
    tried("Servers, nodes and credentials", "the API server is away when the drain begins", f"completed; {cost(agent)}")


@pytest.mark.alone
def test_etcd_is_paused_for_20_seconds_in_mid_drain(scenario):
    agent = half_way(scenario)
    with etcd_paused(scenario.stage):
        live_through(agent, 20)
        assert agent.state()["outcome"] is None
    free(scenario)
    check_half_way(scenario, agent, "etcd is paused for 20 seconds in mid-drain")


@pytest.mark.alone
def test_etcd_is_killed_in_mid_drain_and_comes_back(scenario):
    agent = half_way(scenario)
    with etcd_killed(scenario.stage):
        # Siblings of a blocked pod are not asked for: what is asked meanwhile fails or hangs, and none of it ends the drain.
        live_through(agent, 20)
        assert agent.state()["outcome"] is None
    free(scenario)
    check_half_way(scenario, agent, "etcd is killed in mid-drain, and comes back")


def test_the_node_is_deleted_in_mid_drain(scenario):
    agent = half_way(scenario)
    scenario.kubernetes.delete("v1/nodes", scenario.node)
    free(scenario)
    check_half_way(scenario, agent, "the node is deleted in mid-drain")


# --- credentials


class Tokens:
    """Tokens that end when we say so: each is bound to a secret, and dies with it."""

    def __init__(self, scenario, account):
        self._scenario = scenario
        self._account = account
        self.file = scenario.directory / "token"

    def issue(self, secret):
        kubernetes, namespace = self._scenario.kubernetes, self._scenario.namespace
        kubernetes.create("v1/secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}}, namespace)
        bound = {"apiVersion": "v1", "kind": "Secret", "name": secret}
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "metadata": {"name": self._account},
            "spec": {"audiences": [], "expirationSeconds": 3600, "boundObjectRef": bound},
        }
        made = kubernetes.create("v1/serviceaccounts", request, namespace, subresource="token")
        new = self.file.with_suffix(".new")
        new.write_text(made["status"]["token"])
        new.rename(self.file)

    def revoke(self, secret):
        self._scenario.kubernetes.delete("v1/secrets", secret, self._scenario.namespace)


def refused(scenario):
    """What the server did not know the agent for. It has no name then: only other agents' watches could be mistaken."""
    return [
        each for each in scenario.audit.of_agents('"code":401', scenario.namespace) if each["verb"] != "watch"
    ]


def test_a_token_that_rotated_is_read_again_and_nobody_notices(scenario):
    tokens = Tokens(scenario, new_account(scenario, shipped_rules(scenario.kubernetes)))
    tokens.issue("first")
    agent = half_way(scenario, kubeconfig=scenario.stage.kubeconfig(scenario.name, tokenFile=str(tokens.file)))
    tokens.issue("second")
    tokens.revoke("first")
    # The server remembers for 10 s that it knew a token.
    until("a request with the token that has ended", lambda: refused(scenario))
    free(scenario)
    check_half_way(scenario, agent, "a token is rotated in mid-drain")
    assert agent.stored("drain_eviction_attempts_total", by="answer")["unauthorized"] == 0


def test_a_token_that_ended_too_early_is_waited_out(scenario):
    tokens = Tokens(scenario, new_account(scenario, shipped_rules(scenario.kubernetes)))
    tokens.issue("first")
    agent = half_way(scenario, kubeconfig=scenario.stage.kubeconfig(scenario.name, tokenFile=str(tokens.file)))
    tokens.revoke("first")
    agent.wait_for("pods that are tried again", lambda state: state["counts"]["retrying"] == 2)
    assert count(agent, "drain_eviction_attempts_total", answer="unauthorized") >= 2
    tokens.issue("second")
    free(scenario)
    check_half_way(scenario, agent, "a token ends before there is a new one")


def test_without_a_watch_the_drain_lists_every_five_seconds(scenario):
    rules = without(shipped_rules(scenario.kubernetes), "pods", "watch")
    agent = half_way(scenario, kubeconfig=kubeconfig_with(scenario, rules))
    before = count(agent, "drain_api_requests_total", operation="list", code="200")
    live_through(agent, 11)
    lists = count(agent, "drain_api_requests_total", operation="list", code="200") - before
    assert 1 <= lists <= 4, f"{lists} lists in about 11 s; the log is in {agent.logs}"
    wait_for_deletion(scenario, "stuck")
    free(scenario)
    check_half_way(scenario, agent, "the role allows no watch of pods")
