# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A workload's managed identity at Azure: what is there, what is wanted, and the way from one to the other. Pure.

The identity is the app's alone, and marked so by its tags. It has one federated credential, for one service account of one
cluster, and on each of its own secrets the role Key Vault Secrets User. Whatever else it trusts or may read, and other workloads
on these secrets, are strangers: reported, or taken away where the profile says `adopt: take`.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Final

from ..capability import Change, Plan, Refusal
from .azure_trust import SECRETS_USER, Assignment, Credential, Roles, Token, may_read, wrong

CREDENTIAL: Final = "workload"
MANAGED_BY: Final = "managed-by"
OURS: Final = "goldenpath.microapps"
_MEND: Final = "Remove it, or set adopt: take in the profile."


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """A user-assigned managed identity: `client` is who it is to Entra's login, `principal` who it is to role assignments."""

    client: str
    principal: str
    tenant: str
    tags: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What Azure has: the identity, whom it trusts, its own role assignments around the vault, and all on its secrets."""

    identity: Identity | None = None
    credentials: tuple[Credential, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    roles: Roles = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """The identity of this name, for the workload that shows the token `own`, reading `secrets` of the vault (a resource id).

    `take`: strangers go, and an identity that nobody's tags claim is taken over.
    """

    name: str
    vault: str
    own: Token
    secrets: tuple[str, ...]
    tags: Mapping[str, str]
    take: bool = False
    control: str = ""

    def scope(self, secret: str) -> str:
        """Where the role on a secret is assigned."""
        return f"{self.vault}/secrets/{secret}"

    def named(self, part: str = "") -> str:
        """What plans call the identity, or a part of it."""
        return object_name(self.name, part)


def object_name(name: str, part: str = "") -> str:
    """What plans and lists call an identity, or a part of it."""
    return f"azure:identity/{name}" + (f"/{part}" if part else "")


def credential(wish: Wish) -> Credential:
    """The one federated credential that is wanted."""
    return Credential(CREDENTIAL, wish.own.issuer, str(wish.own.subject), (wish.own.audience,))


def assignment_name(scope: str, principal: str) -> str:
    """The GUID of our role assignment: the same in every run, so that writing it again is no second one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope.lower()}#{principal.lower()}#{SECRETS_USER}"))


def foreign(found: Found, wish: Wish) -> tuple[Refusal, ...]:
    """Why an identity of this name must not be touched: it is another's, or nobody's of ours on first contact."""
    if found.identity is None:
        return ()
    tags = found.identity.tags
    mismatched = [key for key in ("app", "environment") if key in wish.tags and tags.get(key, wish.tags[key]) != wish.tags[key]]
    if mismatched:
        owner = ", ".join(f"{key} {tags[key]}" for key in mismatched)
        return (Refusal(wish.named(), f"its tags say that it belongs to {owner}", "Rename one of them.", wish.control),)
    if tags.get(MANAGED_BY) != OURS and not wish.take:
        why = f"it exists and was not made by us (no tag {MANAGED_BY} of ours)"
        return (Refusal(wish.named(), why, "Set adopt: take in the profile to take it over.", wish.control),)
    return ()


def plan(found: Found, wish: Wish) -> tuple[Plan, ...]:
    """The identity, its trust and its rights, each as a plan; beside them what is refused."""
    proven = (wish.control,) if wish.control else ()
    refused = foreign(found, wish)
    if refused:
        return (Plan(wish.named(), {}, {}, refusals=refused, controls=proven),)
    parts = (_identity(found, wish), _trust(found, wish), *(_access(found, wish, secret) for secret in wish.secrets))
    made = tuple(dataclasses.replace(part, controls=proven) for part in (*parts, *_taken(found, wish)))
    left = _refusals(found, wish)
    if not left:
        return made
    return (*made, Plan(wish.named("others"), {}, {}, refusals=left, controls=proven))


def _identity(found: Found, wish: Wish) -> Plan:
    have = dict(found.identity.tags) if found.identity else {}
    after = {"tags": {**have, **wish.tags}}
    if found.identity is None:
        return Plan(wish.named(), None, after, (Change("create", "identity", None, after["tags"], wish.control),))
    changes = (Change("update", "tags", have, after["tags"], wish.control),) if have != after["tags"] else ()
    return Plan(wish.named(), {"tags": have}, after, changes)


def _trust(found: Found, wish: Wish) -> Plan:
    name, wanted = wish.named("trust"), credential(wish)
    if any(_same(one, wanted) for one in found.credentials):
        return Plan(name, {"trust": wanted.words()}, {"trust": wanted.words()})
    own = next((one for one in found.credentials if one.name == CREDENTIAL), None)
    before = {"trust": own.words()} if own else None
    change = Change("update" if own else "create", "trust", own.words() if own else None, wanted.words(), wish.control)
    return Plan(name, before, {"trust": wanted.words()}, (change,))


def _same(one: Credential, wanted: Credential) -> bool:
    return (one.issuer, one.subject, one.audiences) == (wanted.issuer, wanted.subject, wanted.audiences)


def _access(found: Found, wish: Wish, secret: str) -> Plan:
    name, after = f"azure:{wish.vault.rpartition('/')[2]}/secrets/{secret}/reader", {"reader": wish.name}
    if has_access(found, wish, secret):
        return Plan(name, after, after)
    return Plan(name, None, after, (Change("create", "reader", None, wish.name, wish.control),))


def has_access(found: Found, wish: Wish, secret: str) -> bool:
    """Whether our role is assigned on this very secret, without a condition."""
    return found.identity is not None and any(
        one.principal == found.identity.principal
        and one.role == SECRETS_USER
        and one.scope.lower() == wish.scope(secret).lower()
        and not one.condition
        for one in found.assignments
    )


def strange_credentials(found: Found, wish: Wish) -> tuple[Credential, ...]:
    """Whom the identity trusts beside the workload. What has our name is ours, and is mended."""
    wanted = credential(wish)
    return tuple(one for one in found.credentials if one.name != CREDENTIAL and not _same(one, wanted))


def strange_assignments(found: Found, wish: Wish) -> tuple[Assignment, ...]:
    """What opens more to the identity than its own secrets, and who else that is no person was let in to one of these."""
    principal = found.identity.principal if found.identity else ""
    own = {wish.scope(secret).lower() for secret in wish.secrets}
    return tuple(one for one in found.assignments if _opens(one, found) and _is_strange(one, principal, own))


def _opens(one: Assignment, found: Found) -> bool:
    return may_read((one,), found.roles, one.principal, one.scope)


def _is_strange(one: Assignment, principal: str, own: set[str]) -> bool:
    if one.principal != principal:
        return one.kind not in ("User", "Group") and one.scope.lower() in own
    return one.role != SECRETS_USER or one.scope.lower() not in own


def _taken(found: Found, wish: Wish) -> tuple[Plan, ...]:
    if not wish.take:
        return ()
    gone = [(one.name, one.words()) for one in strange_credentials(found, wish)]
    gone += [(one.id.rpartition("/")[2], _words(one, found)) for one in strange_assignments(found, wish)]
    return tuple(
        Plan(wish.named(f"others/{name}"), {"is": words}, None, (Change("delete", "", words, None, wish.control),))
        for name, words in gone
    )


def _words(one: Assignment, found: Found) -> str:
    role = found.roles[one.role].name if one.role in found.roles else one.role
    return f"{one.kind} {one.principal} has {role} on {one.scope}"


def _refusals(found: Found, wish: Wish) -> tuple[Refusal, ...]:
    kept = tuple(one for one in found.credentials if one.name != CREDENTIAL and not _same(one, credential(wish)))
    after = (credential(wish), *(() if wish.take else kept))
    failing = ", ".join(wrong(after, wish.own))
    told = f"; the trust proof says: {failing}" if failing else ""
    if wish.take:
        left: tuple[Refusal, ...] = ()
    else:
        left = tuple(
            Refusal(f"{wish.named()} trusts {one.words()}", f"it is not the app's workload{told}", _MEND, wish.control)
            for one in strange_credentials(found, wish)
        )
        left += tuple(
            Refusal(_words(one, found), "only the app's own identity reads its secrets, and nothing else", _MEND, wish.control)
            for one in strange_assignments(found, wish)
        )
    if failing and not left:
        why = f"accepted or refused wrongly: {failing}"
        return (
            Refusal(f"Whom {wish.named()} trusts is wrong", why, "Correct cluster.oidc_issuer in the profile.", wish.control),
        )
    return left
