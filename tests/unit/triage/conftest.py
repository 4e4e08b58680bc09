# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of triage share: made-up keys, and the labelled repositories' maker."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from typing import Any

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "triage"


def load(name: str) -> Any:
    """A module of the fixtures, by its file."""
    full = f"triage_fixtures_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, FIXTURES / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[full] = module
    return sys.modules[full]


@pytest.fixture(scope="session")
def keys() -> Any:
    """Made-up keys: `keys.key("stripe_live")`, `keys.filled(text)`."""
    return load("keys")


@pytest.fixture(scope="session")
def builder() -> Any:
    """What makes the labelled repositories."""
    return load("build")
