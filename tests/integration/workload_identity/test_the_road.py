# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The secrets role with a store outside AWS: who may read is part of the road, and its control answers by the trust proof."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Answer, State
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.parts import Asked, rows
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.permissions import google_rights
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.registry import CAPABILITIES, permissions_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.rows import Row
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import app_secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

POOL = "projects/123456789012/locations/global/workloadIdentityPools/acme-dev.svc.id.goog"
RIGHTS = permissions_of(CAPABILITIES)
READER = "roles/secretmanager.secretAccessor"


class Road:
    """One app with one generated secret, and the profile of the sandbox with a store elsewhere."""

    def __init__(self, sandbox: Any, root: pathlib.Path, folder: pathlib.Path, store: dict[str, Any], found_by: Any) -> None:
        self.name = f"read-{uuid.uuid4().hex[:8]}"
        entry = yaml.safe_load((root / "inventories/apps/where2eat.yml").read_text())
        made = [{"name": "key", "kind": "generated", "variables": {"value": "KEY"}}]
        file = folder / f"{self.name}.yml"
        file.write_text(yaml.safe_dump({**entry, "name": self.name, "integrations": [], "secrets": made}))
        subprocess.run(["git", "init", "--quiet", "--bare", str(folder / f"{self.name}.git")], check=True)
        blocks = {name: sandbox.block(name) for name in ("aws", "cluster", "database", "registry", "runner")}
        if store["scheme"] == "azure_keyvault":
            blocks["cluster"] = {**blocks["cluster"], "oidc_issuer": "https://oidc.example.com/clusters/dev"}
        self.profile = {"name": "sandbox", **blocks, "forge": {"base": f"file://{folder}"}, "secret_store": store}
        self.app = {"name": self.name, "environment": "sandbox", "file": str(file)}
        self.environ = {**sandbox.environ, **found_by}
        self.cluster = blocks["cluster"]
        self.secret = f"microapps_sandbox_{self.name}_key"

    def kubectl(self, *arguments: str) -> str:
        """The witness in the cluster."""
        program = str(pathlib.Path(sys.executable).parent / "kubectl")
        login = ["--kubeconfig", self.cluster["kubeconfig"]]
        return subprocess.run([program, *login, *arguments], check=True, capture_output=True, text=True).stdout

    def account(self) -> dict[str, str]:
        """What the app's service account says of itself."""
        found = self.kubectl("get", "serviceaccount", self.name, "-n", f"{self.name}-sandbox", "-o", "json")
        annotations: dict[str, str] = json.loads(found)["metadata"].get("annotations", {})
        return annotations

    def preflight(self) -> Row:
        """What preflight says of the store."""
        asked = Asked(profile_from(self.profile), RIGHTS, (), self.environ, Secrets())
        return next(one for one in rows(asked) if one.part == "secret store")

    def run(self, check: bool = False, **profile: Any) -> Answer:
        """What the control answers."""
        params = {"app": self.app, "profile": {**self.profile, **profile}, "max_age_days": 90}
        outcome = app_secrets.run(Request(params, check=check, environ=self.environ))
        return next(one for one in outcome.answers if one.control == "secrets-08")


@pytest.fixture
def road(sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path, cloud: Any) -> Road:
    return Road(sandbox, root, tmp_path, cloud.block, cloud.environ)


@pytest.fixture
def azure_road(sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path, manager: Any) -> Iterator[Road]:
    """A road whose app has a namespace, because its service account is looked at."""
    road = Road(sandbox, root, tmp_path, manager.block, manager.environ)
    namespace = tmp_path / "namespace.json"
    metadata = {"name": f"{road.name}-sandbox", "labels": {"app.kubernetes.io/name": road.name}}
    namespace.write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
    road.kubectl("apply", "--server-side", "--field-manager=goldenpath.microapps", "-f", str(namespace))
    yield road
    road.kubectl("delete", "namespace", f"{road.name}-sandbox", "--wait=false")


def test_the_app_may_read_what_was_just_made_and_drift_is_taken_back(road: Road, cloud: Any) -> None:
    member = f"principal://iam.googleapis.com/{POOL}/subject/ns/{road.name}-sandbox/sa/{road.name}"
    planned = road.run(check=True)
    assert planned.state is State.DRIFTED and "policy is missing" in planned.found
    done = road.run()
    assert done.state is State.IN_PLACE and "shares the pool acme-dev.svc.id.goog" in done.reason
    assert cloud.policies[road.secret]["bindings"] == [{"role": READER, "members": [member]}]
    assert road.run(check=True).found == ""
    del cloud.policies[road.secret]["bindings"]
    assert road.run(check=True).state is State.DRIFTED
    assert road.run().state is State.IN_PLACE
    assert cloud.policies[road.secret]["bindings"] == [{"role": READER, "members": [member]}]


def test_a_stranger_is_a_violation_until_the_profile_takes(road: Road, cloud: Any) -> None:
    assert road.run().state is State.IN_PLACE
    cloud.policies[road.secret]["bindings"][0]["members"].append("allAuthenticatedUsers")
    told = road.run()
    assert told.state is State.VIOLATED and "allAuthenticatedUsers has" in told.reason
    assert road.run(adopt="take").state is State.IN_PLACE
    assert "allAuthenticatedUsers" not in str(cloud.policies[road.secret])


def test_a_policy_that_cannot_be_read_is_not_called_in_place(road: Road, cloud: Any) -> None:
    road.environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER"] = "http://127.0.0.1:1"
    assert road.run().state is State.NOT_REACHED


def test_where_aws_is_the_store_its_role_answers(road: Road) -> None:
    told = road.run(check=True, secret_store={})
    assert told.state is State.NOT_APPLICABLE and "supply_chain-07" in told.reason


@pytest.mark.cluster
def test_azure_the_identity_is_made_and_the_service_account_says_who_it_is(azure_road: Road, manager: Any) -> None:
    road, name, secret = azure_road, f"id-{azure_road.name}-sandbox", f"microapps--sandbox--{azure_road.name}--key"
    planned = road.run(check=True)
    assert planned.state is State.DRIFTED and not manager.identities and not manager.secrets
    assert road.run().state is State.IN_PLACE
    made = manager.identities[name]
    assert made["tags"]["app"] == road.name and made["tags"]["environment"] == "sandbox"
    (trust,) = manager.credentials[name].values()
    assert trust["properties"]["subject"] == f"system:serviceaccount:{road.name}-sandbox:{road.name}"
    (right,) = manager.assignments.values()
    assert right["properties"]["scope"] == f"{manager.names['VAULT_ID']}/secrets/{secret}"
    said = {
        "azure.workload.identity/client-id": made["properties"]["clientId"],
        "azure.workload.identity/tenant-id": made["properties"]["tenantId"],
    }
    assert road.account() == said, "in the very run that made the identity"
    assert road.run(check=True).found == "" and road.run().done == ""


@pytest.mark.cluster
def test_azure_out_of_reach_takes_no_identity_from_a_service_account(azure_road: Road, manager: Any) -> None:
    assert azure_road.run().state is State.IN_PLACE
    said = azure_road.account()
    manager.properties = {"enableRbacAuthorization": False}
    told = azure_road.run()
    assert told.state is State.NOT_REACHED and "--enable-rbac-authorization true" in told.reason
    assert azure_road.account() == said


@pytest.mark.cluster
def test_azure_a_stranger_is_a_violation_until_the_profile_takes(azure_road: Road, manager: Any) -> None:
    assert azure_road.run().state is State.IN_PLACE
    (held,) = manager.credentials.values()
    theirs = {"issuer": "https://oidc.example.com/clusters/dev", "audiences": ["api://AzureADTokenExchange"]}
    wide = {"value": "claims['sub'] matches 'system:serviceaccount:*'", "languageVersion": 1}
    held["theirs"] = {"name": "theirs", "properties": {**theirs, "claimsMatchingExpression": wide}}
    told = azure_road.run()
    assert told.state is State.VIOLATED and "the trust proof says: another namespace" in told.reason
    assert azure_road.run(adopt="take").state is State.IN_PLACE and list(held) == ["workload"]


def test_azure_without_the_vaults_id_it_is_said_and_not_called_in_place(azure_road: Road, manager: Any) -> None:
    store = {key: value for key, value in manager.block.items() if key != "vault_id"}
    told = azure_road.run(secret_store=store)
    assert told.state is State.NOT_REACHED and "secret_store.vault_id" in told.reason


def test_azure_preflight_names_each_action_that_is_lacking(azure_road: Road, manager: Any) -> None:
    manager.may = {"Microsoft.Authorization/*", "Microsoft.KeyVault/vaults/read"}
    problem = azure_road.preflight().problem
    assert isinstance(problem, MicroappsError) and "Microsoft.ManagedIdentity/userAssignedIdentities/write" in problem.sentence()
    assert "roleAssignments" not in problem.sentence()
    manager.may.add("microsoft.managedidentity/*")
    assert azure_road.preflight().permitted == "yes"


def test_preflight_names_each_right_that_is_lacking(road: Road, cloud: Any) -> None:
    needed = {right for right in google_rights(RIGHTS) if not right.startswith("iam.")}
    cloud.permissions = needed - {"secretmanager.secrets.setIamPolicy"}
    problem = road.preflight().problem
    assert isinstance(problem, MicroappsError) and "may not secretmanager.secrets.setIamPolicy" in problem.sentence()
    cloud.permissions = needed
    assert road.preflight().permitted == "yes"
