# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of an account's ECR registry observed and converged: the capability `ecr_registry`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from ..capability import KEEP, Capability, Outcome, Plan, Request
from ..errors import NotFound
from .ecr_registry_plan import (
    FREQUENCIES,
    Settings,
    object_name,
    plan,
    scanning_arguments,
    settings_from,
    signing_arguments,
    wanted,
)
from .errors import calling
from .session import AWS_OPTION, aws_from, session_for
from .sets import settled

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

PERMISSIONS: Final = (
    "ecr:DeleteSigningConfiguration",
    "ecr:GetRegistryScanningConfiguration",
    "ecr:GetSigningConfiguration",
    "ecr:PutRegistryScanningConfiguration",
    "ecr:PutSigningConfiguration",
)

SPEC: Final[dict[str, Any]] = {
    "aws": AWS_OPTION,
    "scan_type": {"type": "str", "choices": ["basic", "enhanced"]},
    "scan_rules": {
        "type": "list",
        "elements": "dict",
        "options": {
            "frequency": {"type": "str", "choices": list(FREQUENCIES), "required": True},
            "filters": {"type": "list", "elements": "str", "required": True},
        },
    },
    "signing_rules": {
        "type": "list",
        "elements": "dict",
        "options": {
            "profile": {"type": "str", "required": True},
            "filters": {"type": "list", "elements": "str"},
        },
    },
}


def run(request: Request) -> Outcome:
    """Decide from the options and what AWS has; carry it out unless asked only to check."""
    aws = aws_from(request.params["aws"])
    wish = wanted(request.params, aws.region)
    ecr = session_for(aws, request.environ).verify_account().ecr
    made = plan(observe(ecr, wish), wish, object_name(aws.account, aws.region))
    if made.changes and not request.check:
        apply(ecr, made, wish)
        settled(lambda: observe(ecr, wish), lambda found: not plan(found, wish, made.object).changes, made.object)
    return Outcome((made,))


def observe(ecr: ECRClient, wish: Settings) -> Settings:
    """What AWS has of what the wish speaks of; the rest is not read, so that it needs no right."""
    scanning: Mapping[str, Any] | None = None
    signing: Mapping[str, Any] | None = None
    if wish.scan_type is not KEEP or wish.scan_rules is not KEEP:
        with calling("read what the registry scans"):
            scanning = ecr.get_registry_scanning_configuration().get("scanningConfiguration", {})
    if wish.signing_rules is not KEEP:
        try:
            with calling("read what the registry signs"):
                signing = ecr.get_signing_configuration().get("signingConfiguration", {})
        except NotFound:
            signing = {}
    return settings_from(scanning, signing)


def apply(ecr: ECRClient, made: Plan, wish: Settings) -> None:
    """Write what the plan lists. One call sets kind and rules of scanning together, so the one that is kept goes along."""
    fields = {change.field for change in made.changes}
    if fields & {"scan_type", "scan_rules"}:
        whole: Mapping[str, Any] = {**observe(ecr, wish).shown(), **made.after}
        with calling("set what the registry scans"):
            ecr.put_registry_scanning_configuration(**scanning_arguments(whole))
    if "signing_rules" in fields:
        rules = made.after["signing_rules"]
        with calling("set what the registry signs"):
            if rules:
                # Plain data of the shape that the types spell out.
                ecr.put_signing_configuration(signingConfiguration=cast("Any", signing_arguments(rules)))
            else:
                ecr.delete_signing_configuration()


CAPABILITY = Capability("ecr_registry", SPEC, run, PERMISSIONS)
