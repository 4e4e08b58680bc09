# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small factories for entries and catalogs."""

from __future__ import annotations

import copy
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "catalog"
MINIMAL = (FIXTURES / "minimal.yml").read_text(encoding="utf-8")


@pytest.fixture
def minimal() -> str:
    """The text of the shortest entry that is valid, of the app `minimal`."""
    return MINIMAL


@pytest.fixture
def entry() -> dict[str, Any]:
    """The same as data, free to be changed."""
    return copy.deepcopy(yaml.safe_load(MINIMAL))


@pytest.fixture
def catalog(tmp_path: pathlib.Path) -> Callable[..., pathlib.Path]:
    """A folder of entries, from texts by file name."""

    def write(**texts: str) -> pathlib.Path:
        folder = tmp_path / "apps"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name.replace('_', '-')}.yml").write_text(text, encoding="utf-8")
        return folder

    return write
