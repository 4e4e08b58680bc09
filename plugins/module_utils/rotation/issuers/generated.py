# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets that no other system knows: session and signing keys. Making one is random bytes; the app is its only user.

There is nothing to set and nothing to revoke: the old key is dead when the app has been restarted with the new one. Where
that would throw everybody out, the document carries the former value beside the new one (`previous`) for some hours, and
the app accepts both; a later run drops it. At all other times `previous` is the value itself, so the app has one rule.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Iterator
from typing import Final

from ...capability import Plan
from ...catalog.schema import PREVIOUS
from ...errors import Conflict
from ...scrubber import Secrets
from ..model import Document, register, to_text
from . import Traits

# 256 bits: as strong as what it signs or encrypts.
_BYTES: Final = 32


@dataclasses.dataclass(frozen=True)
class Generated:
    """The issuer of random values. `key` is the document's key that holds it; `overlap` how long the former is accepted."""

    key: str
    secrets: Secrets = dataclasses.field(repr=False)
    random_bytes: Callable[[int], bytes] = dataclasses.field(repr=False)
    overlap: datetime.timedelta = datetime.timedelta()

    @property
    def traits(self) -> Traits:
        """See `Issuer`."""
        return Traits(target=False, takes_turns=bool(self.overlap), overlap=self.overlap)

    def object_of(self, document: Document) -> str:
        """See `Issuer`: no other system knows it."""
        return ""

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`: whoever has it can sign, until the app takes another."""
        return tuple({self.key: value} for value in values)

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`."""
        return ()

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`."""
        return {}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`: there is no target system."""
        return ()

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """See `Issuer`: the store alone decides which of two runs creates the next version."""
        yield

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`. Other keys of the document are kept."""
        value = base64.urlsafe_b64encode(self.random_bytes(_BYTES)).rstrip(b"=").decode("ascii")
        present = current or {}
        document = {**present, self.key: value}
        if self.overlap:
            document[PREVIOUS] = present.get(self.key, value)
        register(self.secrets, to_text(document), document)
        return document

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return {**document, PREVIOUS: document.get(self.key, "")} if self.overlap else document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`."""

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: what was stored is what was made."""
        if not pending.get(self.key):
            raise Conflict("The pending version of a generated secret", f"it has no {self.key}", "Remove it and run again.")

    def mend(self, current: Document) -> None:
        """See `Issuer`."""

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: only the app could tell; it takes what the store says at its start."""
        return True

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`."""
        return ()

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`."""
