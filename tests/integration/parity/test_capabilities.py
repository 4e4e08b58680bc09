# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every capability gives the same plan through both doors: in Ansible's worker, and as a module that travels to a host.

All capabilities are asked in check mode with a diff on the running sandbox, in one playbook per door. Where2Eat's own inventory
fills the options that every role's task shares; other options stand in tests/fixtures/parity/<module>.yml.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import second_door
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
FIXTURES = ROOT / "tests" / "fixtures" / "parity"
# What has a meaning where Ansible itself runs and nowhere else.
ON_THE_CONTROLLER = {
    "evidence_report": "reads what this run's tasks recorded in the controller's state folder",
    "run_gate": "holds a lease for as long as the ansible-playbook that asked lives",
    "sandbox": "starts its parts beside the checkout that Ansible runs from",
}
CASES = [name for name in MODULES if name not in ON_THE_CONTROLLER]
# app_triage comes first: its verdict is what the others are asked with.
ORDER = sorted(CASES, key=lambda name: (name != "app_triage", name))
SHARED = {"app": "{{ microapp }}", "profile": "{{ microapp_environment }}", "verdict": "{{ answer_app_triage.verdict }}"}
COMPARED = ("changed", "failed", "msg", "objects", "answers", "diff", "warnings")
# What Ansible itself adds, differently for a module and for an action.
ANSIBLES = {"invocation", "exception", "deprecations"}
Answers = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A collections path with a connection that is not called local, and a link to the checkout."""
    base = tmp_path_factory.mktemp("collections")
    second_door.written(base)
    ours = base / "ansible_collections" / "goldenpath"
    ours.mkdir()
    (ours / "microapps").symlink_to(ROOT)
    return base


def fixture_of(name: str) -> dict[str, Any]:
    """The module's fixture: `arguments`, `blocks` of the sandbox as options, and whether it is meant to fail; may be missing."""
    file = FIXTURES / f"{name}.yml"
    made: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    return made


def options(name: str) -> dict[str, Any]:
    """The shared options that the module requires, then what its fixture says."""
    text = (ROOT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8")
    document = yaml.safe_load(text.split('DOCUMENTATION = r"""', 1)[1].split('"""', 1)[0])
    fragments = document.get("extends_documentation_fragment") or []
    shared = {"app", "profile"} if "goldenpath.microapps.microapp" in fragments else set()
    shared |= {"verdict"} if "goldenpath.microapps.microapp.verdict" in fragments else set()
    fixture = fixture_of(name)
    blocks = {
        option: f"{{{{ lookup('goldenpath.microapps.sandbox', '{block}') }}}}"
        for option, block in fixture.get("blocks", {}).items()
    }
    return {**{key: SHARED[key] for key in sorted(shared)}, **blocks, **fixture.get("arguments", {})}


def walk(collections: pathlib.Path, environ: dict[str, str], connection: str) -> Answers:
    """All cases through one door, on the host where2eat.sandbox of the sandbox's inventory."""
    folder = collections / connection
    folder.mkdir()
    tasks: list[dict[str, Any]] = [
        {
            f"goldenpath.microapps.{name}": options(name),
            "check_mode": True,
            "diff": True,
            "ignore_errors": True,
            "register": f"answer_{name}",
        }
        for name in ORDER
    ]
    content = "{{ {" + ", ".join(f"'{name}': answer_{name}" for name in ORDER) + "} | to_json }}"
    tasks.append({"ansible.builtin.copy": {"content": content, "dest": str(folder / "answers.json")}, "connection": "local"})
    (folder / "play.yml").write_text(json.dumps([{"hosts": "where2eat.sandbox", "gather_facts": False, "tasks": tasks}]))
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    door = ["-e", f"ansible_connection={connection}", "-e", f"ansible_python_interpreter={sys.executable}"]
    command = [str(program), "-i", str(ROOT / "inventories" / "sandbox"), *door, str(folder / "play.yml")]
    own = {
        **environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_PIPELINING": "true",
        "TRAVELLED": str(folder / "travelled"),
    }
    done = subprocess.run(command, env=own, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answers: Answers = json.loads((folder / "answers.json").read_text())
    return answers


@pytest.fixture(scope="module")
def doors(collections: pathlib.Path, sandbox: Any) -> tuple[Answers, Answers]:
    """What both doors answered: in Ansible's worker, and as a module."""
    environ = {**os.environ, **sandbox.environ}
    return walk(collections, environ, "local"), walk(collections, environ, second_door.CONNECTION)


@pytest.mark.cluster
@pytest.mark.parametrize("name", CASES)
def test_both_doors_plan_the_same(doors: tuple[Answers, Answers], name: str) -> None:
    here, there = ({key: value for key, value in door[name].items() if key not in ANSIBLES} for door in doors)
    assert {key: here.get(key) for key in COMPARED} == {key: there.get(key) for key in COMPARED}
    assert here.keys() == there.keys()


@pytest.mark.cluster
@pytest.mark.parametrize("name", CASES)
def test_a_case_fails_only_where_it_means_to(doors: tuple[Answers, Answers], name: str) -> None:
    answer = doors[0][name]
    assert bool(answer.get("failed")) == fixture_of(name).get("fails", False), answer.get("msg")


@pytest.mark.cluster
def test_modules_travelled_through_the_second_door_only(doors: tuple[Answers, Answers], collections: pathlib.Path) -> None:
    assert not (collections / "local" / "travelled").exists()
    assert sorted(set((collections / "house.travel.elsewhere" / "travelled").read_text().split())) == CASES


def test_what_is_left_out_exists() -> None:
    assert set(ON_THE_CONTROLLER) <= set(MODULES)
