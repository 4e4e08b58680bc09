# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A function that is called as a password and gives a literal: `getAdminPassword() { return stored() || 'x' }`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..vocabulary import vocabulary

_WORDS: Final = ("assword", "ASSWORD", "asswd", "asswort", "asscode", "Pin", "pin(", "PIN")
_LONGEST: Final = 8  # lines; what a longer function returns at its end is its work, not a word it keeps
_FARTHEST: Final = 10  # lines from a token's parser to the end of its key function
# It takes nothing, and its name ends in the word: `validatePassword` and `passwordLabel` give something else.
_HEAD: Final = re.compile(
    r"^(?P<indent>\s*).*?\b(?:function|def|func|fun|const|let|var|[Ss]tring)\s+"
    r"(?P<name>\w{0,30}?(?:(?i:password|passwd|passwort|passcode)|(?P<pin>(?<![A-Za-z])pin|Pin|PIN)))\s*"
    r"(?:=\s*(?:async\s*)?\(\s*\)\s*(?P<arrow>=>)|\(\s*(?:self|this|cls)?\s*\))"
)
_CHANGES: Final = re.compile(
    r"(?i)^_*(?:hash|encrypt|decrypt|valid|check|verif|is_?|has_?|re_?set|forgot|change|generate|random|format|mask|ask|set|"
    r"update|save|store|new|edit|delete|remove|confirm|toggle|show|hide|prompt|enter|require|wrong|invalid|missing|on_?|handle)"
)
_RETURNED: Final = re.compile(
    r"\breturn\b\s*\(?(?:[^\n]*(?:\|\||\?\?|\bor\b)\s*)?(?P<quote>[\"'`])(?P<value>[^\"'`\s]{4,60})(?P=quote)\s*[;})]*\s*$"
)


# func(token *jwt.Token) (interface{}, error) { ...; return []byte("x"), nil }
_KEY_OF_TOKENS: Final = re.compile(r"\breturn\s+\[\]byte\(\s*\"(?P<value>[^\"\s]{3,80})\"\s*\)\s*,\s*nil\b")


def key_functions(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that a function gives to check Go's web tokens with."""
    for number, line in lines_with(file, ("return []byte(",)):
        match = _KEY_OF_TOKENS.search(line[:400])
        if match and any("jwt." in before for before in file.lines[max(0, number - _FARTHEST) : number]):
            yield Candidate("signing_key", match["value"], file.path, number, "call", "the key that tokens are checked with")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that such a function gives."""
    if not any(word in file.text for word in _WORDS):
        return
    for number, line in enumerate(file.lines, 1):
        head = _HEAD.search(line) if len(line) <= 400 and any(word in line for word in _WORDS) else None
        if head is None or _CHANGES.search(head["name"]):
            continue
        for further, match in _given(file, number, line, head, _LONGEST, _RETURNED):
            kind = "pin" if head["pin"] or match["value"].isdigit() else "password"
            why = f"what {head['name']}() gives"
            yield Candidate(kind, match["value"], file.path, further, "comparison", why, head["name"])


def _given(
    file: SourceFile, number: int, line: str, head: re.Match[str], longest: int, form: re.Pattern[str]
) -> Iterator[tuple[int, re.Match[str]]]:
    """What the function of this head returns in its first lines, with the line's number."""
    first = ("return " if head["arrow"] else "") + line[head.end() :]
    for further, text in enumerate((first, *file.lines[number : number + longest]), number):
        if further > number and _is_behind(text, head["indent"]):
            return
        if file.is_fresh(further) and len(text) <= 400 and (match := form.search(text)):
            yield further, match


def _is_behind(text: str, indent: str) -> bool:
    """The function's body has ended before this line."""
    return bool(text.strip()) and not text.lstrip().startswith("{") and len(text) - len(text.lstrip()) <= len(indent)


# function lexSchluessel() { return "..." }: called as a key, and a machine made what it gives
_FUNCTION: Final = re.compile(
    r"^(?P<indent>\s*).*?\b(?:function|def|func|fun|const|let|var|[Ss]tring)\s+(?:get_?|fetch_?|load_?|my_?)?(?P<name>[A-Za-z_]\w{2,40})\s*"
    r"(?:=\s*(?:async\s*)?\(\s*\)\s*(?P<arrow>=>)|\(\s*(?:self|this|cls)?\s*\))"
)
_GIVEN: Final = re.compile(r"\breturn\b\s*\(?(?P<quote>[\"'`])(?P<value>[^\"'`\s]{16,200})(?P=quote)\s*[;})]*\s*$")
_LONGEST_OF_KEYS: Final = 3
_NAMED_LIKE_KEYS: Final = vocabulary("key token secret schl clave chave chiave sleutel klucz anahtar nyckel cle")


def keys(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that a machine made and a function gives that is called as a key."""
    for number, line in lines_with(file.whole(), _NAMED_LIKE_KEYS, fold=True):
        head = _FUNCTION.search(line) if len(line) <= 400 and "(" in line else None
        kind = secret_kind(head["name"]) if head and not _CHANGES.search(head["name"]) else ""
        if head is None or not kind:
            continue
        for further, match in _given(file, number, line, head, _LONGEST_OF_KEYS, _GIVEN):
            why = f"what {head['name']}() gives"
            yield Candidate(kind, match["value"], file.path, further, "assignment", why, head["name"])
