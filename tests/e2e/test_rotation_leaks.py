# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets are rotated through both doors, loudly and with a failing call among them, and none of their values is anywhere.

Every value that the store held before or after is looked for: in what was printed at -vvvv, the log file, ansible-runner's job
events, diffs, registered results and facts, arguments of processes, temporary files, the database's log of every statement, the
logs of the other parts, and the evidence.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import pytest
import second_door
from leaks import leaks, of_the_sandbox, stored, told
from witness import planted, supervisorctl, until_aws_answers

ROTATE = "goldenpath.microapps.rotate"
TASK = "Every secret has a new value"
LOUD = ("-e", "app=where2eat", "-e", "rotate=now", "-vvvv", "--diff")
pytestmark = pytest.mark.usefixtures("hardened")
OPTIONS = {"app": "{{ microapp }}", "profile": "{{ microapp_environment }}", "rotate": "now"}


def asked(base: pathlib.Path, **task: Any) -> str:
    """A play of one task, whose result is registered, kept as a fact and printed, with the second door's connection beside it."""
    second_door.written(base / "collections")
    tasks = [
        {"name": TASK, "goldenpath.microapps.secret_rotation": OPTIONS, "register": "rotation", "ignore_errors": True, **task},
        {"ansible.builtin.set_fact": {"kept": "{{ rotation }}"}},
        {"ansible.builtin.debug": {"var": "kept"}},
    ]
    (base / "play.yml").write_text(json.dumps([{"hosts": "where2eat.sandbox", "gather_facts": False, "tasks": tasks}]))
    return str(base / "play.yml")


@pytest.fixture(scope="module")
def hardened(estate: Any) -> None:
    """The app as it is when all is well."""
    played = estate.play("-e", "app=where2eat")
    assert played.rc == 0, played.text


def everything(estate: Any, root: pathlib.Path) -> dict[str, str]:
    return {**planted(root), **stored(estate), **of_the_sandbox(estate)}


def result_of(played: Any) -> dict[str, Any]:
    """What the rotation said."""
    return next(result for name, result in played.results if name == TASK)


def nowhere(estate: Any, root: pathlib.Path, played: Any, watched: Any, before: Mapping[str, str]) -> None:
    secrets = {**before, **everything(estate, root)}
    assert told(played.text, secrets) == []
    assert watched.found(secrets) == []
    assert leaks(estate, secrets) == []
    assert list(estate.temporary.iterdir()) == []


def test_in_ansibles_worker(estate: Any, root: pathlib.Path, talkative: None) -> None:
    before = everything(estate, root)
    with estate.watch() as watched:
        played = estate.play(*LOUD, playbook=ROTATE)
    assert played.rc == 0, played.text
    assert len(everything(estate, root)) > len(before), "nothing was rotated"
    log = estate.state / "sandbox" / "logs"
    assert any("ALTER ROLE" in path.read_text(errors="replace") for path in log.rglob("*.log")), "no statement was logged"
    nowhere(estate, root, played, watched, before)


def test_as_a_module_with_pipelining(estate: Any, root: pathlib.Path, talkative: None, tmp_path: pathlib.Path) -> None:
    before = everything(estate, root)
    travelled = tmp_path / "travelled"
    door = {"ANSIBLE_PIPELINING": "true", "TRAVELLED": str(travelled)}
    with estate.watch() as watched:
        played = estate.play(
            "-vvvv", "--diff", "-e", f"ansible_connection={second_door.CONNECTION}", playbook=asked(tmp_path), environ=door
        )
    assert played.rc == 0 and "secret_rotation" in travelled.read_text(), played.text
    assert len(everything(estate, root)) > len(before), "nothing was rotated"
    nowhere(estate, root, played, watched, before)


def test_asynchronously_is_refused_in_one_line(estate: Any, root: pathlib.Path, talkative: None, tmp_path: pathlib.Path) -> None:
    before = everything(estate, root)
    played = estate.play("-vvvv", playbook=asked(tmp_path, **{"async": 60, "poll": 2}))
    result = result_of(played)
    assert "ignored=1" in played.text and "cannot be async" in result["msg"] and "\n" not in result["msg"], result
    assert everything(estate, root) == before


@pytest.mark.parametrize("part", ["postgresql", "restaurant-api", "aws"])
def test_what_fails_tells_no_value(estate: Any, root: pathlib.Path, talkative: None, tmp_path: pathlib.Path, part: str) -> None:
    before = everything(estate, root)
    door = {"ANSIBLE_PIPELINING": "true", "TRAVELLED": str(tmp_path / "travelled"), "ANSIBLE_DISPLAY_TRACEBACK": "always"}
    play = asked(tmp_path)
    supervisorctl(estate, "stop", part)
    try:
        with estate.watch() as watched:
            doors = [
                estate.play("-vvvv", "--diff", "-e", f"ansible_connection={connection}", playbook=play, environ=door)
                for connection in ("local", second_door.CONNECTION)
            ]
    finally:
        supervisorctl(estate, "start", part)
        until_aws_answers(estate)
    for played in doors:
        result = result_of(played)
        assert "ignored=1" in played.text and result["msg"], result
        # Of ours, not of Python's: one sentence that says what could not be done.
        assert "Traceback" not in result["msg"]
        nowhere(estate, root, played, watched, before)


def test_afterwards_the_same_command_ends_what_was_begun(estate: Any, hardened: None) -> None:
    again = estate.play("-e", "app=where2eat")
    assert again.rc == 0, again.text
