# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins at Azure Key Vault: each way in, and no secret and no token for anybody but the vault's own cloud."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.azure_clouds import cloud_of, is_vault, vault_name
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, Invalid, MicroappsError, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import SecretStore
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import Reply
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import Stage
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import azure_login
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.azure_keyvault import AzureKeyVault
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.azure_login import bearer
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

REAL = "https://acme-dev.vault.azure.net"
TENANT, CLIENT = "2b1c8f0e-1111-4222-8333-444455556666", "7d3e5a90-1111-4222-8333-444455556666"


@pytest.fixture
def vault(key_vault: Any) -> Any:
    return key_vault.vault


@pytest.fixture
def files(key_vault: Any, tmp_path: pathlib.Path) -> dict[str, str]:
    names = key_vault.names
    texts = {"secret": names["CLIENT_SECRET"], "federated": names["FEDERATED"], "wrong": "canary-wrong", "jwt": "eyJ4.a.b"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text + "\n")
    return {name: str(tmp_path / name) for name in texts}


def lets_in(vault: Any, token: str) -> bool:
    try:
        AzureKeyVault(vault.address, token, Secrets()).look()
    except Denied:
        return False
    return True


@pytest.mark.parametrize("file", ["secret", "federated"])
def test_a_client_logs_in_with_its_file(vault: Any, files: dict[str, str], file: str) -> None:
    known = Secrets()
    store = SecretStore("azure_keyvault", vault.address, files[file], tenant_id=TENANT, client_id=CLIENT)
    token = bearer(store, known, {"AZURE_AUTHORITY_HOST": vault.address})
    assert lets_in(vault, token)
    proof = pathlib.Path(files[file]).read_text().strip()
    assert token not in known.scrub_text(f"x {token} y") and proof not in known.scrub_text(f"x {proof} y")


def test_a_pod_logs_in_by_what_the_webhook_gave_it(vault: Any, files: dict[str, str]) -> None:
    environ = {
        "AZURE_AUTHORITY_HOST": f"{vault.address}/",
        "AZURE_FEDERATED_TOKEN_FILE": files["federated"],
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
    }
    assert lets_in(vault, bearer(SecretStore("azure_keyvault", vault.address), Secrets(), environ))
    del environ["AZURE_CLIENT_ID"]
    with pytest.raises(Invalid, match="AZURE_CLIENT_ID"):
        bearer(SecretStore("azure_keyvault", vault.address), Secrets(), environ)


def test_a_machine_logs_in_by_its_managed_identity(vault: Any) -> None:
    environ = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": vault.address}
    assert lets_in(vault, bearer(SecretStore("azure_keyvault", vault.address), Secrets(), environ))


def test_a_machine_without_an_identity_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def metadata(*args: Any) -> tuple[int, Any]:
        asked.append(args)
        return 400, {"error": "invalid_request", "error_description": "Identity not found"}

    monkeypatch.setattr(azure_login, "request", metadata)
    with pytest.raises(Denied, match="managed identity"):
        bearer(SecretStore("azure_keyvault", REAL, client_id=CLIENT), Secrets(), {})
    address, method, path, headers, _body, query = asked[0]
    assert (address, method, path) == ("http://169.254.169.254", "GET", "/metadata/identity/oauth2/token")
    assert headers == {"Metadata": "true"}
    assert query == {"api-version": "2018-02-01", "resource": "https://vault.azure.net", "client_id": CLIENT}


def test_a_refused_login_says_the_code_and_nothing_that_was_sent(vault: Any, files: dict[str, str]) -> None:
    store = SecretStore("azure_keyvault", vault.address, files["wrong"], tenant_id=TENANT, client_id=CLIENT)
    with pytest.raises(Denied, match="invalid_client AADSTS7000215") as caught:
        bearer(store, Secrets(), {"AZURE_AUTHORITY_HOST": vault.address})
    assert "canary" not in caught.value.sentence()


def test_a_missing_file_is_named(tmp_path: pathlib.Path) -> None:
    store = SecretStore("azure_keyvault", REAL, str(tmp_path / "no-such"), tenant_id=TENANT, client_id=CLIENT)
    with pytest.raises(NotFound, match="no-such"):
        bearer(store, Secrets(), {})


@pytest.mark.parametrize(
    ("address", "authority", "resource"),
    [
        (REAL, "https://login.microsoftonline.com", "https://vault.azure.net"),
        ("https://acme.vault.usgovcloudapi.net/", "https://login.microsoftonline.us", "https://vault.usgovcloudapi.net"),
        ("https://acme.vault.azure.cn", "https://login.chinacloudapi.cn", "https://vault.azure.cn"),
    ],
)
def test_where_a_secret_goes_and_what_for_depends_on_the_vaults_address_alone(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch, address: str, authority: str, resource: str
) -> None:
    sent: list[Any] = []

    def entra(*args: Any, **also: Any) -> Reply:
        sent.append((*args, also["form"]))
        return Reply(200, {"access_token": "t" * 40})

    monkeypatch.setattr(azure_login, "exchange", entra)
    environ = {"AZURE_AUTHORITY_HOST": "http://127.0.0.1:1", "AZURE_TENANT_ID": "another", "AZURE_CLIENT_ID": "another"}
    store = SecretStore("azure_keyvault", address, files["secret"], tenant_id=TENANT, client_id=CLIENT)
    assert bearer(store, Secrets(), environ) == "t" * 40
    host, method, path, headers, form = sent[0]
    assert (host, method, path, headers) == (authority, "POST", f"/{TENANT}/oauth2/v2.0/token", {})
    assert form == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": pathlib.Path(files["secret"]).read_text().strip(),
        "scope": f"{resource}/.default",
    }


def test_a_challenge_that_names_a_stranger_is_not_followed(vault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in's 401 names another login host and resource; whoever asked there for a token would be logged here."""
    asked: list[str] = []
    original = azure_login.exchange
    monkeypatch.setattr(azure_login, "exchange", lambda *args, **also: asked.append(args[0]) or original(*args, **also))
    with pytest.raises(Denied):
        AzureKeyVault(vault.address, "no-such-token", Secrets()).read_stage("a/b", Stage.CURRENT)
    assert asked == []


def test_a_token_for_another_resource_is_not_what_we_ask_for(vault: Any) -> None:
    assert not lets_in(vault, vault.token("https://management.azure.com")["access_token"])


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://acme.vault.azure.net",
        "https://vault.azure.net",
        "https://.vault.azure.net",
        "https://acme.vault.azure.net.example.com",
        "https://acmevault.azure.net",
        "https://a.b.vault.azure.net",
        "https://acme.vault.azure.net:8443",
        "https://user@acme.vault.azure.net",
        "https://example.com/acme.vault.azure.net",
        "https://example.com#.vault.azure.net",
        "https://acme.managedhsm.azure.net",
        "https://acme.vault.azure.net/\n",
    ],
)
def test_no_login_is_taken_to_what_is_no_vault(files: dict[str, str], monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert cloud_of(address) is None and not is_vault(address)
    monkeypatch.setattr(azure_login, "exchange", lambda *_args, **_also: pytest.fail("it was sent"))
    monkeypatch.setattr(azure_login, "request", lambda *_args, **_also: pytest.fail("it was sent"))
    for file in (files["secret"], ""):
        with pytest.raises(Invalid):
            bearer(SecretStore("azure_keyvault", address, file, tenant_id=TENANT, client_id=CLIENT), Secrets(), {})


def test_a_vault_on_this_machine_is_never_logged_in_to_elsewhere(files: dict[str, str]) -> None:
    store = SecretStore("azure_keyvault", "http://127.0.0.1:1", files["secret"], tenant_id=TENANT, client_id=CLIENT)
    for host in ("", "https://login.microsoftonline.com", "http://127.0.0.1.example.com"):
        with pytest.raises(MicroappsError, match="AZURE_AUTHORITY_HOST"):
            bearer(store, Secrets(), {"AZURE_AUTHORITY_HOST": host})


def test_what_only_looks_like_a_token_is_a_secret(files: dict[str, str], vault: Any) -> None:
    store = SecretStore("azure_keyvault", vault.address, files["jwt"], tenant_id=TENANT, client_id=CLIENT)
    with pytest.raises(Denied, match="invalid_client"):
        bearer(store, Secrets(), {"AZURE_AUTHORITY_HOST": vault.address})


def test_a_vault_is_named_as_the_command_line_wants_it() -> None:
    assert vault_name(REAL) == "acme-dev"
