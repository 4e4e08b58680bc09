# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MySQL and MariaDB accounts as values, and the plan from what is to what should be: pure, no connection in sight.

Two accounts `<app>_a` and `<app>_b` take turns, and the one whose turn it is gets the rights that the current one has on the
app's database. They hold these rights themselves, not by a role: MariaDB looks at no role when a view or a routine runs with
the rights of its definer, and what the app makes is defined by its login. A login is a name: all accounts of that name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

from ...capability import Change, Plan, Refusal
from ...errors import Unreachable
from .. import mysql_hashes
from ..controls import DATABASE_LOGIN
from . import password_told
from .mysql_grants import ALL, Right, missing
from .mysql_session import Flavour

ANYWHERE: Final = "%"
# A login from here has shown it, or only the server's own machine is let in.
_TRIED: Final = frozenset({ANYWHERE, "localhost", "127.0.0.1", "::1"})
_LONGEST: Final = {"mysql": 32, "mariadb": 80}


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """The logins of one app. `app` uses underscores; `database` is the one that they belong to."""

    app: str
    database: str

    @property
    def logins(self) -> tuple[str, str]:
        """The two that take turns."""
        return f"{self.app}_a", f"{self.app}_b"

    def next_login(self, current: str) -> str:
        """The one that is not current."""
        first, second = self.logins
        return second if current == first else first


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """An account as the server has it. `plugin` says how it logs in ('' if in several ways), `two_passwords` that a former
    password is accepted too, `tls` what it demands of its connections; `kept` are the hashes of its passwords; `defines` are
    views, routines, triggers and events of the app's database that run with its rights."""

    user: str
    host: str = ANYWHERE
    locked: bool = False
    plugin: str = ""
    two_passwords: bool = False
    tls: str = ""
    kept: tuple[bytes, ...] = dataclasses.field(default=(b"",), repr=False)
    rights: frozenset[Right] = frozenset()
    defines: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """What was seen through the administrator's eyes."""

    flavour: Flavour
    administrator: str
    accounts: tuple[Account, ...]
    literal_patterns: bool = False

    def of(self, login: str) -> tuple[Account, ...]:
        """The accounts of this name."""
        return tuple(account for account in self.accounts if account.user == login)

    def rights(self, login: str) -> frozenset[Right]:
        """What all accounts of this name may do."""
        return frozenset().union(*(account.rights for account in self.of(login)))

    def keeps(self, login: str, password: str) -> bool | None:
        """Whether an open account of this name has this password, from wherever it lets somebody in. None: only trying tells."""
        told = [
            mysql_hashes.keeps(account.plugin, hashed, password)
            for account in self.of(login)
            if not account.locked
            for hashed in account.kept
        ]
        return True if True in told else None if None in told else False

    def demand_tried(self, login: str) -> None:
        """Unreachable if a login that is refused here may be let in from elsewhere, by a plugin whose hashes we do not know."""
        for account in self.of(login):
            known = account.plugin in (mysql_hashes.NATIVE, mysql_hashes.CACHING_SHA2)
            if not account.locked and not known and account.host not in _TRIED:
                why = f"it lets in from {account.host} by {account.plugin or 'several plugins'}, which cannot be tried from here"
                raise Unreachable(f"Whether a password opens the login {login}", why, "Lock or remove that account.")

    def is_open(self, login: str) -> bool:
        """Whether the login may be let in at all."""
        return any(not account.locked for account in self.of(login))


def former_logins(server: Server, names: Names) -> tuple[str, ...]:
    """Logins of the app's past, and administrators, whose password may stand in the code just as well."""
    return tuple(dict.fromkeys(account.user for account in server.accounts if account.user not in names.logins))


def wanted_rights(server: Server, names: Names, login: str, current: str) -> frozenset[Right]:
    """What `login` is to have: the current login's rights on the app's database. Where somebody dropped that one, those of
    another login of the app, for they keep theirs when they are locked; all of them where there is none."""
    model = next((one for one in (current, login, *names.logins, names.app) if server.of(one)), "")
    found = frozenset(right for right in server.rights(model) if right.within(names.database))
    return found or frozenset({Right(ALL, names.database)})


def superfluous(server: Server, names: Names, login: str, current: str) -> tuple[Right, ...]:
    """What `login` may do on the app's database and is not to."""
    own = (right for right in server.rights(login) if right.within(names.database))
    return missing(own, wanted_rights(server, names, login, current))


def plan(
    server: Server, names: Names, current: str, wanted: str, fresh: bool, retire: Iterable[str], ours: bool
) -> tuple[Plan, ...]:
    """The wanted login, and each that must be refused afterwards, with what differs.

    `ours` says that an open account of the wanted name is known to be of our making. A `wanted` that is not one of the two is
    somebody's own choice and is left alone.
    """
    plans = [_login(server, names, wanted, current, fresh, ours)] if wanted in names.logins else []
    plans += [_retired(server, names, login) for login in dict.fromkeys(retire) if server.of(login)]
    return tuple(plans)


def _login(server: Server, names: Names, login: str, current: str, fresh: bool, ours: bool) -> Plan:
    after: dict[str, Any] = {"locked": False}
    before: dict[str, Any] = {"locked": not server.is_open(login)}
    if fresh:
        rights = wanted_rights(server, names, login, current)
        have = {right for right in server.rights(login) if right.within(names.database)}
        alike = not missing(rights, have) and not missing(have, rights)
        held, given = password_told(login == current)
        after |= {"rights": words(rights), "password": given}
        before |= {"rights": after["rights"] if alike else words(have), "password": held}
    refusals = _refusals(server, names, login, current, fresh, ours)
    if not server.of(login):
        return Plan(f"mysql:login/{login}", None, after, (Change("create", control=DATABASE_LOGIN),), refusals, (DATABASE_LOGIN,))
    return compared(f"mysql:login/{login}", before, after, refusals)


def compared(name: str, before: dict[str, Any], after: dict[str, Any], refusals: tuple[Refusal, ...]) -> Plan:
    """The plan that makes `before` into `after`."""
    changes = tuple(
        Change("update", field, before[field], value, DATABASE_LOGIN) for field, value in after.items() if before[field] != value
    )
    return Plan(name, before, after, changes, refusals, (DATABASE_LOGIN,))


def words(rights: Iterable[Right]) -> list[str]:
    """For people."""
    return [right.words() for right in sorted(rights)]


def _retired(server: Server, names: Names, login: str) -> Plan:
    # What it defined goes on working: a locked account keeps its rights, and nobody can log in with them.
    defines = sorted(name for account in server.of(login) for name in account.defines)
    kept: dict[str, Any] = {"defines": defines} if defines else {}
    refusals = untouchable(server, names, login)
    return compared(f"mysql:login/{login}", {"locked": not server.is_open(login), **kept}, {"locked": True, **kept}, refusals)


def untouchable(server: Server, names: Names, login: str) -> tuple[Refusal, ...]:
    """Why a login is neither locked nor given another password: it is an administrator's, or used beyond this app."""
    rights = server.rights(login)
    if login in (server.administrator, "root") or any(right.of_an_administrator for right in rights):
        return (_powerful(login),)
    beyond = sorted({right.database for right in rights if right.database and right.database != names.database})
    return (_shared(login, beyond),) if beyond else ()


def _refusals(server: Server, names: Names, login: str, current: str, fresh: bool, ours: bool) -> tuple[Refusal, ...]:
    refusals = []
    if len(login) > _LONGEST[server.flavour.engine]:
        refusals.append(_too_long(login, _LONGEST[server.flavour.engine]))
    if any(account.host != ANYWHERE for account in server.of(login)):
        refusals.append(_other_hosts(server, login))
    if fresh and not ours and current not in names.logins and server.is_open(login):
        refusals.append(_foreign(login))
    if fresh:
        refusals += _unequal(server, names, login, current)
    return tuple(refusals)


def _unequal(server: Server, names: Names, login: str, current: str) -> list[Refusal]:
    """What one of the two may do beyond the app's database and the other may not: nobody but a person can say what is right."""
    beyond = {
        who: {right for right in server.rights(who) if not right.within(names.database)} if who else set[Right]()
        for who in (current, login)
    }
    lost, gained = missing(beyond[current], beyond[login]), missing(beyond[login], beyond[current])
    refusals = [_may_more(current, login, lost)] if lost else []
    refusals += [_may_more(login, current or "the app", gained)] if gained else []
    demands = {account.tls for account in server.of(current)} - {"", "ANY"}
    if demands:
        refusals.append(_certificate(current, min(demands)))
    return refusals


def _may_more(who: str, other: str, rights: tuple[Right, ...]) -> Refusal:
    shown = "; ".join(right.words() for right in rights[:5]) + (f" and {len(rights) - 5} more" if len(rights) > 5 else "")
    return Refusal(
        f"The login {who} may do things that {other} may not",
        shown,
        f"Revoke them from {who}, or grant them to {other} as well, and run again.",
        DATABASE_LOGIN,
    )


def _certificate(login: str, demand: str) -> Refusal:
    step = "Choose another kind for this secret, or let it demand TLS alone (REQUIRE SSL)."
    return Refusal(f"The login {login} demands a client certificate", f"REQUIRE {demand}", step, DATABASE_LOGIN)


def _foreign(login: str) -> Refusal:
    return Refusal(
        f"The account {login} exists and may be in use by somebody",
        "the store never held a password of it",
        f"If it may be taken over: ALTER USER {login} ACCOUNT LOCK",
        DATABASE_LOGIN,
    )


def _other_hosts(server: Server, login: str) -> Refusal:
    hosts = ", ".join(sorted(account.host for account in server.of(login)))
    return Refusal(f"The account {login} exists for {hosts}", f"ours are for {ANYWHERE}", "Remove or rename it.", DATABASE_LOGIN)


def _too_long(login: str, longest: int) -> Refusal:
    step = "Choose kind mysql_single_user, or a shorter name for the app."
    return Refusal(f"The login {login} cannot be made", f"a name may have {longest} characters there", step, DATABASE_LOGIN)


def _powerful(login: str) -> Refusal:
    return Refusal(
        f"The login {login} lets whoever has its password in, and is an administrator of the server",
        "locking it could lock everybody out",
        f"Change its password yourself, and keep it out of the app: ALTER USER {login} ...",
        DATABASE_LOGIN,
    )


def _shared(login: str, databases: list[str]) -> Refusal:
    return Refusal(
        f"The login {login} is used beyond this app",
        f"it has rights on {', '.join(databases)}",
        "Give the other database a login of its own first, or change this login's password yourself.",
        DATABASE_LOGIN,
    )
