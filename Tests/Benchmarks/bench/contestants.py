"""Who drains: the command of each, and its name in the audit log."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.stage import HERE, tool

from .workloads import KUBECTL, LIMIT, OPERATOR, OURS


@dataclass(frozen=True)
class Contestant:
    """One that is a program of its own: it begins when its process does."""

    name: str
    agent: str  # how its User-Agent begins
    command: tuple
    options: tuple = ()

    def call(self, node, through):
        return [*self.command, node, "--kubeconfig", through / "admin.kubeconfig", *self.options]

    def began(self, started, said):
        return started


class Script(Contestant):
    """One in Python: what its interpreter needs to start does not count, it says itself when it begins."""

    def call(self, node, through):
        return [sys.executable, "-B", *self.command, "--dir", through, "--node", node]

    def began(self, started, said):
        return float(said.split()[0])


def contestants(binary, kubectl, *options):
    """By name. All are the same administrator, by the same certificate."""
    served = ("--listen", "127.0.0.1:0", *options)
    return {
        each.name: each
        for each in (
            Script(LIMIT, "limit", (HERE / "contestants/limit.py",)),
            Contestant(OURS, "drain-agent/", (binary, "drain"), served),
            Contestant(KUBECTL, "kubectl", (kubectl, "drain")),
            Script(OPERATOR, "update-operator", (HERE / "contestants/update_operator.py",)),
        )
    }


def find_kubectl():
    """$KUBECTL, or the machine's own; where that one only chooses another one, the newest of those it chooses from."""
    wanted = os.environ.get("KUBECTL") or tool("kubectl")
    found = shutil.which(wanted)
    if not found:
        sys.exit(f"there is no {wanted}: install kubectl, or say by $KUBECTL where it is")
    if "dispatcher" not in version_of(found):
        return found
    by_version = {}
    for each in Path(found).resolve().parent.glob("kubectl.*"):
        if version := re.fullmatch(r"kubectl\.(\d+)\.(\d+)", each.name):
            by_version[tuple(map(int, version.groups()))] = each
    return str(by_version[max(by_version)]) if by_version else found


def version_of(kubectl):
    said = subprocess.run([kubectl, "version", "--client", "-o", "json"], capture_output=True, text=True).stdout
    return json.loads(said)["clientVersion"]["gitVersion"]


def redirected(control_plane, to, port):
    """A directory like control-plane.sh's, whose server is at another port of this machine."""
    to.mkdir()
    server = f"https://127.0.0.1:{port}"
    (to / "server").write_text(server)
    (to / "certs").symlink_to(control_plane / "certs")
    config = re.sub(r"https://127\.0\.0\.1:\d+", server, (control_plane / "admin.kubeconfig").read_text())
    (to / "admin.kubeconfig").write_text(config)
    return to
