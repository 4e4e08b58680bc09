# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Third-party API keys by a declarative HTTP recipe (`profile.Vendor`): create, check, revoke.

A vendor tells a key's value once. A run that is killed between that answer and the store's leaves a key that nobody knows;
so every key is made under a name, the pending version's id, and what carries a name of that rotation is revoked once it is over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...capability import Change, Plan
from ...errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable
from ...profile import Vendor
from ...scrubber import Secrets
from ..controls import VENDOR_KEYS
from ..http_json import request
from ..model import OURS, Document, register, replaces, to_text, token_for
from ..stores.shared import token_of
from . import Lost, Traits

KEY: Final = "api_key"
# The id of the key that this one was made in the place of.
FORMER: Final = "former_key_id"


@dataclasses.dataclass(frozen=True)
class HttpRecipe:
    """The issuer of one vendor's keys. `key` is the document's key that holds the value; `key_id` holds its id.

    `secret` is the secret's name in the store, by which keys are told that were made in the place of the current one.
    """

    name: str
    vendor: Vendor
    key: str
    secrets: Secrets = dataclasses.field(repr=False)
    secret: str = ""

    @property
    def traits(self) -> Traits:
        """See `Issuer`: some vendors only tell whether a key is valid, and none tells who uses it."""
        return Traits(makes=bool(self.vendor.create_path), takes=False, made_by_target=True)

    def object_of(self, document: Document) -> str:
        """See `Issuer`: the vendor's keys are one object."""
        return f"vendor:{self.name}"

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`."""
        documents = tuple({self.key: value} for value in values)
        return tuple(document for document in documents if self.accepts(document))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: a vendor's list shows no values, so only the one before is asked about."""
        ids = {one.get("key_id") for one in known}
        if current is None:
            return tuple(one for one in self._left_by_another_store() if one["key_id"] not in ids)
        document = former()
        orphans = tuple(one for one in self._orphans(current, document) if one["key_id"] not in ids)
        if document is None or document.get(self.key) in {one.get(self.key) for one in known}:
            return orphans
        if document is not current and document.get(self.key) == current.get(self.key):
            return orphans
        others = tuple(one for one in orphans if one["key_id"] != document.get("key_id"))
        return (document, *others) if self.accepts(document) else others

    def _orphans(self, current: Document, former: Document | None) -> tuple[Document, ...]:
        """Keys made in the place of the current one or the one before, by their names: no store came to know them."""
        mine = current.get("key_id", "")
        if not (self.secret and self.vendor.revoke_path and mine):
            return ()
        names = self._names()
        bases = [names.get(one.get("key_id", ""), "") for one in (current, former or {})]
        found = (key_id for key_id, name in names.items() if any(base and replaces(self.secret, name, base) for base in bases))
        # Whoever writes a value by hand makes what was current the one before, and only that one tells what it had replaced.
        replaced = (one[FORMER] for one in (current, former) if one and one.get(FORMER) in names)
        ids = dict.fromkeys((*found, *_siblings(names, mine), *replaced))
        return tuple({"key_id": key_id} for key_id in ids if key_id != mine)

    def _left_by_another_store(self) -> tuple[Document, ...]:
        """Keys that were made for this secret first or second: an app may run with one that this store never knew."""
        if not (self.secret and self.vendor.revoke_path):
            return ()
        bases = ("", token_for(self.secret, ""))
        names = self._names()
        return tuple(
            {"key_id": key_id} for key_id, name in names.items() if any(replaces(self.secret, name, one) for one in bases)
        )

    def _names(self) -> dict[str, str]:
        return {str(entry.get(self.vendor.id_field, "")): str(entry.get("name", "")) for entry in self._listed()}

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: the vendor chooses everything."""
        return {}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`: one object, the vendor's list of our keys as far as it matters."""
        # A key that a killed run left pending is not former: it is the one that will be current.
        former = [one for one in retire or () if not wanted.get("key_id") or one.get("key_id") != wanted["key_id"]]
        before = {"key": "the former one" if fresh else "the present one", "former_keys_accepted": len(former)}
        after = {"key": "a new one" if fresh else "the present one", "former_keys_accepted": 0}
        changes = tuple(
            Change("update", field, before[field], value, VENDOR_KEYS) for field, value in after.items() if before[field] != value
        )
        return (Plan(self.object_of({}), before, after, changes, (), (VENDOR_KEYS,)),)

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """See `Issuer`: the store alone decides which of two runs creates the next version."""
        yield

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`."""
        answer = self._admin("POST", self.vendor.create_path, {"name": token})
        try:
            value, key_id = str(answer[self.vendor.value_field]), str(answer[self.vendor.id_field])
        except (KeyError, TypeError):
            fields = f"{self.vendor.value_field} and {self.vendor.id_field}"
            raise Invalid(f"Ask {self.name} for a key", f"its answer has no {fields}", "Mend the profile's vendors.") from None
        self.secrets.register(value)
        kept = {name: text for name, text in (current or {}).items() if name not in ("key_id", FORMER)}
        replaced = {FORMER: current["key_id"]} if current and current.get("key_id") else {}
        document = {**kept, self.key: value, "key_id": key_id, **replaced}
        register(self.secrets, to_text(document), document)
        return document

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: the vendor accepts a key from the moment it is made."""

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`."""
        if self.vendor.check_path and not self.accepts(pending):
            # One that a killed run left, and somebody revoked since: another one is made. Once, if it is the vendor.
            raise Lost(f"Use the new key of {self.name}", "the vendor refuses it", "Look at the key in the vendor's console.")

    def mend(self, current: Document) -> None:
        """See `Issuer`."""

    def accepts(self, document: Document) -> bool:
        """See `Issuer`. Without a way to check, a key counts as accepted."""
        if not self.vendor.check_path:
            return True
        header = {self.vendor.key_header: f"{self.vendor.key_prefix}{document.get(self.key, '')}"}
        status, _unused = request(self.vendor.base_url, "GET", self.vendor.check_path, header)
        if status in (401, 403):
            return False
        if 200 <= status < 300:
            return True
        raise Unreachable(f"Ask {self.name} whether a key is valid", f"it answers {status}", "Run again when it is well.")

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: vendors do not tell."""
        return ()

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`."""
        mine = current.get("key_id", "")
        for key_id in _siblings(self._names(), mine) if old and mine else ():
            self._revoke(key_id)
        for document in old:
            is_current = bool(current.get("key_id")) and document.get("key_id") == current["key_id"]
            if document.get(self.key) != current.get(self.key) and not is_current:
                self._revoke(document.get("key_id") or self._id_of(document.get(self.key, "")))

    def _id_of(self, value: str) -> str:
        if not self.vendor.id_of_found:
            raise Conflict(
                f"A former key of {self.name} is still valid",
                "its id is not known and the vendor cannot be asked for it by its value",
                "Revoke it in the vendor's console.",
            )
        return self.vendor.id_of_found.replace("{sha256}", hashlib.sha256(value.encode()).hexdigest())

    def _listed(self) -> tuple[Mapping[str, Any], ...]:
        if not self.vendor.list_path:
            return ()
        answer = self._admin("GET", self.vendor.list_path, None)
        entries = (
            next((value for value in answer.values() if isinstance(value, list)), []) if isinstance(answer, dict) else answer
        )
        return tuple(entry for entry in entries or () if isinstance(entry, Mapping))

    def _revoke(self, key_id: str) -> None:
        if not self.vendor.revoke_path:
            raise Conflict(
                f"A former key of {self.name} is still valid", "the vendor offers no call to revoke it", "Revoke it there."
            )
        path = self.vendor.revoke_path.replace("{id}", urllib.parse.quote(key_id, safe=""))
        # A token file that is missing is no key that is gone.
        token = self._token()
        # Gone already is as good as gone.
        with contextlib.suppress(NotFound):
            self._asked(token, "DELETE", path, None)

    def _token(self) -> str:
        return token_of(self.vendor.admin_token_file, self.secrets, f"the vendor {self.name}")

    def _admin(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        return self._asked(self._token(), method, path, body)

    def _asked(self, token: str, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        status, answer = request(self.vendor.base_url, method, path, {"Authorization": f"Bearer {token}"}, body)
        if 200 <= status < 300:
            return answer or {}
        raise _told(f"{method} a key of {self.name}", status)


def _siblings(names: Mapping[str, str], mine: str) -> tuple[str, ...]:
    """Keys that other runs made in the place of the very key that this one replaced: they can never become current. Pure."""
    stem = names.get(mine, "").rpartition("-")[0]
    made = stem.startswith(OURS)
    return tuple(key_id for key_id, name in names.items() if made and key_id != mine and name.rpartition("-")[0] == stem)


def _told(what: str, status: int) -> MicroappsError:
    if status in (401, 403):
        return Denied(what, f"the vendor answers {status}", "Renew the token in admin_token_file of the profile's vendors.")
    if status == 404:
        return NotFound(what, "the vendor does not know it")
    if status == 429 or status >= 500:
        return Unreachable(what, f"the vendor answers {status}", "Run again later.")
    return Invalid(what, f"the vendor answers {status}", "Mend the profile's vendors.")
