# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes data in a format with that format's own quoting. Nothing from the catalog reaches a file by any other way."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..errors import MissingLibrary
from .pins import VERSIONS

try:
    import yaml

    YAML_MISSING: ImportError | None = None
except ImportError as error:
    YAML_MISSING = error

_USES: Final = re.compile(r"^(?P<head> *(?:- )?uses: (?P<action>[A-Za-z0-9._/-]+@[0-9a-f]{40}))$", re.MULTILINE)
# Escapes of JSON that HCL does not know.
_NOT_IN_HCL: Final = {"\\b": "\\u0008", "\\f": "\\u000c"}
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@functools.cache
def _dumper() -> type[yaml.SafeDumper]:
    """Lists are indented below their key, scripts are written as blocks, and nothing is abbreviated by anchors."""
    if YAML_MISSING:
        raise MissingLibrary("PyYAML", "write the files that an app gets", YAML_MISSING)

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(str, _text)
    return Dumper


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    block = "\n" in value and not _UNPRINTABLE.search(value.replace("\n", "")) and value == value.strip("\n") + "\n"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)


def comment(text: str, mark: str = "#") -> str:
    """Text as comment lines: every line carries the mark, and what a parser could take for a line end is a space."""
    return "".join(f"{mark} {_UNPRINTABLE.sub(' ', line)}".rstrip() + "\n" for line in text.split("\n"))


def yaml_bytes(data: Any, head: str) -> bytes:
    """One YAML document with a comment on top; pinned actions carry their version beside them."""
    body = yaml.dump(data, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110)
    annotated = _USES.sub(
        lambda match: f"{match['head']} # {VERSIONS[match['action']]}" if match["action"] in VERSIONS else match[0], body
    )
    # A description may hold a line that looks like a pinned action: then the versions are left out rather than its text changed.
    if yaml.safe_load(annotated) != data:
        annotated = body
    return (comment(head) + annotated).encode()


def json_bytes(data: Any) -> bytes:
    """A JSON document for people to read."""
    return (json.dumps(data, indent=2, ensure_ascii=True) + "\n").encode()


def hcl_string(text: str) -> str:
    """A quoted template of HCL in which nothing is a template."""
    escaped = (
        json.dumps(text, ensure_ascii=False)[1:-1]
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
        .replace("\x7f", "\\u007f")
    )
    # Escape by escape: in the text `C:\build` the backslash is one of its own, and no part of JSON's `\b`.
    known = re.sub(r"\\.", lambda found: _NOT_IN_HCL.get(found[0], found[0]), escaped)
    return '"' + known.replace("${", "$${").replace("%{", "%%{") + '"'


def hcl_value(value: Any, depth: int = 1) -> str:
    """Plain data as an HCL expression."""
    pad = "  " * depth
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        widest = max(len(hcl_string(str(key))) for key in value)
        inner = "".join(
            f"{pad}  {hcl_string(str(key)).ljust(widest)} = {hcl_value(item, depth + 1)}\n" for key, item in value.items()
        )
        return "{\n" + inner + pad + "}"
    if isinstance(value, (list, tuple)):
        if not value:
            return "[]"
        return "[\n" + "".join(f"{pad}  {hcl_value(item, depth + 1)},\n" for item in value) + pad + "]"
    return hcl_string(str(value))


def hcl_block(kind: str, labels: Iterable[str], values: Mapping[str, Any]) -> str:
    """A block with arguments; names are the code's own, values are quoted. Aligned as `terraform fmt` does."""
    head = " ".join([kind, *(hcl_string(label) for label in labels)])
    lines: list[str] = []
    for group in _groups(list(values.items())):
        widest = max(len(name) for name, _unused in group)
        lines += [f"  {name.ljust(widest)} = {hcl_value(value)}\n" for name, value in group]
    return f"{head} {{\n{''.join(lines)}}}\n"


def _groups(items: Sequence[tuple[str, Any]]) -> Iterable[Sequence[tuple[str, Any]]]:
    # fmt aligns the equals signs of neighbouring single-line arguments only.
    group: list[tuple[str, Any]] = []
    for name, value in items:
        if isinstance(value, (Mapping, list, tuple)) and value:
            if group:
                yield group
            yield [(name, value)]
            group = []
        else:
            group.append((name, value))
    if group:
        yield group


def python_value(value: Any) -> str:
    """Plain data as a Python literal."""
    return ascii(value)
