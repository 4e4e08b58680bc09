# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password in clear in the comment beside its hash: the hash protects nothing then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

_HINTS: Final = ("$2a$", "$2b$", "$2y$", "$argon2", "$scrypt", "pbkdf2", "scrypt:", "$6$", "$apr1$")
# After the hash a comment that is one quoted word, or that says so: `// "x"`, `# password: x`, `-- pw = x`.
_TOLD: Final = re.compile(
    r"(?:\$2[aby]\$|\$argon2|\$scrypt|pbkdf2|scrypt:|\$6\$|\$apr1\$)[^\s\"'`]{20,}[\"'`]?[^\"'`#]{0,12}?\s*(?://|\#|--|/\*|<!--)\s*"
    r"(?:(?i:(?:the\s+)?(?:password|passwort|kennwort|passwd|pass|pwd|pw|plain(?:text)?|clear|senha|contrase[nñ]a|mot de passe)"
    r"\s*(?:is\b|[:=])\s*)[\"'`]?(?P<named>[^\s\"'`]{4,60}?)[\"'`]?|[\"'`](?P<quoted>[^\s\"'`]{4,60})[\"'`])\s*(?:\*/|-->|$|,|\))"
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every password that a comment tells beside its hash."""
    for number, line in lines_with(file, _HINTS):
        match = _TOLD.search(line[:2000])
        if match:
            value = match["named"] or match["quoted"]
            yield Candidate("password", value, file.path, number, "comparison", "a comment tells the password beside its hash")
