# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MySQL and MariaDB credentials by two logins that take turns.

The administrator needs no SUPER (docs/rotation.md has the statements). A password is never in SQL: the server is given a
hash that was made here. The servers know no transaction for accounts, so every statement of step 2 can be said again, and
the password is set by the last one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from ...capability import Plan
from ...errors import Conflict, Denied
from ...scrubber import Secrets
from ..model import Document, register, to_text
from ..mysql_hashes import CACHING_SHA2, NATIVE
from . import Traits
from . import mysql_accounts as accounts
from . import mysql_statements as statements
from .database_login import Address, login_of, new_password, place_of
from .mysql_catalog import observe, sessions, users
from .mysql_session import Flavour, ask, end, flavour_of, literal, release, session, use

ENGINE = "mysql"


@contextlib.contextmanager
def hold(administrator: Callable[[], contextlib.AbstractContextManager[Any]], name: str, server: str) -> Iterator[None]:
    """A named lock for one rotation of a secret, which the server drops with the connection."""
    # At most 64 characters.
    lock = f"goldenpath:{hashlib.sha256(name.encode()).hexdigest()[:48]}"
    with administrator() as connection:
        if ask(connection, f"SELECT GET_LOCK({literal(lock)}, 0)") != ((1,),):
            raise Conflict(
                f"The secret {name} is being rotated by another run",
                f"it holds the lock on {server}",
                "Nothing was changed; run again when it has ended.",
            )
        yield
        release(connection, lock)


@dataclasses.dataclass(frozen=True)
class Door:
    """The way to one app's database: what both kinds of logins ask of it. `administrator` is (user, password)."""

    names: accounts.Names
    address: Address
    administrator: tuple[str, str] = dataclasses.field(repr=False)
    secrets: Secrets = dataclasses.field(repr=False)
    random_bytes: Callable[[int], bytes] = dataclasses.field(repr=False)
    # Sessions of our own, which the server may list for a moment after they were closed.
    own: set[int] = dataclasses.field(default_factory=set, repr=False)

    def object_of(self, document: Document) -> str:
        """See `Issuer`."""
        return f"mysql:login/{document.get('username', '')}"

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`: each password with every login of the app's past that it opens."""
        if not values:
            return ()
        server, place = self.observed(""), place_of(self.address, ENGINE)
        logins = accounts.former_logins(server, self.names)
        documents = [{**place, "username": login, "password": password} for login in logins for password in values]

        def opens(document: Document) -> bool:
            # Trying every password on every login could lock them (FAILED_LOGIN_ATTEMPTS): only where the hash does not tell.
            kept = server.keeps(document["username"], document["password"])
            return self.accepts(document) if kept is None else kept

        return tuple(document for document in documents if opens(document))

    def exclusive(self, name: str) -> contextlib.AbstractContextManager[None]:
        """See `Issuer`."""
        return hold(self.connected, name, self.address.words())

    def made(self, outline: Document) -> Document:
        """The document of an outline with a new password."""
        document = {**outline, "password": new_password(self.random_bytes)}
        register(self.secrets, to_text(document), document)
        return document

    def identified(self, server: accounts.Server, plugin: str, password: str) -> str:
        """`IDENTIFIED ...` with a hash of the password, which is kept secret too: an error may quote the statement."""
        clause = statements.identified(server, plugin, password, self.random_bytes)
        self.secrets.register(clause.rpartition(" ")[2].strip("'").removeprefix("0x"))
        return clause

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: by a login, which must succeed or be refused; anything else is no answer.

        A refusal alone shows nothing: the account may be for other hosts, or demand a client certificate. So what the server
        keeps is compared, too.
        """
        if self.tried(document):
            return True
        login = document["username"]
        server = self.observed(login)
        kept = server.keeps(login, document.get("password", ""))
        if kept is None:
            server.demand_tried(login)
        return bool(kept)

    def tried(self, document: Document) -> bool:
        """Whether the server lets this credential in from here."""
        return lets_in(self.address, document, self.own)

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: from the server's list of sessions."""
        with self.connected() as connection:
            return users(connection, old["username"], frozenset(self.own))

    def observed(self, current: str) -> accounts.Server:
        """The server now."""
        with self.connected() as connection:
            return observe(connection, self.names, current)

    def connected(self) -> contextlib.AbstractContextManager[Any]:
        """A session of the administrator's."""
        return session(self.address, *self.administrator)


@dataclasses.dataclass(frozen=True)
class MySQL(Door):
    """The issuer for one app's database."""

    @property
    def traits(self) -> Traits:
        """See `Issuer`: the list of sessions tells who is in."""
        return Traits(logs_in=True, tells_users=True, takes_turns=True)

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`."""
        login = self.names.next_login((current or {}).get("username", ""))
        return {**place_of(self.address, ENGINE), "username": login}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        user = (current or {}).get("username", "")
        server = self.observed(user)
        leaving = () if retire is None else self._to_retire(server, wanted, retire)
        return accounts.plan(server, self.names, user, wanted["username"], fresh, leaving, fresh and self._is_ours(wanted))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: logins of ours, as documents without a password."""
        user = (current or {}).get("username", "")
        server = self.observed(user)
        listed = {document["username"] for document in known} | {user}
        place = place_of(self.address, ENGINE)
        before = self._former_login(former() or {}) if user in self.names.logins else ""
        logins = dict.fromkeys((*self.names.logins, *([before] if before else [])))
        return tuple({**place, "username": login} for login in logins if login not in listed and server.is_open(login))

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`. Nothing is sent to the server yet."""
        return self.made(self.outline(current))

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: the password is set last, so a login that is accepted has all its rights."""
        login = login_of(self.address, pending)
        if login not in self.names.logins or self.accepts(pending):
            return
        user = (current or {}).get("username", "")
        with self.connected() as connection:
            server = observe(connection, self.names, user)
            self._refuse(server, user, pending)
            plugin = statements.plugin_for(server, user)
            hashed = self.identified(server, plugin, pending["password"])
            for statement in statements.make_login(server, self.names, login, user, hashed):
                ask(connection, statement)

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: logs in to the database, and lacks nothing that the current login may do."""
        login = login_of(self.address, pending)
        with session(self.address, login, pending["password"]) as connection:
            self.own.add(connection.thread_id())
            use(connection, self.address, login)
        user = (current or {}).get("username", "")
        self._refuse(self.observed(user), user, pending)

    def mend(self, current: Document) -> None:
        """A current login that somebody locked is let in again; the password stays."""
        login = login_of(self.address, current)
        if login not in self.names.logins:
            return
        with self.connected() as connection:
            if not observe(connection, self.names, login).is_open(login):
                ask(connection, statements.unlock(accounts.Account(login)))

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`: locked, with a password that nobody knows, and nobody who is still in."""
        with self.connected() as connection:
            server = observe(connection, self.names, current["username"])
            for login in self._to_retire(server, current, old):
                for refusal in accounts.untouchable(server, self.names, login):
                    raise Conflict(refusal.what, refusal.why, refusal.next_step)
                self._lock(connection, server, login)
                end_sessions(connection, login)

    def _lock(self, connection: Any, server: accounts.Server, login: str) -> None:
        for one in server.of(login):
            if one.locked:
                continue
            unknown = self.secrets.register(new_password(self.random_bytes))
            can = one.plugin == NATIVE or (one.plugin == CACHING_SHA2 and server.flavour.engine == "mysql")
            hashed = self.identified(server, one.plugin, unknown) if can else ""
            for statement in statements.retire(one, hashed):
                ask(connection, statement)

    def _former_login(self, former: Document) -> str:
        try:
            return login_of(self.address, former) if former else ""
        except Conflict:
            return ""

    def _is_ours(self, wanted: Document) -> bool:
        # A run that was killed has made it; the store holds its password as pending.
        return bool(wanted.get("password")) and self.accepts(wanted)

    def _to_retire(self, server: accounts.Server, current: Document, old: tuple[Document, ...]) -> tuple[str, ...]:
        # Of the two that take turns only the current one is open.
        logins = dict.fromkeys((*(document["username"] for document in old), *self.names.logins))
        return tuple(login for login in logins if login != current["username"] and server.of(login))

    def _refuse(self, server: accounts.Server, current: str, pending: Document) -> None:
        plans = accounts.plan(server, self.names, current, pending["username"], True, (), self._is_ours(pending))
        for refusal in (refusal for plan in plans for refusal in plan.refusals):
            raise Conflict(refusal.what, refusal.why, refusal.next_step)


def flavour(address: Address, administrator: tuple[str, str]) -> Flavour:
    """Which server it is. Invalid for one that is too old."""
    with session(address, *administrator) as connection:
        return flavour_of(str(ask(connection, "SELECT VERSION()")[0][0]))


def end_sessions(connection: Any, login: str) -> None:
    """Whoever is still logged in is put out: a session outlives the right to log in."""
    for number, _host in sessions(connection, login):
        end(connection, number)


def lets_in(address: Address, document: Document, own: set[int]) -> bool:
    """Whether the server lets a document in; the session's number is added to `own`."""
    user = login_of(address, document)
    try:
        with session(address, user, document.get("password", "")) as connection:
            own.add(connection.thread_id())
    except Denied:
        return False
    return True
