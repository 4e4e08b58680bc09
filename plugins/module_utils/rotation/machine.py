# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rotation state machine: create, set, test, finish (the protocol of AWS Secrets Manager), then retire.

    0  look      what do the store's stages say? (`course`, pure)
    1  create    the issuer makes a credential, the store keeps it as pending, under an id computed from the current version;
                 where the target makes it (it is open from then on), the store keeps a claim as pending before it is asked
    2  set       the target system accepts the pending credential; the current one stays valid
    3  test      a login with the pending credential, and a comparison of what both may do
    4  finish    pending becomes current, if what it replaces still is current; then it is no longer pending
    5  retire    the former credential is refused; only when its users are gone, or at once if the profile says so

There is no state anywhere else, so any later run on any machine finds where the last one stopped:

| the store says                                     | that means                             | what is done            |
| -------------------------------------------------- | -------------------------------------- | ----------------------- |
| nothing pending                                    | no rotation is under way               | 1 2 3 4 if one is due   |
| pending, ours, made for the current version        | killed between 1 and 4                 | 2 3 4                   |
| pending, ours, a claim for the current version     | killed, or at work, within 1           | the claim is replaced,  |
|                                                    |                                        | 1 2 3 4                 |
| pending and current are one version                | killed within 4                        | 2 3 4 (all idempotent)  |
| pending, ours, made for a version no longer current| somebody wrote a value later than we   | theirs stays; ours goes |
| pending, ours, but the target does not know it     | somebody removed it there              | it goes, then 1 2 3 4   |
| pending, not ours                                  | somebody else's rotation is under way  | nothing; it is reported |

Never backwards: the machine makes a version current only in the place of the version it was computed from.

Two runs at once. A claim, or what is pending, is replaced only by whoever names it, so of two runs one proceeds. What a target
has made and no store knows is removed under one rule: it was listed, and only then the store said that nothing is pending and
that the current version is the one we know. Whoever made it has therefore no claim any more, and cannot make it current.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Final

from ..errors import Conflict, MicroappsError, NotFound
from .issuers import Crowded, Issuer, Lost
from .model import About, Document, Stage, Stored, claim_of, is_claim, next_id, replaces, token_for
from .stores import Store
from .stores.shared import rotated_by_another


class Step(enum.IntEnum):
    """The numbered steps."""

    CREATE = 1
    SET = 2
    TEST = 3
    FINISH = 4
    RETIRE = 5


class Beaten(Conflict):
    """What the target has made for us was not stored: another run has replaced our claim, or somebody's pending value has."""


class Make(enum.Enum):
    """What step 1 stores: a new credential (with the former beside it, where the issuer's document carries one), a new one
    alone, or the present one without the former."""

    NEW = "new"
    NEW_ALONE = "new_alone"
    PRESENT_ALONE = "present_alone"


WHOLE: Final = (Step.CREATE, Step.SET, Step.TEST, Step.FINISH)
REST: Final = (Step.SET, Step.TEST, Step.FINISH)
# What stands in the way of a new credential: what a killed run left, and what an answer that was lost, and asked for again, left.
_TURNS: Final = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """Step 0's answer: what is left to do, for which pending version (`token`) in the place of which (`base`).

    `overtaken` is a pending version of ours that somebody's later value made pointless; `foreign` one that is not ours. `claim`
    is the version to keep before step 1 asks the target, '' where there is none; `claimed` a claim that is pending, which it
    replaces.
    """

    steps: tuple[Step, ...] = ()
    token: str = ""
    base: str = ""
    overtaken: str = ""
    foreign: str = ""
    claim: str = ""
    claimed: str = ""


def course(stored: Stored, due: bool, claims: bool = False, asked: bool = False) -> Course:
    """Step 0: the table above. `claims`: a new credential needs a claim; `asked`: what is pending is no more than one. Pure."""
    current, pending = stored.at(Stage.CURRENT), stored.at(Stage.PENDING)
    base = current.token if current else ""
    if pending and not pending.ours and pending != current:
        return Course(foreign=pending.token, base=base)
    if pending and pending.ours and pending == current:
        return Course(REST, pending.token, base)
    overtaken = claimed = ""
    if pending and pending.ours:
        if not replaces(stored.name, pending.token, base):
            overtaken = pending.token
        elif not asked:
            return Course(REST, pending.token, base)
        else:
            claimed = pending.token
    if not due:
        return Course(base=base, overtaken=overtaken)
    taken = frozenset(version.token for version in stored.versions)
    token = token_for(stored.name, base, taken)
    # The first version that AWS is given is current, whatever its stage: a claim must not be.
    if not claims or not base:
        return Course(WHOLE, token, base, overtaken, claimed=claimed)
    # Whoever replaces this claim takes the very id that we would store the credential under: so only one of us can.
    return Course(WHOLE, token_for(stored.name, base, taken | {token}), base, overtaken, claim=token, claimed=claimed)


def asked(store: Store, stored: Stored | None) -> bool:
    """Whether what is pending for the current version is a claim, and no credential yet."""
    pending, current = (stored.at(Stage.PENDING), stored.at(Stage.CURRENT)) if stored else (None, None)
    if stored is None or pending is None or pending == current or not pending.ours:
        return False
    base = current.token if current else ""
    return replaces(stored.name, pending.token, base) and is_claim(store.read(stored.name, pending.token))


def due_since(created: datetime.datetime | None, now: datetime.datetime, max_age: datetime.timedelta | None) -> str:
    """Why a value written at `created` is due by its age, '' if it is not. Pure."""
    if created is None or max_age is None:
        return ""
    age = now - created
    return f"it is {age.days} days old and may be {max_age.days}" if age > max_age else ""


def begin(
    store: Store, name: str, about: About, first: Document | None, seen: Stored | None = None, target: bool = True
) -> Stored:
    """A secret to rotate: made where there is none, with `first` (the value as found) as its current version if given.

    Of one that was `seen` a moment ago only the versions are read again: they are what others may have changed that counts.
    Not even they where no `target` is to be told anything and the store refuses by itself what others were faster at.
    """
    if seen is None:
        stored = store.describe(name)
    elif target or not store.conditional:
        stored = dataclasses.replace(seen, versions=store.versions(name))
    else:
        stored = seen
    if stored is None:
        store.create(name, token_for(name, ""), first, about)
        stored = store.describe(name)
    if stored is None:
        raise NotFound(f"The secret {name}", "the store does not have it right after it was made", "Run again.")
    if stored.deleted:
        raise Conflict(
            f"The secret {name} is marked for deletion",
            "somebody deleted it and it can still be brought back",
            "Restore it in the store, or wait until it is gone, and run again.",
        )
    store.label(name, stored.about, about)
    return stored


def advance(store: Store, issuer: Issuer, stored: Stored, due: bool, make: Make = Make.NEW, run: str = "") -> Stored:
    """Steps 1 to 4, as many as are left; the secret as it is afterwards. The caller holds `issuer.exclusive`.

    `stored` has all versions, so that the id of a new one is free. `run` is a name that no other run has.
    """
    try:
        return _advance(store, issuer, stored, due, make, run)
    except Beaten:
        # The one password there is was replaced: what the other run made current may be refused, and only we have what is not.
        now = dataclasses.replace(stored, versions=store.versions(stored.name))
        if not issuer.traits.one_login or _works(store, issuer, now):
            raise
        return _advance(store, issuer, now, True, make, run)
    except Lost:
        pending = stored.at(Stage.PENDING)
        if pending is None:
            raise
        # Somebody removed at the target what a killed run left pending: trying that one again would fail for ever.
        store.drop_pending(stored.name, pending.token)
    return _advance(store, issuer, dataclasses.replace(stored, versions=store.versions(stored.name)), True, make, run)


def _advance(store: Store, issuer: Issuer, stored: Stored, due: bool, make: Make, run: str) -> Stored:
    way = course(stored, due, claims(issuer, make), asked(store, stored))
    if way.foreign:
        raise foreign_rotation(stored.name, way.foreign)
    if way.overtaken:
        _give_up(store, issuer, stored, way, run)
    current = store.read(stored.name, way.base) if way.base and way.steps else None
    for step in way.steps:
        if step is Step.CREATE:
            _create(store, issuer, stored.name, way, current, make, run)
        else:
            _take(step, store, issuer, stored.name, way, current)
    if way.steps:
        return stored.promoted(way.token)
    return (store.describe(stored.name) or stored) if way.overtaken else stored


def _works(store: Store, issuer: Issuer, stored: Stored) -> bool:
    current = stored.at(Stage.CURRENT)
    return current is not None and issuer.accepts(store.read(stored.name, current.token))


def claims(issuer: Issuer | None, make: Make) -> bool:
    """Whether the store is told before the credential is made."""
    return issuer is not None and issuer.traits.made_by_target and make is not Make.PRESENT_ALONE


def _give_up(store: Store, issuer: Issuer, stored: Stored, way: Course, run: str) -> None:
    """What somebody's later value overtook is pending no more; where its target has made it already, it goes there, too."""
    pending = way.overtaken
    if issuer.traits.made_by_target:
        document = store.read(stored.name, pending)
        if not is_claim(document):
            issuer.retire((document,), store.read(stored.name, way.base) if way.base else {})
        else:
            # Whoever has claimed it may still be at work: what he stores next must be refused.
            taken = frozenset(version.token for version in stored.versions)
            claimed, pending = pending, next_id(pending, taken)
            store.put_pending(stored.name, pending, claim_of(run), claimed)
    store.drop_pending(stored.name, pending)


def _create(store: Store, issuer: Issuer, name: str, way: Course, current: Document | None, make: Make, run: str) -> None:
    if way.claim:
        store.put_pending(name, way.claim, claim_of(run), way.claimed)
    document = _created(store, issuer, name, way, current, make)
    try:
        store.put_pending(name, way.token, document, way.claim or way.claimed)
    except Conflict as error:
        if not issuer.traits.made_by_target:
            raise
        beaten = Beaten(error.what, error.why, error.next_step)
        try:
            # No store will ever know it, so nobody else could find it by more than its traces.
            issuer.retire((document,), current or {})
        except MicroappsError as left:
            beaten.also(left.sentence())
        raise beaten from None


def _created(store: Store, issuer: Issuer, name: str, way: Course, current: Document | None, make: Make) -> Document:
    if make is Make.PRESENT_ALONE and current is not None:
        return issuer.alone(current)
    issued = _issued(store, issuer, name, way, current)
    return issued if make is Make.NEW else issuer.alone(issued)


def _issued(store: Store, issuer: Issuer, name: str, way: Course, current: Document | None) -> Document:
    for _turn in range(_TURNS):
        try:
            return issuer.issue(way.token, current)
        except Crowded:
            seen = store.describe(name) or Stored(name)
            if (_token(seen, Stage.PENDING), _token(seen, Stage.CURRENT)) != (way.claim, way.base):
                raise rotated_by_another(name) from None
    return issuer.issue(way.token, current)


def _take(step: Step, store: Store, issuer: Issuer, name: str, way: Course, current: Document | None) -> None:
    if step is Step.FINISH:
        store.promote(name, way.token, way.base)
        return
    # What is set and tested is what the store holds, never what we remember: only that survives us.
    pending = store.read(name, way.token)
    if step is Step.SET:
        issuer.set(pending, current)
    else:
        issuer.test(pending, current)


def expect_unmoved(store: Store, stored: Stored, what: str) -> None:
    """Conflict, with `what` it hinders, if another run rotates the secret or somebody wrote a value since it was `stored` so."""
    _expect(store, stored.name, (_token(stored, Stage.CURRENT), _token(stored, Stage.PENDING)), what)


def expect_alone(store: Store, stored: Stored) -> None:
    """Before step 5: Conflict unless nothing is pending. What we took for left over may be what another run has just made."""
    what = f"The former credentials of the secret {stored.name} are not retired"
    _expect(store, stored.name, (_token(stored, Stage.CURRENT), ""), what)


def _expect(store: Store, name: str, tokens: tuple[str, str], what: str) -> None:
    now = store.describe(name) or Stored(name)
    if (_token(now, Stage.CURRENT), _token(now, Stage.PENDING)) != tokens:
        raise Conflict(what, "another run rotates it at this moment", "Run again when it has ended.")


def _token(stored: Stored, stage: Stage) -> str:
    version = stored.at(stage)
    return version.token if version else ""


def foreign_rotation(name: str, token: str) -> Conflict:
    """The refusal to touch a rotation that somebody else began."""
    return Conflict(
        f"The secret {name} is being rotated by somebody else",
        f"its pending version {token} was not made by this collection",
        f"Let that rotation end, or remove the stage {Stage.PENDING} from that version, and run again.",
    )
