"""What kustomize makes of deploy/: every way in which it is shipped, by name."""

import copy
import json
import os
import pathlib
import subprocess
import tempfile
from functools import cache

import pytest
import yaml
from files import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
NODE_AGENTS = ["node-agent", "overlays/on-host", "overlays/own-namespace"]
SIDECARS = ["sidecar/native", "sidecar/plain"]
# A workload of somebody else's, as sidecars find it.
APP = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "app", "labels": {"drain-agent.dev/sidecar": "true"}},
    "spec": {
        "selector": {"matchLabels": {"app": "app"}},
        "template": {
            "metadata": {"labels": {"app": "app"}},
            "spec": {
                "containers": [{"name": "main", "image": "none", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}],
                "volumes": [{"name": "d", "emptyDir": {}}],
            },
        },
    },
}


@cache
def minor_version_of_kubectl():
    said = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, text=True, check=True)
    return int(json.loads(said.stdout)["clientVersion"]["minor"].rstrip("+"))


def kubectl_kustomize(directory):
    if minor_version_of_kubectl() < 22:
        pytest.skip("this kubectl's kustomize is too old: 1.22 or later is needed", allow_module_level=True)
    done = subprocess.run(["kubectl", "kustomize", directory], capture_output=True, text=True)
    assert done.returncode == 0, f"kubectl kustomize {directory}: {done.stderr}"
    assert not done.stderr, f"kubectl kustomize {directory} warns: {done.stderr}"
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def kind_of(directory):
    return yaml.safe_load((directory / "kustomization.yaml").read_text())["kind"]


def kustomizations(kind):
    """Every directory below the repository's that has one of that kind."""
    roots = [REPOSITORY / "deploy", REPOSITORY / "alerts", REPOSITORY / "dashboards"]
    found = [path.parent for root in roots for path in sorted(root.rglob("kustomization.yaml"))]
    return [each for each in found if kind_of(each) == kind]


def overlay(directory, resources=(), components=(), **more):
    """Builds an overlay as a user has one, somewhere else."""
    relative = lambda name: os.path.relpath(DEPLOY / name, directory.resolve())
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [each if (directory / each).is_file() else relative(each) for each in resources],
        "components": [relative(each) for each in components],
        **more,
    }
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return kubectl_kustomize(directory)


def built(name):
    """The objects of a directory in deploy/; of a component as part of a node agent, of a sidecar with a workload."""
    return copy.deepcopy(built_once(name))


@cache
def built_once(name):
    if kind_of(DEPLOY / name) == "Kustomization":
        return kubectl_kustomize(DEPLOY / name)
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        return with_sidecar(directory, name, APP) if name in SIDECARS else overlay(directory, ["node-agent"], [name])


def with_sidecar(directory, name, workload):
    """A workload's overlay."""
    (directory / "app.yaml").write_text(yaml.safe_dump(workload))
    return overlay(directory, ["app.yaml"], [name], namespace="shop")


def names():
    """All that is built, as `built` takes it."""
    found = kustomizations("Kustomization") + kustomizations("Component")
    return [os.path.relpath(each, DEPLOY) for each in found]


def template_of(objects):
    """The one pod template among them."""
    (template,) = [each["spec"]["template"] for each in objects if "template" in each.get("spec", {})]
    return template


def with_pods():
    """Names of those that have one."""
    return [name for name in names() if any("template" in each.get("spec", {}) for each in built(name))]


def agent_of(template):
    """The agent's container, wherever the pod has it."""
    spec = template["spec"]
    containers = spec["containers"] + spec.get("initContainers", [])
    (agent,) = [each for each in containers if each["name"] == "drain-agent"]
    return agent


def one_of(objects, kind, name):
    (found,) = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found
