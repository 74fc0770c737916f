"""What becomes of the scenario's pods, told while they live."""

from .kubernetes import Refusal
from .until import until
from .workloads import SIMULATION

STUCK = "stuck"


def let_stop(scenario, app):
    """Pods that were stuck end now, wherever their deletion stands."""
    for pod in scenario.pods_of(app):
        metadata = {"annotations": {SIMULATION + "stop-after": "0"}}
        try:
            scenario.kubernetes.patch("v1/pods", pod["metadata"]["name"], {"metadata": metadata}, scenario.namespace)
        except Refusal as refusal:
            if refusal.status != 404:
                raise


def wait_for_deletion(scenario, app):
    """Until a pod of that name is terminating; gives it."""

    def terminating():
        return next((pod for pod in scenario.pods_of(app) if "deletionTimestamp" in pod["metadata"]), None)

    return until(f"deletion of a pod of {app}", terminating)


def wait_until_gone(scenario, app):
    until(f"end of the pods of {app}", lambda: not scenario.pods_of(app))


def environment_of(pod):
    """What the downward API tells a container of its pod."""
    metadata = pod["metadata"]
    return {"POD_NAME": metadata["name"], "POD_NAMESPACE": metadata["namespace"], "POD_UID": metadata["uid"]}
