# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret handed to a method that is called like one: `client.setToken("...")`, `builder.apiKey("...")`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import strings
from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind

LONGEST_LINE: Final = 4000
_HINTS: Final = ("token(", "secret(", "key(", "license(", "licence(")
_METHOD: Final = re.compile(
    r"(?:\.|->|::)(?:(?:set|with|use|register|add|apply|activate)_?)?(?P<name>[A-Za-z]\w*)"
    r"\(\s*@?[\"'`](?P<value>[^\"'`\n]{12,400})[\"'`]\s*\)"
)
_TAKES: Final = re.compile(
    r"(?i)(?:token|secret|(?:api|access|auth|license|licence|secret|subscription|account|private|signing)_?key|licen[cs]e)$"
)
# These take what the secret is found by, or what is held against it.
_READS: Final = re.compile(
    r"^(?:[gG]et|[hH]as|[iI]s|[fF]ind|[bB]y|[fF]rom|[dD]elete|[rR]emove|[vV]erify|[cC]heck|[vV]alidate|[pP]arse|[dD]ecode|[oO]n|"
    r"[eE]xpect|[tT]o)(?=[A-Z_])"
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that a machine made and such a method takes alone."""
    for number, line in lines_with(file, _HINTS, fold=True):
        for match in _METHOD.finditer(line[:LONGEST_LINE]):
            name, value = match["name"], match["value"]
            if _TAKES.search(name) and not _READS.search(name) and _is_made(value):
                kind = secret_kind(name) or "api_key"
                yield Candidate(kind, value, file.path, number, "assignment", f"a literal given to {name}()", name)


def _is_made(value: str) -> bool:
    return bool(re.search(r"\d", value)) and " " not in value and strings.looks_random(re.sub(r"[^A-Za-z0-9]", "", value))
