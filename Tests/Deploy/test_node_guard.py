"""deploy/admission/node-guard.yaml: its shape, and what its expressions say of real nodes and pods."""

import copy

import pytest
from admission import refusals
from files import documents, one, recorded

FILE = "admission/node-guard.yaml"
NODE_GUARD = one(FILE, "ValidatingAdmissionPolicy", "drain-agent-node-guard")
POD_GUARD = one(FILE, "ValidatingAdmissionPolicy", "drain-agent-pod-guard")
AGENT = "system:serviceaccount:kube-system:drain-agent"
NODE_NAME = "authentication.kubernetes.io/node-name"
ON_NODE_A = {NODE_NAME: ["node-a"], "authentication.kubernetes.io/pod-name": ["drain-agent-x"]}

OTHER_NODE = "drain-agent may change only the node that it runs on, as its token names it"
ANNOTATIONS = "drain-agent may change only annotations of its own, under drain-agent.dev/"
METADATA = "drain-agent may not change a node's labels, finalizers or owners"
SPEC = "drain-agent may change only spec.unschedulable of a node's spec"
STATUS = "drain-agent may change only the conditions DrainInProgress and Drained of a node's status"


def node(change=lambda node: None):
    """A real node as a cloud has it: with annotations, taints, addresses, images and volumes."""
    node = copy.deepcopy(recorded("node-get"))
    node["metadata"].setdefault("labels", {})["kubernetes.io/hostname"] = "node-a"
    node["metadata"]["annotations"] = {"node.alpha.kubernetes.io/ttl": "0", "drain-agent.dev/drain": "{}"}
    node["spec"] = {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"], "providerID": "cloud:///i-1"}
    node["status"] |= {
        "capacity": {"cpu": "4"},
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "images": [{"names": ["a"], "sizeBytes": 1}],
        "volumesAttached": [{"name": "v", "devicePath": ""}],
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Drained", "status": "False"}],
    }
    change(node)
    return node


def asked(change, user=AGENT, extra=ON_NODE_A, before=lambda node: None):
    """What the guard says to such a change."""

    def after(node):
        before(node)
        change(node)

    return refusals(NODE_GUARD, user, node(before), node(after), extra)


def cordon(node):
    node["spec"]["unschedulable"] = True


def drained(node):
    node["status"]["conditions"][1] |= {"status": "True", "reason": "Completed"}
    node["status"]["conditions"].append({"type": "DrainInProgress", "status": "False"})


ALLOWED = {
    "cordon": cordon,
    "uncordon": lambda node: node["spec"].update(unschedulable=False),
    "the record of a drain": lambda node: node["metadata"]["annotations"].update({"drain-agent.dev/drain": '{"id":1}'}),
    "another mark": lambda node: node["metadata"]["annotations"].update({"drain-agent.dev/cordoned": "yes"}),
    "no record any more": lambda node: node["metadata"]["annotations"].pop("drain-agent.dev/drain"),
    "its conditions": drained,
    "what the server keeps itself": lambda node: node["metadata"].update(managedFields=[{"manager": "x"}]),
    "nothing": lambda node: None,
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_what_a_drain_does_to_its_own_node_is_allowed(change):
    assert asked(change) == []


def test_a_node_without_annotations_and_conditions_is_guarded_too():
    def bare(node):
        del node["metadata"]["annotations"]
        del node["status"]["conditions"]

    assert asked(cordon, before=bare) == []
    assert asked(lambda node: node["metadata"].update(annotations={"drain-agent.dev/a": "b"}), before=bare) == []
    assert asked(lambda node: node["metadata"].update(annotations={"a": "b"}), before=bare) == [ANNOTATIONS]
    ready = [{"type": "Ready", "status": "False"}]
    assert asked(lambda node: node["status"].update(conditions=ready), before=bare) == [STATUS]


REFUSED = {
    "a label": (METADATA, lambda node: node["metadata"]["labels"].update(a="b")),
    "no labels": (METADATA, lambda node: node["metadata"].pop("labels")),
    "a finalizer": (METADATA, lambda node: node["metadata"].update(finalizers=["a/b"])),
    "an owner": (METADATA, lambda node: node["metadata"].update(ownerReferences=[{"name": "x"}])),
    "another's annotation": (ANNOTATIONS, lambda node: node["metadata"]["annotations"].update({"a/b": "c"})),
    "another's annotation, changed": (
        ANNOTATIONS,
        lambda node: node["metadata"]["annotations"].update({"node.alpha.kubernetes.io/ttl": "1"}),
    ),
    "another's annotation, gone": (
        ANNOTATIONS,
        lambda node: node["metadata"]["annotations"].pop("node.alpha.kubernetes.io/ttl"),
    ),
    "an annotation that looks like ours": (
        ANNOTATIONS,
        lambda node: node["metadata"]["annotations"].update({"x.drain-agent.dev/a": "b"}),
    ),
    "a taint": (SPEC, lambda node: node["spec"].update(taints=[{"key": "a", "effect": "NoExecute"}])),
    "another provider": (SPEC, lambda node: node["spec"].update(providerID="cloud:///i-2")),
    "no pod network": (SPEC, lambda node: node["spec"].pop("podCIDRs")),
    "an address": (STATUS, lambda node: node["status"]["addresses"].pop()),
    "capacity": (STATUS, lambda node: node["status"]["capacity"].update(cpu="400")),
    "volumes": (STATUS, lambda node: node["status"].pop("volumesAttached")),
    "not ready": (STATUS, lambda node: node["status"]["conditions"][0].update(status="False")),
    "a condition of others": (
        STATUS,
        lambda node: node["status"]["conditions"].append({"type": "MemoryPressure", "status": "True"}),
    ),
    "no Ready any more": (STATUS, lambda node: node["status"]["conditions"].pop(0)),
}


@pytest.mark.parametrize("message, change", REFUSED.values(), ids=REFUSED)
def test_nothing_else_of_the_node_may_change(message, change):
    assert asked(change) == [message]


@pytest.mark.parametrize(
    "extra",
    [None, {"a": ["b"]}, {NODE_NAME: ["node-b"]}, {NODE_NAME: []}, {NODE_NAME: ["node-a", "node-b"]}],
    ids=["no extra", "a token of no pod", "another node", "empty", "two nodes"],
)
@pytest.mark.parametrize("change", [cordon, drained], ids=["cordon", "conditions"])
def test_a_token_of_no_node_or_of_another_one_is_refused(change, extra):
    assert asked(change, extra=extra) == [OTHER_NODE]


@pytest.mark.parametrize("user", ["admin", "system:node:node-a", AGENT + "-2", "system:serviceaccount:x:drain-agent"])
def test_nobody_else_is_asked(user):
    assert asked(lambda node: node["metadata"]["labels"].update(a="b"), user=user, extra=None) is None


@pytest.mark.parametrize(
    "node_name, extra, allowed",
    [
        ("node-a", ON_NODE_A, True),
        ("node-b", ON_NODE_A, False),
        (None, ON_NODE_A, False),
        ("node-a", None, False),
        ("node-a", {NODE_NAME: ["node-b"]}, False),
    ],
)
def test_pods_are_deleted_on_the_own_node_only(node_name, extra, allowed):
    pod = copy.deepcopy(recorded("pod-get-terminating"))
    pod["spec"].pop("nodeName")
    if node_name:
        pod["spec"]["nodeName"] = node_name
    assert (refusals(POD_GUARD, AGENT, pod, None, extra) == []) is allowed
    assert refusals(POD_GUARD, "admin", pod, None, None) is None


# --- shape: what admissionregistration.k8s.io/v1 requires, since no API server of the tests is new enough to ask

RULE = {"apiGroups", "apiVersions", "operations", "resources"}
SPEC_FIELDS = {"failurePolicy", "matchConstraints", "matchConditions", "variables", "validations"}


@pytest.mark.parametrize("policy", [NODE_GUARD, POD_GUARD], ids=lambda policy: policy["metadata"]["name"])
def test_a_policy_has_the_fields_of_one(policy):
    assert set(policy) == {"apiVersion", "kind", "metadata", "spec"}
    assert policy["apiVersion"] == "admissionregistration.k8s.io/v1"
    spec = policy["spec"]
    assert set(spec) <= SPEC_FIELDS
    assert spec["failurePolicy"] == "Fail"
    assert set(spec["matchConstraints"]) == {"resourceRules"}
    for rule in spec["matchConstraints"]["resourceRules"]:
        assert set(rule) == RULE
        assert all(isinstance(value, str) for values in rule.values() for value in values)
        assert set(rule["operations"]) <= {"CREATE", "UPDATE", "DELETE", "CONNECT"}
    for each in spec["matchConditions"] + spec.get("variables", []):
        assert set(each) == {"name", "expression"}
    for each in spec["validations"]:
        assert set(each) == {"message", "reason", "expression"}
        assert each["reason"] in {"Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"}
        assert "\n" not in each["message"]
    names = [each["name"] for each in spec.get("variables", [])]
    assert all(name.isidentifier() for name in names) and len(set(names)) == len(names)


def test_nodes_are_guarded_with_their_status_and_pods_when_they_are_deleted():
    (rule,) = NODE_GUARD["spec"]["matchConstraints"]["resourceRules"]
    assert (rule["operations"], rule["resources"]) == (["UPDATE"], ["nodes", "nodes/status"])
    (rule,) = POD_GUARD["spec"]["matchConstraints"]["resourceRules"]
    assert (rule["operations"], rule["resources"]) == (["DELETE"], ["pods"])


def test_each_policy_is_bound_and_denies():
    bindings = [each for each in documents(FILE) if each["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert [each["spec"]["policyName"] for each in bindings] == ["drain-agent-node-guard", "drain-agent-pod-guard"]
    for binding in bindings:
        assert binding["apiVersion"] == "admissionregistration.k8s.io/v1"
        assert set(binding["spec"]) == {"policyName", "validationActions"}
        assert set(binding["spec"]["validationActions"]) == {"Deny", "Audit"}
