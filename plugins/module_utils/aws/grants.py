# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a workload may do: which declared rights are narrow enough to be granted, as policy statements. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..errors import Invalid

# Rights that AWS checks against no object: for these, and for no others, a resource of * is as narrow as it can be.
WITHOUT_OBJECT: Final = frozenset(
    {
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricStatistics",
        "cloudwatch:ListMetrics",
        "cloudwatch:PutMetricData",
        "comprehend:DetectDominantLanguage",
        "comprehend:DetectEntities",
        "comprehend:DetectKeyPhrases",
        "comprehend:DetectSentiment",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeRegions",
        "ecr:GetAuthorizationToken",
        "kms:GenerateRandom",
        "polly:DescribeVoices",
        "rekognition:DetectFaces",
        "rekognition:DetectLabels",
        "rekognition:DetectModerationLabels",
        "rekognition:DetectText",
        "s3:ListAllMyBuckets",
        "secretsmanager:GetRandomPassword",
        "sts:GetCallerIdentity",
        "textract:AnalyzeDocument",
        "textract:DetectDocumentText",
        "translate:TranslateText",
        "xray:GetSamplingRules",
        "xray:GetSamplingStatisticSummaries",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
# With these a workload could give itself everything else; no app gets them.
NEVER: Final = {
    "account": "changes the account itself",
    "iam": "changes who may do what",
    "organizations": "changes the account itself",
    "sso": "changes who may do what",
    "sso-directory": "changes who may do what",
}
_ACTION: Final = re.compile(r"(?P<service>[a-z0-9-]+):(?P<call>[A-Za-z0-9*?]+)")
# The part of an ARN that names the object, when it names all of them.
_ALL_OF_A_KIND: Final = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:[*?]+")
# At least this much of a call's name stands before a wildcard: s3:Get* says what it is about, s3:* and s3:*t do not.
SHORTEST_STEM: Final = 3


def why_not(action: str, resource: str) -> str:
    """Why this right is not granted, or '' if it is narrow enough."""
    found = _ACTION.fullmatch(action)
    if not found:
        return f"'{action}' does not name a call of one service"
    service, call = found["service"], found["call"]
    if service in NEVER:
        return f"{service} {NEVER[service]}"
    if any(sign in call for sign in "*?") and len(re.split(r"[*?]", call)[0]) < SHORTEST_STEM:
        return f"'{action}' is nearly all of {service}"
    if _ALL_OF_A_KIND.fullmatch(resource):
        if any(sign in call for sign in "*?") or not _is_without_object(action):
            return f"'{action}' on every object there is"
    elif not resource.startswith("arn:"):
        return f"'{resource}' is not an ARN"
    return ""


def _is_without_object(action: str) -> bool:
    return action.lower() in {known.lower() for known in WITHOUT_OBJECT}


def checked_statements(statements: Iterable[Mapping[str, Any]], role: str) -> list[Mapping[str, Any]]:
    """The module's statements as IAM takes them; raises `Invalid` for one that is too wide, naming the right."""
    made: list[Mapping[str, Any]] = []
    for statement in statements:
        for action in statement["actions"]:
            for resource in statement["resources"]:
                why = why_not(action, resource)
                if why:
                    raise Invalid(
                        f"The role {role} is not given {action} on {resource}", why, "Name the calls and the objects it needs."
                    )
        sid = {"Sid": statement["sid"]} if statement.get("sid") else {}
        condition = {"Condition": statement["condition"]} if statement.get("condition") else {}
        body = {"Effect": "Allow", "Action": list(statement["actions"]), "Resource": list(statement["resources"])}
        made.append({**sid, **body, **condition})
    return made


def reaches(resource: str, arn: str) -> bool:
    """Whether a pattern of ARNs may match any ARN of another pattern (one that ends in *): wildcards meet in the middle."""
    stem = arn.rstrip("*")
    head = re.split(r"[*?]", resource)[0]
    return fnmatch.fnmatchcase(stem, resource) or head.startswith(stem) or (head != resource and stem.startswith(head))
