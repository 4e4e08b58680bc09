# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where in a string literal the credential stands: of `Bearer <token>` one word is, and what stands around it must stay."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s=:;,&?/@|'\"]+")
# A literal with more places where a value may begin or end is a text, and a person should look at it.
_MOST_PLACES: Final = 40


@dataclasses.dataclass(frozen=True, slots=True)
class Around:
    """A value, and what stands before and after it in the same literal."""

    before: str
    value: str = dataclasses.field(repr=False)
    after: str


def around(literal: str, is_value: Callable[[str], bool]) -> Around | None:
    """The credential within a literal, the whole of it first; None if it is not in it. Pure."""
    seams = list(_SEPARATORS.finditer(literal))
    if len(seams) > _MOST_PLACES:
        seams = []
    starts = [0, *(seam.end() for seam in seams)]
    ends = [len(literal), *(seam.start() for seam in reversed(seams))]
    for start in starts:
        for end in ends:
            if start < end and is_value(literal[start:end]):
                return Around(literal[:start], literal[start:end], literal[end:])
    return None
