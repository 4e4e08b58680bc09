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
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..app import SecretSpec
from ..capability import Capability, Outcome, Plan, Refusal, Request
from ..controls import Answer, State, merge
from ..errors import Conflict, Invalid, MicroappsError
from ..gitops.git import mirror
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from ..workload_identity.road import identify, told_beside
from . import consumers, found, jobs
from .answering import answers
from .controls import CONTROLS, DATABASE_LOGIN, DATABASES, IDENTIFIED, IN_STORE
from .delivery import Delivery, deliver
from .found import Found
from .jobs import Job, Sight, Wish
from .keeping import keep, together
from .ledger import ledger
from .makers import issuer_of
from .model import Stage, Stored
from .permissions import PERMISSIONS
from .side_by_side import in_lanes
from .stores import Store, open_store

LONGEST: Final = datetime.timedelta(days=36500)
SPEC: Final[dict[str, Any]] = {
    **MICROAPP_OPTIONS,
    **VERDICT_OPTION,
    "max_age_days": {"type": "int", "default": 90},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: `names` (None: all) of the app's secrets, `force` a rotation now, and when the old one is retired.

    `careful`: where an earlier rotation is not over, this run ends that one and begins no other; and a credential that what
    runs may have from elsewhere is not retired.
    """

    cutover: str
    max_age: datetime.timedelta | None
    names: frozenset[str] | None = None
    force: bool = False
    grace: datetime.timedelta = jobs.GRACE
    careful: bool = True

    def covers(self, name: str) -> bool:
        """Whether this secret is to be worked on; the others are only looked at, for the app needs them all."""
        return self.names is None or name in self.names


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked at before anything is changed. `dismissed` are found credentials that a person says are none,
    `failed` secrets that could not be told, `unended` names those that an earlier rotation keeps from being rotated now."""

    context: Context
    store: Store
    found: tuple[Found, ...]
    dismissed: tuple[Found, ...]
    sights: tuple[Sight, ...]
    failed: tuple[Plan, ...]
    consumer: consumers.Consumer
    held: Refusal | None
    delivery: Delivery
    ask: Ask
    unended: tuple[str, ...] = ()

    def asked(self) -> tuple[Sight, ...]:
        """The secrets that are worked on."""
        return tuple(sight for sight in self.sights if self.ask.covers(sight.job.spec.name))


def run(request: Request) -> Outcome:
    """Look, plan; unless it is a check: rotate, switch over, retire; then answer for every control."""
    context = context_of(request)
    ask = Ask(context.profile.cutover, age_limit(request))
    identified = identify(request, context)
    delivery = deliver(request, context, identified.annotations)
    seen = look(request, context, ask, together(keep(request, context), identified.delivery, delivery))
    plans = carry_out(seen, request)
    left = ledger(context.app, context.profile)
    result = {
        "secrets": [context.app.secret_name(spec.name) for spec in context.app.secrets],
        "could_vanish": dict(left.could_vanish),
    }
    given = merge(answers(plans, seen.sights, (*seen.found, *seen.dismissed), context, request))
    for control, beside in ((IN_STORE, left.line()), (IDENTIFIED, told_beside(context.app, context.profile))):
        if control in given and given[control].state is State.IN_PLACE:
            # What is left stands beside a control that is in place; where it is not, why is all that matters.
            given = merge((*given.values(), Answer(control, State.IN_PLACE, reason=beside)))
    return Outcome(tuple(plans), tuple(given.values()), result, warnings_of(seen))


def age_limit(request: Request) -> datetime.timedelta | None:
    """The option `max_age_days`; 0 is no limit."""
    return span(request, "max_age_days", "days") or None


def span(request: Request, option: str, unit: str) -> datetime.timedelta:
    """An option that counts days or seconds. Invalid for what cannot be meant: an age below 0 would make every secret due."""
    count = request.params.get(option) or 0
    if not 0 <= count <= LONGEST / datetime.timedelta(**{unit: 1}):
        raise Invalid(f"{option}: {count} {unit}", "it may be 0 or more, and a hundred years at most", "Mend the number.")
    return datetime.timedelta(**{unit: count})


def look(request: Request, context: Context, ask: Ask, delivery: Delivery) -> Seen:
    """Reads only. A secret that cannot be looked at is a failed plan; the others are looked at all the same."""
    app, profile = context.app, context.profile
    store = open_store(profile, request.secrets, request.environ)
    copy = mirror(profile.repository_url(app), request.environ)
    today = request.now().date()
    told_of = found.find(app, context.verdict, copy, request.secrets, today) if context.verdict else ()
    credentials = tuple(one for one in told_of if not one.finding.is_dismissed)
    dismissed = tuple(one for one in told_of if one.finding.is_dismissed)
    consumer = consumers.consumer_of(app, profile, copy, credentials, request)
    held = consumer.hold(request.check)
    looks: dict[str, Wish] = {}

    def looked_at(spec: SecretSpec) -> Sight | Plan:
        asked = ask.covers(spec.name)
        given_away = tuple(one for one in credentials if one.spec == spec)
        name = app.secret_name(spec.name)
        try:
            issuer = issuer_of(spec, app, profile, request)
            job = Job(spec, name, jobs.about(app, profile, spec), issuer, given_away)
            reason = _held(job, ask, held, consumer)
            age = ask.max_age if asked else None
            run = f"since {request.now():%Y-%m-%d %H:%M:%S} by {request.random_bytes(8).hex()}"
            looks[name] = Wish(request.now(), age, ask.cutover, ask.force and asked, reason, ask.grace, profile.adopt, run)
            return jobs.look(job, store, looks[name])
        except MicroappsError as error:
            controls = CONTROLS if spec.kind in DATABASES else tuple(one for one in CONTROLS if one != DATABASE_LOGIN)
            return _not_looked_at(Plan(store.object(name), controls=controls), error)

    told = in_lanes(app.secrets, _lane, looked_at)
    sights = [one for one in told if isinstance(one, Sight)]
    failed = [one for one in told if isinstance(one, Plan)]
    seen = Seen(context, store, credentials, dismissed, tuple(sights), tuple(failed), consumer, held, delivery, ask)
    return _spared(_ending_first(seen, looks), looks) if ask.careful else seen


def _lane(spec: SecretSpec) -> str:
    """What must be done in turn: one database's logins share roles and catalog rows, and would wait for each other."""
    return "database" if spec.kind in DATABASES else spec.name


def _held(job: Job, ask: Ask, held: Refusal | None, consumer: consumers.Consumer) -> str:
    """Why nothing of this secret may be retired, '' if it may be."""
    if held:
        return held.sentence()
    if not ask.covers(job.spec.name):
        return "it was not asked for"
    # The one password there is goes when the new one is set, whatever the cut-over.
    at_once = ask.cutover == "now" or job.traits.one_login
    return consumer.elsewhere(job.spec) if ask.careful and at_once else ""


def _spared(seen: Seen, looks: Mapping[str, Wish]) -> Seen:
    """Where there is one login, no new password is set for an app that this run will not restart: it would be locked out."""
    lacking = [sight for sight in seen.asked() if sight.refused and not _has_current(sight)]
    error = _not_switched(seen) or _not_restarted(seen, lacking)
    if error is None:
        return seen
    sights = (
        jobs.look(sight.job, seen.store, dataclasses.replace(looks[sight.job.name], held=error.sentence()))
        if sight.rotating and sight.job.traits.one_login and not sight.refused
        else sight
        for sight in seen.sights
    )
    return dataclasses.replace(seen, sights=tuple(sights))


def _ending_first(seen: Seen, looks: Mapping[str, Wish]) -> Seen:
    """No turn is given to a login that what runs may still use: the rotation before this one is ended first."""
    behind = bool(seen.failed) or seen.consumer.behind({sight.job.spec.name: sight.way.base for sight in seen.sights})
    if not behind or not seen.consumer.runs:
        return seen
    sights = []
    for sight in seen.sights:
        if sight.rotating and sight.former and sight.job.traits.takes_turns:
            # Without a wish, what was begun and what is urgent (a value that stands in the code) remains.
            sight = jobs.look(sight.job, seen.store, dataclasses.replace(looks[sight.job.name], force=False, max_age=None))
        sights.append(sight)
    unended = [now.job.name for now, then in zip(sights, seen.sights, strict=True) if then.rotating and not now.rotating]
    return dataclasses.replace(seen, sights=tuple(sights), unended=tuple(unended))


def _not_looked_at(plan: Plan, error: MicroappsError) -> Plan:
    """What is somebody else's, or on its way out, is a person's to decide; anything else could not be told."""
    if isinstance(error, Conflict):
        return dataclasses.replace(plan, refusals=(Refusal(error.what, error.why, error.next_step),))
    return plan.failed(error)


def carry_out(seen: Seen, request: Request) -> tuple[Plan, ...]:
    """The plans; in a converge run as they came out."""
    app_plans = _consumer_plans(seen)
    if not request.check:
        return tuple(_carried_out(seen, app_plans))
    planned = (plan for sight in seen.asked() for plan in sight.plans)
    return (*seen.failed, *planned, *app_plans, *seen.delivery.plans)


def _consumer_plans(seen: Seen) -> tuple[Plan, ...]:
    if seen.failed:
        return ()
    tokens = {sight.job.spec.name: sight.way.base for sight in seen.sights}
    tokens |= {sight.job.spec.name: sight.way.token for sight in seen.asked() if sight.way.token and not sight.refused}
    return seen.consumer.plan(tokens, any(sight.rotating and not sight.refused for sight in seen.asked()), seen.held)


def _carried_out(seen: Seen, app_plans: tuple[Plan, ...]) -> list[Plan]:
    """The plans as they came out: what failed says why, and nothing is retired that the app may still need."""
    done: list[Plan] = [*seen.failed]
    asked = seen.asked()
    # What is not worked on is used as it is.
    left = (sight for sight in seen.sights if sight.refused or not seen.ask.covers(sight.job.spec.name))
    stored = {sight.job.spec.name: sight.stored for sight in left if sight.stored and _has_current(sight)}
    with contextlib.ExitStack() as held:
        plans = {sight.job.name: sight.plans for sight in asked}

        def rotated(sight: Sight) -> bool:
            try:
                if sight.job.issuer is not None and (sight.writes or sight.way.overtaken):
                    held.enter_context(sight.job.issuer.exclusive(sight.job.name))
                stored[sight.job.spec.name] = jobs.rotate(sight, seen.store) if sight.writes else _unchanged(sight)
            except MicroappsError as error:
                plans[sight.job.name] = _failed(sight.plans, error)
                return False
            return True

        sights = _in_order(seen, rotated, plans)
        delivered = seen.delivery.apply()
        switched = _switched(seen, app_plans, stored)
        failure = next((plan.failure for plan in switched if plan.failure), None) or _not_switched(seen)

        def retired(sight: Sight) -> None:
            try:
                if failure is not None and sight.retires:
                    raise failure
                jobs.retire(sight, seen.store, stored[sight.job.spec.name])
            except MicroappsError as error:
                names = sight.retirements
                plans[sight.job.name] = tuple(
                    plan.failed(error) if plan.object in names and plan.changes else plan for plan in sight.plans
                )

        in_lanes(sights, _lane_of, retired)
    for sight in asked:
        done += plans[sight.job.name]
    return [*done, *switched, *delivered]


def _in_order(seen: Seen, rotated: Callable[[Sight], bool], plans: dict[str, tuple[Plan, ...]]) -> list[Sight]:
    """Those that are rotated; `plans` say why others are not.

    The former password of one login goes with step 2: not before all the rest is there that the app is restarted with.
    """
    wanted = [sight for sight in seen.asked() if not sight.refused]
    last = [sight for sight in wanted if sight.rotating and sight.job.traits.one_login and seen.ask.careful]
    first = [sight for sight in wanted if sight not in last]
    sights = _done(first, rotated)
    done = {sight.job.name for sight in sights}
    error = _not_restarted(seen, [sight for sight in first if sight.job.name not in done])
    if error is not None:
        spared = [sight for sight in last if not _refused_already(sight)]
        plans |= {sight.job.name: _failed(sight.plans, error) for sight in spared}
        last = [sight for sight in last if sight not in spared]
    return [*sights, *_done(last, rotated)]


def _done(sights: list[Sight], work: Callable[[Sight], bool]) -> list[Sight]:
    """Those with which the work was done."""
    return [sight for sight, done in zip(sights, in_lanes(sights, _lane_of, work), strict=True) if done]


def _has_current(sight: Sight) -> bool:
    return sight.stored is not None and sight.stored.at(Stage.CURRENT) is not None


def _refused_already(sight: Sight) -> bool:
    """Whether a run that ended too early has set the new password: then ending its rotation is what helps the app."""
    issuer, current = sight.job.issuer, sight.current
    try:
        return issuer is not None and current is not None and not issuer.accepts(current)
    except MicroappsError:
        return False


def _own_lane(token: tuple[str, str]) -> str:
    return token[0]


def _lane_of(sight: Sight) -> str:
    return _lane(sight.job.spec)


def _not_switched(seen: Seen) -> MicroappsError | None:
    """Why the app was not asked to take the new values, so that nothing it may use is retired."""
    if not seen.failed or not seen.consumer.runs:
        return None
    objects = ", ".join(plan.object for plan in seen.failed)
    why = f"it could not be told what it needs: {objects}"
    return Conflict(
        f"The app {seen.context.app.name} is not restarted", why, "Its old credentials stay valid. See why; run again."
    )


def _not_restarted(seen: Seen, failing: Iterable[Sight]) -> MicroappsError | None:
    """Why the app is not restarted in this run, where some of its secrets have no value to start it with."""
    names = ", ".join(sight.job.name for sight in failing)
    if not names or not seen.consumer.runs:
        return None
    return Conflict(
        f"The app {seen.context.app.name} is not restarted",
        f"not replaced: {names}",
        "The password of its one login stays as it is. See why; run again.",
    )


def _unchanged(sight: Sight) -> Stored:
    if sight.stored is None:
        raise AssertionError("a secret that is not stored is a change")
    return sight.stored


def _failed(plans: Iterable[Plan], error: MicroappsError) -> tuple[Plan, ...]:
    return tuple(plan.failed(error) if plan.changes else plan for plan in plans)


def _switched(seen: Seen, plans: tuple[Plan, ...], stored: Mapping[str, Stored]) -> tuple[Plan, ...]:
    app = seen.context.app
    leaving = any(sight.former and sight.retires for sight in seen.asked())
    changing = any(plan.changes for plan in plans)
    if not plans or any(plan.refusals for plan in plans) or not (changing or leaving):
        return plans
    try:
        absent = consumers.missing(app, stored)
        if absent:
            raise absent
        tokens = consumers.tokens_of(stored)
        read = in_lanes(tuple(tokens.items()), _own_lane, lambda one: seen.store.read(app.secret_name(one[0]), one[1]))
        current = dict(zip(tokens, read, strict=True))
        if changing:
            seen.consumer.switch(tokens, current)
        # Whatever is retired next, the running app must not need it.
        seen.consumer.confirm(current)
    except MicroappsError as error:
        return tuple(plan.failed(error) for plan in plans)
    return plans


def warnings_of(seen: Seen) -> tuple[str, ...]:
    """What somebody wrote by hand, reported and left; and what was asked for and must wait."""
    by_hand = (
        f"The secret {sight.job.name} holds a value that somebody wrote after its last rotation; it is left as it is."
        for sight in seen.sights
        if _by_hand(sight)
    )
    unended = (
        f"The secret {name} gets no new value in this run: the rotation before it is not over, and the app may still use "
        "the login whose turn it would be. This run ends that rotation; run again to replace the secret once more."
        for name in seen.unended
    )
    return (*by_hand, *unended)


def _by_hand(sight: Sight) -> bool:
    current = sight.stored.at(Stage.CURRENT) if sight.stored else None
    return current is not None and not current.ours


CAPABILITY: Final = Capability(name="app_secrets", spec=SPEC, run=run, permissions=PERMISSIONS, controls=CONTROLS)
