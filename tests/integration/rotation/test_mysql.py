# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rotation on a real MariaDB and a real MySQL: watched by a client, searched, and what is refused."""

from __future__ import annotations

import dataclasses
import pathlib
import sys
import time
from typing import Any

import pymysql
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import Database as AppDatabase
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import (
    Conflict,
    Denied,
    Invalid,
    MicroappsError,
    Unreachable,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.mysql import ask_mysql
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    DatabaseServer,
    MysqlServer,
    Profile,
    Registry,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import jobs
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import mysql_session
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.makers import issuer_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import mysql_benches
import mysql_servers
from benches import LEAKED, Bench
from clients import Client
from mysql_benches import Both, Database
from mysql_servers import Server


def test_no_password_is_in_the_log_of_all_statements_and_none_is_told(bench: Bench, server: Server) -> None:
    secrets = Secrets()
    leaked = bench.reset()
    sight = bench.run(leaked=leaked, secrets=secrets)
    again = bench.run(force=True, secrets=secrets)
    log = server.log.read_bytes().decode("utf-8", "replace")
    assert f"ALTER USER '{bench.current()['username']}'" in log, "the log does not hold statements: this test proves nothing"
    told = f"{sight!r} {sight.plans!r} {again!r} {again.plans!r} {again.job.issuer!r}"
    for value in (leaked, bench.current()["password"], bench.current("AWSPREVIOUS")["password"]):
        assert value not in log
        assert value not in told
        assert value not in secrets.scrub_text(f"error: {value}")


def test_a_client_that_logs_in_twenty_times_a_second_never_fails(both: Both) -> None:
    bench, there = both
    if bench.one_login:
        # The plan says so beforehand, and what then must hold is asked there.
        pytest.skip("MariaDB has one password for a login: see test_the_moment_without_overlap")
    bench.run(leaked=bench.reset())
    client = Client(bench.current, there.works, 2.0)
    rotations = 0
    with client.logging_in():
        until = time.monotonic() + 15
        while time.monotonic() < until:
            rotations += bench.run(force=True, cutover="when_seen").rotating
            # The next one takes the former password from its users: nobody may hold it any more.
            time.sleep(2.5)
    assert not client.failed
    assert rotations >= 3
    assert client.seen >= rotations


def test_the_moment_without_overlap(single: Both, server: Server) -> None:
    bench, _there = single
    bench.run(leaked=bench.reset())
    former = bench.current()
    sight = bench.run(force=True, cutover="when_seen")
    assert bench.works(bench.current())
    assert bench.works(former) == (server.engine == "mysql")
    assert ("the former is refused from that moment" in str(sight.plans)) == (server.engine == "mariadb")
    assert not sight.retires or bench.one_login
    if server.engine == "mysql":
        later = bench.run(cutover="when_seen")
        assert "nobody tells who uses it" in later.held and bench.works(former)
        assert bench.run(cutover="now").writes
        assert not bench.works(former) and bench.works(bench.current())


def test_sessions_of_a_retired_login_are_ended_and_named_before(turns: Both) -> None:
    bench, there = turns
    bench.run(leaked=bench.reset())
    former = bench.current()
    held = there.server.connect(former["username"], former["password"], there.app)
    bench.run(force=True, cutover="when_seen")
    later = bench.run(cutover="when_seen")
    assert "old credential still in use by a client at 127.0.0.1 (1 session)" in later.held
    assert bench.works(former)
    held.close()
    # Only once the app was seen with the new one.
    app = there.server.connect(bench.current()["username"], bench.current()["password"], there.app)
    time.sleep(0.2)
    assert bench.run(cutover="when_seen").retires
    assert not bench.works(former)
    held, former = app, bench.current()
    bench.run(force=True, cutover="now")
    with pytest.raises(pymysql.MySQLError):
        held.query("SELECT 1")


def test_what_a_login_defined_works_when_it_is_retired(turns: Both) -> None:
    bench, there = turns
    leaked = bench.reset()
    connection = there.server.connect(there.app, leaked, there.app)
    for statement in ("CREATE VIEW seen AS SELECT place FROM votes", "CREATE PROCEDURE count_all() SELECT COUNT(*) FROM votes"):
        connection.query(statement)
    connection.close()
    sight = bench.run(leaked=leaked)
    retired = next(plan for plan in sight.plans if plan.object == f"mysql:login/{there.app}")
    assert retired.before == {"locked": False, "defines": ["procedure count_all", "view seen"]}
    for _unused in range(2):
        there.server.root("SELECT * FROM my_turned.seen", f"CALL `{there.app}`.count_all()")
        current = bench.current()
        app = there.server.connect(current["username"], current["password"], there.app)
        for statement in ("SELECT * FROM seen", "CALL count_all()", "CREATE OR REPLACE VIEW later AS SELECT id FROM votes"):
            with app.cursor() as cursor:
                cursor.execute(statement)
        app.close()
        bench.run(force=True)


def test_the_next_login_has_the_rights_of_the_current_one_and_no_other(turns: Both) -> None:
    bench, there = turns
    leaked = bench.reset()
    there.server.root(
        f"REVOKE ALL PRIVILEGES ON {there.pattern}.* FROM '{there.app}'@'%'",
        f"GRANT SELECT, INSERT ON {there.pattern}.* TO '{there.app}'@'%'",
        f"GRANT UPDATE (place) ON `{there.app}`.votes TO '{there.app}'@'%'",
    )
    bench.run(leaked=leaked)
    bench.run(force=True)
    there.server.root(f"GRANT DELETE ON {there.pattern}.* TO '{there.app}_b'@'%'")
    there.server.root(f"REVOKE INSERT ON {there.pattern}.* FROM '{there.app}_b'@'%'")
    bench.run(force=True)
    assert bench.current()["username"] == f"{there.app}_a"
    grants = " ".join(row[0] for row in there.server.root(f"SHOW GRANTS FOR '{there.app}_a'@'%'"))
    assert "GRANT SELECT, DELETE ON " in grants and "UPDATE (`place`)" in grants and "INSERT" not in grants
    assert r"\_" in grants, "an underscore in GRANT stands for any character"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("GRANT SELECT ON mysql.* TO '{app}'@'%'", "SELECT on mysql.*"),
        ("GRANT RELOAD ON *.* TO '{app}'@'%'", "RELOAD on *.*"),
        ("GRANT SELECT ON elsewhere.* TO '{app}'@'%'", "SELECT on elsewhere.*"),
        ("GRANT ALL PRIVILEGES ON *.* TO '{app}'@'%' WITH GRANT OPTION", "administrator of the server"),
        ("CREATE USER '{app}_a'@'%'", "may be in use by somebody"),
        ("CREATE USER '{app}_a'@'localhost'", "exists for localhost"),
    ],
)
def test_what_is_not_the_apps_alone_is_refused_before_anything_changes(turns: Both, statement: str, why: str) -> None:
    bench, there = turns
    leaked = bench.reset()
    there.server.root(statement.format(app=there.app))
    sight, store = bench.look(leaked=leaked)
    assert sight.refused
    assert why in " ".join(refusal.sentence() for plan in sight.plans for refusal in plan.refusals)
    assert there.login(there.app, leaked)
    assert sight.job.issuer is not None
    with pytest.raises(Conflict), sight.job.issuer.exclusive(bench.name):
        jobs.retire(sight, store, jobs.rotate(sight, store))
    assert there.login(there.app, leaked), "its password is as it was"


def test_the_one_login_must_be_the_apps_own(single: Both) -> None:
    bench, there = single
    bench.run(leaked=bench.reset())
    current = bench.current()
    there.server.root("CREATE USER 'hostile'@'%'")
    issuer = bench.issuer(Secrets(), "now")
    for name, why in (("hostile", "not known to be this app's"), ("nobody", "not there"), ("tester", "administrator")):
        (plan,) = issuer.plans(current, {**current, "username": name}, True, None)
        assert why in plan.refusals[0].sentence()
        with pytest.raises(Conflict, match=why):
            issuer.set({**current, "username": name, "password": "x" * 32}, current)


@pytest.mark.parametrize("name", ["o'brien", 'quo"ted', "back`tick", "back\\slash\\", "-- dash", "%", "nät"])
def test_names_that_are_no_words_are_only_names(turns: Both, name: str) -> None:
    bench, there = turns
    bench.reset()
    quoted = f"{there.app}{name}".replace("\\", "\\\\").replace("'", "\\'")
    there.server.root(
        f"CREATE USER '{quoted}'@'%' {there.hashed(LEAKED)}", f"GRANT SELECT ON {there.pattern}.* TO '{quoted}'@'%'"
    )
    there.server.root(f"DROP USER '{there.app}'@'%'")
    try:
        assert there.login(f"{there.app}{name}", LEAKED)
        bench.run(leaked=LEAKED)
        assert bench.current()["username"] == f"{there.app}_a"
        assert not there.login(f"{there.app}{name}", LEAKED)
    finally:
        there.server.root(f"DROP USER '{quoted}'@'%'")


@pytest.mark.parametrize("demand", ["", "REQUIRE X509"])
def test_a_password_that_opens_from_elsewhere_is_not_called_dead(turns: Both, demand: str) -> None:
    bench, there = turns
    leaked = bench.reset()
    there.server.root(
        f"DROP USER '{there.app}'@'%'",
        f"CREATE USER '{there.app}'@'{'%' if demand else '10.1.%'}' {there.hashed(leaked)} {demand}",
        f"GRANT SELECT ON {there.pattern}.* TO '{there.app}'@'{'%' if demand else '10.1.%'}'",
    )
    assert not there.login(there.app, leaked)
    issuer = bench.issuer(Secrets(), "now")
    (document,) = issuer.found((leaked,))
    assert document["username"] == there.app
    issuer.retire((document,), {**document, "username": f"{there.app}_a"})
    assert issuer.found((leaked,)) == () and not issuer.accepts(document)


def test_the_one_login_must_be_tried_before_it_is_changed(single: Both) -> None:
    bench, there = single
    leaked = bench.reset()
    there.server.root(f"RENAME USER '{there.app}'@'%' TO '{there.app}'@'10.1.%'")
    sight, _store = bench.look(leaked=leaked)
    assert "cannot be tried from here" in " ".join(one.sentence() for plan in sight.plans for one in plan.refusals)


def test_of_two_runs_at_once_one_proceeds(bench: Bench) -> None:
    bench.reset()
    with bench.issuer(Secrets(), "now").exclusive(bench.name):
        with pytest.raises(Conflict, match="another run"), bench.issuer(Secrets(), "now").exclusive(bench.name):
            pass
        with bench.issuer(Secrets(), "now").exclusive(f"{bench.name}-another"):
            pass
    with bench.issuer(Secrets(), "now").exclusive(bench.name):
        pass


def test_who_is_logged_in_is_not_guessed(turns: Both) -> None:
    bench, there = turns
    bench.run(leaked=bench.reset())
    there.server.root(f"REVOKE PROCESS ON *.* FROM '{there.administrator[0]}'@'%'")
    with pytest.raises(Denied, match="PROCESS"):
        bench.issuer(Secrets(), "now").in_use(bench.current())


def test_refused_and_unreachable_are_told_apart_and_nothing_is_sent_without_tls(turns: Both) -> None:
    bench, there = turns
    bench.reset()
    good = there.address
    cases: list[tuple[Any, str, type[Exception]]] = [
        (good, "wrong", Denied),
        (dataclasses.replace(good, port=1), LEAKED, Unreachable),
        (dataclasses.replace(good, sslrootcert=""), LEAKED, Unreachable),
        (dataclasses.replace(good, host="localhost"), LEAKED, Unreachable),
        (dataclasses.replace(good, host="192.0.2.1", sslmode="disable"), LEAKED, Invalid),
    ]
    for address, password, kind in cases:
        with pytest.raises(kind) as raised, mysql_session.session(address, there.app, password):
            pass
        assert password not in str(raised.value)
        assert raised.value.__cause__ is None and (raised.value.__suppress_context__ or raised.value.__context__ is None)
    for sslmode, host in (("require", "localhost"), ("verify-ca", "localhost"), ("disable", "127.0.0.1")):
        address = dataclasses.replace(good, sslmode=sslmode, host=host)
        with mysql_session.session(address, there.app, LEAKED) as connection:
            ((_name, cipher),) = mysql_session.ask(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            assert bool(cipher) == (sslmode != "disable")


def test_a_server_without_tls_gets_no_password(server: Server) -> None:
    with mysql_servers.SERVERS[server.engine](tls=False) as plain:
        there = mysql_benches.database(plain, "my_plain")
        there.as_found()
        for sslmode in ("require", "verify-ca", "verify-full"):
            address = dataclasses.replace(there.address, sslmode=sslmode)
            with pytest.raises(Unreachable), mysql_session.session(address, there.app, LEAKED):
                pass
        with mysql_session.session(dataclasses.replace(there.address, sslmode="disable"), there.app, LEAKED):
            pass


def test_an_error_of_a_statement_does_not_quote_it(turns: Both) -> None:
    bench, there = turns
    bench.reset()
    session = mysql_session.session(there.address, there.app, LEAKED)
    with pytest.raises(MicroappsError, match="error 1064") as raised, session as connection:
        mysql_session.ask(connection, "ALTER USER canary-in-a-statement")
    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__


def of_the_profile(there: Database, folder: pathlib.Path) -> MysqlServer:
    """The server as a profile names it."""
    file = folder / "password"
    file.write_text(there.administrator[1])
    address = there.address
    return MysqlServer(address.host, address.port, there.administrator[0], str(file), address.sslmode, address.sslrootcert)


def test_the_servers_version_decides_whether_there_are_two_passwords(
    single: Both, root: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    bench, there = single
    bench.reset()
    server = of_the_profile(there, tmp_path)
    profile = Profile("dev", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("pg"), mysql=server)
    found = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "dev")
    app = dataclasses.replace(found, database=AppDatabase("mysql", there.app), secrets=(bench.spec,))
    issuer = issuer_of(bench.spec, app, profile, Request({}))
    assert issuer is not None and issuer.traits.one_login == (there.server.engine == "mariadb")


def test_preflight_says_what_the_administrator_lacks(turns: Both, tmp_path: pathlib.Path) -> None:
    bench, there = turns
    bench.reset()
    server = of_the_profile(there, tmp_path)
    (row,) = ask_mysql(server, Secrets())
    assert (row.reachable, row.permitted, row.problem) == ("yes", "yes", None)
    there.server.root(f"REVOKE PROCESS ON *.* FROM '{there.administrator[0]}'@'%'")
    (row,) = ask_mysql(server, Secrets())
    assert row.permitted == "no" and row.problem is not None and "it lacks PROCESS on *.*" in row.problem.sentence()
