# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords handed over by position in rarer calls, each told by one word of its line; the common ones are in logins.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

LONGEST_LINE: Final = 4000
_Q: Final = r"[rbfu@]?[\"'`]"
_ANY: Final = r"(?:[rbfu@]?[\"'`][^\"'`\n]*[\"'`]|[\w.$]+(?:\([^()\n]*\))?)"
# kind, why, form with the groups password, and host and user where the call has them; the word of every line that has it
_FORMS: Final[tuple[tuple[str, str, re.Pattern[str], str], ...]] = tuple(
    (kind, why, re.compile(form), word)
    for kind, why, form, word in (
        (
            "password",
            "a password in clear, hashed by the database",
            r"(?i)\bcrypt\(\s*'(?P<password>[^'\n]{4,80})'\s*,\s*gen_salt\(",
            "gen_salt",
        ),
        (
            "basic_auth_password",
            "the password of a basic login",
            rf"\bbasic_auth\s+{_Q}(?P<user>[^\"'`\s]{{1,60}})[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`\s]{{4,100}})[\"'`]",
            "basic_auth",
        ),
        (
            "password",
            "the password beside a mail address",
            rf"(?i:\b(?!(?:sender|from|contact|invite|reply|row|to|cc)\b)\w{{2,40}})\s*[=:]\s*[(\[]\s*"
            rf"{_Q}(?P<user>[\w.+-]+@[\w-]+\.[\w.]+)[\"'`]\s*,\s*"
            rf"{_Q}(?P<password>(?=[^\"'`\s@]*[A-Za-z])(?=[^\"'`\s@]*[\d/!#$%&*?])[^\"'`\s@]{{8,60}})[\"'`]\s*[)\]]",
            "@",
        ),
        (
            "postgresql_password",
            "the password of a PostgreSQL connection",
            rf"\bdbConnect\s*\(\s*[\w.:]+\(\)\s*,\s*{_ANY}\s*,\s*{_Q}(?P<host>[^\"'`\s]+)[\"'`]\s*,\s*[\"']?\d+[\"']?\s*,\s*"
            rf"{_Q}(?P<password>[^\"'`\s]+)[\"'`]",
            "dbConnect",
        ),
        (
            "password",
            "the password that a client logs in with",
            rf"\b(?:Client|Session|ServerProxy|Word[pP]ress\w*|Odoo\w*|Jira|Nextcloud\w*|DAVClient)\(\s*{_Q}https?://(?P<host>[^\"'`\s/:]+)"
            rf"[^\"'`\s]*[\"'`]\s*,\s*{_Q}(?P<user>[^\"'`\s]{{1,60}})[\"'`]\s*,\s*"
            rf"{_Q}(?P<password>(?=[^\"'`\s]*[A-Za-z])(?=[^\"'`\s]*[\d!#$%&*?])[^\"'`\s/]{{6,100}})[\"'`]",
            "://",
        ),
        (
            "basic_auth_password",
            "the password of a basic login",
            rf"\bcredentials\s*==\s*\[\s*{_Q}[^\"'`\s]{{1,60}}[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`\s]{{4,100}})[\"'`]\s*\]",
            "credentials",
        ),
        (
            "signing_key",
            "the key that signs cookies",
            rf"\bcookieSession\b[^\n]{{0,120}}?[\[(]\s*{_Q}(?P<password>[^\"'`\s]{{6,}})[\"'`]\s*[\],]",
            "cookieSession",
        ),
        (
            "password",
            "the password of a workbook or a sheet",
            r"(?i:sheet|book|doc\w*)\w*(?:\([^()\n]*\))?\.(?:Unprotect|Protect)\s*\(?\s*\"(?P<password>[^\"\n]{3,60})\"",
            "rotect",
        ),
    )
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal password of such a call."""
    for kind, why, form, word in _FORMS:
        for number, line in lines_with(file, (word,)):
            for match in form.finditer(line) if len(line) <= LONGEST_LINE else ():
                groups = match.groupdict()
                host, user = groups.get("host") or "", groups.get("user") or ""
                yield Candidate(kind, match["password"], file.path, number, "call", why, "", host, user)
