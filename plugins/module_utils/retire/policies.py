# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the cluster's admission controller was told for an app: objects in no namespace, so they do not go with the app's."""

from __future__ import annotations

from ..kubernetes.client import Client
from ..kubernetes.cluster_set import members
from ..kubernetes.objects import name_of
from ..signatures.admission.wanted import app_of, set_of, sets_in
from .model import Area, app_of_label
from .namespace import Decision, area_from, is_shared, kept_in_part


def area_of(client: Client, app: str, environment: str) -> Area:
    """The steps of one app, policies before the roots that they name; of what others hold fields, ours are given back."""
    found = members(client, set_of(app, environment))[::-1]
    shared = tuple(entry for entry in found if is_shared(entry))
    own = tuple(entry for entry in found if entry not in shared)
    return area_from(client, Decision(own, shared, tuple(map(kept_in_part, shared))))


def apps_in(client: Client, environment: str) -> tuple[tuple[str, str], ...]:
    """(app, object) of everything that we applied for apps of this environment."""
    named = ((app_of_label(app_of(entry)), name_of(entry)) for entry in members(client, sets_in(environment)))
    return tuple((app, name) for app, name in named if app)
