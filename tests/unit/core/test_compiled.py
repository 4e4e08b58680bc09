# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shared code is compiled once, not at every start of Ansible."""

from __future__ import annotations

import marshal
import os
import pathlib
import subprocess
import sys

# What Ansible does before any play; its own packages are compiled already. The prefix keeps the test out of the checkout.
START = """
import sys
import jsonschema, yaml
from ansible.plugins.loader import init_plugin_loader, inventory_loader
init_plugin_loader()
sys.dont_write_bytecode, sys.pycache_prefix = sys.argv[2] == "forbidden", sys.argv[1]
inventory_loader.get("goldenpath.microapps.catalog")
from ansible_collections.goldenpath.microapps.plugins.module_utils import app
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog import load
print(app.__file__, load.__file__)
"""


def started(compiled: pathlib.Path, writing: str = "allowed") -> tuple[str, list[str]]:
    """What a start says, and which of our files it left compiled."""
    environ = {**os.environ, "ANSIBLE_CONFIG": "/nonexistent", "ANSIBLE_COLLECTIONS_PATH": "/nonexistent"}
    command = [sys.executable, "-c", START, str(compiled), writing]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return done.stdout, sorted(file.parent.name + "/" + file.name.partition(".")[0] for file in compiled.rglob("*.pyc"))


def test_shared_code_is_kept_compiled(tmp_path: pathlib.Path) -> None:
    """Modules and packages below module_utils, and under their own file names."""
    said, kept = started(tmp_path)
    assert {"module_utils/app", "catalog/__init__", "catalog/load"} <= set(kept)
    app, load = said.split()
    assert app.endswith("plugins/module_utils/app.py")
    assert load.endswith("plugins/module_utils/catalog/load.py")


def test_what_is_kept_is_used(tmp_path: pathlib.Path) -> None:
    """The second start runs the compiled file: what is put into it is executed."""
    said, _kept = started(tmp_path)
    (kept,) = (file for file in tmp_path.rglob("app.*.pyc") if file.parent.name == "module_utils")
    source = pathlib.Path(said.split()[0]).read_text(encoding="utf-8") + "\n__file__ = 'the-compiled-one.py'\n"
    header = kept.read_bytes()[:16]
    kept.write_bytes(header + marshal.dumps(compile(source, "app.py", "exec")))
    assert started(tmp_path)[0].startswith("the-compiled-one.py")


def test_nothing_is_written_where_python_may_not(tmp_path: pathlib.Path) -> None:
    """PYTHONDONTWRITEBYTECODE is kept to."""
    assert started(tmp_path, "forbidden")[1] == []
