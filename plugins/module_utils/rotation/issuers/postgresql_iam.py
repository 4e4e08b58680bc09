# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PostgreSQL on Amazon RDS without a password: the app logs in with a token that IAM signs for fifteen minutes.

The stored document says where the database is and as whom to log in, and nothing that could leak. The way there from a
password is an ordinary rotation, and so is the way back: the logins that take turns are retired when nobody is seen with
them. Who may sign for the login is in the policy of the app's IAM role (`rds-db:connect`), which the supply chain's room keeps.

Source: Amazon RDS User Guide, "IAM database authentication for MariaDB, MySQL, and PostgreSQL" (`GRANT rds_iam TO ...`).
"""

from __future__ import annotations

import dataclasses

from ...errors import Conflict
from ..model import Document
from . import Traits
from .database_login import login_of, place_of
from .postgresql import PostgreSQL
from .postgresql_roles import RDS_IAM
from .postgresql_session import ENGINE, lets_in


@dataclasses.dataclass(frozen=True)
class IamLogin(PostgreSQL):
    """The issuer for the login of an app that has no password."""

    @property
    def traits(self) -> Traits:
        """See `Issuer`."""
        return Traits(logs_in=True, tells_users=True, keyless=True)

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: that is all of the document."""
        return {**place_of(self.address, ENGINE), "username": self.names.identity}

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`: there is nothing to make."""
        return self.outline(current)

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`. Nobody but the app may sign for its login, so what lets it in is read instead of tried."""
        if not self.accepts(pending):
            raise Conflict(
                f"The login {pending.get('username', '')}", f"it may not log in as a member of {RDS_IAM}", "Run again."
            )
        user = (current or {}).get("username", "")
        self._refuse(self._observed(user), user, login_of(self.address, pending))

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: the login without a password by what the server says of it, every other one by a login."""
        login = login_of(self.address, document)
        if login != self.names.identity or document.get("password"):
            return lets_in(self.address, document)
        role = self._observed(login).role(login)
        return role is not None and role.login and RDS_IAM in role.member_of

    def _verifier(self, document: Document) -> str:
        return ""
