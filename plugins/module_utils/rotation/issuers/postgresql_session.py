# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections to PostgreSQL: everything explicit, nothing from the user's environment, errors told apart."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...errors import Denied, MicroappsError, MissingLibrary, NotFound, Unreachable
from .database_login import Address, login_of

try:
    import psycopg
    from psycopg import sql
except ImportError as error:
    PSYCOPG_MISSING: ImportError | None = error
else:
    PSYCOPG_MISSING = None

# How our own sessions are told from the app's in pg_stat_activity.
APPLICATION: Final = "goldenpath.microapps"
CONNECT_SECONDS: Final = 10
# What a document calls this kind of server.
ENGINE: Final = "postgres"

# libpq tells no SQLSTATE for a connection that fails, only a text (in the server's language). What is not known to be a
# refusal counts as "could not tell", never as "refused".
_REFUSED: Final = ("password authentication failed", "is not permitted to log in")
# The key of a document that holds what a login by password needs.
PASSWORD: Final = "password"  # noqa: S105 - a name, and no password
_NO_DATABASE: Final = ('database "', "does not exist")
_ENVIRONMENT: Final = threading.Lock()


def lets_in(address: Address, document: Mapping[str, str]) -> bool:
    """Whether the server lets a document in: by a login, which must succeed or be refused; anything else is no answer."""
    user = login_of(address, document)
    try:
        with session(address, user, document.get("password", "")) as connection:
            connection.execute("SELECT 1")
    except Denied:
        return False
    return True


def demand() -> None:
    """MissingLibrary unless psycopg can be used."""
    if PSYCOPG_MISSING:
        raise MissingLibrary("psycopg[binary]", "rotate PostgreSQL credentials", PSYCOPG_MISSING)


@contextlib.contextmanager
def session(address: Address, user: str, password: str) -> Iterator[Any]:
    """A connection in autocommit mode that is closed afterwards. Denied, NotFound (the database), Unreachable.

    A statement's own error becomes one of ours too, without the statement: it may hold a verifier.
    """
    demand()
    connection = _connect(address, user, password)
    try:
        yield connection
    except psycopg.Error as error:
        raise _told(error, address, user) from None
    finally:
        connection.close()


def _connect(address: Address, user: str, password: str) -> Any:
    arguments = {
        "host": address.host,
        "port": str(address.port),
        "dbname": address.database,
        "user": user,
        "password": password,
        "sslmode": address.sslmode,
        **_trust(address),
        "application_name": APPLICATION,
        "connect_timeout": str(CONNECT_SECONDS),
        "passfile": os.devnull,
        "client_encoding": "utf-8",
    }
    with _ENVIRONMENT, _without_libpq_variables():
        try:
            return psycopg.connect(**arguments, autocommit=True)
        except psycopg.Error as error:
            raise _not_connected(str(error), address, user) from None


def _trust(address: Address) -> dict[str, str]:
    # Without an authority of the profile's, verify-full trusts what the system trusts (libpq would want a file in HOME).
    if address.sslrootcert:
        return {"sslrootcert": os.path.expanduser(address.sslrootcert)}
    return {"sslrootcert": "system"} if address.sslmode == "verify-full" else {}


@contextlib.contextmanager
def _without_libpq_variables() -> Iterator[None]:
    # libpq reads some thirty variables, not all of which an argument can overrule (PGSERVICE). Rarely is one set; the lock
    # keeps threads apart.
    known = {(option.envvar or b"").decode() for option in psycopg.pq.Conninfo.get_defaults()}
    kept = {name: os.environ.pop(name) for name in (*known, "PGSERVICEFILE", "PGSYSCONFDIR") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _not_connected(message: str, address: Address, user: str) -> MicroappsError:
    what = f"Log in to PostgreSQL {address.words()} as {user}"
    if any(text in message for text in _REFUSED):
        return Denied(what, "the server refuses this login", "Check the user and its password.")
    if all(text in message for text in _NO_DATABASE):
        return NotFound(f"The database {address.database} on {address.host}:{address.port}", "it does not exist", "Create it.")
    # libpq ends with a question of its own, which ours would only repeat.
    reason = " ".join(message.split()).partition(" Is the server running")[0][-200:]
    return Unreachable(what, reason, "Check that the server runs and can be reached from here, then run again.")


def _told(error: Any, address: Address, user: str) -> MicroappsError:
    what = f"PostgreSQL {address.words()} as {user}"
    primary = (error.diag.message_primary or "") if error.diag else ""
    if error.sqlstate is None:
        return Unreachable(what, "the connection broke", "Run again: what was done is found, the rest is done.")
    if error.sqlstate == "42501":
        return Denied(what, primary, "Give the administrator of the profile the rights that docs/rotation.md lists.")
    if error.sqlstate in ("55P03", "57014", "40P01"):
        return Unreachable(what, f"somebody holds what we need ({primary})", "Run again when that is over; nothing was changed.")
    return MicroappsError(what, f"{primary} ({error.sqlstate})", "Nothing of this step was kept: it is one transaction.")


def literal(statement: str, **names: str) -> Any:
    """A statement with quoted identifiers (`{owner}`) and, for names that end in `_text`, quoted literals."""
    parts: Mapping[str, Any] = {
        name: sql.Literal(value) if name.endswith("_text") else sql.Identifier(value) for name, value in names.items()
    }
    return sql.SQL(statement).format(**parts)
