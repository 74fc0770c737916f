"""The live view on a real terminal: in place, through every change of size, and nothing left behind."""

import os
import re
import signal
from pathlib import Path

import pytest
from harness.until import until
from tmux import Tmux

HEAD = re.compile(r"^node/node-a draining")


@pytest.fixture
def terminal(binary, tmp_path):
    # A shell around it: what the program leaves behind is what the shell goes on with.
    script = 'trap : INT; "$0" demo --listen 127.0.0.1:0 --directory "$1"; echo "ended with $?"; exec sleep infinity'
    with Tmux(tmp_path, ["bash", "-c", script, binary, tmp_path]) as terminal:
        yield terminal


def send(terminal, number):
    shell = terminal.ask("pane_pid")
    os.kill(int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0]), number)


def heads(terminal):
    return [line for line in terminal.screen(history=True) if HEAD.match(line)]


def wait_for(terminal, text):
    until(f"“{text}” on the terminal", lambda: text in terminal.text(history=True))


def test_one_block_below_the_lines(terminal):
    wait_for(terminal, "budget shop/payments can never allow")
    wait_for(terminal, "3s")
    assert len(heads(terminal)) == 1
    screen = terminal.screen()
    place = next(i for i, line in enumerate(screen) if HEAD.match(line))
    assert "● " in screen[place - 1]
    assert set(screen[place + 1]) == {"█"}
    assert re.search(r"■ gone \d+ .*■ blocked \d", screen[place + 2])
    assert terminal.ask("cursor_flag") == "1"
    assert terminal.ask("cursor_x") == "0"


def test_through_changes_of_size(terminal):
    wait_for(terminal, "budget shop/payments can never allow")
    for columns, rows in [(60, 20), (120, 40), (40, 10), (25, 6), (10, 3), (100, 2), (90, 30)]:
        terminal.resize(columns, rows)
        # Drawn anew, and not only broken by the terminal: the head is as much of it as fits.
        until(
            f"the head in {columns} columns",
            lambda: any(line.startswith("node/nod") and len(line) < columns for line in terminal.screen()))
    until("the end", lambda: "node/node-a drained in" in terminal.text(history=True))
    lines = terminal.screen(history=True)
    end = next(i for i, line in enumerate(lines) if line.startswith("NAMESPACE"))
    assert not any(HEAD.match(line) for line in lines[end:])
    # What has scrolled away is all there: each pod that went has its line.
    text = terminal.text(history=True)
    assert len(set(re.findall(r"pod (\S+) is gone", text))) >= 14


def test_the_block_is_gone_at_the_end_and_the_lines_stay(terminal):
    wait_for(terminal, "ended with 0")
    text = terminal.text(history=True)
    assert not heads(terminal) and "█" not in text and "■" not in text
    assert len(re.findall(r"pod \S+ is gone", text)) == 16
    assert terminal.ask("cursor_flag") == "1"


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGHUP])
def test_ended_early(terminal, number):
    wait_for(terminal, "budget shop/payments can never allow")
    send(terminal, number) if number else terminal.type("C-c")
    wait_for(terminal, "ended with 5")
    assert "node/node-a drain cancelled" in terminal.text(history=True)
    assert not heads(terminal) and "█" not in terminal.text(history=True)
    assert terminal.ask("cursor_flag") == "1"


def test_killed_in_the_middle(terminal):
    wait_for(terminal, "budget shop/payments can never allow")
    send(terminal, signal.SIGKILL)
    wait_for(terminal, "ended with 137")
    assert terminal.ask("cursor_flag") == "1"
    # The shell's words stand below the view at the left edge, in no colour.
    assert terminal.screen(colors=True)[-1].removeprefix("\x1b[0m").removeprefix("\x1b[39m").startswith("ended with 137")


def test_stopped_and_continued(binary, tmp_path):
    shell = ["bash", "--norc", "-i"]
    with Tmux(tmp_path, shell, PS1="ready> ") as terminal:
        until("the shell", lambda: "ready>" in terminal.text() or "bash" in terminal.text())
        terminal.type(f"{binary} demo --listen 127.0.0.1:0 --directory {tmp_path}", "Enter")
        wait_for(terminal, "can never allow")
        terminal.type("C-z")
        wait_for(terminal, "Stopped")
        terminal.type("echo we''re-here", "Enter")
        wait_for(terminal, "were-here")
        terminal.type("fg", "Enter")
        wait_for(terminal, "node/node-a drained in")
        lines = terminal.screen(history=True)
        # What the shell wrote meanwhile is not painted over.
        assert any("Stopped" in line for line in lines)
        assert "were-here" in lines
