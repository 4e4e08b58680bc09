# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From apps to inventory hosts and groups. Pure."""

from __future__ import annotations

import re
from typing import Final

from ..app import App
from ..triage.declared import declared_path

# Hosts that a run may take without `-e app=` and without `-e all_apps=true`; see `selection`.
ALL_APPS_GROUP: Final = "all_apps"
ENVIRONMENT_PREFIX: Final = "environment_"
# The first part of the host that stands for an environment without apps: no app can be called so.
NO_APP: Final = "no_app"


def slug(text: str) -> str:
    """A group name's part: Ansible accepts other characters with a warning on every run, or cannot address them."""
    return re.sub(r"[^a-z0-9_]", "_", text.lower())


def host_of(app: App) -> str:
    """The inventory host of an app in an environment; neither part holds a dot."""
    return f"{app.name}.{app.environment}"


def groups_of(app: App) -> tuple[str, ...]:
    """Every group the host is in."""
    return (
        f"app_{slug(app.name)}",
        f"path_{declared_path(app)}",
        f"owner_{slug(app.owner.team)}",
        f"exposure_{app.exposure}",
        f"data_{app.data}",
        f"{ENVIRONMENT_PREFIX}{app.environment}",
    )
