"""What figures were measured on: only those of the same are put side by side."""

import os
import platform
import re
import subprocess
from datetime import date
from pathlib import Path

from .contestants import version_of

ROOT = Path(__file__).resolve().parents[3]
SOURCES = (
    "Sources", "Package.swift", "Tests/Benchmarks", "Tests/EndToEnd/contestants", "Tests/EndToEnd/harness",
)


def said_by(*call):
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def git(*arguments):
    return said_by("git", *arguments)


def describe(kubectl, control_plane_programs):
    """The commit is the last one that changed what is measured, or how; with a + where more is changed than committed."""
    server, etcd = (said_by(control_plane_programs / each, "--version") for each in ("kube-apiserver", "etcd"))
    commit = git("log", "-1", "--format=%h", "--", *SOURCES)
    return {
        "cpu": next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "kube-apiserver": server.split()[-1],
        "etcd": etcd.split()[2],
        "kubectl": version_of(kubectl),
        "python": platform.python_version(),
        "swift": re.search(r"Swift version (\S+)", said_by("swift", "--version"))[1],
        "commit": commit + ("+" if git("status", "--porcelain", "--", *SOURCES) else ""),
    }


def today():
    return date.today().isoformat()
