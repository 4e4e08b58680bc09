# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an Azure Key Vault holds of an app. A deleted secret can be recovered for as long as its vault says."""

from __future__ import annotations

import dataclasses
import functools
from typing import Final

from ..capability import Change, Plan
from ..rotation.model import About
from ..rotation.stores.azure_keyvault import AzureKeyVault
from .model import MANAGED_BY, Area, Kept, Step, app_of_secret

_GONE: Final = "deleted"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A secret's name, the app it is named for, what is written on it, and whether it is deleted already."""

    name: str
    app: str
    about: About
    deleted: bool

    @property
    def is_ours(self) -> bool:
        """Whether its tags say that we made it for this app."""
        tags = dict(self.about.tags)
        return tags.get("app") == self.app and tags.get("managed-by") == MANAGED_BY


def entries(vault: AzureKeyVault, environment: str, app: str = "") -> tuple[Entry, ...]:
    """The secrets of one app in one environment, or of all of them; no value is kept."""
    found = []
    for name, deleted in vault.names():
        named_for = app_of_secret(name, environment)
        # A version that a person wrote may have no tags: only all versions together tell whose the secret is.
        stored = vault.describe(name) if named_for and app in ("", named_for) else None
        if stored is not None:
            found.append(Entry(name, named_for, stored.about, deleted))
    return tuple(found)


def area(vault: AzureKeyVault, environment: str, app: str) -> Area:
    """The app's secrets in this environment: each of ours is deleted, so that it can be recovered."""
    steps: list[Step] = []
    kept: list[Kept] = []
    for entry in entries(vault, environment, app):
        label = vault.object(entry.name)
        if not entry.is_ours:
            kept.append(Kept(label, f"it was not made by us for {app} (tags app, managed-by)"))
        elif entry.deleted:
            kept.append(Kept(label, "it is deleted; az keyvault secret recover brings it back"))
        else:
            plan = Plan(label, {_GONE: False}, {_GONE: True}, (Change("update", _GONE, False, True),))
            steps.append(Step(plan, functools.partial(vault.delete, entry.name)))
    return Area(tuple(steps), tuple(kept))
