# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Managed identities of workloads at Azure, observed and converged over ARM: the capability `azure_workload_identity`.

What is decided stands in azure_plan.py, and whom Entra lets in in azure_trust.py. Every write has a name that is computed, so it
may be made again; federated credentials of one identity are written one after the other, as Azure demands.
"""

from __future__ import annotations

import dataclasses
import re
import time
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..aws.sets import PAUSES, once_each
from ..azure_clouds import VAULT_ID, Management, management_of
from ..capability import Capability, Outcome, Plan, Request
from ..errors import Conflict, Invalid, MicroappsError, NotFound
from ..profile import SecretStore
from ..rotation.http_json import exchange
from ..rotation.side_by_side import in_lanes
from ..rotation.stores.azure_login import bearer
from ..rotation.stores.shared import meaning
from ..scrubber import Secrets
from .azure_plan import (
    CREDENTIAL,
    MANAGED_BY,
    OURS,
    Found,
    Identity,
    Wish,
    assignment_name,
    credential,
    foreign,
    has_access,
    plan,
    strange_assignments,
    strange_credentials,
)
from .azure_trust import SECRETS_USER, Assignment, Credential, Role, Token, allows, wrong
from .subject import ADOPT_OPTION, ISSUER, WORKLOAD_OPTIONS, Subject, checked, exactly_one

PERMISSIONS: Final = (
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
)
_IDENTITY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")
_SECRET: Final = re.compile(r"[0-9A-Za-z-]{1,127}")
_APIS: Final = {"vault": "2023-07-01", "identity": "2023-01-31", "rights": "2022-04-01"}
_RIGHTS: Final = "providers/Microsoft.Authorization"
_MEND: Final = "Give the login that runs this the actions that docs/workload-identity.md lists."


@dataclasses.dataclass(frozen=True, slots=True)
class Azure:
    """Azure Resource Manager, for one vault and the identities beside it in its resource group."""

    management: Management
    token: str = dataclasses.field(repr=False)
    vault: str
    location: str

    @classmethod
    def open(cls, store: SecretStore, secrets: Secrets, environ: Mapping[str, str]) -> Azure:
        """Log in, and look at the vault: it must be the store's own, and decide by roles."""
        if not VAULT_ID.fullmatch(store.vault_id):
            why = f"'{store.vault_id}' is not the resource id of a key vault"
            raise Invalid("secret_store.vault_id", why, "Take it from `az keyvault show --query id`.")
        management = management_of(store.address)
        azure = cls(management, bearer(store, secrets, environ, management.resource), store.vault_id, "")
        found = azure.call("GET", store.vault_id, "vault", f"Look at the key vault {azure.vault_name}")
        if found is None:
            raise NotFound(f"The key vault {store.vault_id}", "Azure does not know it", "Correct secret_store.vault_id.")
        about = found.get("properties") or {}
        if _host(about.get("vaultUri", "")) != _host(store.address):
            why = f"the vault of secret_store.vault_id is at {about.get('vaultUri', 'no address')}"
            raise Invalid(f"The secret store {store.address}", why, "Correct one of them.")
        if about.get("enableRbacAuthorization") is not True:
            raise Invalid(
                f"The key vault {azure.vault_name} decides by access policies",
                "they open all secrets of the vault or none, so no app could be let in to its own",
                f"Give its users roles, then: az keyvault update --name {azure.vault_name} --enable-rbac-authorization true",
            )
        return dataclasses.replace(azure, location=str(found["location"]))

    @property
    def vault_name(self) -> str:
        """The vault's own name."""
        return self.vault.rpartition("/")[2]

    @property
    def subscription(self) -> str:
        """`/subscriptions/<id>`."""
        return "/".join(self.vault.split("/")[:3])

    def lacking(self, actions: Iterable[str]) -> tuple[str, ...]:
        """Which of these actions whoever is logged in may not take in the vault's resource group."""
        group = "/".join(self.vault.split("/")[:5])
        held = self.listed(f"{group}/{_RIGHTS}/permissions", "rights", "Ask what may be done in the resource group of the vault")
        allowed = [(tuple(one.get("actions") or ()), tuple(one.get("notActions") or ())) for one in held]
        return tuple(one for one in sorted(actions) if not any(allows(some, but, one) for some, but in allowed))

    def identity_id(self, name: str) -> str:
        """The resource id of an identity, which lies beside the vault."""
        group = "/".join(self.vault.split("/")[:5])
        return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"

    def call(self, method: str, path: str, api: str, what: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """One call; None where there is nothing. Conflict for what somebody else is just writing."""
        asked = {"api-version": _APIS[api], **(query or {})}
        target = urllib.parse.quote(path, safe="/()-._")
        reply = exchange(self.management.endpoint, method, target, {"Authorization": f"Bearer {self.token}"}, body, asked)
        if reply.status in (200, 201, 202, 204):
            return reply.body if isinstance(reply.body, dict) else {}
        if reply.status == 404:
            return None
        error = reply.body.get("error") if isinstance(reply.body, dict) else None
        code = str(error.get("code", "")) if isinstance(error, dict) else ""
        if reply.status in (409, 412) or code == "PrincipalNotFound":
            raise Conflict(what, code or "somebody wrote in between", "Nothing was overwritten. Run again.")
        raise meaning(what, reply.status, code, (401, 403), _MEND)

    def listed(self, path: str, api: str, what: str, query: Mapping[str, str] | None = None) -> tuple[Mapping[str, Any], ...]:
        """All pages of a list. A next page is asked of the same host, whatever its link says."""
        found: list[Mapping[str, Any]] = []
        asked = dict(query or {})
        while True:
            page = self.call("GET", path, api, what, None, asked) or {}
            found += page.get("value", [])
            following = urllib.parse.urlsplit(str(page.get("nextLink") or ""))
            if not following.query:
                return tuple(found)
            asked = {key: value for key, value in urllib.parse.parse_qsl(following.query) if key != "api-version"}


def _host(address: str) -> str:
    return (urllib.parse.urlsplit(address).netloc or "").lower()


def observe(azure: Azure, wish: Wish) -> Found:
    """Reads only."""
    identity = identity_of(azure, wish.name)
    credentials: tuple[Credential, ...] = ()
    rights: list[Assignment] = []
    if identity is not None:
        path = f"{azure.identity_id(wish.name)}/federatedIdentityCredentials"
        credentials = tuple(_credential(entry) for entry in azure.listed(path, "identity", f"List whom {wish.name} trusts"))
        rights += rights_of(azure, wish.name, identity.principal)
    for secret in wish.secrets:
        scope = wish.scope(secret)
        told = _assignments(azure, scope, "atScope()", f"List who may read the secret {secret}")
        rights += [one for one in told if one.scope.lower() == scope.lower()]
    assignments = {one.id.lower(): one for one in rights}
    roles = {role: found for role in {one.role for one in assignments.values()} if (found := _role(azure, role))}
    return Found(identity, credentials, tuple(assignments.values()), roles)


def identity_of(azure: Azure, name: str) -> Identity | None:
    """The identity of this name, None if there is none."""
    answer = azure.call("GET", azure.identity_id(name), "identity", f"Look at the identity {name}")
    return _identity(answer) if answer is not None else None


def identities(azure: Azure) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """Name and tags of every identity beside the vault."""
    path = azure.identity_id("").rstrip("/")
    told = azure.listed(path, "identity", "List the managed identities beside the vault")
    return tuple((str(entry["name"]), dict(entry.get("tags") or {})) for entry in told)


def rights_of(azure: Azure, name: str, principal: str) -> tuple[Assignment, ...]:
    """What is assigned to an identity at the vault, above it and below it."""
    return _assignments(azure, azure.vault, f"principalId eq '{principal}'", f"List the rights of {name}")


def _assignments(azure: Azure, scope: str, wanted: str, what: str) -> tuple[Assignment, ...]:
    entries = azure.listed(f"{scope}/{_RIGHTS}/roleAssignments", "rights", what, {"$filter": wanted})
    return tuple(map(_assignment, entries))


def take_away(azure: Azure, one: Assignment) -> None:
    """Remove a role assignment; one that is gone is as it should be."""
    _again(azure, "DELETE", one.id, "rights", f"Remove the role assignment {one.id.rpartition('/')[2]}")


def remove(azure: Azure, name: str) -> None:
    """Remove an identity, and with it whom it trusts."""
    _again(azure, "DELETE", azure.identity_id(name), "identity", f"Remove the identity {name}")


def _identity(answer: Mapping[str, Any]) -> Identity:
    about = answer["properties"]
    return Identity(about["clientId"], about["principalId"], about["tenantId"], dict(answer.get("tags") or {}))


def _credential(entry: Mapping[str, Any]) -> Credential:
    about = entry["properties"]
    expression = (about.get("claimsMatchingExpression") or {}).get("value", "")
    audiences = tuple(about.get("audiences") or ())
    return Credential(entry["name"], about.get("issuer") or "", about.get("subject") or "", audiences, expression)


def _assignment(entry: Mapping[str, Any]) -> Assignment:
    about = entry["properties"]
    role = str(about["roleDefinitionId"]).rpartition("/")[2].lower()
    return Assignment(
        str(entry["id"]),
        str(about["scope"]),
        role,
        str(about["principalId"]),
        str(about.get("principalType") or "Unknown"),
        str(about.get("condition") or ""),
    )


def _role(azure: Azure, role: str) -> Role | None:
    path = f"{azure.subscription}/{_RIGHTS}/roleDefinitions/{role}"
    answer = azure.call("GET", path, "rights", f"Look at the role {role}")
    if answer is None:
        return None
    about = answer["properties"]
    lists: dict[str, list[str]] = {"actions": [], "dataActions": [], "notActions": [], "notDataActions": []}
    # What one permission leaves out another may give: leaving out counts only where there is but one.
    permissions = about.get("permissions") or []
    for permission in permissions:
        for key, values in lists.items():
            if not key.startswith("not") or len(permissions) == 1:
                values += permission.get(key) or []
    return Role(str(about.get("roleName") or role), *(tuple(values) for values in lists.values()))


def converge(azure: Azure, wish: Wish, check: bool) -> tuple[tuple[Plan, ...], Identity | None]:
    """The plans for one identity; carried out unless only to check, and then judged by what Azure says it holds."""
    found = observe(azure, wish)
    made = plan(found, wish)
    if foreign(found, wish):
        return made, None
    if check or not any(one.changes for one in made):
        return made, found.identity
    _apply(azure, wish, found)
    kept = found
    for pause in PAUSES:
        time.sleep(pause)
        kept = observe(azure, wish)
        left = plan(kept, wish)
        if not any(one.changes for one in left):
            refused = tuple(one for one in left if one.refusals)
            strange = wrong(kept.credentials, wish.own)
            if strange and not refused:
                raise Conflict(f"Whom {wish.named()} trusts", f"accepted or refused wrongly: {', '.join(strange)}", "Run again.")
            return (*(one for one in made if not one.refusals), *refused), kept.identity
    raise Conflict(wish.named(), "Azure did not keep what it was told", "See who else writes it, and run again.")


def _apply(azure: Azure, wish: Wish, found: Found) -> None:
    """Strangers go first: whoever is let in afterwards is alone."""
    path = azure.identity_id(wish.name)
    if wish.take:
        for stranger in strange_credentials(found, wish):
            _again(azure, "DELETE", f"{path}/federatedIdentityCredentials/{stranger.name}", "identity", f"Remove {stranger.name}")
        for one in strange_assignments(found, wish):
            take_away(azure, one)
    identity = found.identity
    tags = {**(identity.tags if identity else {}), **wish.tags}
    if identity is None or dict(identity.tags) != tags:
        body = {"location": azure.location, "tags": tags}
        identity = _identity(_again(azure, "PUT", path, "identity", f"Write the identity {wish.name}", body))
    wanted = credential(wish)
    if not any(dataclasses.replace(one, name=CREDENTIAL) == wanted for one in found.credentials):
        properties = {"issuer": wanted.issuer, "subject": wanted.subject, "audiences": list(wanted.audiences)}
        what = f"Write whom {wish.name} trusts"
        _again(azure, "PUT", f"{path}/federatedIdentityCredentials/{CREDENTIAL}", "identity", what, {"properties": properties})
    for secret in wish.secrets:
        if not has_access(found, wish, secret):
            _let_in(azure, wish, secret, identity)


def _let_in(azure: Azure, wish: Wish, secret: str, identity: Identity) -> None:
    scope = wish.scope(secret)
    role = f"{azure.subscription}/{_RIGHTS}/roleDefinitions/{SECRETS_USER}"
    properties = {"roleDefinitionId": role, "principalId": identity.principal, "principalType": "ServicePrincipal"}
    path = f"{scope}/{_RIGHTS}/roleAssignments/{assignment_name(scope, identity.principal)}"
    _again(azure, "PUT", path, "rights", f"Let {wish.name} read the secret {secret}", {"properties": properties})


def _again(azure: Azure, method: str, path: str, api: str, what: str, body: Any = None) -> Any:
    """A write that is made again while somebody else writes, or while an identity that was just made is not known everywhere."""
    for pause in PAUSES[1:]:
        try:
            return azure.call(method, path, api, what, body)
        except Conflict:
            time.sleep(pause)
    return azure.call(method, path, api, what, body)


SPEC: Final[dict[str, Any]] = {
    "address": {"type": "str", "required": True},
    "vault_id": {"type": "str", "required": True},
    "issuer": {"type": "str", "required": True},
    "token_file": {"type": "path"},
    "tenant_id": {"type": "str"},
    "client_id": {"type": "str"},
    "adopt": ADOPT_OPTION,
    "identities": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            **WORKLOAD_OPTIONS,
            "tags": {"type": "dict", "default": {}},
        },
    },
}


def run(request: Request) -> Outcome:
    """Decide from the options and what Azure has; carry it out unless asked only to check."""
    params = request.params
    store = SecretStore(
        "azure_keyvault",
        params["address"],
        params["token_file"] or "",
        vault_id=params["vault_id"],
        tenant_id=params["tenant_id"] or "",
        client_id=params["client_id"] or "",
    )
    wishes = [_wish(entry, store, params["issuer"], params["adopt"] == "take") for entry in params["identities"]]
    once_each((wish.name for wish in wishes), "identity")
    once_each((secret for wish in wishes for secret in wish.secrets), "secret")
    azure = Azure.open(store, request.secrets, request.environ)
    told = in_lanes(wishes, lambda wish: wish.name, lambda wish: answered(azure, wish, request.check))
    clients = {wish.name: identity.client for wish, (_plans, identity) in zip(wishes, told, strict=True) if identity}
    return Outcome(tuple(one for plans, _identity in told for one in plans), result={"clients": clients})


def answered(azure: Azure, wish: Wish, check: bool) -> tuple[tuple[Plan, ...], Identity | None]:
    """The same as `converge`; a failure is that identity's answer and stops no other."""
    try:
        return converge(azure, wish, check)
    except MicroappsError as error:
        return (Plan(wish.named(), controls=(wish.control,) if wish.control else ()).failed(error),), None


def _wish(entry: Mapping[str, Any], store: SecretStore, issuer: str, take: bool) -> Wish:
    name, secrets = str(entry["name"]), tuple(entry["secrets"])
    if not _IDENTITY.fullmatch(name):
        raise Invalid(f"'{name}' is not the name of a managed identity", "3 to 128 letters, digits, - and _ fit", "Shorten it.")
    for secret in secrets:
        if not _SECRET.fullmatch(secret):
            raise Invalid(f"'{secret}' is not the name of a secret", "1 to 127 letters, digits and - fit", "Mend the name.")
    tags = {str(key): str(value) for key, value in entry["tags"].items()}
    return wish_for(name, store.vault_id, Subject(entry["namespace"], entry["service_account"]), issuer, secrets, tags, take)


def wish_for(
    name: str,
    vault: str,
    subject: Subject,
    issuer: str,
    secrets: Iterable[str],
    tags: Mapping[str, str],
    take: bool,
    control: str = "",
) -> Wish:
    """One identity for this service account of this cluster, and no other; `Invalid` for a wildcard."""
    exactly_one("issuer", issuer, ISSUER)
    own = Token(checked(subject), issuer)
    return Wish(name, vault, own, tuple(secrets), {**tags, MANAGED_BY: OURS}, take, control)


CAPABILITY: Final = Capability("azure_workload_identity", SPEC, run, PERMISSIONS)
