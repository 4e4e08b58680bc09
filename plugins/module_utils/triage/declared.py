# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The path that an app takes by what its catalog entry declares, before anybody has looked at its code.

The inventory groups by it, and triage starts from it: what the code shows can make it stricter, never milder.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from ..app import App, DataClass, Exposure
from ..controls import Path

MOST_USERS_ON_LIGHT_PATH: Final = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One thing that puts an app on the full path, and why it does."""

    id: str
    holds: Callable[[App], bool]
    reason: str


RULES: Final = (
    Rule(
        "data-personal", lambda app: app.data is DataClass.PERSONAL, "it touches personal data, and people can be hurt by a leak"
    ),
    Rule("data-payment", lambda app: app.data is DataClass.PAYMENT, "it touches payment data, and money can be stolen with it"),
    Rule("data-health", lambda app: app.data is DataClass.HEALTH, "it touches health data, which the law protects most"),
    Rule("exposure-public", lambda app: app.exposure is Exposure.PUBLIC, "anybody on the internet can reach it"),
    Rule(
        "database-outside",
        lambda app: app.database is not None and app.exposure is not Exposure.INTERNAL,
        "it has a database, and people from outside can reach it",
    ),
    Rule(
        "many-users",
        lambda app: app.peak_users > MOST_USERS_ON_LIGHT_PATH,
        f"more than {MOST_USERS_ON_LIGHT_PATH} people use it at the same time",
    ),
)


def full_path_reasons(app: App) -> tuple[Rule, ...]:
    """The rules that put the app on the full path; none means the light one."""
    return tuple(rule for rule in RULES if rule.holds(app))


def declared_path(app: App) -> Path:
    """The path by declaration alone."""
    return Path.FULL if full_path_reasons(app) else Path.LIGHT
