# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who an app's workload is to Google: nobody but a name in the policies of its secrets, and that name is taken out of them."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from ..capability import Change, Plan
from ..workload_identity import google, google_plan
from ..workload_identity.subject import Subject
from .model import Area, Step


def area(cloud: google.Google, provider: str, app: str, environment: str, secrets: Iterable[str]) -> Area:
    """The app's service account is taken out of the policies of these secrets (by Google's ids), whatever role it has there."""
    member = cloud.pool(provider).principal(Subject(f"{app}-{environment}", app))
    steps = []
    for secret in secrets:
        found = cloud.policy(secret) or {}
        before, after = google_plan.shown(found), google_plan.shown(google_plan.without(found, member))
        if before != after:
            change = Change("update", "readers", before, after)
            made = Plan(cloud.object(secret), {"readers": before}, {"readers": after}, (change,))
            steps.append(Step(made, functools.partial(google.take_out, cloud, secret, member)))
    return Area(tuple(steps))
