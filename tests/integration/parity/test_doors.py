# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Both doors of a capability give the same answer, and nothing secret leaves either: refused, failing and chained cases.

A throwaway collection holds one capability that misbehaves in every way. Its tasks run once in Ansible's worker and once
through the module, over a connection that is not called `local`.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

CANARY = "canary-7f3e-0b9c-secret"
OURS = "ansible_collections.goldenpath.microapps.plugins"

CAPABILITY = f"""
from __future__ import annotations
from {OURS}.module_utils.capability import Capability, Change, Outcome, Plan
from {OURS}.module_utils.errors import Unreachable

SPEC = {{
    "mode": {{"type": "str", "choices": ["fine", "same", "raise", "chain", "ours", "made"], "required": True}},
    "token": {{"type": "str", "no_log": True}},
    "kind": {{"type": "str", "no_log": True, "choices": ["one", "two"]}},
}}

def run(request):
    token = request.params["token"] or ""
    mode = request.params["mode"]
    if mode == "raise":
        raise RuntimeError("the driver says password=" + token)
    if mode in ("ours", "chain"):
        try:
            raise ValueError("connection string with " + token)
        except ValueError as error:
            raise Unreachable("Log in", "refused: " + str(error), "Try again.") from (error if mode == "chain" else None)
    if mode == "made":
        made = request.secrets.register("made-at-run-time-" + token)
        return Outcome(result={{"echo": "left over: " + made}}, warnings=("a warning with " + made,))
    before = {{"size": 1}}
    after = before if mode == "same" else {{"size": 2, "note": "token " + token}}
    changes = () if mode == "same" else (Change("update", "size", 1, 2),)
    return Outcome(plans=(Plan("thing/a", before, after, changes),))

CAPABILITY = Capability("misbehave", SPEC, run)
"""
MODULE = """
DOCUMENTATION = "module: misbehave\\nshort_description: x\\noptions: {}\\n"
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import run_as_module
from ansible_collections.house.parity.plugins.module_utils.misbehave import CAPABILITY
run_as_module(CAPABILITY)
"""
ACTION = f"""
from ansible_collections.house.parity.plugins.module_utils.misbehave import CAPABILITY
from {OURS}.plugin_utils.in_process import InProcess
class ActionModule(InProcess):
    capability = CAPABILITY
"""
CONNECTION = """
DOCUMENTATION = "name: elsewhere\\nshort_description: local under another name\\nversion_added: 0.1.0\\noptions: {}\\n"
from ansible.plugins.connection.local import Connection as Local
class Connection(Local):
    transport = "house.parity.elsewhere"
"""


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory, root: pathlib.Path) -> pathlib.Path:
    """A collections path with the throwaway collection and a link to the checkout."""
    base = tmp_path_factory.mktemp("collections")
    plugins = base / "ansible_collections" / "house" / "parity" / "plugins"
    for kind, name, text in (
        ("module_utils", "misbehave", CAPABILITY),
        ("modules", "misbehave", MODULE),
        ("action", "misbehave", ACTION),
        ("connection", "elsewhere", CONNECTION),
    ):
        (plugins / kind).mkdir(parents=True)
        (plugins / kind / f"{name}.py").write_text(text)
    ours = base / "ansible_collections" / "goldenpath"
    ours.mkdir()
    (ours / "microapps").symlink_to(root)
    return base


# Every task stands twice, as a run and as a check.
CASES: dict[str, dict[str, Any]] = {
    "a change": {"mode": "fine", "token": CANARY},
    "no change": {"mode": "same", "token": CANARY},
    "a bug that quotes the secret": {"mode": "raise", "token": CANARY},
    "a driver error with its cause": {"mode": "chain", "token": CANARY},
    "a driver error without": {"mode": "ours", "token": CANARY},
    "a secret made on the way": {"mode": "made", "token": CANARY},
    "a refused secret": {"mode": "fine", "kind": CANARY},
    "a missing option": {},
    "an unknown option": {"mode": "fine", "tokn": "x"},
}
# Refused by Ansible's own validation, which words it a little differently on the two doors.
WORDED_BY_ANSIBLE = {"a refused secret", "a missing option", "an unknown option"}


def walk(collections: pathlib.Path, connection: str) -> tuple[list[dict[str, Any]], str]:
    """All cases through one door: the results, and everything that was printed, logged or registered."""
    folder = collections / connection
    folder.mkdir()
    tasks = []
    for arguments in CASES.values():
        for check in (False, True):
            task = {"house.parity.misbehave": arguments, "check_mode": check, "diff": True, "ignore_errors": True}
            tasks.append({**task, "register": f"answer_{len(tasks)}"})
    content = "{{ [" + ", ".join(f"answer_{number}" for number in range(len(tasks))) + "] | to_json }}"
    keep = {"ansible.builtin.copy": {"content": content, "dest": str(folder / "answers.json")}, "connection": "local"}
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [*tasks, keep]}]))
    (folder / "hosts").write_text(f"one ansible_connection={connection} ansible_python_interpreter={sys.executable}\n")
    environ = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_LOG_PATH": str(folder / "log"),
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_PIPELINING": "true",
        "HOME": str(folder),
    }
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [str(program), "-vvvv", "-i", str(folder / "hosts"), str(folder / "play.yml")],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = (folder / "answers.json").read_text()
    return json.loads(answers), done.stdout + done.stderr + (folder / "log").read_text() + answers


@pytest.fixture(scope="module")
def doors(collections: pathlib.Path) -> tuple[tuple[list[dict[str, Any]], str], tuple[list[dict[str, Any]], str]]:
    """Both walks: in Ansible's worker, and through the module."""
    return walk(collections, "local"), walk(collections, "house.parity.elsewhere")


@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
@pytest.mark.parametrize("case", CASES)
def test_both_doors_give_the_same_answer(doors: Any, case: str, check: bool) -> None:
    place = 2 * list(CASES).index(case) + int(check)
    here, there = doors[0][0], doors[1][0]
    keys = ["changed", "objects", "answers", "diff", "echo", "warnings"] + ([] if case in WORDED_BY_ANSIBLE else ["msg"])
    assert {key: here[place].get(key) for key in keys} == {key: there[place].get(key) for key in keys}
    assert here[place].get("failed", False) == there[place].get("failed", False)


def test_the_cases_do_what_they_say(doors: Any) -> None:
    results = dict(zip(CASES, doors[0][0][::2], strict=True))
    assert results["a change"]["changed"] and results["a change"]["diff"]
    assert not results["no change"]["changed"]
    assert results["a secret made on the way"]["echo"] == "left over: " + "*" * 8
    assert all(results[case]["failed"] for case in CASES if case.startswith(("a bug", "a driver", "a refused", "an unknown")))


@pytest.mark.parametrize("door", [0, 1], ids=["in process", "module"])
def test_nothing_secret_is_printed_logged_or_registered(doors: Any, door: int) -> None:
    leaks = [line for line in doors[door][1].splitlines() if CANARY in line]
    assert not leaks, leaks[:3]
