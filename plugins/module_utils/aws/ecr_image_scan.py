# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `ecr_image_scan`: what ECR found in images, judged as attested reports are; nothing is changed."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..capability import Capability, Outcome, Plan, Request
from ..catalog.check import Checker
from ..errors import Invalid, MicroappsError, NotFound
from ..oci.auth import ecr_place
from ..oci.model import Descriptor
from ..oci.reference import Reference, written
from ..profile import Aws
from ..signatures.attestations.judge import check_report
from ..signatures.attestations.knowledge import knowledge_for
from ..signatures.attestations.model import Checked, Context, Knowledge, VulnerabilityRule
from ..signatures.attestations.schema import VULNERABILITIES, vulnerability_rule
from ..signatures.attestations.times import shown
from ..signatures.model import Subject
from .errors import calling
from .scan_findings import Scan, scan_from
from .session import AWS_OPTION, CONCURRENCY, AwsSession, aws_from, session_for
from .sets import once_each

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

PERMISSIONS: Final = ("ecr:DescribeImageScanFindings", "ecr:DescribeImageSigningStatus")
SPEC: Final[dict[str, Any]] = {
    "aws": AWS_OPTION,
    "images": {"type": "list", "elements": "str", "required": True},
    "gate": {"type": "dict"},
    "app": {"type": "str", "default": ""},
    "signed": {"type": "bool", "default": False},
    "findings": {"type": "bool", "default": False},
}
_CHECKER: Final = Checker(VULNERABILITIES)
_PAGE: Final = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of every image. `rule` is None where nothing is judged."""

    rule: VulnerabilityRule | None
    knowledge: Knowledge
    app: str
    signed: bool
    findings: bool
    request: Request


def run(request: Request) -> Outcome:
    """Read the rule (everything wrong with it is told before AWS is asked), then look at all images side by side."""
    params = request.params
    aws = aws_from(params["aws"])
    images = [_ours(image, aws) for image in params["images"]]
    once_each((str(image) for image in images), "image")
    if not images:
        raise Invalid("images: the list is empty", "", "Name at least one image.")
    now = request.now()
    rule = None if params["gate"] is None else _rule(params["gate"], request)
    asked = Asked(
        rule, knowledge_for(rule, now) if rule else Knowledge(), params["app"], params["signed"], params["findings"], request
    )
    session = session_for(aws, request.environ).verify_account()
    with concurrent.futures.ThreadPoolExecutor(min(CONCURRENCY, len(images))) as pool:
        answers = list(pool.map(lambda image: _looked_at(session, image, asked), images))
    return Outcome(tuple(plan for plan, _told in answers), (), {"images": [told for _plan, told in answers]})


def _rule(data: Mapping[str, Any], request: Request) -> VulnerabilityRule:
    complaints = _CHECKER.complaints(data)
    if complaints:
        raise Invalid(f"gate: {' | '.join(complaint.sentence for complaint in complaints)}", "", "Nothing was judged.")
    return vulnerability_rule(data, request.now(), "gate")


def _ours(image: str, aws: Aws) -> Reference:
    """The image; a host, if one is written, must be the registry of this account and region."""
    found = written(image)
    if found.registry and ecr_place(found.registry) != (aws.account, aws.region):
        raise Invalid(f"images: {image} is not in the registry of {aws.account} in {aws.region}", "", "Ask in its own account.")
    return found


def _looked_at(session: AwsSession, image: Reference, asked: Asked) -> tuple[Plan, dict[str, Any]]:
    plan = Plan(f"image:{image}", {}, {})
    told: dict[str, Any] = {"image": str(image), "repository": image.path, "digest": image.digest, "passed": False}
    try:
        scan = scan_of(session.ecr, image)
        told |= _told(scan, asked.findings)
        checked = _checked(scan, image, asked)
        if checked:
            told |= {"fault": str(checked.fault or ""), "facts": dict(checked.facts), "notes": list(checked.notes)}
        unsigned = ""
        if asked.signed:
            told["signing"] = signing_of(session.ecr, image, scan.digest)
            unsigned = _unsigned(told["signing"])
    except MicroappsError as error:
        return plan.failed(error), {**told, "reason": error.sentence()}
    reason = " ".join(filter(None, (checked.why if checked else "", unsigned)))
    told |= {"passed": not reason, "reason": reason}
    return (plan.failed(MicroappsError(f"The image {image} does not pass", reason)) if reason else plan), told


def scan_of(ecr: ECRClient, image: Reference) -> Scan:
    """The findings of the last scan, all pages. Raises NotFound (no image, no scan), Unreachable (it still runs) and Conflict."""
    with calling(f"read the findings of {image}"):
        pages = ecr.get_paginator("describe_image_scan_findings").paginate(
            repositoryName=image.path,
            imageId={"imageDigest": image.digest} if image.digest else {"imageTag": image.wanted},
            PaginationConfig={"PageSize": _PAGE},
        )
        return scan_from(pages, str(image))


def signing_of(ecr: ECRClient, image: Reference, digest: str) -> list[dict[str, str]]:
    """How far AWS Signer is with the image, for each profile whose rule applies."""
    with calling(f"read whether AWS signed {image}"):
        answer = ecr.describe_image_signing_status(repositoryName=image.path, imageId={"imageDigest": digest})
    return [
        {
            "profile": str(status.get("signingProfileArn", "")),
            "status": str(status.get("status", "")).lower(),
            "why": " ".join(filter(None, (status.get("failureCode", ""), status.get("failureReason", "")))),
        }
        for status in answer.get("signingStatuses", ())
    ]


def _unsigned(statuses: list[dict[str, str]]) -> str:
    if not statuses:
        return "No signing rule of the registry is for it, so AWS does not sign it."
    open_ones = [one for one in statuses if one["status"] != "complete"]
    return "; ".join(f"AWS has not signed it with {one['profile']}: {one['why'] or one['status']}" for one in open_ones)


def _checked(scan: Scan, image: Reference, asked: Asked) -> Checked | None:
    if asked.rule is None:
        return None
    return judged(scan, image, asked.rule, Judging(asked.app, asked.request.now(), asked.knowledge))


@dataclasses.dataclass(frozen=True, slots=True)
class Judging:
    """For which app (exceptions may name some), at what time, and by what is publicly known."""

    app: str
    now: datetime.datetime
    knowledge: Knowledge


def judged(scan: Scan, image: Reference, rule: VulnerabilityRule, judging: Judging) -> Checked:
    """The gate; NotFound if the scan is of another image, or of none that AWS names."""
    if not scan.digest or image.digest not in ("", scan.digest):
        raise NotFound(f"The scan of {image}", f"AWS answers for {scan.digest or 'no image that it names'}")
    subject = Subject(Descriptor("", scan.digest, 0), image.path)
    return check_report(scan.report, rule, Context(subject, "", judging.app, judging.now, judging.knowledge))


def _told(scan: Scan, findings: bool) -> dict[str, Any]:
    report = scan.report
    counts: dict[str, int] = {}
    for found in sorted(report.found, key=lambda one: -one.severity):
        counts[found.severity.word] = counts.get(found.severity.word, 0) + 1
    told: dict[str, Any] = {
        "digest": scan.digest,
        "scanner": report.scanner,
        "scanned_at": shown(report.scanned_at) if report.scanned_at else "",
        "database_of": shown(report.database_of) if report.database_of else "",
        "counts": counts,
    }
    if findings:
        told["findings"] = [{**dataclasses.asdict(found), "severity": found.severity.word} for found in report.found]
    return told


CAPABILITY = Capability("ecr_image_scan", SPEC, run, PERMISSIONS)
