# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the remote holds before anything is written: the branch, the app's own branch, and the two put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ..app import App
from ..errors import Invalid
from ..gitops.git import Entry, Mirror
from ..profile import Profile
from ..triage import paths as kinds
from ..triage.repository import is_media
from ..verdict import Verdict
from .manifest import Manifest, read
from .model import BASES, MANIFEST


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """The state the plan starts from.

    `start` is the tree it builds on (a commit or a tree), `parents` those of the next commit, `expected` where the remote's
    branch must still stand when we push. `texts` are the files of `start` that are read, `own` those of the app's own branch.
    `is_merged_in` says that the app's branch moved and is put together with ours; `blocked` names the files that stop that.
    """

    tip: str | None
    default: str
    start: str
    parents: tuple[str, ...]
    expected: str | None
    entries: Mapping[str, Entry]
    texts: Mapping[str, bytes]
    own: Mapping[str, bytes]
    manifest: Manifest
    bases: Mapping[str, bytes]
    is_merged_in: bool = False
    blocked: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


def observe(mirror: Mirror, app: App, profile: Profile, verdict: Verdict) -> World:
    """Read everything the plan needs; writes nothing but objects into the local copy."""
    if profile.forge.branch == app.repository.branch:
        raise Invalid(
            f"The profile's forge.branch is {profile.forge.branch!r}, which is the app's own branch",
            "the baseline is proposed for review, never pushed over somebody's work",
            "Name another one, like goldenpath/baseline.",
        )
    tip, default = mirror.find(profile.forge.branch), mirror.head(app.repository.branch)
    start, parents, merged, blocked, taken = _start(mirror, tip, default, profile)
    entries = mirror.entries(start)
    texts = _read(mirror, start, entries)
    own = texts if start == default else _read(mirror, default, mirror.entries(default))
    manifest = read(texts.get(MANIFEST))
    objects = mirror.objects(made.blob for made in manifest.files.values())
    bases = {path: objects[made.blob] for path, made in manifest.files.items() if made.blob in objects}
    bases.update({path.removeprefix(BASES): text for path, text in texts.items() if path.startswith(BASES)})
    return World(tip, default, start, parents, tip, entries, texts, own, manifest, bases, merged, blocked, taken)


def _start(
    mirror: Mirror, tip: str | None, default: str, profile: Profile
) -> tuple[str, tuple[str, ...], bool, tuple[str, ...], tuple[str, ...]]:
    if tip is None or mirror.is_ancestor(tip, default):
        return default, (default,), False, (), ()
    if mirror.is_ancestor(default, tip):
        return tip, (tip,), False, (), ()
    together = mirror.merge(tip, default)
    base = mirror.merge_base(tip, default)
    remembered = read(_text(mirror, tip, MANIFEST)).files
    changes: dict[str, bytes | None] = {}
    blocked: list[str] = []
    for path in together.conflicts:
        if path in remembered or path == MANIFEST or path.startswith(BASES):
            changes[path] = _text(mirror, tip, path)
        elif base and mirror.writers(base, tip, path) <= {profile.forge.author_email}:
            # Only we changed it on our branch (a credential was taken out): the owner's newest is taken and cleaned again.
            changes[path] = _text(mirror, default, path)
        else:
            blocked.append(path)
    if blocked:
        return tip, (tip,), False, tuple(blocked), ()
    tree = mirror.write_tree(together.tree, changes) if changes else together.tree
    taken = tuple(path for path in changes if path in remembered)
    return tree, (tip, default), True, (), taken


def _text(mirror: Mirror, commit: str, path: str) -> bytes | None:
    return mirror.read_many(commit, [path]).get(path)


def _read(mirror: Mirror, start: str, entries: Mapping[str, Entry]) -> dict[str, bytes]:
    wanted = [path for path, entry in entries.items() if entry.is_file and not is_media(path) and not kinds.is_vendored(path)]
    return mirror.read_many(start, wanted)
