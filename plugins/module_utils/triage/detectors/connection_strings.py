# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords within connection strings: URLs with a login, ADO and ODBC strings, JDBC parameters, PDO data sources."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

LONGEST_LINE: Final = 20_000
_URI: Final = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{1,40})://(?P<user>[^\s:/@\"'`<>{}()|,;\\]{0,100}):(?P<password>[^\s@\"'`<>\\]{1,200})@"
    r"(?P<host>[A-Za-z0-9_.\-\[\]:%]*[A-Za-z0-9_\]-]|\$\{[^}]+\}|\{[^}]+\}|<[^>]+>)?"
)
# `password@word` inside a password: the last @ before the path is the right one.
_AT_IN_PASSWORD: Final = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{1,40})://(?P<user>[^\s:/@\"'`<>{}]{1,100}):(?P<password>[^\s\"'`<>/\\]{1,200})@"
    r"(?P<host>[A-Za-z0-9_.\-]+(?::\d+)?)(?=[/?\s\"'`,;)]|$)"
)
_PAIRS: Final = re.compile(
    r"(?:^|[;\"'`\s=])(?P<key>Password|Pwd|PWD|password|"
    r"pwd)\s*=\s*(?P<quote>['\"]?)(?P<password>(?:[^;\"'`\n<]|<(?!/)){1,128})(?P=quote)\s*(?=;|[\"'`]|</|$)"
)
# `username = params.username, password = params.password;` of a program that was compiled to JavaScript.
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_$][\w$]*(?:\.[\w$]+)*\.\w*(?i:pass|pwd)\w*\b")
_PAIRS_HINT: Final = re.compile(
    r"(?i)\b(server|data source|host|addr|address|user id|uid|user|username|database|initial catalog|driver|dbname|"
    r"endpoint)\s*=[^;]*;"
)
_HOST_PAIR: Final = re.compile(r"(?i)\b(?:server|data source|host|addr|address|network address)\s*=\s*(?:tcp:)?([^;,\"'`\s]+)")
_USER_PAIR: Final = re.compile(r"(?i)\b(?:user id|uid|user|username|user name)\s*=\s*([^;\"'`\s]+)")
_JDBC: Final = re.compile(r"jdbc:[a-z0-9]+:[^\s\"'`]*?[?&;]password=(?P<password>[^&;\s\"'`<>]+)")
_ORACLE: Final = re.compile(r"jdbc:oracle:(?:thin|oci8?):(?P<user>[\w$]+)/(?P<password>[^@\s\"'`]+)@(?://)?(?P<host>[\w.\-]+)")
_DSN: Final = re.compile(
    r"(?:\b(?:host|hostaddr|dbname|user|sslmode|"
    r"port)=[^\s,]+\s+)+[^,()]*?\bpassword=(?P<quote>'?)(?P<password>[^\s'\"`]+)(?P=quote)|"
    # Arguments of a call end with a comma (`password=password, host=host`), the words of a DSN do not.
    r"\bpassword=(?P<password2>[^\s'\"`;&]+)(?<!,)(?=\s+(?:host|hostaddr|dbname|user|sslmode|port)=)"
)
_GO_MYSQL: Final = re.compile(r"[\"'`](?P<user>[\w.-]+):(?P<password>[^\"'`\s:/]{1,100})@(?:tcp|unix)\((?P<host>[^)]*)\)/")
_HOST_WORD: Final = re.compile(r"\b(?:host|hostaddr)=(\S+)")
_KINDS: Final = (
    ("postgres", "postgresql_password"),
    ("mysql", "mysql_password"),
    ("mariadb", "mysql_password"),
    ("mongodb", "mongodb_password"),
    ("redis", "redis_password"),
    ("rediss", "redis_password"),
    ("valkey", "redis_password"),
    ("amqp", "amqp_password"),
    ("mssql", "sqlserver_password"),
    ("sqlserver", "sqlserver_password"),
    ("oracle", "oracle_password"),
    ("cockroach", "postgresql_password"),
    ("clickhouse", "clickhouse_password"),
    ("snowflake", "snowflake_password"),
    ("neo4j", "neo4j_password"),
    ("bolt", "neo4j_password"),
    ("elasticsearch", "elasticsearch_password"),
    ("smtp", "smtp_password"),
    ("cloudinary", "cloudinary_secret"),
    ("ftp", "ftp_password"),
    ("sftp", "ftp_password"),
    ("ldap", "ldap_password"),
    ("couchdb", "couchdb_password"),
    ("http", "basic_auth_password"),
    ("git+http", "basic_auth_password"),
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every password that stands in a connection string."""
    for number, line in lines_with(file, ("://", "@tcp(", "@unix(", "password", "pwd", "jdbc:oracle"), fold=True):
        line = line[:LONGEST_LINE]
        if "://" in line and "@" in line:
            yield from _uris(file, number, line)
        if "jdbc:oracle" in line:
            for match in _ORACLE.finditer(line):
                yield _candidate(file, number, match["password"], "oracle_password", match["host"], match["user"])
        if "@tcp(" in line or "@unix(" in line:
            for match in _GO_MYSQL.finditer(line):
                yield _candidate(file, number, match["password"], "mysql_password", match["host"], match["user"])
        lower = line.lower()
        if "password=" in lower or "pwd=" in lower or "password =" in lower or "pwd =" in lower:
            yield from _pairs(file, number, line)


def _uris(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    seen: set[int] = set()
    for form in (_AT_IN_PASSWORD, _URI):
        for match in form.finditer(line):
            if match.start() in seen:
                continue
            seen.add(match.start())
            scheme = match["scheme"].lower()
            kind = kind_of(scheme)
            password, user = match["password"], match["user"]
            if user.startswith("["):
                continue  # mongodb://[username:password@]host1[:port1]: how such a string is written
            if not kind or (kind == "basic_auth_password" and "/" in password):
                continue
            if (scheme.startswith("http") and ".ingest." in (match["host"] or "")) or "sentry" in (match["host"] or ""):
                kind = "sentry_dsn_secret"
            host = (match["host"] or "").split(":")[0].strip("[]")
            yield _candidate(file, number, urllib.parse.unquote(password), kind, host, user)


def kind_of(scheme: str) -> str:
    """The kind of credential that a URL scheme carries, '' for one that carries none."""
    base = scheme.split("+")[0] if not scheme.startswith("git+") else scheme
    return next((kind for prefix, kind in _KINDS if base == prefix or base.startswith(prefix)), "")


def _pairs(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    for match in _JDBC.finditer(line):
        host = re.search(r"//([\w.-]+)", match.group(0))
        yield _candidate(file, number, match["password"], "database_password", host.group(1) if host else "", "")
    if _PAIRS_HINT.search(line):
        for match in _PAIRS.finditer(line):
            if _ATTRIBUTE.match(match["password"]):
                continue
            host, user = _HOST_PAIR.search(line), _USER_PAIR.search(line)
            name = host.group(1).split(":")[0] if host else ""
            yield _candidate(file, number, match["password"].strip(), "database_password", name, user.group(1) if user else "")
    for match in _DSN.finditer(line):
        host = _HOST_WORD.search(line)
        value = match["password"] or match["password2"]
        yield _candidate(file, number, value, "postgresql_password", host.group(1).strip("'\"") if host else "", "")


def _candidate(file: SourceFile, number: int, value: str, kind: str, host: str, user: str) -> Candidate:
    line = file.lines[number - 1]
    name = re.match(
        r"[\s\-]*(?:export\s+|ENV\s+|ARG\s+|const\s+|let\s+|var\s+|static\s+|final\s+)*[\"']?([A-Za-z_][\w.-]*)", line
    )
    return Candidate(
        kind,
        value,
        file.path,
        number,
        "uri",
        "a password within a connection string",
        name.group(1) if name else "",
        host,
        user,
        is_default=bool(_DEFAULTED.search(line)),
    )


_DEFAULTED: Final = re.compile(
    r"getenv|environ|process\.env|\benv\(|ENV\.fetch|:-|config\(|Getenv|GetEnvironmentVariable|System\.getenv|@Value"
)
