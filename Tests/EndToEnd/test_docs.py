"""Each command of the docs and the runbooks is run here, on a node whose drain a budget blocks, or it is said where it is."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.agent import binary
from harness.manifests import is_old
from harness.served import TOKEN
from harness.stage import REPOSITORY

# Of Tests/Deploy, whose place harness.manifests knows.
import overlays  # noqa: E402 isort:skip

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
    "kubectl drain NODE": "test_speed.py, beside our own drains",
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


def installs(command, page):
    """Of docs/install.md and README's overlays, in their order: the last test runs them."""
    return page == "docs/install.md" or (page == "README.md" and re.search(r"kubectl .*(\bshop\b| -k )", command))


def is_elsewhere(command, page):
    return page in ELSEWHERE or any(command.startswith(each) for each in ELSEWHERE)


def turn(command):
    return next((index + 1 for index, each in enumerate(CHANGES) if each in command), 0)


def shell(scenario, agent, directory):
    """An environment in which the docs' words are the scenario's things."""
    tools = directory / "bin"
    tools.mkdir(parents=True)
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


def run(line, directory, environment):
    call = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(call, cwd=directory, env=environment, capture_output=True, text=True, timeout=120)


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
    found = {command: page for command, page in commands().items() if not installs(command, page)}
    mine = sorted((each for each in found if not is_elsewhere(each, found[each])), key=turn)
    assert len(mine) >= 20
    for command in mine:
        line = spelled_out(command, scenario, agent, pod)
        ran = run(line, directory, environment)
        allowed = next((codes for start, codes in EXIT_CODES.items() if command.startswith(start)), {0})
        # What looks for something that is not said yet finds nothing.
        allowed = allowed | ({1} if "| grep 'drain ended'" in command else set())
        assert ran.returncode in allowed, f"{found[command]}: {line}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        assert not ran.stdout.startswith('{"error"'), f"{found[command]}: {line}: {ran.stdout}"
        if command == "drain-agent cancel":
            assert agent.last_state()["outcome"] == "cancelled"
    assert agent.exit_code() == 5


def checkout(scenario, shop):
    """The overlays that the pages show, about the scenario's things."""
    directory = scenario.directory / "checkout"
    directory.mkdir()
    for path in overlays.write(directory).glob("my-*/*.yaml"):
        text = path.read_text().replace("shop", shop)
        # As the page says.
        path.write_text(text.replace("sidecar/native", "sidecar/plain") if is_old(scenario.stage) else text)
    return directory


def take_away(scenario, shop):
    """What stays after the commands: a `delete -k` would take away what the other scenarios run with."""
    for each in (
        ["-n", "kube-system", "daemonset,networkpolicy", "drain-agent"],
        ["-n", "kube-system", "job", f"drain-{scenario.node}"],
        ["namespace", shop],
        ["clusterrolebinding", f"drain-agent-{shop}"],
    ):
        scenario.stage.kubectl("delete", "--ignore-not-found", "--wait=false", *each)


@pytest.mark.alone  # what is installed comes to every node
def test_the_installation_goes_as_its_page_says(scenario):
    shop = f"{scenario.name}-shop"
    scenario.at_the_end(lambda: take_away(scenario, shop))
    # Simulated nodes say nothing of their system.
    for node in (scenario.node, scenario.spare):
        scenario.kubernetes.patch("v1/nodes", node, {"metadata": {"labels": {"kubernetes.io/os": "linux"}}})
    scenario.open_spare()
    directory = checkout(scenario, shop)
    ran = []
    for command, page in commands().items():
        if not installs(command, page) or is_elsewhere(command, page):
            continue
        # One that drains, and is gone afterwards.
        if not ran or agent.has_ended:
            scenario.set_unschedulable(scenario.node, False)
            agent = scenario.sidecar()
            environment = shell(scenario, agent, directory / f"shell/{len(ran)}")
        words = {"worker-3": scenario.node, "shop": shop, "/run/drain-agent/control.sock": str(agent.control_socket)}
        line = re.sub("|".join(map(re.escape, words)), lambda match: words[match[0]], command)
        # The scenarios have this role and this account.
        line = line.replace("kubectl delete -k", "kubectl delete --dry-run=server -k")
        agent.before = scenario.kubernetes.pods_on(scenario.node)
        done = run(line, directory, environment)
        assert done.returncode == 0, f"{page}: {line}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert not done.stdout.startswith('{"error"'), f"{page}: {line}: {done.stdout}"
        if " -o name" in command:
            assert re.fullmatch(r"pod/drain-agent-\w+\n", done.stdout), f"{line}: {done.stdout}"
        ran.append(command)
        if "trigger --wait" in command or "wait=true" in command:
            assert agent.exit_code() == 0, f"{line}; the log is in {agent.logs}"
    assert len(ran) >= 12, ran
    # A sidecar in each pod of README's workload, and a Job that has begun.
    pods = scenario.kubernetes.list("v1/pods", shop)
    assert pods and all("drain-agent" in [each["name"] for each in pod["spec"]["containers"]] for pod in pods)
    scenario.kubernetes.get("batch/v1/jobs", f"drain-{scenario.node}", "kube-system")
