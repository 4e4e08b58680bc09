# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines of `user:password` for chpasswd: a list of cloud-init, a here-document of a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Candidate, SourceFile

_MOST_LINES: Final = 40
_HERE: Final = re.compile(r"<<-?\s*[\"']?(?P<end>\w+)[\"']?")
_LISTED: Final = re.compile(
    r"^\s*(?:-\s+)?[\"']?(?P<user>[A-Za-z_][\w.-]{0,31}):(?!RANDOM$)(?P<password>[^\s\"'$][^\s\"']{3,100})[\"']?\s*$"
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every password of such a list."""
    if "chpasswd" not in file.text:
        return
    for number, line in enumerate(file.lines, 1):
        if "chpasswd" in line and len(line) <= 400:
            for at in _listed(file, number, line):
                match = _LISTED.match(file.lines[at - 1])
                if match and file.is_fresh(at):
                    why = "a line of a list of logins for chpasswd"
                    yield Candidate("password", match["password"], file.path, at, "call", why, "", "", match["user"])


def _listed(file: SourceFile, number: int, line: str) -> Iterator[int]:
    """The lines that belong to this chpasswd: up to the here-document's end, or the deeper ones of a YAML block."""
    here, block = _HERE.search(line), line.rstrip().endswith("chpasswd:")
    indent = len(line) - len(line.lstrip())
    for at in range(number + 1, min(number + _MOST_LINES, len(file.lines)) + 1) if here or block else ():
        text = file.lines[at - 1]
        ends = text.strip() == here["end"] if here else bool(text.strip()) and len(text) - len(text.lstrip()) <= indent
        if ends:
            return
        yield at
