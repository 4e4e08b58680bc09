# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM roles of workloads observed and converged: the capability `iam_workload_role`. What is decided stands in iam_plan.py."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..capability import KEEP, Capability, Outcome, Plan, Request
from ..errors import NotFound
from .errors import calling
from .iam_plan import POLICY_NAME, Absent, Role, Wanted, object_name, plan, role_from, wanted
from .session import AWS_OPTION, AwsSession, aws_from, session_for
from .sets import each, once_each, settled, tag_changes

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

PERMISSIONS: Final = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetPolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)

SPEC: Final[dict[str, Any]] = {
    "aws": AWS_OPTION,
    "roles": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "description": {"type": "str"},
            "trust": {
                "type": "dict",
                "options": {
                    "namespace": {"type": "str", "required": True},
                    "service_account": {"type": "str", "required": True},
                    "pod_identity": {"type": "bool", "default": True},
                    "cluster": {"type": "str"},
                    "irsa": {
                        "type": "dict",
                        "options": {
                            "provider_arn": {"type": "str", "required": True},
                            "issuer": {"type": "str", "required": True},
                        },
                    },
                },
            },
            "permissions_boundary": {"type": "str"},
            "max_session_duration": {"type": "int"},
            "statements": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "sid": {"type": "str"},
                    "actions": {"type": "list", "elements": "str", "required": True},
                    "resources": {"type": "list", "elements": "str", "required": True},
                    "condition": {"type": "dict"},
                },
            },
            "exclusive": {"type": "bool", "default": False},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": False},
        },
    },
}


def run(request: Request) -> Outcome:
    """Decide from the options and what AWS has; carry it out unless asked only to check."""
    wishes = [wanted(entry) for entry in request.params["roles"]]
    once_each((wish.name for wish in wishes), "role")
    session = session_for(aws_from(request.params["aws"]), request.environ).verify_account()
    plans = each(wishes, lambda wish: object_name(wish.name), lambda wish: converge(session, wish, request.check))
    return Outcome(plans, warnings=leftovers(plans))


def leftovers(plans: tuple[Plan, ...]) -> tuple[str, ...]:
    """One warning for each role that keeps policies of others: they may allow more than was asked for."""
    return tuple(
        f"{made.object} also holds policies of others: {', '.join(made.after['other_policies'])}. exclusive: true removes them."
        for made in plans
        if made.after and made.after.get("other_policies")
    )


def converge(session: AwsSession, wish: Wanted | Absent, check: bool) -> Plan:
    """One role: observe, plan, and unless `check` apply and look again."""
    current = observe(session.iam, wish)
    made = plan(current, wish)
    require_boundary(session.iam, made)
    return made if check else carried_out(session, wish, current, made)


def require_boundary(iam: IAMClient, made: Plan) -> None:
    """Raise `NotFound` if the plan sets a boundary that does not exist: check mode must not promise what will fail."""
    arns = [change.after for change in made.changes if change.field == "permissions_boundary" and change.after]
    for arn in arns:
        with calling(f"find the permissions boundary {arn}"):
            iam.get_policy(PolicyArn=arn)


def carried_out(session: AwsSession, wish: Wanted | Absent, current: Role | None, made: Plan) -> Plan:
    """The plan, done and looked at again until IAM's copies agree; a plan with refusals is not begun."""
    if not made.changes or made.refusals:
        return made
    apply(session.iam, made, current)
    if isinstance(wish, Wanted):
        settled(
            lambda: observe(session.iam, wish), lambda found: found is not None and not plan(found, wish).changes, made.object
        )
    return made


def observe(iam: IAMClient, wish: Wanted | Absent) -> Role | None:
    """Read the role and its policies; None if it is not there."""
    name = wish.name
    try:
        with calling(f"look at the IAM role {name}"):
            found = role_from(iam.get_role(RoleName=name)["Role"])
    except NotFound:
        return None
    with calling(f"list the policies of {name}"):
        inline = [
            entry for page in iam.get_paginator("list_role_policies").paginate(RoleName=name) for entry in page["PolicyNames"]
        ]
        pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        attached = [entry["PolicyArn"] for page in pages for entry in page["AttachedPolicies"]]
    others = tuple(sorted([entry for entry in inline if entry != POLICY_NAME] + attached))
    profiles: tuple[str, ...] = ()
    if isinstance(wish, Absent):
        with calling(f"look for machines that use {name}"):
            answer = iam.list_instance_profiles_for_role(RoleName=name)
        profiles = tuple(entry["InstanceProfileName"] for entry in answer["InstanceProfiles"])
    policy: Mapping[str, Any] = {}
    if POLICY_NAME in inline:
        with calling(f"read the policy of {name}"):
            document: Any = iam.get_role_policy(RoleName=name, PolicyName=POLICY_NAME)["PolicyDocument"]
        policy = json.loads(document) if isinstance(document, str) else document
    return dataclasses.replace(found, policy=policy, others=others, instance_profiles=profiles)


def apply(iam: IAMClient, made: Plan, current: Role | None) -> None:
    """Write what the plan lists, in its order, and nothing else."""
    name = made.object.partition("/")[2]
    if made.after is None:
        _delete(iam, name, made.before)
    elif current is None:
        _create(iam, name, made.after)
        if made.after.get("statements"):
            _write_policy(iam, name, made.after["statements"])
    else:
        _update(iam, current, made.after, {change.field for change in made.changes})


def _create(iam: IAMClient, name: str, after: Mapping[str, Any]) -> None:
    arguments: dict[str, Any] = {"AssumeRolePolicyDocument": json.dumps(after["trust"])}
    for field, argument in (
        ("description", "Description"),
        ("permissions_boundary", "PermissionsBoundary"),
        ("max_session_duration", "MaxSessionDuration"),
    ):
        if after.get(field):
            arguments[argument] = after[field]
    if after.get("tags"):
        arguments["Tags"] = tag_changes({}, after["tags"])[0]
    with calling(f"create the IAM role {name}"):
        iam.create_role(RoleName=name, **arguments)


def _update(iam: IAMClient, current: Role, after: Mapping[str, Any], fields: set[str]) -> None:
    name = current.name
    # The fence first: whatever is widened below is widened inside it.
    if "permissions_boundary" in fields:
        with calling(f"set the permissions boundary of {name}"):
            if after["permissions_boundary"]:
                iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=after["permissions_boundary"])
            else:
                iam.delete_role_permissions_boundary(RoleName=name)
    if "trust" in fields:
        with calling(f"set the trust policy of {name}"):
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(after["trust"]))
    if fields & {"description", "max_session_duration"}:
        with calling(f"set description and session duration of {name}"):
            iam.update_role(RoleName=name, Description=after["description"], MaxSessionDuration=after["max_session_duration"])
    if "statements" in fields:
        _write_policy(iam, name, after["statements"])
    if "other_policies" in fields and current.others is not KEEP:
        _remove_policies(iam, name, current.others)
    if "tags" in fields:
        put, gone = tag_changes(current.tags, after["tags"])
        with calling(f"set the tags of {name}"):
            if put:
                iam.tag_role(RoleName=name, Tags=put)  # type: ignore[arg-type]  # a list of Key and Value
            if gone:
                iam.untag_role(RoleName=name, TagKeys=gone)


def _write_policy(iam: IAMClient, name: str, document: Mapping[str, Any]) -> None:
    with calling(f"set the policy of {name}"):
        if document:
            iam.put_role_policy(RoleName=name, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(document))
        else:
            iam.delete_role_policy(RoleName=name, PolicyName=POLICY_NAME)


def _remove_policies(iam: IAMClient, name: str, policies: tuple[str, ...] | list[str]) -> None:
    with calling(f"remove policies from {name}"):
        for policy in policies:
            if policy.startswith("arn:"):
                iam.detach_role_policy(RoleName=name, PolicyArn=policy)
            else:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)


def _delete(iam: IAMClient, name: str, before: Mapping[str, Any]) -> None:
    ours = [POLICY_NAME] if before.get("statements") else []
    _remove_policies(iam, name, [*ours, *before.get("other_policies", [])])
    with calling(f"delete the IAM role {name}"):
        iam.delete_role(RoleName=name)


CAPABILITY = Capability("iam_workload_role", SPEC, run, PERMISSIONS)
