# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app whose secrets are in Azure Key Vault (a stand-in) is retired: its secrets go so that they can be recovered, no other."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

pytestmark = pytest.mark.cluster
MARKS = {"managed-by": "goldenpath.microapps", "environment": "sandbox", "goldenpath-version": "goldenpath-0-0"}


@pytest.fixture
def stored(estate: Any, key_vault: Any) -> Any:
    """The app, with a secret in the vault in the place of AWS's."""
    estate.aws("secretsmanager").remove_regions_from_replication(
        SecretId=f"microapps/sandbox/{estate.name}/database", RemoveReplicaRegions=["eu-north-1"]
    )
    estate.aws("secretsmanager").delete_secret(
        SecretId=f"microapps/sandbox/{estate.name}/database", ForceDeleteWithoutRecovery=True
    )
    put(key_vault, f"microapps--sandbox--{estate.name}--database", app=estate.name)
    put(key_vault, f"microapps--sandbox--{estate.name}--database--pending")
    return dataclasses.replace(
        estate, environ={**estate.environ, **key_vault.environ}, profile={**estate.profile, "secret_store": key_vault.block}
    )


def put(key_vault: Any, name: str, **tags: str) -> None:
    key_vault.vault.put(name, {"value": '{"password": "made-up"}', "tags": {**MARKS, **tags} if tags else {}})


def test_its_secrets_go_as_check_mode_says_and_can_be_recovered(stored: Any, key_vault: Any) -> None:
    name = f"microapps--sandbox--{stored.name}--database"
    # A value that a person wrote last has no tags.
    put(key_vault, name)
    vault = key_vault.vault
    orphan = stored.orphan()
    assert orphan and f"azure:127.0.0.1/secrets/{name}" in orphan["objects"] and f"postgresql:login/{stored.login}" in str(orphan)
    predicted = stored.retire(check=True)
    assert predicted["changed"] and set(vault.secrets) == {name, f"{name}--pending"}
    done = stored.retire()
    assert not done.get("failed"), done["msg"]
    assert (done["objects"], done["diff"]) == (predicted["objects"], predicted["diff"])
    assert set(vault.deleted) == {name, f"{name}--pending"} and not vault.secrets
    assert not stored.may_log_in(), "a secret of this environment tells that the login is this one's"
    again = stored.retire()
    assert not again["changed"] and not again.get("failed")
    assert any("recover" in entry["why"] for entry in again["kept"])
    assert stored.orphan() is None or "azure:" not in str(stored.orphan())


def test_what_has_our_names_but_not_our_marks_and_other_apps_secrets_stay(stored: Any, key_vault: Any) -> None:
    theirs = {f"microapps--sandbox--{stored.name}--theirs": {"app": "another"}, f"microapps--dev--{stored.name}--database": {}}
    theirs |= {f"microapps--sandbox--{stored.name}-2--database": {"app": f"{stored.name}-2"}, "Somebody-s": {"x": "y"}}
    for name, tags in theirs.items():
        put(key_vault, name.lower(), **tags)
    done = stored.retire()
    assert not done.get("failed"), done["msg"]
    assert set(key_vault.vault.secrets) == {name.lower() for name in theirs}
    assert any("tags app, managed-by" in entry["why"] for entry in done["kept"])


def test_where_secrets_may_not_be_listed_nothing_is_begun(stored: Any, key_vault: Any) -> None:
    key_vault.vault.may_list = False
    result = stored.retire()
    assert result["failed"] and "docs/rotation.md" in result["msg"]
    assert stored.may_log_in() and stored.namespace_phase() == "Active" and len(key_vault.vault.secrets) == 2
    assert "docs/rotation.md" in str(stored.orphans()["warnings"])
