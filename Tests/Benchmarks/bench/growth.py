"""How time, memory and requests grow: with the pods on the node, and with those in the cluster."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness import workloads
from harness.corner import Corner
from harness.kubernetes import is_ready
from harness.until import until

from .contestants import contestants
from .measuring import measure
from .workloads import CUT_OFF, LIMIT, OURS

HANDS = 4
PODS = 100  # on the node, while the cluster grows
PATIENCE = 300


@dataclass(frozen=True)
class Growth:
    name: str
    says: str
    sizes: tuple
    rounds: tuple  # of each size
    seconds: int  # about
    is_of_cluster: bool = False


# The cluster's last, whose other pods stay until the control plane goes.
GROWTHS = (
    Growth("pods-on-node", "Pods without owners (--force), on one node.", (10, 100, 1000, 5000), (3, 3, 3, 3), 540),
    Growth(
        "pods-in-cluster", f"{PODS} such pods on the node, and others on a node that nobody drains.",
        (1000, 10000, 50000), (3, 3, 3), 600, is_of_cluster=True,
    ),
)


def grow(bench, growth):
    corner = Corner(bench.stage, f"bench-{growth.name}")
    corner.begin()
    runs, others = [], 0
    for size, rounds in zip(growth.sizes, growth.rounds):
        if growth.is_of_cluster:
            add_others(corner, others, size - PODS)
            others = size - PODS
        everybody = contestants(bench.binary, bench.kubectl, "--force", *bench.options)
        for number in range(rounds):
            for name in (LIMIT, OURS) if number % 2 == 0 else (OURS, LIMIT):
                settle(corner, PODS if growth.is_of_cluster else size)
                log = bench.directory / f"{name}.log"
                figures = measure(
                    bench.stage, everybody[name], corner.node, bench.stage.control_plane, bench.environment, log, CUT_OFF
                )
                runs.append({"size": size, "round": number + 1, **figures})
                bench.say(f"{growth.name} {size} {number + 1}/{rounds}", figures)
    if not growth.is_of_cluster:
        corner.clear()
    return runs


def settle(corner, count):
    """So many running pods, and nothing of the drain before."""
    corner.set_unschedulable(corner.node, False)
    notes = corner.kubernetes.get("v1/nodes", corner.node)["metadata"].get("annotations", {})
    annotations = {name: None for name in notes if "drain-agent.dev/" in name}
    corner.kubernetes.patch("v1/nodes", corner.node, {"metadata": {"annotations": annotations}})
    template = corner.template("many", ready_after=0, stop_after=1)
    make(corner, range(count), lambda number: workloads.bare_pod(f"pod-{number:04}", template, corner.node))
    until(
        f"{count} ready pods",
        lambda: sum(map(is_ready, corner.kubernetes.pods_on(corner.node))) == count,
        PATIENCE,
    )


def add_others(corner, have, count):
    """Pods of a node without a kubelet: they are there, and nothing happens to them."""
    node = f"{corner.name}-elsewhere"
    if not corner.kubernetes.find("v1/nodes", node):
        corner.kubernetes.create("v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}})
    template = corner.template("other")
    make(corner, range(have, count), lambda number: workloads.bare_pod(f"other-{number:05}", template, node))


def make(corner, numbers, pod):
    with ThreadPoolExecutor(HANDS) as hands:
        try:
            create = lambda number: corner.kubernetes.create("v1/pods", pod(number), corner.namespace)
            for _ in hands.map(create, numbers):
                pass
        except BaseException:  # a Ctrl-C, too, would wait for all that are still to be made
            hands.shutdown(cancel_futures=True)
            raise
