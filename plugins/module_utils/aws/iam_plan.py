# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The IAM role of a workload: what AWS has, what is wanted, and the way from one to the other. Pure."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ..capability import KEEP, Change, Keep, Plan, Refusal, keep_if_none
from ..errors import Invalid
from .grants import checked_statements
from .policies import VERSION, Document, same_meaning
from .sets import born, checked_tags, wanted_tags
from .trust import Trust, checked, trust_policy

_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_BOUNDARY: Final = re.compile(r"arn:[a-z0-9-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+")
LONGEST_INLINE_POLICIES: Final = 10240
POLICY_NAME: Final = "workload"
FIELDS: Final = ("description", "trust", "permissions_boundary", "max_session_duration", "statements", "other_policies", "tags")


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """What AWS has. `policy` is our inline policy ({}: none) and `others` the names or ARNs of every other; KEEP: not read."""

    name: str
    arn: str
    description: str
    trust: Document
    permissions_boundary: str
    max_session_duration: int
    tags: Mapping[str, str]
    policy: Document | Keep = KEEP
    others: tuple[str, ...] | Keep = KEEP
    instance_profiles: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """The same fields, each a value or KEEP. An empty `permissions_boundary` or `policy` means none.

    `exclusive`: policies that are not listed here are taken away; else they are reported.
    """

    name: str
    description: str | Keep = KEEP
    trust: Document | Keep = KEEP
    permissions_boundary: str | Keep = KEEP
    max_session_duration: int | Keep = KEEP
    policy: Document | Keep = KEEP
    exclusive: bool = False
    tags: Mapping[str, str] | Keep = KEEP
    purge_tags: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Absent:
    """The role should not be there, nor the policies that it alone holds."""

    name: str


def object_name(name: str) -> str:
    """How plans, diffs and proofs call a role."""
    return f"iam:role/{name}"


def policy_of(statements: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The inline policy document of these statements; none is no policy, because IAM refuses an empty one."""
    return {"Version": VERSION, "Statement": [dict(statement) for statement in statements]} if statements else {}


def wanted(params: Mapping[str, Any]) -> Wanted | Absent:
    """One entry of the option `roles`; raises `Invalid` for a wildcard subject and for rights that are too wide."""
    name = str(params["name"])
    if not _NAME.fullmatch(name):
        raise Invalid(f"'{name}' is not the name of an IAM role", "1 to 64 letters, digits and + = , . @ _ - fit", "Shorten it.")
    if params["state"] == "absent":
        return Absent(name)
    boundary = params["permissions_boundary"]
    if boundary and not _BOUNDARY.fullmatch(boundary):
        raise Invalid(f"permissions_boundary of {name}: '{boundary}' is not the ARN of a policy")
    policy: Any = KEEP
    if params["statements"] is not None:
        policy = policy_of(checked_statements(params["statements"], name))
        if len(json.dumps(policy, separators=(",", ":"))) > LONGEST_INLINE_POLICIES:
            raise Invalid(f"The statements of {name} are too long", f"{LONGEST_INLINE_POLICIES} characters fit", "Merge them.")
    return Wanted(
        name=name,
        description=keep_if_none(params["description"]),
        trust=KEEP if params["trust"] is None else trust_policy(trust_from(params["trust"])),
        permissions_boundary=keep_if_none(boundary),
        max_session_duration=_duration(params["max_session_duration"], name),
        policy=policy,
        exclusive=bool(params["exclusive"]),
        tags=KEEP if params["tags"] is None else checked_tags(params["tags"], object_name(name)),
        purge_tags=bool(params["purge_tags"]),
    )


def _duration(seconds: int | None, name: str) -> int | Keep:
    if seconds is not None and not 3600 <= seconds <= 43200:
        raise Invalid(f"max_session_duration of {name}: {seconds} is not between 3600 and 43200 seconds")
    return KEEP if seconds is None else seconds


def trust_from(option: Mapping[str, Any]) -> Trust:
    """The option `trust`; raises `Invalid` unless it names exactly one service account."""
    irsa = option.get("irsa") or {}
    return checked(
        Trust(
            namespace=option["namespace"],
            service_account=option["service_account"],
            pod_identity=bool(option["pod_identity"]),
            cluster=option.get("cluster") or "",
            issuer=irsa.get("issuer") or "",
            provider=irsa.get("provider_arn") or "",
        )
    )


def role_from(answer: Mapping[str, Any]) -> Role:
    """A role as GetRole and CreateRole answer it."""
    document = answer.get("AssumeRolePolicyDocument") or {}
    return Role(
        name=answer["RoleName"],
        arn=answer["Arn"],
        description=answer.get("Description", ""),
        trust=json.loads(document) if isinstance(document, str) else document,
        permissions_boundary=(answer.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""),
        max_session_duration=int(answer.get("MaxSessionDuration", 3600)),
        tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())},
    )


def plan(current: Role | None, wish: Wanted | Absent, controls: Mapping[str, str] | None = None) -> Plan:
    """What to do. `controls` says which control asks for which field."""
    controls = controls or {}
    proven = tuple(dict.fromkeys(controls.values()))
    name = object_name(wish.name)
    if isinstance(wish, Absent):
        return _removal(current, name)
    if current is None:
        return _creation(wish, name, controls, proven)
    before = _shown(current)
    after = {**before, **_after(current, wish)}
    changes = tuple(
        Change("update", field, before[field], after[field], controls.get(field, ""))
        for field in FIELDS
        if field in before and before[field] != after[field]
    )
    return Plan(name, before, after, changes, (), proven)


def _removal(current: Role | None, name: str) -> Plan:
    if current is None:
        return Plan(name)
    refusals: tuple[Refusal, ...] = ()
    if current.instance_profiles:
        machines = ", ".join(current.instance_profiles)
        refusals = (
            Refusal(f"The role {current.name} is not deleted", f"machines use it (instance profile {machines})", "Detach it."),
        )
    return Plan(name, _shown(current), None, (Change("delete", "", _shown(current), None),), refusals)


def _creation(wish: Wanted, name: str, controls: Mapping[str, str], proven: tuple[str, ...]) -> Plan:
    if wish.trust is KEEP:
        why = "IAM makes no role without a trust policy"
        return Plan(
            name, refusals=(Refusal(f"The role {wish.name} is not made", why, "Give the option trust."),), controls=proven
        )
    values = {
        "description": wish.description,
        "trust": wish.trust,
        "permissions_boundary": wish.permissions_boundary,
        "max_session_duration": wish.max_session_duration,
        "statements": wish.policy,
        "tags": wish.tags,
    }
    # What a new role lacks anyway is not shown as made.
    after = {field: _plain(value) for field, value in values.items() if value is not KEEP and value not in ("", {})}
    return born(name, {"name": wish.name, **after}, controls)


def _after(current: Role, wish: Wanted) -> dict[str, Any]:
    after: dict[str, Any] = {}
    for field in ("description", "permissions_boundary", "max_session_duration"):
        value = getattr(wish, field)
        if value is not KEEP:
            after[field] = value
    if wish.trust is not KEEP and not same_meaning(current.trust, wish.trust):
        after["trust"] = _plain(wish.trust)
    if wish.policy is not KEEP and current.policy is not KEEP and not same_meaning(current.policy, wish.policy):
        after["statements"] = _plain(wish.policy)
    if wish.exclusive:
        after["other_policies"] = []
    if wish.tags is not KEEP:
        after["tags"] = wanted_tags(current.tags, wish.tags, wish.purge_tags)
    return after


def _shown(current: Role) -> dict[str, Any]:
    shown = {
        "name": current.name,
        "description": current.description,
        "trust": _plain(current.trust),
        "permissions_boundary": current.permissions_boundary,
        "max_session_duration": current.max_session_duration,
        "tags": dict(current.tags),
    }
    if current.policy is not KEEP:
        shown["statements"] = _plain(current.policy)
    if current.others is not KEEP:
        shown["other_policies"] = list(current.others)
    return shown


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
