# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The forecast for the image that an app runs: looked up and verified as the gate does it, then held against the controller."""

from __future__ import annotations

from ...capability import Request
from ...errors import NotFound
from ...gitops.git import last_mirror, mirror
from ...microapp import Context
from ..app_image import verified
from ..release import look
from .forecast import Forecast, forecast
from .wanted import Enforcement


def foreseen(context: Context, enforcement: Enforcement, request: Request) -> Forecast | None:
    """What the controller will say of the app's image; None for one that is not there or not verified, which others answer for.

    The gate has just fetched the app's repository, so its copy is not fetched once more.
    """
    app, profile = context.app, context.profile
    if not profile.registry.available:
        return None
    url = profile.repository_url(app)
    sight = look(app, profile, last_mirror(url, request.environ) or mirror(url, request.environ))
    if sight.other:
        return None
    verdict, repository = verified(context, enforcement.policy, sight.meant, request)
    if verdict.error is not None and not isinstance(verdict.error, NotFound):
        raise verdict.error
    if not verdict.verified:
        return None
    unlisted = repository.unlisted(verdict.digest)
    version = profile.admission.version
    return forecast(verdict, enforcement.policy, enforcement.target, enforcement.controller, version, unlisted)
