# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PostgreSQL with the one login that an app has, for apps that cannot take a second one: its password is changed.

One login has one password, so there is a moment without overlap: from step 2 on the server refuses the former password,
and the app has the new one only when it was switched over. Connections that are open stay open, unless the former
password is known to others. Everything else (rights, ownership, settings) stays as it is. Needs CREATEROLE and ADMIN
OPTION on the login.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

from ...capability import Change, Plan, Refusal
from ...errors import Conflict
from ...scrubber import Secrets
from .. import scram
from ..controls import DATABASE_LOGIN
from ..model import Document, register, to_text
from . import ONLY_ONE, Traits, password_told
from . import postgresql_roles as roles
from . import postgresql_statements as statements
from .database_login import Address, login_of, new_password, place_of
from .postgresql import hold
from .postgresql_catalog import observe, users
from .postgresql_session import APPLICATION, ENGINE, PASSWORD, lets_in, literal, session


@dataclasses.dataclass(frozen=True)
class SingleUser:
    """The issuer for the one login of an app's database. With `at_once`, sessions of the former password are ended."""

    names: roles.Names
    address: Address
    administrator: tuple[str, str] = dataclasses.field(repr=False)
    secrets: Secrets = dataclasses.field(repr=False)
    random_bytes: Callable[[int], bytes] = dataclasses.field(repr=False)
    at_once: bool

    @property
    def traits(self) -> Traits:
        """See `Issuer`."""
        return Traits(logs_in=True, one_login=True, mark=PASSWORD)

    def object_of(self, document: Document) -> str:
        """See `Issuer`."""
        return f"postgresql:login/{document.get('username', '')}"

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`: each password with every login of the app that it opens."""
        if not values:
            return ()
        logins = [role.name for role in roles.former_logins(self._observed(""), self.names)]
        documents = [
            {**place_of(self.address, ENGINE), "username": login, "password": word} for login in logins for word in values
        ]
        return tuple(document for document in documents if self.accepts(document))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: one login has one password."""
        return ()

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: the login that the app has; it is named after the app where the store and the code name none."""
        return {**place_of(self.address, ENGINE), "username": (current or {}).get("username", "") or self.names.app}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        login = wanted["username"]
        before = {"password": "the present one", "sessions": "as they are"}
        after = dict(before)
        if fresh:
            after = {"password": ONLY_ONE, "sessions": "ended" if self.at_once else before["sessions"]}
        if fresh and wanted == current:
            before["password"], after["password"] = password_told(True)
        changes = tuple(
            Change("update", field, before[field], after[field], DATABASE_LOGIN)
            for field in before
            if before[field] != after[field]
        )
        refusals = self._refusals(self._observed(login), login) if fresh else ()
        return (Plan(self.object_of(wanted), before, after, changes, refusals, (DATABASE_LOGIN,)),)

    def exclusive(self, name: str) -> contextlib.AbstractContextManager[None]:
        """See `Issuer`."""
        return hold(self._administrator, name, self.address.database)

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`. Nothing is sent to the server yet."""
        document = {**self.outline(current), "password": new_password(self.random_bytes)}
        register(self.secrets, to_text(document), document)
        return document

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`, but for this: the former password is refused from here on. Repeated, it ends the sessions again."""
        login = login_of(self.address, pending)
        with self._administrator() as connection:
            if not self.accepts(pending):
                for refusal in self._refusals(observe(connection, self.names, login), login):
                    raise Conflict(refusal.what, refusal.why, refusal.next_step)
                verifier = scram.verifier(pending["password"], self.random_bytes(scram.SALT_BYTES))
                statement = "ALTER ROLE {login} LOGIN PASSWORD {verifier_text}"
                connection.execute(literal(statement, login=login, verifier_text=verifier))
            if self.at_once:
                connection.execute(statements.end_sessions(login))

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: it is the same login, so it may do the same."""
        with session(self.address, login_of(self.address, pending), pending["password"]) as connection:
            connection.execute("SELECT 1")

    def mend(self, current: Document) -> None:
        """See `Issuer`: what the login may do is not ours."""

    def accepts(self, document: Document) -> bool:
        """See `Issuer`."""
        return lets_in(self.address, document)

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: whoever is in under this login, with whichever password."""
        with self._administrator() as connection:
            return users(connection, old["username"], APPLICATION)

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`: it was refused from step 2 on."""

    def _refusals(self, server: roles.Server, login: str) -> tuple[Refusal, ...]:
        role = server.role(login)
        if role is None:
            return (
                Refusal(
                    f"The login {login} is not there",
                    "a single login is changed, not made",
                    f"Make it and give it its rights (CREATE ROLE {login} LOGIN), or choose kind postgresql.",
                    DATABASE_LOGIN,
                ),
            )
        if roles.RDS_IAM in role.member_of:
            why = f"it is a member of {roles.RDS_IAM}, so it logs in by tokens alone"
            mend = "Let its kind be aws_rds_iam, or choose kind postgresql, which makes logins of its own."
            return (Refusal(f"The login {login} takes no password", why, mend, DATABASE_LOGIN),)
        theirs = not (role.owns or login in (self.names.app, self.names.database, server.database_owner))
        return (*roles.untouchable(server, role), *((_stranger(role, self.names),) if theirs else ()))

    def _observed(self, current: str) -> roles.Server:
        with self._administrator() as connection:
            return observe(connection, self.names, current)

    def _administrator(self) -> contextlib.AbstractContextManager[Any]:
        return session(self.address, *self.administrator)


def _stranger(role: roles.Role, names: roles.Names) -> Refusal:
    return Refusal(
        f"The login {role.name} is not known to be this app's",
        f"it owns nothing in {names.database} and has another name",
        f"Name it {names.app}, or let it own the app's tables.",
        DATABASE_LOGIN,
    )
