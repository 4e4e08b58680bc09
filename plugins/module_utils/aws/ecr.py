# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECR repositories observed and converged: the capability `ecr_repository`. What is decided stands in ecr_plan.py."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..capability import KEEP, Capability, Outcome, Plan, Request
from ..errors import NotFound
from .ecr_plan import (
    Absent,
    Encryption,
    Repository,
    Wanted,
    mutability_arguments,
    object_name,
    plan,
    repository_from,
    wanted,
)
from .errors import calling
from .session import AWS_OPTION, AwsSession, aws_from, session_for
from .sets import each, once_each, settled, tag_changes, tags_from

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

PERMISSIONS: Final = (
    "ecr:CreateRepository",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListImages",
    "ecr:ListTagsForResource",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
    "ecr:TagResource",
    "ecr:UntagResource",
    "kms:DescribeKey",
)
# No call of ours: AWS asks for these when a repository is made with a customer's key.
GRANTED_TO_AWS: Final = ("kms:CreateGrant", "kms:RetireGrant")

SPEC: Final[dict[str, Any]] = {
    "aws": AWS_OPTION,
    "repositories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "mutability": {"type": "str", "choices": ["immutable", "mutable"]},
            "exclusions": {"type": "list", "elements": "str"},
            "scan_on_push": {"type": "bool"},
            "encryption": {
                "type": "dict",
                "options": {
                    "type": {"type": "str", "choices": ["AES256", "KMS", "KMS_DSSE"], "required": True},
                    "key": {"type": "str", "no_log": False},
                },
            },
            "lifecycle": {"type": "dict"},
            "policy": {"type": "dict"},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
        },
    },
}


def run(request: Request) -> Outcome:
    """Decide from the options and what AWS has; carry it out unless asked only to check."""
    wishes = [wanted(entry) for entry in request.params["repositories"]]
    once_each((wish.name for wish in wishes), "repository")
    session = session_for(aws_from(request.params["aws"]), request.environ).verify_account()
    return Outcome(each(wishes, lambda wish: object_name(wish.name), lambda wish: converge(session, wish, request.check)))


def converge(session: AwsSession, wish: Wanted | Absent, check: bool) -> Plan:
    """One repository: observe, plan, and unless `check` apply and look again."""
    wish, current = ready(session, wish)
    made = plan(current, wish, images=current is not None and isinstance(wish, Absent) and holds_images(session.ecr, wish.name))
    return made if check else carried_out(session, wish, current, made)


def ready(session: AwsSession, wish: Wanted | Absent) -> tuple[Wanted | Absent, Repository | None]:
    """The wish with its key as an ARN, and what AWS has of the fields it asks for."""
    if isinstance(wish, Wanted) and isinstance(wish.encryption, Encryption) and wish.encryption.key:
        wish = dataclasses.replace(wish, encryption=Encryption(wish.encryption.type, key_arn(session, wish.encryption.key)))
    return wish, observe(session.ecr, wish)


def carried_out(session: AwsSession, wish: Wanted | Absent, current: Repository | None, made: Plan) -> Plan:
    """The plan, done and looked at again; a plan with refusals is not begun."""
    if not made.changes or made.refusals:
        return made
    apply(session.ecr, made, current)
    if isinstance(wish, Wanted):
        # Refused fields were left out of the plan: what must now hold is the plan's own picture.
        settled(
            lambda: observe(session.ecr, wish),
            lambda found: found is not None and _fields_hold(found, made.after),
            made.object,
        )
    return made


def _fields_hold(found: Repository, after: Mapping[str, Any]) -> bool:
    # Asked of AWS again with the plan's own picture as the wish, so that equal meanings are equal here too.
    encryption: Any = KEEP
    if "encryption" in after:
        encryption = Encryption(*str(after["encryption"]).split(" ", 1))
    wish = Wanted(
        name=found.name,
        mutability=after.get("mutability", KEEP),
        exclusions=tuple(after["exclusions"]) if "exclusions" in after else KEEP,
        scan_on_push=after.get("scan_on_push", KEEP),
        encryption=encryption,
        lifecycle=after.get("lifecycle", KEEP),
        policy=after.get("policy", KEEP),
        tags=after.get("tags", KEEP),
        purge_tags=True,
    )
    again = plan(found, wish)
    return not again.changes and not again.refusals


def key_arn(session: AwsSession, key: str) -> str:
    """The ARN of a KMS key given by alias, id or ARN: ECR answers the ARN, whatever it was told."""
    if ":key/" in key:
        return key
    with calling(f"find the KMS key {key}"):
        return session.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]


def observe(ecr: ECRClient, wish: Wanted | Absent) -> Repository | None:
    """Read the repository, and of its policies and tags those that the wish speaks of; None if it is not there."""
    try:
        with calling(f"look at the ECR repository {wish.name}"):
            found = repository_from(ecr.describe_repositories(repositoryNames=[wish.name])["repositories"][0])
    except NotFound:
        return None
    if isinstance(wish, Absent):
        return found
    lifecycle = KEEP if wish.lifecycle is KEEP else _lifecycle(ecr, wish.name)
    policy = KEEP if wish.policy is KEEP else _policy(ecr, wish.name)
    tags: Any = KEEP
    if wish.tags is not KEEP:
        with calling(f"read the tags of {wish.name}"):
            tags = tags_from(ecr.list_tags_for_resource(resourceArn=found.arn)["tags"])
    return dataclasses.replace(found, lifecycle=lifecycle, policy=policy, tags=tags)


def _lifecycle(ecr: ECRClient, name: str) -> Mapping[str, Any]:
    try:
        with calling(f"read the lifecycle policy of {name}"):
            document: Mapping[str, Any] = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
            return document
    except NotFound:
        return {}


def _policy(ecr: ECRClient, name: str) -> Mapping[str, Any]:
    try:
        with calling(f"read the policy of {name}"):
            document: Mapping[str, Any] = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
            return document
    except NotFound:
        return {}


def holds_images(ecr: ECRClient, name: str) -> bool:
    """Whether a deletion would take images along."""
    with calling(f"look for images in {name}"):
        return bool(ecr.list_images(repositoryName=name, maxResults=1)["imageIds"])


def apply(ecr: ECRClient, made: Plan, current: Repository | None) -> None:
    """Write what the plan lists, in its order, and nothing else."""
    name = made.object.partition("/")[2]
    if made.after is None:
        with calling(f"delete the ECR repository {name}"):
            # Only images that the plan saw may go with it: one that was pushed meanwhile is a conflict.
            ecr.delete_repository(repositoryName=name, force=any(change.field == "images" for change in made.changes))
        return
    if current is None:
        _create(ecr, name, made.after)
    fields = {change.field for change in made.changes}
    if current is not None:
        _update(ecr, current, made.after, fields)
    for field, write in (("lifecycle", _write_lifecycle), ("policy", _write_policy)):
        if field in fields:
            write(ecr, name, made.after[field])


def _create(ecr: ECRClient, name: str, after: Mapping[str, Any]) -> None:
    arguments: dict[str, Any] = {}
    if "mutability" in after:
        arguments.update(mutability_arguments(after["mutability"], after.get("exclusions", [])))
    if "scan_on_push" in after:
        arguments["imageScanningConfiguration"] = {"scanOnPush": after["scan_on_push"]}
    if "encryption" in after:
        kind, _unused, key = after["encryption"].partition(" ")
        # An empty key must not be sent at all: botocore refuses it (the fault of the stock module).
        arguments["encryptionConfiguration"] = {"encryptionType": kind, **({"kmsKey": key} if key else {})}
    if after.get("tags"):
        arguments["tags"] = tag_changes({}, after["tags"])[0]
    with calling(f"create the ECR repository {name}"):
        ecr.create_repository(repositoryName=name, **arguments)


def _update(ecr: ECRClient, current: Repository, after: Mapping[str, Any], fields: set[str]) -> None:
    if fields & {"mutability", "exclusions"}:
        with calling(f"set the tag mutability of {current.name}"):
            ecr.put_image_tag_mutability(
                repositoryName=current.name, **mutability_arguments(after["mutability"], after["exclusions"])
            )
    if "scan_on_push" in fields:
        with calling(f"set scanning on push of {current.name}"):
            ecr.put_image_scanning_configuration(
                repositoryName=current.name, imageScanningConfiguration={"scanOnPush": after["scan_on_push"]}
            )
    if "tags" in fields and current.tags is not KEEP:
        put, gone = tag_changes(current.tags, after["tags"])
        with calling(f"set the tags of {current.name}"):
            if put:
                ecr.tag_resource(resourceArn=current.arn, tags=put)  # type: ignore[arg-type]  # a list of Key and Value
            if gone:
                ecr.untag_resource(resourceArn=current.arn, tagKeys=gone)


def _write_lifecycle(ecr: ECRClient, name: str, document: Mapping[str, Any]) -> None:
    with calling(f"set the lifecycle policy of {name}"):
        if document:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(document, indent=1))
        else:
            ecr.delete_lifecycle_policy(repositoryName=name)


def _write_policy(ecr: ECRClient, name: str, document: Mapping[str, Any]) -> None:
    with calling(f"set the policy of {name}"):
        if document:
            ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(document))
        else:
            ecr.delete_repository_policy(repositoryName=name)


CAPABILITY = Capability("ecr_repository", SPEC, run, (*PERMISSIONS, *GRANTED_TO_AWS))
