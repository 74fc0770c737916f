"""The plan: what it says of each pod is the first answer that the pod then gets."""

import json
import subprocess

from harness.agent import binary


def test_a_plan_foretells_the_first_answers(scenario):
    names = {
        "now": pods(scenario.deployment("free", replicas=2)) | pods(scenario.deployment("all", replicas=2)),
        "never": pods(scenario.deployment("one")) | pods(scenario.deployment("twice", replicas=2)),
        "left": pods(scenario.daemon_set("logger")) | {"static"},
    }
    some = pods(scenario.deployment("some", replicas=4))
    scenario.mirror_pod("static")
    scenario.budget("some", maxUnavailable=1)
    scenario.budget("all", maxUnavailable="100%")
    scenario.budget("one", minAvailable=1)
    scenario.budget("twice", maxUnavailable=1)
    scenario.budget("twice-more", {"app": "twice"}, maxUnavailable=1)
    # The spare node stays cordoned: nobody is replaced, and what is foretold stays true.
    plan = planned(scenario, code=3)
    assert not scenario.is_cordoned() and not plan["unschedulable"]
    by_outlook = outlooks(plan)
    first, *rest = sorted(some)
    assert by_outlook.pop("blocked") == set(rest)
    assert by_outlook == {**names, "now": names["now"] | {first}}
    budgets = {each["name"]: each for each in plan["budgets"]}
    assert (budgets["some"]["allowed"], budgets["some"]["pods"], budgets["some"]["rounds"]) == (1, 4, 4)
    assert budgets["one"]["verdict"] == "unsatisfiable" and budgets["one"]["advice"]
    assert budgets["all"]["rounds"] == 1
    assert all(each.is_dry_run and each.uid for each in asked(scenario))

    agent = scenario.drain("--concurrency", "1", "--timeout", "15s")
    assert agent.exit_code() in (3, 4)
    answers = {}
    for each in asked(scenario):
        if not each.is_dry_run:
            answers.setdefault(each.pod, each)
    for pod in plan["pods"]:
        answer = answers.get(pod["name"])
        match pod["outlook"]:
            case "now":
                assert answer and answer.is_accepted, pod
            case "left":
                assert answer is None, pod
            case "blocked":
                # Blocked with its siblings, it may never have been asked for.
                assert answer is None or answer.code == 429, pod
            case "never":
                assert answer is None or answer.code == {"budget": 429, "several_budgets": 500}[pod["answer"]], pod
    assert len([each for each in answers.values() if each.is_accepted]) == 5


def test_what_a_budget_allows_goes_to_the_first_of_the_drains_order(scenario):
    scenario.stateful_set("web", replicas=4)
    scenario.budget("web", minAvailable=2)
    plan = planned(scenario, code=0)
    assert outlooks(plan) == {"now": {"web-0", "web-1"}, "blocked": {"web-2", "web-3"}}
    assert {pod["round"] for pod in plan["pods"] if pod["outlook"] == "blocked"} == {2}


def test_a_pod_that_finished_goes_whatever_the_budget(scenario):
    (done,) = scenario.job("done", complete_after=0)
    scenario.wait_for_phase("done", "Succeeded", 1)
    scenario.budget("done", ready=False, minAvailable=1)
    assert outlooks(planned(scenario, code=0)) == {"now": pods([done])}


def test_what_the_flags_do_not_allow_is_part_of_the_plan(scenario):
    scenario.pod("bare")
    plan = planned(scenario, code=3)
    assert [pod["refusals"] for pod in plan["pods"]] == [["unmanaged"]]
    assert planned(scenario, "--force", code=0)["can_complete"]


def test_get_plan_touches_nothing_and_the_drain_goes_on_as_ever(scenario):
    scenario.deployment("web", replicas=3)
    scenario.budget("web", maxUnavailable=1)
    agent = scenario.sidecar()
    status, body = agent.request("GET", "/plan", token=None)
    assert status == 401, body
    status, plan = agent.request("GET", "/plan")
    assert status == 200, plan
    assert (plan["counts"]["now"], plan["counts"]["blocked"]) == (1, 2)
    assert agent.request("GET", "/plan")[1] == plan, "it is kept for a while"
    assert not scenario.is_cordoned() and agent.state()["state"] == "idle"
    # Nobody takes the first pod's place yet: the others stay blocked for as long as it takes to look.
    agent.trigger()
    agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"])
    assert agent.request("GET", "/plan")[0] == 200, "a drain does not stop it"
    scenario.open_spare()
    agent.scrape()
    assert agent.exit_code() == 0


def test_preflight_fail_leaves_the_node_alone(scenario):
    scenario.deployment("web")
    scenario.budget("web", minAvailable=1)
    agent = scenario.drain("--preflight", "fail")
    assert agent.exit_code() == 1
    assert "can never go" in agent.stderr() and "web" in agent.stderr()
    assert not scenario.is_cordoned()
    assert all(each.is_dry_run for each in asked(scenario))


def pods(made):
    return {pod["metadata"]["name"] for pod in made}


def asked(scenario):
    return scenario.audit.evictions([scenario.namespace])


def planned(scenario, *options, code):
    """`drain-agent plan` of the scenario's node, as JSON."""
    kubeconfig = scenario.stage.agent_kubeconfig
    call = [binary(), "plan", scenario.node, "--kubeconfig", kubeconfig, "-o", "json", *options]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def outlooks(plan):
    """The pods' names by outlook."""
    found = {}
    for pod in plan["pods"]:
        found.setdefault(pod["outlook"], set()).add(pod["name"])
    return found
