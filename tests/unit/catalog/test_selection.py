# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts a play takes."""

# ruff: noqa: E501 - a fault is one line, and is compared with one line
from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.selection import asked_pace, selected, strictest
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, NotFound

SANDBOX = {
    "all": ["where2eat.sandbox", "poll.sandbox"],
    "app_where2eat": ["where2eat.sandbox"],
    "environment_sandbox": ["where2eat.sandbox", "poll.sandbox"],
    "all_apps": ["where2eat.sandbox", "poll.sandbox"],
}
PROD = {"environment_prod": ["where2eat.prod", "expenses.prod"]}
EXAMPLE = "/collection/inventories/sandbox"


@pytest.mark.parametrize(
    ("app", "all_apps", "groups", "hosts"),
    [
        ("where2eat", False, SANDBOX, ["where2eat.sandbox"]),
        ("where2eat", False, {**SANDBOX, **PROD}, ["where2eat.prod", "where2eat.sandbox"]),
        ("where2eat", True, PROD, ["where2eat.prod"]),
        ("", False, SANDBOX, ["environment_sandbox"]),
        ("", True, PROD, ["environment_prod"]),
        ("", True, {**SANDBOX, **PROD}, ["environment_prod", "environment_sandbox"]),
    ],
)
def test_the_hosts_of_a_play(app: str, all_apps: bool, groups: dict[str, list[str]], hosts: list[str]) -> None:
    assert selected(app, all_apps, groups, (), EXAMPLE) == hosts


@pytest.mark.parametrize(
    ("app", "groups", "kind", "sentence"),
    [
        ("where2eatt", SANDBOX, NotFound, 'There is no app "where2eatt" in sandbox. Did you mean where2eat? The apps are: poll, where2eat.'),
        ("zzz", SANDBOX, NotFound, 'There is no app "zzz" in sandbox. The apps are: poll, where2eat.'),
        ("expenses", SANDBOX, NotFound, 'There is no app "expenses" in sandbox. The apps are: poll, where2eat.'),
        ("where2eat:!x", SANDBOX, Invalid, 'app: "where2eat:!x" is not an app\'s name: '
         'a name is made of a-z, 0-9 and hyphens; patterns and lists are not taken. The apps are: poll, where2eat.'),
        ("where2eat.sandbox", SANDBOX, Invalid, 'app: "where2eat.sandbox" is not an app\'s name'),
        ("*", SANDBOX, Invalid, 'app: "*" is not an app\'s name'),
        ("~.*", SANDBOX, Invalid, 'app: "~.*" is not an app\'s name'),
        ("where2eat,poll", SANDBOX, Invalid, 'app: "where2eat,poll" is not an app\'s name'),
        ("where2eat\n", SANDBOX, Invalid, 'app: "where2eat\\n" is not an app\'s name'),
        ("all", SANDBOX, NotFound, 'There is no app "all"'),
        ("", PROD, Invalid, "No app was named, and this would take every app of prod (2). "
         "Add -e app=<name> for one of them, or -e all_apps=true if you mean all."),
        ("", {**SANDBOX, **PROD}, Invalid, "No app was named, and this would take every app of prod (2)."),
        ("where2eat", {"all": [], "ungrouped": []}, NotFound, "The inventory has no micro app: "),
        ("", {"all": ["localhost"]}, NotFound, "-i /collection/inventories/sandbox"),
    ],
)  # fmt: skip
def test_what_is_refused_before_any_task(app: str, groups: dict[str, list[str]], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        selected(app, False, groups, (), EXAMPLE)
    assert sentence in str(caught.value)


def test_an_app_of_another_environment_is_no_typo() -> None:
    with pytest.raises(NotFound) as caught:
        selected("expenses", False, SANDBOX, (), EXAMPLE, {"expenses": ("dev", "prod"), "where2eat": ("sandbox",)})
    assert str(caught.value) == (
        "The app expenses does not live in sandbox: its catalog entry names dev, prod. "
        "Add the environment there, or choose another inventory (-i). The apps are: poll, where2eat."
    )


def test_a_catalog_that_could_not_be_read_is_raised_first() -> None:
    with pytest.raises(Invalid, match=r"x\.yml:3: bad"):
        selected("where2eat", False, SANDBOX, ("x.yml:3: bad",), EXAMPLE)


def test_only_the_first_twenty_names_are_told() -> None:
    groups = {"environment_sandbox": [f"app{number:03}.sandbox" for number in range(1000)]}
    with pytest.raises(NotFound, match=r"app019 and 980 more\.$"):
        selected("nothing", False, groups, (), EXAMPLE)


@pytest.mark.parametrize(
    ("values", "step"),
    [((), ""), (("10%",), "10%"), (("50%", "10%", "100%"), "10%"), (("10%", "5"), "5"), ((3, "20%", 1), "1"), ((0,), "0")],
)
def test_the_smallest_step_of_several_environments_wins(values: tuple[int | str, ...], step: str) -> None:
    assert strictest(values) == step


@pytest.mark.parametrize(("setting", "asked"), [("serial", "1"), ("serial", "20%"), ("max_fail_percentage", "0")])
def test_a_pace_may_be_asked_for(setting: str, asked: str) -> None:
    assert asked_pace(setting, asked) == asked


@pytest.mark.parametrize(
    ("setting", "asked", "told"),
    [
        ("serial", "abc", 'at_a_time: "abc" is not a number from 1, or a share from 1% to 100%'),
        ("serial", "0", 'at_a_time: "0" is not a number from 1'),
        ("serial", "101%", 'at_a_time: "101%" is not a number from 1'),
        ("max_fail_percentage", "101", 'may_fail: "101" is not a whole number from 0 to 100'),
        ("max_fail_percentage", "5%", 'may_fail: "5%" is not a whole number from 0 to 100'),
    ],
)
def test_a_pace_that_cannot_be_meant_is_refused(setting: str, asked: str, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        asked_pace(setting, asked)
    assert told in caught.value.sentence()
