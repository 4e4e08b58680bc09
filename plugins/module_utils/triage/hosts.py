# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts: whose machine a password is for, as far as the text around it tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from . import paths
from .model import SourceFile
from .names import words_of

_LOCAL_HOST: Final = re.compile(
    r"^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1|\[::1\]|host\.docker\.internal|gateway\.docker\.internal|"
    r"[\w-]+\.(local|localhost|test|invalid|lan)|"
    r"(?:DESKTOP|LAPTOP)-[0-9A-Z]{6,8}(?:\\.*)?|"  # what Windows calls a person's machine
    r"\(localdb\).*|\.|\(local\)|10\.0\.2\.2|172\.17\.\d+\.\d+|\.\\.*|)$",
    re.IGNORECASE,
)


# What everybody calls a service beside the app. A company's machine may have any other short name: `sqlprod01`, `sqlserver`.
_USUAL_SERVICE: Final = re.compile(
    r"db|database|postgres|postgresql|mysql|mariadb|mongo|mongodb|redis|valkey|memcached|rabbitmq|elasticsearch|opensearch|minio|"
    r"kafka|clickhouse|cassandra|neo4j|influxdb|localstack|mailhog|mailpit",
    re.IGNORECASE,
)
_MACHINE: Final = re.compile(r"[A-Za-z0-9][\w-]*(\.[\w-]+)*\.?")
_SERVICE: Final = re.compile(r"( +)[\"']?([A-Za-z0-9][\w.-]*)[\"']?:(?:\s|$)")
_NAMED: Final = re.compile(r"\s+(?:container_name|hostname):\s*[\"']?([A-Za-z0-9][\w.-]*)[\"']?\s*(#.*)?$")


def is_local(host: str, services: frozenset[str] = frozenset()) -> bool:
    """A host that is one's own machine, or a service beside the app: one of `services`, or named as everybody names it."""
    return bool(_LOCAL_HOST.match(host)) or bool(_USUAL_SERVICE.fullmatch(host)) or host in services


def is_elsewhere(host: str, services: frozenset[str] = frozenset()) -> bool:
    """A machine's name that is neither local nor one that only documents use. A variable names no machine."""
    return bool(_MACHINE.fullmatch(host)) and not is_local(host, services) and not is_reserved(host)


def services_in(files: Iterable[SourceFile]) -> frozenset[str]:
    """The names at which services of compose files and dev containers answer. A file for production declares nothing local."""
    return frozenset(
        name for file in files if paths.is_compose(file.path) and not paths.is_production(file.path) for name in _declared(file)
    )


def _declared(file: SourceFile) -> Iterator[str]:
    inside, depth = False, ""
    for line in file.lines:
        if line[:1].strip() and not line.startswith("#"):
            inside, depth = bool(re.match(r"services:\s*(#.*)?$", line)), ""
        elif inside and (service := _SERVICE.match(line)) and service[1] == (depth or service[1]):
            depth = service[1]
            yield service[2]
        elif inside and (named := _NAMED.match(line)):
            yield named[1]


def is_reserved(host: str) -> bool:
    """A name that documents use and no machine has."""
    return bool(
        re.search(
            r"(^|\.)(example\.(com|org|net)|example|domain\.com|yourdomain\.\w+|mydomain\.\w+|host\.com|server\.com|"
            r"company\.com)$",
            host.lower(),
        )
    ) or host.lower() in ("host", "hostname", "server", "your-host", "dbhost", "myhost", "cluster0.xxxxx.mongodb.net")


def is_of_maps(host: str) -> bool:
    """A host of tiles for maps of web pages: the keys of its URLs go to every browser."""
    tiles = r"(?:^|\.)(?:api\.maptiler\.com|tile\.thunderforest\.com|tiles\.stadiamaps\.com|(?:api|tile)\.jawg\.io)$"
    return bool(re.search(tiles, host.lower()))


_HOST_NAME: Final = re.compile(
    r"(?i)(?:^|[^\w.-])(?P<name>[a-z_][\w.\-]*?_?)?(?<!local)(?:host|hostname|server|servername|url|uri|endpoint|address|"
    r"addr)[\"']?\]?\)?\s*"
    r"(?:=>|:=|=|:|,)\s*(?P<rest>.*)"
)
_QUOTED: Final = re.compile(r"[\"'`]([^\"'`\s]*)[\"'`]")
_AUTHORITY: Final = re.compile(
    r"^(?:[a-z][a-z0-9+.:\-]*//)?(?:[^\s/@]*@)?(?:tcp:)?(?P<host>[A-Za-z0-9][A-Za-z0-9.\-]*|"
    r"\[?::1\]?)(?=[:/,;?]|$)",
    re.IGNORECASE,
)
# `host="db", database="shop"`: what belongs to the host ends before the next name.
_NEXT_PAIR: Final = re.compile(r"""(?<=[\w\])"'`]),\s*["']?[\w-]+["']?\s*(?:=>|=(?!=)|:)""")
# `connect(host=host, user=user)` hands variables on; what they hold stands elsewhere.
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*\s*[,)]")
FARTHEST: Final = 9
# Databases of Java that live in the program itself.
_IN_PROCESS: Final = re.compile(r"jdbc:(?:h2|hsqldb|derby|sqlite):(?!tcp|ssl|hsql:|//)")


def host_near(file: SourceFile, line: int, variable: str = "") -> str | None:
    """The host that the lines around name (nearest first), or None: `host=`, `DB_HOST:`, a URL's host.

    A host that belongs to something else is passed by: `MAIL_HOST` says nothing about `DB_PASSWORD`.
    """
    own = family(variable)
    for distance in range(FARTHEST):
        for number in dict.fromkeys((line - distance, line + distance)):
            if 1 <= number <= len(file.lines) and (found := _host_on(file.lines[number - 1][:600], own)):
                return found
    return None


def _host_on(text: str, own: str) -> str:
    match = _HOST_NAME.search(text)
    if not match:
        return ""
    other = family(match["name"] or "")
    if own and other and own != other:
        return ""
    if _VARIABLE.match(match["rest"]):
        return ""
    rest = _NEXT_PAIR.split(match["rest"], maxsplit=1)[0]
    quoted = _QUOTED.findall(rest)
    value = quoted[-1] if quoted else rest.strip().split(" ")[0].rstrip(",;")
    if not quoted and "(" in value:
        return ""
    if _IN_PROCESS.match(value):
        return "localhost"
    authority = _AUTHORITY.match(value)
    return authority["host"] if authority else ""


_FAMILIES: Final = {
    "database": "db",
    "postgres": "db",
    "postgresql": "db",
    "pg": "db",
    "mysql": "db",
    "sql": "db",
    "mongo": "db",
    "mongodb": "db",
    "smtp": "mail",
    "email": "mail",
    "sender": "mail",
    "mailer": "mail",
    "imap": "mail",
    "gmail": "mail",
}


def family(name: str) -> str:
    """Whose a variable is, by its first word: `db` for DB_PASSWORD and DATABASE_HOST, '' for a plain `password`."""
    words = words_of(name.rsplit(".", 1)[-1])
    first = words[0] if words else ""
    known = _FAMILIES.get(first, first)
    return "" if first in ("password", "passwd", "pass", "pwd", "pw", "my", "the", "app", "base", "default", "user") else known


_USER: Final = re.compile(
    r"(?i)(?:^|[^a-z])(?:db_?|database_?|mysql_?|pg_?|postgres_?)?(?:user|username|user_?name|uid|"
    r"login)[\"']?\]?\)?\s*(?:=>|:=|=|:|,)\s*(?![A-Za-z_]\w*\s*[,)])[\"'`]?(?P<user>[\w.@-]+)"
)


def user_near(file: SourceFile, line: int) -> str:
    """The login that the lines around name, '' if they name none."""
    for distance in range(FARTHEST):
        for number in dict.fromkeys((line - distance, line + distance)):
            if 1 <= number <= len(file.lines) and (match := _USER.search(file.lines[number - 1][:600])):
                return match["user"]
    return ""


def is_superuser(user: str) -> bool:
    """The login that a fresh database on one's own machine has."""
    return user.lower() in ("root", "postgres", "sa", "admin", "mongo", "mysql", "system", "sys")
