# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app with an identity at Azure (a stand-in) is retired: the identity goes with what lets it in to the vault, no other."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

pytestmark = pytest.mark.cluster
READER = "4633458b-17de-408a-b874-0445c86b69e6"


@pytest.fixture
def identified(estate: Any, azure_manager: Any) -> Any:
    """The app, with an identity beside the vault that reads one secret of it."""
    cluster = {**estate.profile["cluster"], "oidc_issuer": "https://oidc.example.com/clusters/dev"}
    profile = {**estate.profile, "cluster": cluster, "secret_store": azure_manager.block}
    estate = dataclasses.replace(estate, environ={**estate.environ, **azure_manager.environ}, profile=profile)
    make(azure_manager, estate.name, f"id-{estate.name}-sandbox")
    make(azure_manager, f"{estate.name}-2", f"id-{estate.name}-2-sandbox")
    return estate


def make(azure_manager: Any, app: str, name: str) -> None:
    manager, names = azure_manager.vault, azure_manager.names
    tags = {"app": app, "environment": "sandbox", "managed-by": "goldenpath.microapps"}
    made = manager.of_identity("PUT", name, {"location": "westeurope", "tags": tags})
    manager.credentials[name] = {"workload": {"name": "workload", "properties": {}}}
    for scope in (f"{names['VAULT_ID']}/secrets/{app}", names["VAULT_ID"], names["GROUP"]):
        path = f"{scope}{names['AUTHORIZATION']}/roleAssignments/00000000-0000-4000-8000-{len(manager.assignments):012}"
        role = f"{names['SUBSCRIPTION']}{names['AUTHORIZATION']}/roleDefinitions/{READER}"
        about = {"principalId": made["properties"]["principalId"], "roleDefinitionId": role, "scope": scope}
        manager.assign(path, {**about, "principalType": "ServicePrincipal"})


def principals(azure_manager: Any, name: str) -> list[str]:
    """The scopes at which an identity has a role."""
    own = azure_manager.vault.identities[name]["properties"]["principalId"]
    found = (one["properties"] for one in azure_manager.vault.assignments.values())
    return [about["scope"] for about in found if about["principalId"] == own]


def test_the_identity_goes_as_check_mode_says_with_its_rights_on_the_vault(identified: Any, azure_manager: Any) -> None:
    manager, name, other = azure_manager.vault, f"id-{identified.name}-sandbox", f"id-{identified.name}-2-sandbox"
    own = manager.identities[name]["properties"]["principalId"]
    assert f"azure:identity/{name}" in identified.orphan()["objects"]
    predicted = identified.retire(check=True)
    assert not predicted.get("failed"), predicted["msg"]
    assert {name, other} == set(manager.identities)
    done = identified.retire()
    assert not done.get("failed"), done["msg"]
    assert (done["objects"], done["diff"]) == (predicted["objects"], predicted["diff"])
    assert set(manager.identities) == set(manager.credentials) == {other} and len(principals(azure_manager, other)) == 3
    left = [one["properties"]["scope"] for one in manager.assignments.values() if one["properties"]["principalId"] == own]
    assert left == [azure_manager.names["GROUP"]], "what was given beyond the vault is nobody's now, and not ours to look at"
    assert not identified.retire()["changed"]


def test_an_identity_of_others_with_our_name_stays(identified: Any, azure_manager: Any) -> None:
    name = f"id-{identified.name}-sandbox"
    azure_manager.vault.identities[name]["tags"]["app"] = "another"
    done = identified.retire()
    assert not done.get("failed"), done["msg"]
    assert name in azure_manager.vault.identities and len(principals(azure_manager, name)) == 3
    assert any(entry["object"] == f"azure:identity/{name}" for entry in done["kept"])


def test_where_azure_cannot_be_asked_nothing_is_begun(identified: Any, azure_manager: Any) -> None:
    azure_manager.vault.properties = {"enableRbacAuthorization": False}
    result = identified.retire()
    assert result["failed"] and not result["changed"]
    assert len(azure_manager.vault.identities) == 2 and identified.namespace_phase() == "Active"
