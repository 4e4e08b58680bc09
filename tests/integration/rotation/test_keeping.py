# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replicas and resource policy of an app's secrets on the sandbox's AWS API. What moto does not prove stands in keeping.py."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys
import uuid
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import aws_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Plan, Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.microapp import Context
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import app_secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.keeping import keep

sys.path.append(str(pathlib.Path(__file__).parent))
import kills
from benches import witness

TAGS = [{"Key": "managed-by", "Value": "goldenpath.microapps"}]
OTHER = "arn:aws:iam::123456789012:role/operations"


class Estate:
    """One app with the secrets of where2eat under a name of its own, and a plain client beside us."""

    def __init__(self, sandbox: Any, root: pathlib.Path) -> None:
        self.aws, self.environ = sandbox.block("aws"), dict(sandbox.environ)
        made = load_app(str(root / "inventories/apps/where2eat.yml"), "where2eat", "sandbox")
        self.app: App = dataclasses.replace(made, name=f"kept-{uuid.uuid4().hex[:8]}", secrets=made.secrets[:2])
        self.names = [self.app.secret_name(spec.name) for spec in self.app.secrets]
        self.client = witness(self.aws, "secretsmanager")
        caller = witness(self.aws, "sts").get_caller_identity()["Arn"]
        self.us = f"arn:aws:iam::{self.aws['account']}:user/{caller.rpartition('/')[2]}"

    def make(self, tags: list[dict[str, str]]) -> None:
        for name in self.names:
            self.client.create_secret(Name=name, SecretString="{}", Tags=tags)

    def run(self, check: bool = False, adopt: str = "report", **store: Any) -> tuple[Plan, ...]:
        profile = Profile(
            "test", aws_from(self.aws), Registry("r"), DatabaseServer("db"), secret_store=SecretStore(**store), adopt=adopt
        )
        found = keep(Request({}, environ=self.environ), Context(self.app, profile, None))
        return found.plans if check else found.apply()

    def policy(self, name: str) -> Any:
        text = self.client.get_resource_policy(SecretId=name).get("ResourcePolicy")
        return json.loads(text) if text else None

    def regions(self, name: str) -> set[str]:
        return {one["Region"] for one in self.client.describe_secret(SecretId=name).get("ReplicationStatus", [])}


@pytest.fixture
def estate(sandbox: Any, root: pathlib.Path) -> Estate:
    made = Estate(sandbox, root)
    assert made.names
    return made


def verbs(plans: tuple[Plan, ...]) -> set[str]:
    return {one.verb for one in plans}


def test_a_whole_life(estate: Estate) -> None:
    estate.make(TAGS)
    asked: dict[str, Any] = {"readers": (estate.us, OTHER), "replicas": (("eu-north-1", ""), ("eu-south-1", ""))}
    planned = estate.run(check=True, **asked)
    assert all(estate.policy(name) is None and not estate.regions(name) for name in estate.names), "a check writes nothing"
    assert estate.run(**asked) == planned and verbs(planned) == {"updated"}
    for name in estate.names:
        assert OTHER in json.dumps(estate.policy(name)) and estate.regions(name) == {"eu-north-1", "eu-south-1"}
    assert verbs(estate.run(**asked)) == {"unchanged"}
    # Drift: a person opens one secret to everybody.
    public = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    estate.client.put_resource_policy(SecretId=estate.names[0], ResourcePolicy=json.dumps(public))
    assert estate.run(replicas=asked["replicas"]) and estate.policy(estate.names[0]) == public, "omitted: left alone"
    again = estate.run(**asked)
    assert [one.verb for one in again].count("updated") == 1 and estate.policy(estate.names[0]) != public
    assert verbs(estate.run(replicas=(("eu-north-1", ""),))) == {"updated"}
    assert all(estate.regions(name) == {"eu-north-1"} and estate.policy(name) for name in estate.names)
    assert verbs(estate.run(replicas=())) == {"updated"}
    assert not any(estate.regions(name) for name in estate.names)


def test_app_secrets_keeps_what_it_has_just_made(
    estate: Estate, sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    entry = yaml.safe_load((root / "inventories/apps/where2eat.yml").read_text())
    made = [{"name": "key", "kind": "generated", "variables": {"value": "KEY"}}]
    file = tmp_path / f"{estate.app.name}.yml"
    file.write_text(yaml.safe_dump({**entry, "name": estate.app.name, "integrations": [], "secrets": made}))
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / f"{estate.app.name}.git")], check=True)
    blocks = {name: sandbox.block(name) for name in ("aws", "cluster", "database", "registry", "runner")}
    store = {"readers": [estate.us], "replicas": {"eu-north-1": ""}}
    profile = {"name": "sandbox", **blocks, "forge": {"kind": "git", "base": f"file://{tmp_path}"}, "secret_store": store}
    params = {"app": {"name": estate.app.name, "environment": "sandbox", "file": str(file)}, "profile": profile}
    name = estate.app.secret_name("key")

    def verb(check: bool) -> str:
        outcome = app_secrets.run(Request({**params, "max_age_days": 90}, check=check, environ=estate.environ))
        return next(one for one in outcome.plans if one.object == f"secretsmanager:keeping/{name}").verb

    assert [verb(True), verb(False), verb(False)] == ["created", "created", "unchanged"]
    assert estate.policy(name) and estate.regions(name) == {"eu-north-1"}


def test_nobody_locks_itself_out_and_nothing_of_others_is_touched(estate: Estate) -> None:
    estate.make([])
    assert estate.run(readers=(estate.us,)) == (), "the secret's own plan refuses it"
    assert verbs(estate.run(readers=(OTHER,), adopt="take")) == {"refused"}
    assert all(estate.policy(name) is None for name in estate.names)
    assert verbs(estate.run(readers=(estate.us,), adopt="take")) == {"updated"}


def test_a_secret_of_that_name_in_the_other_region_is_not_overwritten(estate: Estate) -> None:
    estate.make(TAGS)
    theirs = witness({**estate.aws, "region": "eu-north-1"}, "secretsmanager")
    theirs.create_secret(Name=estate.names[0], SecretString="theirs")
    result = {one.object.rpartition("/")[2]: one for one in estate.run(replicas=(("eu-north-1", ""),))}
    first = result[estate.names[0].rpartition("/")[2]]
    assert first.failure is not None and "not replicated to eu-north-1" in first.failure.sentence()
    assert theirs.get_secret_value(SecretId=estate.names[0], VersionStage="AWSCURRENT")["SecretString"] == "theirs"
    assert {one.verb for one in result.values() if one is not first} <= {"updated"}


def test_killed_at_every_call_the_next_run_finishes(estate: Estate) -> None:
    estate.make(TAGS)
    asked: dict[str, Any] = {"readers": (estate.us,), "replicas": (("eu-north-1", ""),)}
    budget = 0
    while True:
        budget += 1
        for name in estate.names:
            estate.client.delete_resource_policy(SecretId=name)
            estate.client.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-north-1"])
        if not kills.killed(lambda: estate.run(**asked), budget, after=True):
            break
        estate.run(**asked)
        assert all(estate.policy(name) and estate.regions(name) == {"eu-north-1"} for name in estate.names), budget
    assert budget > 8
