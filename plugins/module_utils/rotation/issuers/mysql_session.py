# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections to MySQL and MariaDB: everything explicit, nothing from the user's files, errors told apart.

No password goes out in the clear: without TLS only a server on this machine is spoken to.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import os
import re
import ssl
from collections.abc import Iterator
from typing import Any, Final

from ...errors import Conflict, Denied, Invalid, MicroappsError, MissingLibrary, NotFound, Unreachable
from .database_login import Address

try:
    import pymysql
except ImportError as error:
    PYMYSQL_MISSING: ImportError | None = error
else:
    PYMYSQL_MISSING = None

APPLICATION: Final = "goldenpath.microapps"
CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 30

# With NO_BACKSLASH_ESCAPES (and without ANSI_QUOTES) one rule quotes every text. A busy table is left for the next run, and
# a lock is not lost because its connection had nothing to say for a while.
_SESSION: Final = (
    "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', SESSION lock_wait_timeout = 3, SESSION wait_timeout = 28800, "
    "SESSION sql_quote_show_create = 1"
)
# ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ER_ACCOUNT_HAS_BEEN_LOCKED (MySQL, MariaDB). Every other error
# counts as "could not tell", never as "refused": a host that is not let in says nothing of a password.
_REFUSED: Final = frozenset({1045, 1698, 3118, 4151})
_NOT_ALLOWED: Final = frozenset({1044, 1142, 1143, 1227, 1370, 1410})
_NO_DATABASE: Final = 1049
_BUSY: Final = frozenset({1205, 1213, 1317, 3024})
_BROKEN: Final = frozenset({2006, 2013, 2014, 2027, 1053, 1927})
_NO_SUCH_THREAD: Final = 1094
_NO_SUCH_GRANT: Final = 1141


@dataclasses.dataclass(frozen=True, slots=True)
class Flavour:
    """Which server it is: `mysql` or `mariadb`, and its version's numbers. Managed forks call themselves one of the two."""

    engine: str
    numbers: tuple[int, ...]

    @property
    def has_two_passwords(self) -> bool:
        """MySQL 8.0.14 keeps the former password beside the new one until it is told to discard it."""
        return self.engine == "mysql"


def flavour_of(version: str) -> Flavour:
    """What `SELECT VERSION()` tells. Invalid for servers too old to take a hash and to lock an account. Pure."""
    engine = "mariadb" if "mariadb" in version.lower() else "mysql"
    # MariaDB once put 5.5.5- before its own version, for clients that knew no 10.
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version.removeprefix("5.5.5-"))
    numbers = tuple(int(part) for part in found.groups()) if found else ()
    oldest = (10, 4, 2) if engine == "mariadb" else (8, 0, 17)
    if numbers < oldest:
        wanted = ".".join(map(str, oldest))
        raise Invalid(f"The server says that it is {version}", f"logins are rotated from {wanted} on", "Upgrade it.")
    return Flavour(engine, numbers)


def demand() -> None:
    """MissingLibrary unless PyMySQL can be used."""
    if PYMYSQL_MISSING:
        raise MissingLibrary("PyMySQL", "rotate MySQL and MariaDB credentials", PYMYSQL_MISSING)


@contextlib.contextmanager
def session(address: Address, user: str, password: str) -> Iterator[Any]:
    """A connection in autocommit mode, to no database, that is closed afterwards. Denied, Unreachable.

    A statement's own error becomes one of ours, without the statement: it may hold a hash.
    """
    demand()
    connection = _connect(address, user, password)
    try:
        yield connection
    except (pymysql.MySQLError, OSError) as error:
        raise _told(error, address, user) from None
    finally:
        # One that is broken already cannot be closed in good order.
        with contextlib.suppress(pymysql.MySQLError, OSError):
            connection.close()


def ask(connection: Any, statement: str) -> tuple[tuple[Any, ...], ...]:
    """The rows of a statement; nothing in it is interpolated."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchall())


def release(connection: Any, lock: str) -> None:
    """Give a named lock back at once: a server may notice late that a connection was closed, and would refuse the next run."""
    # With a connection that is gone, so is the lock.
    with contextlib.suppress(pymysql.MySQLError):
        ask(connection, f"SELECT RELEASE_LOCK({literal(lock)})")


def use(connection: Any, address: Address, user: str) -> None:
    """Enter the database, as the app does when it logs in. NotFound, Denied."""
    try:
        connection.select_db(address.database)
    except pymysql.MySQLError as error:
        if _number(error) == _NO_DATABASE:
            what = f"The database {address.database} on {address.host}:{address.port}"
            raise NotFound(what, "it does not exist", "Create it.") from None
        raise _told(error, address, user) from None


def grants(connection: Any, user: str, host: str) -> tuple[str, ...] | None:
    """The lines of `SHOW GRANTS`; None for an account that the server has written down and lets nobody in by (a host's name
    where it resolves none)."""
    try:
        return tuple(str(row[0]) for row in ask(connection, f"SHOW GRANTS FOR {account(user, host)}"))
    except pymysql.MySQLError as error:
        if _number(error) != _NO_SUCH_GRANT:
            raise
    return None


def end(connection: Any, number: int) -> None:
    """End a session; one that has ended by itself is no error."""
    try:
        ask(connection, f"KILL CONNECTION {number:d}")
    except pymysql.MySQLError as error:
        if _number(error) != _NO_SUCH_THREAD:
            raise


def identifier(name: str) -> str:
    """A name as it stands in a statement."""
    return "`" + _clean(name).replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text as it stands in a statement of one of our sessions (see `_SESSION`)."""
    return "'" + _clean(text).replace("'", "''") + "'"


def account(user: str, host: str) -> str:
    """An account as it stands in a statement."""
    return f"{literal(user)}@{literal(host)}"


def _clean(text: str) -> str:
    if "\0" in text:
        raise Invalid(f"The name {text!r}", "no name of a database server holds a NUL", "Mend it.")
    return text


def _connect(address: Address, user: str, password: str) -> Any:
    what = f"Log in to the database server {address.words()} as {user}"
    tls = tls_of(address)
    try:
        return pymysql.connect(
            host=address.host,
            # Ansible's numbers are a kind of int of its own, which PyMySQL does not take.
            port=int(address.port),
            user=user,
            # As bytes: a text would be sent as Latin-1.
            password=password.encode("utf-8", "surrogateescape"),
            ssl=tls,
            ssl_disabled=tls is None,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            write_timeout=ANSWER_SECONDS,
            autocommit=True,
            init_command=_SESSION,
            program_name=APPLICATION,
        )
    except (pymysql.MySQLError, OSError, RuntimeError) as error:
        # Neither PyMySQL's texts nor their causes are passed on: they may quote what was sent.
        number = _number(error)
        if number in _REFUSED:
            raise Denied(what, "the server refuses this login", "Check the user and its password.") from None
        reason = f"error {number}" if number else type(error).__name__
        if isinstance(error.__cause__ or error.__context__, ssl.SSLError) or number == 2026:
            reason += ", TLS was not agreed on (sslmode, sslrootcert)"
        raise Unreachable(what, reason, "Check that the server runs and can be reached from here, then run again.") from None


def tls_of(address: Address) -> ssl.SSLContext | None:
    """How the way to the server is protected; None: not at all. Invalid where that is not allowed, NotFound."""
    if address.sslmode == "disable":
        if not _is_here(address.host):
            raise Invalid(
                f"sslmode: disable for the database server {address.host}",
                "a login without TLS is only for a server on this machine",
                "Say require, verify-ca or verify-full.",
            )
        return None
    authority = os.path.expanduser(address.sslrootcert) or None
    try:
        context = _unverified(authority) if address.sslmode == "require" else ssl.create_default_context(cafile=authority)
    except OSError as error:
        what = f"The authority's certificate {address.sslrootcert}"
        raise NotFound(what, error.strerror or "unreadable", "Mend sslrootcert.") from None
    context.check_hostname = address.sslmode == "verify-full"
    return context


def _unverified(authority: str | None) -> ssl.SSLContext:
    # Reading the machine's authorities takes 30 ms, and none would be asked. A named one that cannot be read is still a fault.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if authority:
        context.load_verify_locations(authority)
    return context


def _is_here(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _number(error: BaseException) -> int:
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def _told(error: BaseException, address: Address, user: str) -> MicroappsError:
    what = f"The database server {address.words()} as {user}"
    number = _number(error)
    if number in _NOT_ALLOWED:
        return Denied(what, f"a right is missing ({error.args[-1]})", "Grant it (docs/rotation.md lists them), and run again.")
    if number in _BUSY:
        return Conflict(what, f"it is busy (error {number})", "Run again: what was done is found, the rest is done.")
    if number in _BROKEN or isinstance(error, OSError) or not number:
        return Unreachable(what, "the connection broke", "Run again: what was done is found, the rest is done.")
    # Its text is left out: a syntax error quotes the statement.
    return MicroappsError(what, f"error {number}", "Run again: what was done is found, the rest is done.")
