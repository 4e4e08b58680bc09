# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The profile's MySQL or MariaDB server: whether its administrator may rotate logins there. Reads only."""

from __future__ import annotations

import dataclasses

from ..errors import Denied
from ..profile import MysqlServer
from ..rotation.issuers.database_login import Address, read_password
from ..rotation.issuers.mysql_catalog import own_rights
from ..rotation.issuers.mysql_grants import Right, missing
from ..rotation.issuers.mysql_session import ask, flavour_of, session
from ..scrubber import Secrets
from .rows import COULD_NOT_TELL, NO, YES, Row

PART = "MySQL"


def ask_mysql(server: MysqlServer, secrets: Secrets) -> tuple[Row, ...]:
    """The server's row. What a role gives the administrator is not looked into: then it could not be told."""
    password = secrets.register(read_password(server.password_file)) if server.password_file else ""
    address = Address(server.host, server.port, "", server.sslmode, server.sslrootcert)
    with session(address, server.admin_user, password) as connection:
        version = str(ask(connection, "SELECT VERSION()")[0][0])
        mine = own_rights(connection)
    engine = flavour_of(version).engine
    row = Row(PART, f"{server.host}:{server.port}", YES, YES, version, f"{server.admin_user} may make logins")
    lacking = missing(needed(engine), mine)
    if not lacking:
        return (row,)
    if any(not right.database for right in mine):
        return (dataclasses.replace(row, permitted=COULD_NOT_TELL, note="it has rights by a role"),)
    problem = Denied(
        f"The login {server.admin_user} at {server.host}:{server.port} may not rotate logins",
        f"it lacks {', '.join(right.words() for right in lacking)}",
        "Grant them to it as an administrator (docs/rotation.md has the statements).",
    )
    return (dataclasses.replace(row, permitted=NO, note="", problem=problem),)


def needed(engine: str) -> tuple[Right, ...]:
    """What rotation asks of the server as a whole; each app's database comes on top."""
    ends = "CONNECTION ADMIN" if engine == "mariadb" else "CONNECTION_ADMIN"
    return (*(Right(one, "*") for one in ("CREATE USER", "PROCESS", ends)), Right("SELECT", "mysql"))
