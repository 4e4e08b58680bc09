# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of admission: which controller, for which app, what it is told, and what it cannot be told."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, Final

from ...app import App
from ...controls import Path
from ...kubernetes.objects import MANAGER
from ...oci.reference import parse

APP: Final = "goldenpath.microapps/app"
ENVIRONMENT: Final = "goldenpath.microapps/environment"
# Whatever is told to an admission controller, for any app.
PART: Final = {"goldenpath.microapps/part": "admission"}


def marks(app: str, environment: str) -> dict[str, str]:
    """The labels by which one app's objects are told from all others."""
    return {APP: app, ENVIRONMENT: environment, **PART}


class Controller(enum.StrEnum):
    """What verifies images when a pod is admitted."""

    POLICY_CONTROLLER = "policy_controller"
    KYVERNO = "kyverno"


class Gap(enum.StrEnum):
    """How a controller's answer can differ from ours."""

    IMPOSSIBLE = "impossible"  # no image could ever meet this requirement there: nothing is applied
    LOOSER = "looser"  # it admits something that we refuse
    STRICTER = "stricter"  # it can refuse what we accept, for what is not in the image


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Something of the policy that the controller cannot be told. `what` names the part of the policy, `why` is a sentence."""

    gap: Gap
    what: str
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """Whose images are guarded: one app in one environment. `repository` is `HOST[:PORT]/PATH` of its image."""

    app: str
    environment: str
    namespace: str
    repository: str
    path: Path

    @property
    def name(self) -> str:
        """What its objects are called, alone or with something behind it."""
        return f"microapp-{self.app}-{self.environment}"

    @property
    def labels(self) -> dict[str, str]:
        """By which its objects are found again."""
        standard = {"app.kubernetes.io/name": self.app, "app.kubernetes.io/managed-by": MANAGER}
        return {**standard, **marks(self.app, self.environment)}


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """The objects of one controller, and where they say less than the policy. With an impossible one `objects` is empty."""

    objects: tuple[Mapping[str, Any], ...]
    differences: tuple[Difference, ...] = ()

    @property
    def impossible(self) -> tuple[Difference, ...]:
        """Why nothing can be applied; empty if it can."""
        return tuple(one for one in self.differences if one.gap is Gap.IMPOSSIBLE)


def target_of(app: App, registry: str, path: Path) -> Target:
    """The app's target; `registry` (`HOST[:PORT][/PREFIX]`) is the profile's. `Invalid` if its image's name cannot be read."""
    return Target(app.name, app.environment, app.namespace, parse(app.image, registry).repository, path)
