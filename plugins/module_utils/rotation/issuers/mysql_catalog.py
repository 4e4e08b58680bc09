# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read from the servers' own tables to make a `Server`: needs SELECT on the database `mysql`, and PROCESS."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from ...errors import Denied
from ..mysql_hashes import NATIVE
from .mysql_accounts import Account, Names, Server
from .mysql_grants import ALL, EVERYTHING, Right, rights_of
from .mysql_session import ask, flavour_of, grants, literal

_DEFINED: Final = """
SELECT DEFINER, CONCAT('view ', TABLE_NAME) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {database}
UNION ALL SELECT DEFINER, CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_NAME) FROM information_schema.ROUTINES
 WHERE ROUTINE_SCHEMA = {database}
UNION ALL SELECT DEFINER, CONCAT('trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {database}
UNION ALL SELECT DEFINER, CONCAT('event ', EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {database}
"""
# Whoever has a right on the database, on a part of it, or a name that says so.
_CONCERNED: Final = """
SELECT User FROM mysql.db WHERE REPLACE(Db, {escaped}, '_') = {database}
UNION SELECT User FROM mysql.tables_priv WHERE Db = {database}
UNION SELECT User FROM mysql.columns_priv WHERE Db = {database}
UNION SELECT User FROM mysql.procs_priv WHERE Db = {database}
"""
_SETTINGS: Final = {
    "mysql": "SELECT User, Host, account_locked, plugin, HEX(authentication_string), User_attributes, ssl_type FROM mysql.user "
    "WHERE User IN ({users})",
    "mariadb": "SELECT User, Host, Priv FROM mysql.global_priv WHERE User IN ({users})",
}
# MariaDB keeps what an account demands of its connections as a number (sql/sql_acl.cc).
_TLS: Final = {0: "", 1: "ANY", 2: "X509", 3: "SPECIFIED"}


def observe(connection: Any, names: Names, *current: str) -> Server:
    """The server as far as this app is concerned. `current` are logins that the app is known to use ('' is none)."""
    ((version, administrator),) = ask(connection, "SELECT VERSION(), CURRENT_USER()")
    flavour = flavour_of(version)
    database = literal(names.database)
    concerned = ask(connection, _CONCERNED.format(escaped=literal("\\_"), database=database))
    me = administrator.rpartition("@")[0]
    users = {str(row[0]) for row in concerned} | {names.app, names.database, *names.logins, *current, "root"} - {""}
    told = ask(connection, _SETTINGS[flavour.engine].format(users=", ".join(map(literal, sorted(users)))))
    defined = [(str(definer), str(what)) for definer, what in ask(connection, _DEFINED.format(database=database))]
    settings = [_of_mysql(*row) if flavour.engine == "mysql" else _of_mariadb(*row) for row in told]
    known = (_with_rights(connection, one, defined) for one in settings if one is not None)
    accounts = tuple(one for one in known if one is not None)
    literal_patterns = flavour.engine == "mysql" and bool(ask(connection, "SELECT @@partial_revokes")[0][0])
    return Server(flavour, me, accounts, literal_patterns)


def _of_mysql(user: str, host: str, locked: str, plugin: str, hashed: str, attributes: str | None, tls: str) -> Account | None:
    former = str(json.loads(attributes or "{}").get("additional_password", ""))
    kept = (bytes.fromhex(hashed or ""), *([former.encode()] if former else []))
    return Account(user, host, locked == "Y", plugin, bool(former), tls, kept)


def _of_mariadb(user: str, host: str, text: str) -> Account | None:
    kept = json.loads(text)
    if kept.get("is_role"):
        return None
    # Where MariaDB names no plugin it is the oldest one.
    plugin = "" if "auth_or" in kept else str(kept.get("plugin", NATIVE))
    tls = _TLS.get(int(kept.get("ssl_type", 0)), "SPECIFIED")
    hashed = str(kept.get("authentication_string", "")).encode()
    return Account(user, host, bool(kept.get("account_locked")), plugin, False, tls, (hashed,))


def _with_rights(connection: Any, one: Account, defined: Iterable[tuple[str, str]]) -> Account | None:
    lines = grants(connection, one.user, one.host)
    if lines is None:
        return None
    defines = tuple(what for definer, what in defined if definer == f"{one.user}@{one.host}")
    return dataclasses.replace(one, rights=rights_of(lines), defines=defines)


def own_rights(connection: Any) -> frozenset[Right]:
    """What the administrator may do itself."""
    return rights_of(str(row[0]) for row in ask(connection, "SHOW GRANTS"))


def sessions(connection: Any, login: str) -> tuple[tuple[int, str], ...]:
    """(number, host) of everybody who is logged in as `login`. Denied without PROCESS: the list would only show our own."""
    own = own_rights(connection)
    # What a role of its gives it is not looked into: it may be that.
    told = any(right.privilege in ("PROCESS", ALL) and right.database == EVERYTHING for right in own)
    if not told and all(right.database for right in own):
        raise Denied("Who is logged in to the database", "the administrator lacks PROCESS", "GRANT PROCESS ON *.* TO it.")
    rows = ask(connection, "SHOW PROCESSLIST")
    return tuple((int(row[0]), str(row[2] or "").rpartition(":")[0] or str(row[2])) for row in rows if row[1] == login)


def users(connection: Any, login: str, but: frozenset[int]) -> tuple[str, ...]:
    """Who is logged in as `login`, in words, without the sessions `but` (our own, which may take a moment to go)."""
    hosts = Counter(host for number, host in sessions(connection, login) if number not in but)
    return tuple(f"a client at {host} ({count} session{'s' if count > 1 else ''})" for host, count in sorted(hosts.items()))
