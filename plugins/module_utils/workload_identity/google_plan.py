# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The IAM policy of a secret at Google: what is there, what is wanted, and the way from one to the other. Pure.

One binding is ours: `roles/secretmanager.secretAccessor` for the app's principal, without a condition. Persons and service
accounts that somebody gave rights stay. Another workload, a set of them or everybody is a stranger, and so is any further role
of the app's own: reported, or taken away where the profile says `adopt: take`. The project's own policy reaches every secret
of it; it is looked at and never changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..capability import Change, Plan, Refusal
from .google_trust import ACCESSOR, Pool, Token, holds, is_workload, opens, wrong

Policy = Mapping[str, Any]
# The format of policies with conditions; asked for and written always, or conditions of others would be lost.
VERSION: Final = 3
Grant = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """Who may read a secret: the workload that shows the token `own`, by this pool. `take`: strangers go."""

    pool: Pool
    own: Token
    take: bool = False
    control: str = ""

    @property
    def member(self) -> str:
        """How the policy names the workload."""
        return self.pool.principal(self.own.subject)


def grants(policy: Policy) -> tuple[Grant, ...]:
    """Every role and member, once and sorted."""
    return tuple(sorted({(one["role"], member) for one in policy.get("bindings", ()) for member in one.get("members", ())}))


def strangers_in(policy: Policy, wish: Wish) -> tuple[Grant, ...]:
    """Workloads that may read beside the app's, and what the app has beyond reading."""
    return tuple(grant for grant in grants(policy) if _is_strange(grant, wish))


def _is_strange(grant: Grant, wish: Wish) -> bool:
    role, member = grant
    if member == wish.member:
        return role != ACCESSOR
    if not opens(role) or not is_workload(member):
        return False
    # The same one service account in the older spelling is nobody else.
    return member != f"serviceAccount:{wish.pool.name}[{wish.own.subject.namespace}/{wish.own.subject.service_account}]"


def wanted(policy: Policy, wish: Wish) -> dict[str, Any]:
    """The policy as it should be. Everything that is neither ours nor, with `take`, a stranger's stays as it is."""
    gone = set(strangers_in(policy, wish)) if wish.take else set()
    bindings = []
    for binding in policy.get("bindings", ()):
        members = [member for member in binding.get("members", ()) if (binding["role"], member) not in gone]
        if members:
            bindings.append({**binding, "members": members})
    if not any(_is_ours(binding) and wish.member in binding["members"] for binding in bindings):
        place = next((number for number, binding in enumerate(bindings) if _is_ours(binding)), None)
        if place is None:
            bindings.append({"role": ACCESSOR, "members": [wish.member]})
        else:
            bindings[place] = {**bindings[place], "members": [*bindings[place]["members"], wish.member]}
    return {**policy, "version": VERSION, "bindings": bindings}


def without(policy: Policy, member: str) -> dict[str, Any]:
    """The policy with this member in no binding; everybody else stays."""
    bindings = [{**one, "members": [other for other in one["members"] if other != member]} for one in policy.get("bindings", ())]
    return {**policy, "version": VERSION, "bindings": [binding for binding in bindings if binding["members"]]}


def _is_ours(binding: Mapping[str, Any]) -> bool:
    return binding["role"] == ACCESSOR and not binding.get("condition")


def plan(name: str, policy: Policy | None, wish: Wish) -> tuple[Plan, ...]:
    """What is done to one secret's policy, and beside it what is refused. `policy` is None where there is no secret yet."""
    proven = (wish.control,) if wish.control else ()
    found = policy or {}
    after = wanted(found, wish)
    before, then = shown(found), shown(after)
    changes: tuple[Change, ...] = ()
    if before != then:
        changes = (Change("update" if policy else "create", "readers", before or None, then, wish.control),)
    made = Plan(name, {"readers": before} if policy is not None else None, {"readers": then}, changes, (), proven)
    refused = _refusals(name, after, wish)
    if not refused:
        return (made,)
    return made, Plan(f"{name} (others)", {}, {}, refusals=refused, controls=proven)


def shown(policy: Policy) -> dict[str, list[str]]:
    """Who has which role, for the diff; a binding under a condition says so."""
    told: dict[str, set[str]] = {}
    for binding in policy.get("bindings", ()):
        role = binding["role"] + (" (under a condition)" if binding.get("condition") else "")
        told.setdefault(role, set()).update(binding.get("members", ()))
    return {role: sorted(members) for role, members in sorted(told.items())}


def _refusals(name: str, policy: Policy, wish: Wish) -> tuple[Refusal, ...]:
    left = strangers_in(policy, wish)
    failing = ", ".join(wrong(policy, wish.pool, wish.own))
    told = f"; the trust proof says: {failing}" if failing else ""
    mend = "Remove it, or set adopt: take in the profile."
    if left:
        return tuple(_refusal(name, grant, wish, told, mend) for grant in left)
    if failing:
        mend = "Compare the pool's providers with cluster.oidc_issuer and secret_store.identity_provider of the profile."
        return (Refusal(f"Who may read {name} is wrong", f"accepted or refused wrongly: {failing}", mend, wish.control),)
    return ()


def _refusal(name: str, grant: Grant, wish: Wish, told: str, mend: str) -> Refusal:
    role, member = grant
    whose = "the app itself has it beyond reading its secrets" if member == wish.member else "it is not the app's workload"
    return Refusal(f"{member} has {role} on {name}", f"{whose}{told}", mend, wish.control)


def inherited(project: str, policy: Policy, wishes: Iterable[Wish]) -> Plan:
    """What the project's own policy gives to workloads reaches every secret of it: the app's own, and those of others."""
    wishes = tuple(wishes)
    name, control = f"gcp:projects/{project}/policy", wishes[0].control
    told = []
    for role, member in grants(policy):
        if not opens(role) or not is_workload(member):
            continue
        own = any(holds(member, wish.pool, wish.own.subject) for wish in wishes)
        why = "so the app may read every secret of the project" if own else "so it may read the app's secrets and all others"
        mend = "Give it on single secrets, and take it away from the project."
        told.append(Refusal(f"{member} has {role} on the project {project}", why, mend, control))
    return Plan(name, {}, {}, refusals=tuple(told), controls=(control,) if control else ())
