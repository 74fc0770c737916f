"""What deploy/ ships: the API server takes it, and its pods do in their image what they are for."""

import json

import pytest

from harness.checks import check
from harness.kubernetes import Refusal
from harness.manifests import (
    applied,
    bound_pod,
    built,
    names,
    on_old_servers,
    pod_of_daemon_set,
    pod_of_job,
    with_pods,
)
from harness.permissions import BINDINGS, ROLES
from harness.pods import STUCK
from harness.triggers import check_nothing_was_done, moment, terminate
from harness.until import until
from harness.workloads import SIMULATION

RBAC = "rbac.authorization.k8s.io/v1"
MEBIBYTE = 1 << 20
KINDS = {
    "ClusterRole": ROLES,
    "ClusterRoleBinding": BINDINGS,
    "Role": f"{RBAC}/roles",
    "RoleBinding": f"{RBAC}/rolebindings",
    "ServiceAccount": "v1/serviceaccounts",
}


@pytest.fixture
def server(stage):
    """The stage, while nobody stops its servers."""
    with stage.shared_with_others():
        yield stage


@pytest.mark.parametrize("name", names())
def test_the_api_server_takes_what_is_shipped(server, name):
    objects = [on_old_servers(server, each) for each in built(name)]
    known = [each for each in objects if server.kubernetes.serves(each["apiVersion"], plural(each["kind"]))]
    strange = {each["apiVersion"].split("/")[0] for each in objects if each not in known}
    # Tests/Deploy holds these against their definitions.
    assert strange <= {"monitoring.coreos.com", "admissionregistration.k8s.io"}
    for namespace in {each["metadata"].get("namespace") for each in known} - {None}:
        made_namespace(server, namespace)
    if known:
        said = applied(server, known, "--dry-run=server")
        assert len(said.splitlines()) == len(known), said


def plural(kind):
    lower = kind.lower()
    return lower[:-1] + "ies" if lower.endswith("y") else lower + ("es" if lower.endswith("s") else "s")


def made_namespace(stage, name):
    try:
        stage.kubernetes.create("v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    except Refusal as refusal:
        assert refusal.status == 409


def test_the_role_that_all_scenarios_have_is_the_shipped_one(server):
    for each in built("rbac"):
        metadata = each["metadata"]
        found = server.kubernetes.get(KINDS[each["kind"]], metadata["name"], metadata.get("namespace"))
        for field in ("rules", "roleRef", "subjects"):
            assert found.get(field) == each.get(field), f"{field} of {each['kind']} {metadata['name']}"


@pytest.mark.parametrize("name", [each for each in with_pods() if each != "job"])
def test_each_pod_serves_as_it_is_shipped(scenario, name):
    agent = scenario.container(bound_pod(scenario, name))
    agent.wait_for_log("serving")
    until("readiness", lambda: agent.request("GET", "/readyz")[0] == 200)
    assert agent.request("GET", "/livez")[0] == 200
    scrape = agent.scrape()
    assert scrape.value("drain_node_info", node=scenario.node) == 1
    used, asked = scrape.value("process_resident_memory_bytes"), agent.asked_for("memory")
    assert used < asked, f"{used / MEBIBYTE:.1f} MiB are used, the manifest asks for {asked / MEBIBYTE:.0f}"
    told = agent.tell("status", "-o", "json")
    assert told.returncode == 0 and json.loads(told.stdout)["state"] == "idle", told.stderr
    terminate(agent)
    check_nothing_was_done(agent)
    warnings = [line for line in agent.log() if line["level"] in ("warning", "error")]
    assert not warnings, f"{warnings}; the log is in {agent.logs}"


def test_the_node_agent_drains_its_node_in_its_image(scenario):
    pods = scenario.deployment("web", replicas=3)
    scenario.budget("web", maxUnavailable=1)
    agent = scenario.container(pod_of_daemon_set(scenario))
    agent.wait_for_log("serving")
    agent.begin_scrapes()
    agent.wait_for_a_scrape()
    scenario.open_spare()
    agent.before = scenario.kubernetes.pods_on(scenario.node)
    told = agent.tell("trigger", "--wait")
    assert told.returncode == 0, told.stderr
    drained = check(agent, left=[agent.pod["metadata"]["name"]])
    assert len(drained.accepted) == len(pods)
    users = {each["user"]["username"] for each in scenario.audit.of_agents(scenario.name)}
    assert users == {"system:serviceaccount:kube-system:drain-agent"}


def test_a_sidecar_whose_node_is_going_drains_within_its_pods_grace(scenario):
    scenario.deployment("web", replicas=2)
    pod = bound_pod(scenario, "sidecar/native", **{f"{SIMULATION}stop-after": STUCK})
    agent = scenario.container(pod)
    agent.wait_for_log("serving")
    agent.begin_scrapes()
    agent.wait_for_a_scrape()
    scenario.open_spare()
    scenario.set_unschedulable(scenario.node, True)
    deleted = scenario.kubernetes.delete("v1/pods", "agent", scenario.namespace)
    terminate(agent)
    check(agent, left=["agent"])
    # The grace of the manifest, less what is kept for the end.
    gone = moment(deleted["metadata"]["deletionTimestamp"])
    (changed,) = agent.log("deadline changed")
    assert moment(changed["deadline"]) == gone - 3
    assert deleted["metadata"]["deletionGracePeriodSeconds"] == pod["spec"]["terminationGracePeriodSeconds"] == 600


def test_the_job_drains_a_node_from_another_one(scenario):
    scenario.deployment("web", replicas=2)
    scenario.open_spare()
    pod = pod_of_job(scenario)
    assert pod["spec"]["nodeName"] == scenario.spare
    agent = scenario.container(pod, node=scenario.node)
    check(agent)
