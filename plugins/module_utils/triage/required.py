# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Forms asked only of texts that may hold them: the words that every match must have are read off the expression itself, and
a text is asked for each word once, however many forms want it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any, Final

from .hints import folded

# A Python that keeps its parser elsewhere searches every form: slower, with the same answer.
_PARSER: Final[Any] = getattr(re, "_parser", None)
_SHORT_TEXT: Final = 8000  # is searched sooner than words are read off
_SHORTEST: Final = 3  # letters; shorter words stand everywhere
_MOST_RUNS: Final = 8  # words that one run of letters may be


def search(form: re.Pattern[str], text: str) -> re.Match[str] | None:
    """`form.search(text)`."""
    return form.search(text) if may_match(form, text) else None


def may_match(form: re.Pattern[str], text: str) -> bool:
    """Whether the text holds one of the words that every match of the form has."""
    words = words_of(form) if len(text) > _SHORT_TEXT else frozenset()
    if not words:
        return True
    asked = _asked(text)
    return any(_holds(asked, text, word) for word in words)


def _holds(asked: dict[str, bool], text: str, word: str) -> bool:
    if word not in asked:
        asked[word] = word in folded(text)
    return asked[word]


@functools.lru_cache(maxsize=2)
def _asked(_text: str) -> dict[str, bool]:
    return {}


@functools.cache
def words_of(form: re.Pattern[str]) -> frozenset[str]:
    """Lower-case words, one of which stands in every match; empty if the expression promises none."""
    return _of_sequence(_PARSER.parse(form.pattern, form.flags)) if _PARSER is not None else frozenset()


def _of_sequence(sequence: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """The most telling of the demands that the parts of a sequence make, all of which must be met."""
    demands: list[frozenset[str]] = []
    runs = [""]
    for code, argument in (*sequence, (None, None)):
        letters = _letters(str(code), argument)
        if 0 < len(letters) * len(runs) <= _MOST_RUNS:
            runs = [run + letter for run in runs for letter in letters]
            continue
        demands += [_telling(runs), _of_part(str(code), argument)]
        runs = [""]
    # A long word is rare; of equally long ones the fewest are asked for soonest.
    return max(demands, key=lambda words: (min(map(len, words), default=0), -len(words)))


def _letters(code: str, argument: Any) -> list[str]:
    """The letters that stand at one place: one, or the few of a set."""
    if code == "LITERAL":
        return [chr(argument).lower()]
    if code == "IN" and all(str(kind) == "LITERAL" for kind, _letter in argument):
        return sorted({chr(letter).lower() for _kind, letter in argument})
    return []


def _of_part(code: str, argument: Any) -> frozenset[str]:
    if code == "BRANCH":
        branches = [_of_sequence(branch) for branch in argument[1]]
        return frozenset().union(*branches) if all(branches) else frozenset()
    if code in ("SUBPATTERN", "ATOMIC_GROUP"):
        return _of_sequence(argument[-1] if code == "SUBPATTERN" else argument)
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
        return _of_sequence(argument[2])
    return frozenset()


def _telling(words: list[str]) -> frozenset[str]:
    return frozenset(words) if all(len(word) >= _SHORTEST for word in words) else frozenset()
