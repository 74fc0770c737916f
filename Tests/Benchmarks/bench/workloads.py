"""What is drained: pods, budgets, and who drains them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

LIMIT, OURS, KUBECTL, OPERATOR = "limit", "drain-agent", "kubectl", "update operator"
EVERYBODY = (LIMIT, OURS, KUBECTL, OPERATOR)
CUT_OFF = 300  # seconds
STUCK = "stuck"


@dataclass(frozen=True)
class Workload:
    name: str
    says: str
    pods: int
    settle: object = field(repr=False)  # makes the pods in a corner, ready on its node
    contestants: tuple = EVERYBODY
    stuck: int = 0  # pods that never go: the drain counts until all others are gone
    blocked_namespaces: int = 0
    is_noise: bool = False  # pods on another node change meanwhile
    is_counted: bool = False  # bytes received are
    expected: dict = field(default_factory=dict)  # seconds of each contestant, to estimate with

    def seconds_a_round(self):
        """With the time until the pods are ready again."""
        return sum(self.expected[each] + 1.5 + self.pods * 0.02 for each in self.contestants)


def free(pods, stop=1, grace=30):
    return lambda corner: corner.deployment("web", replicas=pods, ready_after=0, stop_after=stop, grace=grace)


def behind_one_budget(corner):
    corner.deployment("web", replicas=20, ready_after=1, stop_after=0.5)
    corner.budget("web", maxUnavailable=1)


def behind_fifty_budgets(corner):
    def settle(number):
        name = f"web-{number:02}"
        corner.deployment(name, replicas=4, ready_after=1, stop_after=0.5)
        corner.budget(name, maxUnavailable=1)

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(settle, range(50)))


def five_stuck(corner):
    """By their names they are spread among the others: who goes by the list does not come upon all of them first."""
    for number in range(1, 6):
        corner.deployment(f"web-{number}", replicas=19, ready_after=0, stop_after=1)
        corner.deployment(f"web-{number}-held", labels={STUCK: "yes"}, ready_after=0, stop_after=1)
    corner.budget("held", {STUCK: "yes"}, maxUnavailable=0)


WORKLOADS = (
    Workload(
        "unprotected-10", "10 pods of a Deployment, no budget; each stops in 1 s.", 10, free(10),
        expected={LIMIT: 1.2, OURS: 1.3, KUBECTL: 3, OPERATOR: 10},
    ),
    Workload(
        "unprotected-100", "100 such pods.", 100, free(100),
        expected={LIMIT: 2, OURS: 2, KUBECTL: 22, OPERATOR: 101},
    ),
    Workload(
        "budget-20", "20 pods behind one budget, maxUnavailable 1; each stops in 0.5 s, and its successor is ready in 1 s.",
        20, behind_one_budget, blocked_namespaces=1,
        expected={LIMIT: 21, OURS: 21, KUBECTL: 73, OPERATOR: 101},
    ),
    Workload(
        "budgets-50x4", "50 budgets, maxUnavailable 1, over 4 such pods each.", 200, behind_fifty_budgets,
        blocked_namespaces=1,
        # The last one is cut off, once in three rounds.
        expected={LIMIT: 15, OURS: 15, KUBECTL: 90, OPERATOR: 100},
    ),
    Workload(
        "stuck-5-of-100", "95 pods without a budget, each stops in 1 s, and among them 5 behind maxUnavailable 0. Nobody "
        "can end here: the time is until the 95 are gone, as a watch of our own sees it, and then each is ended by SIGKILL.",
        100, five_stuck, stuck=5, blocked_namespaces=1,
        expected={LIMIT: 2, OURS: 2, KUBECTL: 20, OPERATOR: 220},
    ),
    Workload(
        "quiet", "As unprotected-100, through a proxy that counts bytes.", 100, free(100), (LIMIT, OURS, KUBECTL),
        is_counted=True, expected={LIMIT: 2, OURS: 2, KUBECTL: 22},
    ),
    Workload(
        "noise", "The same, while the status of pods on another node is written 50 times a second.", 100, free(100),
        (LIMIT, OURS, KUBECTL), is_noise=True, is_counted=True, expected={LIMIT: 2, OURS: 2, KUBECTL: 22},
    ),
    Workload(
        "unprotected-1000", "1,000 pods of a Deployment, no budget; each stops in 1 s.", 1000, free(1000), (LIMIT, OURS),
        expected={LIMIT: 12, OURS: 12},
    ),
    Workload(
        "slow-stop-50", "50 pods, no budget; each stops in 10 s.", 50, free(50, stop=10), (LIMIT, OURS),
        expected={LIMIT: 11, OURS: 11},
    ),
)
