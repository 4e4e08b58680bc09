# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an OpenBao store holds of an app. A secret's newest version is deleted softly: undelete brings it back.

A value that waits beside a secret of ours was never current, so nobody misses it: it is destroyed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..capability import Change, Plan
from ..errors import Denied, Unreachable
from ..profile import Profile
from ..rotation.stores.openbao import PENDING
from ..rotation.stores.openbao_server import Server, open_server
from ..scrubber import Secrets
from .model import MANAGED_BY, SECRETS_PREFIX, Area, Kept, Step

_GONE: Final = "deleted"
_WAITS: Final = "waits to become current"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A secret's name, the custom metadata on it, and whether its newest version is deleted already."""

    name: str
    marks: Mapping[str, str]
    deleted: bool

    def is_ours(self, app: str) -> bool:
        """Whether its marks say that we made it for this app."""
        return self.marks.get("app") == app and self.marks.get("managed-by") == MANAGED_BY


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """The store at the profile's address."""

    server: Server
    mount: str

    @classmethod
    def open(cls, profile: Profile, secrets: Secrets, environ: Mapping[str, str]) -> Folder:
        """The store, logged in as its block says."""
        return cls(open_server(profile.secret_store, profile.aws, secrets, environ), profile.secret_store.mount)

    def call(self, method: str, kind: str, name: str, query: Mapping[str, str] | None = None) -> Any:
        """One call; None where there is nothing."""
        status, answer = self.server.request(method, f"{self.mount}/{kind}/{name}", None, query)
        if status in (200, 204):
            return answer or {}
        if status == 404:
            return None
        what = f"{method} {kind} of {name} in the secret store"
        if status == 403:
            raise Denied(what, "permission denied", "Give the token the policy that docs/preflight.md lists.")
        raise Unreachable(what, f"it answered {status}", "Run again when it is well.")

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names directly below a folder; a folder in it ends in a slash."""
        answer = self.call("GET", "metadata", prefix, {"list": "true"})
        return tuple(sorted(answer["data"]["keys"])) if answer else ()

    def entry(self, name: str) -> Entry | None:
        """What is written on one secret; no value is read."""
        answer = self.call("GET", "metadata", name)
        if not answer:
            return None
        data = answer["data"]
        newest = data["versions"].get(str(data["current_version"])) or {}
        gone = bool(newest.get("deletion_time") or newest.get("destroyed")) or not newest
        return Entry(name, data.get("custom_metadata") or {}, gone)


def entries(folder: Folder, environment: str, app: str) -> tuple[Entry, ...]:
    """The secrets of one app in one environment."""
    prefix = f"{SECRETS_PREFIX}{environment}/{app}/"
    found = (folder.entry(prefix + name) for name in folder.names(prefix) if not name.endswith("/"))
    return tuple(entry for entry in found if entry)


def apps(folder: Folder, environment: str) -> tuple[str, ...]:
    """The names of the folders of an environment: each is an app's."""
    return tuple(name.rstrip("/") for name in folder.names(f"{SECRETS_PREFIX}{environment}/") if name.endswith("/"))


def plan(found: tuple[Entry, ...], app: str, mount: str) -> tuple[tuple[Plan, ...], tuple[Kept, ...]]:
    """Delete each secret of ours softly, and what waits beside it for good."""
    plans: list[Plan] = []
    kept: list[Kept] = []
    ours = {f"{entry.name}{PENDING}" for entry in found if entry.is_ours(app)}
    for entry in found:
        label = f"openbao:{mount}/{entry.name}"
        if entry.name in ours:
            plans.append(Plan(label, {_WAITS: True}, None, (Change("delete"),)))
        elif not entry.is_ours(app):
            kept.append(Kept(label, f"it was not made by us for {app} (custom metadata app, managed-by)"))
        elif entry.deleted:
            kept.append(Kept(label, "its newest version is deleted; bao kv undelete brings it back"))
        else:
            plans.append(Plan(label, {_GONE: False}, {_GONE: True}, (Change("update", _GONE, False, True),)))
    return tuple(plans), tuple(kept)


def area(folder: Folder, app: str, environment: str) -> Area:
    """The app's secrets in this environment."""
    plans, kept = plan(entries(folder, environment, app), app, folder.mount)
    return Area(tuple(Step(each, _deed(folder, each)) for each in plans), kept)


def _deed(folder: Folder, made: Plan) -> Callable[[], Any]:
    name = made.object.partition(f"{folder.mount}/")[2]
    # Of a version that is deleted OpenBao keeps the value; with its metadata, all of it goes.
    kind = "metadata" if made.after is None else "data"
    return lambda: folder.call("DELETE", kind, name)
