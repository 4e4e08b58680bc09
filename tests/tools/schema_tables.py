# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fields of a schema as rows of a Markdown table, so that docs/catalog.md cannot disagree with what is checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any


def rows(schema: dict[str, Any], overridable: Iterable[str] = ()) -> list[str]:
    """A table of every field, nested ones with their path; `overridable` are marked as such."""
    marked = set(overridable)
    head = ["| field | what it is | value | example |", "| --- | --- | --- | --- |"]
    return head + [
        _row(path, field, needed, path.split(".")[0].split("[")[0] in marked) for path, field, needed in _fields(schema)
    ]


def _fields(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, field, name in schema.get("required", ())
        if path == "environments":
            continue  # its fields are those of the entry itself
        yield from _fields(field, f"{path}.")
        if isinstance(field.get("additionalProperties"), dict):
            yield from _fields(field["additionalProperties"], f"{path}.<name>.")
        if isinstance(field.get("items"), dict):
            yield from _fields(field["items"], f"{path}[].")


def _row(path: str, field: dict[str, Any], needed: bool, overridable: bool) -> str:
    notes = " **Required.**" if needed else ""
    notes += " ◇" if overridable and "." not in path else ""
    wants = field["wants"] if "properties" not in field else "a mapping"
    example = field.get("examples", [None])[0]
    shown = "" if example is None else f"`{_text(example)}`"
    return f"| `{path}` | {_cell(field['description'])}{notes} | {_cell(wants)} | {shown} |"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    # What stands between backticks is shown as it is.
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))
