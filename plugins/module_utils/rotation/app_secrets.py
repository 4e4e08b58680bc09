# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The secrets of one app: what triage found in its code moves into the store, is replaced, and is proven dead.

In this order, so that the app works at every moment and every crash leaves the next plain run able to finish:
look (all of it, reads only), rotate each secret, switch the app over, retire what was found, prove that it is refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..capability import Capability, Outcome, Plan, Refusal, Request
from ..errors import MicroappsError
from ..gitops.git import mirror
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from . import consumers, found, jobs
from .answering import answers
from .controls import CONTROLS, DATABASE_LOGIN
from .delivery import Delivery, deliver
from .found import Found
from .jobs import Job, Sight, Wish
from .makers import issuer_of
from .model import Stage, Stored
from .stores import Store, open_store
from .stores.aws_secretsmanager import PERMISSIONS

SPEC: Final[dict[str, Any]] = {
    **MICROAPP_OPTIONS,
    **VERDICT_OPTION,
    "max_age_days": {"type": "int", "default": 90},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked at before anything is changed. `failed` are secrets that could not be told."""

    context: Context
    store: Store
    found: tuple[Found, ...]
    sights: tuple[Sight, ...]
    failed: tuple[Plan, ...]
    consumer: consumers.Sight
    held: Refusal | None
    delivery: Delivery


def run(request: Request) -> Outcome:
    """Look, plan; unless it is a check: rotate, switch over, retire; then answer for every control."""
    context = context_of(request)
    seen = look(request, context)
    app_plans = _consumer_plans(seen)
    plans = [*seen.failed, *(plan for sight in seen.sights for plan in sight.plans), *app_plans, *seen.delivery.plans]
    if not request.check:
        plans = _carried_out(seen, app_plans, request)
    result = {"secrets": [seen.context.app.secret_name(spec.name) for spec in context.app.secrets]}
    return Outcome(tuple(plans), answers(plans, seen.sights, seen.found, context.profile, request), result, _warnings(seen))


def look(request: Request, context: Context) -> Seen:
    """Reads only. A secret that cannot be looked at is a failed plan; the others are looked at all the same."""
    app, profile = context.app, context.profile
    store = open_store(profile, request.secrets, request.environ)
    copy = mirror(profile.repository_url(app), request.environ)
    credentials = found.find(app, context.verdict, copy, request.secrets) if context.verdict else ()
    consumer = consumers.look(app, profile, copy, credentials)
    held = consumers.hold(consumer, app, profile, request.check)
    wish = _wish(request, profile.cutover, held)
    sights, failed = [], []
    for spec in app.secrets:
        name = app.secret_name(spec.name)
        try:
            given_away = tuple(one for one in credentials if one.spec == spec)
            issuer = issuer_of(spec, app, profile, request)
            sights.append(jobs.look(Job(spec, name, jobs.about(app, profile, spec), issuer, given_away), store, wish))
        except MicroappsError as error:
            controls = CONTROLS if spec.kind != "postgresql" else (*CONTROLS[:2], DATABASE_LOGIN, *CONTROLS[4:])
            failed.append(Plan(store.object(name), controls=controls).failed(error))
    delivery = deliver(request, context)
    return Seen(context, store, credentials, tuple(sights), tuple(failed), consumer, held, delivery)


def _wish(request: Request, cutover: str, held: Refusal | None) -> Wish:
    days = request.params.get("max_age_days")
    max_age = datetime.timedelta(days=days) if days else None
    return Wish(request.now(), max_age, cutover, held=held.sentence() if held else "")


def _consumer_plans(seen: Seen) -> tuple[Plan, ...]:
    if seen.failed:
        return ()
    tokens = {sight.job.spec.name: sight.way.token or sight.way.base for sight in seen.sights}
    wanted = consumers.wanted_release(seen.consumer, seen.context.app, seen.context.profile, tokens)
    changing = any(sight.rotating for sight in seen.sights)
    return consumers.plan(seen.consumer, seen.context.app, wanted, changing, seen.held)


def _carried_out(seen: Seen, app_plans: tuple[Plan, ...], request: Request) -> list[Plan]:
    """The plans as they came out: what failed says why, and nothing is retired that the app may still need."""
    done: list[Plan] = [*seen.failed]
    stored: dict[str, Stored] = {}
    with contextlib.ExitStack() as held:
        sights: list[Sight] = []
        plans: dict[str, tuple[Plan, ...]] = {}
        for sight in seen.sights:
            plans[sight.job.name] = sight.plans
            if sight.refused:
                continue
            try:
                if sight.job.issuer is not None and (sight.writes or sight.way.overtaken):
                    held.enter_context(sight.job.issuer.exclusive(sight.job.name))
                stored[sight.job.spec.name] = jobs.rotate(sight, seen.store) if sight.writes else _unchanged(sight)
                sights.append(sight)
            except MicroappsError as error:
                plans[sight.job.name] = _failed(sight.plans, error)
        delivered = seen.delivery.apply()
        switched = _switched(seen, app_plans, stored, request)
        failure = next((plan.failure for plan in switched if plan.failure), None)
        for sight in sights:
            try:
                if failure is not None and sight.retires:
                    raise failure
                jobs.retire(sight, seen.store, stored[sight.job.spec.name])
            except MicroappsError as error:
                names = sight.retirements
                plans[sight.job.name] = tuple(
                    plan.failed(error) if plan.object in names and plan.changes else plan for plan in sight.plans
                )
    for sight in seen.sights:
        done += plans[sight.job.name]
    return [*done, *switched, *delivered]


def _unchanged(sight: Sight) -> Stored:
    if sight.stored is None:
        raise AssertionError("a secret that is not stored is a change")
    return sight.stored


def _failed(plans: Iterable[Plan], error: MicroappsError) -> tuple[Plan, ...]:
    return tuple(plan.failed(error) if plan.changes else plan for plan in plans)


def _switched(seen: Seen, plans: tuple[Plan, ...], stored: Mapping[str, Stored], request: Request) -> tuple[Plan, ...]:
    app, profile = seen.context.app, seen.context.profile
    leaving = any(sight.former and sight.retires for sight in seen.sights)
    if not plans or plans[0].refusals or not (plans[0].changes or leaving):
        return plans
    try:
        absent = consumers.missing(app, stored)
        if absent:
            raise absent
        tokens = consumers.tokens_of(stored)
        wanted = consumers.wanted_release(seen.consumer, app, profile, tokens)
        if wanted is not None and plans[0].changes:
            consumers.switch(profile, app, wanted, request)
        # Whatever is retired next, the running app must not need it.
        current = {name: seen.store.read(app.secret_name(name), token) for name, token in tokens.items()}
        consumers.confirm(profile, app, current)
    except MicroappsError as error:
        return tuple(plan.failed(error) for plan in plans)
    return plans


def _warnings(seen: Seen) -> tuple[str, ...]:
    return tuple(
        f"The secret {sight.job.name} holds a value that somebody wrote after its last rotation; it is left as it is."
        for sight in seen.sights
        if _by_hand(sight)
    )


def _by_hand(sight: Sight) -> bool:
    current = sight.stored.at(Stage.CURRENT) if sight.stored else None
    return current is not None and not current.ours


CAPABILITY: Final = Capability(name="app_secrets", spec=SPEC, run=run, permissions=PERMISSIONS, controls=CONTROLS)
