# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A database with one login, changed by us or by OpenBao's engine: whose it is, and the moment without overlap."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import jobs
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import STORED
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.openbao_engine import Engine
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.openbao_static_role import StaticRole
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_single import SingleUser
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.jobs import Wish
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao_server import Server
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
from benches import LEAKED, Bench, Database


@pytest.fixture(scope="module")
def there(sandbox: Any) -> Database:
    return benches.database(sandbox, "benched")


@pytest.fixture(scope="module")
def single(sandbox: Any) -> Iterator[Bench]:
    with benches.single(sandbox) as bench:
        yield bench


@pytest.fixture(scope="module")
def role(sandbox: Any) -> Iterator[Bench]:
    with benches.static_role(sandbox, sandbox.block("openbao")) as bench:
        yield bench


def by_root(sandbox: Any, there: Database, statement: str) -> None:
    """What only an administrator of the server may do."""
    password = pathlib.Path(sandbox.block("database")["password_file"]).read_text().strip()
    with there.connect("postgres", password, there.app) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER ROLE benched SUPERUSER", "administrator"),
        ("ALTER DATABASE benched OWNER TO postgres; ALTER ROLE benched RENAME TO somebody", "known to be this app's"),
    ],
)
def test_a_login_that_is_not_the_apps_own_is_refused(
    sandbox: Any, single: Bench, there: Database, statement: str, why: str
) -> None:
    single.reset()
    single.run(leaked=LEAKED)
    current = single.current()
    by_root(sandbox, there, statement)
    name = "somebody" if "somebody" in statement else "benched"
    try:
        issuer = single.issuer(Secrets(), "now")
        wanted = {**current, "username": name}
        (plan,) = issuer.plans(wanted, wanted, True, None)
        assert why in plan.refusals[0].sentence()
        with pytest.raises(Conflict, match=why):
            issuer.set({**wanted, "password": "x" * 32}, wanted)
        assert there.works({**current, "username": name}), "its password is as it was"
    finally:
        by_root(sandbox, there, f"ALTER ROLE {name} NOSUPERUSER")
        if name != "benched":
            by_root(sandbox, there, f"ALTER ROLE {name} RENAME TO benched")


def test_a_login_that_is_missing_is_not_made(single: Bench) -> None:
    single.reset()
    issuer = single.issuer(Secrets(), "now")
    assert isinstance(issuer, SingleUser)
    (plan,) = issuer.plans(None, {**issuer.outline(None), "username": "nobody"}, True, None)
    assert "CREATE ROLE nobody LOGIN" in plan.refusals[0].sentence()


def test_sessions_outlive_a_rotation_but_not_a_finding(single: Bench, there: Database) -> None:
    single.reset()
    single.run(leaked=LEAKED)
    current = single.current()
    session = there.connect(current["username"], current["password"], there.app)
    single.run(force=True, cutover="when_seen")
    assert session.execute("SELECT 1").fetchone() == (1,)
    single.run(force=True, cutover="now")
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")


def test_a_password_that_somebody_changed_is_put_back_and_not_called_new(sandbox: Any, single: Bench, there: Database) -> None:
    single.reset()
    single.run(leaked=LEAKED)
    current = single.current()
    by_root(sandbox, there, "ALTER ROLE benched PASSWORD 'changed-by-hand-1'")
    seen = single.run()
    (told,) = [plan for plan in seen.plans if plan.object == "postgresql:login/benched"]
    assert told.after is not None and told.after["password"] == STORED
    assert single.current() == current and there.works(current)


def test_an_app_that_cannot_be_switched_over_keeps_its_password(single: Bench, there: Database) -> None:
    leaked = single.reset()
    sight, store = single.look(leaked=leaked)
    held = Wish(datetime.datetime.now(datetime.UTC), None, "now", True, held="the branch does not exist")
    sight = jobs.look(sight.job, store, held)
    assert not sight.rotating
    assert sight.held == held.held
    assert sight.job.issuer is not None
    with sight.job.issuer.exclusive(single.name):
        jobs.retire(sight, store, jobs.rotate(sight, store))
    assert single.current()["password"] == leaked
    assert there.works(single.current())


def test_no_password_is_in_the_servers_log(sandbox: Any, single: Bench) -> None:
    single.reset()
    single.run(leaked=LEAKED)
    log = (sandbox.folder / "logs" / "postgresql" / "postgresql.log").read_text(errors="replace")
    assert 'ALTER ROLE "benched" LOGIN PASSWORD' in log, "the log does not hold statements: this test proves nothing"
    assert single.current()["password"] not in log


def test_what_the_engine_changed_by_its_schedule_is_followed(role: Bench, sandbox: Any) -> None:
    role.reset()
    role.run()
    before = role.current()
    issuer = role.issuer(Secrets(), "now")
    assert isinstance(issuer, StaticRole)
    issuer.engine.call("POST", f"rotate-role/{issuer.role}")
    assert not role.works(before)
    sight = role.run()
    assert "by its own schedule" in sight.due
    assert role.works(role.current())
    assert not role.run().writes


def test_denied_missing_and_unreachable_are_told_apart(role: Bench) -> None:
    role.reset()
    issuer = role.issuer(Secrets(), "now")
    assert isinstance(issuer, StaticRole)

    def elsewhere(server: Server, mount: str) -> StaticRole:
        return dataclasses.replace(issuer, engine=Engine(server, mount))

    here = issuer.engine
    with pytest.raises(Denied, match="policy"):
        dataclasses.replace(issuer, role="microapp-another-test").issue("t", None)
    with pytest.raises(Denied, match="policy"):
        elsewhere(benches.bao_server(here.server.address, "no-such-token"), here.mount).issue("t", None)
    with pytest.raises(Unreachable):
        elsewhere(benches.bao_server("http://127.0.0.1:1", "t"), here.mount).issue("t", None)
    with pytest.raises((NotFound, Denied)):
        elsewhere(here.server, "nowhere").issue("t", None)
