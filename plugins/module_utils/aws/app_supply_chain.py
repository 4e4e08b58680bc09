# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `app_supply_chain`: an app's repository and its workload's role converged in one task, by the code of
`ecr_repository` and `iam_workload_role`, and what each control answers.

Whether the images in the repository are signed, and by whom, is the next question and gets controls of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from ..app import App
from ..capability import KEEP, Capability, Outcome, Plan, Refusal, Request, answers_of
from ..controls import Answer, State
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, context_of
from ..profile import Profile
from . import ecr, ecr_plan, ecr_registry, iam, iam_plan
from .ecr_registry_plan import Settings, unscanned
from .session import AwsSession, session_for
from .sets import adoption, apart, each
from .supply_chain import (
    BOUND,
    CONTROLS,
    FENCED,
    NARROW,
    REPOSITORY_CONTROLS,
    ROLE_CONTROLS,
    Desired,
    Limits,
    let_in,
    proven,
    wanted,
)

SPEC: Final[dict[str, Any]] = {
    **MICROAPP_OPTIONS,
    **VERDICT_OPTION,
    # cosign keeps its signatures under tags that begin so, and writes them again with every signature.
    "mutable_tags": {"type": "list", "elements": "str", "default": ["sha256-*"]},
    "images_kept": {"type": "int", "default": 100},
    "untagged_days": {"type": "int", "default": 14},
}
# Nothing is deleted here but what was added to the role: `retire` removes whole objects.
PERMISSIONS: Final = tuple(
    sorted(
        ({"ecr:GetRegistryScanningConfiguration", *ecr.PERMISSIONS, *ecr.GRANTED_TO_AWS, *iam.PERMISSIONS})
        - {
            "ecr:DeleteRepository",
            "ecr:ListImages",
            "ecr:DeleteLifecyclePolicy",
            "ecr:DeleteRepositoryPolicy",
            "ecr:UntagResource",
        }
        - {"iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:ListInstanceProfilesForRole", "iam:UntagRole"}
    )
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """One of the two objects: what it is called, what it proves, and how it is converged."""

    name: str
    controls: tuple[str, ...]
    converge: Callable[[], Plan]


def run(request: Request) -> Outcome:
    """The app's desired objects, what AWS has, and the way there; carried out unless asked only to check."""
    context = context_of(request)
    params = request.params
    limits = Limits(tuple(params["mutable_tags"]), params["images_kept"], params["untagged_days"])
    app, profile = context.app, context.profile
    session = session_for(profile.aws, request.environ).verify_account()
    key = ecr.key_arn(session, profile.aws.kms_key) if profile.aws.kms_key else ""
    desired = wanted(app, profile, context.verdict, limits, key)
    role_controls = {field: control for field, control in ROLE_CONTROLS.items() if control != FENCED or _fence(profile)}
    parts = (
        _Part(
            ecr_plan.object_name(desired.repository.name),
            tuple(dict.fromkeys(REPOSITORY_CONTROLS.values())),
            lambda: _repository(session, desired, app, profile, request.check),
        ),
        _Part(
            iam_plan.object_name(desired.role.name),
            tuple(dict.fromkeys(role_controls.values())),
            lambda: _role(session, desired, app, profile, request.check, role_controls),
        ),
    )
    plans = each(parts, lambda part: part.name, lambda part: part.converge(), lambda part: part.controls)
    return _outcome(plans, desired, profile, request.check)


def _outcome(plans: tuple[Plan, ...], desired: Desired, profile: Profile, check: bool) -> Outcome:
    told = tuple(part for made in plans for part in apart(made))
    if desired.refused:
        name = f"aws_actions of {desired.role.name}"
        told = (*told, Plan(name, {}, {}, refusals=desired.refused, controls=(NARROW,)))
    fenced = _fence(profile)
    answers = answers_of(told, (control for control in CONTROLS if control != FENCED or fenced), check)
    answers = tuple(_with_strangers(answer, plans, desired) for answer in answers)
    if not fenced:
        reason = "the profile names no permissions boundary (aws.permissions_boundary)"
        answers = (*answers, Answer(FENCED, State.NOT_APPLICABLE, reason=reason))
    result = {"repository": desired.repository.name, "role": desired.role.name}
    return Outcome(told, answers, result)


def _with_strangers(answer: Answer, plans: tuple[Plan, ...], desired: Desired) -> Answer:
    """Say of a trust policy that differs whom it lets in: that is what its owner must know."""
    before = next((made.before for made in plans if made.object.startswith("iam:") and made.before), None)
    if answer.control != BOUND or answer.state is State.NOT_REACHED or not before:
        return answer
    strangers = let_in(before["trust"], desired.trust)
    if not strangers:
        return answer
    found = f"{answer.found}: it accepts or refuses wrongly: {', '.join(strangers)}".removeprefix(": ")
    return dataclasses.replace(answer, found=found, reason=found if answer.reason == answer.found else answer.reason)


def _fence(profile: Profile) -> bool:
    return bool(profile.aws.permissions_boundary)


def _repository(session: AwsSession, desired: Desired, app: App, profile: Profile, check: bool) -> Plan:
    wish = desired.repository
    current = ecr.observe(session.ecr, wish)
    if current is None and wish.encryption is KEEP:
        wish = dataclasses.replace(wish, encryption=ecr_plan.Encryption("AES256"))
    made = ecr_plan.plan(current, wish, REPOSITORY_CONTROLS)
    if current is not None and current.tags is not KEEP:
        foreign = adoption(made.object, current.tags, app.name, profile.adopt)
        if foreign:
            return dataclasses.replace(made, after=made.before, changes=(), refusals=foreign)
    made = _by_the_registrys_rules(session, made, wish.name)
    doable, *refused = apart(made)
    done = doable if check else ecr.carried_out(session, wish, current, doable)
    return _together(done, refused)


def _by_the_registrys_rules(session: AwsSession, made: Plan, repository: str) -> Plan:
    why = unscanned(ecr_registry.observe(session.ecr, Settings(scan_type="")), repository)
    if not why:
        return made
    mend = f"Give the registry a rule for it: goldenpath.microapps.ecr_registry, scan_rules with the filter {repository}."
    refusal = Refusal(
        f"Images of {repository} are not scanned when they are pushed", why, mend, REPOSITORY_CONTROLS["scan_on_push"]
    )
    return dataclasses.replace(made, refusals=(*made.refusals, refusal))


def _together(done: Plan, refused: list[Plan]) -> Plan:
    """One plan again, for `_outcome` to tell apart: what was done, and the refusals beside it."""
    if not refused:
        return done
    return dataclasses.replace(done, refusals=refused[0].refusals, controls=(*done.controls, *refused[0].controls))


def _role(session: AwsSession, desired: Desired, app: App, profile: Profile, check: bool, controls: dict[str, str]) -> Plan:
    wish = desired.role
    current = iam.observe(session.iam, wish)
    made = iam_plan.plan(current, wish, controls)
    if current is not None:
        foreign = adoption(made.object, current.tags, app.name, profile.adopt)
        if foreign:
            return dataclasses.replace(made, after=made.before, changes=(), refusals=foreign)
    made = proven(made, desired.trust)
    iam.require_boundary(session.iam, made)
    return made if check else iam.carried_out(session, wish, current, made)


CAPABILITY = Capability("app_supply_chain", SPEC, run, PERMISSIONS, CONTROLS)
