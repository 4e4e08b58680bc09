# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The profile's block `secret_store`: its schema, and what in it contradicts itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..azure_clouds import VAULT_ID, is_vault
from ..workload_identity.google_trust import PROVIDER
from . import patterns as kinds
from .check import Complaint, quoted
from .profile_openbao import LOGIN, MOUNT, NAMESPACE, login_contradictions
from .profile_patterns import KMS_KEY, path, url


def _guid(description: str) -> kinds.Schema:
    pattern = r"(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?"
    return kinds.word(
        pattern, "an id of Microsoft Entra (a GUID), or empty", "2b1c8f0e-1111-4222-8333-444455556666", description, 36
    )


SECRET_STORE: Final = kinds.record(
    "Where secrets live.",
    {
        "scheme": kinds.one_of(["aws_secretsmanager", "azure_keyvault", "gcp_secretmanager", "openbao"], "The kind of store."),
        "address": url(
            "Its address, for openbao and azure_keyvault; another than Google's own, for gcp_secretmanager.",
            "https://bao.example.com",
            "https|http",
        ),
        "token_file": path(
            "The token of openbao (or what else logs in there, see login), a Google service account's key, or an Azure client's "
            "secret or federated token; without it, the login of the machine or pod.",
            "/run/secrets/bao-token",
        ),
        "mount": kinds.word(MOUNT, "a mount", "secret", "The mount of its key-value engine, for openbao.", 128),
        "namespace": NAMESPACE,
        "login": LOGIN,
        "pods_mount": kinds.word(
            MOUNT, "a mount", "kubernetes", "Where the cluster's pods log in by their service accounts, for openbao.", 128
        ),
        "recovery_days": kinds.whole(7, 30, 7, "How long a deleted secret can be brought back."),
        "delivery": kinds.one_of(["external_secrets", "csi"], "Who brings them to pods: the Secrets Store CSI driver is csi."),
        "project": kinds.word(
            r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "a project's id", "acme-dev", "Its project, for gcp_secretmanager.", 30
        ),
        "identity_provider": kinds.word(
            # A schema for others knows no names of groups.
            f"(?:{re.sub(r'[?]P<[a-z]+>', '?:', PROVIDER.pattern)})?",
            "GKE's pool of a project, or a provider of one's own pool, by its full name, or empty",
            "projects/123456789012/locations/global/workloadIdentityPools/microapps/providers/cluster-dev",
            "Who vouches to Google for the cluster's tokens, for gcp_secretmanager; empty: GKE, in the store's project.",
            200,
        ),
        "tenant_id": _guid("The tenant of Microsoft Entra that logs in, for azure_keyvault."),
        "vault_id": kinds.word(
            f"(?:{VAULT_ID.pattern})?",
            "the resource id of a key vault, or empty",
            "/subscriptions/00000000-1111-4222-8333-444455556666/resourceGroups/rg-dev/providers/Microsoft.KeyVault/vaults/acme-dev",
            "The vault as a resource, for azure_keyvault: apps are let in to it by identities of their own, beside it.",
            300,
        ),
        "client_id": _guid("The client or managed identity that logs in, for azure_keyvault."),
        "replicas": kinds.table(
            r"^[a-z]{2}(-[a-z]+)+-[0-9]" + kinds.END,
            "an AWS region",
            kinds.word(
                KMS_KEY,
                "a KMS key (ARN, alias/name or id), or empty",
                "alias/microapps",
                "Its key; empty for AWS's own.",
                512,
            ),
            20,
            "The regions beside its own to which AWS copies each secret, and no others. Without it, replicas are left alone.",
        ),
        "readers": kinds.listing(
            kinds.word(
                r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:role|user)/[A-Za-z0-9+=,.@_/-]+",
                "the ARN of one IAM role or user, without a wildcard",
                "arn:aws:iam::123456789012:role/goldenpath",
                "A role or user of this account.",
                512,
            ),
            50,
            "Who may read values in AWS beside the app: all others are denied by each secret's resource policy. "
            "Without it, the policy is left alone.",
        ),
    },
)


def _of_openbao(store: Mapping[str, Any]) -> Iterator[Complaint]:
    if not store.get("address"):
        yield Complaint(("secret_store",), "secret_store: openbao needs address; add it")
    yield from login_contradictions("secret_store", store)


def _of_key_vault(store: Mapping[str, Any]) -> Iterator[Complaint]:
    address = store.get("address", "")
    if not is_vault(address):
        text = f"secret_store.address: {quoted(address)} is no key vault's; write it like https://<vault>.vault.azure.net"
        yield Complaint(("secret_store", "address"), text)
    if store.get("token_file") and not (store.get("tenant_id") and store.get("client_id")):
        yield Complaint(("secret_store",), "secret_store: with token_file azure_keyvault needs tenant_id and client_id; add them")
    if store.get("delivery") == "csi":
        # Azure's provider mounts whole values; our documents have several keys in one value, so that they change together.
        yield Complaint(("secret_store",), "secret_store: csi cannot take a document of azure_keyvault apart; remove delivery")


def secret_store_contradictions(
    store: Mapping[str, Any], aws: Mapping[str, Any], cluster: Mapping[str, Any]
) -> Iterator[Complaint]:
    """What each field allows and together cannot be. `aws` and `cluster` are the profile's blocks of these names."""
    if store.get("scheme") == "openbao":
        yield from _of_openbao(store)
    for field in ("namespace", "login", "pods_mount"):
        if store.get(field) and store.get("scheme") != "openbao":
            yield Complaint(("secret_store", field), f"secret_store.{field}: only openbao has it; remove it")
    if store.get("scheme") == "gcp_secretmanager" and not store.get("project"):
        yield Complaint(("secret_store",), "secret_store: gcp_secretmanager needs project; add it")
    if store.get("scheme") == "gcp_secretmanager" and store.get("delivery") == "csi":
        yield Complaint(("secret_store",), "secret_store: csi does not bring secrets from gcp_secretmanager; remove delivery")
    provider = store.get("identity_provider", "")
    if provider and store.get("scheme") != "gcp_secretmanager":
        yield Complaint(
            ("secret_store", "identity_provider"),
            "secret_store.identity_provider: only gcp_secretmanager has it; remove it",
        )
    if store.get("vault_id") and store.get("scheme") != "azure_keyvault":
        yield Complaint(("secret_store", "vault_id"), "secret_store.vault_id: only azure_keyvault has it; remove it")
    if store.get("vault_id") and not cluster.get("oidc_issuer"):
        yield Complaint(("cluster",), "cluster.oidc_issuer: secret_store.vault_id needs it; add it")
    if "/providers/" in provider and not cluster.get("oidc_issuer"):
        yield Complaint(
            ("cluster",), "cluster.oidc_issuer: a provider of one's own (secret_store.identity_provider) needs it; add it"
        )
    if store.get("scheme") == "azure_keyvault":
        yield from _of_key_vault(store)
    for field in ("replicas", "readers"):
        if field in store and store.get("scheme", "aws_secretsmanager") != "aws_secretsmanager":
            yield Complaint(("secret_store", field), f"secret_store.{field}: only aws_secretsmanager has it; remove it")
    if aws["region"] in store.get("replicas", {}):
        yield Complaint(
            ("secret_store", "replicas"),
            f"secret_store.replicas: {aws['region']} is the region of the secrets themselves; remove it",
        )
    for reader in store.get("readers", []):
        if reader.split(":")[4] != aws["account"]:
            yield Complaint(
                ("secret_store", "readers"),
                f"secret_store.readers: {quoted(reader)} is not of account {aws['account']}; remove it",
            )
