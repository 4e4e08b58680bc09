# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One line of somebody's app, and what a careful reader calls the value in it."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.credentials import in_file
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.history import in_tree
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.model import Candidate, Snapshot, source_file

CASES = yaml.safe_load((pathlib.Path(__file__).parent / "standings.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "text", "wanted"), CASES, ids=[f"{case[0]}: {case[1][:60]}" for case in CASES])
def test_a_value_is_judged_as_a_careful_reader_does(path: str, text: str, wanted: str, keys: Any) -> None:
    filled = keys.filled(text)
    last = len(filled.split("\n"))
    found = {one.judgement.standing for one in in_file(source_file(path, filled), lambda _file: ()) if one.candidate.line == last}
    if wanted.startswith("none"):
        allowed = {"none": set(), "none_or_placeholder": {"placeholder"}, "none_or_local": {"local_development"},
                   "none_or_public": {"public_by_design"}, "none_or_signing_key": {"signing_key"}}[wanted]  # fmt: skip
        assert found <= allowed, found
    else:
        assert found == {wanted}


@pytest.mark.parametrize(("value", "standings"), [("appK3dorffest2024", []), ("keyq7Rz0Wn4LxB2vTg", ["live"])])
def test_the_id_of_a_base_is_no_key_of_airtable_whatever_the_engine_says(value: str, standings: list[str]) -> None:
    file = source_file("map.js", f'const BASE = "{value}";')
    engine = Candidate("airtable_api_key", value, "map.js", 1, "token", "the engine's rule")
    assert [one.judgement.standing for one in in_file(file, lambda _file: (engine,))] == standings


COMPOSE = """services:
  shop-store: &store
    image: postgres:16
    container_name: shop_pg
    environment:
      POSTGRES_PASSWORD: x
  # backend:
  'orders':
    depends_on:
      sqlprod01:
        condition: service_healthy
  mail: {image: mailer}
volumes:
  sqlprod02:
"""
DEFAULT = 'url = os.getenv("DATABASE_URL", "postgresql://postgres:topfen-quark@@@:5432/shop")'


@pytest.mark.parametrize(
    ("host", "compose", "standing"),
    [
        ("localhost", None, "local_development"),
        ("db", None, "local_development"),
        ("Postgres", None, "local_development"),
        # A short name that no compose file declares is a machine of the company's.
        ("sqlprod01", None, "live"),
        ("sqlserver", None, "live"),
        ("shop-store", None, "live"),
        ("shop-store", "compose.yaml", "local_development"),
        ("shop_pg", "docker-compose.override.yml", "local_development"),
        ("mail", "compose.yaml", "local_development"),
        ("orders", ".devcontainer/compose.yaml", "local_development"),
        ("shop-store", "docker-compose.prod.yml", "live"),
        ("shop-store", "deploy/values.yaml", "live"),
        # What a service depends on, a volume and a comment declare none.
        ("sqlprod01", "compose.yaml", "live"),
        ("sqlprod02", "compose.yaml", "live"),
        ("backend", "compose.yaml", "live"),
        ("shop-store.example.net", "compose.yaml", "live"),
    ],
)
def test_a_short_name_is_local_only_where_the_repository_declares_it(host: str, compose: str | None, standing: str) -> None:
    app = source_file("app.py", "import os\n" + DEFAULT.replace("@@@", "@" + host))
    files = (app, *((source_file(compose, COMPOSE),) if compose else ()))
    found = in_tree(Snapshot("c", tuple(file.path for file in files), files), lambda _file: ())
    assert {one.judgement.standing for one in found if one.candidate.file == "app.py"} == {standing}


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("call.sh", "curl -H 'X-Auth-Key: b7f0c2d91e84a6537fb0c2d91e84' https://hof.example.net", "b7f0c2d91e84a6537fb0c2d91e84"),
        ("dataSources.xml", "<url>jdbc:mysql://db.hof.example.net/a?user=hof&amp;password=Quark7speise</url>", "Quark7speise"),
        ("run.json", '{"args": ["--api-token", "tk7qmz2xw9vr4c8pnl3ys5bd6f"]}', "tk7qmz2xw9vr4c8pnl3ys5bd6f"),
    ],
)  # fmt: skip
def test_a_value_is_found_whole_and_ends_where_it_ends(path: str, text: str, value: str) -> None:
    assert {one.candidate.value for one in in_file(source_file(path, text), lambda _file: ())} == {value}


@pytest.mark.parametrize(
    ("path", "standing"),
    [
        ("server.key", "signing_key"),
        ("deploy/dev.pem", "signing_key"),
        ("certs/localhost-key.pem", "local_development"),
        ("localhost.key", "local_development"),
        ("ssl/dev-key.pem", "local_development"),
        ("ssl/delivery-key.pem", "signing_key"),
    ],
)
def test_the_key_of_a_page_on_ones_own_machine_opens_no_server(path: str, standing: str, keys: Any) -> None:
    found = in_file(source_file(path, keys.key("private_key", path)), lambda _file: ())
    assert {one.judgement.standing for one in found} == {standing}


def test_a_notebook_on_one_line_is_read_cell_by_cell() -> None:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["import x\n", 'password = "Gries-Mehl7"\n']}]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    found = [one.candidate for one in in_file(source_file("a.ipynb", text), lambda _file: ())]
    assert [(one.value, one.line) for one in found] == [("Gries-Mehl7", 9)]


@pytest.mark.parametrize("text", ['{"cells": [', '{"a": 1, "a": 2}', "[" * 9000, '"password = 1"', ""])
def test_a_notebook_that_is_none_is_read_as_it_is(text: str) -> None:
    assert source_file("a.ipynb", text).text == text


CALLS = [
    ("app.py", 'smtp.login(\n    "hof@example.at",\n    "hnhy mggq xfyn xnep"  # with blanks\n)', ("hnhy mggq xfyn xnep", 3)),
    ("app.py", 'ftp.login(\n    USER,\n    "Gries-Mehl7",\n)', ("Gries-Mehl7", 3)),
    ("a.js", "const token = jwt.sign(\n  { id: user.id },\n  'Gries-Mehl7',\n  { expiresIn: '1h' }\n);", ("Gries-Mehl7", 3)),
    ("a.go", 'auth := smtp.PlainAuth(\n\t"",\n\t"hof@example.at",\n\t"Gries-Mehl7",\n\t"smtp.hof.at",\n)', ("Gries-Mehl7", 4)),
    ("a.py", 'SECRET_KEY = os.environ.get(\n    "SECRET_KEY",\n    "Gries-Mehl7-Topfen",\n)', ("Gries-Mehl7-Topfen", 3)),
    ("A.java", 'return DriverManager.getConnection("jdbc:mysql://db.hof.at/a", "hof",\n    "Gries-Mehl7");', ("Gries-Mehl7", 2)),
    ("a.py", 'm = "hof"\np = "Gries3Mehl"\ndb = MongoClient("mongodb://" + m + ":" + p + "@" + h + "/a")', ("Gries3Mehl", 2)),
    ("a.py", 'client.login(\n    USER,\n    read_password(),\n)\nname = "Gries-Mehl7"', None),
    ("a.py", 'client.login(\n    "hof",\n', None),
    ("a.js", "const token = jwt.sign(\n  claims,\n  'Gries-Mehl7',\n", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "wanted"), CALLS)
def test_arguments_on_lines_of_their_own_are_read_as_one_call(path: str, text: str, wanted: tuple[str, int] | None) -> None:
    found = [one.candidate for one in in_file(source_file(path, text), lambda _file: ())]
    assert [(one.value, one.line) for one in found] == ([wanted] if wanted else [])


@pytest.mark.parametrize(("fresh", "count"), [({3}, 1), ({1}, 0), ({2}, 0)])
def test_of_a_call_in_an_older_version_the_line_of_the_password_must_be_new(fresh: set[int], count: int) -> None:
    file = source_file("app.py", 'smtp.login(\n    "hof@example.at",\n    "Gries-Mehl7",\n)', frozenset(fresh))
    assert len(in_file(file, lambda _file: ())) == count


@pytest.mark.parametrize(
    "text",
    [
        "p = request.form['password']\nif p == 'Gries-Mehl7':\n    pass",
        'u, p, ok := r.BasicAuth()\nif p != "Gries-Mehl7" {\n}',
    ],
)
def test_a_new_word_is_found_below_an_older_question(text: str) -> None:
    found = in_file(source_file("app.py", text, frozenset({2})), lambda _file: ())
    assert [one.candidate.value for one in found] == ["Gries-Mehl7"]


def test_a_value_written_in_another_way_stays_where_it_was_found() -> None:
    text = "url: postgres://hof:Gries%2DMehl7@db.hof.at/shop\n\n# Gries-Mehl7, as the old notes say\n"
    found = in_file(source_file("config.yml", text, frozenset({1})), lambda _file: ())
    assert [(one.candidate.value, one.candidate.line) for one in found] == [("Gries-Mehl7", 1)]
