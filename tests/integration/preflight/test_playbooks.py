# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbooks preflight and retire, as people run them: from an inventory of one's own, by their full names."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster
ROOT = pathlib.Path(__file__).resolve().parents[3]
Play = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inventory(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the sandbox's inventory with its catalog beside it."""
    for name in ("sandbox", "apps"):
        shutil.copytree(ROOT / "inventories" / name, tmp_path / name)
    return tmp_path / "sandbox"


@pytest.fixture
def play(sandbox: Any, inventory: pathlib.Path, tmp_path: pathlib.Path) -> Play:
    """ansible-playbook in an empty folder, without any configuration of ours."""

    def run(playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = str(pathlib.Path(sys.executable).with_name("ansible-playbook"))
        command = [program, "-i", str(inventory), f"goldenpath.microapps.{playbook}", *arguments]
        environ = {**sandbox.environ, "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120)

    return run


def test_preflight_of_the_sandbox(play: Play) -> None:
    done = play("preflight", "-e", "app=where2eat")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Preflight of sandbox: nothing was changed" in done.stdout
    assert "changed=0" in done.stdout


def test_a_part_that_is_down_fails_the_play_and_orphans_are_still_asked(play: Play, inventory: pathlib.Path) -> None:
    profile = inventory / "group_vars" / "environment_sandbox" / "profile.yml"
    text = profile.read_text(encoding="utf-8")
    lookup = "\"{{ lookup('goldenpath.microapps.sandbox', 'registry') }}\""
    assert lookup in text
    profile.write_text(text.replace(lookup, "{address: 127.0.0.1:9, plain_http: true}"), encoding="utf-8")
    done = play("preflight")
    assert done.returncode == 2
    assert "What belongs to no app any more is told" in done.stdout
    assert len([line for line in done.stdout.splitlines() if line.startswith("registry: ")]) == 1


def test_the_last_app_left_and_the_environment_can_still_be_asked_and_retired(play: Play, inventory: pathlib.Path) -> None:
    for entry in (inventory.parent / "apps").glob("*.yml"):
        entry.unlink()
    done = play("preflight")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no app lives in this environment" in done.stdout
    done = play("retire", "-e", "app=nobody", "--check")
    assert done.returncode == 0 and "changed=0" in done.stdout
    done = play("harden", "-e", "app=nobody")
    assert done.returncode != 0 and "No micro app lives in sandbox" in " ".join((done.stdout + done.stderr).split())


def test_a_limit_is_refused_and_not_skipped_in_silence(play: Play) -> None:
    done = play("retire", "-e", "app=nobody", "--limit", "where2eat.sandbox")
    assert done.returncode != 0 and "--limit does not fit" in " ".join((done.stdout + done.stderr).split())


def test_an_entry_that_could_not_be_read_is_no_orphan_that_may_be_retired(play: Play, inventory: pathlib.Path) -> None:
    (inventory.parent / "apps" / "where2eat.yml").write_text("name: [", encoding="utf-8")
    done = play("retire", "-e", "app=where2eat", "--check")
    # Ansible wraps its messages wherever it likes.
    assert done.returncode != 0 and "where2eat.yml:" in "".join((done.stdout + done.stderr).split())
    config = inventory / "microapps.yml"
    config.write_text(config.read_text(encoding="utf-8") + "skip_invalid: true\n", encoding="utf-8")
    done = play("retire", "-e", "app=where2eat", "--check")
    assert done.returncode == 2 and "-e confirm=where2eat" in done.stdout


def test_an_app_of_the_catalog_is_not_retired_by_its_name_alone(play: Play) -> None:
    done = play("retire", "-e", "app=where2eat")
    assert done.returncode == 2 and "still lives in sandbox" in done.stdout
    done = play("retire")
    assert done.returncode == 2 and "Name the app: -e app=<name>" in done.stdout


def test_an_exported_inventory_knows_the_same(sandbox: Any, inventory: pathlib.Path) -> None:
    for entry in (inventory.parent / "apps").glob("*.yml"):
        entry.unlink()
    program = str(pathlib.Path(sys.executable).with_name("ansible-inventory"))
    command = [program, "-i", str(inventory), "--list", "--export"]
    done = subprocess.run(command, env=sandbox.environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["environment_sandbox"]["hosts"] == ["no_app.sandbox"]
