# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One line of somebody's app, and what a careful reader calls the value in it."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.credentials import in_file
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.model import source_file

CASES = yaml.safe_load((pathlib.Path(__file__).parent / "standings.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "text", "wanted"), CASES, ids=[f"{case[0]}: {case[1][:60]}" for case in CASES])
def test_a_value_is_judged_as_a_careful_reader_does(path: str, text: str, wanted: str, keys: Any) -> None:
    filled = keys.filled(text)
    last = len(filled.split("\n"))
    found = {one.judgement.standing for one in in_file(source_file(path, filled), lambda _file: ()) if one.candidate.line == last}
    if wanted.startswith("none"):
        allowed = {"none": set(), "none_or_placeholder": {"placeholder"}, "none_or_local": {"local_development"},
                   "none_or_public": {"public_by_design"}, "none_or_signing_key": {"signing_key"}}[wanted]  # fmt: skip
        assert found <= allowed, found
    else:
        assert found == {wanted}
