# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fence around an app, as objects. Pure: catalog entry, profile and verdict in, manifests out.

Built as data and never as text: a description with a line break in a manifest template once switched Pod Security off. Labels
hold identifiers only; what people wrote stands in annotations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..app import App
from ..controls import Path as Road
from ..profile import Profile
from ..verdict import Verdict
from .objects import MANAGER, Wanted
from .tenancy_controls import ACCESS, BOUNDS, DENY, NAMED_TRAFFIC, OWNERSHIP, POD_SECURITY
from .traffic import policies

NAME: Final = "goldenpath"
_OURS: Final = "goldenpath.microapps"
# (key, value, control)
Labels = tuple[tuple[str, str, str], ...]
_POD_SECURITY: Final = "pod-security.kubernetes.io"
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
# What one app has of small objects; whoever needs more has a reason and changes it here.
_COUNTS: Final = {
    "configmaps": "20",
    "secrets": "20",
    "services": "5",
    "services.loadbalancers": "0",
    "services.nodeports": "0",
    "persistentvolumeclaims": "4",
    "count/deployments.apps": "5",
    "count/jobs.batch": "20",
    "count/cronjobs.batch": "5",
}
_STORAGE_GIB: Final = 10
# How many times the size in the catalog one container may be.
LARGEST: Final = 4
# A rolling update runs old and new side by side, and somebody may want to look with a pod beside them.
_FEWEST_PODS: Final = 4


def tenancy_objects(app: App, profile: Profile, verdict: Verdict, opt_in: Labels = ()) -> tuple[Wanted, ...]:
    """Everything that fences the app in, the namespace first.

    `opt_in` are labels by which an admission controller knows which namespaces ask it, and the control that asks for them.
    """
    return (
        _namespace(app, profile, verdict, opt_in),
        _quota(app, profile),
        _limits(app),
        *_traffic(app, profile),
        _default_account(app),
        *_access(app, verdict),
    )


def label_of(text: str) -> str:
    """Text as a label's value: itself where it is one, else what is left of it."""
    if _LABEL.fullmatch(text):
        return text
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:63].strip("-._") or "none"


def _labels(app: App) -> dict[str, str]:
    return {"app.kubernetes.io/name": app.name, "app.kubernetes.io/managed-by": MANAGER}


def _object(app: App, api_version: str, kind: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": app.namespace, "labels": _labels(app)}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def _namespace(app: App, profile: Profile, verdict: Verdict, opt_in: Labels) -> Wanted:
    labels = {
        **_labels(app),
        **{key: value for key, value, _control in opt_in},
        f"{_OURS}/app": app.name,
        f"{_OURS}/environment": app.environment,
        f"{_OURS}/owner": label_of(app.owner.team),
        f"{_OURS}/cost-center": label_of(app.cost_center),
        f"{_OURS}/data": str(app.data),
        f"{_OURS}/exposure": str(app.exposure),
        f"{_OURS}/path": str(verdict.path),
    }
    for mode in ("enforce", "audit", "warn"):
        labels[f"{_POD_SECURITY}/{mode}"] = "restricted"
        labels[f"{_POD_SECURITY}/{mode}-version"] = profile.tenancy.pod_security_version
    annotations = {
        f"{_OURS}/title": app.title,
        f"{_OURS}/description": app.description,
        f"{_OURS}/owner-name": app.owner.name,
        f"{_OURS}/owner-email": app.owner.email,
        f"{_OURS}/maintainer-email": app.maintainer.email,
        f"{_OURS}/cost-center": app.cost_center,
        f"{_OURS}/monthly-cost": f"{app.monthly_cost} {app.currency}",
        f"{_OURS}/repository": app.repository.url,
    }
    metadata = {"name": app.namespace, "labels": labels, "annotations": annotations}
    fenced = ("metadata", "labels", f"{_POD_SECURITY}/*")
    return Wanted(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata},
        controls=(POD_SECURITY, OWNERSHIP, *dict.fromkeys(control for _key, _value, control in opt_in)),
        fields=(
            (("metadata",), OWNERSHIP),
            (fenced, POD_SECURITY),
            *((("metadata", "labels", key), control) for key, _value, control in opt_in),
        ),
        exclusive=(fenced,),
    )


def _cpu(millicores: int) -> str:
    return f"{millicores}m" if millicores % 1000 else str(millicores // 1000)


def _memory(mebibytes: int) -> str:
    return f"{mebibytes}Mi" if mebibytes % 1024 else f"{mebibytes // 1024}Gi"


def most_pods(app: App, profile: Profile) -> int:
    """How many pods of the app's own size its namespace may hold."""
    return max(app.workload.replicas * profile.tenancy.quota_factor, _FEWEST_PODS)


def _quota(app: App, profile: Profile) -> Wanted:
    size, pods = app.workload, most_pods(app, profile)
    hard = {
        "pods": str(pods),
        "requests.cpu": _cpu(size.cpu_millicores * pods),
        "requests.memory": _memory(size.memory_mib * pods),
        "limits.cpu": _cpu(2 * size.cpu_millicores * pods),
        "limits.memory": _memory(size.memory_mib * pods),
        "requests.storage": f"{_STORAGE_GIB}Gi",
        **_COUNTS,
    }
    manifest = _object(app, "v1", "ResourceQuota", NAME, {"spec": {"hard": hard}})
    return Wanted(manifest, (BOUNDS,), exclusive=(("spec",),))


def _limits(app: App) -> Wanted:
    # A pod that says nothing gets the size the catalog names; without these a quota refuses it.
    size = app.workload
    container = {
        "type": "Container",
        "defaultRequest": {"cpu": _cpu(size.cpu_millicores), "memory": _memory(size.memory_mib)},
        "default": {"cpu": _cpu(2 * size.cpu_millicores), "memory": _memory(size.memory_mib)},
        "max": {"cpu": _cpu(LARGEST * size.cpu_millicores), "memory": _memory(LARGEST * size.memory_mib)},
    }
    volume = {"type": "PersistentVolumeClaim", "max": {"storage": f"{_STORAGE_GIB}Gi"}}
    manifest = _object(app, "v1", "LimitRange", NAME, {"spec": {"limits": [container, volume]}})
    return Wanted(manifest, (BOUNDS,), exclusive=(("spec",),))


def _traffic(app: App, profile: Profile) -> tuple[Wanted, ...]:
    return tuple(
        Wanted(
            _object(app, "networking.k8s.io/v1", "NetworkPolicy", name, {"spec": spec}),
            (DENY if name == "default-deny" else NAMED_TRAFFIC,),
            exclusive=(("spec",),),
        )
        for name, spec in policies(app, profile)
    )


def _default_account(app: App) -> Wanted:
    manifest = _object(app, "v1", "ServiceAccount", "default", {"automountServiceAccountToken": False})
    return Wanted(manifest, (ACCESS,), made_by_system=True)


def _access(app: App, verdict: Verdict) -> tuple[Wanted, ...]:
    group = "rbac.authorization.k8s.io"
    role = _object(app, f"{group}/v1", "Role", "owners", {"rules": _rules(verdict.path)})
    binding = {
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "owners"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": app.owner.group}],
    }
    bound = _object(app, f"{group}/v1", "RoleBinding", "owners", binding)
    return Wanted(role, (ACCESS,)), Wanted(bound, (ACCESS,))


def _rules(road: Road) -> list[dict[str, Any]]:
    look = ["get", "list", "watch"]
    rules = [
        {
            "apiGroups": [""],
            "resources": ["pods", "pods/log", "events", "services", "resourcequotas", "limitranges"],
            "verbs": look,
        },
        {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": look},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": look},
        # Deleting a pod restarts it as it was.
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
    ]
    if road is Road.LIGHT:
        # Who may patch a deployment may also change its image: on the full path that goes through promotion alone.
        rules.append({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]})
    return rules
