# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the secrets role applies for each store is what External Secrets' own definitions take, on a real API server."""

from __future__ import annotations

import copy
import json
import pathlib
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.delivery import objects
from ansible_collections.goldenpath.microapps.tests.integration.admission.askers import Cluster
from ansible_collections.goldenpath.microapps.tests.integration.consumers import controller as external_secrets

pytestmark = pytest.mark.cluster
TENANT = "2b1c8f0e-1111-4222-8333-444455556666"
VAULTS = "/subscriptions/00000000-1111-4222-8333-444455556666/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"
POOL = "projects/123456789012/locations/global/workloadIdentityPools/microapps/providers/cluster-dev"
STORES: dict[str, dict[str, Any]] = {
    "aws": {"scheme": "aws_secretsmanager"},
    "aws by the CSI driver": {"scheme": "aws_secretsmanager", "delivery": "csi"},
    "openbao": {"scheme": "openbao", "address": "https://bao.example.com", "token_file": "/run/secrets/token"},
    "openbao by the CSI driver": {
        "scheme": "openbao", "address": "https://bao.example.com", "token_file": "/run/secrets/token", "delivery": "csi",
    },
    "google": {"scheme": "gcp_secretmanager", "project": "acme-dev"},
    "azure": {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net", "vault_id": f"{VAULTS}/acme-dev"},
    "azure with a login": {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.net", "tenant_id": TENANT},
    "azure for a government": {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.usgovcloudapi.net"},
    "azure in China": {"scheme": "azure_keyvault", "address": "https://acme-dev.vault.azure.cn"},
}  # fmt: skip


@pytest.fixture
def cluster(sandbox: Any, tmp_path: pathlib.Path) -> Cluster:
    return Cluster(sandbox.block("cluster")["kubeconfig"], tmp_path)


def rendered(root: pathlib.Path, sandbox: Any, store: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of the example app, for a namespace that is there."""
    app = load_app(str(root / "inventories/apps/where2eat.yml"), "where2eat", "dev")
    blocks = {block: sandbox.block(block) for block in ("aws", "database", "registry")}
    issuer = {"kubeconfig": "/nonexistent", "oidc_issuer": "https://oidc.example.com/clusters/dev"}
    profile = profile_from({"name": "dev", **blocks, "cluster": issuer, "secret_store": store})
    made = copy.deepcopy(list(objects(app, profile)))
    for one in made:
        one["metadata"]["namespace"] = "default"
    return made


def refusal(cluster: Cluster, made: list[dict[str, Any]]) -> str:
    """What the API server has against these objects, '' if nothing. Nothing is kept."""
    listed = {"apiVersion": "v1", "kind": "List", "items": made}
    asked = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--field-manager=a-test", "-f", "-")
    done = cluster.kubectl(*asked, stdin=listed)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("store", STORES)
def test_the_api_server_takes_every_object(cluster: Cluster, root: pathlib.Path, sandbox: Any, store: str) -> None:
    made = rendered(root, sandbox, STORES[store])
    kinds = {one["kind"] for one in made}
    assert kinds == {"ServiceAccount", *(["SecretProviderClass"] if "CSI" in store else ["SecretStore", "ExternalSecret"])}
    assert refusal(cluster, made) == ""


def test_it_refuses_what_the_definitions_do_not_know(cluster: Cluster, root: pathlib.Path, sandbox: Any) -> None:
    made = rendered(root, sandbox, STORES["azure"])
    vault = next(one for one in made if one["kind"] == "SecretStore")["spec"]["provider"]["azurekv"]
    vault["environmentType"] = "MoonCloud"
    assert "environmentType" in refusal(cluster, made)
    vault["environmentType"], vault["vaultURL"] = "PublicCloud", vault.pop("vaultUrl")
    assert "vaultURL" in refusal(cluster, made)


def test_a_provider_of_ones_own_at_google_wants_a_newer_version(cluster: Cluster, root: pathlib.Path, sandbox: Any) -> None:
    made = rendered(root, sandbox, {**STORES["google"], "identity_provider": POOL})
    assert "workloadIdentityFederation" in refusal(cluster, made), "docs/workload-identity.md says so"


@pytest.mark.parametrize("kind", ["externalsecrets", "secretstores"])
def test_the_sandboxs_definitions_are_those_of_the_controller_that_is_tested(root: pathlib.Path, kind: str) -> None:
    name = f"external-secrets.io_{kind}"
    ours = yaml.safe_load((root / "roles/sandbox/files/crds" / f"{name}.yaml").read_text(encoding="utf-8"))
    (theirs,) = (one for one in external_secrets.definition(name)["spec"]["versions"] if one["name"] == "v1")
    (own,) = ours["spec"]["versions"]
    assert json.dumps(own["schema"], sort_keys=True) == json.dumps(bare(theirs["schema"]), sort_keys=True)


def bare(schema: Any) -> Any:
    """A schema without the descriptions of its fields; a field may be called so, too."""
    if isinstance(schema, list):
        return [bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: bare(value) for key, value in schema.items() if key != "description" or not isinstance(value, str)}
