# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether somebody can be reached when the app needs a person."""

from __future__ import annotations

from ..app import App
from ..capability import Refusal

# On the full path one person is not enough: people are ill, asleep or on a plane.
FEWEST_ON_FULL_PATH = 2


def lacks(app: App, full: bool, control: str) -> tuple[Refusal, ...]:
    """What is missing among the people of the catalog entry; a person or a rota counts once, by mail address."""
    step = f"Add it under escalation in {app.file or 'the catalog entry'}."
    refusals = []
    if not any(contact.email or contact.phone for contact in app.escalation):
        refusals.append(Refusal("Nobody can be called about this app", "its escalation is empty", step, control))
    if full and not any(contact.phone for contact in app.escalation):
        why = "the app is on the full path, and nobody in its escalation has a telephone number"
        refusals.append(Refusal("Nobody can be called at night", why, step, control))
    if full and len({contact.email.casefold() for contact in app.escalation}) < FEWEST_ON_FULL_PATH:
        why = "the app is on the full path, and its escalation ends after one person"
        refusals.append(Refusal("Only one person can be called", why, step, control))
    return tuple(refusals)
