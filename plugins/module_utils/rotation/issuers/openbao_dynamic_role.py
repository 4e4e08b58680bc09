# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dynamic roles of OpenBao's (and HashiCorp Vault's) database secrets engine: it makes a login for a while, we carry it.

Nobody here holds a right on the database. Each rotation takes a login of its own with a lease, so the former and the new one
work beside each other; retiring one is revoking its lease, which drops the login. A lease ends by itself, so a new one is
taken in its second half at the latest: whoever runs this on a schedule has the first half as the longest pause.

A lease that the store does not hold (a run was killed before it could write it down, or an answer was lost) is found in the
engine's list, and revoked with the others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Iterator
from typing import Final

from ...capability import Change, Plan
from ...errors import Conflict, Denied, Invalid, MicroappsError, NotFound
from ...scrubber import Secrets
from ..controls import DATABASE_LOGIN
from ..model import REPLACE_AFTER, Document, register, to_text
from . import Lost, Traits
from .database_login import Address, login_of, place_of
from .openbao_engine import Engine
from .postgresql_session import ENGINE, lets_in, session

LEASE: Final = "lease_id"
# A lease that is shorter than this is over before the next run of most schedules.
SHORTEST: Final = datetime.timedelta(hours=1)


@dataclasses.dataclass(frozen=True)
class DynamicRole:
    """The issuer for one dynamic role. `address` is the database that its logins open."""

    engine: Engine
    role: str
    address: Address
    secrets: Secrets = dataclasses.field(repr=False)
    now: Callable[[], datetime.datetime] = dataclasses.field(repr=False)

    @property
    def traits(self) -> Traits:
        """See `Issuer`."""
        return Traits(replaces_itself=True, locks=False, takes=False, mark=LEASE, made_by_target=True)

    def object_of(self, document: Document) -> str:
        """See `Issuer`: a lease by its last part, a login that the engine did not make by its name."""
        if document and LEASE not in document:
            return f"postgresql:login/{document.get('username', '')}"
        name = document.get(LEASE, "").rpartition("/")[2]
        return f"openbao:{self._prefix}" + (f"/{name}" if name else "")

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`: the login is named after the app's database, for the engine knows no other."""
        outline = {**self.outline(None), "username": self.address.database}
        documents = tuple({**outline, "password": value} for value in values)
        return tuple(document for document in documents if self.accepts(document))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: the engine's list of this role's leases, and a login with a password that the app had before."""
        before = former() or {}
        staying = current if current is not None and before is not current else {}
        named = {document.get(LEASE, "") for document in (*known, staying)}
        leases = tuple({**self.outline(None), LEASE: lease} for lease in self._leases() if lease not in named)
        own = "password" in before and LEASE not in before and before not in known and self.accepts(before)
        return (*leases, before) if own else leases

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: the engine names the login when it makes it."""
        return place_of(self.address, ENGINE)

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        before = {"lease": "the present one"}
        after = {"lease": "a new one"} if fresh else before
        changes = (Change("update", "lease", before["lease"], after["lease"], DATABASE_LOGIN),) if fresh else ()
        role = Plan(self.object_of({}), before, after, changes, (), (DATABASE_LOGIN,))
        leaving = (self.object_of(document) for document in retire or () if LEASE in document)
        gone = (Change("delete", control=DATABASE_LOGIN),)
        return (role, *(Plan(name, {"lease": "valid"}, None, gone, (), (DATABASE_LOGIN,)) for name in leaving))

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """See `Issuer`: of two runs that take a lease, the store lets one make the version; the other's is in the list."""
        yield

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`."""
        answer = self.engine.call("GET", f"creds/{self.role}") or {}
        data, lease = answer.get("data") or {}, str(answer.get(LEASE, ""))
        username, password = str(data.get("username", "")), self.secrets.register(str(data.get("password", "")))
        if not (username and password and lease):
            raise Invalid(self.object_of({}), "the engine answers with no login and lease", "Is it a dynamic role?")
        lasting = datetime.timedelta(seconds=int(answer.get("lease_duration") or 0))
        if lasting < SHORTEST:
            self._revoke(lease)
            raise Invalid(self.object_of({}), f"its leases last {lasting}", "Set its default_ttl to an hour or more.")
        self._expect_as_long_a_token(lasting, lease)
        later = self.now() + lasting / 2
        document = {
            **self.outline(None),
            "username": username,
            "password": password,
            LEASE: lease,
            REPLACE_AFTER: later.isoformat(timespec="seconds"),
        }
        register(self.secrets, to_text(document), document)
        return document

    def _expect_as_long_a_token(self, lasting: datetime.timedelta, lease: str) -> None:
        """A lease ends with the token that it was taken with, whatever it says of itself: the app would lose its login unseen."""
        try:
            left = self.engine.server.seconds_left()
        except MicroappsError:
            self._revoke(lease)
            raise
        if left is not None and left < lasting.total_seconds():
            self._revoke(lease)
            raise Invalid(
                self.object_of({}),
                f"its leases last {lasting}, and would end with our token in {datetime.timedelta(seconds=left)}",
                "Let the token last longer than the leases (token_ttl of the login's role), or let them be shorter.",
            )

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: the engine has made it already."""

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: it lets in, and nothing that it makes will be its own."""
        login = login_of(self.address, pending)
        try:
            with session(self.address, login, pending["password"]) as connection:
                (acts_as,) = connection.execute("SELECT current_user::text").fetchone()
        except Denied as error:
            # One that a killed run left has ended since: another one is made. Once, if it is the database that refuses.
            if pending.get(LEASE, "") in self._leases():
                self._revoke(pending[LEASE])
            raise Lost(error.what, error.why, "See why the database refuses what the engine makes, and run again.") from None
        if acts_as == login:
            raise Conflict(
                f"The login that {self.object_of({})} makes acts as itself",
                "what it creates would be its own, and it could not be dropped with its lease",
                "Add to the role's creation_statements: ALTER ROLE ... SET role = '<app>_owner' (docs/rotation.md).",
            )

    def mend(self, current: Document) -> None:
        """See `Issuer`: the role is the engine's."""

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: by a login; where only the lease is known, by the engine's list."""
        if "password" not in document:
            return document.get(LEASE, "") in self._leases()
        return lets_in(self.address, document)

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: the engine does not tell."""
        return ()

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`. A lease that has ended already is in no list."""
        ending = {document.get(LEASE, "") for document in old} - {current.get(LEASE, "")}
        for lease in self._leases():
            if lease in ending:
                self._revoke(lease)

    @property
    def _prefix(self) -> str:
        return f"{self.engine.mount}/creds/{self.role}"

    def _leases(self) -> tuple[str, ...]:
        try:
            answer = self.engine.ask("LIST", f"sys/leases/lookup/{self._prefix}/")
        except NotFound:
            return ()
        return tuple(f"{self._prefix}/{key}" for key in ((answer or {}).get("data") or {}).get("keys") or ())

    def _revoke(self, lease: str) -> None:
        try:
            # In the path, so that a policy can allow the leases of this role alone.
            self.engine.ask("PUT", f"sys/leases/revoke/{lease}", {"sync": True})
        except Denied as error:
            raise Denied(f"Revoke the lease {lease}", error.why, error.next_step) from None
