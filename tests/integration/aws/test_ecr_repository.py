# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`ecr_repository` on the sandbox's AWS API: the twelve steps, an option at a time, and the stock module's measured faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.ecr import CAPABILITY

EXPIRE = {"type": "expire"}


def rule(days: int) -> dict[str, Any]:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return {"rules": [{"rulePriority": 1, "selection": selection, "action": EXPIRE}]}


def policy(*actions: str) -> dict[str, Any]:
    principal = {"AWS": "arn:aws:iam::123456789012:root"}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": list(actions)}]}


# What a repository is made with, and what it is changed to.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mutability": ({"mutability": "mutable"}, {"mutability": "immutable"}),
    "exclusions": ({"mutability": "immutable"}, {"exclusions": ["sha256-*", "cache"]}),
    "exclusions taken away": ({"mutability": "immutable", "exclusions": ["a*"]}, {"exclusions": []}),
    "scan on push": ({}, {"scan_on_push": True}),
    "lifecycle": ({"lifecycle": rule(14)}, {"lifecycle": rule(7)}),
    "lifecycle taken away": ({"lifecycle": rule(14)}, {"lifecycle": {}}),
    "policy": ({"policy": policy("ecr:BatchGetImage")}, {"policy": policy("ecr:BatchGetImage", "ecr:PutImage")}),
    "policy taken away": ({"policy": policy("ecr:BatchGetImage")}, {"policy": {}}),
    "tags": ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "3"}, "purge_tags": True}),
}


def seen(ecr: Any, name: str) -> Any:
    """What a raw client sees of a repository."""
    try:
        found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ecr.exceptions.RepositoryNotFoundException:
        return None
    found.pop("createdAt")
    parts = [
        found,
        sorted((tag["Key"], tag["Value"]) for tag in ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]),
    ]
    for read, key in ((ecr.get_lifecycle_policy, "lifecyclePolicyText"), (ecr.get_repository_policy, "policyText")):
        try:
            parts.append(read(repositoryName=name)[key])
        except ecr.exceptions.ClientError:
            parts.append(None)
    return parts


@pytest.mark.parametrize("case", CASES)
def test_the_twelve_steps(cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str, case: str) -> None:
    ecr = client("ecr")
    made, changed = CASES[case]
    wishes = [{"aws": aws, "repositories": [{"name": name, **wish}]} for wish in (made, changed, {"state": "absent"})]
    cycle.cycle(CAPABILITY, *wishes, witness=lambda: seen(ecr, name))


def test_what_is_not_asked_for_is_left_alone(cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str) -> None:
    # Stock: {name: x} on such a repository made it mutable and switched scanning off.
    ecr = client("ecr")
    filters = [{"filterType": "WILDCARD", "filter": "sha256-*"}]
    ecr.create_repository(
        repositoryName=name,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
        imageScanningConfiguration={"scanOnPush": True},
        tags=[{"Key": "theirs", "Value": "kept"}],
    )
    before = seen(ecr, name)
    for wish in ({}, {"mutability": "immutable"}, {"scan_on_push": True}, {"tags": {"theirs": "kept"}}):
        result = cycle.ask(CAPABILITY, {"aws": aws, "repositories": [{"name": name, **wish}]})
        assert not result["changed"]
    assert seen(ecr, name) == before
    cycle.stage(CAPABILITY, {"aws": aws, "repositories": [{"name": name, "tags": {"ours": "new"}}]})
    assert seen(ecr, name)[1] == [("ours", "new"), ("theirs", "kept")]


def test_aes256_and_a_key_by_alias_are_stable(
    cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str, alias: tuple[str, str]
) -> None:
    # Stock: AES256 could not be made at all, and an alias failed the second run.
    wishes = [
        {"name": f"{name}-a", "encryption": {"type": "AES256"}},
        {"name": f"{name}-b", "encryption": {"type": "KMS", "key": alias[0]}},
        {"name": f"{name}-c", "encryption": {"type": "KMS"}},
    ]
    cycle.stage(CAPABILITY, {"aws": aws, "repositories": wishes})
    found = client("ecr").describe_repositories(repositoryNames=[f"{name}-b"])["repositories"][0]
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": alias[1]}


@pytest.mark.parametrize("check", [True, False])
def test_another_encryption_is_refused_and_nothing_is_changed(
    cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str, alias: tuple[str, str], check: bool
) -> None:
    client("ecr").create_repository(repositoryName=name)
    wish = {"name": name, "encryption": {"type": "KMS", "key": alias[0]}, "scan_on_push": True}
    before = seen(client("ecr"), name)
    result = cycle.ask(CAPABILITY, {"aws": aws, "repositories": [wish]}, check=check)
    assert result["failed"] and not result["changed"]
    assert f"The encryption of {name} cannot become KMS {alias[1]}" in result["msg"] and "Copy the images" in result["msg"]
    assert seen(client("ecr"), name) == before


def test_images_are_not_deleted_by_accident(cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str) -> None:
    ecr = client("ecr")
    ecr.create_repository(repositoryName=name)
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [], "config": {}}'
    ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")
    for check in (True, False):
        result = cycle.ask(CAPABILITY, {"aws": aws, "repositories": [{"name": name, "state": "absent"}]}, check=check)
        assert result["failed"] and "it holds images" in result["msg"]
    assert seen(ecr, name)
    cycle.stage(CAPABILITY, {"aws": aws, "repositories": [{"name": name, "state": "absent", "force": True}]})


def test_a_failure_is_one_answer_among_others(cycle: Any, aws: dict[str, Any], name: str) -> None:
    wishes = [
        {"name": f"{name}-a"},
        {"name": f"{name}-b", "encryption": {"type": "KMS", "key": "alias/nowhere"}},
        {"name": f"{name}-c"},
    ]
    result = cycle.ask(CAPABILITY, {"aws": aws, "repositories": wishes})
    assert [entry["action"] for entry in result["objects"]] == ["created", "failed", "created"]
    assert result["failed"] and "Could not find the KMS key alias/nowhere" in result["msg"]


def test_the_wrong_account_is_nothing_at_all(cycle: Any, aws: dict[str, Any], client: Callable[[str], Any], name: str) -> None:
    wrong = {**aws, "account": "999999999999"}
    result = cycle.ask(CAPABILITY, {"aws": wrong, "repositories": [{"name": name}]})
    assert result["failed"] and "the profile is for 999999999999" in result["msg"]
    assert seen(client("ecr"), name) is None
