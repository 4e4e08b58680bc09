# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of the app's secrets a credential belongs to that triage found in the code, and what its value is.

The values are read again from the repository's mirror, in this process, and are registered as secret at once.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable

from ..app import DATABASE_KINDS, App, Resolution, SecretSpec
from ..errors import NotFound
from ..gitops.git import Mirror
from ..scrubber import Secrets
from ..triage.locate import value_of
from ..verdict import CredentialFinding, Verdict
from .makers import value_keys

_DATABASE_WORDS = frozenset(
    {"db", "database", "datasource", "jdbc", "pg", "postgres", "postgresql", "pgpassword", "mysql", "mariadb", "sql", "dsn"}
)
# Words that every key's name has: they say nothing about whose key it is.
_COMMON_WORDS = frozenset({"api", "key", "token", "secret", "access", "private", "client", "auth", "app", "live", "url"})


# What a key is called that opens what the app itself has encrypted and kept.
_ENCRYPTS = re.compile(r"(?:en|de)crypt|^(?:fernet|cipher|crypto?|aes\d*)$")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A credential of the code with its value, the secret it is (`spec`), None if the catalog names none for it, and what a
    person says of it (`said`)."""

    finding: CredentialFinding
    value: str = dataclasses.field(repr=False)
    spec: SecretSpec | None = None
    said: Resolution | None = None

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        commit = f" of commit {self.finding.commit[:12]}" if self.finding.commit else ""
        return f"{self.finding.kind} in {self.finding.file}:{self.finding.line}{commit}"

    @property
    def is_password(self) -> bool:
        """Whether people chose it for a login: no vendor made it, so none can revoke it."""
        return self.finding.kind.rpartition("_")[2] in ("password", "pin")


def find(app: App, verdict: Verdict, copy: Mirror, secrets: Secrets, today: datetime.date) -> tuple[Found, ...]:
    """Every credential that owes a rotation and every one that a person dismissed, once for each value."""
    asked = (finding for finding in reversed(verdict.credentials) if finding.owes_rotation or finding.is_dismissed)
    once = {finding.fingerprint: finding for finding in asked}
    said = app.resolutions(today)
    found = []
    for finding in reversed(once.values()):
        value = secrets.register(value_of(copy.folder, finding, app.name, "" if finding.commit else verdict.commit))
        found.append(Found(finding, value, spec_of(finding, app), said.get(finding.fingerprint)))
    return tuple(found)


def spec_of(finding: CredentialFinding, app: App) -> SecretSpec | None:
    """The secret of the catalog that a finding is, by its kind and by the name it was assigned to. Pure."""
    name = _words(finding.variable)
    if finding.standing == "signing_key":
        return _closest(name, [spec for spec in app.secrets if spec.kind == "generated"], alone=True)
    if finding.kind.startswith(("postgresql", "mysql")) or (
        finding.kind in ("password", "database_password") and name & _DATABASE_WORDS
    ):
        return next((spec for spec in app.secrets if spec.kind in DATABASE_KINDS), None)
    if finding.kind.startswith("aws_"):
        return _closest(name, [spec for spec in app.secrets if spec.kind == "aws_iam_access_key"], alone=True)
    return _closest(name, [spec for spec in app.secrets if spec.kind == "api_key"], alone=False)


def key_of(found: Found, spec: SecretSpec) -> str:
    """The key of the stored document that a found value belongs under, by the name it was assigned to. Pure."""
    name = _words(found.finding.variable)
    variables = dict(spec.variables)
    # Of two tokens of one vendor, only the words that every key's name has tell which is which; the first wins where none does.
    return max(value_keys(spec), key=lambda key: len(name & (_words(key) | _words(variables.get(key, "")))))


def encrypts(spec: SecretSpec, found: Iterable[Found]) -> bool:
    """Whether a generated secret is called a key that encrypts, in the catalog or in the code. Pure."""
    names = (spec.name, *(variable for _key, variable in spec.variables), *(one.finding.variable for one in found))
    return spec.kind == "generated" and any(_ENCRYPTS.search(word) for name in names for word in _words(name))


def _closest(name: frozenset[str], specs: list[SecretSpec], alone: bool) -> SecretSpec | None:
    # A signing key without a telling name is the only generated secret there is; a vendor's key never is by exclusion.
    if alone and len(specs) == 1:
        return specs[0]
    scored = [(len((name - _COMMON_WORDS) & _spec_words(spec)), spec) for spec in specs]
    best = max((score for score, _unused in scored), default=0)
    winners = [spec for score, spec in scored if score == best and best]
    return winners[0] if len(winners) == 1 else None


def _spec_words(spec: SecretSpec) -> frozenset[str]:
    return frozenset().union(_words(spec.name), *(_words(variable) for _unused, variable in spec.variables)) - _COMMON_WORDS


def _words(text: str) -> frozenset[str]:
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return frozenset(word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word)


def still_in(copy: Mirror, commit: str, found: Iterable[Found]) -> tuple[str, ...]:
    """Paths of a commit whose content still holds one of the values: an app that runs it would use them."""
    values = [one.value.encode("utf-8", "surrogateescape") for one in found]
    if not values:
        return ()
    try:
        files = copy.read_many(commit)
    except NotFound:
        return ()
    return tuple(sorted(path for path, content in files.items() if any(value in content for value in values)))
