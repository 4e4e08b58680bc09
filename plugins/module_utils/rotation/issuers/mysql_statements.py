# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements that carry an account plan out. The servers know no transaction for them: each can be said again.

Passwords come in as hashes only. Everything else is quoted by `mysql_session`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...errors import Conflict
from ..mysql_hashes import CACHING_SHA2, NATIVE, SALT_BYTES, caching_sha2, native
from .mysql_accounts import ANYWHERE, Account, Names, Server, superfluous, wanted_rights
from .mysql_grants import EVERYTHING, Right
from .mysql_session import account, identifier, literal


def plugin_for(server: Server, former: str) -> str:
    """How a new account logs in: as the former one does, for that is what the app's driver can do, if we can make the hash."""
    if server.flavour.engine == "mariadb" or any(one.plugin == NATIVE for one in server.of(former)):
        return NATIVE
    return CACHING_SHA2


def identified(server: Server, plugin: str, password: str, random_bytes: Callable[[int], bytes]) -> str:
    """`IDENTIFIED ...` with a hash of the password. Conflict for a plugin whose hash is not made here."""
    if plugin not in (NATIVE, CACHING_SHA2) or (server.flavour.engine == "mariadb" and plugin != NATIVE):
        how = plugin or "several plugins"
        raise Conflict(f"An account logs in by {how}", "its password is not made here", "Choose another kind for this secret.")
    if server.flavour.engine == "mariadb":
        return f"IDENTIFIED VIA {NATIVE} USING {literal(native(password))}"
    secret = native(password).encode() if plugin == NATIVE else caching_sha2(password, random_bytes(SALT_BYTES))
    return f"IDENTIFIED WITH {identifier(plugin)} AS 0x{secret.hex()}"


def make_login(server: Server, names: Names, login: str, former: str, hashed: str) -> tuple[str, ...]:
    """The login has the rights of the former one, and only then accepts the password behind `hashed`."""
    mine = account(login, ANYWHERE)
    statements = [] if server.of(login) else [f"CREATE USER IF NOT EXISTS {mine} {hashed} ACCOUNT LOCK"]
    statements += [_revoke(server, right, mine) for right in superfluous(server, names, login, former)]
    statements += [_grant(server, right, mine) for right in sorted(wanted_rights(server, names, login, former))]
    demands_tls = any(one.tls for one in server.of(former))
    statements.append(f"ALTER USER {mine} {hashed}{' REQUIRE SSL' if demands_tls else ''} ACCOUNT UNLOCK")
    return tuple(statements)


def unlock(one: Account) -> str:
    """The account is let in again, its password untouched."""
    return f"ALTER USER {account(one.user, one.host)} ACCOUNT UNLOCK"


def lock(one: Account) -> str:
    """The account is refused; its password and its rights stay, so that it can be let in again."""
    return f"ALTER USER {account(one.user, one.host)} ACCOUNT LOCK"


def retire(one: Account, hashed: str) -> tuple[str, ...]:
    """The account is refused, and the password behind `hashed`, which nobody knows, is all that an unlocking would open.

    Its rights stay, for what it defined. Without `hashed` (a plugin that we make none for) it keeps its own.
    """
    locked = f"ALTER USER {account(one.user, one.host)} {hashed} ACCOUNT LOCK" if hashed else lock(one)
    return (*discard((one,)), locked)


def discard(accounts: Iterable[Account]) -> tuple[str, ...]:
    """The former password is refused from here on (MySQL)."""
    return tuple(f"ALTER USER {account(one.user, one.host)} DISCARD OLD PASSWORD" for one in accounts if one.two_passwords)


def change_password(one: Account, hashed: str, retain: bool, unlock: bool) -> str:
    """The account accepts the password behind `hashed`, and with `retain` (MySQL) its former one too."""
    also = (" RETAIN CURRENT PASSWORD" if retain else "") + (" ACCOUNT UNLOCK" if unlock else "")
    return f"ALTER USER {account(one.user, one.host)} {hashed}{also}"


def _grant(server: Server, right: Right, to: str) -> str:
    return f"GRANT {right.privilege} ON {_thing(server, right)} TO {to}"


def _revoke(server: Server, right: Right, of: str) -> str:
    return f"REVOKE {right.privilege} ON {_thing(server, right)} FROM {of}"


def _thing(server: Server, right: Right) -> str:
    kind = f"{right.kind} " if right.kind else ""
    if right.name != EVERYTHING:
        return f"{kind}{identifier(right.database)}.{identifier(right.name)}"
    # As a pattern `where_eat` would also open `where2eat`; with partial_revokes the name is none.
    name = right.database if server.literal_patterns else right.database.replace("_", r"\_")
    return f"{identifier(name)}.*"
