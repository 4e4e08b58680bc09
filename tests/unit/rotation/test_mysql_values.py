# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MySQL's and MariaDB's texts: hashes as the servers keep them, grants as they print them, names as they take them."""

from __future__ import annotations

import pathlib
import ssl

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import mysql_hashes
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import mysql_session
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.database_login import Address
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_grants import Right, missing, rights_of


@pytest.mark.parametrize(
    ("password", "salt", "rounds", "digest"),
    [
        # The first two from the specification of SHA-crypt, the others by crypt(3).
        ("Hello world!", "saltstring", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        ("Hello world!", "saltstringsaltst", 10000, "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"),
        ("a" * 70, "toolongsaltstrin", 5000, "qbMdMB5LkfnGcR.70AXSDnzLm2Nmu7cVEHkplJlR5N2"),
        ("", "short", 1400, "sMwAKxpBuRJ6sp7o84.Hodm2htz.H3evsqCjRMq/Lj."),
    ],
)
def test_sha_crypt_is_the_specifications(password: str, salt: str, rounds: int, digest: str) -> None:
    assert mysql_hashes.sha256_crypt(password.encode(), salt.encode(), rounds) == digest


def test_the_hash_has_the_servers_form_whatever_the_salt() -> None:
    for byte in range(256):
        made = mysql_hashes.caching_sha2("x", bytes([byte]) * mysql_hashes.SALT_BYTES)
        assert len(made) == 7 + 20 + 43
        assert made.startswith(b"$A$005$") and b"$" not in made[7:] and b"\0" not in made
    # As MySQL's manual prints PASSWORD('mypass').
    assert mysql_hashes.native("mypass") == "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"


def test_a_port_as_ansible_hands_it_over_is_a_port() -> None:
    class Tagged(int):
        """Ansible 2.19 marks every value of a task with where it comes from."""

    with pytest.raises(Unreachable), mysql_session.session(Address("127.0.0.1", Tagged(1), "x", "disable"), "x", "x"):
        pass


def test_what_a_server_keeps_tells_whether_a_password_is_its() -> None:
    native = mysql_hashes.native("word").encode()
    sha2 = mysql_hashes.caching_sha2("word", bytes(range(20)))
    for plugin, stored in ((mysql_hashes.NATIVE, native), (mysql_hashes.CACHING_SHA2, sha2)):
        assert mysql_hashes.keeps(plugin, stored, "word")
        assert mysql_hashes.keeps(plugin, stored, "Word") is False
        assert mysql_hashes.keeps(plugin, b"", "word") is False and mysql_hashes.keeps(plugin, b"", "") is True
        assert mysql_hashes.keeps(plugin, b"invalid", "invalid") is None
    assert mysql_hashes.keeps("auth_socket", native, "word") is None


@pytest.mark.parametrize(
    ("line", "rights"),
    [
        ("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*6C89' REQUIRE SSL", []),
        ("GRANT ALL PRIVILEGES ON `my\\_app`.* TO `u`@`%`", [Right("ALL PRIVILEGES", "my_app")]),
        ("GRANT SELECT, INSERT ON `my_app`.* TO `u`@`%`", [Right("SELECT", "my_app"), Right("INSERT", "my_app")]),
        (
            "GRANT SELECT, UPDATE (`a, b`, `c)`) ON `app`.`t` TO `u`@`%`",
            [Right("SELECT", "app", "t"), Right("UPDATE (`a, b`, `c)`)", "app", "t")],
        ),
        ("GRANT EXECUTE ON PROCEDURE `app`.`p``ON ``` TO `u`@`%`", [Right("EXECUTE", "app", "p`ON `", "PROCEDURE")]),
        ("GRANT SELECT ON `app`.`x ON ``y``.``z`` TO ` TO `u`@`%`", [Right("SELECT", "app", "x ON `y`.`z` TO ")]),
        ("GRANT CONNECTION_ADMIN,ROLE_ADMIN ON *.* TO `u`@`%`", [Right("CONNECTION_ADMIN", "*"), Right("ROLE_ADMIN", "*")]),
        ("GRANT PROCESS ON *.* TO `u`@`%` WITH GRANT OPTION", [Right("PROCESS", "*"), Right("GRANT OPTION", "*")]),
        ("GRANT `r` TO `u`@`%` WITH ADMIN OPTION", [Right("role r", "")]),
        ("GRANT `r`@`%`,`s`@`%` TO `u`@`%`", [Right("role r", ""), Right("role s", "")]),
        ("GRANT PROXY ON ``@`` TO `u`@`%` WITH GRANT OPTION", [Right("PROXY", "")]),
        ("SET DEFAULT ROLE `r` FOR `u`@`%`", []),
    ],
)
def test_grants_are_read_as_the_servers_print_them(line: str, rights: list[Right]) -> None:
    assert rights_of([line]) == frozenset(rights)


def test_a_line_that_is_not_understood_is_never_taken_for_no_right() -> None:
    (right,) = rights_of(["GRANT SOMETHING NEW"])
    assert not right.within("app")


def test_what_covers_what() -> None:
    everything, one = Right("ALL PRIVILEGES", "app"), Right("SELECT", "app", "t")
    assert everything.covers(one) and not one.covers(everything)
    assert Right("SELECT", "app").covers(one) and not Right("SELECT", "other").covers(one)
    assert Right("ALL PRIVILEGES", "*").covers(one)
    assert not Right("ALL PRIVILEGES", "*").covers(Right("role r", "")) and not Right("role r", "").covers(one)
    assert missing([one, Right("DROP", "app")], [Right("SELECT", "app")]) == (Right("DROP", "app"),)
    assert Right("SELECT", "mysql").of_an_administrator and Right("BACKUP_ADMIN", "*").of_an_administrator
    assert not Right("PROCESS", "*").of_an_administrator


def test_quoting_leaves_no_way_out() -> None:
    assert mysql_session.identifier("a`b") == "`a``b`"
    assert mysql_session.literal("a'b\\") == "'a''b\\'"
    assert mysql_session.account("o'brien", "%") == "'o''brien'@'%'"
    for quote in (mysql_session.identifier, mysql_session.literal):
        with pytest.raises(Invalid, match="NUL"):
            quote("a\0b")


@pytest.mark.parametrize(
    ("version", "engine", "two"),
    [
        ("8.0.36", "mysql", True),
        ("9.7.4-2", "mysql", True),
        ("11.4.5-MariaDB-log", "mariadb", False),
        ("5.5.5-10.11.6-MariaDB", "mariadb", False),
        ("5.7.44-log", "", False),
        ("10.3.39-MariaDB", "", False),
        ("", "", False),
    ],
)
def test_the_version_decides(version: str, engine: str, two: bool) -> None:
    if not engine:
        with pytest.raises(Invalid, match="from"):
            mysql_session.flavour_of(version)
        return
    flavour = mysql_session.flavour_of(version)
    assert (flavour.engine, flavour.has_two_passwords) == (engine, two)


@pytest.mark.parametrize("host", ["db.example.com", "10.0.0.5", "localhost.example.com", "127.0.0.1.example.com"])
def test_without_tls_only_this_machine_is_spoken_to(host: str) -> None:
    with pytest.raises(Invalid, match="without TLS"), mysql_session.session(Address(host, 3306, "app", "disable"), "u", "p"):
        pass


def test_a_missing_library_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql_session, "PYMYSQL_MISSING", ImportError("no module"))
    with (
        pytest.raises(Exception, match="pip install 'PyMySQL'"),
        mysql_session.session(Address("localhost", 3306, "app", "disable"), "u", "p"),
    ):
        pass


@pytest.mark.parametrize(("sslmode", "host_too"), [("verify-full", True), ("verify-ca", False)])
def test_a_mode_that_verifies_trusts_the_machines_authorities(sslmode: str, host_too: bool) -> None:
    context = mysql_session.tls_of(Address("db.example.com", 3306, "app", sslmode))
    assert context and context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname is host_too
    assert context.cert_store_stats() == ssl.create_default_context().cert_store_stats()


def test_a_mode_that_verifies_nothing_reads_no_authorities() -> None:
    context = mysql_session.tls_of(Address("db.example.com", 3306, "app", "require"))
    assert context and context.verify_mode is ssl.CERT_NONE and not context.check_hostname
    assert context.cert_store_stats()["x509"] == 0
    usual = ssl.create_default_context()
    assert (context.minimum_version, context.options, context.get_ciphers()) == (
        usual.minimum_version,
        usual.options,
        usual.get_ciphers(),
    )


@pytest.mark.parametrize("sslmode", ["verify-full", "verify-ca", "require"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_is_told_in_every_mode(
    sslmode: str, content: str | None, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(NotFound, match="authority's certificate"):
        mysql_session.tls_of(Address("db.example.com", 3306, "app", sslmode, str(file)))
