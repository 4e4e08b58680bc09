# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MySQL and MariaDB with the one login that an app has, for apps that cannot take a second one: its password is changed.

MySQL keeps the former password beside the new one until it is told to discard it, so nobody is ever refused. MariaDB has one
password for a login: from step 2 on the former one is refused, and the app has the new one only when it was switched over.
Connections that are open stay open, unless the former password is known to others. Rights stay as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ...capability import Plan, Refusal
from ...errors import Conflict
from ..controls import DATABASE_LOGIN
from ..model import Document
from . import ONLY_ONE, Traits, password_told
from . import mysql_accounts as accounts
from . import mysql_statements as statements
from .database_login import login_of, place_of
from .mysql import ENGINE, Door, end_sessions
from .mysql_catalog import observe
from .mysql_session import ask, session, use

_BESIDE = "a new one, with the former beside it"
_GONE = "the former one is refused"


@dataclasses.dataclass(frozen=True)
class SingleUser(Door):
    """The issuer for the one login of an app's database. `two_passwords`: the server keeps the former one too, until it is
    retired. With `at_once`, sessions of the former password are ended."""

    two_passwords: bool = False
    at_once: bool = False

    @property
    def traits(self) -> Traits:
        """See `Issuer`. No server tells which of two passwords a session came in with."""
        return Traits(logs_in=True, takes_turns=self.two_passwords, one_login=not self.two_passwords)

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: the former password, as a document without one, while the server accepts it too."""
        login = (current or {}).get("username", "")
        if not self.two_passwords or not login or any(document["username"] == login for document in known):
            return ()
        kept = any(one.two_passwords for one in self.observed(login).of(login))
        return ({**place_of(self.address, ENGINE), "username": login},) if kept else ()

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: the login that the app has; it is named after the app where the store and the code name none."""
        return {**place_of(self.address, ENGINE), "username": (current or {}).get("username", "") or self.names.app}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        login = wanted["username"]
        server = self.observed(login)
        kept = any(one.two_passwords for one in server.of(login))
        discards = self.two_passwords and retire is not None and (fresh or kept)
        before: dict[str, Any] = {
            "password": "two, the present one and its former" if kept else "the present one",
            "sessions": "as they are",
        }
        if fresh and server.of(login) and not server.is_open(login):
            before["locked"] = True
        after = {**before, **({"locked": False} if "locked" in before else {})}
        if fresh and wanted == current:
            before["password"], after["password"] = password_told(True)
        elif fresh:
            after["password"] = ONLY_ONE if not self.two_passwords else f"a new one; {_GONE}" if discards else _BESIDE
        elif discards:
            after["password"] = f"the present one; {_GONE}"
        if self.at_once and (discards or (fresh and not self.two_passwords)):
            after["sessions"] = "ended"
        refusals = self._refusals(server, login, current) if fresh else ()
        return (accounts.compared(self.object_of(wanted), before, after, refusals),)

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`. Nothing is sent to the server yet."""
        return self.made(self.outline(current))

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`; with one password the former is refused from here on. Repeated, it ends the sessions again."""
        login = login_of(self.address, pending)
        with self.connected() as connection:
            if not self.accepts(pending):
                self._change(connection, login, pending, current)
            if self.at_once and not self.two_passwords:
                end_sessions(connection, login)

    def _change(self, connection: Any, login: str, pending: Document, current: Document | None) -> None:
        server = observe(connection, self.names, login)
        for refusal in self._refusals(server, login, current):
            raise Conflict(refusal.what, refusal.why, refusal.next_step)
        # What a person set in the place of the current one is no former password: it goes.
        retain = self.two_passwords and pending != current
        for one in server.of(login):
            hashed = self.identified(server, one.plugin, pending["password"])
            ask(connection, statements.change_password(one, hashed, retain, unlock=not server.is_open(login)))

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: it is the same login, so it may do the same."""
        login = login_of(self.address, pending)
        with session(self.address, login, pending["password"]) as connection:
            use(connection, self.address, login)

    def mend(self, current: Document) -> None:
        """See `Issuer`: what the login may do is not ours."""

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`: MySQL discards the former password; elsewhere it was refused from step 2 on."""
        login = login_of(self.address, current)
        if not self.two_passwords:
            return
        with self.connected() as connection:
            server = observe(connection, self.names, login)
            discarding = statements.discard(server.of(login))
            for statement in discarding:
                ask(connection, statement)
            if self.at_once and discarding:
                end_sessions(connection, login)

    def _refusals(self, server: accounts.Server, login: str, current: Document | None) -> tuple[Refusal, ...]:
        if not server.of(login):
            return (
                Refusal(
                    f"The login {login} is not there",
                    "a single login is changed, not made",
                    f"Make it and give it its rights (CREATE USER {login}), or choose kind mysql.",
                    DATABASE_LOGIN,
                ),
            )
        ours = any(right.database == self.names.database for right in server.rights(login))
        theirs = not (ours or login in (self.names.app, self.names.database))
        refusals = [*accounts.untouchable(server, self.names, login), *([self._stranger(login)] if theirs else [])]
        if current is not None and server.keeps(login, current.get("password", "")) and not self.tried(current):
            refusals.append(_untried(login, ", ".join(sorted(account.host for account in server.of(login)))))
        return tuple(refusals)

    def _stranger(self, login: str) -> Refusal:
        return Refusal(
            f"The login {login} is not known to be this app's",
            f"it has no right on {self.names.database} and has another name",
            f"Name it {self.names.app}, or grant it its rights on {self.names.database}.",
            DATABASE_LOGIN,
        )


def _untried(login: str, hosts: str) -> Refusal:
    # A new password that cannot be tried would be set, and never become current.
    why = f"the server lets it in from {hosts} only, or demands a client certificate"
    return Refusal(f"The login {login} cannot be tried from here", why, "Run from there, or choose kind mysql.", DATABASE_LOGIN)
