# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability on a real folder: what check mode says, what is written and healed, what it takes from earlier roles."""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.record import Run, record_answers
from ansible_collections.goldenpath.microapps.plugins.module_utils.runbook.capability import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.layout import Layout, write_private
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.programs import supervisor_config
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.runner import Release, write_release
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.supervisor import spawn
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

RUN = Run("run-1", "2026-11-23T22:00:00+00:00", "ada", "here", 1)


def profile() -> dict[str, Any]:
    return {
        "name": "sandbox",
        "aws": {"account": "123456789012", "region": "eu-west-1"},
        "database": {"host": "db.example.com"},
        "registry": {"address": "registry.example.com"},
    }


@contextlib.contextmanager
def supervisor_without_programs(folder: pathlib.Path) -> Iterator[str]:
    """A supervisord that runs nothing yet; its control socket."""
    layout = Layout(folder)
    folder.mkdir(mode=0o700)
    layout.path("logs").mkdir()
    write_private(layout.path("supervisord.conf"), supervisor_config(layout, ()))
    running = spawn(layout, os.environ)
    try:
        yield str(layout.socket)
    finally:
        running.shutdown()


@pytest.fixture
def arguments(root: pathlib.Path, tmp_path: pathlib.Path) -> dict[str, Any]:
    return {
        "app": {"name": "where2eat", "environment": "sandbox", "file": str(root / "inventories" / "apps" / "where2eat.yml")},
        "profile": profile(),
        "verdict": Verdict(Path.FULL, 60, (), (), {}, (), (), "c").as_result(),
        "evidence": {"directory": str(tmp_path / "evidence"), "app": "where2eat", "environment": "sandbox"},
    }


def folder(arguments: dict[str, Any]) -> pathlib.Path:
    return pathlib.Path(arguments["evidence"]["directory"]) / "sandbox" / "where2eat"


def state_of(result: dict[str, Any], control: str) -> str:
    return next(answer["state"] for answer in result["answers"] if answer["control"] == control)


def test_it_is_written_healed_and_left_alone(cycle: Any, arguments: dict[str, Any]) -> None:
    def witness() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder(arguments).glob("*")}

    asked = cycle.ask(CAPABILITY, arguments, check=True)
    assert not asked["artefacts"], "a check writes no page, so it names none"
    done = cycle.stage(CAPABILITY, arguments, witness)
    assert set(witness()) == {"runbook.md", "runbook.html"}
    assert done["artefacts"] == {"runbook": str(folder(arguments) / "runbook.html")}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o640 for path in folder(arguments).iterdir())
    (folder(arguments) / "runbook.md").write_text("somebody's notes")
    audit = cycle.ask(CAPABILITY, arguments, check=True)
    assert state_of(audit, "runbook-02") == "drifted" and audit["artefacts"] == done["artefacts"]
    cycle.stage(CAPABILITY, arguments, witness)
    (folder(arguments) / "runbook.html").write_bytes(b"\xff\xfe not text")
    cycle.stage(CAPABILITY, arguments, witness)


def test_a_change_of_the_profile_reaches_the_page(cycle: Any, arguments: dict[str, Any]) -> None:
    cycle.ask(CAPABILITY, arguments)
    changed = {**arguments, "profile": {**profile(), "observability": {"logs_url": "https://logs.example.com/where2eat"}}}
    audit = cycle.ask(CAPABILITY, changed, check=True)
    assert {entry["object"]: entry["action"] for entry in audit["objects"]} == {
        "catalog:where2eat": "unchanged",
        "file:runbook.md": "updated",
        "file:runbook.html": "updated",
    }


def test_commands_of_the_supervisor_are_given_for_what_it_runs_alone(
    cycle: Any, arguments: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    place = {"kind": "supervisor", "control": str(tmp_path / "s.sock"), "release_folder": str(tmp_path / "apps")}
    arguments = {**arguments, "profile": {**profile(), "runner": place}}
    cycle.ask(CAPABILITY, arguments)
    text = (folder(arguments) / "runbook.md").read_text()
    assert "supervisorctl" not in text and "does not run this app in sandbox" in text
    write_release(place["release_folder"], Release("where2eat", "git://127.0.0.1/where2eat.git", "main", "c" * 40, 8000))
    cycle.ask(CAPABILITY, arguments)
    text = (folder(arguments) / "runbook.md").read_text()
    assert "restart app-where2eat" in text and "does not run" not in text
    assert "Address: `http://127.0.0.1:8000`" in text and "where2eat.apps.example.com" not in text


def test_a_program_that_the_running_supervisor_lacks_is_not_named(
    cycle: Any, arguments: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    apps = str(tmp_path / "apps")
    write_release(apps, Release("where2eat", "git://127.0.0.1/where2eat.git", "main", "c" * 40, 8000))
    with supervisor_without_programs(tmp_path / "sandbox") as control:
        place = {"kind": "supervisor", "control": control, "release_folder": apps}
        arguments = {**arguments, "profile": {**profile(), "runner": place}}
        cycle.ask(CAPABILITY, arguments)
    text = (folder(arguments) / "runbook.md").read_text()
    assert " app-where2eat" not in text and "supervisorctl" not in text and "does not run this app in sandbox" in text


def test_the_embedded_sandboxs_commands_run_as_they_are_pasted(
    cycle: Any, arguments: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    place = {"kind": "supervisor", "control": str(tmp_path / "s.sock"), "release_folder": str(tmp_path / "apps")}
    aws = {**profile()["aws"], "endpoint_url": "http://127.0.0.1:9", "loopback_only": True}
    arguments = {**arguments, "profile": {**profile(), "runner": place, "aws": aws, "embedded": True}}
    write_release(place["release_folder"], Release("where2eat", "git://127.0.0.1/where2eat.git", "main", "c" * 40, 8000))
    cycle.ask(CAPABILITY, arguments)
    lines = (folder(arguments) / "runbook.md").read_text().splitlines()
    (status,) = (line for line in lines if " status app-where2eat" in line)
    (road,) = (line for line in lines if "goldenpath.microapps.harden" in line)
    # Nothing but the system's own programs is on PATH, and the shell is somewhere else.
    shell = {"cwd": tmp_path, "env": {"PATH": os.defpath, "HOME": str(tmp_path)}, "capture_output": True, "text": True}
    looked = subprocess.run(["sh", "-c", status], check=False, **shell)
    assert looked.stdout.strip() == f"unix://{place['control']} no such file"
    hosts = subprocess.run(["sh", "-c", f"{road} --list-hosts"], check=True, **shell)
    assert "where2eat.sandbox" in hosts.stdout


def test_an_app_that_nobody_answers_for_is_violated_and_has_its_page(
    cycle: Any, arguments: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    text = pathlib.Path(arguments["app"]["file"]).read_text(encoding="utf-8")
    lonely = tmp_path / "where2eat.yml"
    lonely.write_text(text.replace('    phone: "+1 555 010 0100"\n', "").replace('    phone: "+1 555 010 0199"\n', ""))
    result = cycle.ask(CAPABILITY, {**arguments, "app": {**arguments["app"], "file": str(lonely)}})
    assert state_of(result, "runbook-01") == "violated"
    assert state_of(result, "runbook-02") == "in_place"
    assert (folder(arguments) / "runbook.md").exists()
    alone = {key: value for key, value in arguments.items() if key != "evidence"}
    environ = {"GOLDENPATH_STATE": str(tmp_path / "state")}
    failed = cycle.ask(CAPABILITY, {**alone, "app": {**alone["app"], "file": str(lonely)}}, environ=environ)
    assert failed["failed"]
    assert "telephone number" in failed["msg"]


def test_a_folder_that_cannot_be_written_is_one_clear_line(cycle: Any, arguments: dict[str, Any]) -> None:
    folder(arguments).parent.mkdir(parents=True)
    folder(arguments).write_text("a file where the folder should be")
    result = cycle.ask(CAPABILITY, arguments)
    assert "runbook" in str(result["answers"])
    assert state_of(result, "runbook-02") == "not_reached"


def test_what_earlier_roles_of_this_run_proved_is_what_the_commands_may_name(cycle: Any, arguments: dict[str, Any]) -> None:
    proof = [
        "Namespace/where2eat-sandbox",
        "ecr:repository/where2eat",
        "iam:role/microapp-where2eat-sandbox",
        *(f"secretsmanager:secret/microapps/sandbox/where2eat/{name}" for name in ("database", "restaurant-api", "session")),
    ]
    answers = [{"control": "x-01", "state": "in_place", "proof": proof}]
    record_answers(arguments["evidence"], "earlier", RUN, False, {"answers": answers})
    result = cycle.ask(CAPABILITY, arguments, run=RUN)
    assert state_of(result, "runbook-03") == "in_place"
    another = cycle.ask(CAPABILITY, arguments, run=Run("run-2", RUN.started, "ada", "here", 1))
    assert state_of(another, "runbook-03") == "not_reached"
