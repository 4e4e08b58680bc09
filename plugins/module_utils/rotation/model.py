# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of rotation: what a store holds, its versions and their stages, and the document that a version is.

A *document* is a flat mapping from key to text, kept as JSON. Only its public keys may be shown.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from collections.abc import Mapping
from typing import Final

from ..errors import Invalid, NotFound
from ..scrubber import Secrets

Document = Mapping[str, str]

# Keys of a document whose values are no secret: they are shown in plans, and masking them would garble every message.
# The key of a credential that ends by itself: the time (ISO 8601, UTC) from which on it is to be replaced.
REPLACE_AFTER: Final = "replace_after"
# The only key of a claim: a document that waits in the place of a credential which a run is about to ask its target for.
ASKED: Final = "asked"
PUBLIC_KEYS: Final = frozenset(
    {"engine", "host", "port", "dbname", "username", "key_id", "access_key_id", "former_key_id", "lease_id", REPLACE_AFTER, ASKED}
)

# Versions that we made begin so. AWS asks for 32 to 64 characters; the rest is computed, so two runs compute the same.
OURS: Final = "goldenpath-"


class Stage(enum.StrEnum):
    """The labels of AWS Secrets Manager's rotation protocol; every store of ours speaks them."""

    CURRENT = "AWSCURRENT"
    PENDING = "AWSPENDING"
    PREVIOUS = "AWSPREVIOUS"


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """One value a secret has or had. `token` is the store's id of it."""

    token: str
    stages: frozenset[str]

    @property
    def ours(self) -> bool:
        """Whether this machine made it; everything else was written by somebody."""
        return self.token.startswith(OURS)


@dataclasses.dataclass(frozen=True, slots=True)
class About:
    """What is written on a secret, apart from its value. Omitted fields ('' and ()) are left as they are."""

    description: str = ""
    kms_key: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A secret as the store has it, without any value. `deleted` is set while a deleted one can be brought back."""

    name: str
    versions: tuple[Version, ...] = ()
    about: About = About()
    deleted: bool = False

    def at(self, stage: Stage) -> Version | None:
        """The version that carries the stage."""
        return next((version for version in self.versions if stage in version.stages), None)

    def promoted(self, token: str) -> Stored:
        """As it is when the version `token` has become current, and is no longer pending. Pure."""
        former = self.at(Stage.CURRENT)
        moved = former is not None and former.token != token
        versions = []
        for version in self.versions:
            stages = version.stages - {Stage.CURRENT, Stage.PENDING}
            if moved:
                stages -= {Stage.PREVIOUS}
                stages |= {Stage.PREVIOUS} if version == former else frozenset()
            if version.token != token:
                versions.append(dataclasses.replace(version, stages=stages))
        return dataclasses.replace(self, versions=(*versions, Version(token, frozenset({Stage.CURRENT}))))


def present(stored: Stored | None, name: str) -> Stored:
    """The secret, which has been there; NotFound if it is not any more."""
    if stored is None:
        raise NotFound(f"The secret {name}", "it was there a moment ago", "See who removed it, and run again.")
    return stored


def token_for(name: str, replaces: str, taken: frozenset[str] = frozenset()) -> str:
    """The id of the version that replaces `replaces`: computed, so that of two runs at once only one can create it.

    `taken` are ids that exist; a number at the end steps over those of rotations that were given up.
    """
    digest = hashlib.sha256(f"{name}\n{replaces}".encode()).hexdigest()[:40]
    number = 0
    while f"{OURS}{digest}-{number}" in taken:
        number += 1
    return f"{OURS}{digest}-{number}"


def next_id(token: str, taken: frozenset[str]) -> str:
    """The id under which whoever has claimed `token` stores what was made."""
    stem, _dash, number = token.rpartition("-")
    following = int(number) + 1
    while f"{stem}-{following}" in taken:
        following += 1
    return f"{stem}-{following}"


def replaces(name: str, token: str, base: str) -> bool:
    """Whether `token` was computed as the successor of version `base`."""
    return token.rpartition("-")[0] == token_for(name, base).rpartition("-")[0]


def claim_of(run: str) -> Document:
    """What the run `run` keeps as pending before it asks a target for a credential. No two runs have the same name."""
    return {ASKED: run}


def is_claim(document: Document) -> bool:
    """Whether it says no more than that a run has asked for a credential."""
    return set(document) == {ASKED}


def to_text(document: Document) -> str:
    """The document as it is stored: the same document, the same text."""
    return json.dumps(dict(document), sort_keys=True, ensure_ascii=False)


def from_text(name: str, text: str) -> dict[str, str]:
    """The document in a stored text; a value that is not a JSON object is kept whole, under the key `value`."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError:
        return {"value": text}
    if not isinstance(data, dict):
        return {"value": text}
    nested = [key for key, value in data.items() if isinstance(value, (dict, list))]
    if nested:
        raise Invalid(
            f"The secret {name} cannot be rotated", f"its key {nested[0]} is not plain text", "Store a flat JSON object."
        )
    return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}


def register(secrets: Secrets, text: str, document: Document) -> None:
    """Tell the scrubber every secret part of a document, the moment it was read or made."""
    secrets.register(text)
    for key, value in document.items():
        if key not in PUBLIC_KEYS:
            secrets.register(value)


def holds(document: Document | None, values: set[str]) -> bool:
    """Whether a secret part of the document is one of the values; a database's name may be any word of the code."""
    known = document or {}
    return any(value in values for key, value in known.items() if key not in PUBLIC_KEYS)


def public(document: Document) -> dict[str, str]:
    """What of a document may be shown."""
    return {key: value for key, value in sorted(document.items()) if key in PUBLIC_KEYS}
