# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What preflight says about one part, and all parts as a table that a person reads. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, Literal

from ..errors import MicroappsError

YES: Final = "yes"
NO: Final = "no"
# Never "yes" by default: an answer that could not be had is not a good one.
COULD_NOT_TELL: Final = "could not tell"
Answer = Literal["yes", "no", "could not tell"]
_HEADS: Final = ("part", "where", "reachable", "permitted", "version", "note")


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """An app's repository as the profile has it. `name` is the app's."""

    name: str
    url: str


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One part: whether it answers, whether it lets us do what our capabilities need, and what is wrong with it."""

    part: str
    target: str
    reachable: Answer
    permitted: Answer
    version: str = ""
    note: str = ""
    problem: MicroappsError | None = None

    def as_result(self) -> dict[str, str]:
        """Plain data for the task's result."""
        fields = ("part", "target", "reachable", "permitted", "version", "note")
        return {name: str(getattr(self, name)) for name in fields} | {"problem": self.problem.sentence() if self.problem else ""}

    @property
    def cells(self) -> tuple[str, ...]:
        """The row in the table; what is wrong with it stands below."""
        note = "see below" if self.problem else self.note
        return self.part, self.target, self.reachable, self.permitted, self.version or "-", note


def table(title: str, rows: Sequence[Row]) -> str:
    """All parts in one picture, then one line for each that needs a person."""
    lines = [row.cells for row in rows]
    widths = [max(len(line[index]) for line in (_HEADS, *lines)) for index in range(len(_HEADS))]
    rule = tuple("-" * width for width in widths)
    grid = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in (_HEADS, rule, *lines)
    ]
    problems = [f"{row.part}: {row.problem.sentence()}" for row in rows if row.problem]
    count = f"{len(problems)} of {len(rows)} rows need a person." if problems else "Every part answers."
    unsure = [row.part for row in rows if not row.problem and row.permitted == COULD_NOT_TELL]
    if unsure:
        count += f" What is permitted could not be told of: {', '.join(unsure)}."
    return "\n".join(["", title, "=" * len(title), *grid, "", *problems, *([""] if problems else []), count])
