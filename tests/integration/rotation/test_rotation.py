# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rotation on a real PostgreSQL and a real AWS API: killed at every outside call, watched by a client, searched for leaks."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import json
import os
import pathlib
import secrets as random_source
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.exceptions
import psycopg
import pytest
from psycopg import sql

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import aws_from, session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, MicroappsError, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import jobs
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import Found
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import STORED, postgresql_session
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.database_login import Address, new_password
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql import PostgreSQL
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_roles import Names
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.jobs import Job, Wish
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About, Stage
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.aws_secretsmanager import AwsSecretsManager
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

sys.path.append(str(pathlib.Path(__file__).parent))
import faults
import kills
from clients import Client
from faults import ALWAYS, Fault, Kind

APP = "rotated"
NAME = "microapps/test/rotated/database"
LEAKED = "leaked-" + "Qz7" * 6
ROLES = (APP, f"{APP}_owner", f"{APP}_a", f"{APP}_b")
SPEC = SecretSpec("database", "postgresql", (("username", "DATABASE_USER"), ("password", "DATABASE_PASSWORD")))
FINDING = CredentialFinding("postgresql_password", "live", "config.py", 1, "", "f", "why", "DB_PASSWORD")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where things are, for our code and for the witness beside it."""

    database: dict[str, Any]
    aws: dict[str, Any]
    environ: dict[str, str]
    administrator: tuple[str, str]
    log: pathlib.Path

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A superuser's connection, made without any code of ours."""
        password = pathlib.Path(self.database["password_file"]).read_text().strip()
        port = self.database["port"]
        return psycopg.connect(host="127.0.0.1", port=port, user="postgres", password=password, dbname=database, autocommit=True)

    def witness(self) -> Any:
        """A plain Secrets Manager client."""
        return _witness(self.aws["endpoint_url"], self.aws["region"])

    def job(self, found: tuple[str, ...] = (LEAKED,), secrets: Secrets | None = None) -> tuple[Job, AwsSecretsManager]:
        """What a run makes for itself: clients are new in each."""
        known = secrets or Secrets()
        address = Address("127.0.0.1", int(self.database["port"]), APP, "disable")
        issuer = PostgreSQL(Names(APP, APP), address, self.administrator, known, random_source.token_bytes)
        store = AwsSecretsManager(session_for(aws_from(self.aws), self.environ).verify_account().secretsmanager, known)
        given_away = tuple(Found(FINDING, value, SPEC) for value in found)
        return Job(SPEC, NAME, About("a test", "", (("owner", "tests"),)), issuer, given_away), store

    def login(self, user: str, password: str) -> bool:
        """Whether the server lets this login in, asked without any code of ours."""
        port = self.database["port"]
        try:
            psycopg.connect(host="127.0.0.1", port=port, user=user, password=password, dbname=APP).close()
        except psycopg.OperationalError:
            return False
        return True

    def current(self) -> tuple[str, str]:
        """User and password that the store calls current."""
        document = json.loads(self.witness().get_secret_value(SecretId=NAME, VersionStage="AWSCURRENT")["SecretString"])
        return document["username"], document["password"]

    def open_logins(self) -> set[str]:
        """The roles of the app that may log in."""
        with self.admin() as connection:
            rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin AND starts_with(rolname, %s)", (APP,))
            return {row[0] for row in rows}


@functools.cache
def _witness(endpoint_url: str, region: str) -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    return session.client("secretsmanager", endpoint_url=endpoint_url)


def run(
    place: Place, force: bool = False, cutover: str = "now", grace: float = 0.0, secrets: Secrets | None = None
) -> jobs.Sight:
    """One plain run over one secret, as app_secrets does it."""
    job, store = place.job(secrets=secrets)
    now = datetime.datetime.now(datetime.UTC)
    sight = jobs.look(job, store, Wish(now, None, cutover, force, grace=datetime.timedelta(seconds=grace)))
    assert job.issuer is not None
    assert not sight.refused, sight.plans
    if sight.writes:
        with job.issuer.exclusive(NAME):
            stored = jobs.rotate(sight, store)
            jobs.retire(sight, store, stored)
    return sight


@pytest.fixture(scope="module")
def place(sandbox: Any) -> Iterator[Place]:
    """The sandbox's server with an administrator that is no superuser, and has no more rights than the docs ask for."""
    database = sandbox.block("database")
    log = sandbox.folder / "logs" / "postgresql" / "postgresql.log"
    password = new_password(random_source.token_bytes)
    found = Place(database, sandbox.block("aws"), dict(sandbox.environ), ("rotator", password), log)
    with found.admin() as connection:
        _forget(connection)
        connection.execute(sql.SQL("CREATE ROLE rotator LOGIN CREATEROLE PASSWORD {}").format(sql.Literal(password)))
        connection.execute("GRANT pg_signal_backend, pg_read_all_stats TO rotator")
    yield found
    with found.admin() as connection:
        _forget(connection)


@pytest.fixture
def fresh(place: Place) -> Place:
    """The app as found: a login that owns its database and its tables, its password in the code, nothing in the store."""
    _as_found(place)
    return place


def _forget(connection: psycopg.Connection[Any]) -> None:
    connection.execute(f"DROP DATABASE IF EXISTS {APP} WITH (FORCE)")
    # Its own roles first: what the administrator granted them would keep it.
    for role in (*ROLES, "rotator"):
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _as_found(place: Place) -> None:
    with contextlib.suppress(botocore.exceptions.ClientError):
        place.witness().delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    with place.admin() as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {APP} WITH (FORCE)")
        for role in ROLES:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        verifier = connection.pgconn.encrypt_password(LEAKED.encode(), APP.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(APP), sql.Literal(verifier)))
        connection.execute(sql.SQL("GRANT {} TO rotator WITH ADMIN OPTION").format(sql.Identifier(APP)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(APP), sql.Identifier(APP)))
    with place.admin(APP) as connection:
        connection.execute(f"SET ROLE {APP}")
        connection.execute("CREATE TABLE votes (id serial PRIMARY KEY, place text)")
        connection.execute("INSERT INTO votes (place) VALUES ('Noodle Station')")


def settled(place: Place) -> None:
    """What must hold after any plain run."""
    user, password = place.current()
    assert place.login(user, password)
    assert place.open_logins() == {user}
    assert not place.login(APP, LEAKED)
    stages = [
        stage
        for version in place.witness().list_secret_version_ids(SecretId=NAME)["Versions"]
        for stage in version["VersionStages"]
    ]
    assert sorted(stages) == ["AWSCURRENT", "AWSPREVIOUS"]
    with place.admin(APP) as connection:
        assert connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'votes'").fetchone() == (f"{APP}_owner",)
        assert connection.execute("SELECT count(*) FROM votes").fetchone() == (1,)


def test_what_leaked_is_moved_replaced_and_dead(fresh: Place) -> None:
    assert fresh.login(APP, LEAKED)
    run(fresh)
    settled(fresh)
    user, password = fresh.current()
    assert user == f"{APP}_a"
    connection = psycopg.connect(host="127.0.0.1", port=fresh.database["port"], user=user, password=password, dbname=APP)
    connection.execute("CREATE TABLE later (id int)")
    assert connection.execute("SELECT current_user::text").fetchone() == (f"{APP}_owner",)
    connection.execute("DROP TABLE later")
    connection.close()
    assert not run(fresh).writes, "a second run changes nothing"


def test_logins_take_turns(fresh: Place) -> None:
    users = []
    for _unused in range(3):
        run(fresh, force=True)
        settled(fresh)
        users.append(fresh.current()[0])
    assert users == [f"{APP}_a", f"{APP}_b", f"{APP}_a"]


def test_what_is_changed_by_hand_is_put_back(fresh: Place) -> None:
    run(fresh)
    with fresh.admin(APP) as connection:
        connection.execute(f"ALTER ROLE {APP}_a RESET ALL")
        connection.execute(f"ALTER ROLE {APP}_a IN DATABASE {APP} RESET ALL")
        connection.execute(f"ALTER ROLE {APP}_a PASSWORD 'changed-by-hand-1'")
        connection.execute(f"ALTER ROLE {APP} LOGIN")
    seen = run(fresh)
    assert seen.writes
    (told,) = [plan for plan in seen.plans if plan.object == f"postgresql:login/{APP}_a"]
    assert told.after is not None and told.after["password"] == STORED, "what is put back is not called new"
    settled(fresh)
    assert not fresh.login(f"{APP}_a", "changed-by-hand-1")
    assert not run(fresh).writes


# Kill: the process ends by SIGKILL before or after its n-th call to the outside.


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("first", [True, False], ids=["first", "again"])
def test_killed_at_every_outside_call(fresh: Place, first: bool, after: bool) -> None:
    if not first:
        run(fresh)
    budget = 0
    while True:
        budget += 1
        if not kills.killed(lambda: run(fresh, force=not first), budget, after):
            break
        user = password = ""
        with contextlib.suppress(botocore.exceptions.ClientError):
            user, password = fresh.current()
        if user:
            assert fresh.login(user, password), f"killed at {budget}: what the store calls current does not work"
        assert len(fresh.open_logins()) <= 2, f"killed at {budget}"
        run(fresh)
        settled(fresh)
        if first:
            _as_found(fresh)
    assert budget > 20, "too few calls: the counting is broken"


def test_a_client_that_logs_in_twenty_times_a_second_never_fails(fresh: Place) -> None:
    run(fresh)
    client = Client(fresh.current, lambda credential: fresh.login(*credential), 1.0)
    rotations = 0
    with client.logging_in():
        until = time.monotonic() + 15
        while time.monotonic() < until:
            rotations += run(fresh, force=True, cutover="when_seen", grace=2.0).rotating
            time.sleep(0.2)
    assert not client.failed
    assert rotations >= 3
    assert client.seen >= rotations


def test_of_two_runs_at_once_one_proceeds(fresh: Place) -> None:
    job, _unused = fresh.job()
    assert job.issuer is not None
    with job.issuer.exclusive(NAME):
        other, _unused = fresh.job()
        assert other.issuer is not None
        with pytest.raises(Conflict, match="another run"), other.issuer.exclusive(NAME):
            pass


def test_a_value_written_by_a_person_is_theirs(fresh: Place) -> None:
    run(fresh)
    user, former = fresh.current()
    text = json.dumps({**_address(fresh), "username": user, "password": "written by a person"})
    witness = fresh.witness()
    before = witness.get_secret_value(SecretId=NAME, VersionStage="AWSCURRENT")["VersionId"]
    # In two calls, for moto leaves the current stage on two versions when PutSecretValue moves it after a rotation.
    theirs = witness.put_secret_value(SecretId=NAME, SecretString=text, VersionStages=["THEIRS"])["VersionId"]
    witness.update_secret_version_stage(
        SecretId=NAME, VersionStage="AWSCURRENT", MoveToVersionId=theirs, RemoveFromVersionId=before
    )
    sight = run(fresh)
    assert witness.get_secret_value(SecretId=NAME, VersionStage="AWSCURRENT")["SecretString"] == text
    assert not sight.rotating
    assert fresh.login(user, "written by a person"), "what the store says is what the database takes"
    assert not fresh.login(user, former)


def _address(place: Place) -> dict[str, str]:
    return {"engine": "postgres", "host": "127.0.0.1", "port": str(place.database["port"]), "dbname": APP}


def test_privileges_that_would_be_lost_are_named_before_anything_changes(fresh: Place) -> None:
    with fresh.admin(APP) as connection:
        connection.execute("CREATE TABLE prices (id int)")
        connection.execute(f"GRANT SELECT ON prices TO {APP}")
    job, store = fresh.job()
    sight = jobs.look(job, store, Wish(datetime.datetime.now(datetime.UTC), None, "now"))
    assert sight.refused
    reasons = " ".join(refusal.sentence() for plan in sight.plans for refusal in plan.refusals)
    assert "SELECT on public.prices" in reasons
    assert f"GRANT ... TO {APP}_owner" in reasons


OURS = (("app", APP), ("environment", "test"), ("managed-by", "goldenpath.microapps"))


@pytest.mark.parametrize(
    ("tags", "adopt", "sentence"),
    [
        ({"made": "by hand"}, "report", "was not made by us"),
        ({**dict(OURS), "app": "another"}, "take", "belongs to app another"),
        ({**dict(OURS), "environment": "prod"}, "take", "belongs to environment prod"),
    ],
)
def test_a_secret_of_somebody_else_is_left_as_it_is(fresh: Place, tags: dict[str, str], adopt: str, sentence: str) -> None:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    fresh.witness().create_secret(Name=NAME, SecretString='{"theirs": "yes"}', Tags=listed)
    job, store = fresh.job()
    job = dataclasses.replace(job, about=About("a test", "", OURS))
    with pytest.raises(Conflict, match=sentence):
        jobs.look(job, store, Wish(datetime.datetime.now(datetime.UTC), None, "now", adopt=adopt))
    assert fresh.witness().get_secret_value(SecretId=NAME)["SecretString"] == '{"theirs": "yes"}'


def test_a_secret_on_its_way_out_says_how_to_bring_it_back(fresh: Place) -> None:
    fresh.witness().create_secret(Name=NAME, SecretString="{}")
    fresh.witness().delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    job, store = fresh.job()
    with pytest.raises(Conflict, match=f"restore-secret --secret-id {NAME}"):
        jobs.look(job, store, Wish(datetime.datetime.now(datetime.UTC), None, "now"))


def test_an_administrator_is_never_locked(fresh: Place) -> None:
    with fresh.admin() as connection:
        connection.execute(f"ALTER ROLE {APP} SUPERUSER")
    job, store = fresh.job()
    sight = jobs.look(job, store, Wish(datetime.datetime.now(datetime.UTC), None, "now"))
    assert sight.refused


def test_the_environment_of_the_user_is_not_looked_at(fresh: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGHOSTADDR": "192.0.2.1",
        "PGSERVICE": "nowhere",
        "PGOPTIONS": "-c nonsense=1",
        "PGSSLMODE": "verify-full",
    }.items():
        monkeypatch.setenv(name, value)
    job, _unused = fresh.job()
    assert isinstance(job.issuer, PostgreSQL)
    assert job.issuer.found((LEAKED, "something else"))
    assert os.environ["PGSERVICE"] == "nowhere"


def test_no_secret_is_in_the_servers_log(fresh: Place) -> None:
    secrets = Secrets()
    run(fresh, secrets=secrets)
    first = fresh.current()[1]
    run(fresh, force=True, secrets=secrets)
    log = fresh.log.read_text(errors="replace")
    assert "ALTER ROLE" in log and "SCRAM-SHA-256$" in log, "the log does not hold statements: this test proves nothing"
    for value in (LEAKED, first, fresh.current()[1]):
        assert value not in log
        assert value not in secrets.scrub_text(f"error: {value}")


def test_refused_missing_and_unreachable_are_told_apart(fresh: Place) -> None:
    good = Address("127.0.0.1", int(fresh.database["port"]), APP, "disable")
    cases = (
        (good, "wrong", Denied),
        (dataclasses.replace(good, database="no_such_database"), LEAKED, NotFound),
        (dataclasses.replace(good, port=1), LEAKED, MicroappsError),
    )
    for address, password, kind in cases:
        with pytest.raises(kind), postgresql_session.session(address, APP, password):
            pass


def test_a_response_that_was_lost_is_found_out(fresh: Place) -> None:
    run(fresh)
    _unused, store = fresh.job()
    stored = store.describe(NAME)
    assert stored is not None
    current, previous = stored.at(Stage.CURRENT), stored.at(Stage.PREVIOUS)
    assert current and previous
    # The move had arrived; our client asks again and AWS refuses, for the stage is no longer where it was.
    store.promote(NAME, current.token, previous.token)
    with pytest.raises(Conflict):
        store.promote(NAME, previous.token, "goldenpath-" + "0" * 40 + "-0")


@pytest.mark.parametrize(
    ("kind", "most"),
    [(Kind.THROTTLED, 1), (Kind.SERVER_ERROR, 1), (Kind.UNREACHABLE, ALWAYS), (Kind.DENIED, ALWAYS), (Kind.LOST, 1)],
)
def test_every_call_of_the_server_fails_in_turn(fresh: Place, kind: Kind, most: int) -> None:
    run(fresh)
    call = 0
    while True:
        call += 1
        fault, error = Fault(kind, call, most), ""
        with faults.between("postgresql", fault):
            try:
                run(fresh, force=True)
            except MicroappsError as failed:
                error = failed.sentence()
        if not fault.hit:
            break
        told = f"call {call}, {fault.hit}: {error}"
        assert fresh.login(*fresh.current()), told
        assert len(fresh.open_logins()) <= 2, told
        assert error or most == 1, told
        run(fresh)
        settled(fresh)
    assert call > 20, "too few calls: the counting is broken"
