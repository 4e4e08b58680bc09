# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What scanners write, read into one form: shapes that are nobody's or tell nothing are refused."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import Severity, Vulnerability
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.reports import report_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.reports.words import (
    severity_of,
    severity_of_score,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.reports.wrapped import reports_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.times import moment, oldest, recent
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.statement import from_data

VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
FOUND = {"VulnerabilityID": "CVE-1", "PkgName": "openssl", "Severity": "HIGH"}
TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "ArtifactType": "container_image",
    "CreatedAt": "2026-11-20T10:00:00Z",
    "Results": [{"Target": "x", "Class": "os-pkgs", "Vulnerabilities": [FOUND]}],
}
MATCH = {"vulnerability": {"id": "CVE-1", "severity": "High"}, "artifact": {"name": "openssl", "version": "1"}}
GRYPE: dict[str, Any] = {
    "matches": [MATCH],
    "source": {"type": "image"},
    "descriptor": {"name": "grype", "timestamp": "2026-11-20T10:00:00Z"},
}
RUN = {
    "tool": {"driver": {"name": "Trivy", "rules": [{"id": "CVE-2026-1000", "properties": {"security-severity": "7.5"}}]}},
    "results": [{"ruleId": "CVE-2026-1000", "message": {"text": "Package: openssl\nSeverity: HIGH"}}],
}
SARIF: dict[str, Any] = {"version": "2.1.0", "runs": [RUN]}


@pytest.mark.parametrize(
    ("base", "change", "says"),
    [
        (TRIVY, {"SchemaVersion": 1}, "another schema"),
        (TRIVY, {"ArtifactType": "filesystem"}, "not about an image"),
        (TRIVY, {"Results": []}, "looked at no packages"),
        (TRIVY, {"Results": None}, "looked at no packages"),
        (TRIVY, {"Results": [{"Class": "secret", "Secrets": []}]}, "looked at no packages"),
        (TRIVY, {"Results": {}}, "no list"),
        (TRIVY, {"Results": [{"Class": "os-pkgs", "Vulnerabilities": "none"}]}, "no list"),
        (TRIVY, {"Results": [{"Class": "os-pkgs", "Vulnerabilities": [{"PkgName": "x"}]}]}, "VulnerabilityID"),
        (TRIVY, {"Results": [{"Class": "os-pkgs", "Vulnerabilities": [{**FOUND, "PkgName": " "}]}]}, "PkgName"),
        (TRIVY, {"Results": [{"Class": "os-pkgs", "Vulnerabilities": [{**FOUND, "FixedVersion": 2}]}]}, "FixedVersion"),
        (TRIVY, {"Results": [{"Class": "os-pkgs", "ExperimentalModifiedFindings": [{"Type": "vulnerability"}]}]}, "no finding"),
        (GRYPE, {"matches": None}, "no list of matches"),
        (GRYPE, {"matches": {}}, "no list"),
        (GRYPE, {"source": {"type": "directory"}}, "not about an image"),
        (GRYPE, {"source": None}, "not about an image"),
        (GRYPE, {"matches": [{"artifact": {"name": "x"}}]}, "vulnerability is missing"),
        (GRYPE, {"matches": [{**MATCH, "artifact": {}}]}, "name is missing"),
        (GRYPE, {"matches": [{**MATCH, "vulnerability": {"id": "CVE-1", "fix": {"versions": "1"}}}]}, "versions of a fix"),
        (GRYPE, {"descriptor": {"name": "grope"}}, "no scanner that we know"),
        (SARIF, {"version": "2.0.0"}, "another version"),
        (SARIF, {"runs": []}, "0 runs"),
        (SARIF, {"runs": [RUN, RUN]}, "2 runs"),
        (SARIF, {"runs": [{"tool": RUN["tool"]}]}, "has no results"),
        (SARIF, {"runs": [{**RUN, "results": [{"ruleId": "unused-variable"}]}]}, "not the id of a vulnerability"),
        (SARIF, {"runs": [{**RUN, "results": [{"ruleId": "AA-" + "1" * 300}]}]}, "not the id of a vulnerability"),
        ({}, {}, "no scanner that we know"),
        ({"vulnerabilities": []}, {}, "no scanner that we know"),
    ],
)
def test_refused(base: dict[str, Any], change: dict[str, Any], says: str) -> None:
    with pytest.raises(Rejected, match=says):
        report_from({**base, **change})


def test_grype(recorded: Callable[[str], Any]) -> None:
    data = recorded("reports/grype")
    before = copy.deepcopy(data)
    report = report_from(data)
    assert report.scanner == "grype"
    assert report.scanned_at == moment(data["descriptor"]["timestamp"])
    assert report.database_of == moment(data["descriptor"]["db"]["status"]["built"])
    assert report.found == (
        Vulnerability("CVE-2024-5535", "libssl3", "3.3.0-r2", Severity.CRITICAL, True, ("3.3.1-r1",), ("CVE-2024-5535",)),
        Vulnerability("CVE-2025-26519", "musl", "1.2.5-r0", Severity.HIGH, False, (), ("CVE-2025-26519",)),
        Vulnerability("GHSA-9wx4-h78v-vm56", "requests", "2.31.0", Severity.MEDIUM, True, ("2.32.0",), ("CVE-2024-35195",)),
        Vulnerability(
            "GHSA-m2qf-hxjv-5gpq", "flask", "2.2.2", Severity.HIGH, True, ("2.2.5",), ("CVE-2023-30861",), known_exploited=True
        ),
    )
    assert data == before


def test_what_grype_was_told_to_leave_out_is_still_seen(recorded: Callable[[str], Any]) -> None:
    report = report_from(recorded("reports/grype-only-fixed"))
    assert [(entry.name, entry.ignored) for entry in report.found if entry.ignored] == [("CVE-2025-26519", "not-fixed")]
    assert len(report.found) == 4


def test_trivy(recorded: Callable[[str], Any]) -> None:
    report = report_from(recorded("reports/trivy"))
    assert report.scanned_at == datetime.datetime(2021, 8, 25, 12, 20, 30, tzinfo=datetime.UTC)
    assert [(entry.name, entry.package, entry.fixed_in, entry.severity) for entry in report.found] == [
        ("CVE-2019-1549", "libcrypto1.1", ("1.1.1d-r0",), Severity.MEDIUM),
        ("CVE-2019-1549", "libssl1.1", ("1.1.1d-r0",), Severity.MEDIUM),
        ("CVE-2019-1551", "libcrypto1.1", ("1.1.1d-r2",), Severity.MEDIUM),
        ("CVE-2019-1551", "libssl1.1", ("1.1.1d-r2",), Severity.MEDIUM),
    ]


def test_what_trivy_was_told_to_ignore_is_still_seen() -> None:
    modified = {"Type": "vulnerability", "Status": "ignored", "Statement": "later", "Finding": FOUND}
    others = {"Type": "secret", "Status": "ignored", "Finding": {}}
    report = report_from({**TRIVY, "Results": [{"Class": "os-pkgs", "ExperimentalModifiedFindings": [modified, others]}]})
    assert report.found == (Vulnerability("CVE-1", "openssl", severity=Severity.HIGH, fixable=False, ignored="later"),)


def test_a_clean_report_of_a_scan_that_looked_is_taken() -> None:
    assert report_from({**TRIVY, "Results": [{"Target": "x", "Class": "os-pkgs"}]}).found == ()
    assert report_from({**GRYPE, "matches": []}).found == ()
    assert report_from({**SARIF, "runs": [{**RUN, "results": []}]}).found == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "grype.sarif",
            [
                ("CVE-2024-5535", "libssl3", 5),
                ("CVE-2025-26519", "musl", 4),
                ("GHSA-9wx4-h78v-vm56", "requests", 3),
                ("GHSA-m2qf-hxjv-5gpq", "flask", 4),
            ],
        ),
        ("trivy.sarif", [("CVE-2019-1547", "libssl1.1", 2), ("CVE-2019-1549", "libcrypto1.1", 3)]),
    ],
)
def test_sarif(recorded: Callable[[str], Any], name: str, found: list[tuple[str, str, int]]) -> None:
    report = report_from(recorded(f"reports/{name}"))
    assert [(entry.name, entry.package, entry.severity) for entry in report.found] == found
    assert {entry.fixable for entry in report.found} == {None}
    assert report.scanned_at is None


@pytest.mark.parametrize(
    ("rule", "name", "package"),
    [
        ("CVE-2026-10000", "CVE-2026-10000", "unknown"),
        ("RHSA-2026:1234", "RHSA-2026:1234", "unknown"),
        ("DSA-4539-1-openssl", "DSA-4539-1", "openssl"),
        ("GO-2026-2687-stdlib", "GO-2026-2687", "stdlib"),
        ("GHSA-m2qf-hxjv-5gpq-Pillow", "GHSA-m2qf-hxjv-5gpq", "Pillow"),
    ],
)
def test_names_in_sarif_rules(rule: str, name: str, package: str) -> None:
    (found,) = report_from({**SARIF, "runs": [{**RUN, "results": [{"ruleId": rule}]}]}).found
    assert (found.name, found.package, found.severity) == (name, package, Severity.UNKNOWN)


@pytest.mark.parametrize(
    ("metadata", "created", "expected"),
    [
        ({"scanFinishedOn": "2026-11-22T10:00:00Z"}, "2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00"),  # wrapped anew
        ({"scanFinishedOn": "2026-11-18T10:00:00Z"}, "2026-11-20T10:00:00Z", "2026-11-18T10:00:00+00:00"),
        ({"scanFinishedOn": "2026-11-22T10:00:00Z"}, None, "2026-11-22T10:00:00+00:00"),
        ({}, "2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00"),
        ({"scanFinishedOn": "0001-01-01T00:00:00Z"}, None, None),
        (None, None, None),
    ],
)
def test_the_time_of_a_wrapped_report_is_the_older_one(statement: Any, metadata: Any, created: Any, expected: Any) -> None:
    predicate = {"scanner": {"result": {**TRIVY, "CreatedAt": created}}, "metadata": metadata}
    (report,) = reports_of(from_data(statement(VULN, predicate)))
    assert (report.scanned_at and report.scanned_at.isoformat()) == expected


def test_the_list_of_scanners_in_cosigns_specification(statement: Any) -> None:
    predicate = {"scanners": [{"result": TRIVY}, {"result": GRYPE}], "metadata": {}}
    assert [report.scanner for report in reports_of(from_data(statement(VULN, predicate)))] == ["trivy", "grype"]


@pytest.mark.parametrize(
    "predicate", [{}, {"scanners": []}, {"scanner": {}}, {"scanner": {"result": []}}, {"scanners": [{}] * 11}]
)
def test_a_wrapper_without_a_report(statement: Any, predicate: Any) -> None:
    with pytest.raises(Rejected):
        reports_of(from_data(statement(VULN, predicate)))


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL),
        ("Important", Severity.HIGH),
        ("Negligible", Severity.NEGLIGIBLE),
        ("INFORMATIONAL", Severity.NEGLIGIBLE),
        ("UNDEFINED", Severity.UNKNOWN),
        ("", Severity.UNKNOWN),
        (None, Severity.UNKNOWN),
        (9.8, Severity.UNKNOWN),
    ],
)
def test_words(word: Any, severity: Severity) -> None:
    assert severity_of(word) is severity


@pytest.mark.parametrize(
    ("score", "severity"),
    [(10, 5), (9, 5), (8.9, 4), (7, 4), (6.9, 3), (4, 3), (3.9, 2), (0.1, 2), (0, 1), (-1, 0), (11, 0), (float("nan"), 0)],
)
def test_scores(score: float, severity: int) -> None:
    assert severity_of_score(score) == severity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25T22:58:08.568297461Z", "2026-11-25T22:58:08.568297+00:00"),
        ("2026-11-25T23:58:08+01:00", "2026-11-25T22:58:08+00:00"),
        ("2026-11-25T22:58:08+0000", "2026-11-25T22:58:08+00:00"),
        ("2026-11-25T22:58:08z", "2026-11-25T22:58:08+00:00"),
        ("2026-11-25T22:58:08", None),  # in which zone?
        ("2026-11-25", None),
        ("2026-13-25T22:58:08Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2026-11-25T22:58:08Z\n", None),
        ("２０２６-11-25T22:58:08Z", None),
        (1764111488, None),
        (None, None),
    ],
)
def test_moments(text: Any, expected: str | None) -> None:
    found = moment(text)
    assert (found and found.isoformat()) == expected


def test_recent() -> None:
    now = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
    assert recent(now - datetime.timedelta(days=7), now, 7, "It") == (None, "")
    assert recent(now - datetime.timedelta(days=7, seconds=1), now, 7, "It")[0] == "too_old"
    assert recent(now + datetime.timedelta(minutes=5), now, 7, "It") == (None, "")
    assert recent(now + datetime.timedelta(minutes=5, seconds=1), now, 7, "It")[0] == "from_the_future"
    assert oldest(None, now) == now
    assert oldest() is None
