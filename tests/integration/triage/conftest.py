# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of triage share: the labelled repositories, made once, and a way to ask about one."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.app_triage import CAPABILITY

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROFILE = ROOT / "inventories" / "dev" / "group_vars" / "environment_dev" / "profile.yml"


def _load(name: str, path: pathlib.Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def builder() -> Any:
    """What makes the labelled repositories."""
    return _load("triage_integration_build", ROOT / "tests" / "fixtures" / "triage" / "build.py")


@pytest.fixture(scope="session")
def scorer() -> Any:
    """The program that scores triage."""
    return _load("triage_integration_score", ROOT / "tests" / "benchmark" / "score_triage.py")


@pytest.fixture(scope="session")
def labelled(builder: Any, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder with all labelled repositories and labels.json."""
    folder = tmp_path_factory.mktemp("labelled")
    builder.build_all(folder)
    return pathlib.Path(folder)


Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """`ask(folder or address, app="lunch-poll", check=False, evidence=None, file="")` runs triage in process."""
    state = str(tmp_path_factory.mktemp("state"))
    profile = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))["microapp_environment"]

    def run(
        repository: pathlib.Path | str,
        app: str = "lunch-poll",
        check: bool = False,
        evidence: Mapping[str, str] | None = None,
        file: str = "",
    ) -> dict[str, Any]:
        file = file or str(ROOT / "inventories" / "apps" / f"{app}.yml")
        params = {
            "app": {"name": app, "environment": "dev", "file": file},
            "profile": profile,
            "repository": repository if isinstance(repository, str) else f"file://{repository}",
            "evidence": evidence,
        }
        environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": state, "GOLDENPATH_STATE": state}
        return perform(CAPABILITY, Request(params=params, check=check, environ=environ))

    return run
