# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses an app's secrets: told that one changed, waited for, and seen with it before anything is retired.

A consumer is chosen by the profile's `runner.kind`. Every run computes the same *mark* from the versions that it wants to be
used, and what runs carries the mark that it was started with; so a run that was killed between the two is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from ...app import App, SecretSpec
from ...capability import Plan, Refusal, Request
from ...errors import Conflict, NotFound
from ...gitops.git import Mirror
from ...profile import Profile
from ..found import Found
from ..model import Document, Stage, Stored
from .supervised import Supervised
from .workloads import Workloads

# How the objects of consumers begin, so that their plans are told apart from those of secrets.
OBJECTS: Final = ("app:", "Deployment/", "StatefulSet/", "DaemonSet/")


class Consumer(Protocol):
    """The app's side of a rotation. Every call is safe to repeat. Errors: NotFound, Denied, Conflict, Unreachable.

    `tokens` are the versions by the secret's name in the catalog; `documents` their contents.
    """

    @property
    def runs(self) -> bool:
        """Whether anything that uses the app's secrets runs here at all."""

    def behind(self, tokens: Mapping[str, str]) -> bool:
        """Whether what runs may have been started with former versions. Pure."""

    def elsewhere(self, spec: SecretSpec) -> str:
        """Why nobody can tell where what runs has this secret from, '' if it is from the store or nothing runs. Pure."""

    def hold(self, check: bool) -> Refusal | None:
        """Why the app cannot be switched over at all, so that nothing it uses may be retired. Pure."""

    def plan(self, tokens: Mapping[str, str], changing: bool, held: Refusal | None) -> tuple[Plan, ...]:
        """The restarts, one plan each; `changing` says that a secret gets a new value in this run. Pure."""

    def switch(self, tokens: Mapping[str, str], documents: Mapping[str, Document]) -> None:
        """What runs is started again with these versions."""

    def confirm(self, documents: Mapping[str, Document]) -> None:
        """Conflict unless what runs holds these documents: only then may anything be retired."""


def consumer_of(app: App, profile: Profile, copy: Mirror, found: Iterable[Found], request: Request) -> Consumer:
    """Look at who uses the app's secrets here; reads only."""
    if profile.runner.kind == "supervisor":
        return Supervised.look(app, profile, copy, found, request)
    return Workloads.look(app, profile, request)


def is_consumers(plan: Plan) -> bool:
    """Whether a plan is a consumer's."""
    return plan.object.startswith(OBJECTS)


def tokens_of(stored: Mapping[str, Stored]) -> dict[str, str]:
    """The current version of each secret; Conflict if one has none, for an app could not start without it."""
    tokens = {}
    for name, secret in stored.items():
        current = secret.at(Stage.CURRENT)
        if current is None:
            raise Conflict(f"The secret {secret.name} has no current version", "the app cannot start without it", "Run again.")
        tokens[name] = current.token
    return tokens


def missing(app: App, stored: Mapping[str, Stored]) -> NotFound | None:
    """Why the app cannot be switched: a secret of its is not in the store, or not as it should be."""
    absent = [spec.name for spec in app.secrets if spec.name not in stored]
    if not absent:
        return None
    return NotFound(
        f"The app {app.name} is not restarted",
        f"its secret {', '.join(absent)} is not in the store as it should be",
        "What stands at that secret says why; the running app and its old credential are left as they are.",
    )
