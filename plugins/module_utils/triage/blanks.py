# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords of several words, told apart from sentences."""

from __future__ import annotations

import re
from typing import Final

from . import paths, strings
from .hosts import user_near
from .model import Candidate, SourceFile

_IN_WORDS: Final = re.compile(r"passphrase|psk$|_psk|restic", re.IGNORECASE)
_SENTENCE: Final = re.compile(
    r"(?i)\b(?:zeichen|characters?|chars|caract\w+|min(?:dest\w*|imum)?|max|at least|enter|type|your?|the|"
    r"password|passwort|kennwort)\b"
)


def may_have_blanks(candidate: Candidate, file: SourceFile) -> bool:
    """Blanks are part of this value: a comparison, a passphrase, an environment's file, a login in a configuration."""
    blanks = candidate.value.count(" ")
    if candidate.shape == "comparison":
        return blanks <= 2
    if _IN_WORDS.search(candidate.variable):
        return blanks <= 8 and paths.is_configuration(file.path)
    return blanks <= 3 and (file.suffix == ".env" or _is_told_beside_its_login(candidate, file))


def _is_told_beside_its_login(candidate: Candidate, file: SourceFile) -> bool:
    """Words and a number that a configuration gives a login: a sentence has no number, and says what it asks for."""
    value, settings = candidate.value, candidate.variable.isupper() or paths.is_configuration(file.path)
    sentence = _SENTENCE.search(value) or strings.is_stand_in(value) or value[-1] in ".:?!"
    return settings and not sentence and bool(re.search(r"\d", value)) and bool(user_near(file, candidate.line))
