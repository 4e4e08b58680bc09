# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Group names can always be addressed, and two names never share one unnoticed."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, Database, DataClass, Exposure
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.groups import groups_of, host_of, slug
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app, load_catalog
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.declared import RULES, declared_path, full_path_reasons

MINIMAL = (pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "catalog" / "minimal.yml").read_text(encoding="utf-8")
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,10}[a-z0-9])?", fullmatch=True)


@pytest.fixture
def app(root: pathlib.Path) -> App:
    return load_app(str(root / "tests" / "fixtures" / "catalog" / "minimal.yml"), "minimal", "sandbox")


def test_the_groups_of_an_app(root: pathlib.Path) -> None:
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "prod")
    assert host_of(app) == "where2eat.prod"
    assert groups_of(app) == (
        "app_where2eat",
        "path_full",
        "owner_dining_club",
        "exposure_public",
        "data_personal",
        "environment_prod",
    )


@given(st.text(max_size=60))
def test_a_slug_can_be_addressed(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9_]*", slug(text))


@settings(max_examples=50, deadline=None)
@given(st.lists(LABELS, min_size=2, max_size=5, unique=True))
def test_teams_share_a_group_exactly_when_it_is_told(teams: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for number, team in enumerate(teams):
            text = MINIMAL.replace("name: minimal\n", f"name: app{number}\n", 1).replace("team: team-a", f'team: "{team}"', 1)
            (pathlib.Path(name) / f"app{number}.yml").write_text(text, encoding="utf-8")
        loaded = load_catalog(name)
    owners: dict[str, set[str]] = {}
    for app in loaded.apps("prod"):
        owners.setdefault(groups_of(app)[2], set()).add(app.owner.team)
    assert all(len(members) == 1 for members in owners.values())
    assert len(loaded.problems) == len(teams) - len({slug(team) for team in teams})


PATHS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"data": DataClass.PUBLIC, "peak_users": 200}, set()),
    ({"data": DataClass.PERSONAL}, {"data-personal"}),
    ({"data": DataClass.PAYMENT}, {"data-payment"}),
    ({"data": DataClass.HEALTH}, {"data-health"}),
    ({"exposure": Exposure.PUBLIC}, {"exposure-public"}),
    ({"exposure": Exposure.PARTNER}, set()),
    ({"database": Database("postgresql", "x")}, set()),
    ({"database": Database("postgresql", "x"), "exposure": Exposure.PARTNER}, {"database-outside"}),
    ({"peak_users": 201}, {"many-users"}),
    ({"data": DataClass.HEALTH, "peak_users": 500}, {"data-health", "many-users"}),
]


@pytest.mark.parametrize(("changes", "rules"), PATHS)
def test_the_declared_path_and_why(app: App, changes: dict[str, Any], rules: set[str]) -> None:
    changed = dataclasses.replace(app, **changes)
    assert {rule.id for rule in full_path_reasons(changed)} == rules
    assert declared_path(changed) is (Path.FULL if rules else Path.LIGHT)


def test_every_rule_is_met_by_a_case_above() -> None:
    assert {rule.id for rule in RULES} == set().union(*(rules for _app, rules in PATHS))
