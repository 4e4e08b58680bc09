# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Google Secret Manager as a store, by plain REST.

A version is enabled from its first moment, and `latest` is the newest one: no version of the secret may be pending, not even
disabled (`latest` would then be refused). So a pending value waits in a secret of its own, `<id>_pending`.

| the machine's     | is here                                                       | of two runs at once             |
| ----------------- | ------------------------------------------------------------- | ------------------------------- |
| current, previous | the newest version and the one before it                      |                                 |
| pending           | version 1 of `<id>_pending`: our id, the document, and the    | Google numbers: one is the first|
|                   | number of the version that was the newest then                |                                 |
| a version's id    | the annotation `goldenpath-versions`, `<number>=<id>`         | etag: the second is refused     |
| create            | the secret with the id of its version to be, then the version | one document, or Conflict       |
| promote (finish)  | the pending document becomes the next version, gets its id,   | both write the same document    |
|                   | and `<id>_pending` goes                                       |                                 |

Adding a version cannot be made to depend on what it replaces. So it is looked at right before, and the number that Google gave
tells afterwards whether somebody wrote in between: then their value is put back as the newest, and the run fails with Conflict.
In that moment (two calls) readers may get ours. A kill within it is made good by the next run: version 1 of `<id>_pending` says
after which number ours belongs.

Ids may not contain a slash: `microapps/dev/x/database` is the secret `microapps_dev_x_database`.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from ...errors import Conflict, Invalid, MicroappsError, NotFound
from ...profile import StorePlace
from ...scrubber import Secrets
from ..http_json import request
from ..model import About, Document, Stage, Stored, Version, from_text, present, register, to_text
from .google_login import bearer
from .shared import (
    DESCRIPTION,
    IDS,
    Waiting,
    ids_of,
    ids_text,
    meaning,
    no_version,
    overtaken,
    read_at,
    rotated_by_another,
    stages_of,
    utc,
    waiting_from,
    waiting_text,
)

ADDRESS: Final = "https://secretmanager.googleapis.com"
PERMISSIONS: Final = (
    "secretmanager.secrets.create",
    "secretmanager.secrets.delete",
    "secretmanager.secrets.get",
    "secretmanager.secrets.update",
    "secretmanager.versions.access",
    "secretmanager.versions.add",
    "secretmanager.versions.disable",
    "secretmanager.versions.list",
)
_PENDING: Final = "_pending"
_KEPT: Final = 5
# What stands in the place of a pending version's id where somebody else's value is.
_FOREIGN: Final = "foreign"


@dataclasses.dataclass(frozen=True)
class GcpSecretManager:
    """See `Store`, and `retire.recoverable.Recoverable`."""

    conditional: ClassVar[bool] = False
    closed: ClassVar[str] = "disabled"
    way_back: ClassVar[str] = "gcloud secrets versions enable"

    address: str
    project: str
    token: str = dataclasses.field(repr=False)
    secrets: Secrets = dataclasses.field(repr=False)

    @classmethod
    def open(cls, place: StorePlace, secrets: Secrets, environ: Mapping[str, str]) -> GcpSecretManager:
        """The store of the profile's project, logged in by its key file or by the metadata server."""
        store = place.secret_store
        return cls(store.address or ADDRESS, store.project, bearer(store.token_file, secrets, environ), secrets)

    def object(self, name: str) -> str:
        """See `Store`."""
        return f"gcp:projects/{self.project}/secrets/{secret_id(name)}"

    def describe(self, name: str) -> Stored | None:
        """See `Store`. A newest version that somebody disabled or destroyed counts as a deletion: readers get no value."""
        secret = self._call("GET", name)
        if secret is None:
            return None
        pending = self._pending(name)
        notes = self._notes(name) if pending.token else secret.get("annotations", {})
        states = self._states(name)
        newest = max(states, default=0)
        ids = ids_of(notes)
        if ids and not states:
            # Killed within `create`: its value was never stored, so whoever has it makes the secret again.
            return None
        versions = [Version(ids.get(n, str(n)), stages_of(n, newest)) for n in sorted(states) if states[n] == "ENABLED"]
        versions = self._with_pending(name, versions, newest, ids, pending)
        deleted = bool(newest) and states[newest] != "ENABLED"
        return Stored(name, tuple(versions), _about(notes), deleted)

    def versions(self, name: str) -> tuple[Version, ...]:
        """See `Store`: it lists them all at once."""
        return present(self.describe(name), name).versions

    def read(self, name: str, token: str) -> Document:
        """See `Store`. What waits may have the id of a version: another run has ended the very same rotation."""
        numbers = [number for number, id_ in ids_of(self._notes(name)).items() if id_ == token]
        pending = Waiting() if numbers else self._pending(name)
        if pending.token == token:
            return pending.document
        document = self._version(name, max(numbers) if numbers else self._number(name, token))
        if document is None:
            raise no_version(name, token)
        return document

    def read_stage(self, name: str, stage: Stage) -> Document:
        """See `Store`."""
        return read_at(self, name, stage)

    def created(self, name: str, token: str) -> datetime.datetime | None:
        """See `Store`."""
        answer = self._call("GET", name, f"/versions/{self._number(name, token)}")
        return utc(answer["createTime"]) if answer else None

    def create(self, name: str, token: str, document: Document | None, about: About) -> None:
        """See `Store`. The id is written first, so that a version 1 of ours never looks like somebody's."""
        if document is None:
            self._make(name, _notes(about))
            return
        self._make(name, {**_notes(about), IDS: f"1={token}"})
        if not self._states(name):
            self._add(name, to_text(document))
        if self._version(name, 1) != dict(document) or max(self._states(name)) != 1:
            raise Conflict(f"The secret {name}", "somebody else made it", "Their value was left as it is. Run again.")
        self._name(name, 1, token)

    def put_pending(self, name: str, token: str, document: Document, claimed: str = "") -> None:
        """See `Store`. Of the versions that are enabled the first counts: whoever wrote it has made it. What a slower run wrote
        is disabled, or goes with the secret."""
        after = max(self._states(name), default=0)
        first = self._first(name)
        found, made = (self._pending(name) if first else Waiting()), 0
        if found.token == claimed:
            if not first:
                self._make(name, {}, _PENDING)
            made = self._add(name, waiting_text(Waiting(token, str(after), document), self.secrets), _PENDING)
            if first:
                self._disable(name, first)
            found = self._pending(name)
        if (found.token, dict(found.document)) != (token, dict(document)):
            if made:
                self._disable(name, made)
            raise rotated_by_another(name)

    def _first(self, name: str) -> int:
        states = self._states(name, _PENDING)
        return min((number for number in states if states[number] == "ENABLED"), default=0)

    def _disable(self, name: str, number: int) -> None:
        self._call("POST", name, f"/versions/{number}:disable", {}, suffix=_PENDING)

    def promote(self, name: str, token: str, replaced: str) -> None:
        """See `Store`. The table at the top says how somebody else's value stays the newest."""
        pending = self._pending(name)
        newest = max(self._states(name), default=0)
        if pending.token != token:
            if ids_of(self._notes(name)).get(newest) == token:
                return
            raise overtaken(name)
        if not newest or self._version(name, newest) != pending.document:
            if newest != (self._number(name, replaced) if replaced else 0) or newest != int(pending.after):
                raise overtaken(name)
            newest = self._add(name, to_text(pending.document))
        self._give_back(name, pending, newest)
        self._name(name, newest, token)
        self.drop_pending(name, token)

    def drop_pending(self, name: str, token: str) -> None:
        """See `Store`: the pending value is destroyed with its secret."""
        if self._pending(name).token == token:
            self._call("DELETE", name, suffix=_PENDING)

    def label(self, name: str, before: About, wanted: About) -> None:
        """See `Store`. Annotations, for labels may hold no capitals; the key is the project's choice."""
        notes = self._notes(name)
        self._annotate(name, {**notes, **_notes(wanted)})

    def names(self, prefix: str) -> tuple[tuple[str, bool], ...]:
        """See `retire.recoverable.Recoverable`: closed is a secret of which no version is enabled."""
        begin = secret_id(prefix)
        found = (str(entry["name"]).rpartition("/")[2] for entry in self._secrets(begin))
        names = (id_.replace("_", "/") for id_ in found if id_.startswith(begin))
        return tuple((name, not self._enabled(name)) for name in sorted(names))

    def about(self, name: str) -> About | None:
        """See `retire.recoverable.Recoverable`."""
        secret = self._call("GET", name)
        return _about(secret.get("annotations", {})) if secret is not None else None

    def close(self, name: str) -> None:
        """See `retire.recoverable.Recoverable`. A value that waits was never current: it is destroyed, as at any other time."""
        waiting = self._pending(name).token
        if waiting not in ("", _FOREIGN):
            self.drop_pending(name, waiting)
        for number in self._enabled(name):
            self._call("POST", name, f"/versions/{number}:disable", {})

    def _enabled(self, name: str) -> list[int]:
        states = self._states(name)
        return sorted(number for number in states if states[number] == "ENABLED")

    def _secrets(self, begin: str) -> Iterator[Mapping[str, Any]]:
        query = {"pageSize": "1000", "filter": f"name:{begin}"}
        while True:
            page = self._send("GET", f"/v1/projects/{self.project}/secrets", begin, None, query, ()) or {}
            yield from page.get("secrets", ())
            if not page.get("nextPageToken"):
                return
            query["pageToken"] = page["nextPageToken"]

    def _give_back(self, name: str, pending: Waiting, newest: int) -> None:
        theirs = None
        for number in range(newest - 1, int(pending.after), -1):
            theirs = theirs or self._version(name, number)
        # Another run of ours wrote the very same document: that is nobody's value.
        if theirs is None or theirs == pending.document:
            return
        self._add(name, to_text(theirs))
        raise overtaken(name)

    def _with_pending(
        self, name: str, versions: list[Version], newest: int, ids: Mapping[int, str], pending: Waiting
    ) -> list[Version]:
        if not pending.token:
            return versions
        last = versions[-1] if versions and Stage.CURRENT in versions[-1].stages else None
        unnamed = last is not None and (newest not in ids or ids[newest] == pending.token) and newest > int(pending.after or 0)
        if last is not None and unnamed and self._version(name, newest) == pending.document:
            # Promoted, and killed before it was named or no longer pending.
            return [*versions[:-1], Version(pending.token, last.stages | {Stage.PENDING})]
        return [*versions, Version(pending.token, frozenset({Stage.PENDING}))]

    def _states(self, name: str, suffix: str = "") -> dict[int, str]:
        states: dict[int, str] = {}
        query = {"pageSize": "1000"}
        while True:
            page = self._call("GET", name, "/versions", query=query, suffix=suffix) or {}
            states |= {int(entry["name"].rpartition("/")[2]): entry["state"] for entry in page.get("versions", [])}
            if not page.get("nextPageToken"):
                return states
            query["pageToken"] = page["nextPageToken"]

    def _text(self, name: str, number: int, suffix: str = "") -> str | None:
        answer = self._call("GET", name, f"/versions/{number}:access", suffix=suffix)
        if answer is None:
            return None
        try:
            return self.secrets.register(base64.b64decode(answer["payload"]["data"]).decode())
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid(f"The secret {name} is binary", "", "Store a JSON document.") from None

    def _version(self, name: str, number: int) -> dict[str, str] | None:
        text = self._text(name, number)
        if text is None:
            return None
        document = from_text(name, text)
        register(self.secrets, text, document)
        return document

    def _pending(self, name: str) -> Waiting:
        first = self._first(name)
        text = self._text(name, first, _PENDING) if first else None
        if text is None:
            return Waiting()
        found = waiting_from(name, text, self.secrets)
        return found if found.after.isdecimal() else Waiting(_FOREIGN)

    def _number(self, name: str, token: str) -> int:
        known = [number for number, id_ in ids_of(self._notes(name)).items() if id_ == token]
        if known or token.isdigit():
            return max(known, default=0) or int(token)
        raise NotFound(f"Version {token} of the secret {name}", "the store does not know it")

    def _notes(self, name: str) -> dict[str, str]:
        return dict((self._call("GET", name) or {}).get("annotations", {}))

    def _make(self, name: str, notes: Mapping[str, str], suffix: str = "") -> None:
        body = {"replication": {"automatic": {}}, "annotations": dict(notes)}
        if self._call("GET", name, suffix=suffix) is None:
            self._send("POST", f"/v1/projects/{self.project}/secrets", name, body, {"secretId": secret_id(name) + suffix}, (409,))

    def _add(self, name: str, text: str, suffix: str = "") -> int:
        body = {"payload": {"data": base64.b64encode(text.encode()).decode()}}
        answer = self._call("POST", name, ":addVersion", body, suffix=suffix)
        if answer is None:
            raise overtaken(name)
        return int(answer["name"].rpartition("/")[2])

    def _name(self, name: str, number: int, token: str) -> None:
        notes = self._notes(name)
        ids = {known: id_ for known, id_ in ids_of(notes).items() if known > number - _KEPT and id_ != token} | {number: token}
        self._annotate(name, {**notes, IDS: ids_text(ids)})

    def _annotate(self, name: str, notes: Mapping[str, str]) -> None:
        secret = self._call("GET", name) or {}
        if secret.get("annotations", {}) != notes:
            body = {"annotations": dict(notes), "etag": secret.get("etag", "")}
            self._call("PATCH", name, body=body, query={"updateMask": "annotations"})

    def _call(
        self,
        method: str,
        name: str,
        rest: str = "",
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        suffix: str = "",
    ) -> Any:
        path = f"/v1/projects/{self.project}/secrets/{secret_id(name)}{suffix}{rest}"
        return self._send(method, path, name, body, query, (404,))

    def _send(
        self,
        method: str,
        path: str,
        name: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        nothing: tuple[int, ...],
    ) -> Any:
        status, answer = request(self.address, method, path, {"Authorization": f"Bearer {self.token}"}, body, query)
        if status == 200:
            return answer if answer is not None else {}
        if status in nothing:
            return None
        raise told(f"{method} of the secret {name}", status, answer)


def secret_id(name: str) -> str:
    """What Google calls the secret: it allows no slash, and an underscore in a name would make two names one."""
    if "_" in name:
        raise Invalid(f"The secret {name}", "its name has an underscore, which stands for a slash here", "Name it with hyphens.")
    return name.replace("/", "_")


def told(what: str, status: int, answer: Any) -> MicroappsError:
    """The error that an answer of a Google API stands for."""
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    reason = str(error.get("message", "")) if isinstance(error, dict) else ""
    if status == 409 or (status == 400 and isinstance(error, dict) and error.get("status") == "FAILED_PRECONDITION"):
        return Conflict(what, reason or "somebody wrote in between", "Nothing was overwritten. Run again.")
    return meaning(what, status, reason, (401, 403), "Give the service account the role that docs/rotation.md lists.")


def _about(notes: Mapping[str, str]) -> About:
    tags = tuple(sorted((key, value) for key, value in notes.items() if key not in (DESCRIPTION, IDS)))
    return About(notes.get(DESCRIPTION, ""), "", tags)


def _notes(about: About) -> dict[str, str]:
    return dict(about.tags) | ({DESCRIPTION: about.description} if about.description else {})
