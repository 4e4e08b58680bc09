# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ECR found in an image, basic or enhanced (Amazon Inspector), as the report that the one gate judges. Pure.

Only a scan that is done says anything: one that runs, failed, or was never made is an error ("could not tell"), and so is a list
that is shorter than what AWS counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..errors import Conflict, MicroappsError, NotFound, Unreachable
from ..signatures.attestations.model import ScanReport, Severity, Vulnerability
from ..signatures.attestations.reports.words import MOST, severity_of

BASIC: Final = "ecr"
ENHANCED: Final = "inspector"
_DONE: Final = frozenset({"COMPLETE", "ACTIVE"})
_RUNNING: Final = frozenset({"IN_PROGRESS", "PENDING"})
_WHY: Final = {
    "FAILED": "the scan failed",
    "UNSUPPORTED_IMAGE": "ECR cannot scan this kind of image; of an index name the images of its platforms",
    "SCAN_ELIGIBILITY_EXPIRED": "it is older than the registry's settings scan",
    "FINDINGS_UNAVAILABLE": "its findings are not to be had",
    "LIMIT_EXCEEDED": "the account's limit of scans is reached",
    "IMAGE_ARCHIVED": "it is archived",
    "IMAGE_SIZE_EXCEEDED": "it is too large for ECR to scan",
}
# How Inspector writes that there is no fixed version.
_NO_VERSION: Final = frozenset({"", "NotAvailable"})


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """A scan that is done: of which image (by digest), and what was found."""

    digest: str
    report: ScanReport


def scan_from(pages: Iterable[Mapping[str, Any]], image: str) -> Scan:
    """The pages of DescribeImageScanFindings as one scan; raises NotFound, Unreachable or Conflict if it tells nothing."""
    found: list[Vulnerability] = []
    counted, digest, first = 0, "", None
    for page in pages:
        if first is None:
            first = page
            _finished(page.get("imageScanStatus", {}), image)
            digest = str(page.get("imageId", {}).get("imageDigest", ""))
            counted = sum(page.get("imageScanFindings", {}).get("findingSeverityCounts", {}).values())
        findings = page.get("imageScanFindings", {})
        found += [_basic(entry) for entry in findings.get("findings", ())]
        found += [one for entry in findings.get("enhancedFindings", ()) for one in _enhanced(entry)]
        if len(found) > MOST:
            raise Conflict(f"The scan of {image} cannot be judged", f"it has more than {MOST} findings")
    if first is None:
        raise NotFound(f"The scan of {image}", "AWS answers nothing")
    if counted and not found:
        raise Conflict(f"The scan of {image} cannot be judged", f"AWS counts {counted} findings and lists none")
    results = first.get("imageScanFindings", {})
    # The basic list has the old name even where it is empty.
    scanner = ENHANCED if "enhancedFindings" in results or first["imageScanStatus"]["status"] == "ACTIVE" else BASIC
    scanned, known = results.get("imageScanCompletedAt"), results.get("vulnerabilitySourceUpdatedAt")
    return Scan(digest, ScanReport(scanner, scanned, tuple(sorted(found)), known))


def _finished(status: Mapping[str, Any], image: str) -> None:
    name, told = str(status.get("status", "")), str(status.get("description", ""))
    if name in _DONE:
        return
    what = f"The scan of {image} says nothing yet" if name in _RUNNING else f"The scan of {image} says nothing"
    why = _WHY.get(name, f"it is {name or 'unknown'}") + (f" ({told})" if told else "")
    kind: type[MicroappsError] = Unreachable if name in _RUNNING else Conflict
    raise kind(what, why, "Run again when it is done." if name in _RUNNING else "Scan it anew, or have its report attested.")


def _basic(entry: Mapping[str, Any]) -> Vulnerability:
    attributes = {str(pair.get("key")): str(pair.get("value", "")) for pair in entry.get("attributes", ())}
    return Vulnerability(
        name=str(entry.get("name") or "a finding without a name"),
        package=attributes.get("package_name", ""),
        version=attributes.get("package_version", ""),
        severity=severity_of(entry.get("severity")),
        # Basic scanning does not tell whether there is a fix.
        fixable=None,
    )


def _enhanced(entry: Mapping[str, Any]) -> Iterable[Vulnerability]:
    """One for each package that has it; of another kind than a package's (Inspector may learn more) one for itself."""
    if entry.get("status") == "CLOSED":
        return
    details = entry.get("packageVulnerabilityDetails", {})
    name = str(details.get("vulnerabilityId") or entry.get("title") or entry.get("type") or "a finding without a name")
    whole = Vulnerability(
        name=name,
        package="",
        severity=_severity(entry, details),
        fixable={"YES": True, "PARTIAL": True, "NO": False}.get(str(entry.get("fixAvailable"))),
        aliases=tuple(sorted({str(alias) for alias in details.get("relatedVulnerabilities", ())} - {name})),
        ignored="suppressed in Amazon Inspector" if entry.get("status") == "SUPPRESSED" else "",
    )
    packages: Iterable[Mapping[str, Any]] = details.get("vulnerablePackages", ()) or ({},)
    for package in packages:
        fixed = str(package.get("fixedInVersion", ""))
        yield dataclasses.replace(
            whole,
            package=str(package.get("name", "")),
            version=str(package.get("version", "")),
            fixed_in=() if fixed in _NO_VERSION else (fixed,),
        )


def _severity(entry: Mapping[str, Any], details: Mapping[str, Any]) -> Severity:
    """Inspector's own; where it has not judged yet (UNTRIAGED), the vendor's."""
    own = severity_of(entry.get("severity"))
    return own if own is not Severity.UNKNOWN else severity_of(details.get("vendorSeverity"))
