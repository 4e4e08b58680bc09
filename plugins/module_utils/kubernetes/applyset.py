# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remembering what we applied, so that what is no longer wanted can be removed, and nothing else ever is.

By the rules of KEP-3659 (ApplySet): a parent object says which kinds the set has, each member says which set it is part of.
The parent is a ConfigMap in the app's namespace, one for each role, so that no role prunes what another one made.
https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .kinds import BY_GROUP_KIND, Kind
from .objects import MANAGER, Wanted

PART_OF: Final = "applyset.kubernetes.io/part-of"
_ID: Final = "applyset.kubernetes.io/id"
_KINDS: Final = "applyset.kubernetes.io/contains-group-kinds"
_TOOLING: Final = "applyset.kubernetes.io/tooling"
PARENT_KIND: Final = BY_GROUP_KIND["ConfigMap"]


@dataclasses.dataclass(frozen=True, slots=True)
class ApplySet:
    """One role's set in one namespace."""

    namespace: str
    role: str

    @property
    def parent(self) -> str:
        """The ConfigMap's name."""
        return f"goldenpath-{self.role}"

    @property
    def id(self) -> str:
        """By the KEP: a hash of the parent's name, namespace, kind and group."""
        named = f"{self.parent}.{self.namespace}.ConfigMap."
        return f"applyset-{base64.urlsafe_b64encode(hashlib.sha256(named.encode()).digest()).decode().rstrip('=')}-v1"

    @property
    def selector(self) -> str:
        """The label selector of its members."""
        return f"{PART_OF}={self.id}"

    def member(self, wanted: Wanted) -> Wanted:
        """The object with the label that makes it part of the set."""
        metadata = wanted.manifest["metadata"]
        labels = {**(metadata.get("labels") or {}), PART_OF: self.id}
        return dataclasses.replace(wanted, manifest={**wanted.manifest, "metadata": {**metadata, "labels": labels}})

    def parent_manifest(self, kinds: Iterable[Kind]) -> dict[str, Any]:
        """The parent of a set with these kinds."""
        return {
            "apiVersion": PARENT_KIND.api_version,
            "kind": PARENT_KIND.kind,
            "metadata": {
                "name": self.parent,
                "namespace": self.namespace,
                "labels": {_ID: self.id, "app.kubernetes.io/managed-by": MANAGER},
                "annotations": {
                    _TOOLING: f"{MANAGER}/v1",
                    _KINDS: ",".join(sorted({kind.group_kind for kind in kinds})),
                },
            },
        }


def kinds_in(parent: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The group-kinds that a parent says its set has."""
    annotations = (parent["metadata"].get("annotations") or {}) if parent else {}
    return tuple(part for part in str(annotations.get(_KINDS, "")).split(",") if part)
