"""Processes that never outlive the one that started them."""

import ctypes
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def start(arguments, **options):
    """Popen in a session of its own, so that a Ctrl-C is ours alone; SIGKILL follows when we die without an end."""
    parent = os.getpid()

    def die_with_parent():
        os.setsid()
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, **options)


def end(process, patience=5):
    """SIGTERM, then SIGKILL; nothing when it has ended."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
