# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may read a secret and where its copies are: decided without AWS."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.keeping import (
    Keeping,
    Replica,
    plan,
    policy_of,
    principal_of,
    wanted_by,
)

US = "arn:aws:iam::123456789012:role/goldenpath"
SESSION = "arn:aws:sts::123456789012:assumed-role/goldenpath/someone"
NAME = "microapps/dev/x/database"


def profile(**store: Any) -> Profile:
    return Profile(
        "dev", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), secret_store=SecretStore(**store)
    )


@pytest.fixture(scope="module")
def app(root: Any) -> App:
    return load_app(str(root / "inventories/apps/where2eat.yml"), "where2eat", "dev")


def changes(*arguments: Any) -> list[tuple[str, str]]:
    return [(change.action, change.field) for change in plan(NAME, *arguments).changes]


def test_what_the_profile_omits_is_not_looked_at(app: App) -> None:
    assert wanted_by(app, profile()) == Keeping()
    assert changes(Keeping(), Keeping()) == []
    assert wanted_by(app, profile(replicas=())) == Keeping({}, None)


def test_the_policy_grants_nothing_and_names_no_reader_by_a_wildcard(app: App) -> None:
    made = policy_of(app, profile(readers=(US,)))
    assert {one["Effect"] for one in made["Statement"]} == {"Deny"}
    assert made["Statement"][0]["Condition"]["StringNotEquals"]["aws:PrincipalArn"] == [
        US,
        "arn:aws:iam::123456789012:role/microapp-where2eat-dev",
    ]


@pytest.mark.parametrize(
    ("have", "changed"),
    [
        ({}, True),
        ({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}, True),
        ("ours", False),
    ],
)
def test_a_policy_is_compared_by_what_it_means(app: App, have: Any, changed: bool) -> None:
    wanted = wanted_by(app, profile(readers=(US,)))
    policy = json.loads(json.dumps(wanted.policy)) if have == "ours" else have
    assert changes(Keeping(policy=policy), wanted, SESSION) == ([("update", "resource_policy")] if changed else [])


@pytest.mark.parametrize(
    "caller", ["", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/goldenpath", SESSION.replace("12:", "13:")]
)
def test_whoever_would_lock_itself_out_is_refused(app: App, caller: str) -> None:
    made = plan(NAME, Keeping(policy={}), wanted_by(app, profile(readers=(US,))), caller)
    assert made.verb == "refused" and "secret_store.readers" in made.refusals[0].sentence()


def test_a_session_is_its_role_whatever_the_roles_path() -> None:
    assert principal_of(SESSION) == principal_of("arn:aws:iam::123456789012:role/platform/goldenpath")


def test_replicas_are_those_of_the_profile() -> None:
    have = Keeping({"eu-north-1": Replica("alias/aws/secretsmanager"), "eu-south-1": Replica("k")})
    assert changes(have, Keeping({"eu-north-1": Replica(), "eu-central-1": Replica("alias/x")})) == [
        ("create", "replicas.eu-central-1"),
        ("delete", "replicas.eu-south-1"),
    ]
    made = plan(NAME, have, Keeping({"eu-north-1": Replica(), "eu-south-1": Replica("k")}))
    assert made.changes == () and made.before == made.after


@pytest.mark.parametrize(
    ("there", "asked", "sentence"),
    [
        (Replica("k", "a secret of this name exists"), Replica(), "a secret of this name exists"),
        (Replica("arn:aws:kms:eu-north-1:123456789012:key/one"), Replica("alias/two"), "changes the key of no replica"),
    ],
)
def test_what_cannot_be_changed_in_place_is_refused(there: Replica, asked: Replica, sentence: str) -> None:
    made = plan(NAME, Keeping({"eu-north-1": there}), Keeping({"eu-north-1": asked}))
    assert made.verb == "refused" and sentence in made.refusals[0].sentence()


def test_a_secret_that_is_yet_to_be_made(app: App) -> None:
    wanted = wanted_by(app, dataclasses.replace(profile(readers=(US,), replicas=(("eu-north-1", ""),))))
    assert plan(NAME, None, wanted, SESSION).verb == "created"
