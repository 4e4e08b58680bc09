# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The secrets of ours in an environment, whatever store has them; what they hold is read only to tell whose a login is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from ..aws.session import AwsSession
from ..capability import Request
from ..errors import Invalid, NotFound
from ..profile import Profile
from ..rotation.model import Document
from ..rotation.stores import Store
from . import account, openbao, recoverable
from .model import SECRETS_PREFIX, app_of_secret


@dataclasses.dataclass(frozen=True, slots=True)
class Ours:
    """A secret that carries our marks: the app it was made for, its name, what a plan calls it, and whether it is closed."""

    app: str
    name: str
    object: str
    closed: bool


def secrets_of(request: Request, profile: Profile, aws: Callable[[], AwsSession], app: str = "") -> tuple[Ours, ...]:
    """Every secret of ours of one app, or of all; no value is read."""
    environment, scheme = profile.name, profile.secret_store.scheme
    if scheme == "openbao":
        folder = openbao.Folder.open(profile, request.secrets, request.environ)
        return tuple(
            Ours(one, entry.name, f"openbao:{folder.mount}/{entry.name}", entry.deleted)
            for one in ((app,) if app else openbao.apps(folder, environment))
            for entry in openbao.entries(folder, environment, one)
            if entry.is_ours(one)
        )
    if scheme in recoverable.SCHEMES:
        store = recoverable.opened(request, profile)
        listed = recoverable.entries(store, environment, app)
        return tuple(Ours(entry.app, entry.name, store.object(entry.name), entry.closed) for entry in listed if entry.is_ours)
    found = []
    for one in account.secrets(aws(), f"{SECRETS_PREFIX}{environment}/" + (f"{app}/" if app else "")):
        named_for, name = app_of_secret(one["Name"], environment), str(one["Name"])
        if named_for and account.is_ours(one, named_for):
            found.append(Ours(named_for, name, f"secretsmanager:secret/{name}", "DeletedDate" in one))
    return tuple(found)


def documents(store: Store, names: Iterable[str]) -> tuple[Document, ...]:
    """What the secrets hold, at every stage: a run that was killed has left its login's password pending."""
    found: list[Document] = []
    for name in names:
        stored = store.describe(name)
        for version in stored.versions if stored is not None else ():
            if version.stages:
                found += _document(store, name, version.token)
    return tuple(found)


def _document(store: Store, name: str, token: str) -> list[Document]:
    try:
        return [store.read(name, token)]
    except (Invalid, NotFound):
        # It is gone, or no flat document: no login of ours.
        return []
