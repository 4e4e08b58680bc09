# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is owed against what is there: one answer a rule.

The caller has verified each attestation's signature and found the signer it counts for (`model.Verified`); here it is only
asked what it says. Nothing here raises for what a statement holds: whatever is wrong with it is the answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..model import Kind, Reason, Rejected, Verified
from ..statement import Statement, from_data
from . import gate, provenance, sbom
from .model import (
    Checked,
    Context,
    Exemption,
    Fault,
    Owed,
    ProvenanceRule,
    Rule,
    SbomRule,
    ScanReport,
    Topic,
    VulnerabilityRule,
)
from .reports.wrapped import COSIGN_TYPES, reports_of
from .times import shown

_FAULTS: Final = {
    Reason.TOO_LARGE: Fault.TOO_LARGE,
    Reason.UNSUPPORTED: Fault.UNSUPPORTED,
    Reason.WRONG_DIGEST: Fault.WRONG_DIGEST,
}
_NAMES: Final = {
    Topic.PROVENANCE: "SLSA provenance",
    Topic.SBOM: "bill of materials",
    Topic.VULNERABILITIES: "vulnerability report",
}


def judge(attestations: Sequence[Verified], owed: Owed, context: Context) -> tuple[Checked, ...]:
    """The answers to everything that is owed, in the order of `owed.rules`; the policy is met if every one has `passed`.

    Of provenance and bills of materials one that is good enough will do. Of vulnerability reports the newest of each scanner
    counts, and each must pass: an older one that knows less, or another scanner that sees less, excuses nothing.
    """
    return tuple(_judge(attestations, rule, context) for rule in owed.rules)


def check(statement: Mapping[str, Any], rule: Rule, context: Context) -> Checked:
    """What one statement says to one rule: is it about the image, of a type that the rule is about, and good enough?"""
    try:
        read = _about_the_image(statement, rule, context)
        if isinstance(rule, ProvenanceRule):
            return provenance.check_provenance(read, rule, context)
        if isinstance(rule, SbomRule):
            return sbom.check_sbom(read, rule, context)
        return _decided([("", "", report) for report in reports_of(read)], rule, context)
    except Rejected as error:
        return _refused(rule, error)


def check_report(report: ScanReport, rule: VulnerabilityRule, context: Context) -> Checked:
    """The same gate for findings that came another way than by an attestation (a registry's own scan)."""
    return _decided([("", "", report)], rule, context)


def is_about(rule: Rule, predicate_type: str) -> bool:
    """Whether statements of this type can answer the rule."""
    if isinstance(rule, ProvenanceRule):
        return predicate_type in provenance.TYPES
    if isinstance(rule, SbomRule):
        return bool(sbom.format_of(predicate_type))
    return predicate_type in (*COSIGN_TYPES, *rule.predicate_types)


def _judge(attestations: Sequence[Verified], rule: Rule, context: Context) -> Checked:
    fitting = {
        found.digest: found
        for found in attestations
        if found.kind is Kind.ATTESTATION and found.statement and is_about(rule, str(found.statement.get("predicateType", "")))
    }
    # One signer may have several roles, and several may have signed one attestation: each counts once, by a role that counts.
    counting = sorted(
        (found for digest in fitting for found in _by_role(attestations, digest, rule.roles)[:1]), key=lambda found: found.digest
    )
    if not counting:
        return Checked(rule.topic, Fault.MISSING, _missing(rule, bool(fitting)))
    if isinstance(rule, VulnerabilityRule):
        return _newest(counting, rule, context)
    answers = [
        dataclasses.replace(check(found.statement or {}, rule, context), where=found.where, digest=found.digest)
        for found in counting
    ]
    return next((answer for answer in answers if answer.passed), answers[0])


def _by_role(attestations: Iterable[Verified], digest: str, roles: tuple[str, ...]) -> list[Verified]:
    return [found for found in attestations if found.digest == digest and (not roles or found.role in roles)]


def _missing(rule: Rule, others: bool) -> str:
    of = f" by a signer in the role {' or '.join(rule.roles)}" if rule.roles else ""
    more = "; there is one by another signer, which does not count" if others else ""
    return f"No {_NAMES[rule.topic]} is attested{of}{more}."


def _newest(counting: Sequence[Verified], rule: VulnerabilityRule, context: Context) -> Checked:
    reports: list[tuple[str, str, ScanReport]] = []
    refused: list[Checked] = []
    for found in counting:
        try:
            read = reports_of(_about_the_image(found.statement or {}, rule, context))
        except Rejected as error:
            refused.append(dataclasses.replace(_refused(rule, error), where=found.where, digest=found.digest))
        else:
            reports += [(found.where, found.digest, report) for report in read]
    if not reports:
        return refused[0]
    answer = _decided(reports, rule, context)
    return dataclasses.replace(answer, notes=(*answer.notes, *(f"{one.where}: {one.why}" for one in refused)))


def _decided(reports: Iterable[tuple[str, str, ScanReport]], rule: VulnerabilityRule, context: Context) -> Checked:
    """The answer of the newest report of each scanner; the first that refuses is the answer's, all are in its facts."""
    newest: dict[str, tuple[str, str, ScanReport]] = {}
    for entry in sorted(reports, key=_age):
        newest[entry[2].scanner] = entry
    decisions = [
        (where, digest, gate.decide(report, rule, context)) for _unused, (where, digest, report) in sorted(newest.items())
    ]
    used = frozenset[Exemption]().union(*(decision.used for _unused, _unused, decision in decisions))
    where, digest, decided = next((entry for entry in decisions if entry[2].fault), decisions[0])
    return Checked(
        Topic.VULNERABILITIES,
        decided.fault,
        f"{decided.why}." if decided.why else "",
        {"reports": [dict(decision.facts) for _unused, _unused, decision in decisions]},
        tuple(_unused(rule, used, context))
        if all(decision.fault in (None, Fault.VULNERABLE) for *_unused, decision in decisions)
        else (),
        where,
        digest,
    )


def _age(entry: tuple[str, str, ScanReport]) -> tuple[str, str]:
    # Without a time it counts as the newest: it is then refused for that, and not overlooked.
    report = entry[2]
    return shown(report.scanned_at) if report.scanned_at else "~", entry[1]


def _unused(rule: VulnerabilityRule, used: frozenset[Exemption], context: Context) -> Iterable[str]:
    for found in rule.exceptions:
        if found not in used and (not found.apps or context.app in found.apps):
            package = f" in {found.package}" if found.package else ""
            yield f"The exception for {found.vulnerability}{package} (of {found.owner}) is not needed here."


def _about_the_image(statement: Mapping[str, Any], rule: Rule, context: Context) -> Statement:
    read = from_data(statement)
    read.about(context.subject.descriptor.digest)
    if not is_about(rule, read.predicate_type):
        raise Rejected(Reason.UNSUPPORTED, f"It is no {_NAMES[rule.topic]}", f"its predicate is {read.predicate_type!r:.100}")
    return read


def _refused(rule: Rule, error: Rejected) -> Checked:
    return Checked(rule.topic, _FAULTS.get(error.reason, Fault.MALFORMED), error.sentence())
