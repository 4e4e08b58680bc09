# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECR's findings: a scan that is not done says nothing, and everything that it found is there.

moto has one made-up basic finding for every image and no Inspector. The answers here have the form of AWS's own description,
which botocore's Stubber holds them against.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import ecr_image_scan
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.scan_findings import scan_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import AwsSession
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, MicroappsError, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import written
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import Severity, Vulnerability

DIGEST = "sha256:" + "a" * 64
SCANNED = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)


def page(status: str = "COMPLETE", **results: Any) -> dict[str, Any]:
    results = {"imageScanCompletedAt": SCANNED, **results}
    return {"imageId": {"imageDigest": DIGEST}, "imageScanStatus": {"status": status}, "imageScanFindings": results}


def basic(name: str, severity: str = "HIGH") -> dict[str, Any]:
    attributes = [{"key": "package_name", "value": "openssl"}, {"key": "package_version", "value": "3.0.1"}]
    return {"name": name, "severity": severity, "attributes": attributes, "uri": "https://example.com"}


def enhanced(name: str, *packages: dict[str, str], **more: Any) -> dict[str, Any]:
    details = {"vulnerabilityId": name, "vulnerablePackages": list(packages), "relatedVulnerabilities": ["GHSA-x", name]}
    return {
        "severity": "HIGH",
        "status": "ACTIVE",
        "type": "PACKAGE_VULNERABILITY",
        "packageVulnerabilityDetails": details,
        **more,
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("IN_PROGRESS", Unreachable),
        ("PENDING", Unreachable),
        ("FAILED", Conflict),
        ("UNSUPPORTED_IMAGE", Conflict),
        ("SCAN_ELIGIBILITY_EXPIRED", Conflict),
        ("FINDINGS_UNAVAILABLE", Conflict),
        ("LIMIT_EXCEEDED", Conflict),
        ("IMAGE_ARCHIVED", Conflict),
        ("IMAGE_SIZE_EXCEEDED", Conflict),
        ("SOMETHING_NEW", Conflict),
        ("", Conflict),
    ],
)
def test_a_scan_that_is_not_done_says_nothing(status: str, kind: type[MicroappsError]) -> None:
    with pytest.raises(kind, match="says nothing"):
        scan_from([page(status)], "app:1")


def test_a_list_that_is_shorter_than_aws_counts() -> None:
    with pytest.raises(Conflict, match="counts 3 findings and lists none"):
        scan_from([page(findingSeverityCounts={"HIGH": 2, "LOW": 1})], "app:1")
    with pytest.raises(NotFound):
        scan_from([], "app:1")


def test_basic_findings_of_all_pages() -> None:
    scan = scan_from([page(findings=[basic("CVE-2026-2")]), page(findings=[basic("CVE-2026-1", "UNDEFINED")])], "app:1")
    assert (scan.digest, scan.report.scanner, scan.report.scanned_at) == (DIGEST, "ecr", SCANNED)
    assert scan.report.found == (
        Vulnerability("CVE-2026-1", "openssl", "3.0.1", Severity.UNKNOWN),
        Vulnerability("CVE-2026-2", "openssl", "3.0.1", Severity.HIGH),
    )


def test_nothing_found_is_a_report_without_findings() -> None:
    scan = scan_from([page(findings=[], findingSeverityCounts={})], "app:1")
    assert scan.report.found == () and scan.report.scanner == "ecr"
    assert scan_from([page("ACTIVE", enhancedFindings=[])], "app:1").report.scanner == "inspector"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            enhanced("CVE-1", {"name": "a", "version": "1", "fixedInVersion": "2"}, fixAvailable="YES"),
            [Vulnerability("CVE-1", "a", "1", Severity.HIGH, True, ("2",), ("GHSA-x",))],
        ),
        (
            enhanced(
                "CVE-1",
                {"name": "a", "fixedInVersion": "NotAvailable"},
                {"name": "b", "fixedInVersion": "3"},
                fixAvailable="PARTIAL",
            ),
            [
                Vulnerability("CVE-1", "a", "", Severity.HIGH, True, (), ("GHSA-x",)),
                Vulnerability("CVE-1", "b", "", Severity.HIGH, True, ("3",), ("GHSA-x",)),
            ],
        ),
        (enhanced("CVE-1", fixAvailable="NO"), [Vulnerability("CVE-1", "", "", Severity.HIGH, False, (), ("GHSA-x",))]),
        (
            enhanced("CVE-1", status="SUPPRESSED"),
            [Vulnerability("CVE-1", "", "", Severity.HIGH, None, (), ("GHSA-x",), False, "suppressed in Amazon Inspector")],
        ),
        (enhanced("CVE-1", status="CLOSED"), []),
        (
            {"type": "CODE_VULNERABILITY", "title": "An odd one", "severity": "CRITICAL"},
            [Vulnerability("An odd one", "", "", Severity.CRITICAL)],
        ),
        ({"severity": "UNTRIAGED", "title": "x"}, [Vulnerability("x", "", "", Severity.UNKNOWN)]),
        (
            {"severity": "UNTRIAGED", "packageVulnerabilityDetails": {"vulnerabilityId": "x", "vendorSeverity": "important"}},
            [Vulnerability("x", "", "", Severity.HIGH)],
        ),
        ({}, [Vulnerability("a finding without a name", "", "", Severity.UNKNOWN)]),
    ],
)
def test_enhanced_findings(entry: dict[str, Any], expected: list[Vulnerability]) -> None:
    assert list(scan_from([page("ACTIVE", enhancedFindings=[entry])], "app:1").report.found) == expected


def test_the_calls(session: AwsSession) -> None:
    image = written(f"team/app@{DIGEST}")
    asked = {"repositoryName": "team/app", "imageId": {"imageDigest": DIGEST}, "maxResults": 1000}
    with Stubber(session.ecr) as stub:
        first = {**page(findings=[basic("CVE-2026-1")]), "nextToken": "more"}
        stub.add_response("describe_image_scan_findings", first, asked)
        stub.add_response("describe_image_scan_findings", page(findings=[basic("CVE-2026-2")]), {**asked, "nextToken": "more"})
        assert [found.name for found in ecr_image_scan.scan_of(session.ecr, image).report.found] == ["CVE-2026-1", "CVE-2026-2"]
        latest = {**asked, "repositoryName": "app", "imageId": {"imageTag": "latest"}}
        stub.add_response("describe_image_scan_findings", page(findings=[]), latest)
        assert ecr_image_scan.scan_of(session.ecr, written("app")).digest == DIGEST
        for code in ("ScanNotFoundException", "ImageNotFoundException", "RepositoryNotFoundException"):
            stub.add_client_error("describe_image_scan_findings", code)
            with pytest.raises(NotFound):
                ecr_image_scan.scan_of(session.ecr, image)
        statuses = [{"signingProfileArn": "p", "status": "FAILED", "failureCode": "E", "failureReason": "no right"}]
        signed = {"repositoryName": "team/app", "imageId": {"imageDigest": DIGEST}}
        stub.add_response("describe_image_signing_status", {"signingStatuses": statuses}, signed)
        told = [{"profile": "p", "status": "failed", "why": "E no right"}]
        assert ecr_image_scan.signing_of(session.ecr, image, DIGEST) == told
        stub.assert_no_pending_responses()
