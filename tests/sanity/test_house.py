# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The house numbers: how large things may grow, what may import what, and what must stand beside what."""

from __future__ import annotations

import ast
import pathlib
import re
from collections.abc import Iterator

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
SOURCES = sorted(path for path in PLUGINS.rglob("*.py") if "__pycache__" not in path.parts)
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())

LONGEST_FUNCTION = 50
LONGEST_UTILITY = 400
LONGEST_DOOR = 25

# What may be larger, and why. An entry that is no longer needed fails the test that reads it.
LARGER: dict[str, str] = {
    "plugins/module_utils/control_list.py": "generated: one entry a control",
}
# The runners: the only places where any exception may end.
CATCH_ALL = {
    "plugins/module_utils/capability.py",
    # A verifier's door: whatever happens while a candidate is read means that it is not verified.
    "plugins/module_utils/signatures/verify.py",
}
# The only file of module_utils that may know Ansible's module class.
KNOWS_ANSIBLE = {"plugins/module_utils/capability.py"}


def name_of(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines_of_code(path: pathlib.Path) -> int:
    """Lines that are not blank, comment, docstring or one of the documentation blocks of a module."""
    text = path.read_text(encoding="utf-8")
    prose: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, ast.Assign) and [t.id for t in node.targets if isinstance(t, ast.Name)] in (
            ["DOCUMENTATION"],
            ["EXAMPLES"],
            ["RETURN"],
        ):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(1 for number, line in lines if line.strip() and not line.strip().startswith("#") and number not in prose)


def functions(path: pathlib.Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_fits_on_a_page(path: pathlib.Path) -> None:
    long = {
        function.name: (function.end_lineno or 0) - function.lineno + 1
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("path", sorted(UTILS.rglob("*.py")), ids=name_of)
def test_a_utility_file_stays_readable(path: pathlib.Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if name_of(path) in LARGER:
        assert lines > 0
    else:
        assert lines <= LONGEST_UTILITY


@pytest.mark.parametrize("path", [*MODULES, *sorted((PLUGINS / "action").glob("*.py"))], ids=name_of)
def test_a_door_is_thin(path: pathlib.Path) -> None:
    assert lines_of_code(path) <= LONGEST_DOOR


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nobody_but_the_runners_catches_everything(path: pathlib.Path) -> None:
    handlers = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert not handlers or name_of(path) in CATCH_ALL


@pytest.mark.parametrize("path", sorted(UTILS.rglob("*.py")), ids=name_of)
def test_the_logic_knows_nothing_of_ansible(path: pathlib.Path) -> None:
    imported = [node.module or "" for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom) and node.level == 0] + [
        alias.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.Import) for alias in node.names
    ]
    ansible = [module for module in imported if module.split(".")[0] in ("ansible", "ansible_collections")]
    assert not ansible or name_of(path) in KNOWS_ANSIBLE


@pytest.mark.parametrize("path", sorted(UTILS.rglob("*.py")), ids=name_of)
def test_every_public_function_says_why(path: pathlib.Path) -> None:
    bare = [
        node.name
        for node in tree_of(path).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not bare


def test_every_module_has_both_doors() -> None:
    actions = {path.stem for path in (PLUGINS / "action").glob("*.py")}
    assert actions == {path.stem for path in MODULES}


def test_every_exception_of_size_is_still_needed() -> None:
    for name in LARGER:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > LONGEST_UTILITY or "control_list" in name, name


def _controls(role: pathlib.Path) -> list[dict]:
    path = role / "meta" / "controls.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["controls"] if path.exists() else []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_control_of_a_role_is_named_by_a_task_and_by_the_code(role: pathlib.Path) -> None:
    tasks = "\n".join(path.read_text(encoding="utf-8") for path in sorted((role / "tasks").rglob("*.yml")))
    code = "\n".join(path.read_text(encoding="utf-8") for path in UTILS.rglob("*.py") if path.name != "control_list.py")
    for control in _controls(role):
        assert control["id"].startswith(f"{role.name}-")
        assert control["id"] in tasks, f"no task of {role.name} names {control['id']}"
        assert control["id"] in code, f"no capability answers {control['id']}"


def test_no_code_answers_a_control_that_nobody_declared() -> None:
    declared = {control["id"] for role in ROLES for control in _controls(role)}
    pattern = re.compile(r'"((?:' + "|".join(role.name for role in ROLES) + r')-\d\d)"')
    for path in UTILS.rglob("*.py"):
        assert set(pattern.findall(path.read_text(encoding="utf-8"))) <= declared, name_of(path)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_has_what_a_stranger_looks_for(role: pathlib.Path) -> None:
    for name in ("README.md", "meta/argument_specs.yml", "meta/main.yml", "tasks/main.yml"):
        assert (role / name).is_file(), f"{role.name} lacks {name}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_line_is_longer_than_ansible_test_takes(path: pathlib.Path) -> None:
    # ruff passes over a line whose end is one word, as that of an expression is; ansible-test says so an hour later.
    wide = [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if len(line) > 160]
    assert not wide, f"{path}: {wide}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_licence_stands_in_every_file(path: pathlib.Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or "GNU General Public License v3.0+" in text[:400]


IGNORES = re.compile(r"# (?:noqa|type: ignore|pylint: disable|nosec)\b.*")
WITH_A_REASON = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\]) +(?:# |- )\S.*")


@pytest.mark.parametrize("folder", ["plugins", "tests", "molecule", "examples"])
def test_every_ignore_has_its_reason(folder: str) -> None:
    bare = [
        f"{name_of(path)}:{number}: {found[0]}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != pathlib.Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := IGNORES.search(line)) and not WITH_A_REASON.fullmatch(found[0])
    ]
    assert not bare, "\n".join(bare)


def test_tests_ignore_no_types() -> None:
    """mypy reads the plugins alone: elsewhere such a comment hides nothing, and says that it does."""
    assert not [
        name_of(path) for path in (ROOT / "tests").rglob("*.py") if re.search(r"# type: +ignore", path.read_text("utf-8"))
    ]
