# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An unchanged repository is not read again, and what is kept of it holds no value."""

from __future__ import annotations

import pathlib
import shutil
import stat
import subprocess
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage import app_triage, remembered

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROFILE = ROOT / "inventories" / "dev" / "group_vars" / "environment_dev" / "profile.yml"
GIT = ("git", "-c", "user.name=Citizen", "-c", "user.email=citizen@example.com")


class App:
    """A repository of its own in a state folder of its own, and how often it was read."""

    def __init__(self, repository: pathlib.Path, state: pathlib.Path) -> None:
        self.repository, self.state, self.reads = repository, state, 0

    def triage(self) -> dict[str, Any]:
        """One run, in process."""
        params = {
            "app": {"name": "lunch-poll", "environment": "dev", "file": str(ROOT / "inventories" / "apps" / "lunch-poll.yml")},
            "profile": yaml.safe_load(PROFILE.read_text(encoding="utf-8"))["microapp_environment"],
            "repository": f"file://{self.repository}",
            "evidence": None,
        }
        environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.state), "GOLDENPATH_STATE": str(self.state)}
        return perform(app_triage.CAPABILITY, Request(params=params, check=False, environ=environ))

    def memories(self) -> list[pathlib.Path]:
        """Everything that is kept, hidden leftovers too."""
        return sorted((self.state / "triage" / "read").iterdir())

    def commit(self, path: str, text: str) -> None:
        """One more commit on the main branch."""
        work = self.state / "work"
        if not work.exists():
            subprocess.run(["git", "clone", "--quiet", str(self.repository), str(work)], check=True)
        (work / path).write_text(text, encoding="utf-8")
        subprocess.run([*GIT, "-C", str(work), "add", "--all"], check=True)
        subprocess.run([*GIT, "-C", str(work), "commit", "--quiet", "-m", path], check=True)
        subprocess.run(["git", "-C", str(work), "push", "--quiet", "origin", "HEAD:main"], check=True)


@pytest.fixture
def app(labelled: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> App:
    repository = tmp_path / "app.git"
    shutil.copytree(labelled / "next-stripe-env-in-history.git", repository)
    made = App(repository, tmp_path / "state")
    made.state.mkdir()
    reading = app_triage._read

    def counted(*arguments: Any) -> Any:
        made.reads += 1
        return reading(*arguments)

    monkeypatch.setattr(app_triage, "_read", counted)
    return made


def test_an_unchanged_repository_is_read_once_and_answered_the_same(app: App) -> None:
    first, second = app.triage(), app.triage()
    assert first["verdict"] == second["verdict"]
    assert first["verdict"]["credentials"]
    assert app.reads == 1


def test_a_memory_is_the_owners_alone_and_holds_no_value(app: App, builder: Any) -> None:
    app.triage()
    (memory,) = app.memories()
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert builder.KEYS.key("stripe_live", "next") not in memory.read_text(encoding="utf-8")
    assert builder.KEYS.key("password", "next") not in memory.read_text(encoding="utf-8")


def test_any_new_commit_is_read_and_old_memories_go(app: App) -> None:
    for number in range(5):
        app.commit("note.txt", f"note {number}")
        app.triage()
    assert app.reads == 5
    assert len(app.memories()) == remembered.KEPT


def test_a_new_ref_alone_is_read(app: App) -> None:
    app.triage()
    subprocess.run(["git", "-C", str(app.repository), "tag", "v9", "main"], check=True)
    app.triage()
    assert app.reads == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"commit": "x"}', "null"])
def test_a_broken_memory_is_none(app: App, text: str) -> None:
    wanted = app.triage()["verdict"]
    (memory,) = app.memories()
    memory.write_text(text, encoding="utf-8")
    assert app.triage()["verdict"] == wanted
    assert app.reads == 2
