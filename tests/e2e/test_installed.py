# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection as a stranger installs it: built, installed into an empty path, played from another folder, without our link."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from typing import Any

import pytest

BIN = pathlib.Path(sys.executable).parent


@pytest.fixture(scope="module")
def stranger(root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run Ansible with an empty HOME, no ansible.cfg, and every package of ours but the link to this checkout."""
    base = tmp_path_factory.mktemp("i", numbered=False)
    for name in ("home", "collections", "elsewhere", "packages"):
        (base / name).mkdir()
    for package in pathlib.Path(sysconfig.get_path("purelib")).iterdir():
        if package.name != "ansible_collections":
            (base / "packages" / package.name).symlink_to(package)
    venv.create(base / "venv", with_pip=False)
    python = base / "venv" / "bin" / "python"
    (site,) = (base / "venv" / "lib").glob("python*/site-packages")
    (site / "packages.pth").write_text(f"{base / 'packages'}\n")
    for program in BIN.iterdir():
        if not program.name.startswith(("python", "activate", "Activate", "ansible")):
            (python.parent / program.name).symlink_to(program)
    environ = {
        "HOME": str(base / "home"),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(pathlib.Path.home() / ".cache"),
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(base / "collections"),
        "LANG": "C.UTF-8",
    }

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), "-m", "ansible", program, *arguments],
            env=environ,
            cwd=base / "elsewhere",
            capture_output=True,
            text=True,
            check=False,
        )

    run.base = base
    built = run("galaxy", "collection", "build", str(root), "--output-path", str(base))
    assert built.returncode == 0, built.stderr
    (artefact,) = base.glob("goldenpath-microapps-*.tar.gz")
    installed = run("galaxy", "collection", "install", "-p", str(base / "collections"), str(artefact))
    assert installed.returncode == 0, installed.stderr
    yield run
    run("playbook", "goldenpath.microapps.sandbox", "-e", "sandbox_state=wiped")


def shipped(stranger: Any) -> pathlib.Path:
    """The collection as it was installed."""
    return stranger.base / "collections" / "ansible_collections" / "goldenpath" / "microapps"


def test_without_an_inventory_the_example_is_named(stranger: Any) -> None:
    done = stranger("playbook", "goldenpath.microapps.harden", "-e", "app=where2eat")
    assert done.returncode != 0
    assert f"-i {shipped(stranger) / 'inventories' / 'sandbox'}" in done.stdout + done.stderr


@pytest.mark.parametrize("more", [(), ("--check",), ("--limit", "where2eat.sandbox")])
def test_a_wrong_name_is_refused_before_any_task(stranger: Any, more: tuple[str, ...]) -> None:
    inventory = str(shipped(stranger) / "inventories" / "sandbox")
    done = stranger("playbook", "goldenpath.microapps.harden", "-i", inventory, "-e", "app=where2eatt", *more)
    assert done.returncode != 0
    assert "Did you mean where2eat?" in done.stdout + done.stderr
    assert "TASK" not in done.stdout


def test_an_audit_works_and_keeps_its_state_with_the_user(stranger: Any) -> None:
    before = {path for path in shipped(stranger).rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"}
    inventory = str(shipped(stranger) / "inventories" / "sandbox")
    done = stranger("playbook", "goldenpath.microapps.harden", "-i", inventory, "-e", "app=where2eat", "--check")
    assert done.returncode == 2, done.stdout + done.stderr
    state = stranger.base / "home" / ".local" / "state" / "goldenpath-microapps"
    assert (state / "evidence" / "sandbox" / "where2eat" / "audit.json").is_file()
    assert {path for path in shipped(stranger).rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"} == before
