#!/usr/bin/env python3
"""Simulated kubelets: they register nodes with a real API server and do to pods what a kubelet would report.

    kubelets.py --dir DIR --nodes node-a,node-b [--ready-after 1.0] [--stop-after 0.5]

DIR is what `control-plane.sh start` made. A pod bound to one of the nodes is Running and Ready after --ready-after
seconds; one that is being deleted is gone --stop-after seconds later, and at the end of its grace period at the
latest. Annotations of the pod say otherwise, and may change while the pod lives:

    sim.drain-agent.dev/ready-after      seconds: Running at once, Ready then
                                         never: Running, not Ready      pending: not even Running
    sim.drain-agent.dev/stop-after       seconds      never: it takes its whole grace period
                                         stuck: the node never finishes it, not even then
    sim.drain-agent.dev/complete-after   seconds from Running to Succeeded
    sim.drain-agent.dev/fail-after       seconds from Running to Failed

"ready" on standard output says that every node is registered and watched. SIGTERM and SIGINT end it; the nodes stay.
A node that somebody deletes is not registered again, as with a real kubelet that keeps running, but its pods are
still looked after. An API server that is away is waited for.
"""

import argparse
import os
import signal
import sys
import threading

# Run from wherever, and leaving no compiled files in the source tree.
sys.dont_write_bytecode = True

from kubelet.api import log
from kubelet.nodes import run_node
from kubelet.pods import Pods
from kubelet.schedule import Schedule
from kubelet.watch import PodWatch


def start_kubelets(arguments):
    """Returns when every node is registered and its pods are listed."""
    schedule = Schedule(arguments.dir)
    schedule.start()
    pods = Pods(schedule, arguments.ready_after, arguments.stop_after)
    ready = []
    for node in arguments.nodes:
        registered, watch = threading.Event(), PodWatch(arguments.dir, pods)
        threading.Thread(target=run_node, args=(arguments.dir, node, registered), daemon=True).start()
        threading.Thread(target=watch.run, args=(node,), daemon=True).start()
        ready += [registered, watch.listed]
    for event in ready:
        event.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", required=True, help="what control-plane.sh start made")
    parser.add_argument("--nodes", required=True, type=lambda text: [each for each in text.split(",") if each])
    parser.add_argument("--ready-after", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--stop-after", type=float, default=0.5, metavar="SECONDS")
    arguments = parser.parse_args()
    # Blocked before any thread starts, so that all inherit it and sigwait below gets the signal.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)

    def start():
        start_kubelets(arguments)
        print("ready", flush=True)

    threading.Thread(target=start, daemon=True).start()
    signal.sigwait(ending)
    log("ending")
    # The threads sit in reads without an end; nothing of theirs needs tidying.
    os._exit(0)


if __name__ == "__main__":
    main()
