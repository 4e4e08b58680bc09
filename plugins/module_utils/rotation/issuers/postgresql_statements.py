# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements that carry a role plan out. Each group is one transaction: a run that is killed has done it or has not.

Passwords come in as SCRAM verifiers only. Every identifier is quoted by psycopg.
"""

from __future__ import annotations

from typing import Any, Final

from .postgresql_roles import RDS_IAM, Names, Server, carried_settings, owning, takes_database
from .postgresql_session import literal

# A table that is busy for longer than this is left for the next run: the app must not wait behind us.
LOCK_TIMEOUT: Final = "SET LOCAL lock_timeout = '3s'"
_SETTABLE: Final = 160000


def take_over(server: Server, names: Names) -> tuple[Any, ...]:
    """The owner role is there, owns the database and everything that logins of the app owned in it.

    The former logins become members first: the running app keeps every right it had.
    """
    statements: list[Any] = [literal(LOCK_TIMEOUT)]
    role = server.role(names.owner)
    if role is None:
        statements.append(literal("CREATE ROLE {owner} NOLOGIN", owner=names.owner))
    elif role.login:
        statements.append(literal("ALTER ROLE {owner} NOLOGIN", owner=names.owner))
    if role is None or role.comment != names.comment(names.owner):
        statements.append(_comment(names, names.owner))
    movable = owning(server, names)
    moves_database = takes_database(server, names)
    givers = (*([server.database_owner] if moves_database else ()), *movable)
    if not server.superuser and (role is None or givers):
        # Who may administer a role is not thereby its member; moving objects asks for membership on both sides.
        statements += [_grant(server, role, server.administrator) for role in dict.fromkeys((names.owner, *givers))]
    statements += [
        _grant(server, names.owner, login) for login in dict.fromkeys(givers) if names.owner not in _memberships(server, login)
    ]
    # REASSIGN moves the database too, and, other than ALTER DATABASE, asks for no CREATEDB.
    statements += [
        literal("REASSIGN OWNED BY {login} TO {owner}", login=login, owner=names.owner) for login in dict.fromkeys(givers)
    ]
    return tuple(statements) if len(statements) > 1 else ()


def make_login(server: Server, names: Names, login: str, former: str, verifier: str) -> tuple[Any, ...]:
    """The login accepts the password behind `verifier`, is a member of the owner role and acts as it.

    The one without a password (`Names.identity`, `verifier` is '') is let in by IAM instead.
    """
    role = server.role(login)
    verb = "CREATE" if role is None else "ALTER"
    if login == names.identity:
        statements = [literal(verb + " ROLE {login} LOGIN PASSWORD NULL", login=login), *_by_identity(server, names, login)]
    else:
        statements = [literal(verb + " ROLE {login} LOGIN PASSWORD {verifier_text}", login=login, verifier_text=verifier)]
    if role is None or role.comment != names.comment(login):
        statements.append(_comment(names, login))
    if names.owner not in _memberships(server, login):
        statements.append(_grant(server, names.owner, login))
    if role is None or role.acts_as != names.owner:
        statements.append(
            literal(
                "ALTER ROLE {login} IN DATABASE {db} SET role = {owner_text}",
                login=login,
                db=names.database,
                owner_text=names.owner,
            )
        )
    if role and role.elevated:
        statements.append(
            literal("ALTER ROLE {login} NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS", login=login)
        )
    present = role.settings if role else ()
    for setting in carried_settings(server, names, login, former):
        if setting not in present:
            name, _unused, value = setting.partition("=")
            statements.append(_set(login, names.database, name, value))
    return tuple(statements)


def mend_login(server: Server, names: Names, login: str) -> tuple[Any, ...]:
    """The current login as it should be, its password untouched: for what somebody changed by hand."""
    role = server.role(login)
    if role is None:
        return ()
    statements = []
    if not role.login:
        statements.append(literal("ALTER ROLE {login} LOGIN", login=login))
    if names.owner not in role.member_of:
        statements.append(_grant(server, names.owner, login))
    statements += _by_identity(server, names, login)
    if role.acts_as != names.owner:
        statements.append(
            literal(
                "ALTER ROLE {login} IN DATABASE {db} SET role = {owner_text}",
                login=login,
                db=names.database,
                owner_text=names.owner,
            )
        )
    if role.elevated:
        statements.append(
            literal("ALTER ROLE {login} NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS", login=login)
        )
    return tuple(statements)


def retire(server: Server, names: Names, login: str) -> tuple[Any, ...]:
    """The login is refused with any password; a login of the app's past also loses its way to the app's objects."""
    role = server.role(login)
    if role is None:
        return ()
    statements = [literal("ALTER ROLE {login} NOLOGIN PASSWORD NULL", login=login)]
    if login not in names.logins:
        if role.comment != names.comment(login):
            statements.append(_comment(names, login))
        if names.owner in role.member_of:
            statements.append(literal("REVOKE {owner} FROM {login}", owner=names.owner, login=login))
    return tuple(statements)


def end_sessions(login: str) -> Any:
    """Whoever is still logged in is put out: a session outlives the right to log in."""
    return literal("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {login_text}", login_text=login)


def _by_identity(server: Server, names: Names, login: str) -> list[Any]:
    if login != names.identity or RDS_IAM in _memberships(server, login):
        return []
    return [_grant(server, RDS_IAM, login)]


def _memberships(server: Server, name: str) -> tuple[str, ...]:
    role = server.role(name)
    return role.member_of if role else ()


def _grant(server: Server, role: str, member: str) -> Any:
    options = " WITH INHERIT TRUE, SET TRUE" if server.version >= _SETTABLE else ""
    return literal("GRANT {role} TO {member}" + options, role=role, member=member)


def _comment(names: Names, role: str) -> Any:
    return literal("COMMENT ON ROLE {role} IS {comment_text}", role=role, comment_text=names.comment(role))


def _set(login: str, database: str, name: str, value: str) -> Any:
    # A list (search_path) is stored as it was written, quotes included; as one literal it would become one odd name.
    parts = [part.strip().strip('"') for part in value.split(",")] if name == "search_path" else [value]
    listed = ", ".join(f"{{value{number}_text}}" for number in range(len(parts)))
    values = {f"value{number}_text": part for number, part in enumerate(parts)}
    return literal("ALTER ROLE {login} IN DATABASE {db} SET {name} = " + listed, login=login, db=database, name=name, **values)
