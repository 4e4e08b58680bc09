# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a workload reads, in which order it restarts and when its rollout is over."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.consumers.rollout import (
    has_pods,
    not_followed,
    order_of,
    secrets_read,
    started_with,
    takes,
    unfinished,
)


def workload(kind: str = "Deployment", status: dict[str, Any] | None = None, generation: int = 2, **pod: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"name": "web", "namespace": "n", "generation": generation},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "app"}], **pod}}},
        "status": {"observedGeneration": generation} | (status or {}),
    }


@pytest.mark.parametrize(
    ("pod", "names"),
    [
        ({}, set()),
        ({"containers": [{"envFrom": [{"secretRef": {"name": "a"}}, {"configMapRef": {"name": "no"}}]}]}, {"a"}),
        (
            {"containers": [{"env": [{"name": "X", "value": "no"}, {"valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}}]}]},
            {"b"},
        ),
        ({"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "c", "key": "k"}}}]}]}, {"c"}),
        ({"volumes": [{"secret": {"secretName": "d"}}, {"emptyDir": {}}]}, {"d"}),
        ({"volumes": [{"projected": {"sources": [{"secret": {"name": "e"}}, {"configMap": {"name": "no"}}]}}]}, {"e"}),
    ],
)
def test_every_way_to_take_a_secret_is_seen(pod: dict[str, Any], names: set[str]) -> None:
    assert secrets_read(workload(**pod)) - {""} == names


@pytest.mark.parametrize(
    ("csi", "names"),
    [
        ({"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "f"}}, {"f"}),
        ({"driver": "secrets-store.csi.k8s.io"}, set()),
        ({"driver": "another.example.com", "volumeAttributes": {"secretProviderClass": "no"}}, set()),
    ],
)
def test_a_mounted_class_is_taken_and_is_no_secret(csi: dict[str, Any], names: set[str]) -> None:
    one = workload(volumes=[{"name": "v", "csi": csi}, {"name": "w", "secret": {"secretName": "d"}}])
    assert takes(one) - {""} == {"d", *names} and secrets_read(one) - {""} == {"d"}


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, "not seen the change"),
        ({"replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}, "1 of 2 pods are of the new template"),
        ({"replicas": 3, "updatedReplicas": 2, "availableReplicas": 3}, "1 pods of the former template"),
        ({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}, "1 of 2 pods are available"),
        ({}, "0 of 2"),
        (
            {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "too slow"}]},
            "does not get on: too slow",
        ),
        (
            {
                "conditions": [
                    {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "too slow"},
                    {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"},
                ]
            },
            "does not get on: exceeded quota",
        ),
        (
            {"updatedReplicas": 1, "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]},
            "1 of 2 pods are of the new template: exceeded quota",
        ),
        (
            {"updatedReplicas": 1, "conditions": [{"type": "ReplicaFailure", "status": "False", "message": "mended"}]},
            "1 of 2 pods are of the new template",
        ),
        ({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "terminatingReplicas": 1}, "still ending: 1"),
        ({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "terminatingReplicas": 0}, ""),
        ({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, ""),
    ],
)
def test_a_rollout_is_over_when_every_pod_is_new_and_available(status: dict[str, Any], says: str) -> None:
    why = unfinished(workload(status=status))
    assert says in why and bool(says) == bool(why)


def test_a_daemon_set_counts_its_nodes() -> None:
    counts = {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}
    assert "2 of 3" in unfinished(workload("DaemonSet", counts))
    assert not unfinished(workload("DaemonSet", {**counts, "numberAvailable": 3}))


def test_a_workload_without_replicas_is_ready() -> None:
    asleep = workload()
    asleep["spec"]["replicas"] = 0
    assert not unfinished(asleep) and not has_pods(asleep)
    assert has_pods(workload()) and has_pods({"kind": "DaemonSet", "spec": {}})


def test_the_order_is_the_annotation_then_the_name() -> None:
    def named(name: str, order: str | None = None) -> dict[str, Any]:
        annotations = {} if order is None else {"goldenpath.microapps/restart-order": order}
        return {"metadata": {"name": name, "annotations": annotations}}

    found = [named("web", "5"), named("queue"), named("worker", "-1"), named("api", "$(rm)"), named("late", "9" * 30)]
    assert [one["metadata"]["name"] for one in sorted(found, key=order_of)] == ["worker", "api", "late", "queue", "web"]


def test_what_was_never_restarted_by_us_has_no_mark() -> None:
    assert started_with(workload()) == ""


READY = {"type": "Ready", "status": "True", "message": "secret synced"}


@pytest.mark.parametrize(
    ("external", "says"),
    [
        (None, "is not there"),
        ({}, "never: does its controller run?"),
        ({"status": {"conditions": [READY], "refreshTime": "2026-03-04T05:06:07Z"}}, "at 2026-03-04T05:06:07Z the last time"),
        (
            {
                "status": {
                    "conditions": [{"type": "Deleted", "status": "False"}, {**READY, "status": "False", "message": "denied"}]
                }
            },
            "External Secrets says: denied",
        ),
    ],
)
def test_why_a_secret_does_not_follow_the_store(external: dict[str, Any] | None, says: str) -> None:
    why = not_followed(external)
    assert says in why and "synced" not in why
