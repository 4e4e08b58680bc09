# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `app_admission`: the cluster's own admission controller is told the profile's signature policy for one app.

What a controller cannot be told is not applied in part. What it will refuse although we accept it is told and applied all the
same: else whoever can push something beside an image could switch the enforcement off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

from ...capability import Capability, Outcome, Plan, Refusal, Request, answers_of
from ...controls import Answer, State
from ...errors import MicroappsError
from ...kubernetes.client import Client, connect
from ...kubernetes.cluster_set import ClusterSet, converge_cluster_set, members
from ...kubernetes.fence import manifests
from ...kubernetes.plan import rules_of
from ...microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from ...profile import Profile
from ..image_signature import PERMISSIONS as REGISTRY_PERMISSIONS
from .forecast import Forecast
from .foresight import foreseen
from .model import PART, Controller, Gap, Rendered
from .wanted import ENFORCED, KINDS, RESOURCES, WEBHOOKS, Enforcement, enforcement_of, guards, images_of, is_asked, set_of

SPEC: Final[dict[str, Any]] = {**MICROAPP_OPTIONS, **VERDICT_OPTION, "manifests": {"type": "bool", "default": False}}
PERMISSIONS: Final = (
    *REGISTRY_PERMISSIONS,
    *(f"{resource}:{verb}" for resource in RESOURCES for verb in ("get", "list", "create", "patch", "delete")),
    "admissionregistration.k8s.io/validatingwebhookconfigurations:list",
)
_PROGRAMS: Final = {Controller.POLICY_CONTROLLER: "policy-controller", Controller.KYVERNO: "Kyverno"}


def run(request: Request) -> Outcome:
    """Tell the controller; with `check`, say what that would change."""
    context = context_of(request)
    enforcement = enforcement_of(context, request.now(), request.environ)
    if enforcement is None:
        return _nothing_enforced(context, request)
    result = _result(enforcement, bool(request.params.get("manifests")))
    if enforcement.rendered.impossible:
        plan = _impossible(enforcement)
        return Outcome((plan,), answers_of((plan,), (ENFORCED,), request.check), result)
    warnings, refused = _forecast(context, enforcement, request)
    profile = context.profile
    client = connect(profile.cluster, request.environ, request.secrets)
    plans = _converged(client, context, enforcement, request)
    (answer,) = answers_of(plans, (ENFORCED,), request.check)
    if answer.state is State.IN_PLACE:
        asked = is_asked(enforcement.controller, client.list_all(WEBHOOKS))
        answer = _judged(answer, profile, enforcement, refused, asked)
    return Outcome(plans, (answer,), {**result, "forecast": refused}, warnings)


def _result(enforcement: Enforcement, with_manifests: bool) -> dict[str, Any]:
    shown = {"manifests": manifests(enforcement.objects)} if with_manifests else {}
    return {"differences": _differences(enforcement.rendered), **shown}


def _differences(rendered: Rendered) -> list[dict[str, str]]:
    return [{"gap": str(one.gap), "what": one.what, "why": one.why} for one in rendered.differences]


def _converged(client: Client, context: Context, enforcement: Enforcement, request: Request) -> tuple[Plan, ...]:
    app, wanted = context.app, enforcement.objects
    the_set = set_of(app.name, app.environment)
    if enforcement.controller is Controller.POLICY_CONTROLLER:
        guarded = frozenset().union(*map(images_of, members(client, the_set)))
        # Asked for before it guards other images than it does: all apps' policies are a long list.
        new = any(images_of(one.manifest) - guarded for one in wanted)
        others = members(client, ClusterSet(PART, KINDS)) if new else ()
        if owners := guards(wanted, others, app.name):
            return tuple(_guarded(one.name, enforcement, owners) for one in wanted)
    return converge_cluster_set(client, wanted, the_set, rules_of(context.profile), check=request.check)


def _guarded(name: str, enforcement: Enforcement, owners: Iterable[str]) -> Plan:
    why = f"{enforcement.target.repository} is the image of {', '.join(owners)} as well, whose pods it would refuse too"
    refusal = Refusal(f"Apply {name}", why, "Give one of the apps an image of its own in the catalog.", ENFORCED)
    return Plan(name, refusals=(refusal,), controls=(ENFORCED,))


def _impossible(enforcement: Enforcement) -> Plan:
    """Nothing is applied, and nothing that is there is removed: what the cluster enforced it enforces until this is mended."""
    program = _PROGRAMS[enforcement.controller]
    refusals = tuple(
        Refusal(
            f"{program} cannot be told signature_policy.{one.what}",
            one.why,
            "Choose the other controller (admission.controller), or change the policy: docs/signatures.md.",
            ENFORCED,
        )
        for one in enforcement.rendered.impossible
    )
    return Plan(f"{enforcement.controller}:{enforcement.target.name}", refusals=refusals, controls=(ENFORCED,))


def _forecast(context: Context, enforcement: Enforcement, request: Request) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Sentences for people, and as data what the controller will refuse of what we accept."""
    try:
        found = foreseen(context, enforcement, request)
    except MicroappsError as error:
        return (f"Whether {_PROGRAMS[enforcement.controller]} admits the image could not be forecast: {error.sentence()}",), []
    if found is None or found.admitted:
        return (), []
    refused = [dataclasses.asdict(one) for one in found.because]
    return (_refusal_foreseen(found),), refused


def _refusal_foreseen(found: Forecast) -> str:
    because = " ".join(dict.fromkeys(f"{one.why}. {one.mend}" for one in found.because))
    return f"{_PROGRAMS[found.controller]} {found.version} will refuse the image that was verified: {because}"


def _judged(answer: Answer, profile: Profile, enforcement: Enforcement, refused: list[dict[str, str]], asked: bool) -> Answer:
    """The objects are there as they should be; whether that makes the control true. Pure."""
    program = _PROGRAMS[enforcement.controller]
    looser = dict.fromkeys(one.why.rstrip(".") for one in enforcement.rendered.differences if one.gap is Gap.LOOSER)
    less = f"{program} asks for less than the policy: {'; '.join(looser)}" if looser else ""
    answer = dataclasses.replace(answer, found="; ".join(filter(None, (answer.found, less))))
    if refused:
        because = "; ".join(dict.fromkeys(f"{one['why']}. {one['mend'].rstrip('.')}" for one in refused))
        reason = f"{program} will refuse the image that was verified: {because}"
        return dataclasses.replace(answer, state=State.VIOLATED, reason=reason)
    if asked:
        return answer
    if profile.embedded:
        reason = f"The sandbox's cluster keeps the policy for {program}, and enforces nothing: no admission webhook runs there."
        return dataclasses.replace(answer, state=State.NOT_APPLICABLE, reason=reason)
    reason = f"The policy is there and nobody enforces it: no webhook of {program} is asked about pods. Install {program}"
    return dataclasses.replace(answer, state=State.VIOLATED, reason=reason)


def _nothing_enforced(context: Context, request: Request) -> Outcome:
    """Answer for a profile that has nothing enforced, and remove what an earlier one had."""
    profile, app = context.profile, context.app
    answer = _undecided(profile)
    if not profile.cluster.available:
        return Outcome((), (answer,))
    client = connect(profile.cluster, request.environ, request.secrets)
    the_set = set_of(app.name, app.environment)
    plans: tuple[Plan, ...] = ()
    if members(client, the_set):
        plans = converge_cluster_set(client, (), the_set, rules_of(profile), check=request.check)
    (removed,) = answers_of(plans, (ENFORCED,), request.check)
    if removed.state is State.IN_PLACE or answer.state is State.VIOLATED:
        return Outcome(plans, (dataclasses.replace(answer, done=removed.done),))
    return Outcome(plans, (removed,))


def _undecided(profile: Profile) -> Answer:
    if profile.signature_policy is None:
        return Answer(ENFORCED, State.NOT_APPLICABLE, reason="Nothing is verified without a signature_policy.")
    if profile.admission.controller == "none":
        reason = f"The profile of {profile.name} has decided that its cluster verifies no images (admission.controller: none)."
        return Answer(ENFORCED, State.NOT_APPLICABLE, reason=reason)
    reason = (
        f"In {profile.name} whoever may deploy can run an image that nobody signed: the cluster itself verifies none. Name its "
        "admission.controller in the profile, or none (docs/signatures.md)"
    )
    return Answer(ENFORCED, State.VIOLATED, reason=reason, found=reason)


CAPABILITY: Final = Capability("app_admission", SPEC, run, PERMISSIONS, (ENFORCED,))
