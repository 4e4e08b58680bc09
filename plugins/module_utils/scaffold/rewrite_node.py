# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replaces a secret in JavaScript source by a read from the environment: one string literal, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .rewrite_python import Rewritten, Wanted

_PUNCTUATION_BEFORE_REGEX: Final = frozenset("(,=:[!&|?{};+-*%~^<>")
_WORDS_BEFORE_REGEX: Final = ("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do")


def rewrite(text: str, wanted: Iterable[Wanted], replacement: str = "process.env.@@") -> Rewritten:
    """Replace every wanted literal by `replacement`, in which @@ is the variable; one that is not plain is left and told."""
    strings = list(_strings(text))
    edits: list[tuple[int, int, str]] = []
    values: list[str] = []
    variables: list[str] = []
    left: list[tuple[int, str]] = []
    for one in wanted:
        found = [span for span in strings if text.count("\n", 0, span[0]) + 1 == one.line and _belongs(text, span, one.name)]
        if len(found) != 1:
            left.append((one.line, "no single plain string stands there"))
            continue
        start, end = found[0]
        edits.append((start, end, replacement.replace("@@", one.variable)))
        values.append(text[start + 1 : end - 1])
        variables.append(one.variable)
    for start, end, expression in sorted(set(edits), reverse=True):
        text = text[:start] + expression + text[end:]
    return Rewritten(text, tuple(values), tuple(dict.fromkeys(variables)), tuple(left))


def _belongs(text: str, span: tuple[int, int], name: str) -> bool:
    before = text[max(0, span[0] - 200) : span[0]]
    if "\\" in text[span[0] : span[1]] or re.search(r"(<[A-Za-z][^<>]*\s|\n\s*)[A-Za-z-]+=$", before):
        return False  # an escape would need undoing; `name="..."` right after a tag is markup, not an expression
    bare = re.escape(name.rsplit(".", 1)[-1].strip("\"'[]")) if name else r"[\w$]+"
    assigned = rf"(?:^|[^\w$])[\"']?{bare}[\"']?\]?\s*(?::[^=,;(){{}}]*)?=\s*$|(?:^|[^\w$?])[\"']?{bare}[\"']?\s*:\s*$"
    fallback = r"process\.env\.\w+\s*(?:\|\||\?\?)\s*$"
    call = r"\(\s*$" if not name else r"(?!)"
    return bool(re.search(f"{assigned}|{fallback}|{call}", before))


def _strings(text: str) -> Iterator[tuple[int, int]]:
    """The spans of string literals and of templates without substitution, quotes included; comments and patterns are passed."""
    at, last = 0, ""
    while at < len(text):
        letter = text[at]
        if text.startswith("//", at):
            at = _end(text.find("\n", at), text)
        elif text.startswith("/*", at):
            at = _end(text.find("*/", at + 2), text, 2)
        elif letter in "\"'`":
            end = _string_end(text, at)
            if letter != "`" or "${" not in text[at:end]:
                yield at, end
            at, last = end, letter
        elif letter == "/" and _starts_pattern(last):
            at = _pattern_end(text, at)
            last = "/"
        elif letter.isspace():
            at += 1
        else:
            word = re.match(r"[\w$]+", text[at:])
            last = word[0] if word else letter
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
