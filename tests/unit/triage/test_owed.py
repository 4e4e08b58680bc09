# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which controls an app owes for what was found in its code."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.control_list import CONTROLS
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.scoring import owed
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

STATIC = {"database": "", "declared_secrets": [], "container": False, "third_parties": []}
STATIC |= {"runtime": "static", "exposure": "public"}


@pytest.mark.parametrize(
    ("standing", "owes"),
    # What a person dismissed is tried: an app without a secret of its own must not hide that it lets somebody in.
    [("live", True), ("signing_key", True), ("dismissed", True), ("placeholder", False), ("local_development", False)],
)
def test_the_proof_that_nobody_is_let_in_is_owed_for_what_may_let_in(standing: str, owes: bool) -> None:
    finding = CredentialFinding("generic_api_key", standing, "app.js", 7, "", "f", "why")
    assert ("secrets-01" in owed(CONTROLS, Path.LIGHT, STATIC, (finding,))) is owes
