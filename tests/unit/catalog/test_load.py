# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A folder of entries: every fault at once, and the others still there."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app, load_catalog
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, NotFound

Catalog = Callable[..., pathlib.Path]


def named(minimal: str, name: str, team: str = "team-a") -> str:
    return minimal.replace("name: minimal\n", f"name: {name}\n", 1).replace("team: team-a\n", f"team: {team}\n", 1)


def names(folder: pathlib.Path) -> list[str]:
    return [entry.name for entry in load_catalog(str(folder)).entries]


def problems(folder: pathlib.Path) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in load_catalog(str(folder)).problems]


def test_all_bad_entries_are_told_and_the_good_ones_are_there(catalog: Catalog, minimal: str) -> None:
    bad = {f"bad{number}": named(minimal, f"bad{number}").replace("runtime: python", "runtime: x") for number in range(3)}
    folder = catalog(good=named(minimal, "good"), other=named(minimal, "other"), **bad)
    assert names(folder) == ["good", "other"]
    assert [line.partition(":")[0] for line in problems(folder)] == ["bad0.yml", "bad1.yml", "bad2.yml"]


def test_only_the_apps_of_an_environment_are_made(catalog: Catalog, minimal: str) -> None:
    folder = catalog(a=named(minimal, "a"), b=named(minimal, "b").replace("  sandbox: {}\n", ""))
    loaded = load_catalog(str(folder))
    assert [app.name for app in loaded.apps("sandbox")] == ["a"]
    assert [app.name for app in loaded.apps("prod")] == ["a", "b"]
    assert loaded.apps("dev") == ()


def test_the_file_has_the_apps_name(catalog: Catalog, minimal: str) -> None:
    folder = catalog(other=minimal)
    assert problems(folder) == [
        'other.yml:2: name: "minimal" is not the file\'s name; call the file <name>.yml, or write name: other'
    ]


def test_two_entries_of_one_name_are_both_left_out(catalog: Catalog, minimal: str) -> None:
    folder = catalog(minimal=minimal, other=named(minimal, "other"))
    (folder / "minimal.yaml").write_text(minimal, encoding="utf-8")
    assert names(folder) == ["other"]
    assert problems(folder) == [
        'minimal.yml:2: name: "minimal" is not a new name; minimal.yaml has it already: rename or remove one of them'
    ]


def test_two_teams_that_would_share_a_group_are_told_with_both_files(catalog: Catalog, minimal: str) -> None:
    folder = catalog(a=named(minimal, "a", "data-lab"), b=named(minimal, "b", "data.lab"), c=named(minimal, "c", "data-lab"))
    assert names(folder) == ["a", "c"]
    assert problems(folder) == [
        'b.yml:6: owner.team: "data.lab" is not told apart from "data-lab" of a.yml (both are the group owner_data_lab); '
        "write both alike if it is one team, or rename one"
    ]


@pytest.mark.parametrize("target", ["outside.yml", "/etc/hosts"])
def test_a_link_out_of_the_catalog_is_refused(catalog: Catalog, minimal: str, tmp_path: pathlib.Path, target: str) -> None:
    (tmp_path / "outside.yml").write_text(minimal, encoding="utf-8")
    folder = catalog(good=named(minimal, "good"))
    os.symlink(tmp_path / target, folder / "minimal.yml")
    assert names(folder) == ["good"]
    assert "a link that leads out of the catalog" in problems(folder)[0]


def test_a_link_to_itself_is_told_and_hides_no_other_entry(catalog: Catalog, minimal: str) -> None:
    """Whatever it is called: the system refuses to look at it, and the whole catalog would have counted as not given."""
    folder = catalog(good=named(minimal, "good"))
    for name in ("loop.yml", "loop"):
        os.symlink(name, folder / name)
    assert names(folder) == ["good"]
    assert problems(folder) == ["loop.yml:1: is not a file; a catalog entry is one YAML file"]


def test_a_catalog_that_is_itself_a_link_is_read(catalog: Catalog, minimal: str, tmp_path: pathlib.Path) -> None:
    os.symlink(catalog(minimal=minimal), tmp_path / "link")
    assert names(tmp_path / "link") == ["minimal"]
    assert load_app(str(tmp_path / "link" / "minimal.yml"), "minimal", "prod").name == "minimal"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("- a\n", "the entry: "),
        ("just text\n", "the entry: "),
        ("a: 1\n---\nb: 1\n", "several documents"),
    ],
)
def test_a_file_that_is_no_entry_is_told(catalog: Catalog, text: str, fault: str) -> None:
    assert fault in problems(catalog(minimal=text))[0]


def test_a_pipe_in_the_catalog_does_not_block(catalog: Catalog, minimal: str) -> None:
    folder = catalog(minimal=minimal)
    os.mkfifo(folder / "pipe.yml")
    assert names(folder) == ["minimal"]
    assert "is not a file" in problems(folder)[0]


def test_other_files_are_passed_over(catalog: Catalog, minimal: str) -> None:
    folder = catalog(minimal=minimal)
    (folder / "README.md").write_text("x", encoding="utf-8")
    (folder / ".hidden.yml").write_text("x", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "other.yml").write_text("x", encoding="utf-8")
    assert (names(folder), problems(folder)) == (["minimal"], [])


def test_a_catalog_that_is_not_there_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere is not there"):
        load_catalog(str(tmp_path / "nowhere"))


def test_a_file_without_the_app_says_what_it_holds(catalog: Catalog, minimal: str) -> None:
    with pytest.raises(NotFound, match=r"'other' is not in .*it holds minimal"):
        load_app(str(catalog(minimal=minimal) / "minimal.yml"), "other", "prod")


def test_a_thousand_entries_are_all_there(catalog: Catalog, minimal: str) -> None:
    folder = catalog(**{f"app{number}": named(minimal, f"app{number}") for number in range(1000)})
    loaded = load_catalog(str(folder))
    assert (len(loaded.apps("prod")), loaded.problems) == (1000, ())


def test_the_shipped_catalog_is_right_and_its_profiles_are_all_different(root: pathlib.Path) -> None:
    loaded = load_catalog(str(root / "inventories" / "apps"))
    assert loaded.problems == ()
    profiles = {
        (app.data, app.exposure, app.runtime, app.database is None, bool(app.integrations)) for app in loaded.apps("prod")
    }
    assert len(profiles) == len(loaded.entries) == 6


def test_what_is_not_named_as_an_entry_is_not_read(tmp_path: pathlib.Path) -> None:
    key = tmp_path / "id_ed25519"
    key.write_text("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ: [\n")
    with pytest.raises(Invalid, match=r"its name ends in \.yml or \.yaml") as refused:
        load_app(str(key), "where2eat", "sandbox")
    assert "b3Blbn" not in str(refused.value)
