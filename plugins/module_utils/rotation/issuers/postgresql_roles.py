# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PostgreSQL roles as values, and the plan from what is to what should be: pure, no connection in sight.

One owner role without a login owns every object of the app's database. The two logins `<app>_a` and `<app>_b` are members
of it and act as it (`SET role`), so that nothing ever belongs to a login, and either of them can be replaced. A third one,
`<app>_iam`, has no password: it is for apps that log in by identity.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

from ...app import identity_login
from ...capability import Change, Plan, Refusal
from ..controls import DATABASE_LOGIN
from . import password_told

MARK: Final = "goldenpath.microapps: "
# The role of Amazon RDS whose members log in with a token that IAM signed, and with no password.
RDS_IAM: Final = "rds_iam"


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """The roles of one app. `app` uses underscores; `database` is the one that they belong to."""

    app: str
    database: str

    @property
    def owner(self) -> str:
        """Owns everything, logs in nowhere."""
        return f"{self.app}_owner"

    @property
    def identity(self) -> str:
        """The login without a password."""
        return identity_login(self.app)

    @property
    def logins(self) -> tuple[str, str, str]:
        """All of ours: the two that take turns, and the one without a password."""
        return f"{self.app}_a", f"{self.app}_b", self.identity

    def next_login(self, current: str) -> str:
        """Of the two that take turns, the one that is not current."""
        first, second, _identity = self.logins
        return second if current == first else first

    def comment(self, role: str) -> str:
        """What is written on a role of ours, so that everybody sees whose it is."""
        if role == self.owner:
            return f"{MARK}owns the objects of database {self.database}"
        if role == self.identity:
            return f"{MARK}login to database {self.database}, by identity"
        if role in self.logins:
            return f"{MARK}login to database {self.database}, rotated"
        return f"{MARK}retired login of database {self.database}"


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """A role as the server has it. `elevated` are attributes an app's login must not have; `elsewhere` are other databases
    that it owns or owns something in; `settings` are its `SET`s for all databases or this one, without `role`."""

    name: str
    login: bool
    elevated: tuple[str, ...] = ()
    member_of: tuple[str, ...] = ()
    acts_as: str = ""
    settings: tuple[str, ...] = ()
    comment: str = ""
    owns: bool = False
    elsewhere: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """What was seen through the administrator's eyes. `lacking` is what a former login may do and the owner role may not."""

    version: int
    administrator: str
    superuser: bool
    database_owner: str
    roles: tuple[Role, ...]
    lacking: tuple[str, ...] = ()

    def role(self, name: str) -> Role | None:
        """The role of this name."""
        return next((role for role in self.roles if role.name == name), None)


def former_logins(server: Server, names: Names) -> tuple[Role, ...]:
    """Roles of the app's past: the database's owner, and who owns something in it, is named like it or was retired by us."""
    ours = {names.owner, *names.logins, RDS_IAM}
    return tuple(role for role in server.roles if role.name not in ours)


def unused_login(server: Server, names: Names, in_use: Callable[[str], bool]) -> str:
    """Of the two that take turns, the one whose password nobody may need: refused already, else not logged in, else the first."""
    first, second, _identity = names.logins
    opened = [name for name in (first, second) if (role := server.role(name)) and role.login]
    if opened == [first, second]:
        return second if in_use(first) and not in_use(second) else first
    return second if opened == [first] else first


def plan(server: Server, names: Names, current: str, wanted: str, fresh: bool, retire: Iterable[str]) -> tuple[Plan, ...]:
    """The owner role, the wanted login, and each login that must be refused afterwards, with what differs.

    A `wanted` that is not ours is somebody's own choice and is left alone.
    """
    plans = []
    if wanted in names.logins:
        plans.append(_owner(server, names, current))
        plans.append(_login(server, names, wanted, current, fresh))
    plans += [_retired(server, names, server.role(name)) for name in dict.fromkeys(retire) if server.role(name)]
    return tuple(plans)


def _owner(server: Server, names: Names, current: str) -> Plan:
    role = server.role(names.owner)
    movable = owning(server, names)
    wanted = {
        "login": False,
        "comment": names.comment(names.owner),
        "owns_database": server.database_owner == names.owner or takes_database(server, names),
        "owned_by_logins": [],
    }
    before = (
        None
        if role is None
        else {
            "login": role.login,
            "comment": role.comment,
            "owns_database": server.database_owner == names.owner,
            "owned_by_logins": list(movable),
        }
    )
    refusals = [*_foreign(names, role), *_lacking(server, names, current)]
    refusals += [_shared(moved) for moved in map(server.role, movable) if moved and moved.elsewhere]
    return _compared(f"postgresql:role/{names.owner}", before, wanted, tuple(refusals))


def _login(server: Server, names: Names, login: str, current: str, fresh: bool) -> Plan:
    role = server.role(login)
    wanted: dict[str, Any] = {
        "login": True,
        "comment": names.comment(login),
        "member_of": names.owner,
        "acts_as": names.owner,
        "settings": sorted({*(role.settings if role else ()), *carried_settings(server, names, login, current)}),
        "elevated": [],
    }
    before = (
        None
        if role is None
        else {
            "login": role.login,
            "comment": role.comment,
            "member_of": names.owner if names.owner in role.member_of else "",
            "acts_as": role.acts_as,
            "settings": list(role.settings),
            "elevated": list(role.elevated),
        }
    )
    refusals = _foreign(names, role)
    if login == names.identity:
        wanted["logs_in_by"] = RDS_IAM
        refusals += _without_iam(server)
        if before is not None and role is not None:
            before["logs_in_by"] = RDS_IAM if RDS_IAM in role.member_of else ""
    compared = _compared(f"postgresql:login/{login}", before, wanted, tuple(refusals))
    if not fresh or role is None or login == names.identity:
        return compared
    held, given = password_told(login == current)
    changed = Change("update", "password", held, given, DATABASE_LOGIN)
    return dataclasses.replace(
        compared,
        before={**(before or {}), "password": held},
        after={**wanted, "password": given},
        changes=(*compared.changes, changed),
    )


def carried_settings(server: Server, names: Names, login: str, current: str) -> tuple[str, ...]:
    """What `ALTER ROLE ... SET` gave the former login and the app may rely on (a search_path): a new login gets it too.

    Between the two that take turns it is carried over once; from then on each keeps what was set on it.
    """
    former = server.role(current)
    if former is None or former.name == login or (server.role(login) and former.name in names.logins):
        return ()
    return former.settings


def takes_database(server: Server, names: Names) -> bool:
    """Whether the database itself is to be moved to the owner role: not from an administrator, who often owns it."""
    return server.database_owner != names.owner and not _blocked(server, server.database_owner)


def _retired(server: Server, names: Names, role: Role | None) -> Plan:
    if role is None:
        raise AssertionError("only roles that are there are retired")
    comment = role.comment if role.name in names.logins else names.comment(role.name)
    before = {"login": role.login, "comment": role.comment}
    return _compared(f"postgresql:login/{role.name}", before, {"login": False, "comment": comment}, untouchable(server, role))


def untouchable(server: Server, role: Role) -> tuple[Refusal, ...]:
    """Why a login is neither locked nor given another password: it is an administrator's, or used beyond this app."""
    if role.name == server.administrator or "superuser" in role.elevated:
        return (_powerful(role),)
    return (_shared(role),) if role.elsewhere else ()


def _compared(name: str, before: dict[str, Any] | None, wanted: dict[str, Any], refusals: tuple[Refusal, ...]) -> Plan:
    changes: tuple[Change, ...]
    if before is None:
        changes = (Change("create", control=DATABASE_LOGIN),)
    else:
        changes = tuple(
            Change("update", field, before[field], value, DATABASE_LOGIN)
            for field, value in wanted.items()
            if before[field] != value
        )
    return Plan(name, before, wanted, changes, refusals, (DATABASE_LOGIN,))


def owning(server: Server, names: Names) -> tuple[str, ...]:
    """Logins (former ones and ours) that own something in this database, which belongs to the owner role."""
    return tuple(
        sorted(role.name for role in server.roles if role.name != names.owner and role.owns and not _blocked(server, role.name))
    )


def _blocked(server: Server, name: str) -> bool:
    # What belongs to an administrator stays his: extensions, and objects that an app never owned.
    role = server.role(name)
    return name == server.administrator or (role is not None and "superuser" in role.elevated)


def _foreign(names: Names, role: Role | None) -> list[Refusal]:
    if role is None or role.comment == names.comment(role.name):
        return []
    whose = f"its comment says: {role.comment}" if role.comment else "it has no comment of ours"
    return [
        Refusal(
            f"The role {role.name} exists and was not made for database {names.database} by this collection",
            whose,
            f"If it may be taken over: COMMENT ON ROLE {role.name} IS '{names.comment(role.name)}'",
            DATABASE_LOGIN,
        )
    ]


def _without_iam(server: Server) -> list[Refusal]:
    if server.role(RDS_IAM):
        return []
    return [
        Refusal(
            f"The server has no role {RDS_IAM}",
            "so it lets nobody in by a token of IAM",
            "Switch IAM database authentication on (aws rds modify-db-instance --enable-iam-database-authentication), or "
            "choose another kind of secret.",
            DATABASE_LOGIN,
        )
    ]


def _lacking(server: Server, names: Names, current: str) -> list[Refusal]:
    if not server.lacking:
        return []
    shown = "; ".join(server.lacking[:5]) + (f" and {len(server.lacking) - 5} more" if len(server.lacking) > 5 else "")
    return [
        Refusal(
            f"The login {current} may do things that {names.owner} may not",
            shown,
            f"Grant them to {names.owner} (GRANT ... TO {names.owner}), or revoke them from {current}, and run again.",
            DATABASE_LOGIN,
        )
    ]


def _powerful(role: Role) -> Refusal:
    return Refusal(
        f"The login {role.name} lets whoever has its password in, and is an administrator of the server",
        "locking it could lock everybody out",
        f"Change its password yourself, and keep it out of the app: ALTER ROLE {role.name} PASSWORD ...",
        DATABASE_LOGIN,
    )


def _shared(role: Role) -> Refusal:
    return Refusal(
        f"The login {role.name} is used beyond this app",
        f"it owns something in {', '.join(role.elsewhere)}",
        "Give the other database a login of its own first, or change this login's password yourself.",
        DATABASE_LOGIN,
    )
