"""deploy/: every kustomization builds, and what it makes holds together."""

import json
import re

import jsonschema
import pytest
from builds import (
    APP,
    NODE_AGENTS,
    SIDECARS,
    agent_of,
    built,
    kustomizations,
    names,
    one_of,
    template_of,
    with_pods,
    with_sidecar,
)
from files import REPOSITORY
from pod_security import restricted

SCHEMAS = json.loads((REPOSITORY / "Tests/Deploy/monitoring.schema.json").read_text())
ON_HOST = {"hostNetwork", "hostPath", "runAsNonRoot", "runAsUser"}
# What the components take of the level restricted; the others nothing.
TAKES = {
    "overlays/on-host": ON_HOST,
    "components/host-network": {"hostNetwork"},
    "components/host-socket": ON_HOST - {"hostNetwork"},
}


def version():
    source = (REPOSITORY / "Sources/DrainAgent/BuildVersion.swift").read_text()
    return re.search(r'version = "(.+)"', source)[1]


@pytest.mark.parametrize("name", names())
def test_it_builds_without_a_warning(name):
    objects = built(name)
    assert objects
    identities = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(set(identities)) == len(identities)


def test_every_manifest_is_in_a_build():
    files = {path for path in (REPOSITORY / "deploy").rglob("*.yaml") if path.name != "kustomization.yaml"}
    for directory in kustomizations("Kustomization") + kustomizations("Component"):
        text = (directory / "kustomization.yaml").read_text()
        files -= {path for path in files if path.parent == directory and path.name in text}
    assert not files


# --- pods


def test_pods_are_in_these():
    wanted = {*NODE_AGENTS, *SIDECARS, "job", *(f"components/{name}" for name in component_names())}
    assert set(with_pods()) == wanted


def component_names():
    return [path.name for path in (REPOSITORY / "deploy/components").iterdir()]


def ours(name):
    """The pod's spec with nothing of somebody else's workload in it."""
    spec = dict(template_of(built(name))["spec"])
    if name in SIDECARS:
        spec["containers"], spec["initContainers"] = [agent_of({"spec": spec})], []
    return spec


@pytest.mark.parametrize("name", with_pods())
def test_a_pod_is_restricted_but_for_what_its_component_says(name):
    assert restricted(ours(name)) == TAKES.get(name, set())


@pytest.mark.parametrize("name", with_pods())
def test_the_agent_has_a_read_only_root_and_memory_to_its_measure(name):
    agent = agent_of(template_of(built(name)))
    assert agent["securityContext"]["readOnlyRootFilesystem"] is True
    assert agent["resources"] == {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


@pytest.mark.parametrize("name", with_pods())
def test_the_image_is_that_of_this_version(name):
    assert agent_of(template_of(built(name)))["image"] == f"drain-agent:{version()}"


@pytest.mark.parametrize("name", with_pods())
def test_mounts_and_volumes_fit(name):
    spec = template_of(built(name))["spec"]
    volumes = [each["name"] for each in spec.get("volumes", [])]
    assert len(set(volumes)) == len(volumes)
    mounts = [each["name"] for each in agent_of({"spec": spec}).get("volumeMounts", [])]
    assert set(mounts) <= set(volumes)
    if name not in SIDECARS:
        assert set(mounts) == set(volumes)


@pytest.mark.parametrize("name", [*NODE_AGENTS, *SIDECARS])
def test_the_downward_api_tells_the_agent_where_it_is(name):
    variables = agent_of(template_of(built(name)))["env"]
    assert {each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"] for each in variables} == {
        "NODE_NAME": "spec.nodeName",
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_UID": "metadata.uid",
    }


@pytest.mark.parametrize("name", [*NODE_AGENTS, *SIDECARS])
def test_what_ends_with_a_rollout_drains_only_on_proof(name):
    assert agent_of(template_of(built(name)))["args"][:2] == ["run", "--on-sigterm=auto"]


def test_the_sidecars_differ_in_where_the_container_stands():
    native, plain = (template_of(built(name)) for name in SIDECARS)
    assert native["spec"].pop("initContainers") == [{**agent_of(plain), "restartPolicy": "Always"}]
    plain["spec"]["containers"].remove(agent_of(plain))
    assert native == plain
    assert [each["name"] for each in native["spec"]["containers"]] == ["main"]


def workload(kind):
    """APP as another kind."""
    template = APP["spec"]["template"]
    api = {"Pod": "v1", "Job": "batch/v1"}.get(kind, "apps/v1")
    spec = template["spec"] if kind == "Pod" else {"template": template}
    return {**APP, "apiVersion": api, "kind": kind, "spec": spec}


@pytest.mark.parametrize("name", SIDECARS)
@pytest.mark.parametrize("kind", ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"])
def test_each_kind_gets_the_same_sidecar_or_keeps_its_pods_as_they_are(tmp_path, name, kind):
    made = one_of(with_sidecar(tmp_path, name, workload(kind)), kind, "app")
    spec, wanted = (made if kind == "Pod" else made["spec"]["template"]), template_of(built(name))
    if kind == "CronJob" or (kind == "Job" and name == "sidecar/plain"):
        wanted = APP["spec"]["template"]
    assert spec["spec"] == wanted["spec"]
    assert wanted["metadata"]["labels"].get("drain-agent.dev/scrape") == spec["metadata"]["labels"].get("drain-agent.dev/scrape")


def test_a_sidecar_is_the_node_agents_container_with_its_own_token_and_no_readiness():
    agent, sidecar = (agent_of(template_of(built(name))) for name in ("node-agent", "sidecar/plain"))
    agent, sidecar = dict(agent), dict(sidecar)
    assert agent.pop("readinessProbe") and "readinessProbe" not in sidecar
    assert [each["mountPath"] for each in agent.pop("volumeMounts")] == ["/run/drain-agent"]
    assert [each["mountPath"] for each in sidecar.pop("volumeMounts")] == [
        "/run/drain-agent",
        "/var/run/secrets/kubernetes.io/serviceaccount",
    ]
    pod = template_of(built("node-agent"))["spec"]["securityContext"]
    assert {**agent.pop("securityContext"), **pod} == sidecar.pop("securityContext")
    assert agent == sidecar


@pytest.mark.parametrize("name", SIDECARS)
def test_a_sidecars_token_is_its_own(name):
    spec = template_of(built(name))["spec"]
    assert spec["automountServiceAccountToken"] is False
    (main,) = [each for each in spec["containers"] if each["name"] == "main"]
    assert [each["name"] for each in main["volumeMounts"]] == ["d"]


def test_the_job_drains_another_node_than_its_own():
    spec = one_of(built("job"), "Job", "drain-node-to-drain")["spec"]
    assert spec["backoffLimit"] == 0
    pod = spec["template"]["spec"]
    assert agent_of(spec["template"])["args"][:2] == ["drain", "node-to-drain"]
    (term,) = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchFields"] == [{"key": "metadata.name", "operator": "NotIn", "values": ["node-to-drain"]}]


# --- accounts


@pytest.mark.parametrize("name", [*NODE_AGENTS, *SIDECARS, "job"])
def test_the_pods_account_is_made_and_bound(name):
    objects = built(name)
    (workload,) = [each for each in objects if "template" in each.get("spec", {})]
    account = template_of(objects)["spec"]["serviceAccountName"]
    namespace = workload["metadata"]["namespace"]
    assert one_of(objects, "ServiceAccount", account)["metadata"]["namespace"] == namespace
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    bindings = [each for each in objects if each["kind"].endswith("Binding") and "subjects" in each]
    if name in SIDECARS:
        # Under a name of each namespace's own: docs/install.md.
        assert not bindings
        return
    assert all(each["subjects"] == [subject] for each in bindings)
    assert {(each["kind"], each["roleRef"]["name"]) for each in bindings} >= {("ClusterRoleBinding", "drain-agent")}


def test_in_its_own_namespace_the_guard_knows_the_account():
    objects = built("overlays/own-namespace")
    assert {each["metadata"].get("namespace") for each in objects} == {None, "drain-agent"}
    guards = [each for each in objects if each["kind"] == "ValidatingAdmissionPolicy"]
    assert len(guards) == 2
    # Without it GKE refuses the pods.
    (asked,) = one_of(objects, "ResourceQuota", "drain-agent")["spec"]["scopeSelector"]["matchExpressions"]
    assert asked["values"] == [template_of(objects)["spec"]["priorityClassName"]]
    for guard in guards:
        (condition,) = guard["spec"]["matchConditions"]
        assert condition == {
            "name": "is-drain-agent",
            "expression": "request.userInfo.username == 'system:serviceaccount:drain-agent:drain-agent'",
        }
    labels = one_of(objects, "Namespace", "drain-agent")["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


# --- network and monitoring


@pytest.mark.parametrize("name", with_pods())
def test_the_pod_monitor_finds_it(name):
    monitor = one_of(built("monitoring"), "PodMonitor", "drain-agent")["spec"]
    template = template_of(built(name))
    assert monitor["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (endpoint,) = monitor["podMetricsEndpoints"]
    ports = {each["name"]: each["containerPort"] for each in agent_of(template)["ports"]}
    assert ports == {endpoint["port"]: 9809}


@pytest.mark.parametrize("name", NODE_AGENTS)
def test_the_network_policy_is_about_the_agents_and_lets_in_who_scrapes(name):
    policy = one_of(built(name), "NetworkPolicy", "drain-agent")
    template = template_of(built(name))
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (rule,) = policy["spec"]["ingress"]
    assert [each["port"] for each in rule["ports"]] == [each["name"] for each in agent_of(template)["ports"]]
    (source,) = rule["from"]
    monitoring = one_of(built("monitoring"), "PodMonitor", "drain-agent")["metadata"]["namespace"]
    assert source["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": monitoring}
    assert {(each["protocol"], each["port"]) for rule in policy["spec"]["egress"] for each in rule["ports"]} == {
        ("TCP", 443),
        ("TCP", 6443),
        ("TCP", 16443),
        ("UDP", 53),
        ("TCP", 53),
        ("TCP", 4318),
    }


def closed(schema):
    """The same schema, but unknown fields are errors, as for the API server's strict validation."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        # Go takes flags there, Python at the beginning only.
        return schema.replace("^(?i)", "(?i)^") if isinstance(schema, str) else schema
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_it_fits_the_operators_definition(kind):
    schema = closed(SCHEMAS[kind])
    schema["properties"]["metadata"] = {"type": "object"}
    made = one_of(built("monitoring"), kind, "drain-agent")
    jsonschema.validate(made, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**made, "spec": {**made["spec"], "unknown": 1}}, schema)


def test_scrapes_are_under_one_job_and_often_enough_for_the_alerts():
    (endpoint,) = one_of(built("monitoring"), "PodMonitor", "drain-agent")["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"][-1] == {"targetLabel": "job", "replacement": "drain-agent"}
    assert endpoint["interval"] == "15s"


def test_the_certificate_is_where_its_flags_say_and_probes_and_scrapes_follow():
    template = template_of(built("components/tls"))
    agent = agent_of(template)
    (mount,) = [each for each in agent["volumeMounts"] if each["name"] == "tls"]
    assert mount["readOnly"] is True
    flags = ["--tls-cert=/etc/drain-agent-tls/tls.crt", "--tls-key=/etc/drain-agent-tls/tls.key"]
    assert agent["args"][-2:] == flags and all(f"={mount['mountPath']}/" in each for each in flags)
    for probe in ("livenessProbe", "readinessProbe"):
        assert agent[probe]["httpGet"]["scheme"] == "HTTPS"
    (endpoint,) = one_of(built("monitoring"), "PodMonitor", "drain-agent")["spec"]["podMetricsEndpoints"]
    (rule,) = [each for each in endpoint["relabelings"] if each["targetLabel"] == "__scheme__"]
    (label,) = rule["sourceLabels"]
    # As Prometheus calls a pod's label.
    labels = {f"__meta_kubernetes_pod_label_{re.sub('[^a-zA-Z0-9_]', '_', key)}": value for key, value in template["metadata"]["labels"].items()}
    assert labels[label] == rule["regex"] == rule["replacement"] == "https"
    assert "drain-agent.dev/scheme" not in template_of(built("node-agent"))["metadata"]["labels"]


def test_dashboards_are_config_maps_for_grafanas_sidecar():
    maps = [each for each in built("monitoring") if each["kind"] == "ConfigMap"]
    held = {name: text for each in maps for name, text in each["data"].items()}
    files = {path.name: path.read_text() for path in (REPOSITORY / "dashboards").glob("*.json")}
    assert held == files and len(maps) == len(files)
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        # kubectl apply keeps a copy in an annotation, whose limit is 256 KiB.
        assert len(json.dumps(each)) < 250_000


@pytest.mark.parametrize("name", with_pods())
def test_flags_are_those_of_the_program(name):
    command, *arguments = agent_of(template_of(built(name)))["args"]
    text = (REPOSITORY / "docs/flags.md").read_text()
    (section,) = [each for each in text.split("\n## ") if each.startswith(f"drain-agent {command}\n")]
    for argument in arguments:
        if argument.startswith("--"):
            assert f"`{argument.split('=')[0]}" in section, argument
