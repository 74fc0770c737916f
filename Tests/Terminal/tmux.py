"""A real terminal without a window: Debian's tmux."""

import os
import shlex
import subprocess


class Tmux:
    def __init__(self, directory, command, columns=100, rows=30, **environment):
        self._socket = directory / "tmux.sock"
        variables = {"PATH": os.environ["PATH"], "HOME": str(directory), "LANG": "C.UTF-8"} | environment
        self._environment = variables
        # Of an own configuration: colours are kept, and the window stays when its program has ended.
        conf = directory / "tmux.conf"
        conf.write_text("set -g default-terminal screen-256color\nset -g remain-on-exit on\nset -g status off\n")
        self._call("-f", str(conf), "new-session", "-d", "-x", str(columns), "-y", str(rows), shlex.join(map(str, command)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._call("kill-server")

    def _call(self, *arguments):
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], env=self._environment, capture_output=True, text=True, check=True,
            timeout=30)
        return done.stdout

    def type(self, *keys):
        """Names of keys, or text."""
        self._call("send-keys", "--", *keys)

    def resize(self, columns, rows):
        self._call("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self, history=False, colors=False):
        """What stands there, line by line; history: with what has scrolled away, lines whole that the window has broken."""
        arguments = (["-J", "-S", "-"] if history else []) + (["-e"] if colors else [])
        lines = self._call("capture-pane", "-p", *arguments).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        return lines

    def text(self, **more):
        return "\n".join(self.screen(**more))

    def ask(self, question):
        """One of tmux's variables about the pane, e.g. cursor_flag."""
        return self._call("display-message", "-p", f"#{{{question}}}").strip()
