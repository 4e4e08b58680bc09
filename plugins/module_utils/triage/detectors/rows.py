# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets in rows: a column that promises one, in SQL's INSERT statements and in small tables of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..strings import is_kept_hash

# A longer table is a data set about passwords, not a list of logins.
MOST_ROWS: Final = 200
_INSERT: Final = re.compile(
    r"\binsert\s+(?:ignore\s+|or\s+\w+\s+)?into\s+(?P<table>[\w.`\"\[\]]{1,100})\s*(?:\((?P<columns>[^()]{3,2000})\)\s*)?values?\b",
    re.IGNORECASE,
)
# What a statement without columns fills stands where the table was made.
_CREATED: Final = re.compile(
    r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(?P<table>[\w.`\"\[\]]{1,100})\s*\((?P<columns>(?:[^()]|\([^()]{0,60}\)){3,4000})\)",
    re.IGNORECASE,
)
_SIZE: Final = re.compile(r"\([^()]*\)")
# A text of SQL's is of any character; beside texts there are numbers and calls (`now()`).
_ROW: Final = re.compile(r"\s*,?\s*\((?P<fields>(?:'(?:''|\\.|[^'\\])*'|\([^()']*\)|[^()'])*)\)")
_FIELD: Final = re.compile(r"\s*(?:N?'(?P<text>(?:''|\\.|[^'\\])*)'|(?P<other>(?:\([^()']*\)|[^,'()])*))\s*(?:,|$)")
# Neither a placeholder of the driver's (%s, :name, @name, $1) nor a piece of a program.
_CLEAR: Final = re.compile(r"(?![:%@#]\w)[^\s\"'$`{}?<>+]{4,60}")
_PASSWORDS: Final = ("password", "secret", "api_key", "signing_key")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal in a column that promises a secret."""
    if "nsert" in file.text or "NSERT" in file.text:
        yield from _inserted(file)
    if file.suffix in (".csv", ".tsv"):
        yield from _tabled(file)


def _inserted(file: SourceFile) -> Iterator[Candidate]:
    created = {match["table"].strip('`"[]').lower(): match["columns"] for match in _CREATED.finditer(file.text)}
    for match in _INSERT.finditer(file.text):
        made = _SIZE.sub("", created.get(match["table"].strip('`"[]').lower(), ""))
        names = match["columns"].split(",") if match["columns"] else [part.split()[0] for part in made.split(",") if part.strip()]
        columns, at = _promising(names), match.end()
        for _row in range(MOST_ROWS if columns else 0):
            row = _ROW.match(file.text, at)
            if row is None:
                break
            fields = [field["text"] for field in _FIELD.finditer(row["fields"])]
            number = file.line_at(row.start("fields"))
            if file.is_fresh(number):
                yield from _of_row(
                    file, number, columns, [text and text.replace("''", "'") for text in fields], "put into a table"
                )
            at = row.end()


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
    # In a table of accounts the Spanish word for a key is the password; beside a column of values it is the name of a setting.
    paired = any(name.lower() in ("valor", "value") for name in plain)
    kinds = (("" if paired else "password") if name.lower() == "clave" else secret_kind(name) for name in plain)
    return {at: (name, kind) for at, (name, kind) in enumerate(zip(plain, kinds, strict=True)) if kind in _PASSWORDS}


def _of_row(
    file: SourceFile, number: int, columns: dict[int, tuple[str, str]], fields: list[str | None], put: str = ""
) -> Iterator[Candidate]:
    for at, (name, kind) in columns.items():
        value = fields[at] if at < len(fields) else None
        # A column of passwords is often one of hashes.
        if not value or (kind == "password" and is_kept_hash(value)):
            continue
        # What a statement puts there lets somebody in, however plain a word it is.
        if put and kind == "password" and _CLEAR.fullmatch(value):
            yield Candidate(kind, value, file.path, number, "call", f"a password in clear, {put}", name)
        else:
            yield Candidate(kind, value, file.path, number, "assignment", f"a value in a column of secrets ({name})", name)
