# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The real part behind each issuer, and a witness beside it that uses no code of ours: for test_issuers.py."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import http.client
import json
import os
import pathlib
import secrets as random_source
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

import botocore.exceptions
import botocore.hooks
import botocore.loaders
import botocore.session
import kills
import psycopg

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.policies import least_policy
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import aws_from, session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Vendor
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import jobs
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import Found
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import (
    Issuer,
    iam_access_key,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.database_login import Address, new_password
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.generated import Generated
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.http_recipe import HttpRecipe
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.iam_access_key import IamAccessKey
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.openbao_dynamic_role import DynamicRole
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.openbao_engine import Engine
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.openbao_static_role import StaticRole
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql import PostgreSQL
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_iam import IamLogin
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_roles import Names
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_single import SingleUser
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.jobs import Job, Wish
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import Store, aws_secretsmanager
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.aws_secretsmanager import AwsSecretsManager
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao import OpenBao
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao_server import Entered, Server
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

FINDING = CredentialFinding("password", "live", "config.py", 1, "", "f", "why", "PASSWORD")


class Kept(Protocol):
    """Another place for a bench's secret than AWS: what is in it, without any code of ours, and our store that writes there."""

    def current(self, name: str, stage: str) -> dict[str, str]:
        """The document that is current, or was before; nothing where there is nothing."""

    def write(self, name: str, document: dict[str, str]) -> None:
        """As a person does who looks at nothing: it is current."""

    def pending(self, name: str) -> bool:
        """Whether a value waits to become current."""

    def forget(self, name: str) -> None:
        """Nothing of it is left."""

    def store(self, known: Secrets) -> Store:
        """A new one, as each run makes it."""


@dataclasses.dataclass(frozen=True)
class Bao:
    """A key-value engine on an OpenBao or Vault, asked without any code of ours."""

    address: str
    token: str = dataclasses.field(repr=False)
    mount: str = "benchkv"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers; None where there is nothing."""
        text = json.dumps(body).encode() if body is not None else b""
        port = int(self.address.rpartition(":")[2])
        status, answer = call(port, method, f"/v1/{path}", {"X-Vault-Token": self.token}, text)
        assert status in (200, 204, 404), (path, status, answer)
        return answer if status == 200 else None

    def write(self, name: str, document: dict[str, str]) -> None:
        """See `Kept`."""
        self.ask("POST", f"{self.mount}/data/{name}", {"data": document})

    def document(self, name: str, version: int = 0) -> dict[str, str]:
        """One version's document, or the newest."""
        found = self.ask("GET", f"{self.mount}/data/{name}" + (f"?version={version}" if version else ""))
        document: dict[str, str] = (found or {"data": {"data": {}}})["data"]["data"]
        return document

    def newest(self, name: str) -> int:
        """The number of the newest version."""
        found = self.ask("GET", f"{self.mount}/metadata/{name}")
        return int(found["data"]["current_version"]) if found else 0

    def current(self, name: str, stage: str) -> dict[str, str]:
        """See `Kept`."""
        return self.document(name, self.newest(name) - (1 if stage == "AWSPREVIOUS" else 0))

    def pending(self, name: str) -> bool:
        """See `Kept`."""
        return bool(self.ask("GET", f"{self.mount}/metadata/{name}.pending"))

    def forget(self, name: str) -> None:
        """See `Kept`."""
        for one in (name, f"{name}.pending"):
            self.ask("DELETE", f"{self.mount}/metadata/{one}")

    def store(self, known: Secrets) -> Store:
        """See `Kept`."""
        return OpenBao(bao_server(self.address, self.token), self.mount, known)


def bao_server(address: str, token: str) -> Server:
    """The server for whoever has this token."""
    return Server(address, "", lambda: Entered(token))


@contextlib.contextmanager
def bao(block: Mapping[str, str]) -> Iterator[Bao]:
    """That engine, mounted for a while. `block` says where the server is."""
    made = Bao(block["address"], pathlib.Path(block["token_file"]).read_text().strip())
    made.ask("DELETE", f"sys/mounts/{made.mount}")  # of a session that was killed
    made.ask("POST", f"sys/mounts/{made.mount}", {"type": "kv", "options": {"version": "2"}})
    try:
        yield made
    finally:
        made.ask("DELETE", f"sys/mounts/{made.mount}")


@dataclasses.dataclass
class Bench:
    """One issuer on its real part. `issuer` makes a new one, as each run does; `open` names what the target accepts."""

    name: str
    spec: SecretSpec
    aws: dict[str, Any]
    environ: dict[str, str]
    issuer: Callable[[Secrets, str], Issuer]
    works: Callable[[dict[str, str]], bool]
    open: Callable[[], set[str]]
    id_of: Callable[[dict[str, str]], str]
    as_found: Callable[[], str] = lambda: ""
    one_login: bool = False
    kept: Kept | None = None
    # A document as a person would store it in the place of the current one: it works, or a run makes it work.
    of_a_person: Callable[[dict[str, str]], dict[str, str]] | None = None
    # Of one login: what the target keeps of its password (it changes with it), and the password where the target tells it.
    kept_by_target: Callable[[], str] = lambda: ""
    told_by_target: Callable[[], dict[str, str]] = dict

    def witness(self, service: str) -> Any:
        """A plain client that may do everything."""
        return witness(self.aws, service)

    def current(self, stage: str = "AWSCURRENT") -> dict[str, str]:
        """What the store says; nothing where it has nothing."""
        if self.kept is not None:
            return self.kept.current(self.name, stage)
        answer = self.witness("secretsmanager").get_secret_value(SecretId=self.name, VersionStage=stage)
        document: dict[str, str] = json.loads(answer["SecretString"])
        return document

    def write(self, document: dict[str, str]) -> None:
        """As a person does. In two calls, for moto leaves the current stage on two versions when PutSecretValue moves it."""
        if self.kept is not None:
            self.kept.write(self.name, document)
            return
        store, text = self.witness("secretsmanager"), json.dumps(document)
        before = store.get_secret_value(SecretId=self.name, VersionStage="AWSCURRENT")["VersionId"]
        theirs = store.put_secret_value(SecretId=self.name, SecretString=text, VersionStages=["THEIRS"])["VersionId"]
        stage = {"VersionStage": "AWSCURRENT", "MoveToVersionId": theirs, "RemoveFromVersionId": before}
        store.update_secret_version_stage(SecretId=self.name, **stage)

    def pending(self) -> bool:
        """Whether a rotation is under way, as the store has it."""
        if self.kept is not None:
            return self.kept.pending(self.name)
        versions = self.witness("secretsmanager").list_secret_version_ids(SecretId=self.name)["Versions"]
        return any("AWSPENDING" in version["VersionStages"] for version in versions)

    def reset(self) -> str:
        """As found: nothing in the store; answers with the value that stands in the code, '' if none does."""
        if self.kept is not None:
            self.kept.forget(self.name)
            return self.as_found()
        with contextlib.suppress(botocore.exceptions.ClientError):
            self.witness("secretsmanager").delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)
        return self.as_found()

    def store(self, known: Secrets) -> Store:
        """A new one, as each run makes it."""
        if self.kept is not None:
            return self.kept.store(known)
        return AwsSecretsManager(session_for(aws_from(self.aws), self.environ).verify_account().secretsmanager, known)

    def look(
        self,
        force: bool = False,
        cutover: str = "now",
        leaked: str = "",
        secrets: Secrets | None = None,
        hours_later: float = 0.0,
    ) -> tuple[jobs.Sight, Store]:
        """Everything a run reads."""
        known = secrets or Secrets()
        store = self.store(known)
        found = (Found(FINDING, known.register(leaked), self.spec),) if leaked else ()
        job = Job(self.spec, self.name, About("a test", "", (("owner", "tests"),)), self.issuer(known, cutover), found)
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours_later)
        run = f"since {now:%H:%M:%S} by {random_source.token_hex(8)}"
        wish = Wish(now, None, cutover, force, grace=datetime.timedelta(), run=run)
        return jobs.look(job, store, wish), store

    def run(self, told: Callable[[jobs.Sight], object] = bool, **asked: Any) -> jobs.Sight:
        """One plain run over the secret, as app_secrets does it; `told` hears what it has seen before it does anything."""
        sight, store = self.look(**asked)
        told(sight)
        assert sight.job.issuer is not None
        for refusal in (refusal for plan in sight.plans for refusal in plan.refusals):
            raise Conflict(refusal.what, refusal.why, refusal.next_step)
        with contextlib.ExitStack() as held:
            stored = sight.stored
            if sight.writes:
                held.enter_context(sight.job.issuer.exclusive(self.name))
                stored = jobs.rotate(sight, store)
            assert stored is not None
            jobs.retire(sight, store, stored)
        return sight

    def killed(self, budget: int, after: bool, store_alone: bool = False, **asked: Any) -> bool:
        """Whether a run in a process of its own was killed by SIGKILL at that outside call; False if it ended before."""
        return kills.killed(lambda: self.run(**asked), budget, after, store_alone)


def witness(aws: dict[str, Any], service: str, key_id: str = "test", secret: str = "test") -> Any:  # noqa: S107 - moto's
    """A plain client, kept for the next time: making one costs more than what it is asked here."""
    key_id, secret = aws["root"] if key_id == "test" and "root" in aws else (key_id, secret)
    return _client(aws["endpoint_url"], aws["region"], service, key_id, secret)


# The descriptions of AWS's services, read once for all keys.
LOADER = botocore.loaders.create_loader()


class _Aliaser(botocore.hooks.EventAliaser):
    """What botocore calls an event now, which is the same in all sessions: to work it out anew was half of what making one cost.

    A road makes one session or two; the runs of these tests make thousands.
    """

    _found: ClassVar[dict[str, str]] = {}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._alias_name_cache = self._found


botocore.session.EventAliaser = _Aliaser


@functools.lru_cache(maxsize=32)
def _client(endpoint_url: str, region: str, service: str, key_id: str, secret: str) -> Any:
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return session.create_client(
        service, region, endpoint_url=endpoint_url, aws_access_key_id=key_id, aws_secret_access_key=secret
    )


# Generated: the app is the only user; what is open is what it was given.


def generated(sandbox: Any, hours: int = 0) -> Bench:
    """Random values, with nobody else to ask; with `hours` the former one is accepted beside the new one for that long."""
    spec = SecretSpec("session-key", "generated", (("value", "SESSION_KEY"),), overlap_hours=hours)

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        return Generated("value", secrets, random_source.token_bytes, datetime.timedelta(hours=hours))

    bench = Bench(
        f"microapps/test/bench/session-key-{hours}",
        spec,
        sandbox.block("aws"),
        dict(sandbox.environ),
        issuer,
        lambda document: len(document["value"]) >= 43,
        lambda: set(bench.current().values()),
        lambda document: document["value"],
        of_a_person=lambda current: {"value": random_source.token_urlsafe(32)},
    )
    return bench


# A third party: the example's restaurant API.


@contextlib.contextmanager
def vendor(sandbox: Any, root: pathlib.Path, folder: pathlib.Path) -> Iterator[Bench]:
    """The example's restaurant API in a process of its own."""
    port = free_port()
    environ = {
        **os.environ,
        "RESTAURANT_API_PORT": str(port),
        "RESTAURANT_API_STATE": str(folder / "keys.json"),
        "RESTAURANT_API_ADMIN_TOKEN_FILE": str(folder / "token"),
    }
    base = f"http://127.0.0.1:{port}"
    recipe = Vendor(
        base_url=base,
        check_path="/v1/keys/current",
        key_header="X-Api-Key",
        admin_token_file=str(folder / "token"),
        list_path="/v1/keys",
        create_path="/v1/keys",
        revoke_path="/v1/keys/{id}",
        id_of_found="sha256:{sha256}",
    )

    def asked(method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        return call(port, method, path, headers)

    def admin() -> dict[str, str]:
        return {"Authorization": f"Bearer {(folder / 'token').read_text().strip()}"}

    def works(document: dict[str, str]) -> bool:
        return asked("GET", recipe.check_path, {"X-Api-Key": document["api_key"]})[0] == 200

    def opened() -> set[str]:
        return {entry["id"] for entry in asked("GET", "/v1/keys", admin())[1]["keys"]}

    def as_found() -> str:
        for key_id in opened():
            asked("DELETE", f"/v1/keys/{key_id}", admin())
        return ""

    def of_a_person(current: dict[str, str]) -> dict[str, str]:
        made = call(port, "POST", "/v1/keys", admin(), json.dumps({"name": "made by hand"}).encode())[1]
        return {"api_key": made["key"], "key_id": made["id"]}

    name = "microapps/test/bench/restaurant-api"
    spec = SecretSpec("restaurant-api", "api_key", (("api_key", "RESTAURANT_API_KEY"),))
    program = [sys.executable, str(root / "examples" / "where2eat" / "restaurant_api.py")]
    with subprocess.Popen(program, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield Bench(
                name,
                spec,
                sandbox.block("aws"),
                dict(sandbox.environ),
                lambda secrets, cutover: HttpRecipe("restaurant-api", recipe, "api_key", secrets, name),
                works,
                opened,
                lambda document: document["key_id"],
                as_found,
                of_a_person=of_a_person,
            )
        finally:
            process.kill()


# PostgreSQL with one login, changed by us or by OpenBao's database engine.

LEAKED = "in-the-code-" + "Rw4" * 6
KEYS = tuple((key, f"DB_{key}") for key in ("dbname", "host", "password", "port", "username"))


@dataclasses.dataclass(frozen=True)
class Database:
    """One app's database on the sandbox's server, and an administrator of it that is no superuser."""

    app: str
    port: int
    root: str
    administrator: tuple[str, str]

    def connect(self, user: str, password: str, database: str) -> psycopg.Connection[Any]:
        """Without any code of ours."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user=user, password=password, dbname=database, autocommit=True)

    def forget(self) -> None:
        """Nothing of it is left."""
        with self.connect("postgres", self.root, "postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.app} WITH (FORCE)")
            ours = (f"{self.app}_a", f"{self.app}_b", f"{self.app}_iam", f"{self.app}_owner")
            for role in (*ours, self.app, self.administrator[0]):
                connection.execute(f"DROP ROLE IF EXISTS {role}")

    def as_found(self) -> str:
        """A login that owns its database, its password in the code."""
        self.forget()
        user, password = self.administrator
        with self.connect("postgres", self.root, "postgres") as connection:
            # By verifiers, for the server logs every statement and another test reads that log.
            rotator, found = (
                connection.pgconn.encrypt_password(word.encode(), name.encode(), b"scram-sha-256").decode()
                for name, word in ((user, password), (self.app, LEAKED))
            )
            connection.execute(f"CREATE ROLE {user} LOGIN CREATEROLE PASSWORD '{rotator}'")
            connection.execute(f"GRANT pg_signal_backend, pg_read_all_stats TO {user}")
            connection.execute(f"CREATE ROLE {self.app} LOGIN PASSWORD '{found}'")
            connection.execute(f"GRANT {self.app} TO {user} WITH ADMIN OPTION")
            connection.execute(f"CREATE DATABASE {self.app} OWNER {self.app}")
        return LEAKED

    def works(self, document: dict[str, str]) -> bool:
        """Whether the server lets it in."""
        try:
            self.connect(document["username"], document["password"], self.app).close()
        except psycopg.OperationalError:
            return False
        return True

    def of_a_person(self, current: dict[str, str]) -> dict[str, str]:
        """The same login with a password that the server does not have yet."""
        return {**current, "password": new_password(random_source.token_bytes)}

    def verifier(self) -> str:
        """What the server keeps of the app's one password."""
        with self.connect("postgres", self.root, "postgres") as connection:
            found = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (self.app,)).fetchone()
            return str(found[0]) if found else ""

    @property
    def address(self) -> Address:
        """For our code."""
        return Address("127.0.0.1", self.port, self.app, "disable")


def database(sandbox: Any, app: str) -> Database:
    """For an app of that name."""
    block = sandbox.block("database")
    root = pathlib.Path(block["password_file"]).read_text().strip()
    return Database(app, int(block["port"]), root, (f"{app}_rotator", new_password(random_source.token_bytes)))


@contextlib.contextmanager
def single(sandbox: Any) -> Iterator[Bench]:
    """One login whose password we change."""
    there = database(sandbox, "benched")

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        names = Names(there.app, there.app)
        return SingleUser(names, there.address, there.administrator, secrets, random_source.token_bytes, cutover == "now")

    try:
        bench = _database_bench(sandbox, there, "postgresql_single_user", issuer, there.as_found)
        yield dataclasses.replace(bench, of_a_person=there.of_a_person)
    finally:
        there.forget()


@contextlib.contextmanager
def alternating(sandbox: Any) -> Iterator[Bench]:
    """Two logins that take turns."""
    there = database(sandbox, "turned")

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        return PostgreSQL(Names(there.app, there.app), there.address, there.administrator, secrets, random_source.token_bytes)

    def opened() -> set[str]:
        with there.connect("postgres", there.root, "postgres") as connection:
            roles = (there.app, f"{there.app}_a", f"{there.app}_b")
            rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = ANY(%s)", (list(roles),))
            return {row[0] for row in rows}

    try:
        yield Bench(
            f"microapps/test/bench/{there.app}",
            SecretSpec("database", "postgresql", KEYS),
            sandbox.block("aws"),
            dict(sandbox.environ),
            issuer,
            there.works,
            opened,
            lambda document: document["username"],
            there.as_found,
            of_a_person=there.of_a_person,
        )
    finally:
        there.forget()


@contextlib.contextmanager
def by_identity(sandbox: Any) -> Iterator[Bench]:
    """A login without a password. The role rds_iam stands in for Amazon's: here it lets nobody in, so logins are not tried."""
    there = database(sandbox, "nameless")

    def by_root(statement: str) -> list[Any]:
        with there.connect("postgres", there.root, "postgres") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def as_found() -> str:
        leaked = there.as_found()
        by_root("DO $$ BEGIN CREATE ROLE rds_iam NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        by_root(f"GRANT rds_iam TO {there.administrator[0]} WITH ADMIN OPTION")
        return leaked

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        return IamLogin(Names(there.app, there.app), there.address, there.administrator, secrets, random_source.token_bytes)

    def opened() -> set[str]:
        rows = by_root("SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolcreaterole")
        return {row[0] for row in rows if row[0].startswith(there.app)}

    def works(document: dict[str, str]) -> bool:
        if "password" in document:
            return there.works(document)
        statement = "SELECT rolcanlogin AND pg_has_role(rolname, 'rds_iam', 'MEMBER') FROM pg_roles WHERE rolname = '{}'"
        return by_root(statement.format(document["username"])) == [(True,)]

    keys = tuple(pair for pair in KEYS if pair[0] != "password")
    try:
        yield Bench(
            f"microapps/test/bench/{there.app}",
            SecretSpec("database", "aws_rds_iam", keys),
            sandbox.block("aws"),
            dict(sandbox.environ),
            issuer,
            works,
            opened,
            lambda document: document["username"],
            as_found,
        )
    finally:
        there.forget()
        by_root("DROP ROLE IF EXISTS rds_iam")


@dataclasses.dataclass(frozen=True)
class BaoEngine:
    """A database engine mounted for a while on an OpenBao or Vault, asked without any code of ours."""

    bao: Mapping[str, str]
    mount: str

    def asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What it answers to root."""
        port = int(self.bao["address"].rpartition(":")[2])
        root = pathlib.Path(self.bao["token_file"]).read_text().strip()
        text = json.dumps(body).encode() if body is not None else b""
        status, answer = call(port, method, f"/v1/{path}", {"X-Vault-Token": root}, text)
        assert status in (200, 204), (path, status, answer)
        return answer

    def connect(self, there: Database, role: str) -> None:
        """The engine may make logins in this database, and change their passwords."""
        connection = {
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": [role],
            "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{there.port}/{there.app}?sslmode=disable",
            "username": there.administrator[0],
            "password": there.administrator[1],
            "password_authentication": "scram-sha-256",
        }
        self.asked("POST", f"{self.mount}/config/app", connection)

    def engine(self, policy: str) -> Engine:
        """As our code sees it, with a token of this policy."""
        self.asked("PUT", f"sys/policies/acl/{self.mount}", {"policy": policy})
        made = self.asked("POST", "auth/token/create", {"policies": [self.mount], "no_default_policy": True})
        return Engine(bao_server(self.bao["address"], made["auth"]["client_token"]), self.mount)


@contextlib.contextmanager
def _bao_engine(block: Mapping[str, str], mount: str) -> Iterator[BaoEngine]:
    made = BaoEngine(block, mount)
    made.asked("DELETE", f"sys/mounts/{mount}")  # of a session that was killed
    made.asked("POST", f"sys/mounts/{mount}", {"type": "database"})
    try:
        yield made
    finally:
        made.asked("PUT", f"sys/leases/revoke-force/{mount}", {})
        made.asked("DELETE", f"sys/mounts/{mount}")


@contextlib.contextmanager
def dynamic_role(sandbox: Any, block: Mapping[str, str], app: str = "leased") -> Iterator[Bench]:
    """Logins that the engine of the server at `block` makes for a while; our token has the policy of docs/rotation.md."""
    there = database(sandbox, app)
    role = f"microapp-{there.app}-test"
    policy = "".join(
        f'path "{path.format(mount="leasedb", role=role)}" {{ capabilities = {json.dumps(may)} }}\n' for path, may in LEASE_POLICY
    )
    with _bao_engine(block, "leasedb") as bao:
        engine = bao.engine(policy)

        def as_found() -> str:
            """An app without a login in its code: its engine is there already, and makes logins that act as the owner."""
            bao.asked("PUT", f"sys/leases/revoke-prefix/leasedb/creds/{role}", {})
            there.as_found()
            user, owner = there.administrator[0], f"{there.app}_owner"
            with there.connect("postgres", there.root, "postgres") as connection:
                connection.execute(f"CREATE ROLE {owner} NOLOGIN")
                connection.execute(f"GRANT {owner} TO {user} WITH ADMIN OPTION")
                connection.execute(f"ALTER DATABASE {there.app} OWNER TO {owner}")
            bao.connect(there, role)
            statements = [text.format(owner=owner, database=there.app) for text in CREATION]
            asked = {"db_name": "app", "creation_statements": statements, "default_ttl": "24h", "max_ttl": "48h"}
            bao.asked("POST", f"leasedb/roles/{role}", asked)
            return ""

        def issuer(secrets: Secrets, cutover: str) -> Issuer:
            return DynamicRole(engine, role, there.address, secrets, lambda: datetime.datetime.now(datetime.UTC))

        def of_a_person(current: dict[str, str]) -> dict[str, str]:
            made = bao.asked("GET", f"leasedb/creds/{role}")
            return {**current, **made["data"], "lease_id": made["lease_id"]}

        def opened() -> set[str]:
            with there.connect("postgres", there.root, "postgres") as connection:
                asked = "SELECT rolname, pg_has_role(oid, %s, 'MEMBER') FROM pg_roles WHERE rolcanlogin AND NOT rolcreaterole"
                rows = [row for row in connection.execute(asked, (f"{there.app}_owner",)) if row[1] and row[0] != "postgres"]
                return {row[0] for row in rows}

        try:
            yield Bench(
                f"microapps/test/bench/{there.app}",
                SecretSpec("database", "openbao_dynamic_role", KEYS),
                sandbox.block("aws"),
                dict(sandbox.environ),
                issuer,
                there.works,
                opened,
                lambda document: document["username"],
                as_found,
                of_a_person=of_a_person,
            )
        finally:
            bao.asked("PUT", f"sys/leases/revoke-prefix/leasedb/creds/{role}", {})
            there.forget()


# As in docs/rotation.md.
LEASE_POLICY = (
    ("{mount}/creds/{role}", ["read"]),
    ("sys/leases/lookup/{mount}/creds/{role}/", ["list", "sudo"]),
    ("sys/leases/revoke/{mount}/creds/{role}/*", ["update"]),
    ("auth/token/lookup-self", ["read"]),
)
CREATION = (
    """CREATE ROLE "{{{{name}}}}" LOGIN PASSWORD '{{{{password}}}}' VALID UNTIL '{{{{expiration}}}}' IN ROLE "{owner}";""",
    """ALTER ROLE "{{{{name}}}}" IN DATABASE "{database}" SET role = '{owner}';""",
)


@contextlib.contextmanager
def static_role(sandbox: Any, block: Mapping[str, str], app: str = "baoed") -> Iterator[Bench]:
    """One login whose password the engine of the server at `block` changes; our token has the policy of docs/rotation.md."""
    there = database(sandbox, app)
    role = f"microapp-{there.app}-test"
    policy = "".join(f'path "benchdb/{path}/{role}" {{ capabilities = ["{may}"] }}\n' for path, may in POLICY)

    with _bao_engine(block, "benchdb") as bao:
        engine = bao.engine(policy)

        def as_found() -> str:
            """The engine takes the login over as it is found: its first act is a password of its own."""
            there.as_found()
            bao.connect(there, role)
            bao.asked("DELETE", f"benchdb/static-roles/{role}")
            wanted = {"db_name": "app", "username": there.app, "rotation_period": "24h"}
            bao.asked("POST", f"benchdb/static-roles/{role}", wanted)
            return ""

        def issuer(secrets: Secrets, cutover: str) -> Issuer:
            return StaticRole(engine, role, there.address, secrets)

        def told() -> dict[str, str]:
            found: dict[str, str] = bao.asked("GET", f"benchdb/static-creds/{role}")["data"]
            return found

        try:
            bench = _database_bench(sandbox, there, "openbao_static_role", issuer, as_found)
            yield dataclasses.replace(bench, told_by_target=told)
        finally:
            there.forget()


# As in docs/rotation.md.
POLICY = (("static-creds", "read"), ("rotate-role", "update"))


def _database_bench(
    sandbox: Any, there: Database, kind: str, issuer: Callable[[Secrets, str], Issuer], as_found: Callable[[], str]
) -> Bench:
    bench = Bench(
        f"microapps/test/bench/{there.app}",
        SecretSpec("database", kind, KEYS),
        sandbox.block("aws"),
        dict(sandbox.environ),
        issuer,
        there.works,
        lambda: {bench.current()["password"]} if there.works(bench.current()) else set(),
        lambda document: document["password"],
        as_found,
        one_login=True,
        kept_by_target=there.verifier,
    )
    return bench


# IAM: a moto of its own that checks signatures and policies, and an administrator with the least policy.


@contextlib.contextmanager
def iam(folder: pathlib.Path) -> Iterator[Bench]:
    """An AWS API that refuses wrong and deleted keys and what the policy does not allow."""
    port = free_port()
    aws: dict[str, Any] = {"account": "123456789012", "region": "eu-west-1", "endpoint_url": f"http://127.0.0.1:{port}"}
    command = [str(pathlib.Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            aws = {**aws, "loopback_only": True, "credentials_file": str(folder / "credentials")}
            yield _iam_bench(aws, folder)
        finally:
            process.kill()


def _iam_bench(aws: dict[str, Any], folder: pathlib.Path) -> Bench:
    client = witness(aws, "iam")
    rights = (*iam_access_key.PERMISSIONS, *aws_secretsmanager.PERMISSIONS)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    # moto asks about actions only, on the resource '*', and looks at no condition.
    statements = least_policy(rights, aws["account"], aws["region"])["Statement"]
    least = {**everything, "Statement": [{**one, "Resource": "*", "Condition": {}} for one in statements]}
    for name, policy in (("rotator", least), ("root", everything)):
        client.create_user(UserName=name)
        client.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    ours = client.create_access_key(UserName="rotator")["AccessKey"]
    root = client.create_access_key(UserName="root")["AccessKey"]
    text = f"[default]\naws_access_key_id={ours['AccessKeyId']}\naws_secret_access_key={ours['SecretAccessKey']}\n"
    (folder / "credentials").write_text(text)
    # From here on moto checks who asks.
    status, _unused = call(int(aws["endpoint_url"].rpartition(":")[2]), "POST", "/moto-api/reset-auth", {}, b"0")
    assert status == 200
    known = {**aws, "root": (root["AccessKeyId"], root["SecretAccessKey"])}
    user = "photos"

    def keys() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = witness(known, "iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
        return found

    def works(document: dict[str, str]) -> bool:
        try:
            found = witness(known, "sts", document["access_key_id"], document["secret_access_key"]).get_caller_identity()
        except botocore.exceptions.ClientError:
            return False
        return found["Arn"].endswith(f"/{user}") and any(
            key["Status"] == "Active" for key in keys() if key["AccessKeyId"] == document["access_key_id"]
        )

    def as_found() -> str:
        admin = witness(known, "iam")
        with contextlib.suppress(botocore.exceptions.ClientError):
            for key in keys():
                admin.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
            admin.delete_user(UserName=user)
        tags = [{"Key": "app", "Value": "bench"}, {"Key": "environment", "Value": "test"}]
        admin.create_user(UserName=user, Tags=tags)
        secret: str = admin.create_access_key(UserName=user)["AccessKey"]["SecretAccessKey"]
        return secret

    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        session = session_for(aws_from(aws), dict(os.environ)).verify_account()
        owner = (("app", "bench"), ("environment", "test"))
        now = datetime.datetime.now
        return IamAccessKey(user, owner, session, secrets, lambda: now(datetime.UTC), cutover == "now", lambda seconds: None)

    return Bench(
        "microapps/test/bench/photos",
        SecretSpec("photos", "aws_iam_access_key", (("access_key_id", "A"), ("secret_access_key", "B")), user),
        known,
        dict(os.environ),
        issuer,
        works,
        lambda: {key["AccessKeyId"] for key in keys() if key["Status"] == "Active"},
        lambda document: document["access_key_id"],
        as_found,
    )


def call(port: int, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, Any]:
    """One request to this machine: status, and the answer if it is JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    status, text = answer.status, answer.read()
    connection.close()
    with contextlib.suppress(ValueError):
        return status, json.loads(text)
    return status, None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until something listens there."""
    for _attempt in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")
