# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is owed against what is attested: who must have said it, which report counts, and that nothing hostile gets further."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.judge import check, judge
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import (
    Checked,
    Fault,
    FileRule,
    Knowledge,
    Owed,
    ProvenanceRule,
    SbomRule,
    Severity,
    Topic,
    VulnerabilityRule,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Kind

VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
V1 = "https://slsa.dev/provenance/v1"
BUILDER = "https://github.com/example/workflows/.github/workflows/build.yml@refs/heads/main"
SCAN = Owed(vulnerabilities=VulnerabilityRule(7, Severity.CRITICAL))
BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "container", "name": "where2eat"}},
    "components": [{"type": "library", "name": "flask"}],
}


def grype(time: str, *severities: str) -> dict[str, Any]:
    matches = [
        {"vulnerability": {"id": f"CVE-{n}", "severity": severity}, "artifact": {"name": "openssl"}}
        for n, severity in enumerate(severities)
    ]
    return {"matches": matches, "source": {"type": "image"}, "descriptor": {"name": "grype", "timestamp": time}}


def trivy(time: str, *severities: str) -> dict[str, Any]:
    findings = [{"VulnerabilityID": f"CVE-{n}", "PkgName": "zlib", "Severity": severity} for n, severity in enumerate(severities)]
    results = [{"Target": "x", "Class": "os-pkgs", "Vulnerabilities": findings}]
    return {"SchemaVersion": 2, "ArtifactType": "container_image", "CreatedAt": time, "Results": results}


def scans(statement: Any, attested: Any, *reports: dict[str, Any]) -> list[Any]:
    return [
        attested(statement(VULN, {"scanner": {"result": report}, "metadata": {}}), number)
        for number, report in enumerate(reports, start=1)
    ]


def test_nothing_attested_is_missing_for_everything_owed(context: Any) -> None:
    owed = Owed(ProvenanceRule((BUILDER,), roles=("ci", "release")), SbomRule(), SCAN.vulnerabilities)
    assert [(answer.topic, answer.fault, answer.why) for answer in judge([], owed, context())] == [
        (Topic.PROVENANCE, Fault.MISSING, "No SLSA provenance is attested by a signer in the role ci or release."),
        (Topic.SBOM, Fault.MISSING, "No bill of materials is attested."),
        (Topic.VULNERABILITIES, Fault.MISSING, "No vulnerability report is attested."),
    ]


def test_nothing_owed_is_nothing_answered(context: Any) -> None:
    assert judge([], Owed(), context()) == ()


def test_a_signature_is_not_an_attestation(statement: Any, attested: Any, context: Any) -> None:
    found = attested(statement("https://cyclonedx.org/bom", BOM), kind=Kind.SIGNATURE)
    (answer,) = judge([found, attested(None)], Owed(sbom=SbomRule()), context())
    assert answer.fault is Fault.MISSING


def test_only_the_roles_of_the_rule_count(statement: Any, attested: Any, context: Any) -> None:
    by_ci = attested(statement("https://cyclonedx.org/bom", BOM), role="ci")
    owed = Owed(sbom=SbomRule(roles=("security",)))
    (answer,) = judge([by_ci], owed, context())
    assert answer.fault is Fault.MISSING
    assert "by another signer" in answer.why
    (answer,) = judge([by_ci, dataclasses.replace(by_ci, role="security")], owed, context())
    assert answer.passed
    assert answer.where == "referrer 1"


def test_one_good_bill_beside_bad_ones_will_do(statement: Any, attested: Any, context: Any) -> None:
    bad = [attested(statement("https://cyclonedx.org/bom", {**BOM, "components": []}), number) for number in (1, 3)]
    good = attested(statement("https://cyclonedx.org/bom", BOM), 2)
    (answer,) = judge([*bad, good], Owed(sbom=SbomRule()), context())
    assert (answer.passed, answer.where) == (True, "referrer 2")
    (answer,) = judge(bad, Owed(sbom=SbomRule()), context())
    assert (answer.fault, answer.where) == (Fault.EMPTY, "referrer 1")


@pytest.mark.parametrize(
    ("reports", "fault", "where"),
    [
        # The newest counts: an older clean one excuses nothing, an older bad one accuses nothing.
        ([grype("2026-11-22T00:00:00Z"), grype("2026-11-24T00:00:00Z", "Critical")], Fault.VULNERABLE, "referrer 2"),
        ([grype("2026-11-24T00:00:00Z"), grype("2026-11-22T00:00:00Z", "Critical")], None, "referrer 1"),
        # Another scanner that sees less does not either.
        ([trivy("2026-11-25T00:00:00Z"), grype("2026-11-22T00:00:00Z", "Critical")], Fault.VULNERABLE, "referrer 2"),
        ([trivy("2026-11-25T00:00:00Z", "CRITICAL"), grype("2026-11-25T00:00:00Z")], Fault.VULNERABLE, "referrer 1"),
        ([trivy("2026-11-25T00:00:00Z"), grype("2026-11-10T00:00:00Z")], Fault.TOO_OLD, "referrer 2"),
        # One without a time could be the newest.
        ([grype("2026-11-24T00:00:00Z"), grype("")], Fault.NO_TIME, "referrer 2"),
        # One from the future does not hide today's.
        ([grype("2026-11-25T00:00:00Z"), grype("2030-01-01T00:00:00Z")], Fault.FROM_THE_FUTURE, "referrer 2"),
        ([trivy("2026-11-25T00:00:00Z", "HIGH"), grype("2026-11-25T00:00:00Z", "High")], None, "referrer 2"),
    ],
)
def test_which_report_counts(
    statement: Any, attested: Any, context: Any, reports: list[dict[str, Any]], fault: Fault | None, where: str
) -> None:
    found = scans(statement, attested, *reports)
    for order in (found, found[::-1]):
        (answer,) = judge(order, SCAN, context())
        assert (answer.fault, answer.where) == (fault, where), answer.why


def test_a_report_that_cannot_be_read_is_told_beside_one_that_can(statement: Any, attested: Any, context: Any) -> None:
    found = scans(statement, attested, {"scanner": "mine"}, grype("2026-11-24T00:00:00Z"))
    (answer,) = judge(found, SCAN, context())
    assert answer.passed
    assert answer.notes[0].startswith("referrer 1: The report is of no scanner that we know")
    (answer,) = judge(found[:1], SCAN, context())
    assert answer.fault is Fault.UNSUPPORTED


def test_a_bare_report_counts_where_the_rule_names_its_type(statement: Any, attested: Any, context: Any) -> None:
    kind = "https://example.com/grype/v1"
    found = attested(statement(kind, grype("2026-11-24T00:00:00Z")))
    assert judge([found], SCAN, context())[0].fault is Fault.MISSING
    assert judge([found], Owed(vulnerabilities=VulnerabilityRule(7, Severity.HIGH, predicate_types=(kind,))), context())[0].passed


def test_what_cosign_signed_of_grypes_report(recorded: Any, attested: Any, context: Any) -> None:
    statement = recorded("statements/vuln-grype")
    day = context(
        digest="sha256:" + statement["subject"][0]["digest"]["sha256"],
        knowledge=Knowledge(frozenset({"CVE-2023-30861"}), {"CVE-2024-35195": 0.21}),
    )
    rule = VulnerabilityRule(7, Severity.CRITICAL, kev=FileRule("/k", 7), epss=FileRule("/e", 7, 0.2))
    (answer,) = judge([attested(statement)], Owed(vulnerabilities=rule), day)
    assert answer.fault is Fault.VULNERABLE
    assert [(entry["vulnerability"], entry["why"]) for entry in answer.facts["reports"][0]["blocked"]] == [
        ("CVE-2024-5535", ["its severity is critical"]),
        ("GHSA-m2qf-hxjv-5gpq", ["it is known to be exploited (KEV)"]),
        ("GHSA-9wx4-h78v-vm56", ["its probability to be exploited is 0.210 (EPSS, 0.2 blocks)"]),
    ]
    json.dumps(answer.facts)


def test_the_recorded_report_of_trivy(recorded: Any, statement: Any, attested: Any, context: Any) -> None:
    found = scans(statement, attested, recorded("reports/trivy"))
    owed = Owed(vulnerabilities=VulnerabilityRule(7, Severity.MEDIUM))
    assert judge(found, owed, context())[0].fault is Fault.TOO_OLD
    (answer,) = judge(found, owed, context(now="2021-08-26T00:00:00+00:00"))
    assert (answer.fault, answer.facts["reports"][0]["blocked_in_all"]) == (Fault.VULNERABLE, 4)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = copy.copy(value)
    copied[path[0]] = _put(value[path[0]], path[1:], new)
    return copied


@pytest.mark.parametrize(
    "name",
    [
        "statements/vuln-grype",
        "statements/cyclonedx-1.6",
        "statements/spdx-2.3",
        "statements/provenance-v1",
        "statements/provenance-v0.2",
    ],
)
def test_whatever_is_put_into_a_statement_the_answer_is_an_answer(recorded: Any, context: Any, name: str) -> None:
    original = recorded(name)
    places = [place for place in _places(original) if place]
    rules = (ProvenanceRule((BUILDER,)), SbomRule(), SCAN.vulnerabilities)
    day = context(digest="sha256:" + original["subject"][0]["digest"]["sha256"])

    @given(st.sampled_from(places), _VALUES)
    def run(place: tuple[Any, ...], value: Any) -> None:
        changed = _put(original, place, value)
        for rule in rules:
            assert isinstance(check(changed, rule, day), Checked)

    run()
