# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password that a script types into somebody's page: Selenium, Playwright, Puppeteer and their kin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

LONGEST_LINE: Final = 1000
_FIELD: Final = r"(?i:pass(?:word|wort|wd|code)?|pwd|kennwort|senha|contrase)"
_TYPES: Final = r"\.(?:send_keys|sendKeys|fill|type|press_sequentially|pressSequentially|setValue|set_value)"
_WORD: Final = r"\(\s*(?P<quote>[\"'`])(?P<value>[^\"'`\s\\{}]{3,80})(?P=quote)\s*[,)]"
_FORMS: Final = (
    # the field that is found, then typed into
    re.compile(rf"\([^\n]{{0,80}}?[\"'][^\"'\n]{{0,60}}{_FIELD}[^\n]{{0,60}}?\){_TYPES}{_WORD}"),
    # the variable that is called as the field
    re.compile(rf"\b\w*{_FIELD}\w*(?:\(\))?{_TYPES}{_WORD}"),
    # page.fill("#password", "x")
    re.compile(
        rf"{_TYPES}\(\s*[\"'`][^\"'`\n]{{0,60}}{_FIELD}[^\n,]{{0,40}}[\"'`]\s*,\s*(?P<quote>[\"'`])(?P<value>[^\"'`\s\\{{}}]{{3,80}})(?P=quote)"
    ),
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that is typed into a field for a password."""
    for number, line in lines_with(
        file, ("send_keys(", "sendKeys(", ".fill(", ".type(", "equentially(", "etValue(", "et_value(")
    ):
        for form in _FORMS if len(line) <= LONGEST_LINE else ():
            if match := form.search(line):
                why = "the password that the code types into a page"
                yield Candidate("password", match["value"], file.path, number, "call", why)
