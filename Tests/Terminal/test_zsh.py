"""The completion in zsh, which completes at a terminal only."""

from harness.until import until
from tmux import Tmux


def test_it_loads_and_completes(share, search_path, tmp_path):
    with Tmux(tmp_path, ["zsh", "-f", "-i"], columns=120, rows=50, PATH=search_path) as terminal:
        terminal.type(
            f"PROMPT='ready> '; fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D; clear",
            "Enter")
        until("the prompt", lambda: terminal.screen() == ["ready>"])
        terminal.type("drain-agent dr", "Tab")
        until("drain", lambda: terminal.screen()[0] == "ready> drain-agent drain")
        terminal.type("--time", "Tab")
        until("--timeout", lambda: terminal.screen()[0] == "ready> drain-agent drain --timeout")
        terminal.type("C-u", "drain-agent ", "Tab", "Tab")
        until("the commands", lambda: "trigger" in terminal.text())
        text = terminal.text()
        for command in ("cancel", "demo", "plan", "prestop", "report", "run", "status"):
            assert command in text
        assert "not found" not in text and "error" not in text
