# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How secrets reach pods: somebody reads the store as the app's own service account, without any stored key.

That is External Secrets, or the Secrets Store CSI driver, as the profile says; the Secret in the cluster is the same. The
objects are data, built here; applying, diffing and pruning them is the Kubernetes room's.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..app import App, SecretSpec
from ..azure_clouds import cloud_of
from ..capability import Plan, Request
from ..errors import MicroappsError
from ..kubernetes.client import connect
from ..kubernetes.converge import Scope, carry_out, survey
from ..kubernetes.objects import Path, Wanted
from ..kubernetes.plan import rules_of
from ..microapp import Context
from ..profile import Profile, SecretStore
from ..workload_identity.google_trust import PROVIDER
from .controls import DELIVERED
from .stores import azure_versions, gcp_secretmanager

API: Final = "external-secrets.io/v1"
CSI_API: Final = "secrets-store.csi.x-k8s.io/v1"
REFRESH: Final = "1m"
# Stores of clouds whose clusters have no use for a role at AWS, unless they take part in its federation.
ELSEWHERE: Final = frozenset({"azure_keyvault", "gcp_secretmanager"})
NOTHING: Final[Mapping[str, str]] = types.MappingProxyType({})
# Left out by us, and no default of theirs: what others write there gives the app other values than its own secret's, or none.
_OURS_ALONE: Final[Mapping[str, tuple[Path, ...]]] = types.MappingProxyType(
    {
        "ExternalSecret": (("spec", "dataFrom*"), ("spec", "target", "template*")),
        "SecretStore": (("spec", "controller*"), ("spec", "conditions*")),
    }
)
# The name of our set of objects in the namespace.
ROLE: Final = "secrets"


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """The objects' plans, and the function that carries them out and answers with the plans as they came out."""

    plans: tuple[Plan, ...]
    apply: Callable[[], tuple[Plan, ...]]


def deliver(request: Request, context: Context, annotations: Callable[[], Mapping[str, str]] = dict) -> Delivery:
    """Look at the objects in the cluster; where there is none, that is the answer of the control, and nothing else stops.

    `annotations` are what the app's service account is to say of its identity. They are asked for again when the plans are
    carried out, and looked again where they are others by then. It raises where they cannot be told: then nothing is changed.
    """
    known = _told(annotations)
    first = _looked_at(request, context, known)

    def apply() -> tuple[Plan, ...]:
        now = _told(annotations)
        return (first if now == known else _looked_at(request, context, now)).apply()

    return Delivery(first.plans, apply)


def _told(annotations: Callable[[], Mapping[str, str]]) -> Mapping[str, str] | MicroappsError:
    try:
        return dict(annotations())
    except MicroappsError as error:
        return error


def _looked_at(request: Request, context: Context, annotations: Mapping[str, str] | MicroappsError) -> Delivery:
    app, profile = context.app, context.profile
    said = NOTHING if isinstance(annotations, MicroappsError) else annotations
    wanted = wanted_objects(app, profile, said)
    if not wanted:
        return Delivery((), tuple)
    try:
        if isinstance(annotations, MicroappsError):
            raise annotations
        client = connect(profile.cluster, request.environ, request.secrets)
        found = survey(client, wanted, Scope(app.namespace, ROLE, control=DELIVERED), rules_of(profile))
    except MicroappsError as error:
        failed = tuple(Plan(one.name, controls=(DELIVERED,)).failed(error) for one in wanted)
        return Delivery(failed, lambda: failed)
    return Delivery(tuple(step.plan for step in found.steps), lambda: carry_out(client, found))


def wanted_objects(app: App, profile: Profile, annotations: Mapping[str, str] = NOTHING) -> tuple[Wanted, ...]:
    """The objects, and what of them is ours alone. Pure."""
    return tuple(
        Wanted(one, (DELIVERED,), exclusive=_OURS_ALONE.get(one["kind"], ())) for one in objects(app, profile, annotations)
    )


def objects(app: App, profile: Profile, annotations: Mapping[str, str] = NOTHING) -> tuple[dict[str, Any], ...]:
    """ServiceAccount (with what it says of its identity), and for each secret a SecretProviderClass, or an ExternalSecret of one
    SecretStore. None for an app without secrets. Pure."""
    if not app.secrets:
        return ()
    account = _service_account(app, profile, annotations)
    if profile.secret_store.delivery == "csi":
        return (account, *(_provider_class(app, profile, spec) for spec in app.secrets))
    return (
        account,
        _secret_store(app, profile),
        *(_external_secret(app, profile, spec) for spec in app.secrets),
    )


def _metadata(app: App, name: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": app.name, "app.kubernetes.io/part-of": app.name}
    return {"name": name, "namespace": app.namespace, "labels": labels}


def _service_account(app: App, profile: Profile, annotations: Mapping[str, str]) -> dict[str, Any]:
    metadata = _metadata(app, app.service_account)
    said = dict(annotations)
    # Read by IRSA; EKS Pod Identity binds the same role by namespace and name and needs no annotation, and so does Google.
    if profile.secret_store.scheme not in ELSEWHERE or profile.aws.oidc_provider:
        said["eks.amazonaws.com/role-arn"] = f"arn:aws:iam::{profile.aws.account}:role/{app.role_name}"
    if said:
        metadata["annotations"] = said
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}


def _secret_store(app: App, profile: Profile) -> dict[str, Any]:
    account = {"name": app.service_account}
    provider: dict[str, Any]
    if profile.secret_store.scheme == "openbao":
        store = profile.secret_store
        login = {"kubernetes": {"mountPath": store.pods_mount, "role": app.role_name, "serviceAccountRef": account}}
        where = {"namespace": store.namespace} if store.namespace else {}
        provider = {"vault": {"server": store.address, **where, "path": store.mount, "version": "v2", "auth": login}}
    elif profile.secret_store.scheme == "gcp_secretmanager":
        provider = {"gcpsm": {"projectID": profile.secret_store.project, "auth": _google_login(profile, account)}}
    elif profile.secret_store.scheme == "azure_keyvault":
        provider = {"azurekv": _key_vault(profile.secret_store, account)}
    else:
        login = {"jwt": {"serviceAccountRef": account}}
        provider = {"aws": {"service": "SecretsManager", "region": profile.aws.region, "auth": login}}
    return {"apiVersion": API, "kind": "SecretStore", "metadata": _metadata(app, app.name), "spec": {"provider": provider}}


def _google_login(profile: Profile, account: dict[str, str]) -> dict[str, Any]:
    named = PROVIDER.fullmatch(profile.secret_store.identity_provider)
    if named and named["provider"]:
        audience = f"//iam.googleapis.com/{profile.secret_store.identity_provider}"
        return {"workloadIdentityFederation": {"audience": audience, "serviceAccountRef": {**account, "audiences": [audience]}}}
    # Cluster and location are left out: External Secrets asks the metadata server of its own GKE cluster.
    return {"workloadIdentity": {"serviceAccountRef": account}}


def _key_vault(store: SecretStore, account: Mapping[str, str]) -> dict[str, Any]:
    # Which client the app is stands on its service account, as the webhook of Azure's workload identity reads it.
    cloud = cloud_of(store.address)
    where = {"vaultUrl": store.address, "environmentType": cloud.name if cloud else "PublicCloud"}
    # Where the identity is ours, the tenant stands there too, and External Secrets refuses to be told it twice.
    tenant = {"tenantId": store.tenant_id} if store.tenant_id and not store.vault_id else {}
    return {**where, **tenant, "authType": "WorkloadIdentity", "serviceAccountRef": dict(account)}


# What a store calls a secret, where it takes no slash.
_REMOTE: Final[Mapping[str, Callable[[str], str]]] = {
    "azure_keyvault": lambda name: f"secret/{azure_versions.secret_id(name)}",
    "gcp_secretmanager": gcp_secretmanager.secret_id,
}


def secret_object(app: App, spec: SecretSpec) -> str:
    """The name of the ExternalSecret or SecretProviderClass, and of the Secret that is made of it."""
    return f"{app.name}-{spec.name}"


def _external_secret(app: App, profile: Profile, spec: SecretSpec) -> dict[str, Any]:
    name = secret_object(app, spec)
    stored = app.secret_name(spec.name)
    remote = _REMOTE.get(profile.secret_store.scheme, str)(stored)
    data = [{"secretKey": key, "remoteRef": {"key": remote, "property": key}} for key, _variable in spec.variables]
    return {
        "apiVersion": API,
        "kind": "ExternalSecret",
        "metadata": _metadata(app, name),
        "spec": {
            "refreshInterval": REFRESH,
            "secretStoreRef": {"kind": "SecretStore", "name": app.name},
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": data,
        },
    }


def _provider_class(app: App, profile: Profile, spec: SecretSpec) -> dict[str, Any]:
    name, keys = secret_object(app, spec), [key for key, _variable in spec.variables]
    synced = {"secretName": name, "type": "Opaque", "data": [{"objectName": key, "key": key} for key in keys]}
    provider, parameters = _read_by_provider(app, profile, app.secret_name(spec.name), keys)
    return {
        "apiVersion": CSI_API,
        "kind": "SecretProviderClass",
        "metadata": _metadata(app, name),
        "spec": {"provider": provider, "parameters": parameters, "secretObjects": [synced]},
    }


def _read_by_provider(app: App, profile: Profile, name: str, keys: list[str]) -> tuple[str, dict[str, str]]:
    # `objects` is a text in YAML, of which JSON is a part.
    if profile.secret_store.scheme == "openbao":
        store = profile.secret_store
        path = f"{store.mount}/data/{name}"
        asked = [{"objectName": key, "secretPath": path, "secretKey": key} for key in keys]
        login = {"vaultAddress": store.address, "vaultKubernetesMountPath": store.pods_mount, "roleName": app.role_name}
        where = {"vaultNamespace": store.namespace} if store.namespace else {}
        return "vault", {**login, **where, "objects": json.dumps(asked)}
    # A name in quotes is JMESPath for this very key, whatever is in it.
    parts = [{"path": json.dumps(key), "objectAlias": key} for key in keys]
    wanted = [{"objectName": name, "objectType": "secretsmanager", "jmesPath": parts}]
    return "aws", {"region": profile.aws.region, "objects": json.dumps(wanted)}
