"""The manual page, as man(1) and mandoc(1) read it."""

import subprocess


def test_nothing_to_complain_of(share):
    page = share / "man/man1/drain-agent.1"
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
    assert (lint.stdout, lint.stderr, lint.returncode) == ("", "", 0)


def test_it_says_what_the_program_does(share):
    page = share / "man/man1/drain-agent.1"
    done = subprocess.run(
        ["man", "--warnings", "-l", page], capture_output=True, text=True, check=True, env={"MANWIDTH": "100", "PATH": "/usr/bin:/bin"})
    assert done.stderr == ""
    for words in ("drain-agent - drains", "--delete-emptydir-data", "EXIT STATUS", "kubectl drain-watch", "NO_COLOR"):
        assert words in done.stdout
    assert "\\" not in done.stdout
