# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which image is meant: the overlay goes first, then the catalog, then the newest commits; another app's image never."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.gitops.overlay import Pin
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.release import Source, another, meant

DIGEST = "sha256:" + "a" * 64
HOME = "registry.example.com/apps"
COMMITS = ("c" * 40, "d" * 40)
BARE, TAGGED, FIXED = "where2eat", "where2eat:1.4", f"where2eat@{DIGEST}"
ELSEWHERE = "old.example.com/where2eat"


@pytest.mark.parametrize(
    ("pin", "catalog", "wanted", "source", "promised"),
    [
        (Pin("", DIGEST), TAGGED, [f"{HOME}/where2eat@{DIGEST}"], Source.OVERLAY, True),
        (Pin("", DIGEST, "1.5"), BARE, [f"{HOME}/where2eat@{DIGEST}"], Source.OVERLAY, True),
        (Pin(ELSEWHERE, DIGEST), BARE, [f"{ELSEWHERE}@{DIGEST}"], Source.OVERLAY, True),
        (Pin("", "", "1.5"), TAGGED, [f"{HOME}/where2eat:1.5"], Source.OVERLAY, True),
        (Pin(ELSEWHERE, "", "1.5"), FIXED, [f"{ELSEWHERE}:1.5"], Source.OVERLAY, True),
        (Pin("", "", "unreleased"), TAGGED, [f"{HOME}/where2eat:1.4"], Source.CATALOG, False),
        (Pin("", "", "not/a tag"), TAGGED, [f"{HOME}/where2eat:1.4"], Source.CATALOG, False),
        (Pin(), FIXED, [f"{HOME}/where2eat@{DIGEST}"], Source.CATALOG, True),
        (Pin("", "", "unreleased"), BARE, [f"{HOME}/where2eat:{commit}" for commit in COMMITS], Source.COMMIT, False),
        (Pin(), BARE, [f"{HOME}/where2eat:{commit}" for commit in COMMITS], Source.COMMIT, False),
    ],
)
def test_the_first_who_says_something_is_believed(
    pin: Pin, catalog: str, wanted: list[str], source: Source, promised: bool
) -> None:
    found = meant(pin, parse(catalog, HOME), COMMITS)
    assert ([str(one) for one in found.references], found.source, found.promised) == (wanted, source, promised)


@pytest.mark.parametrize("repository", ["", f"{HOME}/where2eat", ELSEWHERE, "mirror.example.com/apps/where2eat"])
def test_the_same_image_in_another_registry_is_the_policys_to_judge(repository: str) -> None:
    assert another(Pin(repository, DIGEST), parse(BARE, HOME), "where2eat") == ""


@pytest.mark.parametrize(
    "repository", [f"{HOME}/lunch-poll", f"{HOME}/evil/where2eat", "where2eat-2", f"{HOME}/where2eat/where2eat"]
)
def test_another_image_is_told(repository: str) -> None:
    why = another(Pin(repository, DIGEST), parse(BARE, HOME), "where2eat")
    assert f"{HOME}/where2eat" in why and repository.removeprefix(HOME) in why


@pytest.mark.parametrize("repository", ["https://x/y", "a b", "x:y:z/w"])
def test_a_name_that_is_none_is_refused(repository: str) -> None:
    with pytest.raises(Invalid):
        another(Pin(repository, DIGEST), parse(BARE, HOME), "where2eat")
