# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Static roles of OpenBao's (and HashiCorp Vault's) database secrets engine: it changes one login's password, we carry it.

Nobody here holds a right on the database. The engine keeps one password for the login, so the former one is refused from
step 1 on; the engine also changes it by its own schedule. Hence two rules: a password of the engine's that the store does
not hold is taken before another is asked for (a killed run made it, or the schedule), and a pending value that the engine
has replaced is given up.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from ...capability import Change, Plan
from ...errors import Denied, Invalid
from ...scrubber import Secrets
from ..controls import DATABASE_LOGIN
from ..model import Document, register, to_text
from . import ONLY_ONE, Lost, Traits
from .database_login import Address, place_of
from .openbao_engine import Engine
from .postgresql_session import ENGINE, PASSWORD, lets_in


@dataclasses.dataclass(frozen=True)
class StaticRole:
    """The issuer for one static role. `address` is the database that its login opens."""

    engine: Engine
    role: str
    address: Address
    secrets: Secrets = dataclasses.field(repr=False)

    @property
    def traits(self) -> Traits:
        """See `Issuer`."""
        return Traits(logs_in=True, one_login=True, replaces_itself=True, takes=False, mark=PASSWORD, made_by_target=True)

    def object_of(self, document: Document) -> str:
        """See `Issuer`."""
        return f"openbao:{self.engine.mount}/static-roles/{self.role}"

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`."""
        if not values:
            return ()
        outline = self.outline(None)
        documents = tuple({**outline, "password": value} for value in values)
        return tuple(document for document in documents if self.accepts(document))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: one login has one password."""
        return ()

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: the engine says which login it is."""
        return {**place_of(self.address, ENGINE), "username": self._credential()["username"]}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        before = {"login": wanted.get("username", ""), "password": "the present one"}
        after = {**before, "password": ONLY_ONE} if fresh else before
        changes = (Change("update", "password", before["password"], ONLY_ONE, DATABASE_LOGIN),) if fresh else ()
        return (Plan(self.object_of({}), before, after, changes, (), (DATABASE_LOGIN,)),)

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """See `Issuer`: the engine has one password; of two runs that take it, the store lets one make the version."""
        yield

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`."""
        credential = self._credential()
        if current is not None and credential["password"] == current.get("password"):
            self.engine.call("POST", f"rotate-role/{self.role}")
            credential = self._credential()
        document = {**place_of(self.address, ENGINE), **credential}
        register(self.secrets, to_text(document), document)
        return document

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: the engine has set it already."""
        if self._credential()["password"] != pending.get("password"):
            raise Lost(self.object_of({}), "the engine has replaced the pending password", "Run again.")

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`."""
        if not self.accepts(pending):
            raise Denied(
                f"Log in to PostgreSQL {self.address.words()} as {pending.get('username', '')}",
                f"the password of {self.object_of({})} is refused",
                "Look whether the engine's connection (its db_name) is the database of the catalog.",
            )

    def mend(self, current: Document) -> None:
        """See `Issuer`: the role is the engine's."""

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: by a login."""
        return lets_in(self.address, document)

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: the former password opens nothing, whoever holds it."""
        return ()

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`: it was refused from step 1 on."""

    def _credential(self) -> dict[str, str]:
        data = (self.engine.call("GET", f"static-creds/{self.role}") or {}).get("data") or {}
        username, password = str(data.get("username", "")), self.secrets.register(str(data.get("password", "")))
        if not (username and password):
            raise Invalid(self.object_of({}), "the engine answers with no username and password", "Is it a static role?")
        return {"username": username, "password": password}
