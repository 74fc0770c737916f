"""What needs no workload: the start, a scrape, and how large the program is."""

import http.client
import re
import shutil
import socket
import statistics
import subprocess
import time

from .machine import ROOT

STARTS = 20
SCRAPES = 3  # runs of each, in turn
IMAGE = ROOT / ".build/image/drain-agent.tar"
SCRAPE = ROOT / "Tests/Golden/worst-case.prom"
LINES = re.compile(r"(.+?)\s+([\d.]+) µs")


def measure_once(bench):
    starts = [start(bench) for _ in range(STARTS + 3)][3:]
    bench.say(f"start to first answered scrape: {statistics.median(starts):.1f} ms")
    ours = [bench.binary.parent / "bench-scrape", SCRAPE, "1000"]
    python = [bench.python, "-B", ROOT / "Tests/Benchmarks/python_client.py", SCRAPE]
    scrapes = [(costs(ours), costs(python)) for _ in range(SCRAPES)]
    figures = {
        "start_ms": starts, "binary_bytes": stripped(bench.binary, bench.directory), "image_bytes": IMAGE.stat().st_size,
        "scrape_us": least(ours for ours, _ in scrapes), "python_scrape_us": least(python for _, python in scrapes),
    }
    bench.say(str({name: value for name, value in figures.items() if name != "start_ms"}))
    return figures


def start(bench):
    """Milliseconds from the process's start, as a sidecar, until a scrape is answered: tried again and again."""
    port = free_port()
    call = [bench.binary, "run", "--node", "nobody", "--listen", f"127.0.0.1:{port}", "--spans", ""]
    call += ["--kubeconfig", bench.stage.admin_kubeconfig, "--control-socket", bench.directory / "start.sock"]
    began = time.monotonic()
    process = subprocess.Popen(
        list(map(str, call)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=bench.environment, start_new_session=True,
    )
    try:
        while not is_answered(port):
            assert process.poll() is None, f"the agent ended with {process.returncode}"
            assert time.monotonic() < began + 30, "no scrape was answered"
            time.sleep(0.0005)
        return round((time.monotonic() - began) * 1000, 2)
    finally:
        process.kill()
        process.wait()


def is_answered(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        return response.status == 200 and b"drain_" in response.read()
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def stripped(binary, directory):
    copy = directory / "stripped"
    shutil.copy(binary, copy)
    subprocess.run(["strip", copy], check=True)
    return copy.stat().st_size


def least(runs):
    """By line: what disturbs a run only adds to its CPU time."""
    runs = list(runs)
    return {name: min(each[name] for each in runs) for name in runs[0]}


def costs(call):
    """Microseconds by the name of the line."""
    said = subprocess.run(list(map(str, call)), capture_output=True, text=True, check=True).stdout
    return {found[1].strip(): float(found[2]) for line in said.splitlines() if (found := LINES.match(line))}
