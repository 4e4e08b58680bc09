# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins to MariaDB and MySQL, rotated by both doors, and failing loudly: no password and no hash of one is anywhere.

A relay before the server notes every hash that it is handed, and in the second half says statements back in its errors. Another
one, before the store, notes every password. The server logs every statement.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import benches
import mysql_benches
import mysql_servers
import pytest
import yaml
from benches import LEAKED
from loud_plays import DOORS, asked, played
from mysql_benches import Both
from mysql_servers import Server
from telltale import Telltale, telltale
from telltale_mysql import Wire, telling_mysql, wire

VARIABLES = {key: f"DB_{key}".upper() for key in ("host", "port", "dbname", "username", "password")}
# Each kind's bench, which knows the name of its app's database.
BENCHES = {"mysql": mysql_benches.alternating, "mysql_single_user": mysql_benches.single}
WRONG = "not-the-administrators-" + "Zk7" * 5


@dataclasses.dataclass
class Places:
    """The relays, each kind's options, and what is secret besides."""

    store: Telltale
    database: Wire
    server: Server
    apps: dict[str, dict[str, Any]]
    secrets: dict[str, str]

    def passwords(self) -> dict[str, str]:
        """All that anybody could log in with."""
        return {**self.secrets, **{name: value for value, name in self.store.passed.items()}}

    def everything(self) -> dict[str, str]:
        """And what was made of them."""
        return {**self.passwords(), **{name: value for value, name in self.database.passed.items()}}

    def elsewhere(self, kind: str, **block: Any) -> dict[str, Any]:
        """The options of a kind's app, with another server or another way to it."""
        profile = self.apps[kind]["profile"]
        return {**self.apps[kind], "profile": {**profile, "mysql": {**profile["mysql"], **block}}}


@pytest.fixture(scope="module", params=sorted(mysql_servers.SERVERS))
def places(
    request: pytest.FixtureRequest, estate: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(mysql_servers.demanded(request.param))
        database = stack.enter_context(wire(server.port))
        bao = stack.enter_context(benches.bao(estate.block("openbao")))
        store = stack.enter_context(telltale(bao.address))
        token = estate.block("openbao")["token_file"]
        block = {"scheme": "openbao", "address": store.address, "mount": bao.mount, "token_file": token}
        found = Places(store, database, server, {}, {"as found": LEAKED, "wrong": WRONG})
        for kind, bench_of in BENCHES.items():
            both = bench_of(estate, server)
            both[0].reset()
            found.secrets[f"the administrator of {kind}"] = both[1].administrator[1]
            profile = {**_profile(estate, folder, database.port, both), "secret_store": block}
            found.apps[kind] = {"app": _entry(root, kind, both, folder), "profile": profile, "rotate": "now"}
        (folder / "wrong").write_text(WRONG)
        yield found


def _entry(root: pathlib.Path, kind: str, both: Both, folder: pathlib.Path) -> dict[str, str]:
    there = both[1]
    name = there.app.replace("_", "-")
    entry = yaml.safe_load((root / "tests" / "fixtures" / "catalog" / "minimal.yml").read_text())
    entry |= {"name": name, "environments": {"test": {}}, "database": {"engine": there.server.engine, "name": there.app}}
    entry |= {"secrets": [{"name": "database", "kind": kind, "variables": VARIABLES}]}
    (folder / f"{name}.yml").write_text(yaml.safe_dump(entry))
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "forge" / f"{name}.git")], check=True)
    return {"name": name, "environment": "test", "file": str(folder / f"{name}.yml")}


def _profile(estate: Any, folder: pathlib.Path, port: int, both: Both) -> dict[str, Any]:
    user, password = both[1].administrator
    (folder / user).write_text(password)
    return {
        "name": "test",
        **{block: estate.block(block) for block in ("aws", "database", "registry", "runner")},
        "mysql": {
            "host": "127.0.0.1",
            "port": port,
            "admin_user": user,
            "password_file": str(folder / user),
            "sslmode": "disable",
        },
        "forge": {"base": f"file://{folder / 'forge'}"},
        "adopt": "take",
        "cutover": "now",
    }


BY_DOOR = pytest.mark.parametrize("connection", DOORS.values(), ids=DOORS)


def logged(places: Places) -> list[str]:
    """Which passwords stand in the server's log of every statement. Hashes do: that is what it is handed."""
    log = places.server.log.read_bytes().decode(errors="replace")
    assert "GET_LOCK('goldenpath:" in log, "the log holds no statements"
    return [name for name, value in places.passwords().items() if value in log]


@BY_DOOR
def test_both_kinds(estate: Any, places: Places, tmp_path: pathlib.Path, connection: str) -> None:
    before = len(places.store.passed), len(places.database.passed)
    tasks = [asked(kind, options) for kind, options in places.apps.items()]
    results = played(estate, tasks, connection, tmp_path, places.everything, {})
    for kind in places.apps:
        assert "msg" not in results[kind], (kind, results[kind]["msg"])
        assert len(results[kind]["rotated"]) == 1, (kind, results[kind])
    # A password each; a hash of each, and one that nobody knows of what was retired.
    assert len(places.store.passed) >= before[0] + 2 and len(places.database.passed) >= before[1] + 2
    assert logged(places) == []


@BY_DOOR
@pytest.mark.parametrize("how", ["values", "all"])
def test_errors_that_quote_what_they_were_told(
    estate: Any, places: Places, tmp_path: pathlib.Path, connection: str, how: str
) -> None:
    before = places.database.quoted
    tasks = [asked(kind, options) for kind, options in places.apps.items()]
    with contextlib.ExitStack() as stack:
        if how == "all":
            telling = stack.enter_context(telling_mysql())
            wrong = str(pathlib.Path(places.apps["mysql"]["app"]["file"]).parent / "wrong")
            tasks += [
                asked(f"{what}_{kind}", places.elsewhere(kind, **block))
                for kind in places.apps
                for what, block in {
                    "telling": {"port": telling.port},
                    "refused": {"password_file": wrong, "port": places.server.port},
                    "down": {"port": benches.free_port()},
                }.items()
            ]
        places.database.fails = how
        stack.callback(setattr, places.database, "fails", "")
        results = played(estate, tasks, connection, tmp_path, places.everything, {})
        assert how == "values" or telling.quoted >= len(places.apps), "no password was sent in clear: nothing was quoted"
    assert places.database.quoted >= before + len(places.apps)
    for task in tasks:
        message = results[task["name"]]["msg"]
        assert message and "Traceback" not in message and "defect" not in message, (task["name"], message)
        # A right that is missing is told in the server's words; of all other errors the number alone.
        assert ("********" in message) == (how == "values"), (task["name"], message)
    assert logged(places) == []


def test_afterwards_the_same_task_ends_what_was_begun(estate: Any, places: Places, tmp_path: pathlib.Path) -> None:
    tasks = [asked(kind, options) for kind, options in places.apps.items()]
    results = played(estate, tasks, "local", tmp_path, places.everything, {})
    assert [results[kind].get("msg") for kind in places.apps] == [None, None]
