# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rotation state machine: create, set, test, finish (the protocol of AWS Secrets Manager), then retire.

    0  look      what do the store's stages say? (`course`, pure)
    1  create    the issuer makes a credential, the store keeps it as pending, under an id computed from the current version
    2  set       the target system accepts the pending credential; the current one stays valid
    3  test      a login with the pending credential, and a comparison of what both may do
    4  finish    pending becomes current, if what it replaces still is current; then it is no longer pending
    5  retire    the former credential is refused; only when its users are gone, or at once if the profile says so

There is no state anywhere else, so any later run on any machine finds where the last one stopped:

| the store says                                     | that means                             | what is done            |
| -------------------------------------------------- | -------------------------------------- | ----------------------- |
| nothing pending                                    | no rotation is under way               | 1 2 3 4 if one is due   |
| pending, ours, made for the current version        | killed between 1 and 4                 | 2 3 4                   |
| pending and current are one version                | killed within 4                        | 2 3 4 (all idempotent)  |
| pending, ours, made for a version no longer current| somebody wrote a value later than we   | theirs stays; ours goes |
| pending, ours, but the target does not know it     | somebody removed it there              | it goes, then 1 2 3 4   |
| pending, not ours                                  | somebody else's rotation is under way  | nothing; it is reported |

Never backwards: the machine makes a version current only in the place of the version it was computed from.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Final

from ..errors import Conflict, NotFound
from .issuers import Issuer, Lost
from .model import About, Document, Stage, Stored, replaces, token_for
from .stores import Store


class Step(enum.IntEnum):
    """The numbered steps."""

    CREATE = 1
    SET = 2
    TEST = 3
    FINISH = 4
    RETIRE = 5


class Make(enum.Enum):
    """What step 1 stores: a new credential (with the former beside it, where the issuer's document carries one), a new one
    alone, or the present one without the former."""

    NEW = "new"
    NEW_ALONE = "new_alone"
    PRESENT_ALONE = "present_alone"


WHOLE: Final = (Step.CREATE, Step.SET, Step.TEST, Step.FINISH)
REST: Final = (Step.SET, Step.TEST, Step.FINISH)


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """Step 0's answer: what is left to do, for which pending version (`token`) in the place of which (`base`).

    `overtaken` is a pending version of ours that somebody's later value made pointless; `foreign` one that is not ours.
    """

    steps: tuple[Step, ...] = ()
    token: str = ""
    base: str = ""
    overtaken: str = ""
    foreign: str = ""


def course(stored: Stored, due: bool) -> Course:
    """Step 0: the table above. Pure."""
    current, pending = stored.at(Stage.CURRENT), stored.at(Stage.PENDING)
    base = current.token if current else ""
    if pending and not pending.ours and pending != current:
        return Course(foreign=pending.token, base=base)
    if pending and pending.ours and pending == current:
        return Course(REST, pending.token, base)
    overtaken = ""
    if pending and pending.ours:
        if replaces(stored.name, pending.token, base):
            return Course(REST, pending.token, base)
        overtaken = pending.token
    if not due:
        return Course(base=base, overtaken=overtaken)
    taken = frozenset(version.token for version in stored.versions)
    return Course(WHOLE, token_for(stored.name, base, taken), base, overtaken)


def due_since(created: datetime.datetime | None, now: datetime.datetime, max_age: datetime.timedelta | None) -> str:
    """Why a value written at `created` is due by its age, '' if it is not. Pure."""
    if created is None or max_age is None:
        return ""
    age = now - created
    return f"it is {age.days} days old and may be {max_age.days}" if age > max_age else ""


def begin(store: Store, name: str, about: About, first: Document | None, seen: Stored | None = None) -> Stored:
    """A secret to rotate: made where there is none, with `first` (the value as found) as its current version if given.

    Of one that was `seen` a moment ago only the versions are read again: they are what others may have changed that counts.
    """
    stored = store.describe(name) if seen is None else dataclasses.replace(seen, versions=store.versions(name))
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


def advance(store: Store, issuer: Issuer, stored: Stored, due: bool, make: Make = Make.NEW) -> Stored:
    """Steps 1 to 4, as many as are left; the secret as it is afterwards. The caller holds `issuer.exclusive`.

    `stored` has all versions, so that the id of a new one is free.
    """
    try:
        return _advance(store, issuer, stored, due, make)
    except Lost:
        pending = stored.at(Stage.PENDING)
        if pending is None:
            raise
        # Somebody removed at the target what a killed run left pending: trying that one again would fail for ever.
        store.drop_pending(stored.name, pending.token)
    return _advance(store, issuer, dataclasses.replace(stored, versions=store.versions(stored.name)), True, make)


def _advance(store: Store, issuer: Issuer, stored: Stored, due: bool, make: Make) -> Stored:
    way = course(stored, due)
    if way.foreign:
        raise foreign_rotation(stored.name, way.foreign)
    if way.overtaken:
        store.drop_pending(stored.name, way.overtaken)
    current = store.read(stored.name, way.base) if way.base and way.steps else None
    for step in way.steps:
        if step is Step.CREATE:
            store.put_pending(stored.name, way.token, _created(issuer, way.token, current, make))
        else:
            _take(step, store, issuer, stored.name, way, current)
    if way.steps:
        return stored.promoted(way.token)
    return (store.describe(stored.name) or stored) if way.overtaken else stored


def _created(issuer: Issuer, token: str, current: Document | None, make: Make) -> Document:
    if make is Make.PRESENT_ALONE and current is not None:
        return issuer.alone(current)
    issued = issuer.issue(token, current)
    return issued if make is Make.NEW else issuer.alone(issued)


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


def expect_alone(store: Store, stored: Stored) -> None:
    """Before step 5: Conflict if another run rotates the secret. What we took for left over may be what it has just made."""
    now = store.describe(stored.name) or stored
    current, before = now.at(Stage.CURRENT), stored.at(Stage.CURRENT)
    if now.at(Stage.PENDING) is not None or current is None or before is None or current.token != before.token:
        raise Conflict(
            f"The former credentials of the secret {stored.name} are not retired",
            "another run rotates it at this moment",
            "Run again when it has ended.",
        )


def foreign_rotation(name: str, token: str) -> Conflict:
    """The refusal to touch a rotation that somebody else began."""
    return Conflict(
        f"The secret {name} is being rotated by somebody else",
        f"its pending version {token} was not made by this collection",
        f"Let that rotation end, or remove the stage {Stage.PENDING} from that version, and run again.",
    )
