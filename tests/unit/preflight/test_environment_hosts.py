# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts a play about an environment takes, and that the host of an empty one is nobody's app."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.selection import one_of_each, selected
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, MicroappsError, NotFound

DEV = ["where2eat.dev", "brochure.dev"]
GROUPS = {"environment_dev": DEV, "environment_prod": ["no_app.prod"], "owner_team": DEV, "all": [*DEV, "no_app.prod"]}


def test_one_host_of_each_environment_also_of_an_empty_one() -> None:
    assert one_of_each(GROUPS, (), "", "example") == ["brochure.dev", "no_app.prod"]


@pytest.mark.parametrize(
    ("groups", "faults", "limit", "error", "words"),
    [
        (GROUPS, ("a.yml:3: wrong",), "", Invalid, "a.yml:3: wrong"),
        (GROUPS, (), "where2eat.dev", Invalid, "--limit"),
        ({"all": ["localhost"]}, (), "", NotFound, "-i example"),
        ({}, (), "", NotFound, "-i example"),
    ],
)
def test_what_would_be_skipped_in_silence_is_an_error(
    groups: dict[str, list[str]], faults: tuple[str, ...], limit: str, error: type[MicroappsError], words: str
) -> None:
    with pytest.raises(error) as raised:
        one_of_each(groups, faults, limit, "example")
    assert words in raised.value.sentence()


@pytest.mark.parametrize("app", ["no_app", "where2eat-x"])
def test_the_host_of_an_empty_environment_is_no_app(app: str) -> None:
    with pytest.raises(MicroappsError) as raised:
        selected(app, False, GROUPS, (), "example")
    assert "no_app" not in raised.value.sentence().partition("The apps are:")[2]
    assert selected("", True, GROUPS, (), "example") == ["environment_dev"]


def test_an_environment_without_apps_says_so() -> None:
    with pytest.raises(NotFound) as raised:
        selected("", True, {"environment_prod": ["no_app.prod"]}, (), "example")
    assert "No micro app lives in prod" in raised.value.sentence()
