# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom Google takes a Kubernetes token for, and whether an IAM policy lets them read a secret: the trust proof. Pure.

Two steps, as Google has them. Its Security Token Service makes a principal of a token, by a workload identity pool; a policy
then names principals (IAM's "principal identifiers"). The pool of GKE, `<project>.svc.id.goog`, takes the tokens of every
cluster of the project for the same principal ("identity sameness"). A pool of one's own takes what its OIDC providers say.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Invalid
from .subject import Subject, neighbours

ACCESSOR: Final = "roles/secretmanager.secretAccessor"
GKE: Final = ".svc.id.goog"
PROVIDER: Final = re.compile(
    r"projects/(?P<number>[0-9]{1,20})/locations/global/workloadIdentityPools/"
    r"(?:(?P<gke>[a-z][a-z0-9-]{4,28}[a-z0-9]\.svc\.id\.goog)|(?P<pool>[a-z0-9-]{4,32})/providers/(?P<provider>[a-z0-9-]{4,32}))"
)
_HOST: Final = "//iam.googleapis.com/"
_CLUSTERS: Final = "https://container.googleapis.com/v1/projects/"
_PUBLIC: Final = frozenset({"allUsers", "allAuthenticatedUsers"})
# How fleets and older examples write a service account of a GKE pool.
_LEGACY: Final = re.compile(r"serviceAccount:(?P<pool>[a-z0-9.:-]+)\[(?P<namespace>[^/\]]*)/?(?P<account>[^\]]*)\]")
# Roles of Secret Manager that open no value, and the others that do, or let their holder give themselves one that does.
_CLOSED: Final = frozenset(
    {
        "roles/secretmanager.viewer",
        "roles/secretmanager.secretVersionAdder",
        "roles/secretmanager.secretVersionManager",
    }
)
_OPEN: Final = frozenset({"roles/owner", "roles/iam.securityAdmin", "roles/resourcemanager.projectIamAdmin"})
_EQUAL: Final = re.compile(r"""(?:assertion\.sub|google\.subject)\s*==\s*(["'])(?P<text>[^"'\\]*)\1""")
_BEGINS: Final = re.compile(r"""(?:assertion\.sub|google\.subject)\.startsWith\(\s*(["'])(?P<text>[^"'\\]*)\1\s*\)""")


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """An OIDC provider of a pool, as IAM v1 tells it. No `audiences`: its own full name is the one that it takes."""

    name: str
    issuer: str
    audiences: tuple[str, ...] = ()
    mapping: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"google.subject": "assertion.sub"})
    condition: str = ""

    def takes(self, audience: str) -> bool:
        """Whether a token for this audience is meant for it."""
        return audience in (self.audiences or (f"{_HOST}{self.name}", f"https:{_HOST}{self.name}"))


@dataclasses.dataclass(frozen=True, slots=True)
class Pool:
    """A workload identity pool. `providers` are those that are enabled; GKE's pool shows none."""

    number: str
    name: str
    providers: tuple[Provider, ...] = ()

    @property
    def path(self) -> str:
        """Its resource name."""
        return f"projects/{self.number}/locations/global/workloadIdentityPools/{self.name}"

    @property
    def project(self) -> str:
        """The project whose GKE clusters share it, '' for a pool of one's own."""
        return self.name.removesuffix(GKE) if self.name.endswith(GKE) else ""

    def subject(self, subject: Subject) -> str:
        """What the pool calls a service account."""
        return f"ns/{subject.namespace}/sa/{subject.service_account}" if self.project else str(subject)

    def principal(self, subject: Subject) -> str:
        """How a policy names a service account of the pool."""
        return f"principal:{_HOST}{self.path}/subject/{self.subject(subject)}"


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """What a pod shows to Google: a token of its service account, from its cluster's issuer, for one audience."""

    subject: Subject
    issuer: str
    audience: str


def own_token(pool: Pool, subject: Subject, issuer: str, provider: str) -> Token:
    """The token of the workload itself; `provider` is the full name of the one that its cluster has in a pool of one's own."""
    if pool.project:
        return Token(subject, issuer or f"{_CLUSTERS}{pool.project}/locations/x/clusters/own", pool.name)
    named = next((one for one in pool.providers if one.name == provider), None)
    audience = named.audiences[0] if named and named.audiences else f"{_HOST}{provider}"
    return Token(subject, issuer, audience)


def principal_of(pool: Pool, token: Token) -> str | None:
    """The subject that Google makes of a token, None if the pool refuses it.

    Raises `Invalid` for a mapping or a condition that it cannot judge: a proof that guesses is none.
    """
    if pool.project:
        own = token.issuer.startswith(f"{_CLUSTERS}{pool.project}/") and token.audience == pool.name
        return pool.subject(token.subject) if own else None
    for provider in pool.providers:
        if provider.issuer != token.issuer or not provider.takes(token.audience):
            continue
        if provider.mapping.get("google.subject") != "assertion.sub":
            raise Invalid(
                f"The provider {provider.name} maps google.subject in a way that this proof cannot judge",
                f"google.subject={provider.mapping.get('google.subject', '')}",
                "Map google.subject=assertion.sub.",
            )
        if _meets(provider, str(token.subject)):
            return str(token.subject)
    return None


def _meets(provider: Provider, subject: str) -> bool:
    for part in filter(None, (part.strip() for part in provider.condition.split("&&"))):
        equal, begins = _EQUAL.fullmatch(part), _BEGINS.fullmatch(part)
        if not equal and not begins:
            raise Invalid(
                f"The provider {provider.name} has a condition that this proof cannot judge",
                part,
                "Compare assertion.sub by == or startsWith, joined by &&, or remove it: the policy names the one subject.",
            )
        if equal and subject != equal["text"]:
            return False
        if begins and not subject.startswith(begins["text"]):
            return False
    return True


def opens(role: str) -> bool:
    """Whether a role opens secrets, or may: of a role that somebody made, Google's word is not asked for, so it does."""
    if not role.startswith("roles/"):
        return True
    return role in _OPEN or (role.startswith("roles/secretmanager.") and role not in _CLOSED)


def is_workload(member: str) -> bool:
    """Whether a member of a policy is, or holds, workloads or everybody. Persons and named service accounts are not."""
    if member in _PUBLIC or _LEGACY.fullmatch(member):
        return True
    kind, _unused, rest = member.partition("://")
    return kind in ("principal", "principalSet") and "/workforcePools/" not in rest


def holds(member: str, pool: Pool, subject: Subject) -> bool:
    """Whether a member of a policy is, or may hold, this principal of the pool. What cannot be told counts as yes."""
    if member in _PUBLIC:
        return True
    legacy = _LEGACY.fullmatch(member)
    if legacy:
        asked = ((subject.namespace, legacy["namespace"]), (subject.service_account, legacy["account"]))
        return legacy["pool"] == pool.name and all(fnmatch.fnmatchcase(value, pattern or "*") for value, pattern in asked)
    kind, _unused, rest = member.partition(f":{_HOST}{pool.path}/")
    if kind == "principal" and rest.startswith("subject/"):
        return rest == f"subject/{pool.subject(subject)}"
    if kind == "principalSet" and rest.startswith("namespace/"):
        return rest == f"namespace/{subject.namespace}"
    return kind in ("principal", "principalSet") and bool(rest)


def accepts(policy: Mapping[str, Any], pool: Pool, token: Token) -> bool:
    """Whether this policy lets the bearer of the token read. A binding under a condition counts as one without."""
    if principal_of(pool, token) is None:
        return any(opens(one["role"]) and "allUsers" in one.get("members", ()) for one in policy.get("bindings", ()))
    return any(
        opens(binding["role"]) and any(holds(member, pool, token.subject) for member in binding.get("members", ()))
        for binding in policy.get("bindings", ())
    )


def strangers(pool: Pool, own: Token) -> Iterator[tuple[str, Token]]:
    """Tokens that must be refused, each with what is wrong about it: the cases of the trust proof."""
    for what, other in neighbours(own.subject):
        yield what, dataclasses.replace(own, subject=other)
    yield "another audience", dataclasses.replace(own, audience="https://kubernetes.default.svc")
    if pool.project:
        yield "another project's cluster", dataclasses.replace(own, issuer=f"{_CLUSTERS}{pool.project}-2/locations/x/clusters/y")
        return
    yield "another cluster", dataclasses.replace(own, issuer=f"{own.issuer}2")
    for provider in pool.providers:
        if provider.issuer != own.issuer:
            audience = provider.audiences[0] if provider.audiences else f"{_HOST}{provider.name}"
            yield f"another cluster ({provider.issuer})", Token(own.subject, provider.issuer, audience)


def wrong(policy: Mapping[str, Any], pool: Pool, own: Token) -> tuple[str, ...]:
    """What is wrong with a policy, token by token; empty if it lets the workload in and nobody else. See also `shared`."""
    try:
        found = tuple(what for what, token in strangers(pool, own) if accepts(policy, pool, token))
        return found if accepts(policy, pool, own) else (*found, "not the workload itself")
    except Invalid as error:
        return (error.sentence(),)


def shared(pool: Pool, own: Token) -> str:
    """Who is let in beside the workload although every binding is right, and what would end that; '' if nobody is."""
    twin = dataclasses.replace(own, issuer=f"{_CLUSTERS}{pool.project}/locations/x/clusters/another")
    if not pool.project or principal_of(pool, twin) is None:
        return ""
    return (
        f"every cluster of the project {pool.project} shares the pool {pool.name}, so a service account of the same name in the "
        "same namespace of another one reads them too; a pool of this cluster's own (secret_store.identity_provider) refuses it"
    )
