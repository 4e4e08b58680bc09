# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the app is deployed: a Kustomize base and an overlay for each environment, built as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..app import App
from ..gitops.overlay import CONTAINER, UNRELEASED
from ..oci.reference import written
from .formats import yaml_bytes
from .model import DEPLOYMENT, File

_HEAD: Final = "Made by goldenpath.microapps. Edit it freely: your lines survive an update."
_OVERLAY: Final = f"{_HEAD}\nA promotion writes the image's digest here; a tag says nothing about what runs."


def deployment(apps: Iterable[App]) -> tuple[File, ...]:
    """Base and overlays; `apps` is the same app in each of its environments."""
    everywhere = tuple(apps)
    first = everywhere[0]
    files = [
        _file("deploy/base/kustomization.yaml", _kustomization({"resources": ["deployment.yaml", "service.yaml"]})),
        _file("deploy/base/deployment.yaml", _deployment(first)),
        _file("deploy/base/service.yaml", _service(first)),
    ]
    for app in everywhere:
        folder = f"deploy/overlays/{app.environment}"
        files.append(_file(f"{folder}/kustomization.yaml", _overlay(app), _OVERLAY))
        files.append(_file(f"{folder}/deployment.yaml", _size(app)))
    return tuple(files)


def _file(path: str, data: Mapping[str, Any], head: str = _HEAD) -> File:
    return File(path, yaml_bytes(dict(data), head), DEPLOYMENT)


def _kustomization(more: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **more}


def _selector(app: App) -> dict[str, str]:
    return {"app.kubernetes.io/name": app.name}


def _deployment(app: App) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": app.name,
            "labels": _selector(app),
            "annotations": {
                "goldenpath.microapps/title": app.title,
                "goldenpath.microapps/description": app.description,
                "goldenpath.microapps/owner": f"{app.owner.name} <{app.owner.email}>",
            },
        },
        "spec": {
            "selector": {"matchLabels": _selector(app)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": _selector(app)}, "spec": _pod(app)},
        },
    }


def _pod(app: App) -> dict[str, Any]:
    probe = {"httpGet": {"path": app.workload.health_path, "port": "http"}}
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": written(app.image).path,
        "ports": [{"name": "http", "containerPort": app.workload.port}],
        "env": [{"name": "PORT", "value": str(app.workload.port)}, *_secrets(app)],
        "readinessProbe": {**probe, "periodSeconds": 5},
        "livenessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 6},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the one place in the container that may be written
    }
    return {
        "serviceAccountName": app.service_account,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
    }


def _secrets(app: App) -> list[dict[str, Any]]:
    return [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": f"{app.name}-{secret.name}", "key": key}}}
        for secret in app.secrets
        for key, variable in secret.variables
    ]


def _service(app: App) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app.name, "labels": _selector(app)},
        "spec": {"selector": _selector(app), "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }


def _overlay(app: App) -> dict[str, Any]:
    image = written(app.image)
    elsewhere = {"newName": image.repository} if image.registry else {}
    images = [{"name": image.path, **elsewhere, "newTag": UNRELEASED}]
    return _kustomization(
        {
            "namespace": app.namespace,
            "resources": ["../../base"],
            "images": images,
            "replicas": [{"name": app.name, "count": app.workload.replicas}],
            "patches": [{"path": "deployment.yaml"}],
        }
    )


def _size(app: App) -> dict[str, Any]:
    memory = f"{app.workload.memory_mib}Mi"
    resources = {
        "requests": {"cpu": f"{app.workload.cpu_millicores}m", "memory": memory},
        "limits": {"cpu": f"{2 * app.workload.cpu_millicores}m", "memory": memory},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app.name},
        "spec": {"template": {"spec": {"containers": [{"name": CONTAINER, "resources": resources}]}}},
    }
