# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Preflight asked about the sandbox, with parts of the profile replaced."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.preflight import CAPABILITY

ROOT = pathlib.Path(__file__).resolve().parents[3]
BLOCKS = ("aws", "cluster", "database", "registry", "forge", "runner")


@pytest.fixture(scope="session")
def profile(sandbox: Any) -> dict[str, Any]:
    """The sandbox's profile, as its inventory makes it."""
    tools = {"observability": {"promtool": sandbox.block("tools")["promtool"]}}
    return {"name": "sandbox", "embedded": True, **{block: sandbox.block(block) for block in BLOCKS}, **tools}


@pytest.fixture
def preflight(sandbox: Any, profile: dict[str, Any], tmp_path: pathlib.Path) -> Callable[..., dict[str, Any]]:
    """One call; keywords replace fields of the profile's blocks. `said` of the result is what a person reads."""

    def entry_of(name: str) -> pathlib.Path:
        entry = yaml.safe_load((ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8"))
        file = tmp_path / f"{name}.yml"
        file.write_text(yaml.safe_dump({**entry, "name": name}), encoding="utf-8")
        return file

    def ask(apps: tuple[str, ...] = ("where2eat",), app: str = "", policies: bool = False, **blocks: Any) -> dict[str, Any]:
        changed = {name: {**profile.get(name, {}), **fields} for name, fields in blocks.items()}
        files = [{"name": name, "environment": "sandbox", "file": str(entry_of(name))} for name in apps]
        params = {"profile": {**profile, **changed}, "apps": files, "app": app, "print_policies": policies}
        said: list[str] = []
        result = perform(CAPABILITY, Request(params, environ=sandbox.environ, progress=said.append))
        return {**result, "said": "\n".join(said)}

    return ask


@pytest.fixture
def row() -> Callable[[dict[str, Any], str], dict[str, str]]:
    """One part's row of a result."""
    return lambda result, part: next(entry for entry in result["parts"] if entry["part"].strip() == part)
