# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans as tables: what AWS has, what is wanted, what is to be done. No client anywhere."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import ecr_plan, iam_plan
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.ecr_plan import Encryption, Repository
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.sets import adoption, apart, checked_tags
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.trust import Trust, trust_policy
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import answers_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid

# As DescribeRepositories answers.
ANSWER: dict[str, Any] = {
    "repositoryArn": "arn:aws:ecr:eu-west-1:123456789012:repository/shop",
    "registryId": "123456789012",
    "repositoryName": "shop",
    "repositoryUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop",
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "sha256-*"}],
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:eu-west-1:123456789012:key/k"},
}
HERE = dataclasses.replace(ecr_plan.repository_from(ANSWER), lifecycle={}, policy={}, tags={"a": "1", "aws:x": "y"})
Wanted = ecr_plan.Wanted


def test_an_answer_of_aws_as_a_repository() -> None:
    assert (
        Repository(
            "shop",
            ANSWER["repositoryArn"],
            "IMMUTABLE",
            ("sha256-*",),
            True,
            Encryption("KMS", "arn:aws:kms:eu-west-1:123456789012:key/k"),
            {},
            {},
            {"a": "1", "aws:x": "y"},
        )
        == HERE
    )
    plain = ecr_plan.repository_from({"repositoryArn": "x", "repositoryName": "y"})
    assert (plain.mutability, plain.exclusions, plain.scan_on_push, plain.encryption) == (
        "MUTABLE",
        (),
        False,
        Encryption("AES256"),
    )


@pytest.mark.parametrize(
    ("wish", "changed"),
    [
        ({}, {}),
        ({"mutability": "IMMUTABLE"}, {}),
        ({"mutability": "IMMUTABLE", "exclusions": ()}, {"exclusions": []}),
        ({"mutability": "MUTABLE", "exclusions": ()}, {"mutability": "MUTABLE", "exclusions": []}),
        ({"scan_on_push": False}, {"scan_on_push": False}),
        ({"encryption": Encryption("KMS")}, {}),
        ({"encryption": HERE.encryption}, {}),
        ({"lifecycle": {}}, {}),
        ({"policy": {"Statement": [{"Effect": "Deny"}]}}, {"policy": {"Statement": [{"Effect": "Deny"}]}}),
        ({"tags": {"a": "1"}}, {}),
        ({"tags": {"b": "2"}}, {"tags": {"a": "1", "aws:x": "y", "b": "2"}}),
        ({"tags": {"b": "2"}, "purge_tags": True}, {"tags": {"aws:x": "y", "b": "2"}}),
    ],
)
def test_a_repository_that_is_there(wish: dict[str, Any], changed: dict[str, Any]) -> None:
    kept = copy.deepcopy(wish)
    made = ecr_plan.plan(HERE, Wanted("shop", **wish))
    assert {change.field: change.after for change in made.changes} == changed
    assert made.after == {**made.before, **changed} and not made.refusals
    assert wish == kept


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"encryption": Encryption("AES256")}, "cannot become AES256"),
        ({"encryption": Encryption("KMS", "arn:aws:kms:eu-west-1:123456789012:key/other")}, "key/other"),
        ({"mutability": "MUTABLE"}, "would then mean the opposite"),
    ],
)
def test_what_must_not_be_done_in_place(wish: dict[str, Any], words: str) -> None:
    made = ecr_plan.plan(HERE, Wanted("shop", **wish))
    assert words in made.refusals[0].sentence() and not made.changes and made.after == made.before


def test_a_new_repository_answers_for_every_control() -> None:
    controls = {"mutability": "c-1", "encryption": "c-2", "tags": "c-3"}
    made = ecr_plan.plan(None, Wanted("shop", mutability="IMMUTABLE"), controls)
    assert made.verb == "created" and {change.control for change in made.changes} == {"c-1", "c-2", "c-3"}
    assert {str(answer.state) for answer in answers_of([made], ["c-1", "c-2", "c-3"], check=True)} == {"drifted"}


def test_a_refused_field_does_not_hide_the_others() -> None:
    controls = {"encryption": "c-1", "scan_on_push": "c-2", "tags": "c-3"}
    made = ecr_plan.plan(HERE, Wanted("shop", scan_on_push=False, encryption=Encryption("AES256"), tags={"a": "1"}), controls)
    states = {answer.control: str(answer.state) for answer in answers_of(apart(made), ["c-1", "c-2", "c-3"], check=True)}
    assert states == {"c-1": "violated", "c-2": "drifted", "c-3": "in_place"}


OPTIONS: dict[str, Any] = dict.fromkeys(("mutability", "exclusions", "scan_on_push", "encryption", "lifecycle", "policy", "tags"))
OPTIONS.update(name="shop", state="present", force=False, purge_tags=False)


@pytest.mark.parametrize(
    "option",
    [
        {"name": "Shop"},
        {"name": "a//b"},
        {"name": "x"},
        {"exclusions": ["a", "b", "c", "d", "e", "f"]},
        {"exclusions": ["*a*b*"]},
        {"exclusions": ["no space"]},
        {"encryption": {"type": "AES256", "key": "alias/x"}},
        {"tags": {"aws:mine": "x"}},
        {"tags": {"k": "v" * 257}},
    ],
)
def test_what_aws_would_refuse_is_refused_before_the_first_call(option: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        ecr_plan.wanted({**OPTIONS, **option})


TRUST = trust_policy(Trust("shop-dev", "shop"))
ROLE = dataclasses.replace(
    iam_plan.role_from(
        {
            "Path": "/",
            "RoleName": "shop",
            "Arn": "arn:aws:iam::123456789012:role/shop",
            "AssumeRolePolicyDocument": TRUST,
            "Description": "one",
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::1:policy/b"},
            "Tags": [{"Key": "a", "Value": "1"}],
        }
    ),
    policy={},
    others=("by-hand",),
)
READ = iam_plan.policy_of([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}])


@pytest.mark.parametrize(
    ("wish", "changed"),
    [
        ({}, {}),
        ({"description": "one", "trust": trust_policy(Trust("shop-dev", "shop")), "max_session_duration": 3600}, {}),
        ({"description": ""}, {"description": ""}),
        ({"permissions_boundary": ""}, {"permissions_boundary": ""}),
        ({"policy": {}}, {}),
        ({"policy": READ}, {"statements": READ}),
        ({"exclusive": True}, {"other_policies": []}),
        ({"tags": {"b": "2"}, "purge_tags": True}, {"tags": {"b": "2"}}),
    ],
)
def test_a_role_that_is_there(wish: dict[str, Any], changed: dict[str, Any]) -> None:
    made = iam_plan.plan(ROLE, iam_plan.Wanted("shop", **wish))
    assert {change.field: change.after for change in made.changes} == changed
    assert made.after == {**made.before, **changed}


def test_no_role_is_made_without_trust() -> None:
    made = iam_plan.plan(None, iam_plan.Wanted("shop", description="x"))
    assert made.verb == "refused" and "Give the option trust" in made.refusals[0].sentence()


@pytest.mark.parametrize(
    ("tags", "adopt", "refused"),
    [
        ({"goldenpath.microapps/app": "shop"}, "report", ""),
        ({"goldenpath.microapps/app": "shop"}, "take", ""),
        ({}, "take", ""),
        ({}, "report", "was not made by us"),
        ({"goldenpath.microapps/app": "other"}, "report", "belongs to other"),
        ({"goldenpath.microapps/app": "other"}, "take", "belongs to other"),
    ],
)
def test_first_contact(tags: dict[str, str], adopt: str, refused: str) -> None:
    told = " ".join(refusal.sentence() for refusal in adoption("ecr:repository/shop", tags, "shop", adopt))
    assert (refused in told and told) if refused else not told


def test_tags_are_text() -> None:
    assert checked_tags({"number": 1, "nothing": None}, "x") == {"number": "1", "nothing": ""}
