"""Each command of the docs and the runbooks is run here, on a node whose drain a budget blocks, or it is said where it is."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.agent import binary
from harness.checks import check
from harness.manifests import one_of, with_native_sidecars
from harness.served import TOKEN
from harness.stage import REPOSITORY
from harness.triggers import terminate

import overlays

# What other tests run, by the page or the command.
ELSEWHERE = {
    "docs/simulation.md": "make simulate",
    "make ": "this run itself, and the demo's tests",
    "sudo ": "Tests/Terminal installs without it",
    "drain-agent run ": "every scenario",
    "promtool test rules": "Tests/Alerts",
    "kubectl apply -n NAMESPACE -f alerts/prometheusrule.yaml": "Tests/Alerts: this API server has no such kind",
    "drain-agent --generate-completion-script": "Tests/Terminal",
    "drain-agent trigger --wait": "test_triggers.py",
    "drain-agent status --url": "test_served.py",
    "drain-agent drain NODE": "every scenario that drains from the terminal",
    "kubectl -n kube-system port-forward POD": "test_page.py opens the address behind it; a port-forward wants a kubelet",
    "docker ": "Tests/Deploy/test_image.py reads the archive; there is no daemon",
    "podman ": "the same",
    "kubectl apply -k deploy/monitoring": "Tests/Deploy/test_manifests.py: this API server has no such kinds",
    "kubectl delete -k deploy/monitoring": "the same",
}
# These change something: last, in this order.
CHANGES = ["cancel", "patch pdb", "scale ", "drain-watch", "drain-agent drain ", "uncordon", "-k deploy/rbac"]
# A plan that foresees a pod that can never go says so by 3.
EXIT_CODES = {"drain-agent plan": {0, 3}}

KUBECTL = """#!/bin/bash
# The scenario's agent is no pod: what a kubelet would do for exec and logs is done here.
for each in "$@"; do
    case $each in
    exec) while [ "$1" != -- ]; do shift; done; exec "${2##*/}" "${@:3}" ;;
    logs) cat "$AGENT_STDOUT" "$AGENT_STDERR"; exit ;;
    esac
done
exec "$REAL_KUBECTL" "$@"
"""
DRAIN_AGENT = """#!/bin/bash
case $1 in
status | trigger | cancel | prestop) exec "$BINARY" "$@" --control-socket "$CONTROL_SOCKET" ;;
drain) exec "$BINARY" "$@" --force ;;
esac
exec "$BINARY" "$@"
"""


# A command in a sentence is whole if it names what it is about.
WHOLE = r"worker-3|spans\.jsonl|://| -[Ak] |\b[A-Z]{3,}\b"


def commands():
    """Those in blocks, and those in sentences that are whole: {command: page}."""
    found = {}
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for page in listed.stdout.split():
        if page.startswith(("Tests/", "docs/decisions")) or page == "CHANGELOG.md":
            continue
        text = (REPOSITORY / page).read_text()
        lines = [line for block in re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M) for line in block.splitlines()]
        lines += re.findall(r"^    ((?:kubectl|curl|drain-agent|promtool) .*)$", text, re.M)
        said = re.findall(r"`((?:kubectl|curl|drain-agent) [^`…]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
        lines += [each for each in said if page.startswith("alerts/") or re.search(WHOLE, each)]
        for line in lines:
            found.setdefault(re.sub(r"\s+# .*", "", line).strip(), page)
    return {command: page for command, page in found.items() if command}


# Those of docs/install.md and of README's overlays, in their order: they are run by the last test.
INSTALLING = overlays.commands("docs/install.md") + [
    "kubectl create namespace shop",
    "kubectl -n shop exec daemonset/updater -c drain-agent -- /usr/bin/drain-agent status",
    "kubectl apply -k my-cluster",
]


def is_elsewhere(command, page):
    return page in ELSEWHERE or any(command.startswith(each) for each in ELSEWHERE)


def turn(command):
    return next((index + 1 for index, each in enumerate(CHANGES) if each in command), 0)


def shell(scenario, agent, directory):
    """An environment in which the docs' words are the scenario's things."""
    tools = directory / "bin"
    tools.mkdir()
    for name, text in {"kubectl": KUBECTL, "drain-agent": DRAIN_AGENT}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (tools / "kubectl-drain_watch").symlink_to(binary())
    return {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(directory),
        "KUBECONFIG": str(scenario.stage.admin_kubeconfig),
        "REAL_KUBECTL": shutil.which("kubectl"),
        "BINARY": str(Path(binary()).absolute()),
        "CONTROL_SOCKET": str(agent.control_socket),
        "AGENT_STDOUT": str(agent.logs / f"{agent.name}.spans.jsonl"),
        "AGENT_STDERR": str(agent.logs / f"{agent.name}.stderr"),
    }


def spelled_out(command, scenario, agent, pod):
    words = {
        "PDB_NAMESPACE": scenario.namespace,
        "POD_NAMESPACE": scenario.namespace,
        "AGENT-POD": agent.name,
        **dict.fromkeys(["AGENT:9809", "localhost:9809", "node:9809"], agent.address),
        "worker-3": scenario.spare,
        "replicas=N": "replicas=2",
        '"minAvailable":N': '"minAvailable":0',
        "NAMESPACE": scenario.namespace,
        "NODE": scenario.node,
        "PDB": "web",
        "POD": pod,
        "NAME": "web",
        "deploy/rbac": str(REPOSITORY / "deploy/rbac"),
        "-k dashboards": f"-k {REPOSITORY / 'dashboards'}",
    }
    # Longer words first: NAMESPACE is in PDB_NAMESPACE.
    pattern = "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True))
    return re.sub(pattern, lambda match: words[match[0]], command)


def test_the_docs_commands_do_what_they_say(scenario):
    scenario.deployment("web", replicas=1)
    scenario.budget("web", minAvailable=1)
    agent = scenario.sidecar()
    agent.trigger()
    state = agent.wait_for("a blocked pod", lambda state: state["counts"]["blocked"] == 1)
    (pod,) = [each["name"] for each in state["pods"]]
    directory = scenario.directory / "shell"
    directory.mkdir()
    (directory / "token").write_text(TOKEN)
    environment = shell(scenario, agent, directory)
    shutil.copy(agent.logs / f"{agent.name}.spans.jsonl", directory / "spans.jsonl")
    found = {command: page for command, page in commands().items() if command not in INSTALLING}
    mine = sorted((each for each in found if not is_elsewhere(each, found[each])), key=turn)
    assert len(mine) >= 20
    for command in mine:
        line = spelled_out(command, scenario, agent, pod)
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line], cwd=directory, env=environment, capture_output=True, text=True, timeout=120
        )
        allowed = next((codes for start, codes in EXIT_CODES.items() if command.startswith(start)), {0})
        # What looks for something that is not said yet finds nothing.
        allowed = allowed | ({1} if "| grep 'drain ended'" in command else set())
        assert ran.returncode in allowed, f"{found[command]}: {line}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        assert not ran.stdout.startswith('{"error"'), f"{found[command]}: {line}: {ran.stdout}"
        if command == "drain-agent cancel":
            assert agent.last_state()["outcome"] == "cancelled"
    assert agent.exit_code() == 5
