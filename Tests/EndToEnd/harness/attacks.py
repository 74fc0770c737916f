"""Clients that mean harm. They come from 127.0.0.2 and its neighbours: limits by address tell them from scrapers."""

import http.client
import os
import re
import resource
import socket
import threading
import time

from .until import PATIENCE, until

# A scrape that takes longer is lost to Prometheus; so is the kubelet's patience by then.
SCRAPE_TIMEOUT = 10
HOSTILE = "127.0.0.2"


def allow_descriptors(count):
    """Gives how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return allowed


def connect(agent, source=HOSTILE, receive_buffer=None):
    host, port = agent.address.rsplit(":", 1)
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.bind((source, 0))
    client.settimeout(PATIENCE)
    client.connect((host, int(port)))
    return client


def send_what_fits(client, data):
    """Without waiting; whether the connection still is one."""
    client.setblocking(False)
    try:
        client.send(data)
    except BlockingIOError:
        pass
    except OSError:
        return False
    return True


def is_cut_off(client):
    """Whether the other side has ended it; what it has sent is thrown away."""
    client.setblocking(False)
    try:
        while client.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def answer_to(client, data, is_whole=None):
    """Sends it, and gives what comes back until that is whole: by default, until there is a status."""
    client.settimeout(1)
    answer, is_whole = b"", is_whole or (lambda answer: status_of(answer) != "closed")
    try:
        client.sendall(data)
    except OSError:
        pass  # cut off in the middle: what was answered is read all the same
    try:
        while not is_whole(answer) and (more := client.recv(1 << 16)):
            answer += more
    except TimeoutError:
        pass  # it waits for more, which never comes
    except OSError:
        pass
    client.close()
    return answer


def status_of(answer):
    """Its first final status; `closed` where there is none."""
    codes = [code for code in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answer, re.MULTILINE) if code != b"100"]
    return int(codes[0]) if codes else "closed"


class Onlooker:
    """Scrapes and probes from 127.0.0.1 all the time, and watches what the agent uses."""

    def __init__(self, agent):
        self._agent = agent
        self._problems = []
        self._is_over = threading.Event()
        self.rounds = 0
        self.slowest = 0
        self.memory, self.descriptors = 0, 0  # KiB of its own; at most

    def __enter__(self):
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()

    def sees(self, rounds):
        """Waits for so many rounds more."""
        wanted = self.rounds + rounds
        until(f"{rounds} rounds of scrapes under attack", lambda: self._problems or self.rounds >= wanted)

    def check(self):
        assert not self._problems, f"{self._problems[:3]}; the log is in {self._agent.logs}"
        assert self.memory < 96 << 10, f"{self.memory} KiB of memory"
        assert self.descriptors < 800, f"{self.descriptors} descriptors"

    def __str__(self):
        return (
            f"{self.rounds} scrapes and as many probes answered, the slowest within {self.slowest:.1f} s; "
            f"at most {self.memory >> 10} MiB of memory of its own, {self.descriptors} descriptors"
        )

    def _look(self):
        while not self._is_over.is_set():
            for path in ["/metrics", "/livez"]:
                began = time.monotonic()
                try:
                    status, _ = self._agent.request("GET", path, token=None, timeout=SCRAPE_TIMEOUT)
                    if status != 200:
                        self._problems.append(f"{path}: {status}")
                except (OSError, http.client.HTTPException) as error:
                    self._problems.append(f"{path}: {error!r}")
                self.slowest = max(self.slowest, time.monotonic() - began)
            self._measure()
            self.rounds += 1
            self._is_over.wait(0.1)

    def _measure(self):
        with open(f"/proc/{self._agent.pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        self.memory = max(self.memory, int(lines["RssAnon"].split()[0]))
        self.descriptors = max(self.descriptors, len(os.listdir(f"/proc/{self._agent.pid}/fd")))
