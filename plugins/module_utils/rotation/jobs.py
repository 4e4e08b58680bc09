# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One secret of an app: what is (`look`), what will be done (`Sight.plans`, pure) and the doing (`rotate`, `retire`)."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Final

from ..app import App, SecretSpec
from ..capability import Plan
from ..errors import Conflict, MicroappsError
from ..profile import Profile
from .controls import control_of_kind
from .found import Found, encrypts, key_of
from .issuers import Issuer, Traits, locked_out, not_valid
from .machine import (
    Course,
    Make,
    advance,
    asked,
    begin,
    claims,
    course,
    due_since,
    expect_alone,
    expect_unmoved,
)
from .model import REPLACE_AFTER, About, Document, Stage, Stored, Version, token_for
from .ownership import may_touch
from .store_plan import kept_as_it_is, leaks, store_plan
from .stores import Store

# External Secrets asks every minute (delivery.REFRESH): twice that, so that nobody is left with a value that went.
GRACE: Final = datetime.timedelta(seconds=120)


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """A secret that the app needs, where it belongs, who makes it, and what the code gave away of it."""

    spec: SecretSpec
    name: str
    about: About
    issuer: Issuer | None
    found: tuple[Found, ...]

    @property
    def traits(self) -> Traits:
        """The issuer's facts; what nobody but a person can make is moved as it is."""
        return self.issuer.traits if self.issuer else Traits(makes=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What this run is asked for: `max_age` (None: no limit), `force` a rotation now, `cutover` as the profile says.

    `held` says why nothing may be retired at all (the app cannot be switched over). Within `grace` of a rotation both the
    new and the former credential work, unless `cutover` is `now`: a client may hold what the store said a moment ago.
    `adopt` says whether a secret that others made may be taken over (`take`) or is only reported (`report`). `run` is a name
    that no other run has.
    """

    now: datetime.datetime
    max_age: datetime.timedelta | None
    cutover: str
    force: bool = False
    held: str = ""
    grace: datetime.timedelta = GRACE
    adopt: str = "take"
    run: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a job. `live` are documents of found values that still let somebody in; `former` also holds the
    store's previous version if it does; `held` says why it is not retired."""

    job: Job
    stored: Stored | None
    created: datetime.datetime | None
    way: Course
    due: str
    current: Document | None = dataclasses.field(repr=False)
    wanted: Document = dataclasses.field(repr=False)
    first: Document | None = dataclasses.field(repr=False)
    live: tuple[Document, ...] = dataclasses.field(repr=False)
    former: tuple[Document, ...] = dataclasses.field(repr=False)
    accepted: bool
    plans: tuple[Plan, ...]
    retires: bool
    held: str = ""
    make: Make = Make.NEW
    run: str = ""

    @property
    def rotating(self) -> bool:
        """Whether the secret gets a new value in this run."""
        return bool(self.way.steps)

    @property
    def writes(self) -> bool:
        """Whether this run changes the secret or its target."""
        return any(plan.changes for plan in self.plans)

    @property
    def retirements(self) -> tuple[str, ...]:
        """The objects whose plans retire something."""
        issuer = self.job.issuer
        if issuer is None:
            return ()
        leaving = {issuer.object_of(document) for document in (*self.former, {})}
        if self.rotating and self.current is not None:
            # What is current now goes when its successor is; where that is the same object, its plan is to set and not to retire.
            leaving |= {issuer.object_of(self.current)} - {issuer.object_of(self.wanted)}
        return tuple(plan.object for plan in self.plans if plan.object in leaving)

    @property
    def refused(self) -> bool:
        """Whether something about it must not be mended by us."""
        return any(plan.refusals for plan in self.plans)


def about(app: App, profile: Profile, spec: SecretSpec) -> About:
    """What is written on the secret, so that everybody finds its owner and its bill."""
    tags = {
        "app": app.name,
        "environment": app.environment,
        "owner": app.owner.team,
        "cost-center": app.cost_center,
        "data": str(app.data),
        "managed-by": "goldenpath.microapps",
    }
    description = f"{spec.name} of {app.name} in {app.environment}, kept by goldenpath.microapps"
    return About(description, profile.aws.kms_key, tuple(sorted(tags.items())))


def look(job: Job, store: Store, wish: Wish) -> Sight:
    """Reads only: the store, the target, and whether what was found still lets somebody in."""
    stored, moved = store.describe(job.name), f"The secret {job.name} cannot be judged"
    try:
        sight = _look(job, store, wish, stored)
    except MicroappsError:
        # What another run ends while we look fails in many ways, and none of them is what is wrong.
        if stored is not None:
            expect_unmoved(store, stored, moved)
        raise
    if stored is not None and not sight.accepted:
        expect_unmoved(store, stored, moved)
    return sight


def _look(job: Job, store: Store, wish: Wish, stored: Stored | None) -> Sight:
    if stored is not None:
        may_touch(job.name, job.about, stored, wish.adopt)
    base = stored.at(Stage.CURRENT) if stored else None
    current = store.read(job.name, base.token) if base else None
    live = _live(job)
    created = store.created(job.name, base.token) if base else None
    due = _due(job, created, current, wish)
    make = _make(job, current, wish)
    if not due and base is not None and base.ours and _over(job, current, created, wish):
        due, make = "the time in which the former value is accepted too is over", Make.PRESENT_ALONE
    if not due and base is not None and base.ours and job.traits.replaces_itself and not _accepted(job, current):
        due = "its target replaced it by its own schedule"
    begun = asked(store, stored)
    if not due and begun:
        due = "a run has asked for a new one, and has not ended"
    # A key that nobody but a person can make is moved as it is, and never due. Where there is one login, an app that cannot
    # be switched over would be locked out.
    rotates = bool(due) and job.traits.makes and not (job.traits.one_login and wish.held)
    # With another key, what the app has encrypted could not be read: only whoever asks for it by name gets one.
    kept = rotates and not wish.force and encrypts(job.spec, job.found) and (current is not None or bool(live))
    rotates = rotates and not kept
    known = stored or Stored(job.name)
    first = None
    if stored is None and live and job.traits.target:
        first = live[0] if job.issuer else _together(live)
    way = _way(known, first, rotates, claims(job.issuer, make), begun)
    accepted = bool(way.steps) or _accepted(job, current)
    before = current if current is not None else first
    wanted = _wanted(job, store, known, way, before)
    # A run that was killed within step 4 has made the new value current already: the former one is the store's previous.
    former = _former(job, store, stored, current, live, bool(way.steps) and way.token != way.base)
    retires, held = _retirement(job, wish, bool(way.steps), current, former, created, due)
    target: tuple[Plan, ...] = ()
    if job.issuer is not None and (wanted or not job.traits.logs_in):
        fresh = bool(way.steps) or (not accepted and job.traits.takes)
        target = job.issuer.plans(before, wanted, fresh, former if retires else None)
    plan = store_plan(job, store, stored, before, wanted, way, due, make)
    if kept and (current is None or leaks(job, current)):
        plan = dataclasses.replace(plan, refusals=(kept_as_it_is(job),))
    # What is due and only waits until the app can be switched over is nobody's to mend.
    if job.issuer is not None and current and not (accepted or job.traits.takes or (due and wish.held)):
        refusal = not_valid(job.issuer, job.name, current, control_of_kind(job.spec.kind))
        plan = dataclasses.replace(plan, refusals=(*plan.refusals, refusal))
    plans = _all_or_nothing((plan, *target))
    seen = (stored, created, way, due, current, wanted, first, live, former, accepted, plans, retires, held, make, wish.run)
    return Sight(job, *seen)


def _all_or_nothing(plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
    """Nothing of a secret is begun where something of it is refused, and no plan of it says so."""
    refusals = tuple(dict.fromkeys(refusal for plan in plans for refusal in plan.refusals))
    return tuple(dataclasses.replace(plan, refusals=plan.refusals or refusals) if plan.changes else plan for plan in plans)


def _accepted(job: Job, current: Document | None) -> bool:
    return current is None or job.issuer is None or job.issuer.accepts(current)


def _live(job: Job) -> tuple[Document, ...]:
    if job.issuer is None:
        return tuple({key_of(found, job.spec): found.value} for found in job.found)
    return job.issuer.found(tuple(dict.fromkeys(found.value for found in job.found)))


def _together(live: tuple[Document, ...]) -> Document:
    """What a vendor gave in several values is one document; of two values for one key, the first was found where the app runs."""
    return {key: value for document in reversed(live) for key, value in document.items()}


def _due(job: Job, created: datetime.datetime | None, current: Document | None, wish: Wish) -> str:
    if current is None:
        return "it is not in the store"
    if leaks(job, current):
        return "its value stands in the code"
    if job.issuer is not None and job.traits.keyless:
        return "" if current == job.issuer.outline(current) else "its login is to have no password"
    if job.traits.mark and job.traits.mark not in current:
        return "it was not made by what makes it now"
    if _young(job, created, current, wish):
        return ""
    if wish.force:
        return "a rotation was asked for"
    if wish.now.isoformat() >= current.get(REPLACE_AFTER, "9"):
        return f"it ends by itself, and was to be replaced from {current[REPLACE_AFTER][:16]} on"
    return due_since(created, wish.now, wish.max_age)


def _young(job: Job, created: datetime.datetime | None, current: Document | None, wish: Wish) -> bool:
    # Only two logins take turns: a rotation within the grace of the last one would take the former value from its users.
    if job.traits.overlap and not _carries(job, current):
        return False
    window = max(wish.grace, job.traits.overlap)
    return job.traits.takes_turns and wish.cutover != "now" and created is not None and wish.now - created < window


def _make(job: Job, current: Document | None, wish: Wish) -> Make:
    # What others know must not be accepted beside its successor, not even for an hour.
    return Make.NEW_ALONE if wish.cutover == "now" or leaks(job, current) else Make.NEW


def _over(job: Job, current: Document | None, created: datetime.datetime | None, wish: Wish) -> bool:
    return not wish.held and not _young(job, created, current, wish) and _carries(job, current)


def _carries(job: Job, current: Document | None) -> bool:
    """Whether the current document holds something of a former credential that is accepted too."""
    return job.issuer is not None and current is not None and job.issuer.alone(current) != current


def _way(stored: Stored, first: Document | None, rotates: bool, claims: bool, begun: bool) -> Course:
    if stored.versions or first is None:
        return course(stored, rotates, claims, begun)
    # The value as found will be the first version: the course is that of a store that has it.
    moved = Stored(stored.name, (Version(token_for(stored.name, ""), frozenset({Stage.CURRENT})),))
    return course(moved, rotates, claims)


def _wanted(job: Job, store: Store, stored: Stored, way: Course, before: Document | None) -> Document:
    if job.issuer is None or not way.steps:
        return before or {}
    if any(version.token == way.token for version in stored.versions):
        return store.read(stored.name, way.token)
    return job.issuer.outline(before)


def _former(
    job: Job, store: Store, stored: Stored | None, current: Document | None, live: tuple[Document, ...], rotating: bool
) -> tuple[Document, ...]:
    if job.issuer is None:
        return live

    def previous() -> Document | None:
        version = stored.at(Stage.PREVIOUS) if stored else None
        return store.read(job.name, version.token) if version else None

    if not rotating:
        return (*live, *job.issuer.open_besides(current, previous, live))
    besides = job.issuer.open_besides(current, lambda: current, live)
    # A retirement that failed is not forgotten: the store will soon call another version the one before.
    return (*live, *besides, *job.issuer.open_besides(current, previous, (*live, *besides)))


def _retirement(
    job: Job,
    wish: Wish,
    rotating: bool,
    current: Document | None,
    former: tuple[Document, ...],
    created: datetime.datetime | None,
    due: str,
) -> tuple[bool, str]:
    if job.traits.overlap and wish.force and not rotating and _young(job, created, current, wish):
        hours = job.traits.overlap.total_seconds() / 3600
        return False, f"the former value is accepted too for {hours:g} hours after a rotation (rotate: compromised ends that)"
    if job.issuer is None or not job.traits.target:
        return False, ""
    if job.traits.one_login:
        return (False, wish.held) if wish.held and (former or due) else (True, "")
    leaves = rotating or bool(former)
    if wish.held and leaves:
        return False, wish.held
    if wish.cutover == "now" or not leaves:
        return True, ""
    if _young(job, created, current, wish) and not rotating:
        return False, f"both credentials are valid for {wish.grace.total_seconds():.0f} seconds after a rotation"
    if rotating:
        return False, "it is retired once the app was seen with the new one"
    if former and not job.traits.tells_users:
        return False, "nobody tells who uses it; once the app runs with the new one, ask for its retirement (docs/rotation.md)"
    users = tuple(user for document in former for user in job.issuer.in_use(document))
    if users:
        return False, f"old credential still in use by {'; '.join(dict.fromkeys(users))}"
    if former and current is not None and not job.issuer.in_use(current):
        return False, "the app was not seen with the new credential yet"
    return True, ""


def rotate(sight: Sight, store: Store) -> Stored:
    """Steps 1 to 4, or what was changed by hand put back. The caller holds `issuer.exclusive`."""
    job = sight.job
    stored = begin(store, job.name, job.about, sight.first, sight.stored, job.traits.target)
    _expect_base(sight, stored)
    if job.issuer is None:
        return stored
    try:
        stored = advance(store, job.issuer, stored, sight.rotating, sight.make, sight.run)
    except MicroappsError as error:
        error.also(locked_out(job.issuer, sight.current or sight.first))
        raise
    if not sight.rotating and sight.current is not None:
        if not sight.accepted:
            job.issuer.set(sight.current, sight.current)
        job.issuer.mend(sight.current)
    return stored


def _expect_base(sight: Sight, stored: Stored) -> None:
    # What follows was decided for the value we saw. Whoever wrote another one since then goes first.
    current = stored.at(Stage.CURRENT)
    if (current.token if current else "") != sight.way.base:
        raise Conflict(
            f"The secret {stored.name} was written by somebody else a moment ago",
            f"its current version is {current.token if current else 'gone'}",
            "Their value was left as it is. Run again: everything then starts from their value.",
        )


def retire(sight: Sight, store: Store, stored: Stored) -> None:
    """Step 5, if this run may: none of the former credentials lets anybody in."""
    current = stored.at(Stage.CURRENT)
    # Where nothing was seen to leave, what leaves by now is another run's, and the current one may not be the one that we saw.
    leaves = sight.retires and bool(sight.former or sight.rotating)
    if sight.job.issuer is not None and leaves and current is not None:
        if sight.former:
            expect_alone(store, stored)
        sight.job.issuer.retire(sight.former, store.read(stored.name, current.token))
