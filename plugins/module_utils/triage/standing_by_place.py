# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the place of a value says of it: an example's file, a section for development."""

from __future__ import annotations

import re
from typing import Final

from . import paths, strings
from .model import Candidate, SourceFile
from .standings import LIVE, PLACEHOLDER, SIGNING_KEY, Judgement

# A comment, and an example within one.
_COMMENT: Final = re.compile(r"\s*(?:\*|//|/\*|#|--|;|>>>|\.\.\. |:param\b|REM\b|<!--|\"\"\"|\'\'\')")


def in_comment(file: SourceFile, line: int) -> bool:
    """Whether a line is a comment, or an example within one."""
    return bool(_COMMENT.match(file.lines[line - 1]))


def in_development_section(file: SourceFile, line: int) -> bool:
    """Whether a line of YAML stands below `development:`, as in Rails' secrets.yml and database.yml."""
    if file.suffix not in (".yml", ".yaml") or paths.is_ci(file.path) or not file.lines[line - 1][:1].isspace():
        return False
    for before in reversed(file.lines[: line - 1]):
        if before[:1].strip() and not before.startswith("#"):
            return bool(re.match(r"(development|dev|test|local)\s*:", before))
    return False


def of_example(candidate: Candidate) -> Judgement:
    """The standing of a value in a file that people copy and fill in."""
    if strings.looks_random(candidate.value) and len(candidate.value) >= 20 and candidate.value not in strings.PRINTED:
        return Judgement(
            LIVE if candidate.kind != "signing_key" else SIGNING_KEY,
            "the file is an example, but this value is a machine's work and stands in for nothing",
        )
    return Judgement(PLACEHOLDER, "a value of an example file")
