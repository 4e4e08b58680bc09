# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who we are to Azure Key Vault: a client with its secret or a federated token, or the managed identity of this machine.

| the profile has   | the environment has           | the login                                                          |
| ----------------- | ----------------------------- | ------------------------------------------------------------------ |
| `token_file`      |                               | the client's secret in it; a federated token if it holds a JWT     |
|                   | `AZURE_FEDERATED_TOKEN_FILE`  | the federated token in it: AKS workload identity, a CI's OIDC token|
|                   |                               | the managed identity, from the instance metadata service (IMDS)    |

Key Vault's challenge (the header WWW-Authenticate of its 401) names a login host and a resource. It is not followed: whoever
stands behind a vault's address could name his own. The login host is that of the vault's cloud, and the resource is the domain
of the vault's own address, so that no secret and no token can get to, or be good for, anything else.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

from ...azure_clouds import cloud_of
from ...errors import Invalid, MicroappsError
from ...network import is_loopback
from ...profile import SecretStore
from ...scrubber import Secrets
from ..http_json import exchange, request
from .shared import meaning, token_of

_IMDS: Final = "http://169.254.169.254"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def bearer(store: SecretStore, secrets: Secrets, environ: Mapping[str, str], resource: str = "") -> str:
    """A token for the vault at the store's address, or the other resource of its cloud that is named, and nothing else.

    Registered as secret. Denied, Invalid, Unreachable.
    """
    resource = resource or resource_of(store.address)
    file = store.token_file or environ.get("AZURE_FEDERATED_TOKEN_FILE", "")
    if not file:
        return secrets.register(_from_metadata(store, resource, environ))
    tenant = store.tenant_id or environ.get("AZURE_TENANT_ID", "")
    client = store.client_id or environ.get("AZURE_CLIENT_ID", "")
    if not (tenant and client):
        why = "neither the profile nor AZURE_TENANT_ID and AZURE_CLIENT_ID name the tenant and the client"
        raise Invalid("The login at Azure Key Vault", why, "Add tenant_id and client_id to secret_store.")
    form = {"grant_type": "client_credentials", "client_id": client, "scope": f"{resource}/.default"}
    form |= _proof(token_of(file, secrets))
    path = f"/{urllib.parse.quote(tenant, safe='')}/oauth2/v2.0/token"
    reply = exchange(_authority(store.address, environ), "POST", path, {}, form=form)
    token = _token(reply.body) if reply.status == 200 else ""
    if not token:
        raise _refused(reply.status, reply.body)
    return secrets.register(token)


def resource_of(address: str) -> str:
    """What a token for this vault is good for: all vaults of its cloud, for Azure knows none for one alone."""
    cloud = cloud_of(address)
    if cloud is not None:
        return f"https://{cloud.vaults}"
    if is_loopback(address):
        return f"https://{urllib.parse.urlsplit(address).hostname}"
    raise Invalid(f"The address {address} of the secret store", "it is no key vault's", "Give https://<vault>.vault.azure.net.")


def _authority(address: str, environ: Mapping[str, str]) -> str:
    cloud = cloud_of(address)
    if cloud is not None:
        return cloud.authority
    # Set by the workload identity webhook, and known to Azure's own libraries; a real vault's login never depends on it.
    host = environ.get("AZURE_AUTHORITY_HOST", "").rstrip("/")
    if is_loopback(host):
        return host
    raise Invalid("The login at a vault on this machine", "AZURE_AUTHORITY_HOST is not on this machine", "Set it, or use Azure.")


def _proof(text: str) -> dict[str, str]:
    if _is_jwt(text):
        return {"client_assertion_type": _ASSERTION, "client_assertion": text}
    return {"client_secret": text}


def _is_jwt(text: str) -> bool:
    head, dot, rest = text.partition(".")
    try:
        data = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    return bool(dot) and rest.count(".") == 1 and isinstance(data, dict) and "alg" in data


def _from_metadata(store: SecretStore, resource: str, environ: Mapping[str, str]) -> str:
    # The variable is the one that Azure's own libraries know.
    host = environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", _IMDS).rstrip("/")
    query = {"api-version": "2018-02-01", "resource": resource} | ({"client_id": store.client_id} if store.client_id else {})
    status, answer = request(host, "GET", "/metadata/identity/oauth2/token", {"Metadata": "true"}, None, query)
    token = _token(answer) if status == 200 else ""
    if not token:
        mend = "Give the machine a managed identity, and name it by client_id if it has several."
        raise meaning("Ask the instance metadata service for a login", status, "no token", (200, 400, 401, 403, 404), mend)
    return token


def _token(answer: Any) -> str:
    token = answer.get("access_token") if isinstance(answer, dict) else None
    return token if isinstance(token, str) else ""


def _refused(status: int, answer: Any) -> MicroappsError:
    # Only the codes: what else Entra writes is long, and may repeat what it was sent.
    fields = answer if isinstance(answer, dict) else {}
    code = re.search(r"AADSTS\d+", str(fields.get("error_description", "")))
    said = " ".join(word for word in (str(fields.get("error", "")), code[0] if code else "") if re.fullmatch(r"\w{1,60}", word))
    mend = "Renew the file, or mend tenant_id, client_id or the federated credential."
    return meaning("The login at Azure Key Vault", status, said or "no token", (200, 400, 401, 403), mend)
