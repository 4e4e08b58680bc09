# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rights told apart and put into policies; every module of the collection is among the capabilities."""

from __future__ import annotations

import pathlib
import re

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, Invalid, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight import permissions
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.parts import refused
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.preflight import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.registry import CAPABILITIES, permissions_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.rows import Row, table
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import SecretStore

MODULES = pathlib.Path(__file__).resolve().parents[3] / "plugins" / "modules"
ALL = (*CAPABILITIES, CAPABILITY)


def test_every_module_has_its_capability_here_and_no_other_is_here() -> None:
    assert sorted(capability.name for capability in ALL) == sorted(path.stem for path in MODULES.glob("*.py"))


def test_every_right_is_written_as_its_system_writes_it() -> None:
    assert permissions.unknown(permissions_of(ALL)) == ()


def test_every_right_of_aws_stands_in_the_policy_and_of_the_cluster_in_the_role() -> None:
    rights = permissions_of(ALL)
    policy = permissions.iam_policy(rights, "123456789012", "eu-west-1")
    allowed = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert sorted(allowed) == list(permissions.aws_rights(rights))
    rules = permissions.cluster_role(rights)["rules"]
    granted = {
        permissions.Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == set(permissions.cluster_rights(rights))


def test_the_role_at_the_stores_cloud_has_its_rights_and_no_others() -> None:
    rights = permissions_of(ALL)
    google = permissions.store_role(rights, SecretStore("gcp_secretmanager"))["includedPermissions"]
    made = permissions.store_role(rights, SecretStore("azure_keyvault", vault_id="/subscriptions/s/resourceGroups/g/providers/x"))
    azure = made["Actions"]
    assert made["AssignableScopes"] == ["/subscriptions/s/resourceGroups/g"]
    assert {"secretmanager.versions.add", "secretmanager.secrets.setIamPolicy"} <= set(google) <= set(rights)
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/write" in azure and set(azure) <= set(rights)
    assert not any("*" in right for right in (*google, *azure)) and not set(google) & set(azure)
    others = (SecretStore(), SecretStore("openbao"), SecretStore("azure_keyvault"))
    assert [permissions.store_role(rights, store) for store in others] == [{}, {}, {}]


def test_nothing_is_allowed_on_everything_but_what_has_no_object() -> None:
    policy = permissions.iam_policy(permissions_of(ALL), "123456789012", "eu-west-1")
    wide = [action for statement in policy["Statement"] if statement["Resource"] == "*" for action in statement["Action"]]
    # AWS checks these against no object: they list, they log in, or they are about the one registry of the account.
    registry = {f"ecr:{verb}SigningConfiguration" for verb in ("Delete", "Get", "Put")}
    registry |= {f"ecr:{verb}RegistryScanningConfiguration" for verb in ("Get", "Put")} | {"ecr:GetAuthorizationToken"}
    lists = {"iam:ListRoles", "iam:SimulatePrincipalPolicy", "secretsmanager:ListSecrets", "ecr:DescribeRepositories"}
    assert set(wide) <= registry | lists
    assert not any("*" in action for statement in policy["Statement"] for action in statement["Action"])
    for rule in permissions.cluster_role(permissions_of(ALL))["rules"]:
        assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("namespaces:get", ("", "namespaces", "get")),
        ("apps/deployments:patch", ("apps", "deployments", "patch")),
        ("rbac.authorization.k8s.io/roles:bind", ("rbac.authorization.k8s.io", "roles", "bind")),
        ("apps/deployments/scale:patch", ("apps", "deployments/scale", "patch")),
        ("kubernetes:core/configmaps:get,create", None),
        ("pods/log:get", ("", "pods/log", "get")),
        ("ecr:CreateRepository", None),
        ("postgresql CREATEROLE", None),
    ],
)
def test_a_right_on_the_cluster(text: str, right: tuple[str, str, str] | None) -> None:
    assert permissions.cluster_rights([text]) == ((permissions.Right(*right),) if right else ())


def test_resources_with_the_same_verbs_stand_in_one_rule() -> None:
    rules = permissions.cluster_role(["pods:list", "services:list", "services:get", "configmaps:list", "ecr:ListImages"])["rules"]
    assert rules == [
        {"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list"]},
    ]


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        ("arn:aws:iam::123456789012:user/deployer", "arn:aws:iam::123456789012:user/deployer"),
        ("arn:aws:sts::123456789012:assumed-role/Deployer/session-1", "arn:aws:iam::123456789012:role/Deployer"),
        ("arn:aws-cn:sts::123456789012:assumed-role/Deployer/a/b", "arn:aws-cn:iam::123456789012:role/Deployer"),
    ],
)
def test_the_principal_that_the_simulator_takes(caller: str, principal: str) -> None:
    assert permissions.principal(caller) == principal


def test_only_what_the_simulator_calls_allowed_is_allowed() -> None:
    decisions = {"a:One": "allowed", "a:Two": "implicitDeny", "a:Three": "explicitDeny", "a:Four": ""}
    answer = [{"EvalActionName": action, "EvalDecision": decision} for action, decision in decisions.items()]
    assert permissions.missing([*answer, {"EvalActionName": "a:Five"}]) == ("a:Five", "a:Four", "a:Three", "a:Two")


@pytest.mark.parametrize(
    ("error", "reachable", "permitted"),
    [
        (Unreachable("Ask", "nobody answers"), "no", "could not tell"),
        (Denied("Ask", "another account"), "yes", "no"),
        (Invalid("Ask", "nonsense"), "yes", "could not tell"),
    ],
)
def test_an_error_is_never_a_yes(error: Exception, reachable: str, permitted: str) -> None:
    row = refused("AWS", "somewhere", error)
    assert (row.reachable, row.permitted, row.problem) == (reachable, permitted, error)


def test_the_table_says_what_is_wrong_in_one_line_and_what_could_not_be_told() -> None:
    rows = (
        Row("AWS", "account 1", "yes", "could not tell"),
        Row("registry", "127.0.0.1:9", "no", "could not tell", problem=Unreachable("GET", "refused", "Start it.")),
    )
    said = table("Preflight", rows)
    assert "registry: GET: refused. Start it." in said.splitlines()
    assert said.splitlines()[-1] == "1 of 2 rows need a person. What is permitted could not be told of: AWS."
    assert not re.search(r" +$", said, re.MULTILINE)
