# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app's logins: those that we made are closed, and can be opened again. The database and its data are never touched."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from ..capability import Change, Plan, Refusal
from ..profile import DatabaseServer
from ..rotation.issuers.database_login import Address, read_password
from ..rotation.issuers.postgresql_catalog import users
from ..rotation.issuers.postgresql_roles import MARK
from ..rotation.issuers.postgresql_session import APPLICATION, literal, session
from ..rotation.issuers.postgresql_statements import end_sessions
from ..scrubber import Secrets
from .model import Area, Kept, Step, app_of_login

_LOGIN: Final = re.compile(re.escape(MARK) + r"login to database (?P<database>.+), (?:rotated|by identity)")
_OWNER: Final = re.compile(re.escape(MARK) + r"owns the objects of database (?P<database>.+)")
_MARKED: Final = """
SELECT rolname::text, rolcanlogin, shobj_description(oid, 'pg_authid')
FROM pg_roles WHERE shobj_description(oid, 'pg_authid') LIKE %s ORDER BY 1
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """A role that carries our comment. `users` are those logged in as it, in words."""

    name: str
    open: bool
    comment: str
    users: tuple[str, ...] = ()


def address_of(server: DatabaseServer) -> Address:
    """The server's maintenance database: roles belong to no database."""
    return Address(server.host, server.port, server.maintenance_database, server.sslmode, server.sslrootcert)


def observe(server: DatabaseServer, secrets: Secrets, app: str = "") -> tuple[Login, ...]:
    """Every role with our comment; of `app` also who is logged in."""
    with session(address_of(server), server.admin_user, _password(server, secrets)) as connection:
        rows = connection.execute(_MARKED, (MARK + "%",)).fetchall()
        return tuple(
            Login(name, open_, comment, users(connection, name, APPLICATION) if app and app_of_login(name) == app else ())
            for name, open_, comment in rows
        )


def _password(server: DatabaseServer, secrets: Secrets) -> str:
    return secrets.register(read_password(server.password_file)) if server.password_file else ""


def open_logins(logins: Iterable[Login]) -> tuple[tuple[str, str], ...]:
    """(app, object) of every login that we made and that still lets somebody in."""
    return tuple(
        (app_of_login(login.name), f"postgresql:login/{login.name}")
        for login in logins
        if login.open and _LOGIN.fullmatch(login.comment) and app_of_login(login.name)
    )


def plan(logins: Iterable[Login], app: str, end: bool) -> tuple[tuple[Plan, ...], tuple[Kept, ...]]:
    """Close the app's open logins. One that is in use is refused, unless its sessions may be ended (`end`)."""
    plans: list[Plan] = []
    kept: list[Kept] = []
    for login in logins:
        owns = _OWNER.fullmatch(login.comment)
        if owns and login.name == f"{app.replace('-', '_')}_owner":
            kept.append(Kept(f"postgresql:database/{owns['database']}", f"data is never removed; {login.name} owns it"))
        if app_of_login(login.name) != app or not _LOGIN.fullmatch(login.comment):
            continue
        label = f"postgresql:login/{login.name}"
        if not login.open and not login.users:
            kept.append(Kept(label, f"it is closed; ALTER ROLE {login.name} LOGIN opens it again"))
            continue
        # One that is closed and in use was being closed by a run that was killed: a session outlives the right to log in.
        field, before, after = ("login", True, False) if login.open else ("sessions", "open", "ended")
        refusals = () if end or not login.users else (_in_use(login),)
        changes = () if refusals else (Change("update", field, before, after),)
        plans.append(Plan(label, {field: before}, {field: after}, changes, refusals))
    return tuple(plans), tuple(kept)


def _in_use(login: Login) -> Refusal:
    step = "Stop the app and run again, or end its sessions: -e sessions=end."
    return Refusal(f"The login {login.name} is not closed", f"still in use by {', '.join(login.users)}", step)


def area_of(server: DatabaseServer, secrets: Secrets, app: str, end: bool) -> Area:
    """The logins' steps, and the database that stays."""
    plans, kept = plan(observe(server, secrets, app), app, end)
    return Area(tuple(Step(each, _deed(server, secrets, each) if each.changes else None) for each in plans), kept)


def _deed(server: DatabaseServer, secrets: Secrets, made: Plan) -> Callable[[], Any]:
    login = made.object.partition("/")[2]

    def close() -> None:
        with session(address_of(server), server.admin_user, _password(server, secrets)) as connection:
            connection.execute(literal("ALTER ROLE {login} NOLOGIN", login=login))
            connection.execute(end_sessions(login))

    return close
