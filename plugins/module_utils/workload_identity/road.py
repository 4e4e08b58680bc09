# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Workload identity within the road: once an app's secrets are in the store, its service account may read them, nobody else's.

Carried out after the secrets are there and before anybody waits for them in the cluster. Where the store is AWS's, the app's
IAM role is its identity, which the supply_chain role makes before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Final

from ..app import App
from ..capability import Plan, Request
from ..controls import Answer, State
from ..errors import Conflict, MicroappsError
from ..microapp import Context
from ..profile import Profile
from ..rotation.controls import IDENTIFIED
from ..rotation.delivery import Delivery
from ..rotation.jobs import about
from ..rotation.ownership import may_touch
from ..rotation.stores import azure_versions, gcp_secretmanager, open_store
from . import azure, google
from .google_plan import inherited
from .google_trust import GKE, PROVIDER, Pool, own_token, shared
from .subject import Subject


@dataclasses.dataclass(frozen=True, slots=True)
class Identified:
    """The plans for all secrets of the app, and the function that carries them out once the secrets are there. `annotations` is
    what the app's service account says of its identity, as far as that is known."""

    delivery: Delivery
    annotations: Callable[[], Mapping[str, str]] = dict


Identify = Callable[[Request, Context], Identified]


def identify(request: Request, context: Context) -> Identified:
    """Look at the app's identity and at who may read its secrets; where that cannot be told, that is the control's answer."""
    way = _WAYS.get(context.profile.secret_store.scheme)
    if way is None or not context.app.secrets:
        return Identified(Delivery((), tuple))
    try:
        return way(request, context)
    except MicroappsError as error:
        failed = (Plan(f"identity:{context.app.namespace}/{context.app.service_account}", controls=(IDENTIFIED,)).failed(error),)
        # An identity that could not be asked about is not one that the service account should no longer name.
        return Identified(Delivery(failed, lambda: failed), _raising(error) if context.profile.secret_store.vault_id else dict)


def unasked(app: App, profile: Profile) -> Answer | None:
    """What the control answers where it is not asked here, None where it is."""
    if not app.secrets:
        return Answer(IDENTIFIED, State.NOT_APPLICABLE, reason="the app has no secrets")
    if profile.secret_store.scheme in _WAYS:
        return None
    why = {
        "aws_secretsmanager": "the app's IAM role is its identity there: supply_chain-07 and supply_chain-08 answer for it",
        "openbao": "who may take a role of its Kubernetes login is kept by its administrator, and not looked at here",
    }
    reason = why.get(profile.secret_store.scheme, f"it is not looked at in {profile.secret_store.scheme}")
    return Answer(IDENTIFIED, State.NOT_APPLICABLE, reason=reason)


def told_beside(app: App, profile: Profile) -> str:
    """What stands beside the control although it is in place: who is let in by how the cloud works. Pure."""
    if profile.secret_store.scheme != "gcp_secretmanager":
        return ""
    store = profile.secret_store
    named = PROVIDER.fullmatch(store.identity_provider)
    pool = Pool("", (named["gke"] or named["pool"]) if named else f"{store.project}{GKE}")
    return shared(pool, own_token(pool, subject_of(app), profile.cluster.oidc_issuer, store.identity_provider))


def identity_name(app: str, environment: str) -> str:
    """How an app's managed identity is called."""
    return f"id-{app}-{environment}"


def subject_of(app: App) -> Subject:
    """The app's one service account."""
    return Subject(app.namespace, app.service_account)


def _google(request: Request, context: Context) -> Identified:
    app, profile = context.app, context.profile
    store = profile.secret_store
    cloud = google.Google.open(store, request.secrets, request.environ)
    pool = cloud.pool(store.identity_provider)
    wish = google.wish_for(
        pool, subject_of(app), profile.cluster.oidc_issuer, store.identity_provider, profile.adopt == "take", IDENTIFIED
    )
    whole = inherited(cloud.project, cloud.project_policy(), (wish,))
    wishes = {gcp_secretmanager.secret_id(name): wish for name in ours(request, context)}
    seen = google.each(cloud, wishes, check=True)
    if any(plan.changes for plan in seen):
        return Identified(Delivery((*seen, whole), lambda: (*google.each(cloud, wishes, check=False), whole)))
    return Identified(Delivery((*seen, whole), lambda: (*seen, whole)))


def _azure(request: Request, context: Context) -> Identified:
    app, profile = context.app, context.profile
    cloud = azure.Azure.open(profile.secret_store, request.secrets, request.environ)
    wish = azure.wish_for(
        identity_name(app.name, app.environment),
        profile.secret_store.vault_id,
        subject_of(app),
        profile.cluster.oidc_issuer,
        [azure_versions.secret_id(name) for name in ours(request, context)],
        dict(about(app, profile, app.secrets[0]).tags),
        profile.adopt == "take",
        IDENTIFIED,
    )
    # Who it is to Entra is known once it is made.
    told = [azure.answered(cloud, wish, check=True)]
    seen = told[0][0]

    def apply() -> tuple[Plan, ...]:
        if any(plan.changes for plan in seen):
            told[0] = azure.answered(cloud, wish, check=False)
        return told[0][0]

    def annotations() -> Mapping[str, str]:
        plans, found = told[0]
        if found is not None:
            return {"azure.workload.identity/client-id": found.client, "azure.workload.identity/tenant-id": found.tenant}
        for error in (plan.failure or _refused(plan) for plan in plans):
            if error:
                raise error
        return {}

    return Identified(Delivery(seen, apply), annotations)


def _refused(plan: Plan) -> MicroappsError | None:
    first = next(iter(plan.refusals), None)
    return Conflict(first.what, first.why, first.next_step) if first else None


def _raising(error: MicroappsError) -> Callable[[], Mapping[str, str]]:
    def annotations() -> Mapping[str, str]:
        raise error

    return annotations


def ours(request: Request, context: Context) -> tuple[str, ...]:
    """The names of the app's secrets, without those that must not be touched or cannot be looked at."""
    app, profile = context.app, context.profile
    store = open_store(profile, request.secrets, request.environ)
    names = []
    for spec in app.secrets:
        name = app.secret_name(spec.name)
        try:
            stored = store.describe(name)
            if stored is not None:
                may_touch(name, about(app, profile, spec), stored, profile.adopt)
        except MicroappsError:
            continue
        names.append(name)
    return tuple(names)


_WAYS: Final[Mapping[str, Identify]] = {"azure_keyvault": _azure, "gcp_secretmanager": _google}
