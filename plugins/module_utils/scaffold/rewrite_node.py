# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replaces a secret in JavaScript source by a read from the environment: one string literal, nothing else."""

from __future__ import annotations

import bisect
import dataclasses
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from .around import Around, around
from .connection import BESIDE, URI_PARTS, is_uri, names_beside, password_in, uri_of
from .rewrite_python import Rewritten, Wanted

_PUNCTUATION_BEFORE_REGEX: Final = frozenset("(,=:[!&|?{};+-*%~^<>")
_FALLBACK: Final = r"process\.env\.\w+\s*(?:\|\||\?\?)\s*"
_PROPERTY: Final = re.compile(rf"(?<!\?)(?<!\?\s)(?:^|[{{,\s])[\"']?([\w$]+)[\"']?\s*:\s*(?:{_FALLBACK})?$")
_ASSIGNED: Final = re.compile(rf"(?:^|[^\w$])([\w$]+)\s*(?::[^=,;(){{}}]*)?=\s*(?:{_FALLBACK})?$")
# What stands between the parts of a connection string.
_JOINTS: Final = ('":"', '"@"', '":"', '"/"', "")
_WORDS_BEFORE_REGEX: Final = ("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do")


@dataclasses.dataclass(frozen=True, slots=True)
class _Literal:
    """A string (quotes included) or a number. `scope` is where the innermost bracket around it opens, -1 for none."""

    start: int
    end: int
    line: int
    scope: int
    is_number: bool = False


def rewrite(text: str, wanted: Iterable[Wanted], replacement: str = "process.env.@@") -> Rewritten:
    """Replace every wanted literal by `replacement`, in which @@ is the variable; one that is not plain is left and told."""
    literals = tuple(_literals(text))
    edits: dict[_Literal, str] = {}
    values: list[str] = []
    variables: list[str] = []
    left: list[tuple[int, str]] = []
    for one in wanted:
        literal = _chosen(text, literals, one)
        if literal is None:
            left.append((one.line, "no single plain string stands there"))
            continue
        if literal in edits:
            left.append((one.line, "another credential stands in the same string"))
            continue
        inside = around(_value(text, literal), one.is_value)
        for changed, expression, used in _replacements(text, literals, literal, one, inside, replacement):
            edits.setdefault(changed, expression)
            variables += used
        values.append(inside.value if inside else password_in(_value(text, literal)))
    for literal, expression in sorted(edits.items(), key=lambda edit: edit[0].start, reverse=True):
        text = text[: literal.start] + expression + text[literal.end :]
    return Rewritten(text, tuple(values), tuple(dict.fromkeys(variables)), tuple(left))


def _chosen(text: str, literals: Iterable[_Literal], one: Wanted) -> _Literal | None:
    here = [each for each in literals if each.line == one.line and not each.is_number and _is_plain(text, each)]
    # What holds the value is it. The name decides where the code writes the value in a way of its own.
    found = [literal for literal in here if around(_value(text, literal), one.is_value)] or [
        literal for literal in here if one.name and _is_given_to(text, literal, one.name)
    ]
    return found[0] if len(found) == 1 else None


def _replacements(
    text: str, literals: Iterable[_Literal], literal: _Literal, one: Wanted, inside: Around | None, replacement: str
) -> Iterator[tuple[_Literal, str, tuple[str, ...]]]:
    def read(variable: str) -> str:
        return replacement.replace("@@", variable)

    value = _value(text, literal)
    if one.database and is_uri(value):
        yield literal, *_uri(value, one.database, read)
        return
    # A variable that a person fills takes the place of a whole address.
    is_whole = not one.is_filled and is_uri(value)
    yield literal, _between(None if is_whole else inside, read(one.variable)), (one.variable,)
    for key in (each for each in BESIDE if each in one.database):
        for other in literals:
            if other.scope != literal.scope or other == literal or not (other.is_number or _is_plain(text, other)):
                continue
            name, is_property = _name_of(text, other)
            if name.lower() in names_beside(key, is_apart=not is_property):
                told = read(one.database[key])
                yield other, f"Number({told})" if other.is_number else told, (one.database[key],)


def _uri(value: str, database: Mapping[str, str], read: Callable[[str], str]) -> tuple[str, tuple[str, ...]]:
    uri = uri_of(value)
    quoted = (
        f"encodeURIComponent({read(database[key])})"
        if key in database
        else json.dumps(urllib.parse.quote(uri.told.get(key, ""), safe=""))
        for key in URI_PARTS
    )
    parts = [json.dumps(f"{uri.scheme}://"), *(part for pair in zip(quoted, _JOINTS, strict=True) for part in pair if part)]
    used = tuple(database[key] for key in URI_PARTS if key in database)
    return f"({' + '.join((*parts, json.dumps(uri.tail)) if uri.tail else parts)})", used


def _between(inside: Around | None, read: str) -> str:
    if inside is None or not (inside.before or inside.after):
        return read
    parts = [json.dumps(inside.before)] if inside.before else []
    parts += [read, *([json.dumps(inside.after)] if inside.after else [])]
    return f"({' + '.join(parts)})"


def _value(text: str, literal: _Literal) -> str:
    return text[literal.start + 1 : literal.end - 1]


def _is_plain(text: str, literal: _Literal) -> bool:
    before = text[max(0, literal.start - 200) : literal.start]
    if "\\" in text[literal.start : literal.end] or re.search(r"(<[A-Za-z][^<>]*\s|\n\s*)[A-Za-z-]+=$", before):
        return False  # an escape would need undoing; `name="..."` right after a tag is markup, not an expression
    # `{"...": 1}`: a key is no expression either.
    return not (re.search(r"[{,]\s*$", before) and re.match(r"\s*:", text[literal.end : literal.end + 20]))


def _is_given_to(text: str, literal: _Literal, name: str) -> bool:
    before = text[max(0, literal.start - 200) : literal.start]
    bare = re.escape(name.rsplit(".", 1)[-1].strip("\"'[]"))
    assigned = rf"(?:^|[^\w$])[\"']?{bare}[\"']?\]?\s*(?::[^=,;(){{}}]*)?=\s*$|(?:^|[^\w$?])[\"']?{bare}[\"']?\s*:\s*$"
    return bool(re.search(f"{assigned}|{_FALLBACK}$", before))


def _name_of(text: str, literal: _Literal) -> tuple[str, bool]:
    """The name that a literal is given to ('' for none), and whether as a property of an object."""
    before = text[max(0, literal.start - 200) : literal.start]
    found = _PROPERTY.search(before) if text[max(literal.scope, 0)] == "{" else None
    if found:
        return found[1], True
    found = _ASSIGNED.search(before)
    return (found[1], False) if found else ("", False)


def _literals(text: str) -> Iterator[_Literal]:
    """String literals, templates without substitution, and numbers; comments and patterns are passed."""
    at, last = 0, ""
    opened: list[int] = []
    lines = [found.end() for found in re.finditer("\n", text)]

    def literal(start: int, end: int, is_number: bool = False) -> _Literal:
        return _Literal(start, end, bisect.bisect_right(lines, start) + 1, opened[-1] if opened else -1, is_number)

    while at < len(text):
        letter = text[at]
        if text.startswith("//", at):
            at = _end(text.find("\n", at), text)
        elif text.startswith("/*", at):
            at = _end(text.find("*/", at + 2), text, 2)
        elif letter in "\"'`":
            end = _string_end(text, at)
            if letter != "`" or "${" not in text[at:end]:
                yield literal(at, end)
            at, last = end, letter
        elif letter == "/" and _starts_pattern(last):
            at = _pattern_end(text, at)
            last = "/"
        elif letter.isspace():
            at += 1
        else:
            word = re.match(r"[\w$]+", text[at:])
            last = word[0] if word else letter
            if last.isdecimal() and last.isascii():
                yield literal(at, at + len(last), is_number=True)
            elif letter in "([{":
                opened.append(at)
            elif letter in ")]}" and opened:
                opened.pop()
            at += len(last)


def _end(found: int, text: str, more: int = 0) -> int:
    return len(text) if found < 0 else found + more


def _string_end(text: str, at: int) -> int:
    quote, at = text[at], at + 1
    while at < len(text) and text[at] != quote:
        if quote != "`" and text[at] == "\n":
            return at
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _starts_pattern(last: str) -> bool:
    return last == "" or last in _PUNCTUATION_BEFORE_REGEX or last in _WORDS_BEFORE_REGEX


def _pattern_end(text: str, at: int) -> int:
    within = False
    at += 1
    while at < len(text) and text[at] != "\n":
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            within = True
        elif text[at] == "]":
            within = False
        elif text[at] == "/" and not within:
            return at + 1
        at += 1
    return at
