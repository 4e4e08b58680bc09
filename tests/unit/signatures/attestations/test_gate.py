# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate on findings, whoever found them: what blocks, why, and who answers for what does not."""

from __future__ import annotations

import dataclasses
import datetime
import random
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.judge import check_report
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import (
    Exemption,
    Fault,
    FileRule,
    Knowledge,
    ScanReport,
    Severity,
    Unknown,
    Vulnerability,
    VulnerabilityRule,
)

SCANNED = datetime.datetime(2026, 11, 24, 10, tzinfo=datetime.UTC)
KEV = FileRule("/srv/kev.json", 14)
EPSS = FileRule("/srv/epss.csv", 7, 0.5)
RULE = VulnerabilityRule(7, Severity.HIGH)
NOTHING = Knowledge(frozenset(), {})


def found(name: str = "CVE-1", severity: Severity = Severity.HIGH, **fields: Any) -> Vulnerability:
    return Vulnerability(name, fields.pop("package", "openssl"), severity=severity, **fields)


def exemption(vulnerability: str = "CVE-1", **fields: Any) -> Exemption:
    return Exemption(
        vulnerability,
        fields.pop("owner", "ann@example.com"),
        "not reachable",
        fields.pop("expires", datetime.date(2026, 12, 1)),
        **fields,
    )


def report(*vulnerabilities: Vulnerability, **fields: Any) -> ScanReport:
    return ScanReport("ecr", fields.pop("scanned_at", SCANNED), vulnerabilities, **fields)


@pytest.mark.parametrize(
    ("fields", "fault", "says"),
    [
        ({"scanned_at": None}, Fault.NO_TIME, "does not say when"),
        ({"scanned_at": datetime.datetime(2026, 11, 18, tzinfo=datetime.UTC)}, Fault.TOO_OLD, "8 days old"),
        ({"scanned_at": datetime.datetime(2026, 11, 26, 9, tzinfo=datetime.UTC)}, Fault.FROM_THE_FUTURE, "from the future"),
        ({"database_of": datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)}, Fault.TOO_OLD, "database is 56 days old"),
        ({"database_of": datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)}, Fault.FROM_THE_FUTURE, "database"),
    ],
)
def test_a_report_that_does_not_tell_of_today(context: Any, fields: dict[str, Any], fault: Fault, says: str) -> None:
    answer = check_report(report(**fields), RULE, context())
    assert answer.fault is fault
    assert says in answer.why


@pytest.mark.parametrize(
    ("kev", "epss", "knowledge", "says"),
    [
        (KEV, None, Knowledge(), "KEV is needed and not to be had: it was not read"),
        (KEV, None, Knowledge(Unknown("/srv/kev.json cannot be read")), "/srv/kev.json cannot be read"),
        (None, EPSS, Knowledge(frozenset()), "EPSS is needed"),
        (KEV, EPSS, Knowledge(frozenset(), Unknown("it is damaged")), "it is damaged"),
    ],
)
def test_without_the_knowledge_that_is_asked_for_it_could_not_be_told(
    context: Any, kev: FileRule | None, epss: FileRule | None, knowledge: Knowledge, says: str
) -> None:
    rule = dataclasses.replace(RULE, kev=kev, epss=epss)
    answer = check_report(report(), rule, context(knowledge=knowledge))
    assert answer.fault is Fault.COULD_NOT_TELL
    assert says in answer.why


@pytest.mark.parametrize(
    ("finding", "change", "why"),
    [
        (found(), {}, "its severity is high"),
        (found(severity=Severity.CRITICAL), {}, "its severity is critical"),
        (found(fixable=True), {"only_fixable": True}, "its severity is high"),
        (found(fixable=None), {"only_fixable": True}, "its severity is high"),  # not told: a fix is taken to exist
        (found(severity=Severity.UNKNOWN), {}, "unknown, which counts as critical"),
        (found(severity=Severity.UNKNOWN), {"fail_at": Severity.CRITICAL}, "unknown, which counts as critical"),
        (found(severity=Severity.UNKNOWN), {"unknown_as": Severity.HIGH}, "unknown, which counts as high"),
        (found(ignored="wontfix"), {}, "its severity is high"),
        (found(severity=Severity.LOW, name="CVE-2023-30861"), {"kev": KEV}, "known to be exploited"),
        (found(severity=Severity.LOW, name="GHSA-x", aliases=("cve-2023-30861",)), {"kev": KEV}, "known to be exploited"),
        (found(severity=Severity.LOW, name="CVE-2023-30861", fixable=False), {"kev": KEV, "only_fixable": True}, "exploited"),
        (found(severity=Severity.LOW, known_exploited=True), {"kev": KEV}, "known to be exploited"),
        (found(severity=Severity.LOW, name="CVE-2021-1000"), {"epss": EPSS}, "0.500 (EPSS, 0.5 blocks)"),
        (found(severity=Severity.LOW, name="GHSA-x", aliases=("CVE-2021-1000",), fixable=False), {"epss": EPSS}, "EPSS"),
    ],
)
def test_blocks(context: Any, finding: Vulnerability, change: dict[str, Any], why: str) -> None:
    knowledge = Knowledge(frozenset({"CVE-2023-30861"}), {"CVE-2021-1000": 0.5, "CVE-2021-2000": 0.49})
    answer = check_report(report(finding), dataclasses.replace(RULE, **change), context(knowledge=knowledge))
    assert answer.fault is Fault.VULNERABLE
    assert why in answer.why
    assert [entry["vulnerability"] for entry in answer.facts["reports"][0]["blocked"]] == [finding.name]


@pytest.mark.parametrize(
    ("finding", "change"),
    [
        (found(severity=Severity.MEDIUM), {}),
        (found(fixable=False), {"only_fixable": True}),
        (found(severity=Severity.UNKNOWN), {"unknown_as": Severity.LOW}),
        (found(ignored="wontfix"), {"scanner_ignores": "report"}),
        (found(severity=Severity.LOW, name="CVE-2021-2000"), {"epss": EPSS}),
        (found(severity=Severity.LOW, name="CVE-2099-1000"), {"epss": EPSS, "kev": KEV}),  # too new to have a score
        (found(severity=Severity.LOW, known_exploited=True), {}),  # nobody asked for KEV
    ],
)
def test_does_not_block(context: Any, finding: Vulnerability, change: dict[str, Any]) -> None:
    knowledge = Knowledge(frozenset({"CVE-2023-30861"}), {"CVE-2021-1000": 0.5, "CVE-2021-2000": 0.49})
    assert check_report(report(finding), dataclasses.replace(RULE, **change), context(knowledge=knowledge)).passed


@pytest.mark.parametrize(
    "exception",
    [
        exemption("CVE-2"),
        exemption("CVE-1", package="zlib"),
        exemption("CVE-1", apps=("lunch-poll",)),
        exemption("CVE-1", expires=datetime.date(2026, 11, 25)),  # loaded yesterday, asked today
        exemption("CVE-11"),
    ],
)
def test_an_exception_that_does_not_cover_it(context: Any, exception: Exemption) -> None:
    rule = dataclasses.replace(RULE, exceptions=(exception,))
    assert check_report(report(found()), rule, context()).fault is Fault.VULNERABLE


@pytest.mark.parametrize(
    "exception",
    [
        exemption("cve-1"),
        exemption("GHSA-X"),
        exemption("CVE-1", package="openssl", apps=("where2eat",)),
        exemption("CVE-1", expires=datetime.date(2026, 11, 26)),
    ],
)
def test_an_exception_that_covers_it_is_told_with_its_owner(context: Any, exception: Exemption) -> None:
    rule = dataclasses.replace(RULE, exceptions=(exception,))
    answer = check_report(report(found(aliases=("GHSA-x",))), rule, context())
    assert answer.passed
    assert answer.facts["reports"][0]["excepted"] == [
        {
            "vulnerability": "CVE-1",
            "package": "openssl",
            "owner": "ann@example.com",
            "reason": "not reachable",
            "expires": exception.expires.isoformat(),
        }
    ]
    assert not answer.notes


def test_exceptions_excuse_what_is_exploited_too_and_only_that_package(context: Any) -> None:
    rule = dataclasses.replace(RULE, kev=KEV, exceptions=(exemption("CVE-1", package="openssl"),))
    knowledge = Knowledge(kev=frozenset({"CVE-1"}))
    assert check_report(report(found()), rule, context(knowledge=knowledge)).passed
    answer = check_report(report(found(), found(package="libressl")), rule, context(knowledge=knowledge))
    assert answer.fault is Fault.VULNERABLE
    assert answer.why.startswith("CVE-1 in libressl blocks")


def test_exceptions_that_nobody_needed_are_told(context: Any) -> None:
    exceptions = (exemption("CVE-9", package="zlib"), exemption("CVE-2"), exemption("CVE-3", apps=("lunch-poll",)), exemption())
    answer = check_report(
        report(found(), found("CVE-2", Severity.LOW)), dataclasses.replace(RULE, exceptions=exceptions), context()
    )
    assert answer.notes == (
        "The exception for CVE-9 in zlib (of ann@example.com) is not needed here.",
        "The exception for CVE-2 (of ann@example.com) is not needed here.",
    )


def test_the_narrower_and_shorter_exception_is_the_one_that_is_told(context: Any) -> None:
    exceptions = (
        exemption(owner="wide", expires=datetime.date(2026, 11, 27)),
        exemption(owner="late", package="openssl", expires=datetime.date(2026, 12, 9), apps=("where2eat",)),
        exemption(owner="soon", package="openssl", expires=datetime.date(2026, 12, 1)),
    )
    answer = check_report(report(found()), dataclasses.replace(RULE, exceptions=exceptions), context())
    assert answer.facts["reports"][0]["excepted"][0]["owner"] == "soon"


def test_the_same_findings_in_any_order_are_the_same_answer(context: Any) -> None:
    findings = [found(f"CVE-{number}", Severity(number % 6), package=f"p{number % 3}") for number in range(200)]
    exceptions = tuple(exemption(f"CVE-{number}") for number in range(0, 200, 7))
    rule = dataclasses.replace(RULE, exceptions=exceptions)
    first = check_report(report(*sorted(findings)), rule, context())
    shuffler = random.Random(4)
    for _unused in range(5):
        shuffler.shuffle(findings)
        assert check_report(report(*sorted(findings)), rule, context()) == first
    facts = first.facts["reports"][0]
    assert facts["blocked_in_all"] > len(facts["blocked"]) == 50
    assert [entry["severity"] for entry in facts["blocked"]] == sorted(
        (entry["severity"] for entry in facts["blocked"]), key=["critical", "high", "unknown"].index
    )
    assert facts["counts"] == {"critical": 33, "high": 33, "medium": 33, "low": 33, "negligible": 34, "unknown": 34}
