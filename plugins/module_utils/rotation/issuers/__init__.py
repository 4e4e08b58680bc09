# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes a credential and takes it back: the interface, and the table from scheme to class."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable
from typing import Final, Protocol

from ...capability import Plan, Refusal
from ...errors import Conflict, MicroappsError, NotFound
from ..model import Document


class Crowded(Conflict):
    """There is no room for a new credential beside what nobody seems to hold. `issue` is called again, and removes what it has
    just seen, once the store has said that no other run is at it."""


class Lost(NotFound):
    """The target does not know a pending credential (any more): it is given up, and another is made in its place."""


# What a plan says of a password that has no second one beside it.
ONLY_ONE: Final = "a new one; the former is refused from that moment, until the app has the new one"
# What it says of one that somebody changed on the server, and that is put back.
STORED: Final = "the store's present one, set again"


def password_told(put_back: bool) -> tuple[str, str]:
    """What a plan says of a login's password, before and after; of one that is put back nobody is to think that it is new."""
    return ("another than the store's", STORED) if put_back else ("the former one", "a new one")


@dataclasses.dataclass(frozen=True, slots=True)
class Traits:
    """What the order of a rotation depends on, as facts about the target system.

    `makes`: a new credential can be made at all (some vendors only tell whether one is valid). `target`: somebody apart from
    the app accepts or refuses the credential. `logs_in`: `outline` names a login, and the target keeps a list of them.
    `tells_users`: `in_use` is the truth, so that a credential is retired when nobody was seen with it. `takes_turns`: there are
    two credentials and no more, so a second rotation within the grace time would take the former one from those who use it.
    `one_login`: there is one password, so the former one is refused from the moment the new one is set, and nothing is left
    to retire. `replaces_itself`: the target also makes a new credential by its own schedule, or ends the present one. `keyless`:
    a document holds no secret (`outline` is all of it), so nothing is replaced by age or because somebody asks. `overlap` is how
    long a document carries the former credential beside its own (`Issuer.alone`). `locks`: a login that the target
    did not make can be locked from here. `takes`: the target accepts a secret that it did not make, once it is told to (`set`).
    `mark` is a key that every document has: one without it is of another kind of secret. `made_by_target`: in step 1 the target
    itself makes a credential, which is open before the store knows it, so the store is told first that one is asked for.
    """

    makes: bool = True
    target: bool = True
    logs_in: bool = False
    tells_users: bool = False
    takes_turns: bool = False
    one_login: bool = False
    replaces_itself: bool = False
    keyless: bool = False
    locks: bool = True
    takes: bool = True
    mark: str = ""
    made_by_target: bool = False
    overlap: datetime.timedelta = datetime.timedelta()


class Issuer(Protocol):
    """The target system's side of a rotation. Every call is safe to repeat: a run that was killed is simply run again.

    `current` is the document that the store calls current, None before the first. Errors: Denied, Conflict, Unreachable.
    """

    @property
    def traits(self) -> Traits:
        """The facts."""

    def object_of(self, document: Document) -> str:
        """What a plan calls this credential (`postgresql:login/where2eat_a`)."""

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """Documents for values that were found in the code, of those that still let somebody in."""

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """What else is open and should not be: neither `current` nor in `known`.

        `former()` reads what the store called current before (while a rotation is to come: what it calls current now), for
        targets that do not list their credentials.
        """

    def outline(self, current: Document | None) -> Document:
        """The public part of what `issue` would make, without making it."""

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """What of the target system would be changed: reads only.

        `wanted` is (the public part of) what will be current; `fresh` says that its secret is yet to be set;
        `retire` are documents that must not be accepted any more afterwards, None if this run retires nothing.
        """

    def exclusive(self, name: str) -> contextlib.AbstractContextManager[None]:
        """Hold the target for one rotation of this secret; Conflict if another run holds it. Ends with the process."""

    def issue(self, token: str, current: Document | None) -> Document:
        """Step 1: a new credential beside the current one. Nothing accepts it yet, unless the target made it. `Crowded`."""

    def alone(self, document: Document) -> Document:
        """The document without what it carries of a former credential; the same one if it carries nothing. Pure."""

    def set(self, pending: Document, current: Document | None) -> None:
        """Step 2: the target accepts the pending credential; the current one stays valid. `Lost`: it never can again."""

    def test(self, pending: Document, current: Document | None) -> None:
        """Step 3: raises unless the pending credential can do what the current one can. `Lost`: it is refused for good."""

    def mend(self, current: Document) -> None:
        """What somebody changed by hand on the target is put back, the credential itself left as it is."""

    def accepts(self, document: Document) -> bool:
        """Whether the target still lets this credential in. Unreachable if that cannot be told."""

    def in_use(self, old: Document) -> tuple[str, ...]:
        """Who uses this credential now, in words; empty if nobody was seen."""

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """Step 5: none of `old` is accepted any more. Never touches `current`.

        Where the target makes the credentials, it ends no others than `old`, and those that lost against `current`: what was
        made since `old` was read may be another run's.
        """


def locked_out(issuer: Issuer, present: Document | None) -> str:
    """What to say of a rotation that did not end, where there is one login: whether the app is without a valid password now."""
    if not issuer.traits.one_login or present is None:
        return ""
    try:
        if issuer.accepts(present):
            return ""
        refuses = "refuses"
    except MicroappsError:
        refuses = "may refuse"
    return f"By now the database {refuses} the password that the app has; the next run ends this rotation."


def not_valid(issuer: Issuer, name: str, current: Document, control: str) -> Refusal:
    """What the store calls current was stored, or made invalid, by somebody; and its target takes no secret from us."""
    rotate = "Ask for a rotation (playbook goldenpath.microapps.rotate), or store" if issuer.traits.makes else "Make and store"
    return Refusal(
        f"The value that the store has for {name} is refused by {issuer.object_of(current)}",
        "somebody stored or revoked it, and it cannot be made valid from here",
        f"{rotate} one that works.",
        control,
    )
