# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documents point to is there, and nothing that is tracked names the machine it was written on."""

from __future__ import annotations

import pathlib
import re
import subprocess

import pytest
from ansible.vars.reserved import get_reserved_names

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
# A file or folder of this repository, in the manner of code.
NAMED = re.compile(r"`((?:\.ci|changelogs|docs|examples|inventories|molecule|playbooks|plugins|roles|tests)/[\w./-]+)`")
# A variable that somebody is told to set, or that a play takes.
ASKED = re.compile(r"-e (\w+)=|\{\{ (\w+) \| default\(")
# What begins like one of ours and is not: the scaffold renders these into an app's repository, and Google has roles.
ELSEWHERE = {"tests/test_goldenpath.py", "tests/goldenpath.sh", "roles/secretmanager.secretAccessor"}
# Rendered into other people's repositories, or written by them: their links are not ours.
NOT_OURS = ("examples/where2eat/history", "tests/fixtures")


def tracked() -> list[pathlib.Path]:
    """Every file that git holds or would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


DOCUMENTS = [path for path in tracked() if path.suffix == ".md" and not str(path.relative_to(ROOT)).startswith(NOT_OURS)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: pathlib.Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    missing = [link for link in LINK.findall(text) if not (path.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(path: pathlib.Path) -> None:
    named = set(NAMED.findall(path.read_text(encoding="utf-8"))) - ELSEWHERE
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_lock_file_names_no_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_action_in_our_workflows_is_pinned_to_a_commit() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for used in re.findall(r"uses:\s*(\S+)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{path.name}: {used}"


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *sorted((ROOT / "playbooks").glob("*.yml"))], ids=lambda path: str(path.relative_to(ROOT))
)
def test_nobody_is_told_to_set_a_variable_that_ansible_keeps_for_itself(path: pathlib.Path) -> None:
    asked = {name for pair in ASKED.findall(path.read_text(encoding="utf-8")) for name in pair if name}
    assert not asked & get_reserved_names(include_private=True)
