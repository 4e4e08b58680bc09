# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decides for one file what the branch gets: what we render now, what we rendered last, and what the owner made of it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import TypeAlias

from .manifest import Made
from .model import File

Merge: TypeAlias = Callable[[bytes, bytes, bytes], "bytes | None"]


class Outcome(enum.StrEnum):
    """What came of one file."""

    SAME = "same"
    CREATED = "created"
    UPDATED = "updated"
    ADOPTED = "adopted"
    MERGED = "merged"
    KEPT = "kept"
    CONFLICT = "conflict"
    DELETED = "deleted"


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What the branch gets (None: no file), what happened, and whether what we rendered is the next merge's base."""

    content: bytes | None
    outcome: Outcome
    is_new_base: bool = True


def decide(file: File, known: Made | None, base: bytes | None, current: bytes | None, merge: Merge, is_good: bool) -> Decision:
    """`known` and `base` are what was generated last (None: never); `current` what stands on the branch.

    `is_good` says that the judge has nothing against what stands there: an owner's own good file is left as it is.
    """
    if file.lines:
        return _of_lines(file, known, current)
    if known is None:
        if current is None:
            return Decision(file.content, Outcome.CREATED)
        if current == file.content:
            return Decision(current, Outcome.SAME)
        if file.keeps_good and is_good:
            return Decision(current, Outcome.KEPT, False)
        return Decision(file.content, Outcome.ADOPTED)
    if current is None:
        return Decision(None, Outcome.DELETED, False)
    if current == file.content:
        return Decision(current, Outcome.SAME)
    if base is None:
        return Decision(current, Outcome.CONFLICT, False)
    if base == file.content:
        return Decision(current, Outcome.KEPT)
    if base == current:
        return Decision(file.content, Outcome.UPDATED)
    merged = merge(base, current, file.content)
    if merged is None:
        return Decision(current, Outcome.CONFLICT, False)
    return Decision(merged, Outcome.MERGED)


def _of_lines(file: File, known: Made | None, current: bytes | None) -> Decision:
    if current is None:
        return Decision(file.content, Outcome.CREATED) if known is None else Decision(None, Outcome.DELETED, False)
    wanted = file.content.decode().splitlines()
    there = {_identity(line) for line in current.decode("utf-8", "replace").splitlines()}
    # A line that we wrote before and that is gone was taken out on purpose.
    before = {_identity(line) for line in known.lines} if known else set()
    missing = [line for line in wanted if _identity(line) not in there and _identity(line) not in before]
    if not missing:
        return Decision(current, Outcome.SAME)
    end = b"" if not current or current.endswith(b"\n") else b"\n"
    return Decision(current + end + "".join(f"{line}\n" for line in missing).encode(), Outcome.MERGED)


def _identity(line: str) -> str:
    # `NAME=` and `NAME=an example` name the same variable; anything else is compared as it stands.
    name, equals, _unused = line.strip().partition("=")
    return f"{name.strip()}=" if equals and name.strip().isidentifier() else line.strip()
