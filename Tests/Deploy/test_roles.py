"""deploy/rbac: the least role has exactly these verbs; what single flags need is a file each, and not applied with it."""

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
    files = {path.stem for path in (REPOSITORY / "deploy/rbac/optional").glob("*.yaml")}
    assert files == set(OPTIONAL)
    for name, (group, resource, verb) in OPTIONAL.items():
        file = f"rbac/optional/{name}.yaml"
        assert verbs(one(file, "ClusterRole", f"drain-agent-{name}")) == {(group, resource): {verb}}
        check_bound(file, "ClusterRole", f"drain-agent-{name}", "ClusterRoleBinding")


def test_kubectl_apply_takes_the_least_role_alone():
    assert [path.name for path in (REPOSITORY / "deploy/rbac").glob("*.yaml")] == ["drain-agent.yaml"]


def test_docs_name_every_permission():
    text = (REPOSITORY / "docs/permissions.md").read_text()
    roles = [each for each in documents(SHIPPED) if "rules" in each]
    roles += [each for name in OPTIONAL for each in documents(f"rbac/optional/{name}.yaml") if "rules" in each]
    for role in roles:
        for (_, resource), allowed in verbs(role).items():
            for verb in allowed:
                assert f"`{verb} {resource}`" in text, f"{verb} {resource}"
