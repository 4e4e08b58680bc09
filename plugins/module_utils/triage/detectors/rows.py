# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets in rows: a column that promises one, in SQL's INSERT statements and in small tables of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Candidate, SourceFile
from ..names import secret_kind

# A longer table is a data set about passwords, not a list of logins.
MOST_ROWS: Final = 200
LONGEST_LINE: Final = 20_000
_INSERT: Final = re.compile(
    r"\binsert\s+(?:ignore\s+)?into\s+[\w.`\"\[\]]+\s*\((?P<columns>[^()]{3,2000})\)\s*values", re.IGNORECASE
)
_ROW: Final = re.compile(r"\(((?:'(?:''|\\.|[^'\\])*'|[^()'])*)\)")
_FIELD: Final = re.compile(r"\s*(?:N?'(?P<text>(?:''|\\.|[^'\\])*)'|(?P<other>[^,']*))\s*(?:,|$)")
_PASSWORDS: Final = ("password", "secret", "api_key", "signing_key")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal in a column that promises a secret."""
    if "nsert" in file.text or "NSERT" in file.text:
        yield from _inserted(file)
    if file.suffix in (".csv", ".tsv"):
        yield from _tabled(file)


def _inserted(file: SourceFile) -> Iterator[Candidate]:
    columns: dict[int, tuple[str, str]] = {}
    for number, line in enumerate(file.lines, 1):
        rest = line[:LONGEST_LINE]
        if match := _INSERT.search(rest):
            columns, rest = _promising(match["columns"].split(",")), rest[match.end() :]
        if columns and file.is_fresh(number):
            for row in _ROW.finditer(rest):
                fields = [field["text"] for field in _FIELD.finditer(row.group(1))]
                yield from _of_row(file, number, columns, fields)
        if rest.rstrip().endswith(";"):
            columns = {}


def _tabled(file: SourceFile) -> Iterator[Candidate]:
    if len(file.lines) > MOST_ROWS:
        return
    separator = next((one for one in ("\t", ";", ",") if one in file.lines[0]), "")
    columns = _promising(file.lines[0].split(separator)) if separator else {}
    for number, line in enumerate(file.lines[1:] if columns else (), 2):
        if file.is_fresh(number):
            yield from _of_row(file, number, columns, [field.strip().strip('"') for field in line.split(separator)])


def _promising(names: list[str]) -> dict[int, tuple[str, str]]:
    plain = [name.strip().strip("`\"'[]") for name in names]
    return {at: (name, kind) for at, name in enumerate(plain) if (kind := secret_kind(name)) in _PASSWORDS}


def _of_row(file: SourceFile, number: int, columns: dict[int, tuple[str, str]], fields: list[str | None]) -> Iterator[Candidate]:
    for at, (name, kind) in columns.items():
        value = fields[at] if at < len(fields) else None
        # 32 and more hexadecimal digits in a column of passwords are a hash.
        if value and not (kind == "password" and re.fullmatch(r"[0-9a-fA-F]{32,}", value)):
            yield Candidate(kind, value, file.path, number, "assignment", f"a value in a column of secrets ({name})", name)
