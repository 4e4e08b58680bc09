# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The `attestations` of a signature policy: their schema, and the one way to make the rules of it.

The schema says what each field may hold; `owed_from` refuses what only shows when the whole and the day are known.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...catalog import patterns as kinds
from ...controls import Path
from ...errors import Invalid
from .model import Exemption, FileRule, Owed, ProvenanceRule, SbomRule, Severity, VulnerabilityRule

_DAYS: Final = 3660
_SEVERITIES: Final = [severity.word for severity in Severity if severity is not Severity.UNKNOWN]

_URI: Final = r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+"
_ROLES: Final = kinds.listing(
    kinds.word(r"[a-z]([a-z0-9_-]{0,61}[a-z0-9])?", "the role of a signer of this policy", "ci", "A role.", 63),
    20,
    "Whose attestation counts: roles of the policy's signers; empty: any of them.",
)


def _uris(description: str, example: str, least: int = 0) -> kinds.Schema:
    entry = kinds.word(_URI, "a URI", example, "Compared as it stands, letter by letter.", 500)
    return kinds.listing(entry, 50, description, least)


def _file(description: str, example: str) -> kinds.Schema:
    return kinds.word(r"(?:/|~/)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*", "an absolute path", example, description, 4096)


def _file_rule(description: str, example: str, days: int, threshold: str = "") -> kinds.Schema:
    fields = {
        "file": _file("The file.", example),
        "most_days": kinds.whole(1, _DAYS, days, "How old it may be, in days, by the date it states."),
    }
    if threshold:
        fields["threshold"] = kinds.ratio(threshold, 0.1)
    return kinds.record(description, fields, tuple(fields))


_EXEMPTION: Final = kinds.record(
    "A known vulnerability that somebody answers for until a day.",
    {
        "vulnerability": kinds.word(
            r"[A-Za-z][A-Za-z0-9]*(?:[-:][A-Za-z0-9.:]+)+", "the id of a vulnerability", "CVE-2026-12345", "Its id.", 100
        ),
        "package": kinds.line(214, "openssl", "In this package only; empty: in any.", 0),
        "apps": kinds.listing(
            kinds.word(kinds.DNS_LABEL, "an app's name", "where2eat", "An app.", 63), 200, "For these apps only; empty: for all."
        ),
        "owner": kinds.word(r"[^\s\u0000-\u001f]+", "who answers for it, without spaces", "dining-club@example.com", "Who.", 254),
        "reason": kinds.line(500, "The function is never called", "Why it may stay until then.", 10),
        "expires": kinds.word(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day in quotes, as YYYY-MM-DD", "2026-12-31", "The last day it holds.", 10
        ),
    },
    ("vulnerability", "owner", "reason", "expires"),
)

_TOPICS: Final = {
    "provenance": kinds.record(
        "SLSA provenance (v0.2 or v1): who built the image, from what.",
        {
            "builders": _uris(
                "Builder ids, one of which it names exactly.", "https://github.com/actions/runner/github-hosted", least=1
            ),
            "build_types": _uris(
                "Build types, one of which it names exactly; empty: any.",
                "https://actions.github.io/buildtypes/workflow/v1",
            ),
            "source": kinds.yes_or_no("Whether it must be built from the catalog's repository of the app. True if left out."),
            "pinned": kinds.yes_or_no("Whether each material must be pinned by a digest. True if left out."),
            "level": kinds.whole(0, 3, 2, "The SLSA Build level that these builders are trusted to reach."),
            "roles": _ROLES,
        },
        ("builders",),
    ),
    "sbom": kinds.record(
        "A bill of materials as CycloneDX or SPDX JSON.",
        {
            "formats": kinds.listing(kinds.one_of(["cyclonedx", "spdx"], "A format."), 2, "The formats that will do.", 1),
            "roles": _ROLES,
        },
    ),
    "vulnerabilities": kinds.record(
        "A report of known vulnerabilities: Trivy's, Grype's, or either in cosign's vuln predicate.",
        {
            "most_days": kinds.whole(1, _DAYS, 7, "How many days ago the scan may be."),
            "fail_at": kinds.one_of(_SEVERITIES, "The least severity that blocks."),
            "only_fixable": kinds.yes_or_no("Block at that severity only where a fix exists. KEV and EPSS block either way."),
            "unknown_as": kinds.one_of(_SEVERITIES, "What an unknown severity counts as. Critical if left out."),
            "scanner_ignores": kinds.one_of(
                ["count", "report"], "Whether what the scanner was told to ignore counts, or is only told. Count if left out."
            ),
            "kev": _file_rule(
                "What CISA's catalog of exploited vulnerabilities (its JSON file) lists, blocks.",
                "/var/lib/goldenpath/known_exploited_vulnerabilities.json",
                14,
            ),
            "epss": _file_rule(
                "What is likely to be exploited, by FIRST's EPSS (its CSV file, also as .gz), blocks.",
                "/var/lib/goldenpath/epss_scores-current.csv.gz",
                7,
                "The probability that blocks.",
            ),
            "exceptions": kinds.listing(_EXEMPTION, 1000, "What may stay, for whom, until when."),
            "predicate_types": _uris(
                "Further predicate types whose predicate is a report as such.", "https://example.com/trivy-report/v1"
            ),
            "roles": _ROLES,
        },
        ("most_days", "fail_at"),
    ),
}

# What `vulnerability_rule` reads: the same gate for what a registry itself found.
VULNERABILITIES: Final[kinds.Schema] = _TOPICS["vulnerabilities"]

_OWED: Final = kinds.record("What an image owes on this path; what is left out is not owed.", _TOPICS)

ATTESTATIONS: Final[kinds.Schema] = kinds.record(
    "The attestations that an image owes, by the app's path.",
    {
        Path.LIGHT.value: {**_OWED, "description": "What an image of an app on the light path owes."},
        Path.FULL.value: {**_OWED, "description": "What an image of an app on the full path owes."},
    },
)

BY_ECR: Final[kinds.Schema] = kinds.record(
    "The gate for what ECR's own scan found in the app's image, by the app's path; what is left out is not asked.",
    {
        Path.LIGHT.value: {**VULNERABILITIES, "description": "For an app on the light path."},
        Path.FULL.value: {**VULNERABILITIES, "description": "For an app on the full path."},
    },
)


def findings_from(data: Mapping[str, Any], now: datetime.datetime, where: str) -> dict[Path, VulnerabilityRule]:
    """The rules of `ecr_findings`, from data that `BY_ECR` has accepted; raises as `owed_from` does."""
    return {path: vulnerability_rule(data[path], now, f"{where}.{path}") for path in Path if path.value in data}


def owed_from(data: Mapping[str, Any], now: datetime.datetime, where: str) -> dict[Path, Owed]:
    """The rules of both paths, from data that `ATTESTATIONS` has accepted; `where` begins the sentence of an `Invalid`.

    Refused are exceptions that have expired (whoever left one there should look at it) or that stand twice.
    """
    return {path: _owed(data.get(path.value) or {}, now, f"{where}.{path.value}") for path in Path}


def _owed(data: Mapping[str, Any], now: datetime.datetime, where: str) -> Owed:
    provenance, sbom, report = (data.get(topic) for topic in _TOPICS)
    return Owed(
        provenance=None if provenance is None else ProvenanceRule(**_values(provenance)),
        sbom=None if sbom is None else SbomRule(**_values(sbom)),
        vulnerabilities=None if report is None else vulnerability_rule(report, now, f"{where}.vulnerabilities"),
    )


def vulnerability_rule(data: Mapping[str, Any], now: datetime.datetime, where: str) -> VulnerabilityRule:
    """One rule about known vulnerabilities, from data that `VULNERABILITIES` has accepted; raises as `owed_from` does."""
    values = _values(data)
    for name in ("fail_at", "unknown_as"):
        if name in values:
            values[name] = Severity[str(values[name]).upper()]
    for name in ("kev", "epss"):
        if name in values:
            values[name] = FileRule(**values[name])
    values["exceptions"] = _exemptions(data.get("exceptions") or (), now, f"{where}.exceptions")
    return VulnerabilityRule(**values)


def _exemptions(entries: Sequence[Mapping[str, Any]], now: datetime.datetime, where: str) -> tuple[Exemption, ...]:
    found: list[Exemption] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, entry in enumerate(entries):
        exemption = Exemption(**{**_values(entry), "expires": _day(entry["expires"], f"{where}[{number}].expires")})
        if exemption.expires < now.astimezone(datetime.UTC).date():
            raise Invalid(
                f"{where}[{number}]: the exception for {exemption.vulnerability} has expired",
                f"its last day was {exemption.expires}, {exemption.owner} answers for it",
                "Remove it if the vulnerability is mended, or have its owner set a new day.",
            )
        for app in exemption.apps or ("",):
            earlier = seen.setdefault((exemption.vulnerability.upper(), exemption.package, app), number)
            if earlier != number:
                raise Invalid(
                    f"{where}[{number}]: {exemption.vulnerability} is excepted twice",
                    f"{where}[{earlier}] says the same",
                    "Keep one of them: two could have different owners and days.",
                )
        found.append(exemption)
    return tuple(found)


def _day(text: str, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{where}: {text!r} is not a day that exists", next_step="Write it as YYYY-MM-DD.") from None


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
