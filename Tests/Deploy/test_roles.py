"""deploy/rbac: the least role has exactly these verbs; what single flags need comes with them only."""

import pytest
from builds import NODE_AGENTS, agent_of, built, template_of
from files import REPOSITORY, documents, one

SHIPPED = "rbac/drain-agent.yaml"
OPTIONAL = {
    "unblock": ("apps", "deployments", "patch"),
    "wait-volume-detach": ("storage.k8s.io", "volumeattachments", "list"),
    "delete-pods": ("", "pods", "delete"),
}


def verbs(role):
    return {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def check_bound(file, kind, role, binding):
    subject = {"kind": "ServiceAccount", "name": "drain-agent", "namespace": "kube-system"}
    assert one(file, binding, role)["roleRef"]["kind"] == kind
    assert one(file, binding, role)["roleRef"]["name"] == role
    assert one(file, binding, role)["subjects"] == [subject]


def test_the_least_role():
    assert verbs(one(SHIPPED, "ClusterRole", "drain-agent")) == {
        ("", "nodes"): {"get", "watch", "patch"},
        ("", "nodes/status"): {"patch"},
        ("", "pods"): {"get", "list", "watch"},
        ("", "pods/eviction"): {"create"},
        ("", "replicationcontrollers"): {"get"},
        ("", "events"): {"create", "patch"},
        ("policy", "poddisruptionbudgets"): {"get", "list", "watch"},
        ("apps", "daemonsets"): {"get"},
        ("apps", "deployments"): {"get"},
        ("apps", "replicasets"): {"get"},
        ("apps", "statefulsets"): {"get"},
    }
    check_bound(SHIPPED, "ClusterRole", "drain-agent", "ClusterRoleBinding")


def test_leases_are_only_those_of_the_agents_namespace():
    role = one(SHIPPED, "Role", "drain-agent")
    assert role["metadata"]["namespace"] == "kube-system"
    assert verbs(role) == {("coordination.k8s.io", "leases"): {"get", "list", "create", "update", "delete"}}
    check_bound(SHIPPED, "Role", "drain-agent", "RoleBinding")


def test_each_optional_permission_is_a_file():
    directories = {path.name for path in (REPOSITORY / "deploy/rbac/optional").iterdir()}
    assert directories == set(OPTIONAL)
    for name, (group, resource, verb) in OPTIONAL.items():
        file = f"rbac/optional/{name}/{name}.yaml"
        assert verbs(one(file, "ClusterRole", f"drain-agent-{name}")) == {(group, resource): {verb}}
        check_bound(file, "ClusterRole", f"drain-agent-{name}", "ClusterRoleBinding")


@pytest.mark.parametrize("directory", ["rbac", *NODE_AGENTS])
def test_nobody_gets_more_than_the_least_role_who_does_not_ask_for_it(directory):
    def rules(objects):
        return {(each["kind"], each["metadata"]["name"]): each["rules"] for each in objects if "rules" in each}

    assert rules(built(directory)) == rules(documents(SHIPPED))


@pytest.mark.parametrize(
    "component, flag, role",
    [
        ("unblock", "--unblock=rollout-restart", "drain-agent-unblock"),
        ("wait-volume-detach", "--wait-volume-detach", "drain-agent-wait-volume-detach"),
        ("delete-at-deadline", "--at-deadline=delete", "drain-agent-delete-pods"),
    ],
)
def test_a_component_brings_a_flag_and_what_it_needs(component, flag, role):
    least, more = built("node-agent"), built(f"components/{component}")
    added = [each for each in more if each not in least and each["kind"] != "DaemonSet"]
    assert [(each["kind"], each["metadata"]["name"]) for each in added] == [
        ("ClusterRole", role),
        ("ClusterRoleBinding", role),
    ]
    assert agent_of(template_of(more))["args"] == [*agent_of(template_of(least))["args"], flag]


def test_docs_name_every_permission():
    text = (REPOSITORY / "docs/permissions.md").read_text()
    roles = [each for each in documents(SHIPPED) if "rules" in each]
    roles += [each for name in OPTIONAL for each in documents(f"rbac/optional/{name}/{name}.yaml") if "rules" in each]
    for role in roles:
        for (_, resource), allowed in verbs(role).items():
            for verb in allowed:
                assert f"`{verb} {resource}`" in text, f"{verb} {resource}"
