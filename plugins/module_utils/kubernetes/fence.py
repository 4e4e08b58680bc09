# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `k8s_tenancy`: an app's namespace and everything that fences it in, in one converge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ..capability import Capability, Outcome, Request, answers_of
from ..errors import Invalid
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from .client import connect
from .converge import Scope, converge
from .objects import Wanted
from .plan import rules_of
from .tenancy import tenancy_objects
from .tenancy_controls import ALONE, FENCE

SPEC: Final[dict[str, Any]] = {
    **MICROAPP_OPTIONS,
    **VERDICT_OPTION,
    "manifests": {"type": "bool", "default": False},
}
# Nothing but ours may open the fence: neither a policy that lets more through nor a binding that lets more people in.
_ALONE_IN: Final = ("NetworkPolicy", "RoleBinding")
_WHOLE: Final = (
    "configmaps",
    "resourcequotas",
    "limitranges",
    "serviceaccounts",
    "networking.k8s.io/networkpolicies",
    "rbac.authorization.k8s.io/roles",
    "rbac.authorization.k8s.io/rolebindings",
)
PERMISSIONS: Final = (
    *(f"namespaces:{verb}" for verb in ("get", "create", "patch")),
    *(f"{resource}:{verb}" for resource in _WHOLE for verb in ("get", "list", "create", "patch", "delete")),
    # The owners' role grants what whoever runs the playbooks need not hold.
    "rbac.authorization.k8s.io/roles:escalate",
    "rbac.authorization.k8s.io/roles:bind",
)


def run(request: Request) -> Outcome:
    """Fence the app in; with `check`, say what that would change."""
    context = context_of(request)
    if context.verdict is None:
        raise Invalid("Fence the app in", "there is no verdict", "Run the role triage first.")
    app, profile = context.app, context.profile
    opt_in = _opt_in(context, request)
    wanted = tenancy_objects(app, profile, context.verdict, opt_in)
    result = {"manifests": manifests(wanted)} if request.params.get("manifests") else {}
    client = connect(profile.cluster, request.environ, request.secrets)
    scope = Scope(app.namespace, "k8s-tenancy", alone=_ALONE_IN, control=ALONE)
    plans = converge(client, wanted, scope, rules_of(profile), check=request.check)
    controls = dict.fromkeys((*FENCE, *(control for _key, _value, control in opt_in)))
    return Outcome(plans, answers_of(plans, controls, request.check), result)


def _opt_in(context: Context, request: Request) -> tuple[tuple[str, str, str], ...]:
    """The labels by which the namespace asks policy-controller, the only one that is asked so, and their control."""
    if context.profile.admission.controller != "policy_controller":
        return ()
    # What verifies signatures is a fifth of what a play of this task alone would import.
    from ..signatures.admission.wanted import ENFORCED, namespace_labels

    return tuple((key, value, ENFORCED) for key, value in namespace_labels(context, request))


def manifests(wanted: Sequence[Wanted]) -> str:
    """The objects as `kubectl apply -f -` takes them: JSON, which is YAML that needs no quoting."""
    items = [one.manifest for one in wanted]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2, ensure_ascii=False)


CAPABILITY: Final = Capability("k8s_tenancy", SPEC, run, PERMISSIONS, FENCE)
