# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The examples that are a history only: the same on every machine, each with what its catalog entry says."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

# Commits of main. They change only when an example is changed on purpose.
MAIN = {
    "brochure": "0561687102f56a86effdb2ad3252633edc7b76da",
    "lunch-poll": "fe0be805d3c227077a1412176b16afe051da9609",
}


@pytest.fixture(scope="module")
def repositories(root: pathlib.Path) -> Any:
    sys.path.insert(0, str(root / "examples"))
    try:
        import repositories

        yield repositories
    finally:
        sys.path.remove(str(root / "examples"))


@pytest.mark.parametrize("app", MAIN)
def test_the_history_is_byte_for_byte_the_same_and_a_pushed_branch_is_left_alone(
    repositories: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, app: str
) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    commit = repositories.make_repository(tmp_path, app, repositories.SMALL[app])
    assert commit == MAIN[app]
    git = ["git", "--git-dir", str(tmp_path / f"{app}.git")]
    subprocess.run([*git, "update-ref", "refs/heads/main", f"{commit}~1"], check=True)
    assert repositories.make_repository(tmp_path, app, repositories.SMALL[app]) != commit


def test_every_small_example_is_an_app_of_the_sandbox(repositories: Any, root: pathlib.Path) -> None:
    for app in repositories.SMALL:
        assert "  sandbox: {}\n" in (root / "inventories" / "apps" / f"{app}.yml").read_text()
    with_history = {folder.parent.name for folder in (root / "examples").glob("*/history")}
    assert with_history == {*repositories.SMALL, "where2eat"}


def test_no_planted_value_stands_in_this_repository(repositories: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    planted = [value.encode() for values in repositories.SMALL.values() for value in values.values()]
    assert planted
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.split(b"\0")
    for path in (root / os.fsdecode(name) for name in tracked if name):
        if path.is_file():
            content = path.read_bytes()
            assert not any(value in content for value in planted), path
    repositories.make_repository(tmp_path, "lunch-poll", repositories.SMALL["lunch-poll"])
    git = ["git", "--git-dir", str(tmp_path / "lunch-poll.git"), "grep", "--quiet", "--fixed-strings"]
    assert subprocess.run([*git, planted[0].decode(), "main"], check=False).returncode == 0
