# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The managed identity of an app's workload at Azure. Ours is what has our tags. It cannot be brought back, but made anew."""

from __future__ import annotations

import functools
from typing import Final

from ..capability import Change, Plan
from ..profile import SecretStore
from ..workload_identity import azure
from ..workload_identity.azure_plan import Identity, object_name
from ..workload_identity.road import identity_name
from .model import MANAGED_BY, Area, Kept, Marked, Step

_IS: Final = "is"


def is_known(store: SecretStore) -> bool:
    """Whether identities are made for the apps of this store."""
    return store.scheme == "azure_keyvault" and bool(store.vault_id)


def area(cloud: azure.Azure, app: str, environment: str) -> Area:
    """What lets the identity in to the vault goes first, for it is found by it; then the identity, with whom it trusts."""
    name = identity_name(app, environment)
    found = azure.identity_of(cloud, name)
    if found is None:
        return Area()
    if not _is_ours(found, app, environment):
        return Area(kept=(Kept(object_name(name), f"it was not made by us for {app} in {environment} (its tags)"),))
    vault = cloud.vault.lower()
    rights = [one for one in azure.rights_of(cloud, name, found.principal) if f"{one.scope.lower()}/".startswith(f"{vault}/")]
    steps = [
        _step(object_name(name, f"rights/{one.id.rpartition('/')[2]}"), one.scope, functools.partial(azure.take_away, cloud, one))
        for one in rights
    ]
    return Area((*steps, _step(object_name(name), found.client, functools.partial(azure.remove, cloud, name))))


def marked(cloud: azure.Azure, environment: str) -> list[Marked]:
    """Every identity beside the vault that was made for an app in this environment."""
    found = []
    for name, tags in azure.identities(cloud):
        app = tags.get("app", "")
        if name == identity_name(app, environment) and tags.get("managed-by") == MANAGED_BY:
            found.append(Marked(app, object_name(name)))
    return found


def _is_ours(found: Identity, app: str, environment: str) -> bool:
    wanted = {"app": app, "environment": environment, "managed-by": MANAGED_BY}
    return all(found.tags.get(key) == value for key, value in wanted.items())


def _step(name: str, what: str, deed: functools.partial[None]) -> Step:
    return Step(Plan(name, {_IS: what}, None, (Change("delete", _IS, what),)), deed)
