# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A profile: the schema and the dataclasses agree, a fault names field, value, file and mend."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils import profile as model
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import (
    BLOCKS,
    PROFILE_SCHEMA,
    plain_settings,
    profile_from,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid

SANDBOX: dict[str, Any] = {
    "name": "sandbox",
    "embedded": True,
    "aws": {
        "account": "123456789012",
        "region": "eu-west-1",
        "endpoint_url": "http://127.0.0.1:5000",
        "credentials_file": "/state/aws/credentials",
        "profile": "sandbox",
        "loopback_only": True,
    },
    "cluster": {"available": False, "why": "Go is not installed.", "next_step": "Install it."},
    "database": {"host": "127.0.0.1", "port": 5433, "sslmode": "disable"},
    "registry": {"address": "127.0.0.1:5001", "plain_http": True},
    "forge": {"base": "git://127.0.0.1:9418"},
    "runner": {"kind": "supervisor", "control": "/state/supervisor.sock", "release_folder": "/state/apps"},
}

BAO = {"scheme": "openbao", "address": "https://bao.example.com", "token_file": "/run/secrets/bao"}
GROUP = "/subscriptions/00000000-1111-4222-8333-444455556666/resourceGroups/rg-dev"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/acme-dev"


def changed(path: str, value: Any) -> dict[str, Any]:
    data = yaml.safe_load(yaml.safe_dump(SANDBOX))
    *parents, last = path.split(".")
    target = data
    for part in parents:
        target = target.setdefault(part, {})
    target[last] = value
    return data


def test_a_profile_is_made() -> None:
    profile = profile_from(SANDBOX)
    assert (profile.name, profile.aws.account, profile.database.port) == ("sandbox", "123456789012", 5433)
    assert profile.cluster.available is False
    assert (profile.adopt, profile.cutover, profile.all_apps, profile.serial) == ("report", "when_seen", False, "100%")


def test_an_environment_may_have_no_postgresql() -> None:
    assert profile_from(changed("database", None)).database is None


def test_nested_blocks_and_labels_are_made() -> None:
    profile = profile_from(
        changed("tenancy", {"gateway": {"namespace": "gw", "labels": {"a": "b"}}, "controllers": ["argocd-controller"]})
    )
    assert profile.tenancy.gateway == model.Peer("gw", (("a", "b"),))
    assert profile.tenancy.controllers == ("argocd-controller",)


def test_serial_may_be_a_number() -> None:
    assert profile_from(changed("serial", 5)).serial == "5"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("aws.account", 123456789012, "aws.account: 123456789012 is not an account's twelve digits in quotes; put it in quotes"),
        ("aws.acount", "1", "aws.acount: is not a field that is known here; did you mean account?"),
        ("aws.endpoint_url", "", 'aws.endpoint_url: "" is not on this machine'),
        ("aws.endpoint_url", "https://sts.amazonaws.com", "aws.endpoint_url: "),
        ("aws.endpoint_url", "http://127.0.0.1.example.com:80", "is not on this machine"),
        ("aws.endpoint_url", "http://[::1", "is not on this machine"),
        ("aws.loopback_only", False, "aws.loopback_only: false is not possible with embedded: true"),
        ("adopt", "overwrite", 'adopt: "overwrite" is not one of report, take; write it like report'),
        ("cutover", True, "cutover: true is not one of when_seen, now; put it in quotes"),
        ("serial", "0", 'serial: "0" is not a number from 1'),
        ("serial", 0, "serial: 0 is not a number from 1"),
        ("serial", "101%", 'serial: "101%" is not a number from 1'),
        ("max_fail_percentage", 101, "max_fail_percentage: 101 is not a whole number from 0 to 100"),
        ("observability.error_ratio", 5, "observability.error_ratio: 5 is not a number from 0 to 1"),
        ("database.password_file", "secret.txt", "database.password_file: the value is not an absolute path"),
        ("forge.base", "https://me:pw@git.example.com", "forge.base: the value is not a URL"),
        ("forge.base", "ext::sh", 'forge.base: "ext::sh" is not a URL'),
        ("secret_store.scheme", "openbao", "secret_store: openbao needs address; add it"),
        ("secret_store", {**BAO, "token_file": ""}, "secret_store: the login by token needs token_file; add it"),
        ("secret_store", {**BAO, "login": {"method": "approle"}}, "secret_store: the login by approle needs login.role; add it"),
        ("secret_store", {**BAO, "login": {"method": "kubernetes"}}, "the login by kubernetes needs login.role; add it"),
        ("secret_store", {**BAO, "token_file": "", "login": {"method": "jwt"}}, "the login by jwt needs token_file; add it"),
        ("secret_store", {**BAO, "login": {"method": "aws"}}, "secret_store.token_file: the login by aws has none; remove it"),
        (
            "secret_store",
            {**BAO, "login": {"method": "jwt", "region": "eu-west-1"}},
            'secret_store.login.region: "eu-west-1" means nothing to the login by jwt; remove it',
        ),
        ("secret_store", {**BAO, "login": {"method": "ldap"}}, 'secret_store.login.method: "ldap" is not one of token, approle'),
        ("secret_store.login", {"method": "token"}, "secret_store.login: only openbao has it; remove it"),
        ("secret_store.namespace", "platform", "secret_store.namespace: only openbao has it; remove it"),
        (
            "database_engine",
            {"address": "https://bao.example.com"},
            "database_engine: the login by token needs token_file; add it",
        ),
        ("secret_store.scheme", "gcp_secretmanager", "secret_store: gcp_secretmanager needs project; add it"),
        (
            "secret_store",
            {"scheme": "gcp_secretmanager", "project": "acme-dev", "delivery": "csi"},
            "secret_store: csi does not bring secrets from gcp_secretmanager; remove delivery",
        ),
        (
            "secret_store",
            {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net.example.com"},
            'secret_store.address: "https://acme-dev.vault.azure.net.example.com" is no key vault\'s',
        ),
        ("secret_store", {"scheme": "azure_keyvault"}, "is no key vault's; write it like https://<vault>.vault.azure.net"),
        ("secret_store", {"scheme": "azure_keyvault", "address": "http://acme-dev.vault.azure.net"}, "is no key vault's"),
        ("secret_store", {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net:444"}, "is no key vault's"),
        ("secret_store", {"scheme": "azure_keyvault", "address": "https://a@acme.vault.azure.net"}, "is not a URL"),
        (
            "secret_store",
            {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.cn", "token_file": "/run/secrets/azure"},
            "secret_store: with token_file azure_keyvault needs tenant_id and client_id; add them",
        ),
        ("secret_store.tenant_id", "contoso.com/../x", "is not an id of Microsoft Entra (a GUID), or empty"),
        (
            "secret_store",
            {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net", "delivery": "csi"},
            "secret_store: csi cannot take a document of azure_keyvault apart; remove delivery",
        ),
        (
            "secret_store.readers",
            ["*"],
            'secret_store.readers[0]: "*" is not the ARN of one IAM role or user, without a wildcard',
        ),
        ("secret_store.readers", ["arn:aws:iam::123456789012:role/*"], "without a wildcard"),
        ("secret_store.readers", ["arn:aws:iam::210987654321:role/x"], "is not of account"),
        ("secret_store.replicas", {"eu-west-1": ""}, "eu-west-1 is the region of the secrets themselves"),
        (
            "secret_store",
            {"scheme": "gcp_secretmanager", "project": "acme-dev", "readers": []},
            "secret_store.readers: only aws_secretsmanager has it; remove it",
        ),
        (
            "secret_store",
            {"scheme": "gcp_secretmanager", "project": "acme-dev", "identity_provider": "projects/1/locations/global/*"},
            "is not GKE's pool of a project, or a provider of one's own pool",
        ),
        (
            "secret_store",
            {
                "scheme": "gcp_secretmanager",
                "project": "acme-dev",
                "identity_provider": "projects/1/locations/global/workloadIdentityPools/microapps/providers/cluster",
            },
            "cluster.oidc_issuer: a provider of one's own (secret_store.identity_provider) needs it; add it",
        ),
        (
            "secret_store.identity_provider",
            "projects/1/locations/global/workloadIdentityPools/acme-dev.svc.id.goog",
            "secret_store.identity_provider: only gcp_secretmanager has it; remove it",
        ),
        ("secret_store.vault_id", VAULT_ID, "secret_store.vault_id: only azure_keyvault has it; remove it"),
        (
            "secret_store",
            {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net", "vault_id": VAULT_ID},
            "cluster.oidc_issuer: secret_store.vault_id needs it; add it",
        ),
        (
            "secret_store",
            {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net", "vault_id": f"{VAULT_ID}/secrets/x"},
            "is not the resource id of a key vault",
        ),
        ("runner.control", "", "runner: supervisor needs control and release_folder; add them"),
        ("tenancy.gateway.labels", {"a": 1}, "tenancy.gateway.labels.a: 1 is not a label's value; put it in quotes"),
        ("name", "pre-prod", 'name: "pre-prod" is not an environment\'s name'),
    ],
)
def test_a_fault_names_field_value_file_and_mend(path: str, value: Any, fault: str) -> None:
    with pytest.raises(Invalid) as caught:
        profile_from(changed(path, value))
    assert fault in str(caught.value)
    assert str(caught.value).startswith("group_vars/environment_")
    assert "/profile.yml: microapp_environment: " in str(caught.value)


def test_every_fault_is_told() -> None:
    with pytest.raises(Invalid) as caught:
        profile_from({"name": "dev", "aws": {}, "adopt": "x"})
    for words in ("aws.account: is missing", "aws.region: is missing", "registry: is missing", "adopt:"):
        assert words in str(caught.value)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(PROFILE_SCHEMA)


@pytest.mark.parametrize("name", ["", *BLOCKS, "tenancy.gateway", "secret_store.login"])
def test_the_schema_and_the_dataclasses_know_the_same_fields(name: str) -> None:
    kinds = {
        "": model.Profile,
        "aws": model.Aws,
        "cluster": model.Cluster,
        "registry": model.Registry,
        "secret_store": model.SecretStore,
        "database_engine": model.DatabaseEngine,
        "secret_store.login": model.BaoLogin,
        "database": model.DatabaseServer,
        "mysql": model.MysqlServer,
        "forge": model.Forge,
        "runner": model.Runner,
        "tenancy": model.Tenancy,
        "observability": model.Observability,
        "admission": model.Admission,
        "vendors": model.Vendor,
        "tenancy.gateway": model.Peer,
    }
    schema = PROFILE_SCHEMA
    for part in filter(None, name.split(".")):
        schema = schema["properties"][part]
    if isinstance(schema["additionalProperties"], dict):
        schema = schema["additionalProperties"]  # a table: the block is its value
    fields = dataclasses.fields(kinds[name])
    assert set(schema["properties"]) == {field.name for field in fields}
    needed = {f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING}
    # Who writes a login names its method; a block without one has a token.
    assert set(schema["required"]) == needed | ({"method"} if name == "secret_store.login" else set())


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_shipped_examples_are_right(root: pathlib.Path, environment: str) -> None:
    file = root / "inventories" / environment / "group_vars" / f"environment_{environment}" / "profile.yml"
    profile = profile_from(yaml.safe_load(file.read_text(encoding="utf-8"))["microapp_environment"])
    assert profile.name == environment
    assert not (profile.embedded or profile.all_apps)
    assert profile.adopt == "report"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("microapp_environment: {all_apps: true}", True),
        ("microapp_environment: {all_apps: 'true'}", False),
        ("microapp_environment: {all_apps: '{{ true }}'}", False),
        ("microapp_environment: {}", False),
        ("microapp_environment: x", False),
        ("other: {all_apps: true}", False),
        ("a: !vault x\nmicroapp_environment: {all_apps: true}", False),
        ("[", False),
        ("", False),
    ],
)
def test_only_plain_words_open_the_whole_fleet(text: str, allowed: bool) -> None:
    assert (plain_settings([text]).get("all_apps") is True) is allowed


def test_settings_in_plain_words_are_read_before_templates_can_be() -> None:
    text = "microapp_environment: {serial: 10%, max_fail_percentage: 0, cutover: '{{ x }}', aws: {account: '1'}}"
    assert plain_settings([text]) == {"serial": "10%", "max_fail_percentage": 0}


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert profile_from(changed("cluster.kubeconfig", "~/.kube/config")).cluster.kubeconfig == "/home/ada/.kube/config"
