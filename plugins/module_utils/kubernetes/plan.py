# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deciding what is to be done about each object. Pure: it sees what was read and what the server's dry run said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ..capability import Change, Plan, Refusal
from ..errors import Conflict, MicroappsError
from ..profile import Profile
from .answers import Holder
from .objects import (
    Path,
    Wanted,
    additions,
    as_told,
    changes_between,
    differences,
    field_of,
    holds,
    is_ours,
    managers_of,
    name_of,
    overfull,
    removal,
    trimmed,
    without,
)

# Objects that hold nothing of their own: making one anew loses nothing.
_MADE_ANEW = frozenset({"RoleBinding", "Role", "ResourceQuota", "LimitRange", "NetworkPolicy"})
# The role bindings that OpenShift makes in every project, by the roles that only they are for.
_SYSTEM_ROLES = frozenset({"system:image-puller", "system:image-builder", "system:deployer"})


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """The profile's word on what others hold: `adopt` and `foreign` as there, `controllers` whose hold is respected."""

    adopt: str = "report"
    foreign: str = "report"
    controllers: tuple[str, ...] = ()


def rules_of(profile: Profile) -> Rules:
    """The rules of an environment."""
    return Rules(profile.adopt, profile.tenancy.foreign, profile.tenancy.controllers)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What is known about one wanted object before anything is decided.

    `live` is what is there; `after` what the server's dry run made of it (None: it could not be asked, because the object's
    namespace is not there yet, or `anew`); `holders` hold fields of ours with other values; `problem` is why it could not be
    told.
    """

    wanted: Wanted
    live: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    holders: tuple[Holder, ...] = ()
    anew: bool = False
    problem: MicroappsError | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A plan and what carries it out.

    `patch` removes what others added, after the object was applied. `uid` is the very object that may be deleted. `force`
    takes back fields that were seen in the hands of others.
    """

    plan: Plan
    deed: Literal["none", "apply", "anew", "delete"] = "none"
    manifest: Mapping[str, Any] | None = None
    patch: Mapping[str, Any] | None = None
    uid: str = ""
    force: bool = False


def decide(seen: Seen, rules: Rules) -> Step:
    """What to do about one wanted object."""
    wanted, live = seen.wanted, seen.live
    base = Plan(wanted.name, controls=wanted.controls)
    full = overfull(wanted, seen.after) if seen.after is not None else ()
    told = as_told(seen.after, wanted.manifest, full) if seen.after is not None else None
    problem = seen.problem or (not_kept(wanted.manifest, told) if told is not None else None)
    if problem:
        return Step(base.failed(problem))
    if live is None:
        # The manifest, not the server's answer: a check without the namespace shows the same diff as the run with it.
        created = tuple(Change("create", control=control) for control in wanted.controls or ("",))
        return Step(dataclasses.replace(base, after=dict(wanted.manifest), changes=created), "apply", wanted.manifest)
    before = trimmed(live)
    if not is_ours(live) and not wanted.made_by_system and rules.adopt != "take":
        return Step(dataclasses.replace(base, before=before, after=before, refusals=_not_ours(wanted)))
    added = additions(wanted, live)
    after = dict(wanted.manifest) if told is None else without(trimmed(told), added)
    changes = changes_between(wanted, before, after)
    plan = dataclasses.replace(base, before=before, after=after, changes=changes)
    refusals = _held(wanted, live, seen.holders, added, changes, rules)
    if refusals:
        return Step(dataclasses.replace(plan, refusals=refusals))
    if seen.anew and wanted.manifest["kind"] not in _MADE_ANEW:
        return Step(dataclasses.replace(plan, refusals=_unchangeable(wanted, changes)))
    if not changes:
        return Step(plan)
    uid = str(live["metadata"].get("uid", ""))
    return Step(
        plan,
        "anew" if seen.anew else "apply",
        wanted.manifest,
        as_told(removal(added), wanted.manifest, full) or None,
        uid,
        bool(seen.holders),
    )


def not_kept(manifest: Mapping[str, Any], got: Mapping[str, Any]) -> MicroappsError | None:
    """What is wrong when the server's answer to a write does not hold what it was told: its answer is what it stores."""
    if holds(manifest, got):
        return None
    lost = [field_of(path) for path, want, kept in differences(manifest, got) if want is not None and not holds(want, kept)]
    return Conflict(
        f"The cluster does not keep what it is told of {name_of(manifest)}",
        f"different afterwards: {', '.join(lost) or 'something'}",
        "Something in the cluster (an admission webhook or policy) changes it: find out what.",
    )


def _not_ours(wanted: Wanted) -> tuple[Refusal, ...]:
    why = "it exists and was made by others"
    step = "Set adopt: take in the environment's profile to have it taken over, or remove it."
    return tuple(Refusal(f"Change {wanted.name}", why, step, control) for control in wanted.controls or ("",))


def _unchangeable(wanted: Wanted, changes: tuple[Change, ...]) -> tuple[Refusal, ...]:
    step = f"Delete {wanted.name} and repeat the run, if nothing depends on it."
    controls = dict.fromkeys(change.control for change in changes) or {"": None}
    return tuple(Refusal(f"Change {wanted.name}", "it cannot be changed in place", step, control) for control in controls)


def _held(
    wanted: Wanted,
    live: Mapping[str, Any],
    holders: tuple[Holder, ...],
    added: tuple[Path, ...],
    changes: tuple[Change, ...],
    rules: Rules,
) -> tuple[Refusal, ...]:
    held = [(holder.field.lstrip("."), holder.manager) for holder in holders]
    held += [(field_of(path), manager) for path in added for manager in managers_of(live, path)]
    respected = [f"{field} is held by {manager}" for field, manager in held if manager in rules.controllers]
    if not respected:
        return ()
    why = "; ".join(dict.fromkeys(respected)) + ", a controller that the profile names"
    step = "Change it where that controller takes it from, or remove the controller from tenancy.controllers."
    # Nothing of the object is applied, so every control that some of its differences serve is refused.
    controls = dict.fromkeys(change.control for change in changes) or dict.fromkeys(wanted.controls or ("",))
    return tuple(Refusal(f"Change {wanted.name}", why, step, control) for control in controls)


def prune(live: Mapping[str, Any], control: str) -> Step:
    """An object that we once applied and that nobody wants any more."""
    return _deletion(live, control)


def expel(live: Mapping[str, Any], control: str, rules: Rules) -> Step | None:
    """An object of others where there must be none: removed or reported as the profile says. None: it belongs there."""
    if _of_the_system(live):
        return None
    managers = dict.fromkeys(str(entry.get("manager")) for entry in live["metadata"].get("managedFields") or ())
    respected = [manager for manager in managers if manager in rules.controllers]
    if rules.foreign == "remove" and not respected:
        return _deletion(live, control)
    who = ", ".join(respected or managers) or "somebody else"
    step = f"Remove it (kubectl delete {_argument(live)}), or let tenancy.foreign: remove do so."
    if respected:
        step = f"Remove it where {who} takes it from."
    before = trimmed(live)
    refusal = Refusal(f"{name_of(live)} does not belong there", f"{who} made it, and it can open the fence", step, control)
    return Step(Plan(name_of(live), before, before, refusals=(refusal,), controls=(control,)))


def _argument(live: Mapping[str, Any]) -> str:
    metadata = live["metadata"]
    return f"--namespace {metadata['namespace']} {str(live['kind']).lower()} {metadata['name']}"


def _deletion(live: Mapping[str, Any], control: str) -> Step:
    changes = (Change("delete", control=control),)
    plan = Plan(name_of(live), trimmed(live), None, changes, controls=(control,) if control else ())
    return Step(plan, "delete", live, uid=str(live["metadata"].get("uid", "")))


def _of_the_system(live: Mapping[str, Any]) -> bool:
    role = live.get("roleRef") or {}
    return live["kind"] == "RoleBinding" and role.get("kind") == "ClusterRole" and role.get("name") in _SYSTEM_ROLES


def in_a_foreign_namespace(steps: Iterable[Step], namespace: str) -> tuple[Step, ...]:
    """The same steps, none of which is taken: the namespace itself was made by others."""
    error = Conflict(
        f"Use the namespace {namespace}",
        "it exists and was made by others",
        "Set adopt: take in the environment's profile to have it taken over, or give the app another name.",
    )
    return tuple(Step(_refused(step.plan, error)) for step in steps)


def _refused(plan: Plan, error: MicroappsError) -> Plan:
    controls = plan.controls or ("",)
    refusals = tuple(Refusal(error.what, error.why, error.next_step, control) for control in controls)
    return plan if plan.refusals or plan.failure else dataclasses.replace(plan, refusals=refusals)
