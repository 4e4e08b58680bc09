# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`iam_workload_role` on the sandbox's AWS API. moto checks policies' form but evaluates none: who may take a role is proven
by tests/unit/aws/test_trust.py, against what AWS documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.iam import CAPABILITY

TRUST = {"namespace": "shop-dev", "service_account": "shop"}
IRSA = {"issuer": "oidc.example/id/A", "provider_arn": "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A"}
READ = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::shop/*"]}
WRITE = {"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::shop/*"]}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "description": ({"description": "one"}, {"description": "two"}),
    "trust": ({}, {"trust": {**TRUST, "irsa": IRSA}}),
    "session": ({"max_session_duration": 3600}, {"max_session_duration": 7200}),
    "statements": ({"statements": [READ]}, {"statements": [READ, WRITE]}),
    "statements taken away": ({"statements": [READ]}, {"statements": []}),
    "tags": ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "3"}, "purge_tags": True}),
}


def seen(iam: Any, name: str) -> Any:
    """What a raw client sees of a role."""
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    inline = {
        entry: iam.get_role_policy(RoleName=name, PolicyName=entry)["PolicyDocument"]
        for entry in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }
    attached = [entry["PolicyArn"] for entry in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
    for key in ("CreateDate", "RoleLastUsed"):
        found.pop(key, None)
    return json.dumps([found, inline, attached], sort_keys=True, default=str)


@pytest.mark.parametrize("case", CASES)
def test_the_twelve_steps(cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str, case: str) -> None:
    iam = client("iam")
    made, changed = CASES[case]
    wishes = [{"name": name, "trust": TRUST, **made}, {"name": name, **changed}, {"name": name, "state": "absent"}]
    cycle.cycle(CAPABILITY, *({"aws": aws, "roles": [wish]} for wish in wishes), witness=lambda: seen(iam, name))


def test_a_boundary_is_set_changed_and_taken_away(
    cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str
) -> None:
    iam = client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    arns = [iam.create_policy(PolicyName=f"{name}-{part}", PolicyDocument=document)["Policy"]["Arn"] for part in "ab"]
    role = {"name": name, "trust": TRUST}
    for arn in (*arns, ""):
        cycle.stage(CAPABILITY, {"aws": aws, "roles": [{**role, "permissions_boundary": arn}]}, lambda: seen(iam, name))
    for check in (True, False):
        missing = {**role, "permissions_boundary": f"{arns[0]}-not"}
        result = cycle.ask(CAPABILITY, {"aws": aws, "roles": [missing]}, check=check)
        assert result["failed"] and "Could not find the permissions boundary" in result["msg"]


def test_policies_of_others_are_reported_and_removed_on_request(
    cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str
) -> None:
    iam = client("iam")
    role = {"name": name, "trust": TRUST, "statements": [READ]}
    cycle.ask(CAPABILITY, {"aws": aws, "roles": [role]})
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.put_role_policy(RoleName=name, PolicyName="by-hand", PolicyDocument=document)
    result = cycle.ask(CAPABILITY, {"aws": aws, "roles": [role]})
    assert not result["changed"] and "by-hand" in result["warnings"][0] and arn in result["warnings"][0]
    cycle.stage(CAPABILITY, {"aws": aws, "roles": [{**role, "exclusive": True}]}, lambda: seen(iam, name))
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["workload"]
    assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]


def test_a_role_of_machines_is_not_deleted(cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str) -> None:
    iam = client("iam")
    cycle.ask(CAPABILITY, {"aws": aws, "roles": [{"name": name, "trust": TRUST}]})
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    for check in (True, False):
        result = cycle.ask(CAPABILITY, {"aws": aws, "roles": [{"name": name, "state": "absent"}]}, check=check)
        assert result["failed"] and "machines use it" in result["msg"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"trust": {"namespace": "*", "service_account": "shop"}}, "does not name exactly one"),
        ({"trust": {"namespace": "shop", "service_account": "sh?p"}}, "does not name exactly one"),
        ({"trust": {**TRUST, "pod_identity": False}}, "nobody could take this role"),
        ({"statements": [{"actions": ["*"], "resources": ["arn:aws:s3:::x"]}]}, "does not name a call"),
        ({"statements": [{"actions": ["s3:*"], "resources": ["arn:aws:s3:::x"]}]}, "nearly all of s3"),
        ({"statements": [{"actions": ["s3:GetObject"], "resources": ["*"]}]}, "on every object"),
        ({"statements": [{"actions": ["iam:PassRole"], "resources": ["arn:aws:iam::1:role/x"]}]}, "changes who may do what"),
    ],
)
def test_what_is_too_wide_is_refused(cycle: Any, aws: dict[str, Any], name: str, wish: dict[str, Any], words: str) -> None:
    result = cycle.ask(CAPABILITY, {"aws": aws, "roles": [{"name": name, "trust": TRUST, **wish}]}, check=True)
    assert result["failed"] and words in result["msg"]
