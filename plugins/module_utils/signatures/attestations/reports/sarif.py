# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Vulnerabilities in SARIF 2.1.0, as Trivy and Grype write them.

SARIF has no place for packages and fixes: what it does not tell counts against the image, so a fix is taken to exist.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any, Final

from ...model import Reason, Rejected
from ...reading import malformed, mapping, needed, objects, text
from ..model import ScanReport, Severity, Vulnerability
from ..times import moment, oldest
from .words import MOST, severity_of, severity_of_score

_WHAT: Final = "The SARIF report"
# Grype names a rule by vulnerability and package.
_RULE: Final = re.compile(
    r"(?P<name>(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|[A-Z]{2,}[A-Z0-9]*-[0-9A-Za-z:._-]+?))(?:-(?P<package>[A-Za-z].*))?"
)
_LONGEST: Final = 300
_PACKAGE: Final = re.compile(r"^Package: (\S{1,200})$", re.MULTILINE)


def is_ours(data: Mapping[str, Any]) -> bool:
    """Whether it looks like SARIF."""
    return "runs" in data and "version" in data


def read(data: Mapping[str, Any]) -> ScanReport:
    """The report; Rejected if it is of another version, or of several runs (which of them would count?)."""
    if data["version"] != "2.1.0":
        raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} is of another version", f"{data['version']!r:.20} instead of 2.1.0")
    runs = objects(data, "runs", _WHAT, most=MOST)
    if len(runs) != 1:
        raise malformed(_WHAT, f"it has {len(runs)} runs, not one")
    run = runs[0]
    if run.get("results") is None:
        raise malformed(_WHAT, "its run has no results: nothing was looked for")
    driver = needed(needed(run, "tool", _WHAT), "driver", _WHAT)
    rules = {str(rule.get("id")): rule for rule in objects(driver, "rules", _WHAT, most=MOST)}
    found = [_vulnerability(result, rules) for result in objects(run, "results", _WHAT, most=MOST)]
    scanner = text(driver, "name", _WHAT).lower()[:60]
    return ScanReport(f"{scanner} (sarif)", _ended(run), tuple(sorted(set(found))))


def _ended(run: Mapping[str, Any]) -> datetime.datetime | None:
    return oldest(*(moment(entry.get("endTimeUtc")) for entry in objects(run, "invocations", _WHAT, most=100)))


def _vulnerability(result: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> Vulnerability:
    rule_id = text(result, "ruleId", _WHAT)
    matched = _RULE.fullmatch(rule_id) if len(rule_id) <= _LONGEST else None
    if not matched:
        raise malformed(_WHAT, f"{rule_id!r:.80} is not the id of a vulnerability")
    rule = rules.get(rule_id, {})
    message = text(mapping(result, "message", _WHAT) or {}, "text", _WHAT, "")
    told = _PACKAGE.search(message)
    return Vulnerability(
        name=matched["name"],
        package=matched["package"] or (told[1] if told else "unknown"),
        severity=_severity(mapping(rule, "properties", _WHAT) or {}),
    )


def _severity(properties: Mapping[str, Any]) -> Severity:
    """The worse of the score and the word: they come from different sources."""
    score = properties.get("security-severity")
    found = [Severity.UNKNOWN]
    try:
        found.append(severity_of_score(float(score)) if isinstance(score, (str, int, float)) else Severity.UNKNOWN)
    except ValueError:
        raise malformed(_WHAT, f"security-severity is {score!r:.40}, no number") from None
    tags = properties.get("tags")
    found += [severity_of(tag) for tag in tags] if isinstance(tags, list) else []
    return max(found)
