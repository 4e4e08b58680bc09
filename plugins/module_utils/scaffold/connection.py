# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands beside a database's password in code and must follow it, in any language: user, host, port, name, a URI."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Mapping
from typing import Final

from ..app import PORTS

# Names that stand beside a password and must follow it: another login has another user, sometimes another host.
BESIDE: Final = {
    "username": (
        "user",
        "username",
        "db_user",
        "db_username",
        "database_user",
        "postgres_user",
        "pguser",
        "mysql_user",
        "dbuser",
    ),
    "dbname": ("dbname", "database", "db_name", "db", "database_name", "postgres_db", "pgdatabase", "mysql_db", "mysql_database"),
    "host": ("host", "hostname", "db_host", "database_host", "postgres_host", "pghost", "mysql_host", "dbhost"),
    "port": ("port", "db_port", "database_port", "postgres_port", "pgport", "mysql_port", "dbport"),
}
URI_PARTS: Final = ("username", "password", "host", "port", "dbname")


@dataclasses.dataclass(frozen=True, slots=True)
class Uri:
    """A connection string in parts: `told` holds what the code says, unquoted, by `URI_PARTS`; no password is in it."""

    scheme: str
    told: Mapping[str, str]
    tail: str


def names_beside(key: str, is_apart: bool) -> tuple[str, ...]:
    """The names (in lower case) of one part. In a module `HOST = "0.0.0.0"` is the web server's (`is_apart`); in a call or an
    object that connects, `host` is the database's."""
    return tuple(name for name in BESIDE[key] if not is_apart or "_" in name or name.startswith(("pg", "db")))


def is_uri(value: str) -> bool:
    """Whether a text is an address with a password in it, and of which all parts can be told."""
    try:
        parts = urllib.parse.urlsplit(value)
        # A port that is no number (`%s`) raises here.
        return bool(parts.scheme and parts.password and parts.port != 0)
    except ValueError:
        return False


def password_in(value: str) -> str:
    """The password of a connection string, as it stands there; of another text all of it."""
    return urllib.parse.urlsplit(value).password or value if is_uri(value) else value


def uri_of(value: str) -> Uri:
    """The parts of a text that `is_uri`."""
    parts = urllib.parse.urlsplit(value)
    told = {
        "username": parts.username or "",
        "host": parts.hostname or "",
        "port": str(parts.port or PORTS.get(parts.scheme.partition("+")[0], PORTS["postgresql"])),
        "dbname": parts.path.lstrip("/"),
    }
    return Uri(parts.scheme.replace("'", ""), told, f"?{parts.query}" if parts.query else "")
