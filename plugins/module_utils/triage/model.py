# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What detectors read and what they say: the nouns of triage below the verdict."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from ..errors import Invalid
from ..oci import strict_json


@dataclasses.dataclass(frozen=True, slots=True)
class SourceFile:
    """One text file of one commit. `lines` are without their line ends; `fresh` are the line numbers (from 1) that this
    version added to the file's history, None for all of them."""

    path: str
    text: str
    lines: tuple[str, ...]
    fresh: frozenset[int] | None = None

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def suffix(self) -> str:
        """The lower-case ending with its dot, '' if there is none; `.env` and its kin have the suffix '.env'."""
        name = self.name.lower()
        if name.startswith(".env") or name.endswith(".env"):
            return ".env"
        return "." + name.rsplit(".", 1)[-1] if "." in name.lstrip(".") else ""

    def numbered(self) -> Iterator[tuple[int, str]]:
        """The lines to look at, each with its number."""
        for number, line in enumerate(self.lines, 1):
            if self.fresh is None or number in self.fresh:
                yield number, line

    def line_at(self, offset: int) -> int:
        """The line number of a character offset in `text`."""
        return self.text.count("\n", 0, offset) + 1

    def whole(self) -> SourceFile:
        """The same with every line to look at: for what an older line says of a new one."""
        return self if self.fresh is None else dataclasses.replace(self, fresh=None)

    def is_fresh(self, line: int) -> bool:
        """Whether a finding on this line belongs to this version of the file."""
        return self.fresh is None or line in self.fresh


def source_file(path: str, text: str, fresh: frozenset[int] | None = None) -> SourceFile:
    """A SourceFile from its text; any of the three line ends is understood. A notebook on one line is read as Jupyter writes."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    if path.endswith(".ipynb") and normal.strip().count("\n") < 2:
        normal = _spread(normal)
    return SourceFile(path, normal, tuple(normal.split("\n")), fresh)


def _spread(notebook: str) -> str:
    try:
        return json.dumps(strict_json.parse(notebook.encode(), "a notebook"), indent=1, ensure_ascii=False)
    except Invalid:
        return notebook


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """The tree of one commit: every path (binaries too), the text of what could be read, and what was left out and why."""

    commit: str
    paths: tuple[str, ...]
    files: tuple[SourceFile, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def file(self, path: str) -> SourceFile | None:
        """The file at exactly this path, or None."""
        return next((file for file in self.files if file.path == path), None)

    def named(self, *names: str) -> tuple[SourceFile, ...]:
        """All files with one of these names (lower case), nearest to the root first."""
        found = [file for file in self.files if file.name.lower() in names]
        return tuple(sorted(found, key=lambda file: (file.path.count("/"), file.path)))


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """One thing the code shows. `topic` and `value` are the fact it speaks for, `weight` how strongly (1 hint, 10 proof)."""

    topic: str
    value: str
    weight: int
    file: str
    line: int
    why: str

    def place(self) -> str:
        """`file:line`, as people write it."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be a credential, before anybody judged it. `value` stays in this process.

    `shape` says how it was recognised: `token` (a vendor's form), `block` (a key in armour), `uri` (a password within a
    connection string), `call` (an argument of a login), `assignment` (a name that promises a secret), `comparison` (a
    password the code compares with), `prose` (people are told it). `host` is the other side where the code names it,
    `user` the login beside it.
    """

    kind: str
    value: str = dataclasses.field(repr=False)
    file: str
    line: int
    shape: str
    why: str
    variable: str = ""
    host: str = ""
    user: str = ""
    is_default: bool = False
