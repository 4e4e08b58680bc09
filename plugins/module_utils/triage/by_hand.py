# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tokens that people make themselves: no machine's work, and let somebody in all the same."""

from __future__ import annotations

import re
from typing import Final

from . import paths, strings
from .model import Candidate, SourceFile
from .names import words_of

_LONGEST_LINE: Final = 400
_REQUESTED: Final = re.compile(r"(?i)\b(param\w*|quer(y|ies)|headers?|args|req(uest)?|body|_GET|_POST|_REQUEST)\b")
_GUARDS: Final = re.compile(r"(?i)(admin|access|api|internal|cron|export|import|deploy|master|sync)_?(token|secret|key)$")


def is_by_hand(candidate: Candidate, file: SourceFile) -> bool:
    """A token that a person made: what a request is compared with, or words and a number under the name of a guard."""
    value, path = candidate.value, file.path
    if paths.is_test(path) or paths.is_example(path) or paths.is_document(path) or paths.is_compose(path) or paths.is_ci(path):
        return False
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]{3}", value):
        return False
    if candidate.shape == "comparison":
        by_name = candidate.kind in ("api_key", "secret") and strings.is_personal(value)
        return by_name or bool(_REQUESTED.search(file.lines[candidate.line - 1][:_LONGEST_LINE]))
    if candidate.kind == "secret" and len(value) >= 12 and strings.is_personal(value):
        return True
    by_words = re.fullmatch(r"[A-Za-z]{3,}([-_][A-Za-z]{3,})*[-_]?\d{3,}([-_][A-Za-z]{3,})*", value)
    guards = _GUARDS.search("_".join(words_of(candidate.variable)))
    return bool(guards and len(value) >= 16 and (by_words or strings.is_personal(value)))
