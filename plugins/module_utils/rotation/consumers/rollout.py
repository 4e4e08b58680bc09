# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What objects in the cluster say, as pure questions: which Secrets a workload reads, whether its rollout is over, and why a
Secret does not follow the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

MARK: Final = "goldenpath.microapps/started-with"
# An integer on a workload: the lower ones restart first. Without one it is 0.
ORDER: Final = "goldenpath.microapps/restart-order"
CSI_DRIVER: Final = "secrets-store.csi.k8s.io"
# What `unfinished` begins with when waiting is of no use.
STUCK: Final = "it does not get on"


def secrets_read(workload: Mapping[str, Any]) -> frozenset[str]:
    """The names of the Secrets that its pods take, as variables or as files."""
    return frozenset(_named(_template(workload).get("spec") or {}))


def takes(workload: Mapping[str, Any]) -> frozenset[str]:
    """The names of all that its pods take: Secrets, and SecretProviderClasses, which read the store whenever a pod starts."""
    return secrets_read(workload) | _classes_mounted(workload)


def _classes_mounted(workload: Mapping[str, Any]) -> frozenset[str]:
    volumes = (_template(workload).get("spec") or {}).get("volumes") or ()
    drivers = [volume["csi"] for volume in volumes if (volume.get("csi") or {}).get("driver") == CSI_DRIVER]
    return frozenset((csi.get("volumeAttributes") or {}).get("secretProviderClass", "") for csi in drivers)


def _template(workload: Mapping[str, Any]) -> Mapping[str, Any]:
    template: Mapping[str, Any] = (workload.get("spec") or {}).get("template") or {}
    return template


def _named(pod: Mapping[str, Any]) -> Iterable[str]:
    for container in [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]:
        for source in container.get("envFrom") or ():
            yield (source.get("secretRef") or {}).get("name", "")
        for variable in container.get("env") or ():
            yield ((variable.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name", "")
    for volume in pod.get("volumes") or ():
        yield (volume.get("secret") or {}).get("secretName", "")
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield (source.get("secret") or {}).get("name", "")


def has_pods(workload: Mapping[str, Any]) -> bool:
    """Whether it is meant to have any; a DaemonSet has no number."""
    return bool((workload.get("spec") or {}).get("replicas", 1))


def started_with(workload: Mapping[str, Any]) -> str:
    """The mark on its pods' template, '' if it was never restarted by us."""
    annotations = (_template(workload).get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(MARK, ""))


def order_of(workload: Mapping[str, Any]) -> tuple[int, str]:
    """Where it stands in the order of restarts."""
    metadata = workload["metadata"]
    text = str((metadata.get("annotations") or {}).get(ORDER, "0"))
    digits = text.removeprefix("-")
    return (int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0, str(metadata["name"]))


def unfinished(workload: Mapping[str, Any]) -> str:
    """Why its rollout is not over, '' when every pod is of the newest template and available.

    The controller must have seen the newest generation: an older status tells of the former template (kubectl's own
    `rollout status` asks the same).
    """
    spec, status = workload.get("spec") or {}, workload.get("status") or {}
    if int(status.get("observedGeneration", 0)) < int(workload["metadata"].get("generation", 0)):
        return "its controller has not seen the change yet"
    conditions = {str(one.get("type")): one for one in status.get("conditions") or ()}
    progressing = conditions.get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return f"{STUCK}: {_message(conditions.get('ReplicaFailure') or progressing)}"
    if workload["kind"] == "DaemonSet":
        wanted = int(status.get("desiredNumberScheduled", 0))
        counts = (status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0), wanted)
    else:
        wanted = int(spec.get("replicas", 1))
        counts = (status.get("updatedReplicas", 0), status.get("availableReplicas", 0), status.get("replicas", 0))
    why = _missing(wanted, *(int(count or 0) for count in counts))
    # A pod that is ending has the former values, and still answers what it was asked.
    ending = int(status.get("terminatingReplicas") or 0)
    if not why:
        return f"pods that are still ending: {ending}" if ending else ""
    failing = conditions.get("ReplicaFailure", {})
    return f"{why}: {_message(failing)}" if failing.get("status") == "True" else why


def _missing(wanted: int, updated: int, available: int, total: int) -> str:
    if updated < wanted:
        return f"{updated} of {wanted} pods are of the new template"
    if total > updated:
        return f"{total - updated} pods of the former template are still there"
    return "" if available >= wanted else f"{available} of {wanted} pods are available"


def _message(condition: Mapping[str, Any]) -> str:
    return str(condition.get("message", ""))[:200]


def not_followed(external: Mapping[str, Any] | None) -> str:
    """Why External Secrets did not bring the Secret of one of its objects up to date."""
    if external is None:
        return "its ExternalSecret is not there"
    status = external.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready" and condition.get("status") == "False":
            return f"External Secrets says: {_message(condition)}"
    # Ready tells of the last time that it looked, which may be long ago.
    read = status.get("refreshTime")
    return f"External Secrets read the store {f'at {read} the last time' if read else 'never'}: does its controller run?"
