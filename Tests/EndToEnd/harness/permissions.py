"""Accounts that may do less than the shipped role says, or more."""

import copy
import json

from .stage import REPOSITORY
from .until import until

ROLES = "rbac.authorization.k8s.io/v1/clusterroles"
BINDINGS = "rbac.authorization.k8s.io/v1/clusterrolebindings"
NAMESPACED = {
    "Role": "rbac.authorization.k8s.io/v1/roles",
    "RoleBinding": "rbac.authorization.k8s.io/v1/rolebindings",
}
TURNS = REPOSITORY / "deploy/rbac/optional/fleet"


def shipped_rules(kubernetes):
    return kubernetes.get(ROLES, "drain-agent")["rules"]


def rules_for(scenario, *features):
    """All rules that are shipped for every agent, and those that single flags need beyond them: "unblock", …"""
    rules = []
    for feature in ("drain-agent", *features):
        for each in shipped_objects(scenario, feature):
            rules += each.get("rules", [])
    return rules


def objects_in(text):
    """kubectl prints several objects as a list, or one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        found, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        yield from found.get("items", [found])


def let_take_turns(scenario, account="agent", namespace=None):
    """Gives the account the Role of turns, as it is shipped; or a copy of it in a namespace of the scenario's."""
    (role, binding) = [each for each in shipped_objects(scenario, "fleet") if each["kind"] in NAMESPACED]
    if namespace:
        role["metadata"]["namespace"] = binding["metadata"]["namespace"] = namespace
        scenario.kubernetes.create(NAMESPACED["Role"], role, namespace)
    else:
        scenario.stage.kubectl("apply", "-k", TURNS)
        namespace = role["metadata"]["namespace"]
    binding["metadata"].update(name=scenario.name, ownerReferences=[owned_by_namespace(scenario)])
    binding["subjects"] = [{"kind": "ServiceAccount", "name": account, "namespace": scenario.namespace}]
    scenario.kubernetes.create(NAMESPACED["RoleBinding"], binding, namespace)
    until(f"turns of {account}", lambda: may(scenario, account, role["rules"][0], namespace))


def shipped_objects(scenario, feature):
    (file,) = (REPOSITORY / "deploy/rbac").rglob(f"{feature}.yaml")
    return list(objects_in(scenario.stage.kubectl("create", "--dry-run=client", "-o", "json", "-f", file)))


def without(rules, resource, verb):
    """The rules less one verb, which has to be in them."""
    rules = copy.deepcopy(rules)
    (rule,) = [each for each in rules if resource in each["resources"] and verb in each["verbs"]]
    rule["verbs"].remove(verb)
    return [each for each in rules if each["verbs"]]


def rule(group, resource, *verbs):
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


def kubeconfig_with(scenario, rules):
    """A kubeconfig of an account of the scenario's own that has these rules, as soon as they count."""
    account = new_account(scenario, rules)
    token = scenario.stage.token(account, scenario.namespace)
    return scenario.stage.kubeconfig(scenario.name, token=token)


def new_account(scenario, rules, name="agent"):
    """A service account with a cluster role; returns its name when the server knows the role."""
    kubernetes = scenario.kubernetes
    kubernetes.create(
        "v1/serviceaccounts",
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}},
        scenario.namespace,
    )
    metadata = {"name": scenario.name, "ownerReferences": [owned_by_namespace(scenario)]}
    api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": metadata}
    kubernetes.create(ROLES, {**api, "kind": "ClusterRole", "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": scenario.name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": scenario.namespace}
    kubernetes.create(BINDINGS, {**api, "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [subject]})
    until(f"role of {name}", lambda: may(scenario, name, rules[-1]))
    return name


def owned_by_namespace(scenario):
    """Takes it along when the scenario's namespace goes."""
    namespace = scenario.kubernetes.get("v1/namespaces", scenario.namespace)
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "name": scenario.namespace,
        "uid": namespace["metadata"]["uid"],
    }


def may(scenario, account, wanted, namespace=None):
    """Whether the server's authorizer has caught up with the rule."""
    resource, _, subresource = wanted["resources"][0].partition("/")
    attributes = {"verb": wanted["verbs"][0], "group": wanted["apiGroups"][0], "resource": resource}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {"name": ""},
        "spec": {
            "user": f"system:serviceaccount:{scenario.namespace}:{account}",
            "groups": [],
            "resourceAttributes": {**attributes, "subresource": subresource, "namespace": namespace or scenario.namespace},
        },
    }
    made = scenario.kubernetes.create("authorization.k8s.io/v1/subjectaccessreviews", review)
    return made["status"]["allowed"]
