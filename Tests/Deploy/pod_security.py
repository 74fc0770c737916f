"""The Pod Security Standards: what keeps a pod from a level.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
ADDABLE = {"NET_BIND_SERVICE"}


def restricted(spec):
    """Names of the controls of the level restricted, those of baseline among them, that the pod's spec violates."""
    violated = {name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)}
    for volume in spec.get("volumes", []):
        violated |= {kind for kind in volume if kind != "name" and kind not in RESTRICTED_VOLUMES}
    for container in spec["containers"] + spec.get("initContainers", []):
        violated |= of_container(container, spec.get("securityContext", {}))
    return violated


def of_container(container, pod):
    own = container.get("securityContext", {})
    both = {**pod, **own}
    capabilities = own.get("capabilities", {})
    checks = {
        "privileged": own.get("privileged", False),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
        "runAsNonRoot": both.get("runAsNonRoot") is not True,
        "runAsUser": both.get("runAsUser") == 0,
        "seccompProfile": both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"),
        "capabilities": "ALL" not in capabilities.get("drop", []) or not set(capabilities.get("add", [])) <= ADDABLE,
        "hostPort": any(each.get("hostPort") for each in container.get("ports", [])),
        "procMount": own.get("procMount", "Default") != "Default",
    }
    return {name for name, is_violated in checks.items() if is_violated}
