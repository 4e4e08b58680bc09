# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `run_gate`: the right input and the right target, and nobody else at work, before anything is changed.

A wrong target ends the road here. A part that is merely down does not: the roles that need it answer `not_reached`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..aws.session import session_for
from ..capability import Capability, Outcome, Request
from ..errors import MissingLibrary, Unreachable
from ..evidence.record import FAIL_ON, Run
from ..kubernetes.client import Client, connect
from ..microapp import MICROAPP_OPTIONS, Context, context_of
from ..signatures.policy import policy_of
from ..state_folder import state_folder
from .lease import ClusterLeases, FileLeases, Leases, holder_of, leave, process_started, take

SPEC: Final[dict[str, Any]] = {
    "app": MICROAPP_OPTIONS["app"],
    "profile": MICROAPP_OPTIONS["profile"],
    "state": {"type": "str", "choices": ["entered", "left"], "default": "entered"},
    # Not asked for here: what the report is asked at the end is refused before anything is changed.
    "fail_on": FAIL_ON,
}
# What only says that a part cannot be asked now. A refusal (Denied, Conflict) means that it could not be verified: fail closed.
COULD_NOT_ASK: Final = (Unreachable, MissingLibrary)


def run(request: Request) -> Outcome:
    """Enter: check the input, the signature policy's files too, and both targets; take the lease. Leave: let go of it.

    An audit holds no lease.
    """
    context = context_of(request)
    warnings: list[str] = []
    client = _asked(lambda: connect(context.profile.cluster, request.environ, request.secrets), warnings)
    if request.params["state"] == "entered":
        policy_of(context.profile, context.app, request.now(), request.environ)
        _asked(lambda: session_for(context.profile.aws, request.environ).verify_account(), warnings)
    if request.run is not None and not request.check:
        _hold(request, request.run, context, client)
    return Outcome(warnings=tuple(warnings) if request.params["state"] == "entered" else ())


def _asked(question: Callable[[], Any], warnings: list[str]) -> Any:
    try:
        return question()
    except COULD_NOT_ASK as error:
        warnings.append(error.sentence())
        return None


def _hold(request: Request, play: Run, context: Context, client: Client | None) -> None:
    name = f"{context.app.name}.{context.app.environment}"
    leases: Leases = ClusterLeases(client) if client else FileLeases(state_folder(request.environ) / "leases")
    me = holder_of(play, process_started)
    if request.params["state"] == "entered":
        take(leases, name, me, context.profile.lease_seconds, request.now())
    else:
        leave(leases, name, me)


CAPABILITY: Final = Capability(
    name="run_gate",
    spec=SPEC,
    run=run,
    permissions=(
        "sts:GetCallerIdentity",
        "namespaces:get",
        "coordination.k8s.io/leases:get",
        "coordination.k8s.io/leases:create",
        "coordination.k8s.io/leases:update",
    ),
)
