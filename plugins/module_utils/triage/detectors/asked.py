# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A word that is asked for and compared: on the spot (`prompt("Password?") === "x"`), or some lines after the answer was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

_ASKS: Final = (
    r"\bpass(?:word|wort|code|phrase)?\b|\bpwd?\b|kennwort|\bpin\b|\b(?:access|secret|admin|zugangs)[ _-]?code|"
    r"(?:magic|secret) ?word|losung|code ?wort|mot (?:magique|secret)|palabra (?:secreta|m\w+gica)|"
    r"senha|contrase|\bclave\b|mot de passe|parola|\bsifre\b|has\u0142o|haslo|wachtwoord|密码|パスワード|비밀번호|пароль"
)
_WORD: Final = r"[\"'`](?P<value>[^\"'`\s]{4,60})[\"'`]"
_IS: Final = rf"(?:\.\w+\(\)){{0,2}}\s*(?:!?={{2,3}}\s*|!=\s*|\s(?:eq|ne)\s+|\.equals\(\s*){_WORD}"
_CALL: Final = (
    rf"\b(?:prompt|input|(?:st\.)?text_input|getpass|readline|simpledialog\.askstring)\s*\([^()\n]*(?:{_ASKS})[^()\n]*\)"
)
_ELEMENT: Final = (
    rf"(?:getElementById\(|querySelector\(|\$\()\s*[\"'][#.]?(?:\w+-)?(?:{_ASKS})(?:[-_]?(?:input|field|feld|box))?[\"']\s*\)"
    r"\.(?:value|val\(\))"
)
# passwordInput.value, txtPassword.Text, loginForm.pw.value
_FIELD: Final = (
    r"(?<![\w.])[\w.$]*(?:pass(?:word|wort|wd|code|phrase)|kennwort|contrase\w{1,2}a|senha|clave|parola|sifre|haslo|wachtwoord|"
    r"\bpwd?)\w{0,12}(?:\.(?:current|target|nativeElement))?"
    r"\.(?:value|text|val\(\)|getText\(\)|getValue\(\))"
)
# What a request brings
_SENT: Final = (
    rf"(?:\$_(?:POST|GET|REQUEST)\[|request\.(?:form|args|values|json|POST|GET)(?:\.get\(|\[)|params\[:?|\.FormValue\(|"
    rf"getParameter\(|(?<![\w.])param\(|req\.(?:body|query)(?:\.|\[))\s*[\"']?(?:{_ASKS})[\"']?\s*[\])]?"
)
# Visual Basic compares with one sign.
_BASIC: Final = rf"\bInputBox\s*\([^()\n]*(?:{_ASKS})[^()\n]*\)\s*(?:=|<>)\s*{_WORD}"
_FORMS: Final = tuple(
    re.compile(rf"(?i){form}") for form in (*(asked + _IS for asked in (_CALL, _ELEMENT, _FIELD, _SENT)), _BASIC)
)
# The page's own field, where the page has one for a password.
_PASSWORD_FIELD: Final = re.compile(r"type\s*[=:]\s*[\"']?password\b")
_ONLY_FIELD: Final = re.compile(rf"(?i)(?<![\w.])(?:input|eingabe|field|feld|answer|typed|entered)\.value{_IS}")
# What a window's field holds
_HELD: Final = (
    rf"\w*(?:{_ASKS.replace(chr(92) + 'b', '')})\w*\.(?:get|getText|getPassword|text|toPlainText)\(\)|"
    r"[\w.]+\.getPassword\(\)"
)
_KEPT: Final = re.compile(
    rf"(?i)(?<!\w)\$?(?P<name>[a-z_]\w*)\s*(?::\s*\w+\s*)?(?::?=|<-)\s*(?:await\s+)?(?:new\s+String\(\s*)?"
    rf"(?:{_SENT}|{_HELD}|(?:[\w.]+\.)?(?:{_CALL}|{_ELEMENT}))(?:\.\w+\(\))*\s*\)?\s*;?"
)
_ASKING: Final = (
    "pass", "pwd", "pw", "pin", "code", "kennwort", "senha", "contrase", "clave", "parola", "sifre", "hasło", "haslo",
    "wachtwoord", "密码", "パスワード", "비밀번호", "пароль",
)  # fmt: skip
_COMPARES: Final = ("==", "!=", "equals(", " eq ", " ne ")
_REACH: Final = 12  # lines from the question to the comparison


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every word that the answer to a question for a password is compared with."""
    forms = (*_FORMS, _ONLY_FIELD) if _PASSWORD_FIELD.search(file.text) else _FORMS
    for number, line in lines_with(file, ("==", "!=", ".equals(", "InputBox", " eq ", " ne ")):
        for form in forms if len(line) <= 2000 else ():
            if match := form.search(line):
                yield _compared(file, number, match["value"])
    for number, line in lines_with(file.whole(), _ASKING, fold=True) if any(word in file.text for word in _COMPARES) else ():
        kept = _KEPT.search(line) if ("=" in line or "<-" in line) and len(line) <= 600 else None
        if kept:
            yield from _later(file, number, kept)


def _later(file: SourceFile, number: int, kept: re.Match[str]) -> Iterator[Candidate]:
    name = rf"(?<![\w.]){re.escape(kept['name'])}"
    form = re.compile(rf"{name}{_IS}|\bequals\(\s*{name}\s*,\s*{_WORD.replace('value', 'other')}")
    for at in range(number, min(number + _REACH, len(file.lines)) + 1):
        text = file.lines[at - 1][kept.end() if at == number else 0 :]
        if file.is_fresh(at) and len(text) <= 2000 and (match := form.search(text)):
            yield _compared(file, at, match["value"] or match["other"])


def _compared(file: SourceFile, number: int, value: str) -> Candidate:
    kind, why = "pin" if value.isdigit() else "password", "the word a question for a password is compared with"
    return Candidate(kind, value, file.path, number, "comparison", why)
