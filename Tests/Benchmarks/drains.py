#!/usr/bin/env python3
"""Measures drains beside their peers, for `make bench`; docs/benchmarks.md says what and why.

    drains.py --binary FILE [--workload NAME,…] [--rounds N] [--options "…"]

The raw figures go to .build/bench/WORKLOAD.json. When all there are of this machine and commit, the page is written.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Tests/EndToEnd"))

from bench import machine  # noqa: E402
from bench.contestants import contestants, find_kubectl, redirected  # noqa: E402
from bench.growth import GROWTHS, grow  # noqa: E402
from bench.measuring import measure  # noqa: E402
from bench.noise import Noise  # noqa: E402
from bench.once import measure_once  # noqa: E402
from bench.page import write_page  # noqa: E402
from bench.workloads import CUT_OFF, STUCK, WORKLOADS  # noqa: E402
from harness.corner import Corner  # noqa: E402
from harness.ground import Ground  # noqa: E402
from harness.stage import Run  # noqa: E402
from harness.until import until  # noqa: E402
from harness.wire import Wire  # noqa: E402

RESULTS = ROOT / ".build/bench"
ONCE = "once"


class Bench:
    def __init__(self, stage, binary, kubectl, described):
        self.stage, self.binary, self.kubectl, self.described = stage, binary, kubectl, described
        self.options = described["options"].split()
        self.directory = stage.directory / "bench"
        self.directory.mkdir()
        self.python = sys.executable
        self._left = 0
        # No proxy of the machine's, no configuration of the person's.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}

    def run(self, workloads, growths, has_once, rounds):
        self._left = sum(rounds * each.seconds_a_round() + 10 for each in workloads)
        self._left += sum(each.seconds for each in growths) + (60 if has_once else 0)
        self.say(f"{len(workloads) + len(growths) + has_once} parts, {rounds} rounds: about {self._left / 60:.0f} minutes")
        if has_once:
            self.keep(ONCE, figures=measure_once(self))
            self.is_done(60)
        for each in workloads:
            self.keep(each.name, runs=self.rounds_of(each, rounds), rounds=rounds)
        for each in growths:
            self.keep(each.name, runs=grow(self, each))
            self.is_done(each.seconds)

    def say(self, text, run=None):
        print(time.strftime("%H:%M:%S"), text, told(run) if run else "", flush=True)

    def is_done(self, expected):
        self._left -= expected
        self.say(f"about {max(0, self._left) / 60:.0f} minutes are left")

    def keep(self, name, **figures):
        RESULTS.mkdir(parents=True, exist_ok=True)
        content = {"machine": self.described, "date": machine.today(), "workload": name, **figures}
        (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")

    def rounds_of(self, workload, rounds):
        """Every contestant in turn, each round begun by another one. Who was cut off once is not asked again."""
        corner = Corner(self.stage, f"bench-{workload.name}")
        runs, cut_off = [], set()
        try:
            corner.begin()
            workload.settle(corner)
            ground = Ground(corner, workload.pods)
            noise = Noise(corner) if workload.is_noise else None
            if noise:
                noise.settle()
            everybody = contestants(self.binary, self.kubectl, *self.options)
            for number in range(rounds):
                first = number % len(workload.contestants)
                for name in workload.contestants[first:] + workload.contestants[:first]:
                    if name not in cut_off:
                        ground.make_ready()
                        run = self.drain(corner, workload, everybody[name], noise)
                        runs.append({"round": number + 1, **run})
                        self.say(f"{workload.name} {number + 1}/{rounds}", run)
                        ground.turn_round()
                        cut_off |= {name} if run["cut_off"] else set()
                self.is_done(workload.seconds_a_round())
        finally:
            clear(corner)
        return runs

    def drain(self, corner, workload, contestant, noise):
        if not workload.is_counted:
            return self.measure(contestant, corner.node, self.stage.control_plane, workload)
        with Wire(corner) as wire:
            through = redirected(self.stage.control_plane, self.directory / f"through-{wire.port}", wire.port)
            if noise:
                noise.begin()
            try:
                figures = self.measure(contestant, corner.node, through, workload)
            finally:
                written = noise.end() if noise else None
            if noise:
                figures["noise"] = round(written, 1)
            return {**figures, "received": wire.carried}

    def measure(self, contestant, node, through, workload):
        log = self.directory / f"{contestant.name}.log"
        label = STUCK if workload.stuck else None
        return measure(self.stage, contestant, node, through, self.environment, log, CUT_OFF, label)


def clear(corner):
    """Until all is gone: what is left behind would be work for the server while the next ones are measured."""
    kubernetes = corner.kubernetes
    for name in corner.namespaces:
        kubernetes.request("DELETE", f"/apis/apps/v1/namespaces/{name}/deployments?propagationPolicy=Background")
        pods = f"/api/v1/namespaces/{name}/pods?limit=200"
        # All at once would take longer than any request may.
        while kubernetes.request("GET", pods)["items"]:
            kubernetes.request("DELETE", f"{pods}&gracePeriodSeconds=0")
    corner.clear()
    for name in corner.namespaces:
        until(f"end of namespace {name}", lambda: not kubernetes.find("v1/namespaces", name), 300)


def told(run):
    seconds = f"cut off at {CUT_OFF} s, {run['left']} left" if run["cut_off"] else f"{run['seconds']:.2f} s"
    sent = run["requests"].get("create pods/eviction", 0)
    return (
        f"{run['contestant']}: {seconds}, {sent} evictions, {sum(run['requests'].values()) - sent} other requests, "
        f"CPU {run['cpu']:.2f} s, of the server {run['server_cpu']:.2f} s, {run['rss_kib'] / 1024:.1f} MiB, "
        f"anonymous {run['anon_kib'] / 1024:.1f}"
    )


def chosen(names):
    known = {each.name: each for each in (*WORKLOADS, *GROWTHS)} | {ONCE: None}
    for name in names:
        if name not in known:
            sys.exit(f"there is no workload {name!r}; there are {', '.join(known)}")
    return [each for each in WORKLOADS if not names or each.name in names], [
        each for each in GROWTHS if not names or each.name in names
    ], not names or ONCE in names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=Path, help="the release build of drain-agent")
    parser.add_argument("--workload", default="", help="names, with commas; all")
    parser.add_argument("--rounds", default=3, type=int, choices=range(1, 101), metavar="N")
    parser.add_argument("--options", default="", help="more of drain-agent's, to compare; not for the page")
    arguments = parser.parse_args()
    workloads, growths, has_once = chosen([each for each in arguments.workload.split(",") if each])
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    kubectl = find_kubectl()
    run = Run()
    try:
        stage = run.start_control_plane()
        described = machine.describe(kubectl, Path((stage.control_plane / "programs").read_text().strip()))
        described["options"] = arguments.options
        Bench(stage, arguments.binary.resolve(), kubectl, described).run(
            workloads, growths, has_once, arguments.rounds
        )
    finally:
        run.end()
    write_page(RESULTS, described)


if __name__ == "__main__":
    main()
