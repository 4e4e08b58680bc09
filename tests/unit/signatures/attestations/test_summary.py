# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our own verdict as a SLSA verification summary: complete, comparable, and the same bytes for the same verdict."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures import statement as statements
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.summary import (
    Input,
    Judged,
    summary_of,
)

NOW = datetime.datetime(2026, 11, 25, 13, 0, 0, 999, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
POLICY = "sha256:" + "12" * 32
JUDGED: dict[str, Any] = {
    "verifier": "https://github.com/goldenpath/microapps/verifier",
    "resource": "oci://registry.example.com/where2eat",
    "policy_uri": "https://git.example.com/platform/profiles/prod",
    "policy_digest": POLICY,
    "passed": True,
    "level": 2,
    "inputs": (Input("sha256:" + "34" * 32, "oci://x/b"), Input("sha256:" + "56" * 32, "oci://x/a")),
    "versions": {"goldenpath.microapps": "1.0.0"},
}


def test_the_statement(context: Any) -> None:
    subject = context().subject
    found = statements.parse(summary_of(subject, Judged(**JUDGED), NOW))
    assert found.about(subject.descriptor.digest).name == "registry.example.com/where2eat"
    assert found.predicate_type == "https://slsa.dev/verification_summary/v1"
    assert found.data["predicate"] == {
        "verifier": {"id": "https://github.com/goldenpath/microapps/verifier", "version": {"goldenpath.microapps": "1.0.0"}},
        "timeVerified": "2026-11-25T12:00:00Z",
        "resourceUri": "oci://registry.example.com/where2eat",
        "policy": {"uri": "https://git.example.com/platform/profiles/prod", "digest": {"sha256": "12" * 32}},
        "inputAttestations": [
            {"uri": "oci://x/b", "digest": {"sha256": "34" * 32}},
            {"uri": "oci://x/a", "digest": {"sha256": "56" * 32}},
        ],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_2"],
        "slsaVersion": "1.2",
    }


@pytest.mark.parametrize(
    ("change", "result", "levels"),
    [
        ({"passed": False}, "FAILED", ["FAILED"]),  # never a level beside a failure
        ({"level": None}, "PASSED", ["SLSA_BUILD_LEVEL_UNEVALUATED"]),
        ({"level": 0}, "PASSED", ["SLSA_BUILD_LEVEL_0"]),
    ],
)
def test_results(context: Any, change: dict[str, Any], result: str, levels: list[str]) -> None:
    predicate = json.loads(summary_of(context().subject, Judged(**{**JUDGED, **change}), NOW))["predicate"]
    assert (predicate["verificationResult"], predicate["verifiedLevels"]) == (result, levels)


def test_the_order_in_which_things_were_found_does_not_show(context: Any) -> None:
    subject = context().subject
    first = summary_of(subject, Judged(**JUDGED), NOW)
    other = {**JUDGED, "inputs": (*JUDGED["inputs"][::-1], JUDGED["inputs"][0])}
    assert summary_of(subject, Judged(**other), NOW) == first
    assert summary_of(subject, Judged(**{**JUDGED, "passed": False}), NOW) != first


def test_hostile_text_stays_text(context: Any) -> None:
    nasty = 'x","verificationResult":"PASSED\u2028'
    data = json.loads(summary_of(context().subject, Judged(**{**JUDGED, "passed": False, "resource": nasty}), NOW))
    assert data["predicate"]["resourceUri"] == nasty
    assert data["predicate"]["verificationResult"] == "FAILED"
