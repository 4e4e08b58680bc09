# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`azure_workload_identity` on the stand-in for Azure Resource Manager, whose file says what it cannot prove."""

from __future__ import annotations

import contextlib
import copy
import pathlib
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import exchange
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity import azure
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.azure_trust import SECRETS_USER

sys.path.append(str(pathlib.Path(__file__).parent))
from deaths import Killed, dying

ISSUER = "https://oidc.example.com/clusters/dev"
SUBJECT = "system:serviceaccount:shop-dev:shop"
TRUST = {"issuer": ISSUER, "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"]}
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
IDENTITY = {
    "name": "id-shop-dev",
    "namespace": "shop-dev",
    "service_account": "shop",
    "secrets": ["one"],
    "tags": {"app": "shop"},
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure, "PAUSES", (0.0, 0.0, 0.0, 0.0))


def rights(manager: Any) -> set[tuple[str, str, str]]:
    """Principal, role and scope of every assignment."""
    names = {one["properties"]["principalId"]: name for name, one in manager.identities.items()}
    vault = manager.names["VAULT_ID"]
    return {
        (
            names.get(about["principalId"], about["principalId"]),
            about["roleDefinitionId"].rpartition("/")[2],
            about["scope"].removeprefix(vault),
        )
        for about in (one["properties"] for one in manager.assignments.values())
    }


def give(manager: Any, scope: str, principal: str, role: str = SECRETS_USER, kind: str = "ServicePrincipal") -> None:
    """Somebody assigns a role."""
    definition = f"{manager.names['SUBSCRIPTION']}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-{len(manager.assignments):012}"
    about = {"roleDefinitionId": definition, "principalId": principal, "principalType": kind, "scope": scope}
    manager.assign(path, about)


def writes(manager: Any) -> list[tuple[str, str]]:
    return [one for one in manager.asked if one[0] != "GET"]


OURS = {("id-shop-dev", SECRETS_USER, "/secrets/one"), ("id-shop-dev", SECRETS_USER, "/secrets/two")}


def test_the_identity_is_made_with_one_trust_and_its_own_secrets_and_the_second_run_is_quiet(manager: Any) -> None:
    planned = manager.ask(check=True)
    assert planned["changed"] and not writes(manager)
    done = manager.ask()
    assert not done.get("failed") and done["diff"] == planned["diff"]
    assert {one["action"] for one in done["objects"]} == {"created"} and len(done["objects"]) == 4
    made = manager.identities["id-shop-dev"]
    assert made["tags"] == {"app": "shop", "managed-by": "goldenpath.microapps"} and made["location"] == "westeurope"
    assert manager.credentials["id-shop-dev"] == {"workload": {"name": "workload", "properties": TRUST}}
    assert rights(manager) == OURS
    assert done["clients"] == {"id-shop-dev": made["properties"]["clientId"]}
    manager.asked.clear()
    again = manager.ask()
    assert not again["changed"] and not writes(manager)


def spoil(manager: Any) -> str:
    """The identity trusts and reads more than it should, and others read its secrets. Its principal."""
    vault = manager.names["VAULT_ID"]
    own: str = manager.identities["id-shop-dev"]["properties"]["principalId"]
    flexible = {"value": "claims['sub'] matches 'system:serviceaccount:shop-dev:*'", "languageVersion": 1}
    manager.credentials["id-shop-dev"] |= {
        "anybody": {"name": "anybody", "properties": {**TRUST, "subject": None, "claimsMatchingExpression": flexible}},
        "elsewhere": {"name": "elsewhere", "properties": {**TRUST, "issuer": f"{ISSUER}-2"}},
    }
    give(manager, vault, own)
    give(manager, f"{vault}/secrets/other", own)
    give(manager, f"{vault}/secrets/one", own, OFFICER)
    give(manager, f"{vault}/secrets/one", "another workload")
    give(manager, f"{vault}/secrets/one", "a person", OFFICER, "User")
    give(manager, vault, "whoever runs this", OFFICER)
    return own


def test_strangers_are_reported_and_stay_until_the_profile_takes(manager: Any) -> None:
    manager.ask()
    spoil(manager)
    manager.asked.clear()
    answer = manager.ask()
    assert answer["failed"] and not answer["changed"] and not writes(manager)
    for words in (
        "matches 'system:serviceaccount:shop-dev:*'",
        f"of {ISSUER}-2 for",
        "the trust proof says: another service account",
        f"another cluster ({ISSUER}-2)",
        "another workload has Key Vault Secrets User on",
        "has Key Vault Secrets Officer on",
        "/secrets/other",
    ):
        assert words in answer["msg"], words
    assert "a person" not in answer["msg"] and "whoever runs this" not in answer["msg"]
    planned = manager.ask(check=True, adopt="take")
    done = manager.ask(adopt="take")
    assert not done.get("failed") and done["diff"] == planned["diff"]
    assert [one["action"] for one in done["objects"]].count("deleted") == 6
    assert list(manager.credentials["id-shop-dev"]) == ["workload"]
    assert rights(manager) == {*OURS, ("a person", OFFICER, "/secrets/one"), ("whoever runs this", OFFICER, "")}
    assert not manager.ask(adopt="take")["changed"]


def test_a_wildcard_that_was_put_into_our_credential_is_drift(manager: Any) -> None:
    manager.ask()
    manager.credentials["id-shop-dev"]["workload"]["properties"] = {**TRUST, "subject": "system:serviceaccount:shop-dev:*"}
    answer = manager.ask()
    assert answer["changed"] and manager.credentials["id-shop-dev"]["workload"]["properties"] == TRUST


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"identities": [{**IDENTITY, "namespace": "*"}]}, "does not name exactly one"),
        ({"identities": [{**IDENTITY, "service_account": "shop*"}]}, "does not name exactly one"),
        ({"issuer": "https://oidc.example.com/*"}, "does not name exactly one"),
        ({"issuer": "http://oidc.example.com"}, "does not name exactly one"),
        ({"identities": [{**IDENTITY, "secrets": ["*"]}]}, "is not the name of a secret"),
        ({"identities": [IDENTITY, {**IDENTITY, "name": "id-other"}]}, "The secret one is listed twice"),
        ({"identities": [IDENTITY, {**IDENTITY, "secrets": ["two"]}]}, "The identity id-shop-dev is listed twice"),
        ({"vault_id": "acme-dev"}, "is not the resource id of a key vault"),
    ],
)
def test_what_is_not_exactly_one_is_refused_before_anything_is_asked(manager: Any, options: dict[str, Any], words: str) -> None:
    answer = manager.ask(**options)
    assert answer["failed"] and words in answer["msg"]
    assert not manager.asked


def test_a_vault_with_access_policies_is_refused_with_the_mend(manager: Any) -> None:
    for properties in ({"enableRbacAuthorization": False}, {}, {"enableRbacAuthorization": None}):
        manager.properties = properties
        answer = manager.ask()
        assert answer["failed"] and "--enable-rbac-authorization true" in answer["msg"]
    assert not writes(manager)


def test_another_vault_than_the_stores_is_refused(manager: Any) -> None:
    manager.properties = {"enableRbacAuthorization": True, "vaultUri": "https://other.vault.azure.net/"}
    assert "the vault of secret_store.vault_id is at https://other.vault.azure.net/" in manager.ask()["msg"]
    assert "Azure does not know it" in manager.ask(vault_id=manager.names["VAULT_ID"] + "x")["msg"]


def test_an_identity_of_others_is_not_touched(manager: Any) -> None:
    theirs = {"location": "westeurope", "tags": {"app": "other"}}
    manager.of_identity("PUT", "id-shop-dev", theirs)
    before = copy.deepcopy(manager.identities)
    for adopt in ("report", "take"):
        answer = manager.ask(adopt=adopt)
        assert answer["failed"] and "it belongs to app other" in answer["msg"]
    manager.identities["id-shop-dev"]["tags"] = {}
    assert "was not made by us" in manager.ask()["msg"]
    before["id-shop-dev"]["tags"] = {}
    assert manager.identities == before and not writes(manager)
    answer = manager.ask(adopt="take")
    assert not answer.get("failed") and rights(manager) == OURS


def test_one_identity_that_fails_stops_no_other(manager: Any) -> None:
    manager.of_identity("PUT", "id-other", {"location": "x", "tags": {"app": "nobody"}})
    other = {**IDENTITY, "name": "id-other", "secrets": ["three"], "tags": {"app": "other"}}
    answer = manager.ask(identities=[other, IDENTITY])
    assert answer["failed"] and rights(manager) == {("id-shop-dev", SECRETS_USER, "/secrets/one")}


def test_what_azure_is_not_ready_for_is_asked_again(manager: Any) -> None:
    manager.writing, manager.unknown = 2, 2
    answer = manager.ask()
    assert not answer.get("failed") and rights(manager) == OURS
    manager.writing = 100
    manager.credentials["id-shop-dev"].clear()
    answer = manager.ask()
    assert answer["failed"] and "ConcurrentFederatedIdentityCredentialsWrites" in answer["msg"]


def test_an_assignment_of_the_same_under_another_name_is_enough(manager: Any) -> None:
    manager.ask()
    own = manager.identities["id-shop-dev"]["properties"]["principalId"]
    manager.assignments.clear()
    for secret in ("one", "two"):
        give(manager, f"{manager.names['VAULT_ID']}/secrets/{secret}", own)
    manager.asked.clear()
    assert not manager.ask()["changed"] and not writes(manager)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_the_next_run_finishes(manager: Any, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for count in range(1, 80):
        manager.identities.clear()
        manager.credentials.clear()
        manager.assignments.clear()
        manager.of_identity("PUT", "id-shop-dev", {"location": "westeurope", "tags": {"app": "shop"}})
        manager.credentials["id-shop-dev"] = {}
        spoil(manager)
        calls: list[int] = []
        monkeypatch.setattr(azure, "exchange", dying(exchange, calls, count, when))
        with contextlib.suppress(Killed):
            manager.ask(adopt="take")
        monkeypatch.setattr(azure, "exchange", exchange)
        assert not manager.ask(adopt="take").get("failed")
        assert list(manager.credentials["id-shop-dev"]) == ["workload"], count
        assert rights(manager) == {*OURS, ("a person", OFFICER, "/secrets/one"), ("whoever runs this", OFFICER, "")}, count
        assert not manager.ask(adopt="take")["changed"]
        if len(calls) < count:
            assert count > 20
            return
    pytest.fail("it never ended")


def test_a_login_for_the_vault_is_none_for_its_manager(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    login = azure.bearer
    monkeypatch.setattr(azure, "bearer", lambda store, secrets, environ, _resource: login(store, secrets, environ))
    answer = manager.ask()
    assert answer["failed"] and "docs/workload-identity.md" in answer["msg"]
