# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""notation's trust policy as its users have it: trustpolicy.json or trustpolicy.oci.json, version 1.0 (specifications,
trust-store-trust-policy.md).

What notation refuses is refused, and what it passes over (unknown fields, spelling in another case, text after the end) as well:
a policy that does not mean what it says is nobody's policy.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from ...catalog.check import Checker, quoted
from ...errors import Invalid
from ...oci import strict_json
from . import names
from .schema import TRUST_POLICY, Level

_WILDCARD: Final = "*"
# As notation has it, after the reference grammar of the distribution project.
_DOMAIN_PART: Final = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
_PATH_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_SCOPE: Final = re.compile(rf"{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*(?::[0-9]+)?(?:/{_PATH_PART})+", re.ASCII)
_STORE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


class Check(enum.StrEnum):
    """The checks that a level demands or only tells of. Integrity is always demanded and stands in no policy."""

    AUTHENTICITY = "authenticity"
    AUTHENTIC_TIMESTAMP = "authenticTimestamp"
    EXPIRY = "expiry"
    REVOCATION = "revocation"


class Action(enum.StrEnum):
    """What follows if a check fails. Skipped is a check that is not made."""

    ENFORCE = "enforce"
    LOG = "log"
    SKIP = "skip"


class StoreKind(enum.StrEnum):
    """The kinds of trust stores, by the folders they are kept in."""

    CA = "ca"
    SIGNING_AUTHORITY = "signingAuthority"
    TSA = "tsa"


_LEVELS: Final[Mapping[Level, Mapping[Check, Action]]] = {
    Level.STRICT: dict.fromkeys(Check, Action.ENFORCE),
    Level.PERMISSIVE: {**dict.fromkeys(Check, Action.LOG), Check.AUTHENTICITY: Action.ENFORCE},
    Level.AUDIT: dict.fromkeys(Check, Action.LOG),
    Level.SKIP: dict.fromkeys(Check, Action.SKIP),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `identities` is None where every certificate of the stores is trusted (`*`)."""

    name: str
    scopes: tuple[str, ...]
    level: Level
    actions: Mapping[Check, Action]
    after_expiry_only: bool  # verifyTimestamp: afterCertExpiry
    stores: tuple[tuple[StoreKind, str], ...]
    identities: tuple[Mapping[str, str], ...] | None

    def named(self, kind: StoreKind) -> tuple[str, ...]:
        """The names of the stores of this kind, in order."""
        return tuple(dict.fromkeys(name for one, name in self.stores if one is kind))


@dataclasses.dataclass(frozen=True, slots=True)
class TrustPolicy:
    """A trust policy without contradictions: each scope leads to one statement."""

    statements: tuple[Statement, ...]

    def statement_for(self, repository: str) -> Statement | None:
        """The statement for this repository (`HOST/PATH`): by its exact name, else the one for all, else none."""
        for wanted in (repository, _WILDCARD):
            for statement in self.statements:
                if wanted in statement.scopes:
                    return statement
        return None


def parse(data: bytes, what: str, weaker: frozenset[Level] = frozenset()) -> TrustPolicy:
    """The trust policy in a file's content. `Invalid` names `what`, field, value and mend of everything that is wrong.

    `weaker` are the levels below strict and permissive that the user has said may be used.
    """
    document = strict_json.parse_object(data, what)
    _not_for_blobs(document, what)
    complaints = Checker(TRUST_POLICY).complaints(document)
    if complaints:
        raise Invalid(f"{what}: " + " | ".join(complaint.sentence for complaint in complaints))
    statements = tuple(
        _statement(entry, f"{what}: trustPolicies[{number}]", weaker) for number, entry in enumerate(document["trustPolicies"])
    )
    _each_once([(one.name, f"trustPolicies[{number}].name") for number, one in enumerate(statements)], what)
    _each_once(
        [(scope, f"trustPolicies[{number}].registryScopes") for number, one in enumerate(statements) for scope in one.scopes],
        what,
    )
    return TrustPolicy(statements)


def _not_for_blobs(document: Mapping[str, Any], what: str) -> None:
    entries = document.get("trustPolicies")
    if isinstance(entries, list) and any(isinstance(entry, dict) and "globalPolicy" in entry for entry in entries):
        raise Invalid(f"{what} is a policy for files (blobs)", "it has globalPolicy", "Name the policy for images.")


def _each_once(found: Sequence[tuple[str, str]], what: str) -> None:
    seen: dict[str, str] = {}
    for value, where in found:
        if value in seen:
            raise Invalid(
                f"{what}: {where}: {quoted(value)} stands in {seen[value]} already",
                "it would not be clear which statement counts",
                "Remove one of them.",
            )
        seen[value] = where


def _statement(entry: Mapping[str, Any], where: str, weaker: frozenset[Level]) -> Statement:
    verification = entry["signatureVerification"]
    level = Level(verification["level"])
    actions = _actions(level, verification.get("override") or {}, f"{where}.signatureVerification", weaker)
    stores, identities = entry.get("trustStores") or [], entry.get("trustedIdentities") or []
    scopes = tuple(entry["registryScopes"])
    _check_scopes(scopes, f"{where}.registryScopes")
    if level is Level.SKIP:
        if stores or identities:
            raise Invalid(
                f"{where}: the level skip has trust stores or identities", "nothing is verified with them", "Remove them."
            )
        if _WILDCARD in scopes:
            raise Invalid(f"{where}.registryScopes: the level skip is for all repositories", "", "Name those it is for.")
    elif not stores or not identities:
        raise Invalid(f"{where}: trustStores or trustedIdentities is missing", "", "Say whose signatures are trusted.")
    return Statement(
        name=entry["name"],
        scopes=scopes,
        level=level,
        actions=MappingProxyType(actions),
        after_expiry_only=verification.get("verifyTimestamp") == "afterCertExpiry",
        stores=tuple(_store(text, f"{where}.trustStores[{number}]") for number, text in enumerate(stores)),
        identities=_identities(identities, f"{where}.trustedIdentities"),
    )


def _actions(level: Level, override: Mapping[str, str], where: str, weaker: frozenset[Level]) -> dict[Check, Action]:
    if level in (Level.AUDIT, Level.SKIP):
        _acknowledged(level, f"{where}.level: {level}", weaker)
    if level is Level.SKIP and override:
        raise Invalid(f"{where}.override: the level skip cannot be changed", "", "Choose another level.")
    actions = {**_LEVELS[level], **{Check(check): Action(action) for check, action in override.items()}}
    if level is not Level.AUDIT and actions[Check.AUTHENTICITY] is Action.LOG:
        _acknowledged(Level.AUDIT, f"{where}.override.authenticity: log", weaker)
    return actions


def _acknowledged(level: Level, what: str, weaker: frozenset[Level]) -> None:
    if level not in weaker:
        why = "then a signature by anybody counts" if level is Level.AUDIT else "then nothing is verified"
        raise Invalid(what, why, f"Use strict or permissive; or list {level} under weaker_levels, if you know what it means.")


def _check_scopes(scopes: Sequence[str], where: str) -> None:
    if _WILDCARD in scopes and len(scopes) > 1:
        raise Invalid(f"{where}: * stands beside others", "it is for all repositories", "Write it alone.")
    for scope in scopes:
        if scope != _WILDCARD and not _SCOPE.fullmatch(scope):
            raise Invalid(f"{where}: {quoted(scope)} is no repository", "", "Write HOST/PATH, without scheme, tag and *.")


def _store(text: str, where: str) -> tuple[StoreKind, str]:
    kind, _colon, name = text.partition(":")
    if kind not in list(StoreKind) or not _STORE_NAME.fullmatch(name) or name in (".", ".."):
        raise Invalid(f"{where}: {quoted(text)} is no trust store", "", f"Write KIND:NAME, with {', '.join(StoreKind)} as kind.")
    return StoreKind(kind), name


def _identities(texts: Sequence[str], where: str) -> tuple[Mapping[str, str], ...] | None:
    if _WILDCARD in texts:
        if len(texts) > 1:
            raise Invalid(f"{where}: * stands beside others", "it is for every certificate of the stores", "Write it alone.")
        return None
    found: list[Mapping[str, str]] = []
    for number, text in enumerate(texts):
        prefix, _colon, name = text.partition(":")
        if prefix != names.PREFIX:
            raise Invalid(
                f"{where}[{number}]: {quoted(text)} is of a kind that is not known", "", f'Begin with "{names.PREFIX}:".'
            )
        found.append(names.parse(name, f"{where}[{number}]"))
    for number, one in enumerate(found):
        for other, wider in enumerate(found):
            if number != other and names.within(wider, one):
                raise Invalid(
                    f"{where}[{number}]: {quoted(texts[number])} is covered by {where.rpartition('.')[2]}[{other}] already",
                    "one certificate would match both",
                    "Remove one of them.",
                )
    return tuple(found)
