# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trivy's JSON report (`trivy image --format json`, schema version 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...model import Reason, Rejected
from ...reading import malformed, mapping, objects, text
from ..model import ScanReport, Vulnerability
from ..times import moment
from .words import MOST, named, severity_of

_WHAT: Final = "Trivy's report"
_SCHEMA: Final = 2
# The classes of targets in which packages are looked up; others hold secrets, misconfigurations, licences.
_PACKAGES: Final = ("os-pkgs", "lang-pkgs")


def is_ours(data: Mapping[str, Any]) -> bool:
    """Whether it looks like Trivy's."""
    return "SchemaVersion" in data and "ArtifactType" in data


def read(data: Mapping[str, Any]) -> ScanReport:
    """The report; Rejected if it is not about an image, or if no packages were looked at."""
    if data["SchemaVersion"] != _SCHEMA:
        raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} has another schema", f"{data['SchemaVersion']!r:.20} instead of {_SCHEMA}")
    if data["ArtifactType"] != "container_image":
        raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} is not about an image", f"it is about a {data['ArtifactType']!r:.60}")
    results = [result for result in objects(data, "Results", _WHAT, most=MOST) if text(result, "Class", _WHAT, "") in _PACKAGES]
    if not results:
        raise Rejected(
            Reason.UNSUPPORTED, f"{_WHAT} looked at no packages", "an image without any is not told from a failed scan"
        )
    found = tuple(sorted(finding for result in results for finding in _findings(result)))
    if len(found) > MOST:
        raise Rejected(Reason.TOO_LARGE, f"{_WHAT} is too large", f"{len(found)} findings, {MOST} are taken")
    return ScanReport("trivy", moment(data.get("CreatedAt")), found)


def _findings(result: Mapping[str, Any]) -> Iterator[Vulnerability]:
    for entry in objects(result, "Vulnerabilities", _WHAT, most=MOST):
        yield _vulnerability(entry, "")
    # What .trivyignore or a VEX document set aside, where the report shows it (--show-suppressed).
    for entry in objects(result, "ExperimentalModifiedFindings", _WHAT, most=MOST):
        if entry.get("Type") == "vulnerability":
            why = text(entry, "Statement", _WHAT, "") or text(entry, "Status", _WHAT, "") or "ignored"
            finding = mapping(entry, "Finding", _WHAT)
            if finding is None:
                raise malformed(_WHAT, "a modified finding has no finding")
            yield _vulnerability(finding, why)


def _vulnerability(entry: Mapping[str, Any], ignored: str) -> Vulnerability:
    fixed = text(entry, "FixedVersion", _WHAT, "")
    versions = tuple(version.strip() for version in fixed.split(",") if version.strip())
    aliases = entry.get("VendorIDs") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise malformed(_WHAT, "VendorIDs is no list of texts")
    return Vulnerability(
        name=named(entry, "VulnerabilityID", _WHAT),
        package=named(entry, "PkgName", _WHAT),
        version=text(entry, "InstalledVersion", _WHAT, ""),
        severity=severity_of(entry.get("Severity")),
        fixable=bool(versions),
        fixed_in=versions,
        aliases=tuple(aliases),
        ignored=ignored,
    )
