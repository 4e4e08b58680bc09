# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MySQL's and MariaDB's issuers on a real server, with an administrator who has what docs/rotation.md asks for and no more."""

from __future__ import annotations

import dataclasses
import secrets as random_source
from collections.abc import Callable
from typing import Any

import pymysql
from benches import KEYS, LEAKED, Bench
from mysql_servers import Server

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import mysql_hashes
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import Issuer
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.database_login import Address, new_password
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql import MySQL
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_accounts import Names
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_single import SingleUser
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

# As in docs/rotation.md.
RIGHTS = {
    "mariadb": "CREATE USER, PROCESS, CONNECTION ADMIN",
    "mysql": "CREATE USER, PROCESS, CONNECTION_ADMIN",
}


@dataclasses.dataclass(frozen=True)
class Database:
    """One app's database on a server, and an administrator of it that is not root."""

    app: str
    server: Server
    administrator: tuple[str, str]

    @property
    def pattern(self) -> str:
        """The database as GRANT takes it."""
        return "`" + self.app.replace("_", r"\_") + "`"

    @property
    def address(self) -> Address:
        """For our code."""
        return Address("127.0.0.1", self.server.port, self.app, "verify-full", str(self.server.authority))

    def forget(self) -> None:
        """Nothing of it is left."""
        users = self.server.root("SELECT User, Host FROM mysql.user WHERE User LIKE 'my\\_%' OR User = 'hostile'")
        drops = [f"DROP USER '{user}'@'{host}'" for user, host in users if user.startswith((self.app, "hostile"))]
        self.server.root(f"DROP DATABASE IF EXISTS `{self.app}`", *drops)

    def as_found(self) -> str:
        """A login that may do everything in its database, its password in the code."""
        self.forget()
        self.server.root(
            f"CREATE DATABASE `{self.app}`",
            f"CREATE TABLE `{self.app}`.votes (id int PRIMARY KEY, place text)",
            f"CREATE USER '{self.administrator[0]}'@'%' {self.hashed(self.administrator[1])}",
            f"GRANT {RIGHTS[self.server.engine]} ON *.* TO '{self.administrator[0]}'@'%'",
            f"GRANT SELECT ON mysql.* TO '{self.administrator[0]}'@'%'",
            f"GRANT ALL PRIVILEGES ON {self.pattern}.* TO '{self.administrator[0]}'@'%' WITH GRANT OPTION",
            f"CREATE USER '{self.app}'@'%' {self.hashed(LEAKED)}",
            f"GRANT ALL PRIVILEGES ON {self.pattern}.* TO '{self.app}'@'%'",
        )
        return LEAKED

    def hashed(self, password: str) -> str:
        """By a hash, for the log of all statements is searched for passwords."""
        if self.server.engine == "mariadb":
            return f"IDENTIFIED VIA mysql_native_password USING '{mysql_hashes.native(password)}'"
        made = mysql_hashes.caching_sha2(password, random_source.token_bytes(mysql_hashes.SALT_BYTES))
        return f"IDENTIFIED WITH caching_sha2_password AS 0x{made.hex()}"

    def login(self, user: str, password: str) -> bool:
        """Whether the server lets this login in to the app's database."""
        try:
            self.server.connect(user, password, self.app).close()
        except pymysql.MySQLError as error:
            assert error.args[0] in (1045, 3118, 4151), error
            return False
        return True

    def works(self, document: dict[str, str]) -> bool:
        """Whether the server lets a document in."""
        return self.login(document["username"], document["password"])

    def kept(self) -> str:
        """What the server keeps of the password of the app's one login."""
        return str([kept for user, kept in self.server.root(KEPT[self.server.engine]) if user == self.app])

    def open_logins(self) -> set[str]:
        """The app's accounts that are not locked."""
        rows = self.server.root(LOCKED[self.server.engine])
        mine = {str(user): locked for user, locked in rows if user.startswith(self.app) and user != self.administrator[0]}
        return {user for user, locked in mine.items() if locked not in ("Y", "1", "true")}


# Each server's accounts, and what it keeps of their passwords.
KEPT = {
    "mariadb": "SELECT User, JSON_VALUE(Priv, '$.authentication_string') FROM mysql.global_priv",
    "mysql": "SELECT User, HEX(authentication_string) FROM mysql.user",
}
# Each server's accounts, and whether they are locked.
LOCKED = {
    "mariadb": "SELECT User, JSON_VALUE(Priv, '$.account_locked') FROM mysql.global_priv",
    "mysql": "SELECT User, account_locked FROM mysql.user",
}


Both = tuple[Bench, Database]


def database(server: Server, app: str) -> Database:
    """For an app of that name."""
    return Database(app, server, (f"{app}_rotator", new_password(random_source.token_bytes)))


def alternating(sandbox: Any, server: Server) -> Both:
    """Two logins that take turns. The name has an underscore, which in GRANT stands for any character."""
    there = database(server, "my_turned")

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        return MySQL(Names(there.app, there.app), there.address, there.administrator, secrets, random_source.token_bytes)

    return _bench(sandbox, there, "mysql", issuer, there.open_logins, lambda document: document["username"], False), there


def single(sandbox: Any, server: Server) -> Both:
    """One login whose password we change: MySQL keeps the former one too."""
    there = database(server, "my_benched")
    two = server.engine == "mysql"

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        door = (Names(there.app, there.app), there.address, there.administrator, secrets, random_source.token_bytes)
        return SingleUser(*door, two_passwords=two, at_once=cutover == "now")

    def opened() -> set[str]:
        documents = [bench.current(), *([bench.current("AWSPREVIOUS")] if bench.has_previous() else [])]
        return {document["password"] for document in documents if there.works(document)}

    bench = _bench(sandbox, there, "mysql_single_user", issuer, opened, lambda document: document["password"], not two)
    return bench, there


class SqlBench(Bench):
    """A bench that can also say whether there is a former value."""

    def has_previous(self) -> bool:
        """Whether the store has one."""
        versions = self.witness("secretsmanager").list_secret_version_ids(SecretId=self.name)["Versions"]
        return any("AWSPREVIOUS" in version["VersionStages"] for version in versions)


def _bench(
    sandbox: Any,
    there: Database,
    kind: str,
    issuer: Callable[[Secrets, str], Issuer],
    opened: Callable[[], set[str]],
    id_of: Callable[[dict[str, str]], str],
    one_login: bool,
) -> SqlBench:
    return SqlBench(
        f"microapps/test/bench/{there.server.engine}-{there.app}",
        SecretSpec("database", kind, KEYS),
        sandbox.block("aws"),
        dict(sandbox.environ),
        issuer,
        there.works,
        opened,
        id_of,
        there.as_found,
        one_login,
        kept_by_target=there.kept,
    )
