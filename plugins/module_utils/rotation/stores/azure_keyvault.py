# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Azure Key Vault as a store, by plain REST (data plane, version 7.4).

A version is current from its first moment: whoever names none gets the newest. So a pending value waits in a secret of its own,
`<name>--pending`. Versions have random ids, and the second in which they were made; which is the newest, Key Vault says itself.

| the machine's     | is here                                                       | of two runs at once             |
| ----------------- | ------------------------------------------------------------- | ------------------------------- |
| current           | the newest version                                            |                                 |
| previous          | the one that the newest says it replaced (a tag), or the one  |                                 |
|                   | made before it                                                |                                 |
| pending           | the first enabled version of `<name>--pending`: our id, the   | whose version was made later,   |
|                   | document, and the ids of the versions that were newest then   | or in the same second, gives up |
| a version's id    | the tag `goldenpath-version` of that version, written with it |                                 |
| create            | the first version                                             | one document, or Conflict       |
| promote (finish)  | the pending document becomes a version; those of              | both write the same document    |
|                   | `<name>--pending` are disabled                                |                                 |

Writing a version cannot be made to depend on what it replaces. So the newest is looked at right before, and all of them right
afterwards: where somebody wrote in between, their value is put back as the newest, and the run fails with Conflict. In that
moment readers may get ours. A kill within it is made good by the next run: the pending value says which versions it knew.

A secret's name is taken until it is purged, and a single version cannot be deleted. So nothing is deleted here: what is no longer
pending is disabled, and a secret without a value is a disabled version. Tags are a version's, not the secret's: what any version
says of the secret counts, and each new one repeats it.

Names may not contain a slash: `microapps/dev/x/database` is the secret `microapps--dev--x--database`.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from ...errors import Conflict, MicroappsError
from ...profile import StorePlace
from ...scrubber import Secrets
from ..http_json import request
from ..model import About, Document, Stage, Stored, Version, from_text, present, register, to_text
from .azure_login import bearer
from .azure_versions import (
    NO_VALUE,
    PENDING,
    REPLACES,
    VERSION,
    Entry,
    about_from,
    checked,
    entry_from,
    id_of,
    in_order,
    labels,
    name_of,
    names_of,
    secret_id,
    since,
    staged,
    tags_of,
)
from .shared import (
    Waiting,
    meaning,
    no_version,
    overtaken,
    read_at,
    rotated_by_another,
    waiting_from,
    waiting_text,
)

API: Final = "7.4"
# In words: as access policies name them. The role "Key Vault Secrets Officer" has them all.
PERMISSIONS: Final = ("key vault: get secrets", "key vault: list secrets", "key vault: set secrets")
# A page of versions or secrets may have so many.
_PAGE: Final = "25"


@dataclasses.dataclass(frozen=True)
class AzureKeyVault:
    """See `Store`, and `retire.recoverable.Recoverable`."""

    conditional: ClassVar[bool] = False
    closed: ClassVar[str] = "deleted"
    way_back: ClassVar[str] = "az keyvault secret recover"

    address: str
    token: str = dataclasses.field(repr=False)
    secrets: Secrets = dataclasses.field(repr=False)

    @classmethod
    def open(cls, place: StorePlace, secrets: Secrets, environ: Mapping[str, str]) -> AzureKeyVault:
        """The vault at the profile's address, logged in as azure_login.py says."""
        store = place.secret_store
        return cls(store.address.rstrip("/"), bearer(store, secrets, environ), secrets)

    def object(self, name: str) -> str:
        """See `Store`."""
        return f"azure:{urllib.parse.urlsplit(self.address).hostname}/secrets/{secret_id(name)}"

    def describe(self, name: str) -> Stored | None:
        """See `Store`. A newest version that somebody disabled counts as a deletion: readers get no value."""
        pending = self._pending(name).token
        bundle, entries = self._newest(name)
        newest = id_of(bundle)
        if not entries:
            # Whoever may not look among the deleted is told by the vault when he makes the secret.
            gone = self._send("GET", f"/deletedsecrets/{secret_id(name)}", name, nothing=(403, 404))
            return Stored(name, about=about_from(gone.get("tags") or {}), deleted=True) if gone else None
        valued = any(entry.mark != NO_VALUE for entry in entries)
        return Stored(name, staged(entries, newest, pending), about_from(tags_of(entries)), valued and not newest)

    def versions(self, name: str) -> tuple[Version, ...]:
        """See `Store`: it lists them all at once."""
        return present(self.describe(name), name).versions

    def read(self, name: str, token: str) -> Document:
        """See `Store`."""
        pending = self._pending(name)
        if pending.token == token:
            return pending.document
        entry = self._entry(name, token)
        document = self._document(name, self._get(name, entry.id)) if entry else None
        if document is None:
            raise no_version(name, token)
        return document

    def read_stage(self, name: str, stage: Stage) -> Document:
        """See `Store`. The current one takes one call, and no right to list."""
        document = self._document(name, self._get(name)) if stage is Stage.CURRENT else None
        return read_at(self, name, stage) if document is None else document

    def created(self, name: str, token: str) -> datetime.datetime | None:
        """See `Store`."""
        entry = self._entry(name, token)
        return datetime.datetime.fromtimestamp(entry.made, datetime.UTC) if entry else None

    def create(self, name: str, token: str, document: Document | None, about: About) -> None:
        """See `Store`."""
        entries, text = self._entries(name), "{}" if document is None else to_text(document)
        if not entries:
            tags = {**labels(about), VERSION: NO_VALUE if document is None else token}
            self._set(name, text, tags, enabled=document is not None)
            self._give_back(name, Waiting(tags[VERSION], "none"))
        if document is None:
            return
        if any(entry.mark != token for entry in entries) or self._document(name, self._get(name)) != dict(document):
            raise Conflict(f"The secret {name}", "somebody else made it", "Their value was left as it is. Run again.")

    def put_pending(self, name: str, token: str, document: Document, claimed: str = "") -> None:
        """See `Store`. Whose version is the only one, or was made first after `claimed`, has made it."""
        before = self._enabled(name, PENDING)
        found = self._waiting(name, before[0]) if before else Waiting()
        if found.token == claimed:
            replaced = {entry.id for entry in before}
            bundle, entries = self._newest(name)
            if any(entry.mark == token for entry in entries):
                raise rotated_by_another(name)  # and it has ended
            newest = id_of(bundle) or "none"
            recent = since(entries, newest)
            found = Waiting(token, " ".join([newest, *(entry.id for entry in recent)]), document)
            made = self._set(name, waiting_text(found, self.secrets), {}, PENDING)
            waiting = tuple(entry for entry in self._enabled(name, PENDING) if entry.id not in replaced)
            mine = next((entry.made for entry in waiting if entry.id == made), sys.maxsize)
            if any(entry.made <= mine for entry in waiting if entry.id != made):
                self._patch(name, made, {"attributes": {"enabled": False}}, PENDING)
                raise rotated_by_another(name)
            for entry in reversed(before):
                self._patch(name, entry.id, {"attributes": {"enabled": False}}, PENDING)
        if (found.token, dict(found.document)) != (token, dict(document)):
            raise rotated_by_another(name)

    def promote(self, name: str, token: str, replaced: str) -> None:
        """See `Store`. The text at the top says how somebody else's value stays the newest."""
        pending = self._pending(name)
        newest, entries = self._newest(name)
        current = id_of(newest)
        named = names_of(entries, current).get(current, "")
        if pending.token != token:
            if named == token:
                return
            raise overtaken(name)
        if named != token or self._document(name, newest) != pending.document:
            if named != replaced or (current or "none") != pending.after.split()[0]:
                raise overtaken(name)
            tags = {key: value for key, value in tags_of(entries).items() if key != REPLACES}
            self._set(name, to_text(pending.document), tags | {VERSION: token} | ({REPLACES: current} if current else {}))
        self._give_back(name, pending)
        self.drop_pending(name, token)

    def drop_pending(self, name: str, token: str) -> None:
        """See `Store`. The first one goes last: were this killed, a second one would take its place."""
        for entry in reversed(self._enabled(name, PENDING)):
            if self._waiting(name, entry).token == token:
                self._patch(name, entry.id, {"attributes": {"enabled": False}}, PENDING)

    def label(self, name: str, before: About, wanted: About) -> None:
        """See `Store`. Tags of the newest version, a disabled one too; the key is the vault's."""
        have = labels(before)
        lacking = {key: value for key, value in labels(wanted).items() if have.get(key) != value}
        if lacking:
            self._tag(name, lacking)

    def look(self) -> None:
        """Ask whether the vault lets us in and list; the answer is of no interest."""
        self._send("GET", "/secrets", "any", query={"maxresults": "1"})

    def names(self, prefix: str) -> tuple[tuple[str, bool], ...]:
        """See `retire.recoverable.Recoverable`: closed is deleted, as long as it can be recovered."""
        found: dict[str, bool] = {}
        for path, gone in (("/deletedsecrets", True), ("/secrets", False)):
            for item in self._pages(path, "any"):
                name = name_of(item["id"].rpartition("/")[2])
                found |= {name: gone} if name and name.startswith(prefix) else {}
        return tuple(sorted(found.items()))

    def about(self, name: str) -> About | None:
        """See `retire.recoverable.Recoverable`: a person's version may have no tags, so all versions together tell."""
        stored = self.describe(name)
        return stored.about if stored else None

    def close(self, name: str) -> None:
        """The secret and what waits beside it are deleted: both can be recovered for as long as the vault says.

        Of what is deleted only the newest version's tags are shown, so they tell whose it is.
        """
        ours = about_from(tags_of(self._newest(name)[1]))
        self._tag(name, labels(ours))
        for suffix in (PENDING, ""):
            self._call("DELETE", name, suffix=suffix)

    def _tag(self, name: str, wanted: Mapping[str, str]) -> None:
        entries = self._newest(name)[1]
        if entries and any(entries[-1].tags.get(key) != value for key, value in wanted.items()):
            self._patch(name, entries[-1].id, {"tags": checked(name, {**entries[-1].tags, **wanted})})

    def _give_back(self, name: str, pending: Waiting) -> None:
        newest, *known = pending.after.split()
        entries = self._enabled(name)
        theirs = [entry for entry in since(entries, newest) if entry.id not in known and entry.mark != pending.token]
        if not theirs:
            return
        if id_of(self._get(name)) not in {entry.id for entry in theirs}:
            bundle = self._get(name, theirs[-1].id)
            if bundle is not None:
                tags = {key: value for key, value in theirs[-1].tags.items() if key not in (VERSION, REPLACES)}
                self._set(name, str(bundle["value"]), tags, kind=str(bundle.get("contentType") or ""))
        raise overtaken(name)

    def _newest(self, name: str) -> tuple[Mapping[str, Any] | None, tuple[Entry, ...]]:
        """The newest version with its value (None if that is disabled, or there is none), and all of them in order."""
        bundle = self._get(name)
        entries = self._entries(name)
        if bundle is not None and id_of(bundle) not in {entry.id for entry in entries}:
            raise Conflict(f"The secret {name}", "its newest version is not in its list of versions", "Run again.")
        return bundle, in_order(entries, id_of(bundle))

    def _entries(self, name: str, suffix: str = "") -> tuple[Entry, ...]:
        return in_order(entry_from(item) for item in self._pages(f"/secrets/{secret_id(name)}{suffix}/versions", name))

    def _enabled(self, name: str, suffix: str = "") -> tuple[Entry, ...]:
        return tuple(entry for entry in self._entries(name, suffix) if entry.enabled)

    def _entry(self, name: str, token: str) -> Entry | None:
        entries = self._enabled(name)
        named = names_of(entries, "")
        return next((entry for entry in entries if named[entry.id] == token or entry.id == token), None)

    def _pending(self, name: str) -> Waiting:
        entries = self._enabled(name, PENDING)
        return self._waiting(name, entries[0]) if entries else Waiting()

    def _waiting(self, name: str, entry: Entry) -> Waiting:
        bundle = self._get(name, entry.id, PENDING)
        if bundle is None:
            return Waiting()
        found = waiting_from(name, str(bundle["value"]), self.secrets)
        return found if found.after else Waiting("foreign")

    def _document(self, name: str, bundle: Mapping[str, Any] | None) -> dict[str, str] | None:
        if bundle is None:
            return None
        text = str(bundle["value"])
        document = from_text(name, text)
        register(self.secrets, text, document)
        return document

    def _get(self, name: str, version: str = "", suffix: str = "") -> Any:
        bundle = self._call("GET", name, f"/{version}" if version else "", suffix=suffix)
        if bundle is not None:
            self.secrets.register(str(bundle["value"]))
        return bundle

    def _set(
        self,
        name: str,
        text: str,
        tags: Mapping[str, str],
        suffix: str = "",
        enabled: bool = True,
        kind: str = "application/json",
    ) -> str:
        body: dict[str, Any] = {"value": text, "tags": checked(name, tags), "attributes": {"enabled": enabled}}
        return id_of(self._call("PUT", name, body=body | ({"contentType": kind} if kind else {}), suffix=suffix))

    def _patch(self, name: str, version: str, body: Mapping[str, Any], suffix: str = "") -> None:
        self._call("PATCH", name, f"/{version}", body, suffix)

    def _pages(self, path: str, name: str) -> Iterable[Mapping[str, Any]]:
        query: dict[str, str] = {"maxresults": _PAGE}
        while True:
            page = self._send("GET", path, name, query=query, nothing=(404,)) or {}
            yield from page.get("value") or ()
            if not page.get("nextLink"):
                return
            # Of the address of the next page only what it asks is taken, never where: our token goes to this vault alone.
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(str(page["nextLink"])).query))

    def _call(self, method: str, name: str, rest: str = "", body: Mapping[str, Any] | None = None, suffix: str = "") -> Any:
        return self._send(method, f"/secrets/{secret_id(name)}{suffix}{rest}", name, body, nothing=(404,))

    def _send(
        self,
        method: str,
        path: str,
        name: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        nothing: Sequence[int] = (),
    ) -> Any:
        asked = {**(query or {}), "api-version": API}
        status, answer = request(self.address, method, path, {"Authorization": f"Bearer {self.token}"}, body, asked)
        if status == 200:
            return answer if answer is not None else {}
        if status in nothing or (method == "GET" and "SecretDisabled" in _codes(answer)):
            return None
        raise _told(f"{method} of the secret {name}", status, answer)


def _codes(answer: Any) -> tuple[str, ...]:
    error = answer.get("error") if isinstance(answer, dict) else None
    codes = []
    while isinstance(error, dict):
        codes.append(str(error.get("code", "")))
        error = error.get("innererror")
    return tuple(codes)


def _told(what: str, status: int, answer: Any) -> MicroappsError:
    error = answer.get("error") if isinstance(answer, dict) else None
    reason = str(error.get("message", "")) if isinstance(error, dict) else ""
    if status == 409:
        mend = "Recover or purge what was deleted (az keyvault secret recover, its --pending too), or wait a minute. Run again."
        return Conflict(what, reason or "it is deleted or being changed", mend)
    mend = "Give the client or identity the role that docs/rotation.md lists, and let the vault's firewall let this machine in."
    return meaning(what, status, reason, (401, 403), mend)
