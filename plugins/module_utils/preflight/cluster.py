# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster asked: the right one, its version, and right by right whether we have it (SelfSubjectAccessReview)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..errors import Denied
from ..kubernetes.client import Client, connect
from ..kubernetes.kinds import Kind
from ..profile import Cluster
from ..scrubber import Secrets
from .permissions import Right, cluster_rights
from .rows import NO, YES, Row

# Answered by the server on the spot and kept nowhere, although it is asked by POST.
REVIEW: Final = Kind("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False)
MOST_SHOWN: Final = 6


class Page(Kind):
    """A page of the API server that is no object: `plural` is its whole path."""

    def path(self, namespace: str = "", name: str = "") -> str:
        """The page's own path."""
        return self.plural


def page(client: Client, path: str) -> Mapping[str, Any]:
    """One page of the API server, like `/version`; empty if it is not there."""
    return client.get(Page("", "", "", path, False), "", "") or {}


def ask_cluster(cluster: Cluster, permissions: tuple[str, ...], environ: Mapping[str, str], secrets: Secrets) -> Iterable[Row]:
    """The cluster's row. The rights are asked for all namespaces: an app's own is not there yet."""
    client = connect(cluster, environ, secrets)
    version = str(page(client, "/version").get("gitVersion", ""))
    rights = cluster_rights(permissions)
    allowed = client.together(lambda right: _may(client, right), rights)
    lacking = [str(right) for right, may in zip(rights, allowed, strict=True) if not may]
    target = f"{client.server}, kube-system {client.identity()}"
    if not lacking:
        return (Row("cluster", target, YES, YES, version, f"{len(rights)} rights asked"),)
    shown = ", ".join(lacking[:MOST_SHOWN]) + (f" and {len(lacking) - MOST_SHOWN} more" if len(lacking) > MOST_SHOWN else "")
    step = "Bind the ClusterRole that -e print_policies=true prints."
    problem = Denied(f"This login may not do all that is needed at {client.server}", f"it lacks {shown}", step)
    return (Row("cluster", target, YES, NO, version, problem=problem),)


def _may(client: Client, right: Right) -> bool:
    resource, _slash, subresource = right.resource.partition("/")
    attributes = {"group": right.group, "resource": resource, "subresource": subresource, "verb": right.verb}
    review = {
        "apiVersion": REVIEW.api_version,
        "kind": REVIEW.kind,
        "metadata": {},
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    return bool(client.create(REVIEW, "", review).get("status", {}).get("allowed"))
