# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The desired objects of an app, as data: least rights, exact trust, and hostile text kept harmless."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import iam_plan, supply_chain
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.supply_chain import Limits, wanted
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import KEEP
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, DatabaseServer, Profile, Registry

AWS = Aws(
    "123456789012",
    "eu-west-1",
    permissions_boundary="arn:aws:iam::123456789012:policy/b",
    oidc_provider="oidc.example/id/A",
    eks_cluster="arn:aws:eks:eu-west-1:123456789012:cluster/one",
)
PROFILE = Profile("sandbox", AWS, Registry("127.0.0.1:5000"), DatabaseServer("127.0.0.1"))
LIMITS = Limits(("sha256-*",), 100, 14)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


@pytest.fixture(scope="module")
def app(root: pathlib.Path) -> App:
    """Where2Eat in the sandbox."""
    return load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")


def statements(desired: supply_chain.Desired) -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in desired.role.policy["Statement"]}


def test_the_role_may_do_what_was_declared_and_read_its_own_secrets(app: App) -> None:
    made = statements(wanted(app, PROFILE, None, LIMITS, KEY))
    assert made["Declared1"]["Action"] == ["s3:GetObject"] and made["Declared1"]["Resource"] == [
        "arn:aws:s3:::where2eat-photos/*"
    ]
    own = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:microapps/sandbox/where2eat/*"
    assert made["OwnSecrets"]["Resource"] == [own]
    assert all(action.split(":")[1].startswith(("Get", "Describe")) for action in made["OwnSecrets"]["Action"])
    assert made["OwnSecretsKey"]["Condition"]["StringLike"] == {"kms:EncryptionContext:SecretARN": own}
    assert set(made) == {"Declared1", "OwnSecrets", "OwnSecretsKey"}


def test_who_logs_in_by_identity_may_sign_for_its_own_login_and_no_other(app: App) -> None:
    login = SecretSpec("database", "aws_rds_iam", (("username", "DATABASE_USER"),))
    nameless = dataclasses.replace(app, name="where-2-eat", secrets=(login,))
    on_rds = dataclasses.replace(PROFILE, database=DatabaseServer("db.example", resource_id="db-ABC"))
    right = statements(wanted(nameless, on_rds, None, LIMITS, KEY))["OwnDatabaseLogin"]
    assert right["Action"] == ["rds-db:connect"]
    assert right["Resource"] == ["arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-ABC/where_2_eat_iam"]
    assert "OwnDatabaseLogin" not in statements(wanted(nameless, PROFILE, None, LIMITS, KEY)), "no server is meant"
    assert "OwnDatabaseLogin" not in statements(wanted(app, on_rds, None, LIMITS, KEY)), "it has a password"


def test_without_secrets_and_rights_there_is_no_policy_at_all(app: App) -> None:
    assert wanted(dataclasses.replace(app, secrets=(), aws_actions=()), PROFILE, None, LIMITS).role.policy == {}


def test_whatever_is_put_right_on_a_role_a_control_tells(app: App) -> None:
    """A change that no control asks for would stand in no report."""
    wish = wanted(app, PROFILE, None, LIMITS, KEY).role
    other = iam_plan.Role(wish.name, "arn", "Somebody's", {}, "arn:other", 43200, {}, {}, ("more",))
    changes = iam_plan.plan(other, wish, supply_chain.ROLE_CONTROLS).changes
    assert {change.field for change in changes} == set(supply_chain.ROLE_CONTROLS)
    assert all(change.control for change in changes)


def test_no_two_apps_share_anything(app: App) -> None:
    other = dataclasses.replace(app, name="where2eat2")
    one, two = (wanted(each, PROFILE, None, LIMITS) for each in (app, other))
    assert one.role.name != two.role.name and one.role.trust != two.role.trust
    theirs = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{other.secret_name('database')}"
    pattern = statements(one)["OwnSecrets"]["Resource"][0]
    assert not re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), theirs)


@pytest.mark.parametrize(
    "right",
    [
        ("s3:GetObject", "*"),
        ("iam:CreateUser", "arn:aws:iam::123456789012:user/x"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:microapps/sandbox/other/*"),
        ("secretsmanager:PutSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:microapps/sandbox/where2eat/*"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:micro*"),
    ],
)
def test_a_right_that_is_too_wide_is_left_out_and_named(app: App, right: tuple[str, str]) -> None:
    desired = wanted(dataclasses.replace(app, aws_actions=(*app.aws_actions, right)), PROFILE, None, LIMITS)
    assert [refusal.control for refusal in desired.refused] == ["supply_chain-08"]
    assert right[0] in desired.refused[0].what and "aws_actions" in desired.refused[0].next_step
    assert right[0] not in json.dumps(statements(desired)["Declared1"]) or right[0] == "s3:GetObject"
    assert "Declared2" not in statements(desired)


def test_the_repository(app: App) -> None:
    desired = wanted(app, PROFILE, None, LIMITS, KEY).repository
    assert (desired.name, desired.mutability, desired.exclusions, desired.scan_on_push) == (
        "where2eat",
        "IMMUTABLE",
        ("sha256-*",),
        True,
    )
    assert wanted(app, PROFILE, None, LIMITS).repository.encryption is KEEP
    deny = desired.policy["Statement"][1]
    assert deny["Effect"] == "Deny" and deny["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": "123456789012"}
    assert "goldenpath.microapps/environment" not in desired.tags


def test_free_text_in_a_tag_is_what_aws_takes(app: App) -> None:
    hostile = dataclasses.replace(app, cost_center='CC";\n{{ x }}<script>é' + "x" * 300)
    tags = wanted(hostile, PROFILE, None, LIMITS).role.tags
    assert all(re.fullmatch(r"[A-Za-z0-9_ .:/=+@-]{0,256}", value) for value in tags.values())
