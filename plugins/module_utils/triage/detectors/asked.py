# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A word that is asked for and compared on the spot, without a name for it: `prompt("Password?") === "x"`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

_ASKS: Final = (
    r"\bpass(?:word|wort|code|phrase)?\b|\bpwd?\b|kennwort|\bpin\b|\b(?:access|secret|admin|zugangs)[ _-]?code|"
    r"senha|contrase|mot de passe|密码|パスワード|비밀번호|пароль"
)
_LITERAL: Final = r"\s*!?={2,3}\s*[\"'`](?P<value>[^\"'`\s]{4,60})[\"'`]"
_FORMS: Final = (
    re.compile(rf"(?i)\b(?:prompt|input|getpass|readline|simpledialog\.askstring)\s*\([^()\n]*(?:{_ASKS})[^()\n]*\){_LITERAL}"),
    re.compile(
        rf"(?i)(?:getElementById\(|querySelector\(|\$\()\s*[\"'][#.]?(?:\w+-)?(?:{_ASKS})[\"']\s*\)\.(?:value|val\(\)){_LITERAL}"
    ),
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every word that a question for a password is compared with."""
    for number, line in lines_with(file, ("==",)):
        if len(line) > 2000:
            continue
        for form in _FORMS:
            if match := form.search(line):
                kind = "pin" if match["value"].isdigit() else "password"
                why = "the word a question for a password is compared with"
                yield Candidate(kind, match["value"], file.path, number, "comparison", why)
