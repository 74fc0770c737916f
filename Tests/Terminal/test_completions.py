"""The completions in bash and fish, asked as their TAB asks; test_zsh.py has zsh."""

import shutil
import subprocess

import pytest

COMMANDS = {"cancel", "demo", "drain", "plan", "prestop", "report", "run", "status", "trigger"}


def run(command, search_path, home, **more):
    done = subprocess.run(
        command, env={"PATH": search_path, "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8"}, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, **more)
    assert done.stderr == ""
    return done.stdout.split("\n")


def bash(line, share, search_path, home):
    """What bash has found by the words of this line, the last of which is being typed."""
    script = f"""
        source {share}/bash-completion/completions/drain-agent
        COMP_LINE={line!r} COMP_POINT={len(line)} COMP_TYPE=9 COMP_KEY=9
        COMP_WORDS=({' '.join(repr(word) for word in line.split(' '))})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        set -- $(complete -p drain-agent)
        while [ "$1" != -F ]; do shift; done
        "$2" drain-agent "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return {word.strip() for word in run(["bash", "--norc", "-c", script], search_path, home)}


def fish(line, share, search_path, home):
    script = f"source {share}/fish/vendor_completions.d/drain-agent.fish; complete -C {line!r}"
    return {word.split("\t")[0] for word in run(["fish", "--no-config", "-c", script], search_path, home)}


SHELLS = {"bash": bash, "fish": fish}


@pytest.fixture(params=SHELLS)
def complete(request, share, search_path, tmp_path):
    assert shutil.which(request.param), f"no {request.param}: scripts/install test"
    return lambda line: SHELLS[request.param](line, share, search_path, tmp_path)


def test_the_commands(complete):
    assert COMMANDS <= complete("drain-agent ")


def test_a_command_by_its_first_letters(complete):
    found = complete("drain-agent dr") - {""}
    assert found == {"drain"}


def test_flags(complete):
    found = complete("drain-agent drain --time") - {""}
    assert {"--timeout"} == found


def test_the_values_of_a_flag(complete):
    assert {"none", "client", "server"} <= complete("drain-agent drain --dry-run ")


def test_nodes_by_kubectl(complete, kubeconfig, monkeypatch, tmp_path):
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(kubeconfig.read_text())
    assert {"node-a", "node-b", "node-c"} <= complete("drain-agent drain ")
    assert {"node-a", "node-b", "node-c"} <= complete("drain-agent plan node-")
