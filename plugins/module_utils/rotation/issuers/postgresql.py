# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PostgreSQL credentials by two logins that take turns.

The administrator needs no superuser: CREATEROLE, and ADMIN OPTION on the login as found (docs/rotation.md has the
statements). A password is never in SQL: the server is given a SCRAM-SHA-256 verifier that was made here.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from ...capability import Plan
from ...errors import Conflict
from ...scrubber import Secrets
from .. import scram
from ..model import Document, register, to_text
from . import Traits
from . import postgresql_roles as roles
from . import postgresql_statements as statements
from .database_login import Address, login_of, new_password, place_of
from .postgresql_catalog import observe, users
from .postgresql_session import APPLICATION, ENGINE, PASSWORD, lets_in, session


@contextlib.contextmanager
def hold(administrator: Callable[[], contextlib.AbstractContextManager[Any]], name: str, database: str) -> Iterator[None]:
    """An advisory lock for one rotation of a secret, which the server drops with the connection."""
    with administrator() as connection:
        statement = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        (held,) = connection.execute(statement, (f"{roles.MARK}{name}",)).fetchone()
        if not held:
            raise Conflict(
                f"The secret {name} is being rotated by another run",
                f"it holds the lock in database {database}",
                "Nothing was changed; run again when it has ended.",
            )
        yield


@dataclasses.dataclass(frozen=True)
class PostgreSQL:
    """The issuer for one app's database. `administrator` is (user, password)."""

    names: roles.Names
    address: Address
    administrator: tuple[str, str] = dataclasses.field(repr=False)
    secrets: Secrets = dataclasses.field(repr=False)
    random_bytes: Callable[[int], bytes] = dataclasses.field(repr=False)

    @property
    def traits(self) -> Traits:
        """See `Issuer`: pg_stat_activity tells who is in."""
        return Traits(logs_in=True, tells_users=True, takes_turns=True, mark=PASSWORD)

    def object_of(self, document: Document) -> str:
        """See `Issuer`."""
        return f"postgresql:login/{document.get('username', '')}"

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`."""
        user = (current or {}).get("username", "")
        login = self.names.next_login(user) if user in self.names.logins else self._unused_login()
        return {**place_of(self.address, ENGINE), "username": login}

    def _unused_login(self) -> str:
        # The store knows neither of the two; an app that got its login from another store may run with one of them all the same.
        with self._administrator() as connection:
            server = observe(connection, self.names, "")
            return roles.unused_login(server, self.names, lambda login: bool(users(connection, login, APPLICATION)))

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        user = (current or {}).get("username", "")
        server = self._observed(user)
        leaving = () if retire is None else self._to_retire(server, wanted, retire)
        return roles.plan(server, self.names, user, wanted["username"], fresh, leaving)

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`: each password with every login of the app's past that it opens."""
        if not values:
            return ()
        logins = [role.name for role in roles.former_logins(self._observed(""), self.names)]
        place = place_of(self.address, ENGINE)
        documents = [{**place, "username": login, "password": password} for login in logins for password in values]
        return tuple(document for document in documents if self.accepts(document))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: logins of ours, or retired by us, as documents without a password."""
        user = (current or {}).get("username", "")
        server = self._observed(user)
        listed = {document["username"] for document in known} | {user}
        place = place_of(self.address, ENGINE)
        logins = self._to_retire(server, {"username": user}, ())
        return tuple({**place, "username": login} for login in logins if login not in listed and _is_open(server, login))

    def exclusive(self, name: str) -> contextlib.AbstractContextManager[None]:
        """See `Issuer`."""
        return hold(self._administrator, name, self.address.database)

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`. Nothing is sent to the server yet."""
        document = {**self.outline(current), PASSWORD: new_password(self.random_bytes)}
        register(self.secrets, to_text(document), document)
        return document

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: everything in one transaction, so that the server has it or has not."""
        login = login_of(self.address, pending)
        # Accepted already: a run was killed after its transaction, which holds all of this step.
        if login not in self.names.logins or self.accepts(pending):
            return
        user = (current or {}).get("username", "")
        with self._administrator() as connection, connection.transaction():
            server = observe(connection, self.names, user)
            self._refuse(server, user, login)
            verifier = self._verifier(pending)
            for statement in statements.take_over(server, self.names):
                connection.execute(statement)
            for statement in statements.make_login(server, self.names, login, user, verifier):
                connection.execute(statement)

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: logs in, acts as the owner role, and lacks nothing that the current login may do."""
        login = login_of(self.address, pending)
        with session(self.address, login, pending["password"]) as connection:
            (acts_as,) = connection.execute("SELECT current_user::text").fetchone()
        if login in self.names.logins and acts_as != self.names.owner:
            raise Conflict(f"The login {login} acts as {acts_as}", f"it should act as {self.names.owner}", "Run again.")
        user = (current or {}).get("username", "")
        self._refuse(self._observed(user), user, login)

    def mend(self, current: Document) -> None:
        """What was changed by hand on the owner role and the current login is put back; the password stays."""
        login = login_of(self.address, current)
        if login not in self.names.logins:
            return
        with self._administrator() as connection, connection.transaction():
            server = observe(connection, self.names, login)
            todo = (*statements.take_over(server, self.names), *statements.mend_login(server, self.names, login))
            for statement in todo:
                connection.execute(statement)

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: by a login, which must succeed or be refused; anything else is no answer."""
        return lets_in(self.address, document)

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: from pg_stat_activity; without pg_read_all_stats only the login's name is known of others."""
        with self._administrator() as connection:
            return users(connection, old["username"], APPLICATION)

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`: no login, no password, and nobody who is still in."""
        with self._administrator() as connection:
            server = observe(connection, self.names, current["username"])
            for login in self._to_retire(server, current, old):
                if not _is_open(server, login):
                    continue
                with connection.transaction():
                    for statement in statements.retire(server, self.names, login):
                        connection.execute(statement)
                connection.execute(statements.end_sessions(login))

    def _verifier(self, document: Document) -> str:
        return scram.verifier(document["password"], self.random_bytes(scram.SALT_BYTES))

    def _to_retire(self, server: roles.Server, current: Document, old: tuple[Document, ...]) -> tuple[str, ...]:
        # Whoever was retired once stays retired, and of the two that take turns only the current one is open.
        retired = [role.name for role in server.roles if role.comment == self.names.comment("")]
        logins = dict.fromkeys((*(document["username"] for document in old), *self.names.logins, *retired))
        return tuple(login for login in logins if login != current["username"] and server.role(login))

    def _refuse(self, server: roles.Server, current: str, login: str) -> None:
        for plan in roles.plan(server, self.names, current, login, True, ()):
            for refusal in plan.refusals:
                raise Conflict(refusal.what, refusal.why, refusal.next_step)

    def _observed(self, current: str) -> roles.Server:
        with self._administrator() as connection:
            return observe(connection, self.names, current)

    def _administrator(self) -> contextlib.AbstractContextManager[Any]:
        return session(self.address, *self.administrator)


def _is_open(server: roles.Server, login: str) -> bool:
    role = server.role(login)
    return role is not None and role.login
