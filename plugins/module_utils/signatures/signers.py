# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may vouch for an image: the interface of a signer, the context it is loaded in, and the signer with a public key.

A kind of signer is one entry of `policy.SIGNERS` and one field of the schema; what it needs is read when the policy is loaded,
so that nothing is found missing half way.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from ..app import App
from ..errors import Invalid
from . import keys
from .cosign.keyed import verify_with_key
from .model import Candidate, Format, Subject, Verified

COSIGN: Final = frozenset({Format.COSIGN_BUNDLE, Format.COSIGN_LEGACY})


@dataclasses.dataclass(frozen=True, slots=True)
class Loading:
    """What a policy is loaded with: a reader of files (OSError if it cannot), the app it is for (None: none), and the time."""

    read: Callable[[str], bytes]
    app: App | None
    now: datetime.datetime


class Signer(Protocol):
    """One signer of a policy. `formats` are those it can have made; a candidate of another format is not shown to it."""

    @property
    def name(self) -> str:
        """The policy's name for it."""

    @property
    def role(self) -> str:
        """The role it signs in."""

    @property
    def formats(self) -> frozenset[Format]:
        """What it can have made."""

    @property
    def identity(self) -> str:
        """What makes it one and the same: two names for one key are one signer. '' where only the signature tells."""

    def verify(self, candidate: Candidate, subject: Subject, annotations: Mapping[str, str], now: datetime.datetime) -> Verified:
        """What the candidate proves, or Rejected."""


@dataclasses.dataclass(frozen=True, slots=True)
class KeySigner:
    """A signer with a public key, in cosign's formats."""

    name: str
    role: str
    key: keys.PublicKey

    @property
    def formats(self) -> frozenset[Format]:
        """See `Signer`."""
        return COSIGN

    @property
    def identity(self) -> str:
        """See `Signer`."""
        return self.key.identity

    def verify(self, candidate: Candidate, subject: Subject, annotations: Mapping[str, str], now: datetime.datetime) -> Verified:
        """See `Signer`."""
        return verify_with_key(candidate, subject, self.key, self.name, self.role, annotations)

    @classmethod
    def load(cls, name: str, role: str, path: Any, where: str, loading: Loading) -> KeySigner:
        """The signer with the key in this file; `Invalid` names the field and the file."""
        what = f"{where}: {path}"
        try:
            content = loading.read(str(path))
        except OSError as error:
            raise Invalid(f"{what} cannot be read", error.strerror or "", "Name a file with the signer's public key.") from None
        return cls(name, role, keys.load(content, what))
