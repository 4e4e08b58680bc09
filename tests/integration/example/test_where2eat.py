# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The example as found against the sandbox's PostgreSQL: it is made once, it works, and nothing the platform did is undone."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest


@pytest.fixture(scope="module")
def install(root: pathlib.Path) -> Any:
    folder = str(root / "examples" / "where2eat")
    sys.path.insert(0, folder)
    try:
        import install

        yield install
    finally:
        sys.path.remove(folder)


@pytest.fixture
def admin(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., psycopg.Connection]:
    """Connections of the administrator; the environment is set as the sandbox sets it for install.py."""
    block = sandbox.block("database")
    password = pathlib.Path(block["password_file"]).read_text(encoding="utf-8").strip()
    for name, value in {
        "PGHOST": block["host"],
        "PGPORT": str(block["port"]),
        "PGUSER": block["admin_user"],
        "PGPASSWORD": password,
    }.items():
        monkeypatch.setenv(name, value)
    return lambda database="postgres": psycopg.connect(dbname=database, autocommit=True)


@pytest.fixture
def fresh(install: Any, admin: Callable[..., psycopg.Connection], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script on an app of another name: the sandbox's own where2eat is left alone."""
    monkeypatch.setattr(install, "APP", "eat_test")
    monkeypatch.setattr(install, "PLATFORM_ROLES", ("eat_test_owner", "eat_test_a", "eat_test_b"))
    _forget(admin)
    yield install
    _forget(admin)


def _forget(admin: Callable[..., psycopg.Connection]) -> None:
    with admin() as database:
        database.execute("DROP DATABASE IF EXISTS eat_test WITH (FORCE)")
        for role in ("eat_test_a", "eat_test_owner", "eat_test"):
            database.execute(f"DROP ROLE IF EXISTS {role}")


def login(install: Any) -> psycopg.Connection:
    return psycopg.connect(dbname="eat_test", user="eat_test", password=install.planted()["database_password"])


def test_it_is_made_once_and_kept(fresh: Any, admin: Callable[..., psycopg.Connection]) -> None:
    assert fresh.make_database().endswith("made")
    with login(fresh) as own:
        assert own.execute("SELECT count(*) FROM crew").fetchone() == (5,)
        own.execute("DELETE FROM crew WHERE name = 'Eun-ji'")
    assert fresh.make_database().endswith("is there")
    with login(fresh) as own:
        assert own.execute("SELECT count(*) FROM crew").fetchone() == (4,)


def test_what_was_cut_off_is_completed(fresh: Any, admin: Callable[..., psycopg.Connection]) -> None:
    fresh.make_database()
    with admin() as database:
        database.execute("DROP DATABASE eat_test")
    fresh.make_database()
    with login(fresh) as own:
        assert own.execute("SELECT count(*) FROM crew").fetchone() == (5,)


def test_a_replaced_login_is_never_brought_back(fresh: Any, admin: Callable[..., psycopg.Connection]) -> None:
    fresh.make_database()
    with admin() as database:
        database.execute("CREATE ROLE eat_test_owner NOLOGIN")
        database.execute("ALTER ROLE eat_test NOLOGIN PASSWORD NULL")
    assert "platform's hands" in fresh.make_database()
    with pytest.raises(psycopg.OperationalError):
        login(fresh)
    with admin() as database:
        database.execute("DROP ROLE eat_test_owner")
    assert fresh.make_database().endswith("is there")
    with pytest.raises(psycopg.OperationalError):
        login(fresh)


def test_a_removed_login_is_never_made_again(fresh: Any, admin: Callable[..., psycopg.Connection]) -> None:
    fresh.make_database()
    with admin("eat_test") as database:
        database.execute("REASSIGN OWNED BY eat_test TO CURRENT_USER")
        database.execute("DROP OWNED BY eat_test")
        database.execute("DROP ROLE eat_test")
    assert "left alone" in fresh.make_database()
    with admin() as database:
        assert database.execute("SELECT 1 FROM pg_roles WHERE rolname = 'eat_test'").fetchone() is None


def test_the_planted_password_is_in_no_log_of_the_sandbox(fresh: Any, sandbox: Any) -> None:
    fresh.make_database()
    logs = [path for path in (sandbox.folder / "logs").rglob("*") if path.is_file()]
    assert logs
    values = [value.encode() for value in fresh.planted().values()]
    assert [path for path in logs if any(value in path.read_bytes() for value in values)] == []


def test_the_script_prints_no_planted_value(install: Any, admin: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    script = root / "examples" / "where2eat" / "install.py"
    command = [sys.executable, script, "--git-folder", tmp_path, "--database"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert not any(value in done.stdout + done.stderr for value in install.planted().values())
