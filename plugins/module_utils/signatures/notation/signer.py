# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signer of a policy who signs with notation: a trust policy, a trust store and lists of what is revoked, read once."""

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
from collections.abc import Mapping
from typing import Any, Final

from ...errors import Invalid
from ...oci.transport import Settings, Transport
from ..model import Candidate, Format, Subject, Verified
from ..signers import Loading
from .crl_fetch import HttpFetcher
from .crls import in_folder
from .revocation import Revocation
from .schema import Level
from .trust_policy import parse
from .trust_store import TrustStore
from .verify import Rule, verify

FORMATS: Final = frozenset({Format.NOTATION_JWS, Format.NOTATION_COSE})


@dataclasses.dataclass(frozen=True, slots=True)
class NotationSigner:
    """A signer by notation's trust policy. Who it is, only the signature tells."""

    name: str
    role: str
    rule: Rule

    @property
    def formats(self) -> frozenset[Format]:
        """See `Signer`."""
        return FORMATS

    @property
    def identity(self) -> str:
        """See `Signer`."""
        return ""

    def verify(self, candidate: Candidate, subject: Subject, annotations: Mapping[str, str], now: datetime.datetime) -> Verified:
        """See `Signer`."""
        return verify(candidate, subject, self.rule, self.name, self.role, now, annotations)

    @classmethod
    def load(cls, name: str, role: str, given: Any, where: str, loading: Loading) -> NotationSigner:
        """The signer by the block `given` (see `schema.NOTATION`); `Invalid` names the field and the file of what is wrong."""
        path = os.path.expanduser(given["trust_policy"])
        what = f"{where}.trust_policy: {path}"
        try:
            content = loading.read(path)
        except OSError as error:
            raise Invalid(f"{what} cannot be read", error.strerror or "", "Name notation's trust policy.") from None
        policy = parse(content, what, frozenset(Level(level) for level in given.get("weaker_levels") or ()))
        store = TrustStore(pathlib.Path(os.path.expanduser(given["trust_store"])))
        named = dict.fromkeys(one for statement in policy.statements for one in statement.stores)
        stores = {one: store.certificates(*one) for one in named}
        folder = given.get("crls")
        crls = in_folder(pathlib.Path(os.path.expanduser(folder)), f"{where}.crls") if folder else ()
        fetcher = HttpFetcher(Transport(Settings(environ=loading.environ))) if given.get("fetch_crls") else None
        return cls(name, role, Rule(policy, stores, Revocation(crls, fetcher)))
