"""What a shell, a manual reader, kubectl and a terminal make of the program. Needs no control plane."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))


@pytest.fixture(scope="session")
def binary():
    path = Path(os.environ.get("DRAIN_AGENT_BINARY", ROOT / ".build/debug/drain-agent")).resolve()
    assert path.exists(), f"{path}: build it first, or set DRAIN_AGENT_BINARY"
    return path


@pytest.fixture(scope="session")
def share(binary, tmp_path_factory):
    """The tree that `make shell-files` writes."""
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run([ROOT / "scripts/write-shell-files", binary, prefix], check=True, stdout=subprocess.DEVNULL)
    return prefix / "share"


@pytest.fixture(scope="session")
def search_path(binary, share, tmp_path_factory):
    """Directories with the program under both its names in front, and what the plugin's completion asks."""
    directory = tmp_path_factory.mktemp("bin")
    for name in ("drain-agent", "kubectl-drain_watch"):
        (directory / name).symlink_to(binary)
    return f"{directory}:{share.parent / 'bin'}:{os.environ['PATH']}"


@pytest.fixture
def kubeconfig(binary, tmp_path):
    """Of a simulated cluster that lives as long as the test."""
    with simulated(binary, tmp_path) as path:
        yield path


@contextmanager
def simulated(binary, directory):
    from harness.until import until

    text, said = directory / "kubeconfig", directory / "simulated.log"
    with text.open("w") as out, said.open("w") as err:
        cluster = subprocess.Popen([binary, "demo", "--simulate-only"], stdout=out, stderr=err)
    try:
        until("the kubeconfig", lambda: re.search(r"user: \{\}", text.read_text()))
        yield text
    finally:
        cluster.kill()
        cluster.wait()
