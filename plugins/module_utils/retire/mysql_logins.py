# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app's logins to MySQL or MariaDB: those that we made are closed, and can be opened again. No account is dropped.

No account says whose it is (MariaDB keeps no comment). Ours is one that is named as we name them and has a password that a secret
of ours holds, as the hash that the server keeps of it shows. Nothing else is touched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from ..capability import Change, Plan, Refusal
from ..profile import MysqlServer
from ..rotation import mysql_hashes
from ..rotation.issuers import mysql_statements as statements
from ..rotation.issuers.database_login import Address, read_password
from ..rotation.issuers.mysql import ENGINE, end_sessions
from ..rotation.issuers.mysql_accounts import Account, Names, Server, untouchable
from ..rotation.issuers.mysql_catalog import observe, users
from ..rotation.issuers.mysql_session import ask, session
from ..rotation.model import Document
from ..scrubber import Secrets
from .model import Area, Kept, Step


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """A name, its accounts for all hosts, and those of them that are ours. `users` are those logged in as it, in words, and
    `refusals` say why it must not be closed."""

    name: str
    accounts: tuple[Account, ...]
    ours: tuple[Account, ...] = ()
    users: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def open(self) -> tuple[Account, ...]:
        """The accounts that let somebody in."""
        return tuple(one for one in self.accounts if not one.locked)


def area_of(server: MysqlServer, secrets: Secrets, app: str, documents: Iterable[Document], end: bool) -> Area:
    """The logins' steps; `documents` are what the app's secrets hold. What stays is named."""
    held = tuple(documents)
    found = _observe(server, secrets, app, held)
    plans, kept = plan(found, app, end)
    steps = tuple(Step(one, _deed(server, secrets, login) if one.changes else None) for one, login in plans)
    return Area(steps, (*kept, *data_of(found, app, held)))


def data_of(logins: Iterable[Login], app: str, documents: Iterable[Document]) -> tuple[Kept, ...]:
    """The app's databases, as its secrets and its logins' rights name them: they stay. Pure."""
    named = {app.replace("-", "_"), *(one.get("dbname", "") for one in documents)}
    there = {right.database for login in logins for one in login.accounts for right in one.rights} & named
    return tuple(Kept(f"mysql:database/{name}", "data is never removed") for name in sorted(there))


def open_logins(server: MysqlServer, secrets: Secrets, app: str, documents: Iterable[Document]) -> tuple[str, ...]:
    """The object of every login of the app that we made and that still lets somebody in."""
    found = _observe(server, secrets, app, tuple(documents))
    return tuple(label(login.name) for login in found if any(not one.locked for one in login.ours))


def label(login: str) -> str:
    """What a plan calls a login."""
    return f"mysql:login/{login}"


def plan(logins: Iterable[Login], app: str, end: bool) -> tuple[tuple[tuple[Plan, Login], ...], tuple[Kept, ...]]:
    """Close the app's open logins. One that is in use is refused, unless its sessions may be ended (`end`)."""
    plans: list[tuple[Plan, Login]] = []
    kept: list[Kept] = []
    for login in logins:
        if not login.open and not (login.ours and login.users):
            unlock = "; ".join(statements.unlock(one) for one in login.accounts)
            kept.append(Kept(label(login.name), f"it is closed; {unlock} opens it again"))
        elif not login.ours:
            kept.append(Kept(label(login.name), _unknown(login)))
        else:
            plans.append((_closed(login, app, end), login))
    return tuple(plans), tuple(kept)


def _closed(login: Login, app: str, end: bool) -> Plan:
    # One that is locked and in use was being closed by a run that was killed: a session outlives the lock.
    field, before, after = ("locked", False, True) if login.open else ("sessions", "open", "ended")
    strangers = tuple(one for one in login.open if one not in login.ours)
    refusals = (
        *login.refusals,
        *((_shared_name(login, strangers, app),) if strangers else ()),
        *((_in_use(login),) if login.users and not end else ()),
    )
    changes = () if refusals else (Change("update", field, before, after),)
    return Plan(label(login.name), {field: before}, {field: after}, changes, refusals)


def logins_of(seen: Server, names: Names, documents: Iterable[Document]) -> tuple[Login, ...]:
    """The logins that may be the app's, without who uses them: the two that take turns, and what its secrets name. Pure."""
    held = tuple(documents)
    turns = names.logins
    found = []
    for name in dict.fromkeys((*turns, names.app, *(one.get("username", "") for one in held))):
        # The one login of an app was there before us: it is no more ours to close than its password's change made it.
        passwords = [one.get("password", "") for one in held if one.get("username") == name and name in turns]
        ours = tuple(one for one in seen.of(name) if any(_keeps(one, password) for password in passwords))
        if seen.of(name):
            found.append(Login(name, seen.of(name), ours, refusals=untouchable(seen, names, name) if ours else ()))
    return tuple(found)


def _keeps(one: Account, password: str) -> bool:
    return bool(password) and any(mysql_hashes.keeps(one.plugin, hashed, password) is True for hashed in one.kept)


def _observe(server: MysqlServer, secrets: Secrets, app: str, documents: tuple[Document, ...]) -> tuple[Login, ...]:
    place = (ENGINE, server.host, str(server.port))
    here = [one for one in documents if (one.get("engine"), one.get("host"), one.get("port")) == place]
    name = app.replace("-", "_")
    found: dict[str, Login] = {}
    with _administrator(server, secrets) as connection:
        for database in sorted({one.get("dbname", "") for one in here} - {""}) or [name]:
            names = Names(name, database)
            mine = [one for one in here if one.get("dbname", database) == database]
            seen = observe(connection, names, *sorted({one.get("username", "") for one in mine}))
            for login in logins_of(seen, names, mine):
                if login.ours or login.name not in found:
                    in_use = users(connection, login.name, frozenset()) if login.ours else ()
                    found[login.name] = dataclasses.replace(login, users=in_use)
    return tuple(found.values())


def _administrator(server: MysqlServer, secrets: Secrets) -> Any:
    password = secrets.register(read_password(server.password_file)) if server.password_file else ""
    address = Address(server.host, server.port, "", server.sslmode, server.sslrootcert)
    return session(address, server.admin_user, password)


def _deed(server: MysqlServer, secrets: Secrets, login: Login) -> Callable[[], Any]:
    def close() -> None:
        with _administrator(server, secrets) as connection:
            for one in login.ours:
                ask(connection, statements.lock(one))
            end_sessions(connection, login.name)

    return close


def _unknown(login: Login) -> str:
    close = "; ".join(statements.lock(one) for one in login.open)
    return f"it is open, and no secret shows that we made it; if it is the app's: {close}"


def _in_use(login: Login) -> Refusal:
    step = "Stop the app and run again, or end its sessions: -e sessions=end."
    return Refusal(f"The login {login.name} is not closed", f"still in use by {', '.join(login.users)}", step)


def _shared_name(login: Login, strangers: Iterable[Account], app: str) -> Refusal:
    hosts = ", ".join(sorted(one.host for one in strangers))
    step = f"Lock or rename it if it is not {app}'s; nobody can tell its sessions from the app's."
    return Refusal(f"The login {login.name} is not closed", f"an account of this name that we did not make is for {hosts}", step)
