# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MariaDB is spoken to by MySQL's drivers: code that does so contradicts neither engine of the catalog."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, Database
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.facts import find
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.model import Snapshot, source_file
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.scoring import weigh


@pytest.fixture
def app(root: pathlib.Path) -> App:
    return load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")


@pytest.mark.parametrize(
    ("driver", "engine", "contradicts"),
    [
        ("pymysql", "mysql", False),
        ("pymysql", "mariadb", False),
        ("pymysql", "postgresql", True),
        ("psycopg", "mariadb", True),
        ("psycopg", "postgresql", False),
    ],
)
def test_the_engine_of_the_catalog_and_the_driver_of_the_code(app: App, driver: str, engine: str, contradicts: bool) -> None:
    files = (source_file("app.py", f"import {driver}\n"), source_file("requirements.txt", f"{driver}\n"))
    found = find(Snapshot("c", tuple(file.path for file in files), files))
    weighed = weigh(dataclasses.replace(app, database=Database(engine, "own")), found, ())
    assert any(one.startswith("database:") for one in weighed.contradictions) is contradicts
    assert weighed.effective.database is not None
    assert (weighed.effective.database == Database(engine, "own")) is not contradicts
    assert any("it keeps data in" in one.text and "app.py:1" in one.text for one in weighed.reasons)
