# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rotation on demand, by age, or because a credential is known to others: the same machine, for secrets the app has."""

from __future__ import annotations

from typing import Any, Final

from ..capability import Capability, Outcome, Request
from ..errors import Invalid
from ..microapp import MICROAPP_OPTIONS, Context, context_of
from .app_secrets import Ask, age_limit, carry_out, look, span, warnings_of
from .delivery import Delivery
from .jobs import GRACE
from .makers import cutover_of
from .permissions import PERMISSIONS

SPEC: Final[dict[str, Any]] = {
    **MICROAPP_OPTIONS,
    "secrets": {"type": "list", "elements": "str", "no_log": False},
    "rotate": {"type": "str", "choices": ["due", "now", "compromised"], "default": "due"},
    "max_age_days": {"type": "int", "default": 90},
    "cutover": {"type": "str", "choices": ["when_seen", "now"]},
    "grace_seconds": {"type": "int", "default": int(GRACE.total_seconds())},
}


def run(request: Request) -> Outcome:
    """Look, plan; unless it is a check: rotate what is due or asked for, switch the app over, retire."""
    context = context_of(request)
    names = _names(request, context)
    how = request.params["rotate"]
    cutover = cutover_of(context.profile, request)
    grace = span(request, "grace_seconds", "seconds")
    # What others know is dead at once, whoever is left without it.
    ask = Ask(cutover, age_limit(request), names, how != "due", grace, careful=how != "compromised")
    seen = look(request, context, ask, Delivery((), tuple))
    rotated = [context.app.secret_name(sight.job.spec.name) for sight in seen.asked() if sight.rotating]
    held = {sight.job.name: sight.held for sight in seen.asked() if sight.held}
    return Outcome(carry_out(seen, request), (), {"rotated": rotated, "held": held}, warnings_of(seen))


def _names(request: Request, context: Context) -> frozenset[str]:
    known = {spec.name for spec in context.app.secrets}
    asked = frozenset(request.params.get("secrets") or known)
    unknown = sorted(asked - known)
    if unknown:
        raise Invalid(
            f"secrets: {context.app.name} has no secret {', '.join(map(repr, unknown))}",
            f"it has {', '.join(sorted(known)) or 'none'}",
            f"Mend the name, or add the secret to {context.app.file}.",
        )
    return asked


CAPABILITY: Final = Capability(name="secret_rotation", spec=SPEC, run=run, permissions=PERMISSIONS)
