# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Entities of Backstage's are entries too, with their own lines in errors."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import DataClass
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app, load_catalog


@pytest.fixture
def entity(root: pathlib.Path) -> str:
    return (root / "tests" / "fixtures" / "catalog" / "catalog-info.yaml.txt").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: pathlib.Path, entity: str) -> pathlib.Path:
    path = tmp_path / "apps" / "room-booking" / "catalog-info.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(entity, encoding="utf-8")
    return path


def problems(file: pathlib.Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    found = load_catalog(str(file.parents[1])).problems
    return [f"{problem.line}: {problem.sentence}" for problem in found]


def test_a_component_is_an_app(file: pathlib.Path) -> None:
    assert [entry.name for entry in load_catalog(str(file.parents[1])).entries] == ["room-booking"]
    app = load_app(str(file), "room-booking", "prod")
    assert (app.title, app.description) == ("Room booking", "Who has which room, and when.")
    assert (app.owner.team, app.owner.name) == ("office", "Grace Hopper")
    assert app.repository.url == "https://git.example.com/office/room-booking.git"
    assert (app.data, app.peak_users, app.monthly_cost, app.cost_center) == (DataClass.PERSONAL, 200, 25, "2050")
    assert app.escalation[0].phone == "+1 555 010 0130"
    assert app.workload.port == 3000
    assert app.environments == ("dev", "prod")


def test_it_may_also_stand_beside_our_own_entries(tmp_path: pathlib.Path, entity: str, minimal: str) -> None:
    (tmp_path / "anything.yaml").write_text(entity, encoding="utf-8")
    (tmp_path / "minimal.yml").write_text(minimal, encoding="utf-8")
    assert [entry.name for entry in load_catalog(str(tmp_path)).entries] == ["minimal", "room-booking"]


def test_the_slug_of_a_forge_is_a_repository_too(file: pathlib.Path, entity: str) -> None:
    old = "backstage.io/source-location: url:https://git.example.com/office/room-booking.git"
    file.write_text(entity.replace(old, "github.com/project-slug: office/room-booking"), encoding="utf-8")
    assert load_app(str(file), "room-booking", "prod").repository.url == "https://github.com/office/room-booking.git"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("data: personal", "data: secret", "data: "),
        ('peak_users: "120"', 'peak_users: "many"', 'peak_users: "many" is not a whole number'),
        ("microapps/currency", "microapps/curency", "curency: is not a field that is known here; did you mean currency?"),
        ("workload.port:", "workload.prot:", "workload.prot: is not a field that is known here; did you mean port?"),
        ("{dev: {}, prod: {peak_users: 200}}", "{dev: {}, prod: {peak_users: x}}", "environments.prod.peak_users: "),
        ("{dev: {}, prod: {peak_users: 200}}", "{dev: [", "goldenpath.microapps/environments: the YAML cannot be read"),
        ("name: room-booking", "name: Room", 'name: "Room" is not a DNS label'),
        ("  owner: group:default/office\n---", "  owner: group:default/Office Team\n---", 'owner.team: "Office Team" is not'),
        ("goldenpath.microapps/image: ", "goldenpath.microapps/name: ", "name: is given twice"),
        ("maintainer.email: grace@example.com", "maintainer: x", "maintainer: is given twice"),
    ],
)
def test_a_fault_has_the_line_of_its_annotation(file: pathlib.Path, entity: str, old: str, new: str, fault: str) -> None:
    assert entity.count(old) == 1
    text = entity.replace(old, new)
    line = text[: text.index(new.partition("\n---")[0])].count("\n") + 1
    found = problems(file, text)
    assert any(told.startswith(f"{line}: {fault}") for told in found), (line, found)


def test_entities_that_are_no_apps_are_passed_over(file: pathlib.Path, entity: str) -> None:
    assert problems(file, entity.replace("kind: Component", "kind: API")) == []
    assert load_catalog(str(file.parents[1])).entries == ()
