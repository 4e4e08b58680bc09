# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A few files of somebody's app, and what a careful reader says the app is."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage import facts
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.model import Snapshot, source_file

CASES = yaml.safe_load((pathlib.Path(__file__).parent / "facts.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("files", "wanted"), CASES, ids=[f"{next(iter(files))}: {wanted}"[:80] for files, wanted in CASES])
def test_an_app_is_read_as_a_careful_reader_does(files: dict[str, str], wanted: dict[str, Any]) -> None:
    found = facts.find(Snapshot("0" * 40, tuple(files), tuple(source_file(path, text) for path, text in files.items())))
    shown = {name: getattr(found, name) for name in wanted}
    assert {name: list(value) if isinstance(value, tuple) else value for name, value in shown.items()} == wanted
