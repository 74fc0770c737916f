"""In which order pods leave, and what their annotations ask for."""

from harness.checks import check
from harness.pods import let_stop
from harness.spans import named

PREFIX = "drain-agent.dev/"


def apps(drained):
    """The workloads of the evicted pods, in the order in which their evictions were accepted."""
    return [each.pod.split("-")[0] for each in drained.accepted]


def critical_workloads(scenario, **pod):
    scenario.deployment("web", replicas=3, **pod)
    scenario.deployment("dns", replicas=2, priority="system-cluster-critical", **pod)
    scenario.deployment("network", replicas=2, priority="system-node-critical", **pod)


def test_what_others_depend_on_leaves_after_them(scenario):
    critical_workloads(scenario, stop_after=1)
    agent = scenario.sidecar()
    scenario.open_spare()
    agent.trigger()
    drained = check(agent)
    assert apps(drained) == 3 * ["web"] + 2 * ["dns"] + 2 * ["network"]
    assert [line["tier"] for line in agent.log("tier started")] == ["system-cluster-critical", "system-node-critical"]
    # A tier waits for the pods to be gone, not only for their evictions.
    gone = {each.attributes["k8s.pod.name"]: each.end for each in named(drained.spans, "pod.evict")}
    pods = {each.id: each.attributes["k8s.pod.name"] for each in named(drained.spans, "pod.evict")}
    asked = {pods[each.parent]: each.start for each in named(drained.spans, "pod.termination")}
    of = lambda times, app: [time for name, time in times.items() if name.startswith(app)]
    assert max(of(gone, "web")) <= min(of(asked, "dns")) and max(of(gone, "dns")) <= min(of(asked, "network"))


def test_without_an_order_nobody_waits_for_others(scenario):
    critical_workloads(scenario, stop_after=3)
    agent = scenario.sidecar("--order", "none")
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("all terminating at the same time", lambda state: state["counts"]["terminating"] == 7)
    check(agent)


def test_a_stuck_ordinary_pod_holds_the_critical_ones_for_the_patience_only(scenario):
    scenario.pod("stuck", stop_after="stuck", grace=1)
    scenario.deployment("dns", priority="system-cluster-critical")
    agent = scenario.sidecar("--tier-patience", "4s")
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("it to be terminating", lambda state: state["counts"]["terminating"] == 1)
    agent.wait_for("dns to be gone", lambda state: state["counts"]["gone"] == 1)
    let_stop(scenario, "stuck")
    drained = check(agent)
    assert apps(drained) == ["stuck", "dns"]
    stuck, dns = [each for each in sorted(named(drained.spans, "eviction.attempt"), key=lambda each: each.start)]
    # A second of grace, then the patience; a deletion's time has whole seconds.
    waited = (dns.start - stuck.end) / 1e9
    assert 4 <= waited <= 7, f"{waited} s; the log is in {agent.logs}"


def test_a_pod_that_is_blocked_for_good_holds_nobody(scenario):
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=0)
    scenario.deployment("dns", priority="system-cluster-critical")
    agent = scenario.sidecar()  # with a patience of a minute
    scenario.open_spare()
    agent.trigger()
    agent.wait_for("dns to be gone", lambda state: state["counts"]["gone"] == 1)
    scenario.change_budget("web", maxUnavailable=2)
    assert apps(check(agent)) == ["dns", "web", "web"]


# --- annotations


def test_a_pod_may_ask_to_be_left_alone(scenario):
    scenario.deployment("web")
    scenario.deployment("pinned", annotations={PREFIX + "evict": "false"})
    agent = scenario.sidecar()
    agent.trigger()
    check(agent, left=["pinned"])
    (line,) = agent.log("pod left alone")
    assert line["reason"] == "annotation" and line["pod"]["name"].startswith("pinned")
    assert agent.stored("drain_pods_excluded", by="reason")["annotation"] == 1


def test_a_pod_may_ask_for_another_grace_period(scenario):
    scenario.deployment("web", grace=30)
    scenario.deployment("quick", grace=30, stop_after="never", annotations={PREFIX + "grace-period-seconds": "1"})
    agent = scenario.sidecar("--grace-period", "7")
    agent.trigger()
    drained = check(agent)
    assert {each.pod.split("-")[0]: each.grace for each in drained.accepted} == {"web": 7, "quick": 1}


def test_pods_may_ask_for_their_place_in_the_order(scenario):
    for name, order in [("third", "2"), ("first", "-1"), ("second", None)]:
        scenario.deployment(name, annotations={PREFIX + "order": order} if order else {})
    agent = scenario.sidecar("--concurrency", "1")
    agent.trigger()
    assert apps(check(agent)) == ["first", "second", "third"]


def test_an_annotation_that_says_nonsense_is_named_and_ignored(scenario):
    wrong = {"grace-period-seconds": "soon", "evict": "maybe", "order": "1.5"}
    scenario.deployment("web", annotations={PREFIX + name: value for name, value in wrong.items()})
    agent = scenario.sidecar()
    agent.trigger()
    drained = check(agent)
    assert [each.grace for each in drained.accepted] == [None]
    said = {line["annotation"]: line["err"] for line in agent.log("annotation ignored")}
    assert said.keys() == {PREFIX + name for name in wrong}, f"{said}; the log is in {agent.logs}"
    assert all(wrong[name.removeprefix(PREFIX)] in err for name, err in said.items())
