"""`kubectl drain-watch`, by the real kubectl."""

import shutil
import subprocess

import pytest


@pytest.fixture
def kubectl(search_path, tmp_path):
    assert shutil.which("kubectl", path=search_path)

    def call(*arguments):
        return subprocess.run(
            ["kubectl", *arguments], env={"PATH": search_path, "HOME": str(tmp_path)}, capture_output=True, text=True,
            timeout=120)

    return call


def test_it_is_found(kubectl):
    done = kubectl("plugin", "list")
    assert "kubectl-drain_watch" in done.stdout and done.stderr == ""


def test_its_help_is_its_own(kubectl):
    done = kubectl("drain-watch", "--help")
    assert done.returncode == 0 and "USAGE: kubectl drain-watch" in done.stdout
    wrong = kubectl("drain-watch", "node-a", "--bogus")
    assert wrong.returncode == 64 and "kubectl drain-watch --help" in wrong.stderr


def test_it_drains(kubectl, kubeconfig):
    done = kubectl(
        "drain-watch", "node-a", "--kubeconfig", str(kubeconfig), "-n", "shop", "--dry-run=client", "--force",
        "--delete-emptydir-data", "-o", "name")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "node/node-a drained (dry run)"
    assert "pod shop/" in done.stderr


def test_kubectls_contexts_count(kubectl, kubeconfig):
    done = kubectl("drain-watch", "node-a", "--kubeconfig", str(kubeconfig), "--context", "nowhere")
    assert done.returncode == 1 and "there is no context \"nowhere\"" in done.stderr


def test_a_node_that_is_not_there(kubectl, kubeconfig):
    done = kubectl("drain-watch", "node-z", "--kubeconfig", str(kubeconfig))
    assert done.returncode == 1
    assert "node-z" in done.stderr and "kubectl get nodes" in done.stderr


def completed(kubectl, *words):
    """As kubectl's own completion scripts ask."""
    done = kubectl("__complete", "drain-watch", *words)
    *found, directive = done.stdout.split()
    assert directive == ":4", done.stderr
    return set(found)


def test_tab_behind_it_offers_nodes_and_flags(kubectl, kubeconfig, tmp_path):
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(kubeconfig.read_text())
    assert completed(kubectl, "") == {"node-a", "node-b", "node-c"}
    assert completed(kubectl, "node-b") == {"node-b"}
    assert completed(kubectl, "node-a", "--time") == {"--timeout"}
    assert {"--pod-selector", "--preflight"} <= completed(kubectl, "node-a", "--p")
    assert completed(kubectl, "nothing-like-it") == set()
