# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of MySQL's and MariaDB's accounts: from what is to what should be, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, Database, SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Invalid, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    DatabaseServer,
    MysqlServer,
    Profile,
    Registry,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import mysql_hashes
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import spec_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import STORED
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import mysql_statements as statements
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql import MySQL
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_accounts import (
    Account,
    Names,
    Server,
    plan,
    wanted_rights,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_grants import Right
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_session import Flavour
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.makers import issuer_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

NAMES = Names("x", "x_db")
FLAVOUR = Flavour("mysql", (8, 0, 36))
READ, WRITE = Right("SELECT", "x_db"), Right("INSERT", "x_db")
FOUND = Account("x", rights=frozenset({READ, WRITE}))
A, B = Account("x_a", rights=FOUND.rights), Account("x_b", locked=True, rights=FOUND.rights)
OLD = dataclasses.replace(FOUND, locked=True)


def server(*accounts: Account, **also: bool) -> Server:
    return Server(FLAVOUR, "admin", accounts, **also)


@pytest.mark.parametrize(
    ("what", "seen", "arguments", "wanted"),
    [
        ("first contact", server(FOUND), ("x", "x_a", True, ("x",)), {"x_a": [""], "x": ["locked"]}),
        ("nothing to do", server(A, B, OLD), ("x_a", "x_a", False, ("x", "x_b")), {}),
        ("the other's turn", server(A, B), ("x_a", "x_b", True, ("x_a",)), {"x_b": ["locked", "password"], "x_a": ["locked"]}),
        ("locked by hand", server(dataclasses.replace(A, locked=True)), ("x_a", "x_a", False, ()), {"x_a": ["locked"]}),
        (
            "rights that differ",
            server(A, dataclasses.replace(B, rights=frozenset({READ}))),
            ("x_a", "x_b", True, ()),
            {"x_b": ["locked", "rights", "password"]},
        ),
        ("a login somebody chose is left alone", server(A), ("person", "person", False, ()), {}),
    ],
)
def test_plans(what: str, seen: Server, arguments: tuple[str, str, bool, tuple[str, ...]], wanted: dict[str, list[str]]) -> None:
    plans = plan(seen, NAMES, *arguments, False)
    assert not [refusal for one in plans for refusal in one.refusals], what
    assert {one.object.rpartition("/")[2]: [change.field for change in one.changes] for one in plans if one.changes} == wanted, (
        what
    )


@pytest.mark.parametrize(
    ("seen", "current"),
    [
        (server(dataclasses.replace(B, rights=frozenset({READ}))), "x_a"),
        (server(dataclasses.replace(OLD, rights=frozenset({READ}))), "x_a"),
        (server(dataclasses.replace(FOUND, rights=frozenset({READ}))), ""),
    ],
)
def test_a_login_that_somebody_dropped_comes_back_with_what_the_app_may_do_and_no_more(seen: Server, current: str) -> None:
    assert wanted_rights(seen, NAMES, "x_a", current) == {READ}
    (one,) = plan(seen, NAMES, current, "x_a", True, (), False)
    assert one.after is not None and one.after["rights"] == ["SELECT on x_db.*"]


@pytest.mark.parametrize(("current", "told"), [("x_a", STORED), ("x_b", "a new one"), ("x", "a new one")])
def test_a_password_that_is_put_back_is_not_called_new(current: str, told: str) -> None:
    (one,) = plan(server(A, B, FOUND), NAMES, current, "x_a", True, (), True)
    assert one.after is not None and one.after["password"] == told


def with_rights(account: Account, *rights: Right) -> Account:
    return dataclasses.replace(account, rights=account.rights | set(rights))


@pytest.mark.parametrize(
    ("seen", "arguments", "why"),
    [
        (server(with_rights(FOUND, Right("SELECT", "other"))), ("x", "x_a", True, ()), "SELECT on other.*"),
        (server(with_rights(FOUND, Right("role r", ""))), ("x", "x_a", True, ()), "role r"),
        (server(A, with_rights(B, Right("FILE", "*"))), ("x_a", "x_b", True, ()), "FILE on *.*"),
        (server(FOUND, A), ("x", "x_a", True, ()), "may be in use by somebody"),
        (server(FOUND, Account("x_a", "10.%", True)), ("x", "x_a", True, ()), "exists for 10.%"),
        (server(dataclasses.replace(FOUND, tls="X509")), ("x", "x_a", True, ()), "client certificate"),
        (server(with_rights(FOUND, Right("SUPER", "*"))), ("x_a", "x_a", False, ("x",)), "administrator of the server"),
        (server(Account("root")), ("x_a", "x_a", False, ("root",)), "administrator of the server"),
        (server(Account("admin")), ("x_a", "x_a", False, ("admin",)), "administrator of the server"),
        (server(with_rights(FOUND, Right("SELECT", "other"))), ("x_a", "x_a", False, ("x",)), "used beyond this app"),
    ],
)
def test_refusals(seen: Server, arguments: tuple[str, str, bool, tuple[str, ...]], why: str) -> None:
    refusals = [refusal.sentence() for one in plan(seen, NAMES, *arguments, False) for refusal in one.refusals]
    assert why in " ".join(refusals)


def test_a_refusal_from_here_shows_nothing_of_accounts_for_elsewhere() -> None:
    kept = (mysql_hashes.native("word").encode(),)
    elsewhere = Account("x", "10.%", plugin="mysql_native_password", kept=kept)
    assert server(elsewhere).keeps("x", "word") is True and server(elsewhere).keeps("x", "other") is False
    assert server(dataclasses.replace(elsewhere, locked=True)).keeps("x", "word") is False
    for host, told in (("10.%", False), ("localhost", True), ("%", True)):
        seen = server(Account("x", host, plugin="ldap"))
        assert seen.keeps("x", "word") is None
        if told:
            seen.demand_tried("x")
        else:
            with pytest.raises(Unreachable, match="cannot be tried from here"):
                seen.demand_tried("x")


def test_an_open_account_of_a_killed_run_is_ours() -> None:
    assert not [refusal for one in plan(server(FOUND, A), NAMES, "x", "x_a", True, (), True) for refusal in one.refusals]


def test_a_name_that_is_too_long_for_mysql_is_refused_and_mariadb_takes_it() -> None:
    names = Names("x" * 31, "x_db")
    for engine, count in (("mysql", 1), ("mariadb", 0)):
        seen = Server(Flavour(engine, (11, 4, 5)), "admin", ())
        (one,) = plan(seen, names, "", names.logins[0], True, (), False)
        assert len(one.refusals) == count


def test_the_password_is_set_last_and_rights_are_taken_before_they_are_given() -> None:
    wider = dataclasses.replace(B, rights=frozenset({READ, Right("DROP", "x_db"), Right("UPDATE (`a`)", "x_db", "t")}))
    said = statements.make_login(server(A, wider), NAMES, "x_b", "x_a", "IDENTIFIED BY HASH")
    assert said == (
        r"REVOKE DROP ON `x\_db`.* FROM 'x_b'@'%'",
        "REVOKE UPDATE (`a`) ON `x_db`.`t` FROM 'x_b'@'%'",
        r"GRANT INSERT ON `x\_db`.* TO 'x_b'@'%'",
        r"GRANT SELECT ON `x\_db`.* TO 'x_b'@'%'",
        "ALTER USER 'x_b'@'%' IDENTIFIED BY HASH ACCOUNT UNLOCK",
    )
    first, *_others = statements.make_login(server(A), NAMES, "x_b", "x_a", "IDENTIFIED BY HASH")
    assert first == "CREATE USER IF NOT EXISTS 'x_b'@'%' IDENTIFIED BY HASH ACCOUNT LOCK"
    # With partial_revokes a name in GRANT is no pattern.
    assert "ON `x_db`.*" in statements.make_login(server(A, B, literal_patterns=True), NAMES, "x_b", "x_a", "H")[0]


def test_tls_that_was_demanded_is_demanded_again() -> None:
    seen = server(dataclasses.replace(A, tls="ANY"), B)
    assert " REQUIRE SSL " in statements.make_login(seen, NAMES, "x_b", "x_a", "H")[-1]


@pytest.mark.parametrize(
    ("engine", "plugin", "begins"),
    [
        ("mysql", "caching_sha2_password", "IDENTIFIED WITH `caching_sha2_password` AS 0x244124303035"),
        ("mysql", "mysql_native_password", "IDENTIFIED WITH `mysql_native_password` AS 0x2a"),
        ("mariadb", "mysql_native_password", "IDENTIFIED VIA mysql_native_password USING '*"),
        ("mariadb", "ed25519", ""),
        ("mariadb", "", ""),
        ("mysql", "auth_socket", ""),
        ("mysql", "sha256_password", ""),
    ],
)
def test_a_hash_is_made_for_what_keeps_one(engine: str, plugin: str, begins: str) -> None:
    seen = Server(Flavour(engine, (11, 4, 5)), "admin", ())
    if not begins:
        with pytest.raises(Conflict, match="not made here"):
            statements.identified(seen, plugin, "word", bytes)
        return
    assert statements.identified(seen, plugin, "word", bytes).startswith(begins)


def app_with(root: object, kind: str, engine: str) -> App:
    found = load_app(f"{root}/inventories/apps/where2eat.yml", "where2eat", "dev")
    spec = SecretSpec("database", kind, (("username", "U"), ("password", "P")))
    return dataclasses.replace(found, database=Database(engine, "where2eat"), secrets=(spec,))


@pytest.mark.parametrize("engine", ["mysql", "mariadb"])
def test_the_catalogs_kind_makes_the_issuer_with_the_profiles_server(root: object, engine: str) -> None:
    profile = Profile("dev", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("pg"))
    app = app_with(root, "mysql", engine)
    with pytest.raises(Invalid, match="the profile has no mysql"):
        issuer_of(app.secrets[0], app, profile, Request({}))
    profile = dataclasses.replace(profile, mysql=MysqlServer("sql", 3307))
    issuer = issuer_of(app.secrets[0], app, profile, Request({}))
    assert isinstance(issuer, MySQL)
    assert (issuer.address.host, issuer.address.port, issuer.address.sslmode) == ("sql", 3307, "verify-full")
    assert issuer.outline(None)["username"] == "where2eat_a"
    other = app_with(root, "mysql", "postgresql")
    with pytest.raises(Invalid, match="names no mysql or mariadb database"):
        issuer_of(other.secrets[0], other, profile, Request({}))


@pytest.mark.parametrize(
    "kind", ["postgresql", "postgresql_single_user", "aws_rds_iam", "openbao_static_role", "openbao_dynamic_role"]
)
def test_a_login_to_postgresql_needs_its_server_in_the_profile(root: object, kind: str) -> None:
    profile = Profile("dev", Aws("123456789012", "eu-west-1"), Registry("r"), mysql=MysqlServer("sql"))
    app = app_with(root, kind, "postgresql")
    with pytest.raises(Invalid, match=r"the profile has no database\. Add it \(host, admin_user and password_file\)"):
        issuer_of(app.secrets[0], app, profile, Request({}))


def test_a_password_of_a_mysql_connection_is_the_databases(root: object) -> None:
    for kind, variable in (("mysql_password", ""), ("password", "MYSQL_PASSWORD"), ("password", "mariadbPassword")):
        spec = spec_of(CredentialFinding(kind, "live", "a.php", 1, "", "f", "why", variable), app_with(root, "mysql", "mysql"))
        assert spec is not None and spec.name == "database"
