# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Grype's JSON report (`grype --output json`)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...model import Reason, Rejected
from ...reading import malformed, mapping, needed, objects, text
from ..model import ScanReport, Vulnerability
from ..times import moment
from .words import MOST, named, severity_of

_WHAT: Final = "Grype's report"
# A scan of an image, or of a bill of materials that was made of one: the type of its source is then the bill's.
_SOURCES: Final = ("image", "sbom-file", "sbom")
_FIX: Final = {"fixed": True, "not-fixed": False, "wont-fix": False}


def is_ours(data: Mapping[str, Any]) -> bool:
    """Whether it looks like Grype's."""
    descriptor = data.get("descriptor")
    return "matches" in data and isinstance(descriptor, dict) and descriptor.get("name") == "grype"


def read(data: Mapping[str, Any]) -> ScanReport:
    """The report; Rejected if it is about a folder or a file."""
    descriptor = needed(data, "descriptor", _WHAT)
    if data.get("matches") is None:
        raise malformed(_WHAT, "it has no list of matches")
    source = text(mapping(data, "source", _WHAT) or {}, "type", _WHAT, "")
    if source not in _SOURCES:
        raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} is not about an image", f"its source is a {source!r:.60}")
    found = (
        *(_vulnerability(match, "") for match in objects(data, "matches", _WHAT, most=MOST)),
        *(_vulnerability(match, _rules(match)) for match in objects(data, "ignoredMatches", _WHAT, most=MOST)),
    )
    return ScanReport("grype", moment(descriptor.get("timestamp")), tuple(sorted(found)), _built(descriptor))


def _built(descriptor: Mapping[str, Any]) -> datetime.datetime | None:
    # Since database schema 6 below `status`, before beside it.
    database = mapping(descriptor, "db", _WHAT) or {}
    status = mapping(database, "status", _WHAT) or {}
    return moment(status.get("built") or database.get("built"))


def _vulnerability(match: Mapping[str, Any], ignored: str) -> Vulnerability:
    found = needed(match, "vulnerability", _WHAT)
    package = needed(match, "artifact", _WHAT)
    fix = mapping(found, "fix", _WHAT) or {}
    versions = fix.get("versions") or []
    if not isinstance(versions, list) or not all(isinstance(version, str) for version in versions):
        raise malformed(_WHAT, "the versions of a fix are no list of texts")
    state = text(fix, "state", _WHAT, "")
    return Vulnerability(
        name=named(found, "id", _WHAT),
        package=named(package, "name", _WHAT),
        version=text(package, "version", _WHAT, ""),
        severity=severity_of(found.get("severity")),
        fixable=True if versions else _FIX.get(state),
        fixed_in=tuple(versions),
        aliases=tuple(dict.fromkeys(_aliases(match, found))),
        known_exploited=bool(found.get("knownExploited")),
        ignored=ignored,
    )


def _aliases(match: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for related in objects(match, "relatedVulnerabilities", _WHAT, most=MOST):
        yield named(related, "id", _WHAT)
    for advisory in objects(found, "advisories", _WHAT, most=MOST):
        if identifier := text(advisory, "id", _WHAT, ""):
            yield identifier


def _rules(match: Mapping[str, Any]) -> str:
    rules = objects(match, "appliedIgnoreRules", _WHAT, most=MOST)
    fields = ("reason", "vex-status", "fix-state", "vulnerability", "match-type")
    words = [next((text(rule, field, _WHAT, "") for field in fields if rule.get(field)), "a rule") for rule in rules]
    return ", ".join(dict.fromkeys(words)) or "a rule"
