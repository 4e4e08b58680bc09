# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policies compared by meaning, the least policy, and what a workload is not given."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.grants import reaches, why_not
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.policies import (
    least_policy,
    same_lifecycle,
    same_meaning,
)

ONE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "A",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::x/*",
            "Condition": {"Bool": {"aws:SecureTransport": True}},
        },
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["a", "b"]},
    ],
}


def other(**parts: Any) -> dict[str, Any]:
    document = copy.deepcopy(ONE)
    document["Statement"][0].update(parts)
    return document


SAME = {
    "order of statements": {**ONE, "Statement": ONE["Statement"][::-1]},
    "order of actions": other(Action=["s3:PutObject", "s3:GetObject"]),
    "case of actions": other(Action=["S3:getobject", "s3:PUTObject"]),
    "a list of one": other(Resource=["arn:aws:s3:::x/*"]),
    "the account's number": other(Principal={"AWS": ["123456789012"]}),
    "another sid": other(Sid="B"),
    "true as text": other(Condition={"bool": {"AWS:SecureTransport": ["true"]}}),
    "twice the same": {**ONE, "Statement": [*ONE["Statement"], ONE["Statement"][1]]},
    "everybody, spelled out": {
        **ONE,
        "Statement": [ONE["Statement"][0], {**ONE["Statement"][1], "Principal": {"AWS": "*"}}],
    },
}
DIFFERENT = {
    "version": {"Statement": ONE["Statement"]},
    "one action less": other(Action="s3:GetObject"),
    "case of a resource": other(Resource="arn:aws:s3:::X/*"),
    "condition gone": other(Condition={}),
    "effect": other(Effect="Deny"),
    "not action": {**ONE, "Statement": [ONE["Statement"][0], {"Effect": "Deny", "Principal": "*", "NotAction": "s3:*"}]},
    "nothing": {},
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_meaning(case: str) -> None:
    assert same_meaning(ONE, SAME[case]) and same_meaning(SAME[case], ONE)


@pytest.mark.parametrize("case", DIFFERENT)
def test_another_meaning(case: str) -> None:
    assert not same_meaning(ONE, DIFFERENT[case]) and not same_meaning(DIFFERENT[case], ONE)


def test_lifecycles_are_compared_by_what_expires() -> None:
    selection = {"tagStatus": "tagged", "tagPrefixList": ["b", "a"], "countNumber": 5}
    one = {"rules": [{"rulePriority": 1, "selection": selection}, {"rulePriority": 2, "selection": {}}]}
    swapped = {**selection, "tagPrefixList": ["a", "b"], "countNumber": "5"}
    assert same_lifecycle(one, {"rules": [{"rulePriority": "2", "selection": {}}, {"rulePriority": "1", "selection": swapped}]})
    assert not same_lifecycle(one, {"rules": [{"rulePriority": 1, "selection": {**selection, "countNumber": 6}}]})
    assert same_lifecycle({}, None) and not same_lifecycle(one, {})


@pytest.mark.parametrize(
    ("action", "resource", "words"),
    [
        ("s3:GetObject", "arn:aws:s3:::photos/*", ""),
        ("s3:Get*", "arn:aws:s3:::photos/*", ""),
        ("xray:PutTraceSegments", "*", ""),
        ("s3:ListAllMyBuckets", "*", ""),
        ("*", "arn:aws:s3:::photos/*", "does not name a call"),
        ("s3:*", "arn:aws:s3:::photos/*", "nearly all of s3"),
        ("s3:G*", "arn:aws:s3:::photos/*", "nearly all of s3"),
        ("s3:*Object", "arn:aws:s3:::photos/*", "nearly all of s3"),
        ("s3:GetObject", "*", "every object"),
        ("s3:GetObject", "arn:aws:s3:::*", "every object"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*:*:*", "every object"),
        ("s3:GetObject", "photos", "not an ARN"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/x", "who may do what"),
        ("organizations:LeaveOrganization", "*", "changes the account"),
    ],
)
def test_what_is_narrow_enough(action: str, resource: str, words: str) -> None:
    why = why_not(action, resource)
    assert (words in why and why) if words else why == ""


@pytest.mark.parametrize(
    ("resource", "does"),
    [
        ("arn:aws:secretsmanager:r:1:secret:microapps/dev/other/database-abc", True),
        ("arn:aws:secretsmanager:r:1:secret:*", True),
        ("arn:aws:secretsmanager:*:1:secret:x", True),
        ("arn:aws:secretsmanager:r:1:secret:theirs/x", False),
    ],
)
def test_a_pattern_that_meets_the_platforms_secrets(resource: str, does: bool) -> None:
    assert reaches(resource, "arn:aws:secretsmanager:r:1:secret:microapps/*") is does


def test_keys_are_made_on_marked_users_only() -> None:
    rights = ["iam:CreateAccessKey", "iam:ListAccessKeys", "iam:TagUser"]
    policy = least_policy(rights, "123456789012", "eu-west-1")
    by_action = {action: statement for statement in policy["Statement"] for action in statement["Action"]}
    assert {statement["Resource"] for statement in by_action.values()} == {"arn:aws:iam::123456789012:user/*"}
    assert by_action["iam:CreateAccessKey"]["Condition"] == {"StringLike": {"iam:ResourceTag/app": "*"}}
    assert by_action["iam:TagUser"]["Condition"]["ForAllValues:StringEquals"] == {"aws:TagKeys": ["goldenpath-key-asked"]}
    assert "Condition" not in by_action["iam:ListAccessKeys"]


def test_the_least_policy_names_our_objects_only() -> None:
    rights = ["ecr:CreateRepository", "iam:CreateRole", "iam:GetRole", "iam:GetPolicy", "sts:GetCallerIdentity", "pods:list"]
    boundary = "arn:aws:iam::123456789012:policy/b"
    policy = least_policy(rights, "123456789012", "eu-west-1", boundary)
    by_action = {action: statement for statement in policy["Statement"] for action in statement["Action"]}
    assert set(by_action) == {"ecr:CreateRepository", "iam:CreateRole", "iam:GetRole", "iam:GetPolicy"}
    assert by_action["iam:CreateRole"]["Resource"] == "arn:aws:iam::123456789012:role/microapp-*"
    assert by_action["iam:CreateRole"]["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    assert "Condition" not in by_action["iam:GetRole"]
    assert all(statement["Resource"] != "*" for statement in policy["Statement"])
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids) and all(sid.isalnum() for sid in sids)
    assert least_policy(rights, "1", "cn-north-1")["Statement"][0]["Resource"].startswith("arn:aws-cn:ecr")
