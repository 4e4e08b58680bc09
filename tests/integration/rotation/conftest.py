# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The servers and benches of MariaDB and MySQL, which several files of tests share."""

from __future__ import annotations

import itertools
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

sys.path.append(str(pathlib.Path(__file__).parent))
import mysql_apps
import mysql_benches
import mysql_servers
from benches import Bench
from mysql_apps import SqlApp, well
from mysql_benches import Both
from mysql_servers import Server

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", params=sorted(mysql_servers.SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each server."""
    with mysql_servers.demanded(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def turns(sandbox: Any, server: Server) -> Both:
    """Two logins that take turns."""
    return mysql_benches.alternating(sandbox, server)


@pytest.fixture(scope="module")
def single(sandbox: Any, server: Server) -> Both:
    """The one login of an app."""
    return mysql_benches.single(sandbox, server)


@pytest.fixture(params=["turns", "single"])
def both(request: pytest.FixtureRequest, turns: Both, single: Both) -> Both:
    """Each kind of secret."""
    return turns if request.param == "turns" else single


@pytest.fixture
def bench(both: Both) -> Bench:
    """What rotates a secret of each kind."""
    return both[0]


@pytest.fixture
def new_app(
    demand_cluster: None, sandbox: Any, root: pathlib.Path, server: Server, tmp_path: pathlib.Path
) -> Iterator[Callable[..., SqlApp]]:
    """Makes apps on a server, each with a login whose password stands in its code."""
    made: list[SqlApp] = []

    def make(kind: str = "mysql") -> SqlApp:
        made.append(mysql_apps.app(sandbox, root, server, f"my-{server.engine}-{next(_NUMBERS)}", tmp_path, kind))
        return made[-1]

    yield make
    for app in made:
        app.clean()


@pytest.fixture
def app(new_app: Callable[..., SqlApp]) -> SqlApp:
    """One whose login was made by us."""
    made = new_app()
    well(made.harden())
    return made
