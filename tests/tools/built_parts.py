# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that only tests run, built from Go modules when a test asks for them."""

from __future__ import annotations

import os
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build


def built_or_skipped(*names: str) -> dict[str, pathlib.Path]:
    """The programs of these parts, by name, built where they are not there yet; the test is skipped where there is no Go."""
    parts = [part for part in (*build.PARTS, *build.ON_DEMAND) if part.name in names]
    assert {part.name for part in parts} == set(names)
    try:
        return build.build(os.environ, print, parts)
    except NotFound as error:
        # NotFound tells of a missing Go alone, and its sentence says so; a build that fails is another error, and a failed test.
        pytest.skip(error.sentence())
