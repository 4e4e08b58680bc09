# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A signature policy, loaded: everything that is wrong with it is found here, before any registry is asked.

Whether a set of verified signatures is enough is decided here too, and nowhere else: `missing`.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ..app import App
from ..catalog.check import Checker
from ..catalog.profile_schema import profile_file
from ..controls import Path
from ..errors import Invalid
from ..oci.reference import parse
from ..profile import Profile
from .attestations.model import Owed, VulnerabilityRule
from .attestations.schema import findings_from, owed_from
from .model import Format, Verified
from .notation.signer import NotationSigner
from .policy_schema import SIGNATURE_POLICY, SIGNER_KINDS
from .signers import KeylessSigner, KeySigner, Loading, Signer, read_file

FIELD: Final = "signature_policy"
DEFAULT_FORMATS: Final = tuple(form for form in Format if form is not Format.COSIGN_LEGACY)
CHECKER: Final = Checker(SIGNATURE_POLICY)

Loader = Callable[[str, str, Any, str, Loading], Signer]
# A further kind of signer is one entry here and one in policy_schema.SIGNER_KINDS.
SIGNERS: Final[dict[str, Loader]] = {"key": KeySigner.load, "keyless": KeylessSigner.load, "notation": NotationSigner.load}


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """Who must have signed. `require` is (role, how many different ones); `digest` is the policy's own, for summaries.

    `findings` are the gates for what ECR's scanner found, of the paths that have one.
    """

    signers: tuple[Signer, ...]
    require: tuple[tuple[str, int], ...]
    formats: frozenset[Format]
    repositories: tuple[str, ...]
    annotations: Mapping[str, str]
    bind_repository: bool
    all_platforms: bool
    owed: Mapping[Path, Owed]
    findings: Mapping[Path, VulnerabilityRule]
    digest: str

    def covers(self, repository: str) -> bool:
        """Whether it is for this repository (`HOST/PATH`)."""
        return any(
            repository.startswith(pattern[:-1]) if pattern.endswith("/*") else repository == pattern
            for pattern in self.repositories
        )


def policy_from(data: Mapping[str, Any], registry: str, loading: Loading, where: str = FIELD) -> Policy:
    """The policy in a profile's block; `registry` (`HOST[:PORT][/PREFIX]`) is the profile's.

    `Invalid` names the field, the value and the mend of everything that is wrong; `where` begins its sentence.
    """
    complaints = CHECKER.complaints(data)
    if complaints:
        sentences = " | ".join(complaint.sentence for complaint in complaints)
        raise Invalid(f"{where}: {sentences}", "", "Nothing was verified.")
    signers = tuple(_signer(entry, f"{where}.signers[{number}]", loading) for number, entry in enumerate(data["signers"]))
    _distinct(signers, where)
    require = tuple((str(rule["role"]), int(rule.get("at_least", 1))) for rule in data["require"])
    formats = frozenset(Format(name) for name in data.get("formats") or DEFAULT_FORMATS)
    _can_be_met(signers, require, formats, where)
    return Policy(
        signers,
        require,
        formats,
        tuple(_pattern(text, registry, f"{where}.repositories[{number}]") for number, text in enumerate(_repositories(data))),
        dict(data.get("annotations") or {}),
        bool(data.get("bind_repository", False)),
        data.get("platforms", "image") == "all",
        owed_from(data.get("attestations") or {}, loading.now, f"{where}.attestations"),
        findings_from(data.get("ecr_findings") or {}, loading.now, f"{where}.ecr_findings"),
        "sha256:" + hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest(),
    )


def policy_of(profile: Profile, app: App, now: datetime.datetime, environ: Mapping[str, str]) -> Policy | None:
    """The policy of a profile for one app, its files read; None where the profile has none."""
    if profile.signature_policy is None:
        return None
    where = f"{profile_file({'name': profile.name})}: {FIELD}"
    return policy_from(profile.signature_policy, profile.registry.address, Loading(read_file, app, now, environ), where)


def _repositories(data: Mapping[str, Any]) -> Sequence[str]:
    return tuple(data.get("repositories") or ("*",))


def _signer(entry: Mapping[str, Any], where: str, loading: Loading) -> Signer:
    given = [kind for kind in SIGNER_KINDS if kind in entry]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise Invalid(f"{where}: {entry['name']} has {found}", "", f"Give exactly one of {', '.join(SIGNER_KINDS)}.")
    (kind,) = given
    value = entry[kind]
    if isinstance(value, str):
        value = os.path.expanduser(value)
    return SIGNERS[kind](str(entry["name"]), str(entry["role"]), value, f"{where}.{kind}", loading)


def _distinct(signers: Sequence[Signer], where: str) -> None:
    """Two signers that are one and the same would make one person's signature count twice."""
    for what, value_of in (("name", _name), ("key or identity", _identity)):
        seen: dict[str, Signer] = {}
        for number, signer in enumerate(signers):
            value = value_of(signer)
            if value and value in seen:
                raise Invalid(
                    f"{where}.signers[{number}]: {signer.name} has the same {what} as {seen[value].name}",
                    "one signer would count as two",
                    "Remove one of them, or give it its own.",
                )
            seen[value] = signer


def _name(signer: Signer) -> str:
    return signer.name


def _identity(signer: Signer) -> str:
    return signer.identity


def _can_be_met(signers: Sequence[Signer], require: Sequence[tuple[str, int]], formats: frozenset[Format], where: str) -> None:
    for role, count in Counter(role for role, _least in require).items():
        if count > 1:
            raise Invalid(f"{where}.require: the role {role} stands {count} times", "", "Say once how many of it are needed.")
    for number, (role, least) in enumerate(require):
        having = [signer for signer in signers if signer.role == role]
        if not having:
            known = ", ".join(sorted({signer.role for signer in signers}))
            raise Invalid(
                f"{where}.require[{number}].role: no signer has the role {role}", f"there are {known}", "Mend the name."
            )
        usable = [signer for signer in having if signer.formats & formats]
        if not usable:
            can = ", ".join(sorted(frozenset[str]().union(*(signer.formats for signer in having))))
            raise Invalid(f"{where}.formats: no format that {role} can sign in counts", f"it signs in {can}", "Add one of them.")
        # An identity that only the signature tells may be many people; a key is one.
        if len(usable) < least and all(signer.identity for signer in usable):
            raise Invalid(
                f"{where}.require[{number}].at_least: {least} different signers in the role {role} are needed",
                f"it has {len(usable)} ({', '.join(signer.name for signer in usable)})",
                "Add signers, or ask for fewer.",
            )


def _pattern(text: str, registry: str, where: str) -> str:
    if text == "*":
        return f"{registry.rstrip('/')}/*"
    bare = text.removesuffix("/*")
    try:
        repository = parse(bare, registry).repository
    except Invalid as error:
        raise Invalid(f"{where}: {error.what}", error.why, "Write HOST/PATH, HOST/PATH/* or *.") from None
    return f"{repository}/*" if text.endswith("/*") else repository


def missing(policy: Policy, signatures: Iterable[Verified]) -> tuple[str, ...]:
    """What is not met, a sentence each; empty if the image is signed as required. Pure.

    Each signature counts for one role, and each identity once: "CI and security, both" are two different signers, even if
    somebody may sign in both roles. Whoever could count in several roles is put where he is needed (a matching).
    """
    by_identity: dict[str, set[str]] = {}
    for found in signatures:
        by_identity.setdefault(found.identity, set()).add(found.role)
    slots = [role for role, least in policy.require for _number in range(least)]
    holder: dict[int, str] = {}
    for identity in sorted(by_identity):
        _place(identity, by_identity, slots, holder, set())
    sentences = []
    for role, least in policy.require:
        have = sum(1 for slot in holder if slots[slot] == role)
        if have < least:
            sentences.append(f"{have} of {least} signatures in the role {role} are there")
    return tuple(sentences)


def _place(identity: str, roles: Mapping[str, set[str]], slots: Sequence[str], holder: dict[int, str], tried: set[int]) -> bool:
    """Put a signer into a slot of one of his roles, moving another one on if that helps (Kuhn's algorithm)."""
    for slot, role in enumerate(slots):
        if role not in roles[identity] or slot in tried:
            continue
        tried.add(slot)
        if slot not in holder or _place(holder[slot], roles, slots, holder, tried):
            holder[slot] = identity
            return True
    return False
