# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins that nobody has to keep: by identity (no password at all), and for a while (a lease that ends by itself).

Amazon's own part, which turns a signed token into a login, is not here: the role rds_iam of the test is an ordinary one. What
is proven is everything else: whose login it is, what it may do, and that no password opens the database any more.
"""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.openbao_dynamic_role import DynamicRole
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql import PostgreSQL
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_single import SingleUser
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import REPLACE_AFTER, About, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao_server import Entered, Server
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
from benches import LEAKED, Bench, Database
from lives import killed_at_every_call


@pytest.fixture(scope="module")
def nameless(sandbox: Any) -> Iterator[Bench]:
    with benches.by_identity(sandbox) as bench:
        yield bench


@pytest.fixture(scope="module")
def leased(sandbox: Any, secret_server: Any) -> Iterator[Bench]:
    with benches.dynamic_role(sandbox, secret_server.block) as bench:
        yield bench


@pytest.fixture(scope="module")
def there(sandbox: Any) -> Database:
    return benches.database(sandbox, "nameless")


def with_passwords(bench: Bench) -> Bench:
    """The same app and secret, with two logins that take turns."""

    def issuer(secrets: Secrets, cutover: str) -> PostgreSQL:
        made = bench.issuer(secrets, cutover)
        assert isinstance(made, PostgreSQL)
        return PostgreSQL(made.names, made.address, made.administrator, made.secrets, made.random_bytes)

    fields = {name: getattr(bench, name) for name in ("name", "aws", "environ", "works", "open", "id_of", "as_found")}
    return Bench(spec=bench.spec, issuer=issuer, **fields)


def without_a_password(bench: Bench) -> None:
    """What must hold: one login of the app is open, and it has no password."""
    assert bench.current() == {**bench.current(), "engine": "postgres", "username": "nameless_iam", "dbname": "nameless"}
    assert "password" not in bench.current()
    assert bench.open() == {"nameless_iam"}
    assert bench.works(bench.current())


def test_the_password_as_found_is_replaced_by_no_password(nameless: Bench, there: Database) -> None:
    leaked = nameless.reset()
    assert nameless.run(leaked=leaked).rotating
    without_a_password(nameless)
    with pytest.raises(psycopg.OperationalError):
        there.connect("nameless", LEAKED, "nameless")
    with there.connect("postgres", there.root, "nameless") as connection:
        (hashed,) = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'nameless_iam'").fetchone() or ("?",)
    assert hashed is None
    assert not nameless.run(leaked=leaked).writes, "a second run changes nothing"


def test_there_is_nothing_to_rotate(nameless: Bench) -> None:
    nameless.run(leaked=nameless.reset())
    assert not nameless.run(force=True).writes
    assert not nameless.run(hours_later=100_000).writes


def test_from_passwords_to_none_and_back_without_an_outage(nameless: Bench) -> None:
    passwords = with_passwords(nameless)
    leaked = nameless.reset()
    passwords.run(leaked=leaked)
    former = passwords.current()
    assert former["username"] in ("nameless_a", "nameless_b")
    assert nameless.run(cutover="when_seen").rotating
    assert nameless.works(former), "whoever runs with the password still gets in"
    nameless.run()
    without_a_password(nameless)
    assert not nameless.works(former)
    assert passwords.run(force=True).rotating
    assert passwords.open() == {passwords.current()["username"]} != {"nameless_iam"}
    nameless.run()
    without_a_password(nameless)


def test_the_way_back_begins_by_itself(nameless: Bench) -> None:
    nameless.run(leaked=nameless.reset())
    passwords = with_passwords(nameless)
    sight = passwords.run()
    assert sight.rotating and sight.due == "it was not made by what makes it now"
    assert nameless.works(passwords.current()) and passwords.current()["password"]
    assert passwords.open() == {passwords.current()["username"]} != {"nameless_iam"}
    assert not passwords.run().writes


def test_one_login_that_has_no_password_is_refused_by_name(nameless: Bench, there: Database) -> None:
    nameless.run(leaked=nameless.reset())

    def issuer(secrets: Secrets, _cutover: str) -> SingleUser:
        made = nameless.issuer(secrets, "now")
        assert isinstance(made, PostgreSQL)
        return SingleUser(made.names, made.address, made.administrator, made.secrets, made.random_bytes, at_once=True)

    sight, _store = dataclasses.replace(nameless, issuer=issuer, one_login=True).look()
    assert sight.refused and "takes no password" in str(sight.plans)
    without_a_password(nameless)


def test_what_was_changed_by_hand_is_put_back(nameless: Bench, there: Database) -> None:
    nameless.run(leaked=nameless.reset())
    with there.connect("postgres", there.root, "postgres") as connection:
        connection.execute("REVOKE rds_iam FROM nameless_iam GRANTED BY nameless_rotator")
    assert not nameless.works(nameless.current())
    assert nameless.run().writes
    without_a_password(nameless)


def test_a_server_that_knows_no_tokens_is_refused(nameless: Bench, there: Database) -> None:
    leaked = nameless.reset()
    with there.connect("postgres", there.root, "postgres") as connection:
        connection.execute("DROP ROLE rds_iam")
    sight, _store = nameless.look(leaked=leaked)
    assert sight.refused
    assert "no role rds_iam" in str(sight.plans)
    issuer = nameless.issuer(Secrets(), "now")
    with pytest.raises(Conflict, match="no role rds_iam"):
        issuer.set(issuer.issue("x", None), None)


@pytest.mark.parametrize("first", [True, False], ids=["first", "again"])
def test_killed_on_the_way_to_no_password(nameless: Bench, first: bool) -> None:
    if first:
        killed_at_every_call(nameless, without_a_password, True)
        return
    budget = 0
    while True:
        budget += 1
        with_passwords(nameless).run(leaked=nameless.reset())
        if not nameless.killed(budget, True):
            break
        nameless.run()
        without_a_password(nameless)
    assert budget > 8


def test_a_lease_is_replaced_in_its_second_half_at_the_latest(leased: Bench) -> None:
    leased.reset()
    leased.run()
    ends = datetime.datetime.fromisoformat(leased.current()[REPLACE_AFTER])
    assert ends - datetime.datetime.now(datetime.UTC) == pytest.approx(
        datetime.timedelta(hours=12), abs=datetime.timedelta(minutes=5)
    )
    assert not leased.run(hours_later=11).writes
    former = leased.current()
    sight = leased.run(hours_later=13, cutover="when_seen")
    assert "ends by itself" in sight.due
    assert leased.works(former) and leased.works(leased.current())
    leased.run(cutover="now")
    assert not leased.works(former)


def test_a_lease_that_somebody_revoked_is_replaced(leased: Bench, secret_server: Any) -> None:
    leased.reset()
    leased.run()
    former = leased.current()
    benches.BaoEngine(secret_server.block, "leasedb").asked("PUT", "sys/leases/revoke", {"lease_id": former["lease_id"]})
    assert leased.run().rotating
    assert leased.current()["lease_id"] != former["lease_id"]


def test_a_login_of_another_kind_is_replaced_and_told_of_until_its_administrator_locks_it(leased: Bench, sandbox: Any) -> None:
    leased.reset()
    there = benches.database(sandbox, "leased")
    own = {**leased.issuer(Secrets(), "now").outline(None), "username": "leased", "password": LEAKED}
    leased.store(Secrets()).create(leased.name, token_for(leased.name, ""), own, About("a test", "", (("owner", "tests"),)))
    sight = leased.run()
    assert sight.rotating and sight.due == "it was not made by what makes it now"
    assert leased.current()["username"] != "leased" and leased.works(leased.current())
    assert not leased.run().writes
    assert own in leased.run().former, "it still lets in"
    with there.connect("postgres", there.root, "postgres") as connection:
        connection.execute("ALTER ROLE leased NOLOGIN")
    assert not leased.run().former


def test_a_login_as_found_holds_nothing_up_and_is_left_to_its_administrator(leased: Bench) -> None:
    leased.reset()
    sight = leased.run(leaked=LEAKED)
    assert sight.rotating and [document["username"] for document in sight.live] == ["leased"]
    assert leased.current()["username"] not in ("", "leased") and leased.works(leased.current())
    again = leased.run(leaked=LEAKED)
    assert not again.writes and again.live, "it still lets in, which the control says"


def test_a_lease_that_no_store_knows_is_revoked(leased: Bench) -> None:
    leased.reset()
    leased.run()
    lost = leased.issuer(Secrets(), "now").issue("x", None)
    assert len(leased.open()) == 2
    sight = leased.run()
    assert lost["lease_id"].rpartition("/")[2] in str(sight.plans)
    assert leased.open() == {leased.current()["username"]}


@pytest.mark.parametrize(
    ("role", "what", "error"),
    [
        ({"default_ttl": "10m", "max_ttl": "20m"}, "Set its default_ttl", Invalid),
        ({"creation_statements": [benches.CREATION[0].format(owner="leased_owner")]}, "acts as itself", Conflict),
    ],
    ids=["short", "owns"],
)
def test_a_role_that_would_harm_is_refused(
    leased: Bench, secret_server: Any, role: dict[str, Any], what: str, error: type[Exception]
) -> None:
    leased.reset()
    bao = benches.BaoEngine(secret_server.block, "leasedb")
    asked = bao.asked("GET", "leasedb/roles/microapp-leased-test")["data"]
    bao.asked("POST", "leasedb/roles/microapp-leased-test", {**asked, **role})
    with pytest.raises(error, match=what):
        leased.run()
    leased.reset()
    leased.run()
    assert leased.open() == {leased.current()["username"]}


def test_a_lease_that_would_end_with_our_token_is_refused(leased: Bench) -> None:
    """The server ends every lease with the token that it was taken with, and says nothing of it when it gives the lease."""
    leased.reset()
    leased.run()
    issuer, login = leased.issuer(Secrets(), "now"), leased.current()
    assert isinstance(issuer, DynamicRole)
    token = issuer.engine.server.token()
    brief = Server(issuer.engine.server.address, "", lambda: Entered(token, 3600))
    with pytest.raises(Invalid, match="would end with our token"):
        dataclasses.replace(issuer, engine=dataclasses.replace(issuer.engine, server=brief)).issue("t", None)
    assert leased.open() == {login["username"]}, "the lease is not left open"


def test_a_token_of_others_is_asked_how_long_it_is_good_for(leased: Bench, secret_server: Any) -> None:
    bao = benches.BaoEngine(secret_server.block, "leasedb")
    server = benches.bao_server(bao.bao["address"], pathlib.Path(bao.bao["token_file"]).read_text().strip())
    assert server.seconds_left() is None, "a root token never ends"

    def given(**asked: Any) -> Server:
        made = bao.asked("POST", "auth/token/create", {"policies": ["default"], **asked})
        return benches.bao_server(server.address, made["auth"]["client_token"])

    assert 0 < (given(ttl="2h").seconds_left() or 0) <= 7200
    assert given(period="1h").seconds_left() is None, "whoever keeps a periodic token renews it"
    with pytest.raises(Denied, match="how long"):
        given(policies=["nothing"], no_default_policy=True).seconds_left()


def test_a_token_may_revoke_no_lease_but_its_roles(leased: Bench) -> None:
    issuer = leased.issuer(Secrets(), "now")
    assert isinstance(issuer, DynamicRole)
    with pytest.raises(Denied):
        issuer.engine.ask("PUT", "sys/leases/revoke/leasedb/creds/another/x", {"sync": True})
    with pytest.raises(Denied):
        issuer.engine.call("GET", "creds/another")
