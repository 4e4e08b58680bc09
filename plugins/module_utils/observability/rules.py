# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every alert of an app, and whether each carries the cases that prove it."""

from __future__ import annotations

from ..app import App
from ..profile import Profile
from ..verdict import Verdict
from .families import database, errors, saturation, silence
from .model import ABSENT, FIRES, QUIET, Rule, Target, target_of


def rules_of(app: App, profile: Profile, verdict: Verdict) -> tuple[Rule, ...]:
    """The alerts of this app in this environment, worst first within each family; also what the runbook explains."""
    return rules_for(target_of(app, profile, verdict))


def rules_for(target: Target) -> tuple[Rule, ...]:
    """The same from a target alone."""
    return (*silence.rules(target), *errors.rules(target), *database.rules(target), *saturation.rules(target))


def unproven(rule: Rule) -> tuple[str, ...]:
    """Kinds of cases that a rule lacks: without one that fires, one that stays quiet and one without series it is refused."""
    kinds = {case.kind for case in rule.cases}
    return tuple(kind for kind in (FIRES, QUIET, ABSENT) if kind not in kinds)
