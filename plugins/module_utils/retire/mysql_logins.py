# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app's logins to MySQL or MariaDB: named, not closed, for no account there says whose it is (MariaDB keeps no comment)."""

from __future__ import annotations

from ..profile import MysqlServer
from ..rotation.issuers.database_login import Address, read_password
from ..rotation.issuers.mysql_accounts import ANYWHERE, Names
from ..rotation.issuers.mysql_catalog import observe
from ..rotation.issuers.mysql_session import account, session
from ..scrubber import Secrets
from .model import Area, Kept


def area_of(server: MysqlServer, secrets: Secrets, app: str) -> Area:
    """What stays: each open login that is named as ours would be, with the statement that closes it."""
    names = Names(app.replace("-", "_"), app.replace("-", "_"))
    password = secrets.register(read_password(server.password_file)) if server.password_file else ""
    address = Address(server.host, server.port, "", server.sslmode, server.sslrootcert)
    with session(address, server.admin_user, password) as connection:
        seen = observe(connection, names, "")
    logins = [login for login in (*names.logins, names.app) if seen.is_open(login)]
    return Area(kept=tuple(Kept(f"mysql:login/{login}", _why(login)) for login in logins))


def _why(login: str) -> str:
    close = f"ALTER USER {account(login, ANYWHERE)} ACCOUNT LOCK"
    return f"it is open, and nothing on the server says whose it is; if it is the app's: {close}"
