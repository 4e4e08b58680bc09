# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of retiring, and by which names and marks an object is known to be ours. Pure.

A name alone never makes an object ours: each area also asks for the mark that only our own runs leave (a field manager, a
tag, a comment).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Final

from ..capability import Plan
from ..catalog.patterns import DNS_LABEL
from ..errors import Invalid

NAME: Final = re.compile(DNS_LABEL)
ROLE_PREFIX: Final = "microapp-"
SECRETS_PREFIX: Final = "microapps/"
MANAGED_BY: Final = "goldenpath.microapps"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Marked:
    """An object that carries our marks, and the app it was made for."""

    app: str
    object: str


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What stays although the app goes, and why."""

    object: str
    why: str

    def as_result(self) -> dict[str, str]:
        """Plain data for the result."""
        return {"object": self.object, "why": self.why}


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A plan and the deed that carries it out; without a deed there is nothing to do, or it is refused."""

    plan: Plan
    deed: Callable[[], object] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """What one system holds of an app: what is to be done there, in this order, and what stays."""

    steps: tuple[Step, ...] = ()
    kept: tuple[Kept, ...] = ()


def app_of_namespace(name: str, environment: str) -> str:
    """The app a namespace of this environment would be for ('' if its name is not made like one of ours)."""
    return _app(name.removesuffix(f"-{environment}")) if name.endswith(f"-{environment}") else ""


def app_of_role(name: str, environment: str) -> str:
    """The app an IAM role of this environment would be for, or ''."""
    return app_of_namespace(name.removeprefix(ROLE_PREFIX), environment) if name.startswith(ROLE_PREFIX) else ""


def app_of_secret(name: str, environment: str) -> str:
    """The app a secret of this environment would be for, or ''."""
    parts = name.split("/")
    return _app(parts[2]) if len(parts) == 4 and parts[0] == "microapps" and parts[1] == environment else ""


def app_of_login(name: str) -> str:
    """The app that one of our logins would be for (the two that take turns, the one by identity), or ''."""
    stem, _underscore, which = name.rpartition("_")
    return _app(stem.replace("_", "-")) if which in ("a", "b", "iam") else ""


def app_of_label(text: str) -> str:
    """The app that a label's value names, or ''."""
    return _app(text)


def _app(text: str) -> str:
    return text if NAME.fullmatch(text) else ""


def checked_name(app: str) -> str:
    """The name as it is, if it can be an app's; raises `Invalid`: prefixes are made of it."""
    if not NAME.fullmatch(app):
        raise Invalid(f"app: {app!r} is not an app's name", "a name is made of a-z, 0-9 and hyphens", "Give one app's name.")
    return app


def may_retire(app: str, environment: str, catalogued: bool, confirm: str) -> None:
    """Raise `Invalid` for an app that the catalog still has, unless its name was typed again."""
    if confirm and confirm != app:
        raise Invalid(
            f"confirm: {confirm!r} is not {app!r}", "nothing was removed", f"Type the app's name again: -e confirm={app}"
        )
    if catalogued and not confirm:
        raise Invalid(
            f"The app {app} still lives in {environment}",
            "its catalog entry names this environment, or the catalog could not be read as a whole, and nothing was removed",
            f"Take {environment} out of its entry first, or type the name again: -e confirm={app}",
        )


def blocked(areas: Iterable[Area]) -> tuple[Plan, ...]:
    """The plans that must not or cannot be carried out: with one of them, nothing is begun."""
    return tuple(step.plan for area in areas for step in area.steps if step.plan.refusals or step.plan.failure)
