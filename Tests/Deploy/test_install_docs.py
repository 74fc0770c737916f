"""docs/install.md: the overlays in it build, and its commands are about what there is."""

import re
import subprocess

import pytest
import yaml
from builds import APP, agent_of, built, kubectl_kustomize, one_of, template_of
from files import REPOSITORY

TEXT = (REPOSITORY / "docs/install.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.+?)```", TEXT, re.S) for line in block.splitlines()]


@pytest.fixture
def checkout(tmp_path):
    """A directory as the document takes it: overlays beside deploy/."""
    for name in ("deploy", "alerts", "dashboards"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    for block in re.findall(r"```yaml\n(.+?)```", TEXT, re.S):
        path = tmp_path / block.split()[1]
        path.parent.mkdir()
        path.write_text(block)
    (tmp_path / "my-workload/workload.yaml").write_text(yaml.safe_dump(APP))
    return tmp_path


def test_the_overlay_of_a_cluster_has_its_image_its_component_and_its_flag(checkout):
    objects = kubectl_kustomize(checkout / "my-cluster")
    agent = agent_of(template_of(objects))
    assert agent["image"] == "registry.example/platform/drain-agent:0.1.0"
    flags = ["--unblock=rollout-restart", "--max-parallel-drains=2"]
    assert agent["args"] == [*agent_of(template_of(built("node-agent")))["args"], *flags]
    assert one_of(objects, "ClusterRole", "drain-agent-unblock")


def test_the_overlay_of_a_workload_has_a_sidecar(checkout):
    assert kubectl_kustomize(checkout / "my-workload") == built("sidecar/native")


def test_every_directory_that_is_applied_builds(checkout):
    directories = {name for line in COMMANDS for name in re.findall(r"(?:-k|kubectl kustomize) (\S+)", line)}
    assert directories == {"my-cluster", "my-workload", "deploy/rbac", "deploy/job", "deploy/monitoring"}
    for name in directories:
        assert kubectl_kustomize(checkout / name)


def test_the_command_for_the_job_names_the_node_everywhere():
    (command,) = [line for line in COMMANDS if "sed" in line]
    making, applying = command.rsplit(" | ", 1)
    assert applying == "kubectl apply -f -"
    made = subprocess.run(["bash", "-c", making], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert "node-to-drain" not in made
    job = one_of(list(yaml.safe_load_all(made)), "Job", "drain-worker-3")
    assert agent_of(job["spec"]["template"])["args"][:2] == ["drain", "worker-3"]
    assert "job/drain-worker-3" in TEXT


def test_what_the_document_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (REPOSITORY / "docs" / target).exists(), target


def test_every_component_is_in_the_document():
    for directory in (REPOSITORY / "deploy/components").iterdir():
        assert f"(../deploy/components/{directory.name})" in TEXT, directory.name
