# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups that others added to our PrometheusRule objects: server-side apply merges groups by name and does not see them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..capability import Change, Plan
from ..errors import MicroappsError
from ..kubernetes.client import Client
from ..kubernetes.objects import Wanted


def with_foreign_groups(plan: Plan, wanted: Wanted) -> Plan:
    """The same plan, saying so where the object holds groups that are not ours: they would page in our name. Pure."""
    if plan.refusals or plan.failure or not plan.before or not foreign(plan.before, wanted.manifest):
        return plan
    after = {**plan.after, "spec": wanted.manifest["spec"]}
    change = Change("update", "spec.groups", control=wanted.controls[0])
    return dataclasses.replace(plan, after=after, changes=(*plan.changes, change))


def foreign(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of groups in `live` that `manifest` does not have."""
    ours = {group["name"] for group in manifest["spec"].get("groups") or ()}
    found = (group.get("name", "") for group in (live.get("spec") or {}).get("groups") or ())
    return tuple(name for name in found if name not in ours)


def removed(client: Client, plan: Plan, wanted: Wanted) -> Plan:
    """Have the object hold our groups alone; a merge patch replaces a list as a whole."""
    if plan.failure or plan.refusals or not plan.before or not foreign(plan.before, wanted.manifest):
        return plan
    metadata = wanted.manifest["metadata"]
    try:
        kind = client.kind_of(wanted.manifest)
        client.merge(kind, metadata["namespace"], metadata["name"], {"spec": wanted.manifest["spec"]})
    except MicroappsError as error:
        return plan.failed(error)
    return plan
