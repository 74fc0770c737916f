"""Waiting for a condition: the only way in which a scenario waits."""

import time

PATIENCE = 60  # seconds: far more than anything takes; a slow machine must not fail a scenario


def until(what, condition, within=PATIENCE):
    """Gives the first true value of condition(), asked for again and again; `what` says what was waited for in vain."""
    deadline = time.monotonic() + within
    pause = 0.02
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
