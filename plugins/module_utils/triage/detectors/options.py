# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets on command lines by an option's name; the tools' own short forms are in commands.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind

LONGEST_LINE: Final = 4000
_HINTS: Final = ("pass", "pwd", "token", "secret", "key")
_WORD: Final = r"(?:\"(?P<double>[^\"$`\n]{3,200})\"|'(?P<single>[^'\n]{3,200})'|(?P<plain>[^\s\"'$`<>|;&(){}\[\],]{3,200}))"
_OPTION: Final = re.compile(
    rf"(?<![\w-])(?:--?|-D(?:[\w-]+\.)*)(?P<name>(?:[a-z][\w-]*-|[a-z]+(?=[A-Z]))?"
    rf"(?:password|passwd|pass|passphrase|token|secret|api-?key|access-key))(?:=|\s+){_WORD}",
    re.IGNORECASE,
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal secret that an option's name promises."""
    for number, line in lines_with(file, _HINTS, fold=True):
        line = line[:LONGEST_LINE]
        if "-" in line:
            for match in _OPTION.finditer(line):
                yield from _option(file, number, match)


def _host(file: SourceFile, number: int) -> str:
    url = re.search(r"https?://([\w.-]+)", file.lines[number - 1][:LONGEST_LINE])
    return url.group(1) if url else ""


def _option(file: SourceFile, number: int, match: re.Match[str]) -> Iterator[Candidate]:
    name, value = match["name"], match["double"] or match["single"] or match["plain"]
    # Words after an option are examples, files and prompts; a password has more than letters.
    if (
        value
        and re.search(r"[^A-Za-z_./:-]", value)
        and re.search(r"[A-Za-z]", value)
        and not value.startswith(("-", "/", "~", "@", "%"))
    ):
        kind = secret_kind(name)
        if kind:
            yield Candidate(
                kind,
                value,
                file.path,
                number,
                "assignment",
                f"the value of an option (--{name})",
                name.replace("-", "_"),
                _host(file, number),
            )
