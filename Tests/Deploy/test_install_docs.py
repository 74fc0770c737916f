"""README.md and docs/install.md: the overlays in them build, and their commands are about what there is.

That an API server takes them and does what they say: Tests/EndToEnd/test_docs.py."""

import re
import subprocess

import overlays
import pytest
import yaml
from builds import agent_of, built, kubectl_kustomize, one_of, template_of
from files import REPOSITORY

TEXT = (REPOSITORY / "docs/install.md").read_text()
COMMANDS = overlays.commands("docs/install.md")
IMAGE = "registry.example/platform/drain-agent:0.1.0"


@pytest.fixture
def checkout(tmp_path):
    return overlays.write(tmp_path)


def applied():
    return {name for line in COMMANDS for name in re.findall(r"(?:-k|kubectl kustomize) (\S+)", line)}


def test_the_overlay_of_a_cluster_has_its_image_its_component_and_its_flag(checkout):
    objects = kubectl_kustomize(checkout / "my-cluster")
    agent = agent_of(template_of(objects))
    # Of two values of a flag the last one counts.
    flags = ["--max-parallel-drains=1", "--lease-namespace=drain-agent-turns", "--max-parallel-drains=2"]
    assert agent["args"] == [*agent_of(template_of(built("node-agent")))["args"], *flags]
    assert one_of(objects, "Role", "drain-agent-fleet")


def test_every_overlay_says_where_its_image_is(checkout):
    overlays_with_pods = {name.split("/")[0] for name in overlays.shown()}
    assert {"my-cluster", "my-workload", "my-drain"} <= overlays_with_pods
    for name in overlays_with_pods:
        assert agent_of(template_of(kubectl_kustomize(checkout / name)))["image"] == IMAGE, name


def test_no_command_makes_pods_whose_image_nobody_has(checkout):
    for name in applied():
        for each in kubectl_kustomize(checkout / name):
            if "template" in each.get("spec", {}):
                assert agent_of(each["spec"]["template"])["image"] == IMAGE, name


def test_the_overlay_of_a_workload_has_a_sidecar(checkout):
    overlays.write_workload(checkout)
    objects = kubectl_kustomize(checkout / "my-workload")
    agent_of(template_of(objects))["image"] = agent_of(template_of(built("sidecar/native")))["image"]
    assert objects == built("sidecar/native")


def test_readmes_workload_gets_its_sidecar(checkout):
    pod = template_of(kubectl_kustomize(checkout / "my-workload"))["spec"]
    assert [each["name"] for each in pod["initContainers"]] == ["drain-agent"]
    assert [each["name"] for each in pod["containers"]] == ["main"]


def test_two_namespaces_with_sidecars_do_not_take_each_others_rights(checkout):
    other = checkout / "my-other-workload"
    other.mkdir()
    for name in ("kustomization.yaml", "workload.yaml"):
        (other / name).write_text((checkout / "my-workload" / name).read_text().replace("namespace: shop", "namespace: data"))
    first, second = (kubectl_kustomize(checkout / name) for name in ("my-workload", "my-other-workload"))
    assert {each["metadata"].get("namespace") for each in first} == {"shop"}
    assert {each["metadata"].get("namespace") for each in second} == {"data"}
    (binding,) = {line for line in COMMANDS if line.startswith("kubectl create clusterrolebinding")}
    (account,) = [each["metadata"] for each in first if each["kind"] == "ServiceAccount"]
    assert f"--serviceaccount={account['namespace']}:{account['name']}" in binding
    assert f" drain-agent-{account['namespace']} " in binding, "one name for all namespaces"


def test_a_workload_can_keep_an_account_of_its_own(checkout):
    pod = template_of(kubectl_kustomize(checkout / "my-workload-own-account"))["spec"]
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("mine", True)


def test_every_directory_that_is_applied_builds(checkout):
    assert applied() == {"my-cluster", "my-workload", "my-drain", "deploy/rbac", "deploy/monitoring"}
    for name in applied():
        assert kubectl_kustomize(checkout / name)


def test_the_command_for_the_job_names_the_node_everywhere(checkout):
    (command,) = [line for line in COMMANDS if "sed" in line]
    making, applying = command.rsplit(" | ", 1)
    assert applying == "kubectl apply -f -"
    made = subprocess.run(["bash", "-c", making], cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert "node-to-drain" not in made
    job = one_of(list(yaml.safe_load_all(made)), "Job", "drain-worker-3")
    assert agent_of(job["spec"]["template"])["args"][:2] == ["drain", "worker-3"]
    # A Job of before would be left as it is.
    before = COMMANDS[: COMMANDS.index(command)]
    assert "kubectl -n kube-system delete job drain-worker-3 --ignore-not-found" in before
    assert "job/drain-worker-3" in TEXT


def test_the_pods_that_are_looked_for_are_the_node_agents():
    (command,) = [line for line in COMMANDS if " get pods " in line]
    key, value = re.search(r"-l (\S+)=(\S+)", command).groups()
    assert template_of(built("node-agent"))["metadata"]["labels"][key] == value
    assert "component" not in template_of(built("sidecar/native"))["metadata"]["labels"]


def test_what_the_document_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (REPOSITORY / "docs" / target).exists(), target


def test_every_component_is_in_the_document():
    for directory in (REPOSITORY / "deploy/components").iterdir():
        assert f"(../deploy/components/{directory.name})" in TEXT, directory.name


def test_every_kind_that_gets_a_sidecar_is_in_the_document():
    (section,) = re.findall(r"^- \*\*Which workloads\*\*.*?(?=^- )", TEXT, re.S | re.M)
    component = yaml.safe_load((REPOSITORY / "deploy/sidecar/native/kustomization.yaml").read_text())
    kinds = [kind for patch in component["patches"] for kind in patch["target"]["kind"].strip("()").split("|")]
    assert "Pod" in kinds
    for kind in kinds:
        assert f"{kind}s" in section, kind
