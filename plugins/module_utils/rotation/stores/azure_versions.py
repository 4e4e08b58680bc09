# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Azure Key Vault's lists of a secret's versions mean, and what it calls a secret. Pure: azure_keyvault.py asks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ...errors import Invalid
from ..model import About, Stage, Version
from .shared import DESCRIPTION

# Tags of ours: which version it is, by our id, and which version it replaced, by Key Vault's.
VERSION: Final = "goldenpath-version"
REPLACES: Final = "goldenpath-replaces"
# The first in the disabled version that a secret without a value consists of.
NO_VALUE: Final = "none"
# What of the name says that a value waits there.
PENDING: Final = "--pending"
_NAME: Final = re.compile(r"[0-9a-z-]{1,118}")
# The time of a version counts to the second, and clocks differ a little.
_SECONDS: Final = 600
_MOST_TAGS, _LONGEST_TAG = 15, 256


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One version as a list shows it: without its value. `made` is in seconds."""

    id: str
    made: int
    enabled: bool
    tags: Mapping[str, str]

    @property
    def mark(self) -> str:
        """Our id of it, as it says itself."""
        return self.tags.get(VERSION, "")


def secret_id(name: str) -> str:
    """What Key Vault calls the secret. It allows no slash and no capitals of their own; no two names may become one."""
    made = name.replace("/", "--")
    if not _NAME.fullmatch(made) or made.replace("--", "/") != name or made.endswith(PENDING):
        why = "Key Vault's names are made of a-z, 0-9 and single hyphens; two stand for a slash, and pending is ours"
        raise Invalid(f"The secret {name}", why, "Name it so, with at most 118 characters.")
    return made


def name_of(made: str) -> str:
    """The name that Key Vault calls so, '' if no name of ours becomes that."""
    name = made.lower().replace("--", "/")
    try:
        return name if secret_id(name) == made.lower() else ""
    except Invalid:
        return ""


def entry_from(item: Mapping[str, Any]) -> Entry:
    """A version from a list's item."""
    attributes = item["attributes"]
    return Entry(id_of(item), int(attributes["created"]), bool(attributes["enabled"]), dict(item.get("tags") or {}))


def id_of(bundle: Mapping[str, Any] | None) -> str:
    """Key Vault's id of a version, '' of none."""
    return str(bundle["id"]).rpartition("/")[2] if bundle else ""


def in_order(entries: Iterable[Entry], newest: str = "") -> tuple[Entry, ...]:
    """The versions as they were made; `newest` is the one of which Key Vault says so, where seconds do not tell."""
    return tuple(sorted(entries, key=lambda entry: (entry.id == newest, entry.made, entry.id)))


def since(entries: Sequence[Entry], newest: str) -> tuple[Entry, ...]:
    """The versions that may have been made when this one was the newest, or later."""
    made = next((entry.made for entry in entries if entry.id == newest), 0)
    return tuple(entry for entry in entries if entry.made >= made - _SECONDS)


def names_of(entries: Iterable[Entry], newest: str) -> dict[str, str]:
    """Our id of each enabled version by Key Vault's. One that says what an earlier one says was copied: it is somebody's."""
    named: dict[str, str] = {}
    for entry in in_order((entry for entry in entries if entry.enabled), newest):
        named[entry.id] = entry.mark if entry.mark and entry.mark not in named.values() else entry.id
    return named


def staged(entries: Sequence[Entry], newest: str, pending: str) -> tuple[Version, ...]:
    """The versions that can be read, with their stages. Pure."""
    alive = [entry for entry in entries if entry.enabled]
    named = names_of(entries, newest)
    stages = {newest: {Stage.CURRENT}} if newest else {}
    others = [entry for entry in alive if entry.id != newest]
    if newest and others:
        said = next((entry.tags.get(REPLACES) for entry in alive if entry.id == newest), None)
        replaced = {entry.tags.get(REPLACES) for entry in alive}
        last = max(others, key=lambda entry: (entry.id == said, entry.made, entry.id not in replaced))
        stages[last.id] = {Stage.PREVIOUS}
    if pending and named.get(newest) == pending:
        # Promoted, and killed before it was no longer pending.
        stages[newest].add(Stage.PENDING)
    versions = [Version(named[entry.id], frozenset(stages.get(entry.id, ()))) for entry in alive]
    if pending and named.get(newest) != pending:
        versions.append(Version(pending, frozenset({Stage.PENDING})))
    return tuple(versions)


def tags_of(entries: Sequence[Entry]) -> dict[str, str]:
    """What the versions say of the secret. A person's new value often has no tags: then the last one of ours tells."""
    ours = [entry.tags for entry in entries if entry.mark]
    return {**(ours[-1] if ours else {}), **(entries[-1].tags if entries else {})}


def about_from(tags: Mapping[str, str]) -> About:
    """What these tags say of the secret."""
    theirs = sorted((key, value) for key, value in tags.items() if key not in (VERSION, REPLACES, DESCRIPTION))
    return About(tags.get(DESCRIPTION, ""), "", tuple(theirs))


def labels(about: About) -> dict[str, str]:
    """The tags that say this of a secret."""
    return dict(about.tags) | ({DESCRIPTION: about.description} if about.description else {})


def checked(name: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if Key Vault takes them; Invalid."""
    longest = max((len(text) for pair in tags.items() for text in pair), default=0)
    if len(tags) > _MOST_TAGS or longest > _LONGEST_TAG:
        why = f"Key Vault takes {_MOST_TAGS} tags of {_LONGEST_TAG} characters each"
        raise Invalid(f"What is to be written on the secret {name}", why, "Shorten it, or remove tags of yours.")
    return dict(tags)
