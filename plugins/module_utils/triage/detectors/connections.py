# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which database a password opens that stands in the call of a driver: `password=` alone does not say it, the call does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# How many lines before a password its call may begin; as many are kept around what a commit added.
REACH: Final = 12
# A longer line is generated, and nobody's code.
_LONGEST: Final = 4000
_CALLS: Final = tuple(
    (kind, re.compile(form))
    for kind, form in (
        (
            "mysql_password",
            r"\b(?:pymysql|MySQLdb|mysql\.connector|mariadb|aiomysql|asyncmy)(?:\.\w+)?\.(?:connect|Connect|Connection|create_pool|"
            r"MySQLConnectionPool|ConnectionPool)\s*\(|\b(?:mysql2?|mariadb)\w*\.(?:createConnection|createPool)\s*\(",
        ),
        (
            "postgresql_password",
            r"\b(?:psycopg2?|psycopg_pool|asyncpg|pg8000|aiopg)(?:\.\w+)?\.(?:connect|create_pool|\w*ConnectionPool)\s*\(|"
            r"\bnew\s+pg\.(?:Pool|Client)\s*\(",
        ),
    )
)


def kind_in(lines: Sequence[str], number: int) -> str:
    """The kind of a password on the line `number` (from 1) by the driver's call that it stands in; '' if it stands in none."""
    inside = ""
    for at in range(number, max(0, number - REACH), -1):
        line = lines[at - 1]
        if len(line) > _LONGEST:
            return ""
        for kind, form in _CALLS:
            for call in form.finditer(line):
                if at == number or _is_open(line[call.end() - 1 :] + inside):
                    return kind
        # Text of the line itself may close the call behind the password.
        inside = line + inside if at < number else inside
    return ""


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")")
