# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`app_supply_chain` on the sandbox's AWS API: the audit predicts the run, every kind of drift heals, foreign things are
refused, and the rights it names are the calls it makes."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import app_supply_chain, ecr, ecr_registry, iam
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import session as sessions
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.app_supply_chain import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.supply_chain import CONTROLS

VERDICT = {
    "path": "full",
    "score": 50,
    "reasons": [],
    "controls": list(CONTROLS),
    "facts": {},
    "credentials": [],
    "contradictions": [],
    "commit": "0" * 40,
}
BOUNDARY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture
def task(
    aws: dict[str, Any],
    name: str,
    alias: tuple[str, str],
    client: Callable[[str], Any],
    root: pathlib.Path,
    tmp_path: pathlib.Path,
) -> dict[str, Any]:
    """The arguments of the role's task for an app of its own, with a key and a boundary."""
    entry = yaml.safe_load((root / "inventories" / "apps" / "where2eat.yml").read_text())
    path = tmp_path / f"{name}.yml"
    path.write_text(yaml.safe_dump({**entry, "name": name, "image": name}))
    boundary = client("iam").create_policy(PolicyName=name, PolicyDocument=json.dumps(BOUNDARY))["Policy"]["Arn"]
    profile = {
        "name": "sandbox",
        "embedded": True,
        "aws": {**aws, "kms_key": alias[0], "permissions_boundary": boundary, "oidc_provider": "oidc.example/id/A"},
        "database": {"host": "127.0.0.1"},
        "registry": {"address": "127.0.0.1:5000"},
        "adopt": "report",
    }
    app = {"name": name, "environment": "sandbox", "file": str(path)}
    return {"app": app, "profile": profile, "verdict": VERDICT}


def states(result: dict[str, Any]) -> dict[str, str]:
    return {answer["control"]: answer["state"] for answer in result["answers"]}


def test_check_predicts_the_run_and_the_second_run_is_quiet(cycle: Any, task: dict[str, Any]) -> None:
    assert set(states(cycle.ask(CAPABILITY, task, check=True)).values()) == {"drifted"}
    done = cycle.stage(CAPABILITY, task)
    assert set(states(done)) == set(CONTROLS) and set(states(done).values()) == {"in_place"}


def _wide_trust(iam: Any, role: str) -> None:
    principal = {"Service": "pods.eks.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


DRIFTS: dict[str, tuple[str, Callable[[Any, Any, str, str], Any]]] = {
    "tags may be moved": (
        "supply_chain-01",
        lambda ecr, iam, name, role: ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE"),
    ),
    "scanning is off": (
        "supply_chain-02",
        lambda ecr, iam, name, role: ecr.put_image_scanning_configuration(
            repositoryName=name, imageScanningConfiguration={"scanOnPush": False}
        ),
    ),
    "nothing expires": ("supply_chain-04", lambda ecr, iam, name, role: ecr.delete_lifecycle_policy(repositoryName=name)),
    "strangers may pull": ("supply_chain-05", lambda ecr, iam, name, role: ecr.delete_repository_policy(repositoryName=name)),
    "nobody pays": ("supply_chain-06", lambda ecr, iam, name, role: iam.untag_role(RoleName=role, TagKeys=["cost-center"])),
    "everybody may take the role": ("supply_chain-07", lambda ecr, iam, name, role: _wide_trust(iam, role)),
    "a policy was added": (
        "supply_chain-08",
        lambda ecr, iam, name, role: iam.put_role_policy(RoleName=role, PolicyName="x", PolicyDocument=json.dumps(BOUNDARY)),
    ),
    "a policy was attached": (
        "supply_chain-08",
        lambda ecr, iam, name, role: iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::123456789012:policy/{name}"),
    ),
    "our policy is gone": (
        "supply_chain-08",
        lambda ecr, iam, name, role: iam.delete_role_policy(RoleName=role, PolicyName="workload"),
    ),
    "the boundary is gone": (
        "supply_chain-09",
        lambda ecr, iam, name, role: iam.delete_role_permissions_boundary(RoleName=role),
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_just_what_drifted_is_told_and_healed(
    cycle: Any, task: dict[str, Any], client: Callable[[str], Any], name: str, drift: str
) -> None:
    cycle.ask(CAPABILITY, task)
    control, break_it = DRIFTS[drift]
    break_it(client("ecr"), client("iam"), name, f"microapp-{name}-sandbox")
    audit = cycle.ask(CAPABILITY, task, check=True)
    assert {key for key, state in states(audit).items() if state != "in_place"} == {control}
    assert states(audit)[control] == "drifted"
    if control == "supply_chain-07":
        told = next(answer["found"] for answer in audit["answers"] if answer["control"] == control)
        assert "another namespace by Pod Identity" in told
    healed = cycle.stage(CAPABILITY, task)
    assert set(states(healed).values()) == {"in_place"} and len(healed["diff"]) == 1


@pytest.mark.parametrize("check", [True, False])
def test_another_encryption_is_violated_and_the_rest_enforced(
    cycle: Any, task: dict[str, Any], client: Callable[[str], Any], name: str, check: bool
) -> None:
    client("ecr").create_repository(repositoryName=name, tags=[{"Key": "goldenpath.microapps/app", "Value": name}])
    evidence = {"directory": "/nonexistent", "app": name, "environment": "sandbox"}
    result = cycle.ask(CAPABILITY, {**task, "evidence": evidence}, check=check)
    assert not result.get("failed")
    answered = states(result)
    assert answered.pop("supply_chain-03") == "violated"
    assert set(answered.values()) == {"drifted" if check else "in_place"}
    found = client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    assert found["imageTagMutability"].startswith("MUTABLE" if check else "IMMUTABLE")


def test_what_others_made_is_refused_until_the_profile_takes_it(
    cycle: Any, task: dict[str, Any], client: Callable[[str], Any], name: str
) -> None:
    client("ecr").create_repository(
        repositoryName=name, encryptionConfiguration={"encryptionType": "KMS", "kmsKey": _key(client, name)}
    )
    for check in (True, False):
        result = cycle.ask(CAPABILITY, task, check=check)
        assert result["failed"] and "was not made by us" in result["msg"]
        assert states(result)["supply_chain-01"] == "violated"
    assert client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]["imageTagMutability"] == "MUTABLE"
    taken = cycle.ask(CAPABILITY, {**task, "profile": {**task["profile"], "adopt": "take"}})
    assert set(states(taken).values()) == {"in_place"}
    owner = [{"Key": "goldenpath.microapps/app", "Value": "somebody-else"}]
    client("iam").tag_role(RoleName=f"microapp-{name}-sandbox", Tags=owner)
    refused = cycle.ask(CAPABILITY, {**task, "profile": {**task["profile"], "adopt": "take"}})
    assert refused["failed"] and "belongs to somebody-else" in refused["msg"]


def _key(client: Callable[[str], Any], name: str) -> str:
    return str(client("kms").describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"])


def test_a_key_that_is_not_there_reaches_nothing(cycle: Any, task: dict[str, Any]) -> None:
    profile = {**task["profile"], "aws": {**task["profile"]["aws"], "kms_key": "alias/nowhere"}}
    evidence = {"directory": "/nonexistent", "app": "x", "environment": "sandbox"}
    result = cycle.ask(CAPABILITY, {**task, "profile": profile, "evidence": evidence}, check=True)
    assert set(states(result).values()) == {"not_reached"}


def test_the_rights_are_the_calls(
    cycle: Any, task: dict[str, Any], client: Callable[[str], Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: set[str] = set()

    def listen(model: Any, **_unused: Any) -> None:
        made.add(f"{model.service_model.signing_name}:{model.name}")

    def watched(*arguments: Any) -> Any:
        session = sessions.session_for(*arguments)
        session.on_call(listen)
        return session

    monkeypatch.setattr(app_supply_chain, "session_for", watched)
    cycle.ask(CAPABILITY, task)
    for _unused, break_it in DRIFTS.values():
        break_it(client("ecr"), client("iam"), name, f"microapp-{name}-sandbox")
        cycle.ask(CAPABILITY, task)
    repository = client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    client("ecr").untag_resource(resourceArn=repository["repositoryArn"], tagKeys=["cost-center"])
    cycle.ask(CAPABILITY, task)
    role = f"microapp-{name}-sandbox"
    client("iam").update_role(RoleName=role, Description="by hand", MaxSessionDuration=3600)
    cycle.ask(CAPABILITY, task)
    assert made - {"sts:GetCallerIdentity"} <= set(CAPABILITY.permissions)
    # What AWS asks for without a call of ours: grants on the key for ECR.
    assert set(CAPABILITY.permissions) - made == set(ecr.GRANTED_TO_AWS)
    modules = (ecr, ecr_registry, iam)
    assert set(CAPABILITY.permissions) <= {right for module in modules for right in module.CAPABILITY.permissions}


@pytest.fixture
def scanning(client: Callable[[str], Any]) -> Iterator[Callable[..., None]]:
    """Sets what the account's registry scans; it scans as accounts do at first afterwards."""
    raw = client("ecr")

    def set_to(kind: str, *rules: tuple[str, str]) -> None:
        listed = [
            {"scanFrequency": frequency, "repositoryFilters": [{"filter": text, "filterType": "WILDCARD"}]}
            for frequency, text in rules
        ]
        raw.put_registry_scanning_configuration(scanType=kind, rules=listed)

    yield set_to
    set_to("BASIC")


def test_enhanced_scanning_that_leaves_the_repository_out_is_told(
    cycle: Any, task: dict[str, Any], name: str, scanning: Callable[..., None]
) -> None:
    scanning("ENHANCED", ("CONTINUOUS_SCAN", "somebody-elses"))
    for check in (True, False):
        told = cycle.ask(CAPABILITY, task, check=check)
        (answer,) = [one for one in told["answers"] if one["control"] == "supply_chain-02"]
        assert answer["state"] == "violated" and "no rule of it is for" in answer["reason"], answer
        assert told["changed"]
    others = {control: state for control, state in states(told).items() if control != "supply_chain-02"}
    assert set(others.values()) == {"in_place"}
    for rules in ([("CONTINUOUS_SCAN", name)], [("SCAN_ON_PUSH", "*")]):
        scanning("ENHANCED", *rules)
        quiet = cycle.ask(CAPABILITY, task)
        assert set(states(quiet).values()) == {"in_place"} and not quiet["changed"]
