# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one way out: every result, diff, warning and error passes here and loses the secrets that the task knows.

`no_log` cannot do this: ansible-core prints failure messages, causes and refused values in clear.
"""

from __future__ import annotations

import base64
import bisect
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "********"
# Shorter values are masked only where they stand alone: replacing "x" everywhere turns "Exception" into stars.
SHORTEST_REPLACED_WITHIN_TEXT = 6


class Secrets:
    """The secret values of one task. A value is registered when it is read or made, before anything else is done with it."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._whole: set[str] = set()
        self._within: set[str] = set()
        # Longest first, and made when it is needed: a result has thousands of texts, and a run hundreds of secrets.
        # With what they are sorted by beside them.
        self._longest_first: tuple[list[int], list[str]] = ([], [])
        # Texts that were scrubbed since the last registration, and how many values there were: a result says most things often.
        self._said: tuple[int, dict[str, str]] = (0, {})
        for value in values:
            self.register(value)

    def register(self, value: str) -> str:
        """Remember `value` (and the ways it is commonly written) as secret; returns it, so that a call can be wrapped."""
        if not value or value in self._whole:
            return value
        if len(value) >= SHORTEST_REPLACED_WITHIN_TEXT:
            self._within.update(_spellings(value))
        # Last, because what was scrubbed is remembered by how many there are: no other thread may meet a value half registered.
        self._whole.add(value)
        return value

    def scrub(self, value: Any) -> Any:
        """A copy of `value` (str, mapping, list, tuple, or a scalar left as it is) without any registered secret."""
        if isinstance(value, str):
            return self.scrub_text(value)
        if isinstance(value, Mapping):
            return {self.scrub(key): self.scrub(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.scrub(item) for item in value]
        return value

    def scrub_text(self, text: str) -> str:
        """`text` with every spelling of every registered secret replaced by stars."""
        count, said = self._said
        if count != len(self._whole):
            self._said = (len(self._whole), said := {})
        if text not in said:
            said[text] = self._scrubbed(text)
        return said[text]

    def _scrubbed(self, text: str) -> str:
        if text in self._whole:
            return MASK
        lengths, spellings = self._longest_first
        # The set only grows, so its size tells whether another thread has registered something since.
        if len(spellings) != len(self._within):
            spellings = sorted(self._within, key=_shorter)
            lengths = [_shorter(spelling) for spelling in spellings]
            self._longest_first = (lengths, spellings)
        # A secret that contains another one must not leave its tail behind, and one longer than the text is not in it.
        for spelling in spellings[bisect.bisect_left(lengths, -len(text)) :]:
            if spelling in text:
                text = text.replace(spelling, MASK)
        return text


def _shorter(spelling: str) -> int:
    return -len(spelling)


def _spellings(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogateescape")
    quoted = urllib.parse.quote(value, safe="", errors="surrogateescape")
    spellings = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        quoted,
        quoted.replace("%2F", "/"),  # what quote() leaves by itself
        quoted.replace("%20", "+"),  # a form's way (WHATWG URL, "application/x-www-form-urlencoded")
        base64.b64encode(raw).decode("ascii"),
        base64.urlsafe_b64encode(raw).decode("ascii"),
        base64.b64encode(raw).decode("ascii").rstrip("="),
        raw.hex(),
    }
    spellings.update(line for line in value.splitlines() if len(line) >= 2 * SHORTEST_REPLACED_WITHIN_TEXT)
    return {spelling for spelling in spellings if len(spelling) >= SHORTEST_REPLACED_WITHIN_TEXT}
