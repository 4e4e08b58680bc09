# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may vouch for an image: the interface of a signer, the context it is loaded in, and the signer with a public key.

A kind of signer is one entry of `policy.SIGNERS` and one field of the schema; what it needs is read when the policy is loaded,
so that nothing is found missing half way.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from ..app import App
from ..errors import Invalid
from ..scaffold import workflow
from . import keys
from .attestations.git_url import repository_of
from .cosign.keyed import verify_with_key
from .keyless import trusted_root
from .keyless.rules import IdentityRule, rule_from
from .keyless.verify import verify_with_identity
from .model import Candidate, Format, Subject, Verified

# Where GitHub's runners get the tokens that Fulcio asks for.
GITHUB_ISSUER: Final = "https://token.actions.githubusercontent.com"
COSIGN: Final = frozenset({Format.COSIGN_BUNDLE, Format.COSIGN_LEGACY})


@dataclasses.dataclass(frozen=True, slots=True)
class Loading:
    """What a policy is loaded with: a reader of files (OSError if it cannot), the app it is for (None: none), the time.

    `environ` names the proxies for what a signer may fetch.
    """

    read: Callable[[str], bytes]
    app: App | None
    now: datetime.datetime
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)


def read_file(path: str) -> bytes:
    """What is in a file of the policy's; the usual `Loading.read`."""
    return pathlib.Path(path).read_bytes()


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
        return cls(name, role, keys.load(_read(loading, str(path), what, "Name a file with the signer's public key."), what))


@dataclasses.dataclass(frozen=True, slots=True)
class KeylessSigner:
    """A signer that is known by an identity, in cosign's formats: Fulcio's certificate, Rekor's log."""

    name: str
    role: str
    rule: IdentityRule
    root: trusted_root.TrustedRoot

    @property
    def formats(self) -> frozenset[Format]:
        """See `Signer`."""
        return COSIGN

    @property
    def identity(self) -> str:
        """See `Signer`: where both are exact, it is one; what a pattern matches may be many."""
        rule = self.rule
        return f"{rule.identity} by {rule.issuer}" if rule.identity.exact and rule.issuer.exact and not rule.claims else ""

    def verify(self, candidate: Candidate, subject: Subject, annotations: Mapping[str, str], now: datetime.datetime) -> Verified:
        """See `Signer`. The present time is of no interest: the certificate was valid for minutes, when it signed."""
        return verify_with_identity(candidate, subject, self.rule, self.root, self.name, self.role, annotations)

    @classmethod
    def load(cls, name: str, role: str, data: Any, where: str, loading: Loading) -> KeylessSigner:
        """The signer with its rule and its trusted root."""
        rule = rule_from(_with_identity(data, where, loading.app), where)
        path = os.path.expanduser(rule.trusted_root)
        what = f"{where}.trusted_root: {path}"
        root = trusted_root.parse(_read(loading, path, what, "Name a Sigstore trusted root (JSON)."), what)
        root.check(rule.demands, where)
        return cls(name, role, rule, root)


def _with_identity(data: Mapping[str, Any], where: str, app: App | None) -> Mapping[str, Any]:
    """`identity_from` resolved: exactly the workflow that the scaffold gives this app's repository, on its main branch."""
    if "identity_from" not in data:
        return data
    given = [name for name in ("issuer", "issuer_regexp", "identity", "identity_regexp") if name in data]
    if given:
        raise Invalid(f"{where}: {given[0]} is given beside identity_from", "", "Keep one of them.")
    if app is None:
        raise Invalid(f"{where}.identity_from needs an app of the catalog", "none was given", "Name the identity itself.")
    rest = {name: value for name, value in data.items() if name != "identity_from"}
    return {**rest, "issuer": GITHUB_ISSUER, "identity": github_identity(app, where)}


def github_identity(app: App, where: str) -> str:
    """The subject alternative name that Fulcio writes for the scaffolded workflow on the app's own branch."""
    host, _slash, path = repository_of(app.repository.url).partition("/")
    if host != "github.com" or path.count("/") != 1:
        raise Invalid(
            f"{where}.identity_from: the repository of {app.name} is not on github.com",
            f"the catalog says {app.repository.url}",
            "Name its signer by key or identity in this environment's policy.",
        )
    # GitHub's tokens keep the case that comparing repositories must not look at: the name as the catalog writes it.
    begin = app.repository.url.lower().index(path)
    path = app.repository.url[begin : begin + len(path)]
    return f"https://github.com/{path}/{workflow.PATH}@refs/heads/{app.repository.branch}"


def _read(loading: Loading, path: str, what: str, next_step: str) -> bytes:
    try:
        return loading.read(path)
    except OSError as error:
        raise Invalid(f"{what} cannot be read", error.strerror or "", next_step) from None
