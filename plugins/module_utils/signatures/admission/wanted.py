# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a profile has its cluster enforce for one app: objects, the namespace's label, and how they are found again."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...capability import Request
from ...errors import Invalid
from ...kubernetes.cluster_set import ClusterSet
from ...kubernetes.kinds import Kind
from ...kubernetes.objects import Wanted, is_ours
from ...microapp import Context
from ..policy import Policy, policy_of
from . import kyverno, policy_controller
from .forecast import render
from .model import APP, ENVIRONMENT, PART, Controller, Rendered, Target, marks, target_of
from .roots import TRUST_ROOT_API, TRUST_ROOT_KIND

ENFORCED: Final = "supply_chain-13"
# Every kind that any controller is told by: what is left of another one goes.
KINDS: Final = (
    (TRUST_ROOT_API, TRUST_ROOT_KIND),
    (policy_controller.API, policy_controller.KIND),
    (kyverno.API, kyverno.KIND),
)
RESOURCES: Final = (
    "policy.sigstore.dev/trustroots",
    "policy.sigstore.dev/clusterimagepolicies",
    "policies.kyverno.io/imagevalidatingpolicies",
)
WEBHOOKS: Final = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
)
# What the controllers call their webhooks: policy-controller its only one, Kyverno all of them.
_WEBHOOK: Final = "policy.sigstore.dev"
_WEBHOOKS: Final = ".kyverno.svc"


@dataclasses.dataclass(frozen=True, slots=True)
class Enforcement:
    """The policy of one app as its cluster's controller takes it."""

    controller: Controller
    policy: Policy
    target: Target
    rendered: Rendered

    @property
    def objects(self) -> tuple[Wanted, ...]:
        """What is applied. What others add to a specification can only loosen it, so all of it is ours."""
        return tuple(Wanted(one, (ENFORCED,), exclusive=(("spec",),)) for one in self.rendered.objects)


def enforcement_of(context: Context, now: datetime.datetime, environ: Mapping[str, str]) -> Enforcement | None:
    """What the cluster is to enforce, the policy's files read; None where the profile has no policy, or no controller."""
    app, profile = context.app, context.profile
    if not profile.enforces_images:
        return None
    if context.verdict is None:
        raise Invalid("Have the cluster verify images", "there is no verdict", "Run the role triage first.")
    policy = policy_of(profile, app, now, environ)
    if policy is None:
        return None
    target = target_of(app, profile.registry.address, context.verdict.path)
    controller = Controller(profile.admission.controller)
    return Enforcement(controller, policy, target, render(policy, target, controller))


def namespace_labels(context: Context, request: Request) -> tuple[tuple[str, str], ...]:
    """By which the app's namespace asks the controller. None while there is no policy to ask it about: it would refuse all."""
    if context.profile.admission.controller != Controller.POLICY_CONTROLLER:
        return ()
    enforcement = enforcement_of(context, request.now(), request.environ)
    return (policy_controller.INCLUDE,) if enforcement and enforcement.rendered.objects else ()


def set_of(app: str, environment: str) -> ClusterSet:
    """Everything that was ever applied for the app in the environment, for whichever controller."""
    return ClusterSet(marks(app, environment), KINDS, ENFORCED)


def sets_in(environment: str) -> ClusterSet:
    """The same of all apps of the environment: to be looked at, and never to be converged."""
    return ClusterSet({ENVIRONMENT: environment, **PART}, KINDS)


def is_asked(controller: Controller, configurations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the API server asks this controller about pods, or (Kyverno, which registers what it has policies for) about its
    policies. Pure."""
    hooks = [hook for one in configurations for hook in one.get("webhooks") or ()]
    if controller is Controller.KYVERNO:
        return any(_WEBHOOKS in str(hook.get("name", "")) for hook in hooks)
    return any(hook.get("name") == _WEBHOOK and hook.get("failurePolicy") == "Fail" and _about_pods(hook) for hook in hooks)


def _about_pods(hook: Mapping[str, Any]) -> bool:
    # Installed without rules: the controller writes them when it runs for the first time.
    return any({"pods", "*", "*/*"} & set(rule.get("resources") or ()) for rule in hook.get("rules") or ())


def images_of(policy: Mapping[str, Any]) -> frozenset[str]:
    """The globs of a ClusterImagePolicy."""
    return frozenset(str(one.get("glob", "")) for one in policy.get("spec", {}).get("images") or ())


def guards(wanted: Iterable[Wanted], live: Iterable[Mapping[str, Any]], app: str) -> tuple[str, ...]:
    """Other apps of ours whose ClusterImagePolicies are for the very images of these. Pure.

    That kind knows no namespaces: a policy of one app for the images of another would refuse that one's pods.
    """
    globs = frozenset(glob for one in wanted for glob in images_of(one.manifest))
    names = (app_of(one) for one in live if is_ours(one) and images_of(one) & globs)
    return tuple(sorted({name for name in names if name and name != app}))


def app_of(live: Mapping[str, Any]) -> str:
    """The app that an object's label names, '' if there is none."""
    return str((live["metadata"].get("labels") or {}).get(APP, ""))
