# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords kept as a table in the code: a list of them, or a mapping of logins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..strings import is_kept_hash, is_personal, looks_random

_MOST_LINES: Final = 40
_NAME: Final = (
    r"passwords?|passwoerter|passw(?:oe|\u00f6)rter|passcodes?|pass_?phrases?|access_?codes?|pins?|senhas?|contrase\w{1,2}as?"
)
# PASSWORDS = {"admin": "x"}, VALID_PASSWORDS = ["x", "y"], if pw in ("x", "y"), ["x"].includes(password)
_TABLE: Final = re.compile(
    rf"(?i)\b(?:\w+_)?(?:{_NAME})\b[\"']?\s*(?::\s*[\w\[\], ]+?)?\s*(?P<op>=|:|=>)\s*[\[({{](?!\s*$)|"
    rf"(?i:\b(?:pw|pass|pwd|password|passwort|passcode|pin)\b)\s+(?:not\s+)?in\s+[\[({{]"
)
_OPENED: Final = re.compile(rf"(?i)\b(?:\w+_)?(?:{_NAME})\b[\"']?\s*(?::\s*[\w\[\], ]+?)?\s*(?:=|=>)\s*[\[({{]\s*$")
_LOGINS: Final = re.compile(
    r"(?i)\b(?:\w+_)?(?:users?|logins?|accounts?|credentials?|user_?db|benutzer|usuarios)\b[\"']?"
    r"(?:\s*(?::\s*[\w\[\], ]+?)?\s*:?=\s*(?:map\[string\]string)?|(?<=\.Accounts))\s*\{(?P<rest>.*)"
)
_BASIC: Final = re.compile(
    r"(?i)\bbasic_?auth\s*=\s*\{(?P<given>[^{}]*)|\bBasicAuth\(\s*\w+\s*,\s*\{(?P<inline>[^{}]*)|\b\w*auth\w*\(\s*\{[^{}]*\busers\s*:\s*\{(?P<rest>[^{}]*)"
)
# BasicAuth(app, PAIRS): whatever the table is called, its values let in.
_HANDED: Final = re.compile(r"\bBasicAuth\(\s*\w+\s*,\s*(?P<name>[A-Za-z_]\w*)\s*[,)]")
_PAIR: Final = re.compile(r"[\"'](?P<user>[^\"'\s]{1,60})[\"']\s*[:,]\s*[\"'](?P<value>[^\"'\s]{4,60})[\"']")
# API_KEYS = {"practice": "x"}, VALID_TOKENS = ["x"]: only what nobody would call a thing is a key.
_KEYS: Final = re.compile(
    r"(?i)\b(?:\w+_)?(?:api|access|auth|valid)_?(?:keys|tokens)\b\s*(?::\s*[\w\[\], ]+?)?\s*=\s*[\[({](?P<items>.*)"
)
_INCLUDES: Final = re.compile(
    r"\[(?P<items>[^\[\]\n]{3,400})\]\.(?:includes|indexOf|include\?|contains)\(\s*(?i:\w*(?:pw|pass|pwd|password|passwort|code|pin))\b"
)
_LITERAL: Final = re.compile(r"(?P<quote>[\"'])(?P<value>[^\"'\s]{4,60})(?P=quote)(?P<after>\s*(?::|=>))?")
_ENTRY: Final = re.compile(r"[\"'](?P<user>[\w.@+-]{2,60})[\"']\s*:\s*(?P<quote>[\"'])(?P<value>[^\"'\s]{6,60})(?P=quote)")
_MIXED: Final = re.compile(r"[^A-Za-z._@/-]")
_BRACKETS: Final = ("[", "(", "{")
_BRACKET: Final = re.compile(r"[\[({]")
# password: {type: string, example: "x"} describes a field.
_SCHEMA: Final = re.compile(r"[\"']?\b(?:type|format|example)[\"']?\s*:")
_HINTS: Final = (
    "pass",
    "pw",
    "pin",
    "code",
    "senha",
    "contrase",
    "user",
    "login",
    "account",
    "credential",
    "benutzer",
    "usuario",
    "basic_auth",
    "basicauth",
    "keys",
    "tokens",
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every password of such a table."""
    for number, line in lines_with(file, _HINTS, fold=True):
        if len(line) <= 2000 and (line.rstrip()[-1:] in _BRACKETS or (("'" in line or '"' in line) and _BRACKET.search(line))):
            yield from _on_line(file, number, line)
    for handed in _HANDED.finditer(file.text) if "BasicAuth(" in file.text else ():
        yield from _handed(file, handed["name"])


def _handed(file: SourceFile, name: str) -> Iterator[Candidate]:
    opened = re.search(rf"(?m)^\s*{re.escape(name)}\s*=\s*[\[{{]", file.text)
    first = file.line_at(opened.end()) if opened else 0
    for number in range(first, min(first + _MOST_LINES, len(file.lines) + 1)) if opened else ():
        text = file.lines[number - 1][:2000]
        for match in _PAIR.finditer(text) if file.is_fresh(number) else ():
            if not is_kept_hash(match["value"]):
                why = "the password of one of the code's logins"
                yield Candidate("password", match["value"], file.path, number, "comparison", why, "", "", match["user"])
        if re.search(r"[\]}]\s*$", text):
            return


def _on_line(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    if (match := _TABLE.search(line)) and not _SCHEMA.search(line, match.end()):
        yield from _literals(file, number, line[match.end() :], words="pass" in match.group(0).lower() and match["op"] == "=")
    elif _OPENED.search(line):
        for after in range(number + 1, min(number + _MOST_LINES, len(file.lines) + 1)):
            text = file.lines[after - 1]
            if re.match(r"\s*[\])}]", text):
                break
            if file.is_fresh(after) and len(text) < 300:
                yield from _literals(file, after, text)
    elif match := _LOGINS.search(line):
        yield from _entries(file, number, match["rest"])
        for after in range(number + 1, min(number + _MOST_LINES, len(file.lines) + 1)):
            text = file.lines[after - 1]
            if "}" in line[match.start() :] or re.match(r"\s*[\])}]", text):
                break
            if file.is_fresh(after) and len(text) < 300:
                yield from _entries(file, after, text)
    if match := _BASIC.search(line):
        yield from _entries(file, number, match["rest"] or match["given"] or match["inline"] or "")
    if match := _KEYS.search(line):
        yield from (one for one in _literals(file, number, match["items"]) if is_personal(one.value) or looks_random(one.value))
    if match := _INCLUDES.search(line):
        yield from _literals(file, number, match["items"])


def _literals(file: SourceFile, number: int, text: str, words: bool = False) -> Iterator[Candidate]:
    # Of a mapping only the values: the names before the colons are the logins. `words`: a plain word is a password too.
    for match in _LITERAL.finditer(text):
        value = match["value"]
        if not match["after"] and not is_kept_hash(value) and not secret_kind(value) and (words or _MIXED.search(value)):
            yield Candidate("password", value, file.path, number, "comparison", "one of the passwords the code lets in")


def _entries(file: SourceFile, number: int, text: str) -> Iterator[Candidate]:
    for match in _ENTRY.finditer(text):
        value = match["value"]
        mixed = re.search(r"[a-z]", value) and _MIXED.search(value)
        if mixed and "@" not in value[1:-1] and "/" not in value and not is_kept_hash(value):
            why = "the password of one of the code's logins"
            yield Candidate("password", value, file.path, number, "comparison", why, "", "", match["user"])
