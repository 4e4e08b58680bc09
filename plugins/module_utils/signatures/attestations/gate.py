# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate: which of the known vulnerabilities block, by one rule, whoever found them. The same in, the same out."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .model import Context, Exemption, Fault, Knowledge, ScanReport, Severity, Unknown, Vulnerability, VulnerabilityRule
from .times import recent, shown

# How many blocking vulnerabilities are listed one by one; all are counted.
_LISTED: Final = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What came of one report. `used` are the exceptions without which it would have been refused."""

    fault: Fault | None
    why: str
    facts: Mapping[str, Any]
    used: frozenset[Exemption] = frozenset()


def decide(report: ScanReport, rule: VulnerabilityRule, context: Context) -> Decision:
    """Whether the report is recent, what the rule needs is known, and nothing in it blocks."""
    facts: dict[str, Any] = {
        "scanner": report.scanner,
        "scanned_at": shown(report.scanned_at) if report.scanned_at else "",
        "database_of": shown(report.database_of) if report.database_of else "",
    }
    fault, why = _usable(report, rule, context)
    if fault:
        return Decision(fault, why, facts)
    counted = [entry for entry in report.found if not entry.ignored or rule.scanner_ignores == "count"]
    blocking = [(entry, reasons) for entry in counted if (reasons := _blocks(entry, rule, context.knowledge))]
    exemptions = _holding(rule.exceptions, context)
    excepted = {entry: found for entry, _unused in blocking if (found := _exemption(entry, exemptions))}
    blocked = [(entry, reasons) for entry, reasons in blocking if entry not in excepted]
    facts |= {
        "counts": _counts(report.found),
        "blocked": [_listed(entry, reasons) for entry, reasons in _worst_first(blocked)[:_LISTED]],
        "blocked_in_all": len(blocked),
        "excepted": [
            {"vulnerability": entry.name, "package": entry.package, **_told(found)} for entry, found in sorted(excepted.items())
        ],
        "ignored_by_scanner": sum(1 for entry in report.found if entry.ignored),
    }
    used = frozenset(excepted.values())
    if not blocked:
        return Decision(None, "", facts, used)
    worst, reasons = _worst_first(blocked)[0]
    more = f", and {len(blocked) - 1} more" if len(blocked) > 1 else ""
    return Decision(Fault.VULNERABLE, f"{worst.name} in {worst.package} blocks: {'; '.join(reasons)}{more}", facts, used)


def _usable(report: ScanReport, rule: VulnerabilityRule, context: Context) -> tuple[Fault | None, str]:
    if report.scanned_at is None:
        return Fault.NO_TIME, f"The report of {report.scanner} does not say when it scanned"
    fault, why = recent(report.scanned_at, context.now, rule.most_days, "The scan")
    if not fault and report.database_of is not None:
        fault, why = recent(report.database_of, context.now, rule.most_days, "The scanner's database")
    if fault:
        return fault, why
    for name, asked, known in (("KEV", rule.kev, context.knowledge.kev), ("EPSS", rule.epss, context.knowledge.epss)):
        if asked is not None and (known is None or isinstance(known, Unknown)):
            reason = known.why if isinstance(known, Unknown) else "it was not read"
            return Fault.COULD_NOT_TELL, f"{name} is needed and not to be had: {reason}"
    return None, ""


def _blocks(entry: Vulnerability, rule: VulnerabilityRule, knowledge: Knowledge) -> tuple[str, ...]:
    """Why this one blocks; empty if it does not."""
    reasons = []
    severity = rule.unknown_as if entry.severity is Severity.UNKNOWN else entry.severity
    if severity >= rule.fail_at and (not rule.only_fixable or entry.fixable is not False):
        told = f"unknown, which counts as {severity.word}" if entry.severity is Severity.UNKNOWN else severity.word
        reasons.append(f"its severity is {told}")
    if rule.kev is not None and (entry.known_exploited or _any_of(entry, knowledge.kev)):
        reasons.append("it is known to be exploited (KEV)")
    if rule.epss is not None and isinstance(knowledge.epss, Mapping):
        score = max((knowledge.epss.get(name, 0.0) for name in entry.names), default=0.0)
        if score >= rule.epss.threshold:
            reasons.append(f"its probability to be exploited is {score:.3f} (EPSS, {rule.epss.threshold:g} blocks)")
    return tuple(reasons)


def _any_of(entry: Vulnerability, known: frozenset[str] | Unknown | None) -> bool:
    return isinstance(known, frozenset) and not known.isdisjoint(entry.names)


def _holding(exemptions: Iterable[Exemption], context: Context) -> Mapping[str, list[Exemption]]:
    """The exceptions that hold for this app today, by the id they are for."""
    found: dict[str, list[Exemption]] = {}
    for exemption in exemptions:
        if (not exemption.apps or context.app in exemption.apps) and exemption.expires >= context.now.date():
            found.setdefault(exemption.vulnerability.upper(), []).append(exemption)
    return found


def _exemption(entry: Vulnerability, exemptions: Mapping[str, list[Exemption]]) -> Exemption | None:
    """The exception that covers it: of several, the one for its package, then the one that ends first."""
    fitting = [found for name in entry.names for found in exemptions.get(name, ()) if found.package in ("", entry.package)]
    return min(fitting, key=lambda found: (not found.package, found.expires, found.owner, found.vulnerability), default=None)


def _worst_first(blocked: list[tuple[Vulnerability, tuple[str, ...]]]) -> list[tuple[Vulnerability, tuple[str, ...]]]:
    return sorted(blocked, key=lambda item: (-item[0].severity, item[0]))


def _counts(found: Iterable[Vulnerability]) -> dict[str, int]:
    counted = collections.Counter(entry.severity for entry in found)
    return {severity.word: counted[severity] for severity in sorted(counted, reverse=True)}


def _listed(entry: Vulnerability, why: tuple[str, ...]) -> dict[str, Any]:
    return {
        "vulnerability": entry.name,
        "package": entry.package,
        "version": entry.version,
        "severity": entry.severity.word,
        "fixed_in": list(entry.fixed_in),
        "why": list(why),
        "ignored": entry.ignored,
    }


def _told(found: Exemption) -> dict[str, str]:
    return {"owner": found.owner, "reason": found.reason, "expires": found.expires.isoformat()}
