# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""OpenBao (and HashiCorp Vault) KV version 2 as a store, by plain HTTP.

Whoever reads a KV secret gets its newest version, so a pending value must not be one: it waits at `<name>.pending`, made
with check-and-set 0, so that of two runs only one makes it. `promote` writes it as the next version with check-and-set on
the version it replaces: the server itself refuses to overwrite what somebody wrote later. Ids: a version's number, and in
custom metadata the ids of the versions that we made.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from ...errors import Conflict, Denied, MicroappsError, NotFound
from ...profile import StorePlace
from ...scrubber import Secrets
from ..model import About, Document, Stage, Stored, Version, present, register, to_text
from .openbao_server import Server, open_server
from .shared import (
    DESCRIPTION,
    IDS,
    ids_of,
    ids_text,
    meaning,
    no_version,
    overtaken,
    read_at,
    rotated_by_another,
    stages_of,
    utc,
)

PENDING: Final = ".pending"
# A value of custom metadata may have 512 bytes: the ids of the newest five versions.
_KEPT: Final = 4
# A custom metadata key of a secret that is being made: its owner is written before its value, so that it is never nobody's.
_MAKING: Final = "goldenpath-making"
# What is not named stays: labels that others wrote meanwhile, too.
_MERGE: Final = {"Content-Type": "application/merge-patch+json"}


class _Folders:
    """What is in each folder, asked once by whichever thread is first; and which names were looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listed: dict[str, frozenset[str] | None] = {}
        self._seen: set[str] = set()

    def first_look(self, name: str) -> bool:
        with self._lock:
            new = name not in self._seen
            self._seen.add(name)
            return new

    def seen(self, name: str) -> bool:
        with self._lock:
            return name in self._seen

    def of(self, folder: str, ask: Callable[[], frozenset[str] | None]) -> frozenset[str] | None:
        with self._lock:
            if folder not in self._listed:
                self._listed[folder] = ask()
            return self._listed[folder]


@dataclasses.dataclass(frozen=True)
class OpenBao:
    """See `Store`."""

    server: Server
    mount: str
    secrets: Secrets = dataclasses.field(repr=False)
    # What OpenBao never changes once it is written, by name and id: a version's number and time, and a document that was read.
    seen: dict[tuple[str, str], tuple[int, str]] = dataclasses.field(default_factory=dict, repr=False)
    known: dict[tuple[str, str], Document] = dataclasses.field(default_factory=dict, repr=False)
    # Names under which no value waited when that was asked. Whoever stores one is told by check-and-set if that has changed.
    idle: set[str] = dataclasses.field(default_factory=set, repr=False)
    # What waits under a name, by its id and the number of its version, as it was last read or written.
    waiting: dict[str, tuple[str, int]] = dataclasses.field(default_factory=dict, repr=False)
    # What custom metadata said when it was last read.
    customs: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict, repr=False)
    folders: _Folders = dataclasses.field(default_factory=_Folders, repr=False)
    conditional: ClassVar[bool] = True

    @classmethod
    def open(cls, place: StorePlace, secrets: Secrets, environ: Mapping[str, str]) -> OpenBao:
        """The store at the profile's address, logged in as its block says."""
        store = place.secret_store
        return cls(open_server(store, place.aws, secrets, environ), store.mount, secrets)

    def object(self, name: str) -> str:
        """See `Store`."""
        return f"openbao:{self.mount}/{name}"

    def describe(self, name: str) -> Stored | None:
        """See `Store`. The first look is cheaper by a list, and decides nothing."""
        return self._described(name, True, self._pending(name) if self.folders.seen(name) else None)

    def _described(self, name: str, may_wait: bool, waits: tuple[str, Document] | None = None) -> Stored | None:
        metadata = self._call("GET", "metadata", name)
        if metadata is None:
            return None
        custom = dict(metadata["data"].get("custom_metadata") or {})
        self.customs[name] = custom
        newest = int(metadata["data"]["current_version"])
        if not newest and _MAKING in custom:
            return None  # a run was killed before it had written the value
        alive = {
            int(number): entry
            for number, entry in metadata["data"]["versions"].items()
            if not entry["destroyed"] and not entry["deletion_time"]
        }
        ids = ids_of(custom)
        versions = [Version(ids.get(number, str(number)), stages_of(number, newest)) for number in sorted(alive)]
        for number in alive:
            self.seen[name, ids.get(number, str(number))] = (number, alive[number]["created_time"])
        if waits or (may_wait and self._may_wait(name, alive.get(newest) is not None and newest in ids)):
            versions = self._with_pending(name, versions, alive.get(newest) is not None, waits)
        current = next((version for version in versions if Stage.CURRENT in version.stages), None)
        if current is not None:
            # Also one that was written and not named yet: it has the pending one's id.
            self.seen[name, current.token] = (newest, alive[newest]["created_time"])
        about = About(custom.get(DESCRIPTION, ""), "", tuple(sorted(_tags(custom).items())))
        return Stored(name, tuple(versions), about, deleted=bool(newest) and newest not in alive)

    def versions(self, name: str) -> tuple[Version, ...]:
        """See `Store`: it lists them all at once."""
        return present(self._described(name, name not in self.idle), name).versions

    def read(self, name: str, token: str) -> Document:
        """See `Store`."""
        if (name, token) not in self.known:
            self.known[name, token] = self._read(name, token)
        return self.known[name, token]

    def _read(self, name: str, token: str) -> Document:
        if (name, token) not in self.seen:
            found = self._pending(name)
            if found[0] == token:
                return found[1]
        answer = self._call("GET", "data", name, query={"version": str(self._number(name, token))})
        if answer is None:
            raise no_version(name, token)
        return self._registered(answer["data"]["data"])

    def read_stage(self, name: str, stage: Stage) -> Document:
        """See `Store`."""
        return read_at(self, name, stage)

    def created(self, name: str, token: str) -> datetime.datetime | None:
        """See `Store`."""
        if (name, token) not in self.seen:
            self.describe(name)
        found = self.seen.get((name, token))
        return utc(found[1]) if found else None

    def create(self, name: str, token: str, document: Document | None, about: About) -> None:
        """See `Store`."""
        if document is None:
            self._call("POST", "metadata", name, {"custom_metadata": _custom(about, {})})
            return
        if self.describe(name) is None:
            self.customs[name] = {**_custom(about, {}), _MAKING: token}
            self._call("POST", "metadata", name, {"custom_metadata": self.customs[name]})
        try:
            self._call("POST", "data", name, {"options": {"cas": 0}, "data": dict(document)})
        except Conflict:
            # The answer of an earlier try may have been lost, or another run was faster: only then is it the very same.
            if self._newest(name) != (1, dict(document)):
                raise
        self._name(name, 1, token)

    def put_pending(self, name: str, token: str, document: Document, claimed: str = "") -> None:
        """See `Store`."""
        if claimed and self.waiting.get(name, ("", 0))[0] != claimed:
            self._pending(name)
        last = self.waiting.get(name, ("", 0)) if claimed else ("", 0)
        if last[0] != claimed:
            raise rotated_by_another(name)
        body = {"options": {"cas": last[1]}, "data": {"token": token, "document": to_text(document)}}
        self.known.pop((name, token), None)
        self.idle.discard(name)
        try:
            made = self._call("POST", "data", name + PENDING, body)
            self.waiting[name] = (token, int(made["data"]["version"]))
        except Conflict:
            found = self._pending(name)
            if found != (token, dict(document)):
                raise rotated_by_another(name) from None

    def promote(self, name: str, token: str, replaced: str) -> None:
        """See `Store`."""
        base = self._number(name, replaced) if replaced else 0
        ours = False
        if token != replaced:
            try:
                self._write(name, token, base)
                # Nobody else has ended this rotation, so what waits is still what we read there.
                ours = self.waiting.get(name, ("", 0))[0] == token
            except Conflict:
                # Somebody wrote in between, unless it was an earlier try of ours.
                waits, document = self._pending(name)
                if self._newest(name)[1] != dict(document if waits == token else self.read(name, token)):
                    raise overtaken(name) from None
                present(self.describe(name), name)
        # Named after it is written: a name for a version that somebody else wrote would be a lie.
        self._name(name, self._number(name, token), token)
        self._drop(name, token, ours or self._pending(name)[0] == token)

    def _write(self, name: str, token: str, base: int) -> None:
        made = self._call("POST", "data", name, {"options": {"cas": base}, "data": dict(self.read(name, token))})
        self.seen[name, token] = (int(made["data"]["version"]), made["data"]["created_time"])

    def drop_pending(self, name: str, token: str) -> None:
        """See `Store`: the pending value is destroyed with its history."""
        self._drop(name, token, self._pending(name)[0] == token)

    def _drop(self, name: str, token: str, waits: bool) -> None:
        if waits:
            self._call("DELETE", "metadata", name + PENDING)
        # The id of one that is given up is free again.
        self.known.pop((name, token), None)

    def label(self, name: str, before: About, wanted: About) -> None:
        """See `Store`. OpenBao encrypts by itself: there is no key to choose."""
        tags = {**dict(before.tags), **dict(wanted.tags)}
        merged = About(wanted.description or before.description, "", tuple(sorted(tags.items())))
        if merged != before:
            self._call("PATCH", "metadata", name, {"custom_metadata": _custom(merged, {})})

    def _with_pending(
        self, name: str, versions: list[Version], has_current: bool, waits: tuple[str, Document] | None
    ) -> list[Version]:
        token, document = waits or self._pending(name)
        if not token:
            return versions
        last = versions[-1] if versions and has_current else None
        if last and (last.token == token or not last.ours) and self._newest(name)[1] == dict(document):
            # Promoted, and killed before it was named or no longer pending.
            return [*versions[:-1], Version(token, last.stages | {Stage.PENDING})]
        # It may have the id of a version: a run was at it when another one had ended the very same rotation.
        return [*versions, Version(token, frozenset({Stage.PENDING}))]

    def _newest(self, name: str) -> tuple[int, Document]:
        answer = self._call("GET", "data", name)
        if answer is None:
            return 0, {}
        return int(answer["data"]["metadata"]["version"]), self._registered(answer["data"]["data"])

    def _pending(self, name: str) -> tuple[str, Document]:
        answer = self._call("GET", "data", name + PENDING)
        self.waiting.pop(name, None)
        if answer is None:
            self.idle.add(name)
            return "", {}
        data = answer["data"]["data"]
        if not isinstance(data, dict) or set(data) != {"token", "document"}:
            return "foreign", {}
        self.waiting[name] = (str(data["token"]), int(answer["data"]["metadata"]["version"]))
        return str(data["token"]), self._registered(json.loads(data["document"]))

    def _registered(self, data: Mapping[str, Any]) -> dict[str, str]:
        document = {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
        register(self.secrets, to_text(document), document)
        return document

    def _number(self, name: str, token: str) -> int:
        if (name, token) not in self.seen:
            self.describe(name)
        if (name, token) not in self.seen:
            raise NotFound(f"Version {token} of the secret {name}", "the store does not know it")
        return self.seen[name, token][0]

    def _name(self, name: str, number: int, token: str) -> None:
        custom = self.customs.get(name, {})
        ids = {known: id for known, id in ids_of(custom).items() if known >= number - _KEPT} | {number: token}
        said: dict[str, str | None] = {IDS: ids_text(ids)}
        if _MAKING in custom:
            said[_MAKING] = None
        if any(custom.get(key) != value for key, value in said.items()):
            self._call("PATCH", "metadata", name, {"custom_metadata": said})
            self.customs[name] = {key: str(value) for key, value in (custom | said).items() if value is not None}

    def _may_wait(self, name: str, named: bool) -> bool:
        """False if nothing waits there for sure: told by one list of the folder for all secrets in it.

        The list gets old, so it is good for the first look at each; and whoever sees a newest version without a name asks, for
        it may be one that was waiting when the list was made.
        """
        folder, _slash, last = name.rpartition("/")
        if not named or not self.folders.first_look(name):
            return True
        found = self.folders.of(folder, lambda: self._names(folder))
        if found is None or last + PENDING in found:
            return True
        self.idle.add(name)
        return False

    def _names(self, folder: str) -> frozenset[str] | None:
        try:
            answer = self._call("GET", "metadata", f"{folder}/" if folder else "", query={"list": "true"})
        except Denied:
            return None  # listing is no right that we need
        return frozenset(answer["data"]["keys"]) if answer else frozenset()

    def _call(
        self, method: str, kind: str, name: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        headers = _MERGE if method == "PATCH" else None
        path, about = f"{self.mount}/{kind}/{name}", name.removesuffix(PENDING)
        status, answer = self.server.request(method, path, body, query, headers, about)
        if status in (200, 204):
            return answer
        if status == 404:
            return None
        raise _told(f"{method} {kind} of the secret {name}", status, answer)


def _told(what: str, status: int, answer: Any) -> MicroappsError:
    reasons = "; ".join(str(reason) for reason in (answer or {}).get("errors", [])) if isinstance(answer, dict) else ""
    if status == 400 and "check-and-set" in reasons:
        return Conflict(what, "somebody wrote in between", "Their value was left as it is. Run again.")
    return meaning(what, status, reasons, (403,), "Give the token the policy that docs/rotation.md lists.")


def _tags(custom: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in custom.items() if key not in (DESCRIPTION, IDS, _MAKING)}


def _custom(about: About, ids: Mapping[int, str]) -> dict[str, str]:
    custom = dict(about.tags)
    if about.description:
        custom[DESCRIPTION] = about.description
    if ids:
        custom[IDS] = ids_text(ids)
    return custom
