# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The three inputs that every role's task shares: the app, its environment's profile and triage's verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from .app import App
from .capability import EVIDENCE_OPTION, Request
from .catalog.load import load_app
from .catalog.profile_schema import profile_from
from .profile import Profile
from .verdict import Verdict

# Documented in doc_fragments/microapp.py.
MICROAPP_OPTIONS: Final[dict[str, Any]] = {
    "app": {
        "type": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "file": {"type": "path", "required": True},
        },
    },
    "profile": {"type": "dict", "required": True},
    "evidence": EVIDENCE_OPTION,
}
VERDICT_OPTION: Final[dict[str, Any]] = {"verdict": {"type": "dict", "required": True}}


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """What a role's task works with."""

    app: App
    profile: Profile
    verdict: Verdict | None


def context_of(request: Request) -> Context:
    """Read the catalog entry from its file (never from host variables: its text is hostile) and validate the profile."""
    identity: Mapping[str, str] = request.params["app"]
    verdict = request.params.get("verdict")
    return Context(
        app=load_app(identity["file"], identity["name"], identity["environment"]),
        profile=profile_from(request.params["profile"]),
        verdict=Verdict.from_result(verdict) if verdict else None,
    )
