# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a store of Azure or Google holds of an app. What is closed there can be brought back, as `way_back` of the store says."""

from __future__ import annotations

import dataclasses
import functools
from typing import ClassVar, Final, Protocol

from ..capability import Change, Plan, Request
from ..profile import Profile
from ..rotation.model import About
from ..rotation.stores.azure_keyvault import AzureKeyVault
from ..rotation.stores.gcp_secretmanager import GcpSecretManager
from .model import MANAGED_BY, SECRETS_PREFIX, Area, Kept, Step, app_of_secret

SCHEMES: Final[dict[str, type[AzureKeyVault] | type[GcpSecretManager]]] = {
    "azure_keyvault": AzureKeyVault,
    "gcp_secretmanager": GcpSecretManager,
}


class Recoverable(Protocol):
    """A store that lists its secrets, and closes one so that nobody reads it and it can be brought back.

    `closed` is the field of a plan that says so, `way_back` the command.
    """

    closed: ClassVar[str]
    way_back: ClassVar[str]

    def names(self, prefix: str) -> tuple[tuple[str, bool], ...]:
        """All names that begin so and could be ours, whether made by us or not, and whether each is closed."""

    def about(self, name: str) -> About | None:
        """What is written on it, whether it is closed or not; None if it is not there."""

    def object(self, name: str) -> str:
        """See `rotation.stores.Store`."""

    def close(self, name: str) -> None:
        """The secret, and what waits beside it. Safe to repeat."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A secret's name, the app it is named for, what is written on it, and whether it is closed already."""

    name: str
    app: str
    about: About
    closed: bool

    @property
    def is_ours(self) -> bool:
        """Whether its tags say that we made it for this app."""
        tags = dict(self.about.tags)
        return tags.get("app") == self.app and tags.get("managed-by") == MANAGED_BY


def opened(request: Request, profile: Profile) -> Recoverable:
    """The profile's store, logged in."""
    return SCHEMES[profile.secret_store.scheme].open(profile, request.secrets, request.environ)


def entries(store: Recoverable, environment: str, app: str = "") -> tuple[Entry, ...]:
    """The secrets of one app in one environment, or of all of them; no value is kept."""
    found = []
    for name, closed in store.names(f"{SECRETS_PREFIX}{environment}/" + (f"{app}/" if app else "")):
        named_for = app_of_secret(name, environment)
        about = store.about(name) if named_for and app in ("", named_for) else None
        if about is not None:
            found.append(Entry(name, named_for, about, closed))
    return tuple(found)


def area(store: Recoverable, environment: str, app: str) -> Area:
    """The app's secrets in this environment, of which each of ours is closed."""
    steps: list[Step] = []
    kept: list[Kept] = []
    for entry in entries(store, environment, app):
        label = store.object(entry.name)
        if not entry.is_ours:
            kept.append(Kept(label, f"it was not made by us for {app} (tags app, managed-by)"))
        elif entry.closed:
            kept.append(Kept(label, f"it is {store.closed}; {store.way_back} brings it back"))
        else:
            plan = Plan(label, {store.closed: False}, {store.closed: True}, (Change("update", store.closed, False, True),))
            steps.append(Step(plan, functools.partial(store.close, entry.name)))
    return Area(tuple(steps), tuple(kept))
