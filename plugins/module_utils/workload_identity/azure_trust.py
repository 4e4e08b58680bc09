# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose token Azure takes for a managed identity, and what that identity may read: the trust proof. Pure.

Microsoft Entra takes a token for an identity if one of its federated credentials has exactly the token's issuer and subject, and
its audience. A flexible credential has an expression (`claims['sub'] matches '...'`) in the place of the subject. What the
identity may do is what is assigned to it at a scope or above: Azure RBAC, by the data actions of each role.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from .subject import Subject, neighbours

# The webhook of Azure's workload identity and External Secrets ask for tokens for it.
AUDIENCE: Final = "api://AzureADTokenExchange"
SECRETS_USER: Final = "4633458b-17de-408a-b874-0445c86b69e6"
_READ: Final = "microsoft.keyvault/vaults/secrets/getsecret/action"
_GIVE: Final = "microsoft.authorization/roleassignments/write"
_CLAUSE: Final = re.compile(r"claims\['sub'\]\s+(?P<how>eq|matches)\s+'(?P<text>[^']*)'")


@dataclasses.dataclass(frozen=True, slots=True)
class Credential:
    """A federated credential of an identity. A flexible one has no `subject`; `expression` is '' where Azure does not show it."""

    name: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expression: str = ""

    def words(self) -> str:
        """For the diff, and for whoever has to judge it."""
        return f"{self.subject or self.expression or 'an expression'} of {self.issuer} for {', '.join(self.audiences)}"


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """What a pod shows to Entra: a token of its service account, from its cluster's issuer, for one audience."""

    subject: Subject
    issuer: str
    audience: str = AUDIENCE


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """A role's definition: what it allows to do with resources, and with the data in them, less what it leaves out."""

    name: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    but_actions: tuple[str, ...] = ()
    but_data_actions: tuple[str, ...] = ()

    def opens(self) -> bool:
        """Whether it reads secrets, or lets its holder give himself a role that does."""
        return allows(self.data_actions, self.but_data_actions, _READ) or allows(self.actions, self.but_actions, _GIVE)


@dataclasses.dataclass(frozen=True, slots=True)
class Assignment:
    """A role that a principal has at a scope. `role` is the GUID of its definition, `kind` is User, Group or ServicePrincipal."""

    id: str
    scope: str
    role: str
    principal: str
    kind: str = "ServicePrincipal"
    condition: str = ""

    def reaches(self, scope: str) -> bool:
        """Whether it holds at a scope: there, or above."""
        own, other = self.scope.lower().rstrip("/"), scope.lower()
        return own == other or other.startswith(f"{own}/")


Roles = Mapping[str, Role]


def accepts(credentials: Iterable[Credential], token: Token) -> bool:
    """Whether Entra would take this token for the identity."""
    return any(
        one.issuer == token.issuer and token.audience in one.audiences and _names(one, str(token.subject)) for one in credentials
    )


def _names(credential: Credential, subject: str) -> bool:
    if credential.subject:
        return credential.subject == subject
    clauses = credential.expression.split(" and ")
    found = [_CLAUSE.fullmatch(clause.strip()) for clause in clauses]
    # An expression that cannot be read, or is not shown, is taken to let everybody in.
    return all(
        clause is None
        or (clause["how"] == "eq" and clause["text"] == subject)
        or (clause["how"] == "matches" and fnmatch.fnmatchcase(subject, clause["text"].replace("[", "[[]")))
        for clause in found
    )


def strangers(own: Token, credentials: Iterable[Credential]) -> Iterator[tuple[str, Token]]:
    """Tokens that must be refused, each with what is wrong about it: the cases of the trust proof."""
    for what, other in neighbours(own.subject):
        yield what, dataclasses.replace(own, subject=other)
    yield "another audience", dataclasses.replace(own, audience="https://kubernetes.default.svc")
    yield "another cluster", dataclasses.replace(own, issuer=f"{own.issuer}2")
    for credential in credentials:
        if credential.issuer != own.issuer:
            for audience in credential.audiences:
                yield f"another cluster ({credential.issuer})", Token(own.subject, credential.issuer, audience)
        for audience in credential.audiences:
            if audience != own.audience:
                yield f"another audience ({audience})", dataclasses.replace(own, audience=audience)


def wrong(credentials: Iterable[Credential], own: Token) -> tuple[str, ...]:
    """What is wrong with an identity's credentials, token by token; empty if they let the workload in and nobody else."""
    credentials = tuple(credentials)
    found = tuple(dict.fromkeys(what for what, token in strangers(own, credentials) if accepts(credentials, token)))
    return found if accepts(credentials, own) else (*found, "not the workload itself")


def may_read(assignments: Iterable[Assignment], roles: Roles, principal: str, scope: str) -> bool:
    """Whether the principal itself may read the secret at this scope. A condition counts as none: it is not judged."""
    return any(
        one.principal == principal and one.reaches(scope) and roles.get(one.role, _ANYTHING).opens() for one in assignments
    )


def allows(patterns: Iterable[str], but: Iterable[str], action: str) -> bool:
    """Whether a role's list of actions holds this one, and the list of what it leaves out does not."""

    def any_like(some: Iterable[str]) -> bool:
        return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in some)

    return any_like(patterns) and not any_like(but)


# A role whose definition is gone, or may not be read.
_ANYTHING: Final = Role("unknown", ("*",), ("*",))
