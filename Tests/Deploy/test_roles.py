"""deploy/rbac: the least role has exactly these verbs; what single flags need comes with them only."""

import pytest
from builds import NODE_AGENTS, agent_of, built, names, one_of, overlay, template_of
from files import REPOSITORY, documents, one

SHIPPED = "rbac/drain-agent.yaml"
OPTIONAL = {
    "unblock": ("apps", "deployments", "patch"),
    "wait-volume-detach": ("storage.k8s.io", "volumeattachments", "list"),
    "delete-pods": ("", "pods", "delete"),
}
TURNS = "rbac/optional/fleet/fleet.yaml"


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
        ("policy", "poddisruptionbudgets"): {"list", "watch"},
        ("apps", "daemonsets"): {"get"},
        ("apps", "deployments"): {"get"},
        ("apps", "replicasets"): {"get"},
        ("apps", "statefulsets"): {"get"},
    }
    check_bound(SHIPPED, "ClusterRole", "drain-agent", "ClusterRoleBinding")


@pytest.mark.parametrize("name", names())
def test_nobody_may_touch_leases_but_those_of_turns(name):
    for role in [each for each in built(name) if "rules" in each]:
        if any("leases" in rule["resources"] for rule in role["rules"]):
            assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "drain-agent-turns")


def test_turns_are_leases_in_a_namespace_that_holds_nothing_else():
    role = one(TURNS, "Role", "drain-agent-fleet")
    assert role["metadata"]["namespace"] == one(TURNS, "Namespace", "drain-agent-turns")["metadata"]["name"]
    assert verbs(role) == {("coordination.k8s.io", "leases"): {"list", "create", "update", "delete"}}
    check_bound(TURNS, "Role", "drain-agent-fleet", "RoleBinding")


def test_turns_are_of_the_account_also_where_an_overlay_has_moved_it(tmp_path):
    objects = overlay(tmp_path, ["overlays/own-namespace"], ["components/fleet"])
    bindings = [each for each in objects if "subjects" in each]
    assert {each["subjects"][0]["namespace"] for each in bindings} == {"drain-agent"}
    assert one_of(objects, "RoleBinding", "drain-agent-fleet")["metadata"]["namespace"] == "drain-agent-turns"


def test_each_optional_permission_is_a_file():
    directories = {path.name for path in (REPOSITORY / "deploy/rbac/optional").iterdir()}
    assert directories == {*OPTIONAL, "fleet"}
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


def test_the_component_of_a_fleet_brings_turns_in_their_own_namespace():
    least, more = built("node-agent"), built("components/fleet")
    added = [each for each in more if each not in least and each["kind"] != "DaemonSet"]
    assert sorted(each["kind"] for each in added) == ["Namespace", "Role", "RoleBinding"]
    flags = ["--max-parallel-drains=1", "--lease-namespace=drain-agent-turns"]
    assert agent_of(template_of(more))["args"] == [*agent_of(template_of(least))["args"], *flags]


def test_docs_name_every_permission():
    text = (REPOSITORY / "docs/permissions.md").read_text()
    roles = [each for each in documents(SHIPPED) if "rules" in each]
    roles += [one(TURNS, "Role", "drain-agent-fleet")]
    roles += [each for name in OPTIONAL for each in documents(f"rbac/optional/{name}/{name}.yaml") if "rules" in each]
    for role in roles:
        for (_, resource), allowed in verbs(role).items():
            for verb in allowed:
                assert f"`{verb} {resource}`" in text, f"{verb} {resource}"
