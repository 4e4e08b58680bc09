# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The real External Secrets reads Azure Key Vault (a stand-in) as the app's own identity, and as nobody else.

Everything that the controller is given is what the secrets role made: the store's object, the service account that says who it
is, the identity with whom it trusts, and its role on each secret. Its login is a token that the real API server signed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.tests.integration.admission.askers import Cluster
from ansible_collections.goldenpath.microapps.tests.integration.consumers import controller as external_secrets
from ansible_collections.goldenpath.microapps.tests.integration.consumers import entra
from ansible_collections.goldenpath.microapps.tests.integration.consumers.place import Place, app_name, catalogued, eventually

pytestmark = pytest.mark.cluster
# A namespace of a former test may still be going.
NUMBERS = itertools.count(1)


@pytest.fixture
def place(sandbox: Any, demand_cluster: None, azure_manager: Any, tmp_path: pathlib.Path) -> Iterator[Place]:
    """The app as the secrets role leaves it, with a workload that runs and the controller at work."""
    external_secrets.program()
    blocks = {block: sandbox.block(block) for block in ("aws", "cluster", "database", "registry")}
    cluster, name, manager = (
        Cluster(blocks["cluster"]["kubeconfig"], tmp_path),
        f"{app_name()}-{next(NUMBERS)}",
        azure_manager.vault,
    )
    issuer = json.loads(cluster.must("get", "--raw", "/.well-known/openid-configuration"))["issuer"]
    manager.issuers[issuer] = json.loads(cluster.must("get", "--raw", "/openid/v1/jwks"))
    blocks["cluster"] = {**blocks["cluster"], "oidc_issuer": issuer}
    profile = {"name": "sandbox", "adopt": "take", "cutover": "now", "runner": {"kind": "kubernetes"}, **blocks}
    environ = {**sandbox.environ, **azure_manager.environ}
    place = Place(name, catalogued(name, tmp_path), environ, {**profile, "secret_store": azure_manager.block}, cluster)
    with contextlib.ExitStack() as stack:
        stack.callback(place.clean)
        with place.admin() as connection:
            connection.execute(f"CREATE DATABASE {place.database}")
        cluster.must("create", "namespace", place.namespace)
        there = stack.enter_context(entra.proxied(manager, azure_manager.names["handler"](manager), tmp_path))
        controller = stack.enter_context(external_secrets.running(cluster, place.namespace, there))
        result = place.harden()
        assert not result.get("failed"), result["msg"]
        place.deploy("worker")
        assert eventually(lambda: not said(place)), controller.log.read_text()[-4000:]
        yield place


def said(place: Place) -> list[str]:
    """What External Secrets says of each secret that is not synced."""
    found = place.kubectl("get", "externalsecret,secretstore")["items"]
    conditions = [one.get("status", {}).get("conditions", [{"status": "none", "message": "nothing"}])[0] for one in found]
    return [one["message"] for one in conditions if one["status"] != "True"]


def events(place: Place) -> str:
    """What happened in the namespace, in External Secrets' own words."""
    return json.dumps(place.kubectl("get", "events"))


def in_vault(azure_manager: Any, place: Place, secret: str) -> dict[str, str]:
    """What the vault calls the newest."""
    versions = azure_manager.vault.secrets[f"microapps--sandbox--{place.name}--{secret}"]
    document: dict[str, str] = json.loads(list(versions.values())[-1]["value"])
    return document


def test_what_is_in_the_vault_arrives_and_a_new_value_too(place: Place, azure_manager: Any) -> None:
    keys = ("host", "username", "password")
    old = in_vault(azure_manager, place, "database")
    assert place.held("database") == {key: old[key] for key in keys}
    result = place.rotate("now")
    assert not result.get("failed"), result["msg"]
    new = in_vault(azure_manager, place, "database")
    assert new["password"] != old["password"] and place.held("database") == {key: new[key] for key in keys}
    assert place.held("session") == {"value": in_vault(azure_manager, place, "session")["value"]}
    assert place.marks("worker") == [place.mark("worker")] * 2 and place.lets_in(new) and not place.lets_in(old)
    assert set(azure_manager.vault.logins) == {f"id-{place.name}-sandbox"} and azure_manager.vault.strangers == []


def test_without_its_role_or_its_trust_nobody_reads_and_the_old_login_stays(place: Place, azure_manager: Any) -> None:
    manager, old = azure_manager.vault, in_vault(azure_manager, place, "database")
    rights, (trust,) = dict(manager.assignments), manager.credentials[f"id-{place.name}-sandbox"].values()
    short = {"runner": {"kind": "kubernetes", "wait_seconds": 8}}
    manager.assignments.clear()
    told = place.rotate("now", "database", **short)
    assert told["failed"] and "External Secrets says" in told["msg"] and place.lets_in(old)
    assert eventually(lambda: "ForbiddenByRbac" in events(place), 10)
    manager.assignments |= rights
    trust["properties"]["subject"] = f"system:serviceaccount:{place.namespace}:another"
    told = place.rotate("due", "database", **short)
    assert told["failed"] and "External Secrets says" in told["msg"] and place.lets_in(old)
    assert eventually(lambda: "invalid_client" in events(place), 10)
    result = place.harden()
    assert not result.get("failed"), result["msg"]
    assert place.held("database")["password"] == in_vault(azure_manager, place, "database")["password"] != old["password"]
    assert not place.lets_in(old)
