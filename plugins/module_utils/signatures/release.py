# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which image an app is meant to run in an environment, read from its repository and its catalog entry.

1  what its overlay names: the digest, or a tag that somebody wrote there
2  what the catalog names, if by a tag or a digest
3  the image of the newest commit that has one: the scaffolded workflow names each image by its commit
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence
from typing import Final

from ..app import App
from ..gitops.git import Mirror
from ..gitops.overlay import UNRELEASED, Pin, path_of, pin_in
from ..oci.reference import TAG, Reference, parse
from ..profile import Profile

# A build that failed, or that is not done yet, leaves its commit without an image; more in a row are no release at all.
COMMITS_ASKED: Final = 10


class Source(enum.StrEnum):
    """Who says so."""

    OVERLAY = "the overlay"
    CATALOG = "the catalog"
    COMMIT = "the newest commits"


@dataclasses.dataclass(frozen=True, slots=True)
class Meant:
    """The images to look for, the first that is there being meant, and who says so. None: there is no commit yet."""

    references: tuple[Reference, ...]
    source: Source

    @property
    def promised(self) -> bool:
        """Whether it is told to run as it is, so that a registry without it is no app that is yet to be released."""
        return self.source is Source.OVERLAY or any(one.digest for one in self.references)


@dataclasses.dataclass(frozen=True, slots=True)
class Sight:
    """What was looked at: the branch's tip (None: none yet), its overlay (None: none), what that says, and the image meant.

    `other` says that the overlay runs something else in the image's place ('' if it does not).
    """

    copy: Mirror
    tip: str | None
    overlay: bytes | None
    pin: Pin
    meant: Meant
    other: str


def look(app: App, profile: Profile, copy: Mirror) -> Sight:
    """The repository's side of the question."""
    tip, path = copy.find(profile.forge.branch), path_of(app.environment)
    overlay = copy.read_many(tip, [path]).get(path) if tip else None
    pin = pin_in(overlay, kustomize_name(app)) if overlay is not None else Pin()
    named = parse(app.image, profile.registry.address)
    unnamed = not (pin.digest or _tag_of(pin) or named.tag or named.digest)
    commits = copy.line(copy.head(app.repository.branch), COMMITS_ASKED) if unnamed else ()
    return Sight(copy, tip, overlay, pin, meant(pin, named, commits), another(pin, named, kustomize_name(app)))


def meant(pin: Pin, named: Reference, commits: Sequence[str]) -> Meant:
    """What an overlay, the catalog's `named` and the default branch's newest `commits` say together. Pure."""
    repository = parse(pin.repository, named.registry) if pin.repository else named
    if pin.digest:
        return Meant((repository.at(pin.digest),), Source.OVERLAY)
    if _tag_of(pin):
        return Meant((dataclasses.replace(repository, tag=_tag_of(pin), digest=""),), Source.OVERLAY)
    if named.tag or named.digest:
        return Meant((named,), Source.CATALOG)
    return Meant(tuple(dataclasses.replace(named, tag=commit) for commit in commits), Source.COMMIT)


def another(pin: Pin, named: Reference, base: str) -> str:
    """Whether the overlay runs another image than the catalog's, whose base calls it `base`. Pure.

    The registry may be another one: the policy says which ones count.
    """
    if not pin.repository:
        return ""
    found = parse(pin.repository, named.registry)
    if found.path in (named.path, base):
        return ""
    return (
        f"The overlay runs {found.repository}, and the catalog says that the app's image is {named.repository}. "
        "Correct the overlay on the branch, or the catalog."
    )


def kustomize_name(app: App) -> str:
    """The image as the base names it: without host, tag and digest."""
    return parse(app.image, "unnamed.invalid").path


def _tag_of(pin: Pin) -> str:
    return pin.tag if pin.tag != UNRELEASED and TAG.fullmatch(pin.tag) else ""
