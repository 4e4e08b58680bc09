# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that are a secret as a whole, or hold one on each line without a name: master keys, password files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Candidate, SourceFile

_WHOLE: Final = re.compile(
    r"(^|/)(config/master\.key|config/credentials/[\w-]+\.key|\.?vault[_-]?pass(word)?(\.txt)?|"
    r"secret[_.-]?key(\.txt)?|\.secret[_-]?key|jwt[_.-]?secret(\.txt)?)$",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(r"(^|/)[\w.-]*(password|passwd|token|api[_-]?key|secret)[\w-]*(\.txt|\.key|\.secret)?$", re.IGNORECASE)
_PGPASS: Final = re.compile(r"^(?P<host>[^:#]+):[^:]*:[^:]*:(?P<user>[^:]*):(?P<password>.+)$")

_TWO_LINES: Final = re.compile(r"(^|/)(auth|pass|login|credentials?|creds|userpass|up)(\.txt|\.conf|\.cred)?$", re.IGNORECASE)
_LINES: Final = {
    "sasl_passwd": re.compile(r"^[^\s#]\S*\s+(?P<user>[^\s:]+):(?P<password>\S+)\s*$"),
    "userlist.txt": re.compile(r'^"(?P<user>[^"]+)"\s+"(?P<password>[^"]+)"\s*$'),
}


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """The value of a file that is nothing but a secret."""
    if file.name in (".pgpass", "pgpass.conf"):
        for number, line in file.numbered():
            if match := _PGPASS.match(line):
                yield Candidate(
                    "postgresql_password",
                    match["password"],
                    file.path,
                    number,
                    "call",
                    "a line of a password file",
                    "",
                    match["host"],
                    match["user"],
                )
        return
    if form := next((form for name, form in _LINES.items() if file.name.lower() == name), None):
        for number, line in file.numbered():
            if match := form.match(line):
                why = "a line of a password file"
                yield Candidate("password", match["password"], file.path, number, "call", why, "", "", match["user"])
        return
    value = file.text.strip()
    if _TWO_LINES.search(file.path) and re.fullmatch(r"\S{2,60}\n\S{4,100}", value) and file.is_fresh(2):
        user, password = value.split("\n")
        yield Candidate("password", password, file.path, 2, "call", "the second line of a login's file", "", "", user)
        return
    if "\n" in value or not 6 <= len(value) <= 200 or not file.is_fresh(1):
        return
    words = " " in value
    if _WHOLE.search(file.path) and (not words or "pass" in file.name.lower()):
        kind = "password" if "pass" in file.name.lower() else "signing_key"
        yield Candidate(kind, value, file.path, 1, "call", f"the file {file.name} is a secret as a whole")
    elif _NAMED.search(file.path) and not words:
        yield Candidate("api_key", value, file.path, 1, "assignment", f"the file {file.name} is a secret as a whole")
