# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The `attestations` of a policy: what is refused when they are loaded, and what a complete block becomes."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.check import Checker
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import (
    Exemption,
    FileRule,
    Owed,
    ProvenanceRule,
    SbomRule,
    Severity,
    VulnerabilityRule,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.schema import ATTESTATIONS, owed_from

NOW = datetime.datetime(2026, 11, 25, 23, 59, tzinfo=datetime.UTC)
WHERE = "signature_policy.attestations"
EXCEPTION = {
    "vulnerability": "CVE-2026-1000",
    "owner": "dining-club@example.com",
    "reason": "The function is never called",
    "expires": "2026-12-31",
}
FULL: dict[str, Any] = {
    "light": {"sbom": {}},
    "full": {
        "provenance": {"builders": ["https://github.com/actions/runner/github-hosted"], "level": 2, "roles": ["ci"]},
        "sbom": {"formats": ["spdx"]},
        "vulnerabilities": {
            "most_days": 7,
            "fail_at": "high",
            "kev": {"file": "/srv/kev.json", "most_days": 14},
            "epss": {"file": "/srv/epss.csv.gz", "most_days": 3, "threshold": 0.5},
            "exceptions": [{**EXCEPTION, "package": "openssl", "apps": ["where2eat"]}],
        },
    },
}


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("full.provenance.builders", None, "builders: is missing"),
        ("full.provenance.builders", [], "is not a list of 1 to 50"),
        ("full.provenance.builders", ["github"], "is not a URI"),
        ("full.provenance.builders", ["https://x/ y"], "is not a URI"),
        ("full.provenance.builder", ["https://x/y"], "did you mean builders?"),
        ("full.provenance.level", 4, "is not a whole number from 0 to 3"),
        ("full.sbom.formats", ["syft"], "is not one of cyclonedx, spdx"),
        ("full.sbom.formats", [], "is not a list of 1 to 2"),
        ("full.vulnerabilities.fail_at", "unknown", "is not one of"),
        ("full.vulnerabilities.fail_at", None, "fail_at: is missing"),
        ("full.vulnerabilities.most_days", 0, "is not a whole number"),
        ("full.vulnerabilities.kev", {"file": "/srv/kev.json"}, "most_days: is missing"),
        ("full.vulnerabilities.kev.file", "kev.json", "is not an absolute path"),
        ("full.vulnerabilities.epss.threshold", 1.5, "is not a number from 0 to 1"),
        ("full.vulnerabilities.epss.threshold", None, "threshold: is missing"),
        ("full.vulnerabilities.exceptions", [{**EXCEPTION, "owner": ""}], "is not who answers for it"),
        ("full.vulnerabilities.exceptions", [{k: v for k, v in EXCEPTION.items() if k != "owner"}], "owner: is missing"),
        ("full.vulnerabilities.exceptions", [{k: v for k, v in EXCEPTION.items() if k != "expires"}], "expires: is missing"),
        ("full.vulnerabilities.exceptions", [{**EXCEPTION, "reason": "ok"}], "is not text on one line"),
        ("full.vulnerabilities.exceptions", [{**EXCEPTION, "vulnerability": "*"}], "is not the id of a vulnerability"),
        ("full.vulnerabilities.exceptions", [{**EXCEPTION, "expires": datetime.date(2026, 12, 31)}], "put it in quotes"),
        ("medium", {}, "is not a field that is known here"),
    ],
)
def test_the_schema_refuses(path: str, value: Any, says: str, changed: Any) -> None:
    sentences = " | ".join(complaint.sentence for complaint in Checker(ATTESTATIONS).complaints(changed(FULL, path, value)))
    assert says in sentences


@pytest.mark.parametrize(
    ("exceptions", "says"),
    [
        (
            [{**EXCEPTION, "expires": "2026-11-24"}],
            r"full.vulnerabilities.exceptions\[0\].*has expired: its last day was 2026-11-24",
        ),
        ([{**EXCEPTION, "expires": "2026-02-30"}], "not a day that exists"),
        ([EXCEPTION, {**EXCEPTION, "owner": "bob"}], r"exceptions\[1\].*excepted twice"),
        ([EXCEPTION, {**EXCEPTION, "vulnerability": "cve-2026-1000"}], "excepted twice"),
        ([{**EXCEPTION, "apps": ["a", "b"]}, {**EXCEPTION, "apps": ["b"]}], "excepted twice"),
    ],
)
def test_loading_refuses_what_only_shows_on_the_day(exceptions: list[dict[str, Any]], says: str, changed: Any) -> None:
    data = changed(FULL, "full.vulnerabilities.exceptions", exceptions)
    assert not Checker(ATTESTATIONS).complaints(data)
    with pytest.raises(Invalid, match=says):
        owed_from(data, NOW, WHERE)


@pytest.mark.parametrize(
    "exceptions",
    [
        [{**EXCEPTION, "expires": "2026-11-25"}],  # the last day is a day it holds
        [EXCEPTION, {**EXCEPTION, "package": "zlib"}],
        [{**EXCEPTION, "apps": ["a"]}, {**EXCEPTION, "apps": ["b"]}],
    ],
)
def test_loading_takes(exceptions: list[dict[str, Any]], changed: Any) -> None:
    owed = owed_from(changed(FULL, "full.vulnerabilities.exceptions", exceptions), NOW, WHERE)
    rule = owed[Path.FULL].vulnerabilities
    assert rule is not None
    assert len(rule.exceptions) == len(exceptions)


def test_a_whole_block_becomes_rules() -> None:
    before = copy.deepcopy(FULL)
    assert not Checker(ATTESTATIONS).complaints(FULL)
    assert owed_from(FULL, NOW, WHERE) == {
        Path.LIGHT: Owed(sbom=SbomRule()),
        Path.FULL: Owed(
            provenance=ProvenanceRule(("https://github.com/actions/runner/github-hosted",), level=2, roles=("ci",)),
            sbom=SbomRule(("spdx",)),
            vulnerabilities=VulnerabilityRule(
                7,
                Severity.HIGH,
                kev=FileRule("/srv/kev.json", 14),
                epss=FileRule("/srv/epss.csv.gz", 3, 0.5),
                exceptions=(
                    Exemption(
                        "CVE-2026-1000",
                        "dining-club@example.com",
                        "The function is never called",
                        datetime.date(2026, 12, 31),
                        "openssl",
                        ("where2eat",),
                    ),
                ),
            ),
        ),
    }
    assert before == FULL


def test_nothing_is_owed_where_nothing_is_said() -> None:
    assert owed_from({}, NOW, WHERE) == {Path.LIGHT: Owed(), Path.FULL: Owed()}
    assert Owed().rules == ()
