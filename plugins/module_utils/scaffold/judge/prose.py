# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges promises in documents: a figure that nobody measured is no evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Finding

_PROMISE = re.compile(
    r"(?i)\b\d{2}(\.\d+)?\s*%\s*(uptime|availability|available)|\bzero (leaked|leaks|incidents|vulnerabilities|downtime)\b|"
    r"\b(reduc|sav|cut|fewer|faster|less)\w*\b[^.\n]{0,60}?\b\d{1,2}\s*(-|\N{EN DASH}|to)\s*\d{1,2}\s*%"
)
_METHOD = re.compile(r"(?i)measured|method|source:|n ?= ?\d|over \d+ (days|weeks|months)")


def findings(path: str, text: str) -> Iterator[Finding]:
    """Figures without a method within their paragraph."""
    at = 1
    for paragraph in re.split(r"(\n\s*\n)", text):
        promise = _PROMISE.search(paragraph)
        if promise and not _METHOD.search(paragraph):
            place = at + paragraph.count("\n", 0, promise.start())
            yield Finding(
                "unmeasured-promise", path, place, "a figure without how it was measured: say the method or say 'not measured'"
            )
        at += paragraph.count("\n")
