# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access keys of an IAM user: a second key is made, tested, and the first is switched off and then deleted.

IAM allows two keys for a user, tells a key's secret once and lets nobody name a key. A run that is killed between IAM's
answer and the store's leaves a key whose secret is lost. So the user is given a tag that says when a key was asked for,
before it is: a key that the store does not know, made at that time and used by nobody, is ours and goes. Any other key
that the store does not know is somebody's: it is left alone, and if there is no room beside it, that is said.

What AWS promises and moto 5.2.5 keeps only with INITIAL_NO_AUTH_ACTION_COUNT: a deleted or inactive key and a wrong
secret are refused (moto never refuses an inactive key).
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ...aws.errors import calling
from ...aws.policies import KEY_ASKED
from ...aws.session import AwsSession, session_as
from ...capability import Change, Plan, Refusal
from ...errors import Conflict, Denied, Invalid, NotFound, Unreachable
from ...scrubber import Secrets
from ..controls import FOUND_IS_DEAD
from ..model import Document, register, to_text
from . import Crowded, Lost, Traits

PERMISSIONS: Final = (
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:TagUser",
    "iam:UpdateAccessKey",
)
ID: Final = "access_key_id"
VALUE: Final = "secret_access_key"
# The id of the key that this one was made in the place of: the store's own word for which second key is ours.
FORMER: Final = "former_key_id"
LIMIT: Final = 2
# A key was made because of the tag if it is no older or younger than this: clocks differ, and the next call makes it.
_AROUND: Final = datetime.timedelta(minutes=2)
# IAM's answers spread within seconds: a new key may be refused for as long, and an old one accepted.
_PATIENCE: Final = (1.0, 2.0, 4.0, 8.0, 15.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """A key as IAM lists it. `used` is when and by which service and region it was used last, None for never."""

    id: str
    active: bool
    created: datetime.datetime
    used: tuple[datetime.datetime, str, str] | None

    def users_since(self, moment: datetime.datetime, ours: bool) -> tuple[str, ...]:
        """Who used it after that moment, in words. `ours`: what STS was asked may have been our own test."""
        if self.used is None or self.used[0] < moment or (ours and self.used[1] == "sts"):
            return ()
        date, service, region = self.used
        return (f"whoever called {service} in {region} at {date:%Y-%m-%d %H:%M} with {self.id}",)


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """The IAM user with its keys, and when a key was last asked for."""

    arn: str
    keys: tuple[Key, ...]
    asked: datetime.datetime | None

    def key(self, key_id: str) -> Key | None:
        """The key with this id."""
        return next((key for key in self.keys if key.id == key_id), None)

    @property
    def newest(self) -> datetime.datetime:
        """When its newest key was made."""
        return max((key.created for key in self.keys), default=datetime.datetime.min.replace(tzinfo=datetime.UTC))


def orphans(user: User, known: Iterable[str]) -> tuple[Key, ...]:
    """Keys of killed runs of ours: unknown to the store, made when one was asked for, used by nobody but our test. Pure."""
    ids = frozenset(known)
    return tuple(key for key in user.keys if key.id not in ids and _lost(key, user.asked))


def _lost(key: Key, asked: datetime.datetime | None) -> bool:
    return asked is not None and abs(key.created - asked) <= _AROUND and not key.users_since(key.created, ours=True)


def leaving(user: User, current: Document | None, at_once: bool) -> tuple[tuple[Key, ...], tuple[Refusal, ...]]:
    """What must go before another key can be made, and why that cannot be. Pure."""
    document = current or {}
    mine = document.get(ID, "")
    gone = [*orphans(user, (mine, document.get(FORMER, "")))]
    former = user.key(document.get(FORMER, ""))
    present = user.key(mine)
    refusals: list[Refusal] = []
    if former is not None:
        users = former.users_since(present.created if present else former.created, ours=False)
        if former.active and users and not at_once:
            refusals.append(_still_used(former, users))
        gone.append(former)
    left = [key for key in user.keys if key not in gone]
    if len(left) >= LIMIT:
        refusals.append(_no_room(user, [key for key in left if key.id != mine]))
    return tuple(gone), tuple(refusals)


def _still_used(key: Key, users: tuple[str, ...]) -> Refusal:
    return Refusal(
        f"There is no room for another key beside {key.id}, which the last rotation replaced",
        f"it is in use by {'; '.join(users)}",
        "Restart whoever that is, or ask for cutover: now, which deletes it.",
        FOUND_IS_DEAD,
    )


def _no_room(user: User, others: list[Key]) -> Refusal:
    ids = " and ".join(key.id for key in others)
    return Refusal(
        f"The user {user.arn} has {LIMIT} access keys, and IAM allows no more",
        f"{ids} was not made by this collection and is somebody's, used or not",
        f"Find out whose it is, and delete it: aws iam delete-access-key --user-name ... --access-key-id {others[0].id}",
        FOUND_IS_DEAD,
    )


@dataclasses.dataclass(frozen=True)
class IamAccessKey:
    """The issuer for one IAM user, which must carry the tags `owner`: a catalog entry alone may not name whose keys it gets.

    Retiring switches a key off, and the next run deletes it; with `at_once` it is deleted in the same run.
    """

    user: str
    owner: tuple[tuple[str, str], ...]
    session: AwsSession
    secrets: Secrets = dataclasses.field(repr=False)
    now: Callable[[], datetime.datetime]
    at_once: bool
    pause: Callable[[float], None] = time.sleep
    # Who used a key last, as it was before this run asked anything with it: asking is a use.
    seen: dict[str, tuple[datetime.datetime, str, str] | None] = dataclasses.field(default_factory=dict)
    # Keys that stood in the way of a new one and that nobody seems to hold: they go when that was asked of the store.
    crowding: set[str] = dataclasses.field(default_factory=set)

    @property
    def traits(self) -> Traits:
        """See `Issuer`: GetAccessKeyLastUsed tells who; two keys and no more."""
        return Traits(tells_users=True, takes_turns=True, made_by_target=True)

    def object_of(self, document: Document) -> str:
        """See `Issuer`: the user with its keys is one object."""
        return f"iam:user/{self.user}"

    def found(self, values: tuple[str, ...]) -> tuple[Document, ...]:
        """See `Issuer`: each value as the secret of each key that is switched on."""
        if not values:
            return ()
        ids = [key.id for key in self._observed().keys if key.active]
        pairs = [{ID: key_id, VALUE: value} for key_id in ids for value in values if value not in ids]
        return tuple(document for document in pairs if self.accepts(document))

    def open_besides(
        self, current: Document | None, former: Callable[[], Document | None], known: tuple[Document, ...]
    ) -> tuple[Document, ...]:
        """See `Issuer`: the key before, and keys of killed runs. Of what was current before only the id is told on."""
        if current is None:
            return ()
        user, before = self._observed(), former()
        listed = {document[ID] for document in known}
        found: dict[str, Document] = {}
        if before is current:
            found[current.get(ID, "")] = current
        replaced = (current.get(FORMER, ""), (before or {}).get(ID, ""))
        for key_id in (*replaced, *(key.id for key in orphans(user, (current.get(ID, ""), *replaced)))):
            if key_id != current.get(ID, ""):
                found[key_id] = {ID: key_id}
        return tuple(document for key_id, document in found.items() if key_id not in listed and user.key(key_id))

    def outline(self, current: Document | None) -> Document:
        """See `Issuer`: IAM chooses everything."""
        return {}

    def plans(
        self, current: Document | None, wanted: Document, fresh: bool, retire: tuple[Document, ...] | None
    ) -> tuple[Plan, ...]:
        """See `Issuer`."""
        user = self._observed()
        keys = {key.id: _state(key.active) for key in user.keys}
        present, pending = (current or {}).get(ID, ""), wanted.get(ID, "")
        refusals: tuple[Refusal, ...] = ()
        after = dict(keys)
        # Fresh and current already: a run was killed within step 4, or AWS refuses the current key.
        replaces = fresh and not (present and pending == present)
        if fresh and not replaces and not self.accepts(wanted):
            refusals = (self._refused(user, present),)
        elif replaces and pending not in keys:
            gone, refusals = leaving(user, current, self.at_once)
            for key in gone:
                after[key.id] = "deleted"
        for document in retire or ():
            old = user.key(document.get(ID, ""))
            if old is not None and old.id != pending:
                after[old.id] = "deleted" if self.at_once or not old.active else _state(False)
        before = {"key": "the present one" if present else "none", "keys": keys}
        wished = {"key": "a new one" if replaces else before["key"], "keys": after}
        changes = tuple(
            Change("update", field, before[field], value, FOUND_IS_DEAD)
            for field, value in wished.items()
            if before[field] != value
        )
        return (Plan(self.object_of({}), before, wished, changes, refusals, (FOUND_IS_DEAD,)),)

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """See `Issuer`: the store alone decides which of two runs creates the next version."""
        yield

    def issue(self, token: str, current: Document | None) -> Document:
        """See `Issuer`. IAM makes a key each time it is asked, so a client's own repetition may have made one: `Crowded`."""
        try:
            made = self._made(current)
        except Invalid:
            self._expect_room(self._observed(), current)
            raise
        present = current or {}
        document = {**present, ID: made["AccessKeyId"], VALUE: made["SecretAccessKey"], FORMER: present.get(ID, "")}
        register(self.secrets, to_text(document), document)
        return document

    def _made(self, current: Document | None) -> Any:
        user = self._observed()
        gone, refusals = leaving(user, current, self.at_once)
        for refusal in refusals:
            raise Conflict(refusal.what, refusal.why, refusal.next_step)
        self._expect_room(user, current)
        for key in gone:
            self._delete(key.id)
        moment = self.now().astimezone(datetime.UTC).isoformat(timespec="seconds")
        iam = self.session.iam
        with calling(f"say on the IAM user {self.user} that a key is asked for"):
            iam.tag_user(UserName=self.user, Tags=[{"Key": KEY_ASKED, "Value": moment}])
        with calling(f"make an access key for the IAM user {self.user}"):
            made = iam.create_access_key(UserName=self.user)["AccessKey"]
        self.secrets.register(made["SecretAccessKey"])
        return made

    def _expect_room(self, user: User, current: Document | None) -> None:
        document = current or {}
        found = {key.id for key in orphans(user, (document.get(ID, ""), document.get(FORMER, "")))} - self.crowding
        self.crowding.update(found)
        if found:
            what = f"There may be no room for another key of the IAM user {self.user}"
            raise Crowded(what, f"{' and '.join(sorted(found))} is in no store", "Run again when no other run is at it.")

    def alone(self, document: Document) -> Document:
        """See `Issuer`."""
        return document

    def set(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: IAM accepts a key from the moment it is made, give or take some seconds."""
        user = self._observed()
        key = user.key(pending.get(ID, ""))
        if key is None:
            raise Lost(f"The access key {pending.get(ID, '')} of the IAM user {self.user}", "somebody deleted it", "Run again.")
        if not key.active:
            refusal = self._refused(user, key.id)
            raise Conflict(refusal.what, refusal.why, refusal.next_step)

    def test(self, pending: Document, current: Document | None) -> None:
        """See `Issuer`: logs in with it, again and again while IAM has not told everybody."""
        for seconds in (*_PATIENCE, 0.0):
            if self.accepts(pending):
                return
            if seconds:
                self.pause(seconds)
        raise Denied(
            f"Use the new access key of the IAM user {self.user}",
            f"AWS refuses it {sum(_PATIENCE):.0f} seconds after it was made",
            "Nothing was switched over; run again.",
        )

    def mend(self, current: Document) -> None:
        """See `Issuer`: what somebody switched off is his decision."""

    def accepts(self, document: Document) -> bool:
        """See `Issuer`: AWS itself says whom it takes the key for. Of a key without its secret nobody can tell: False."""
        if not (document.get(ID) and document.get(VALUE)):
            return False
        user = self._observed()
        client = session_as(self.session.aws, document[ID], document[VALUE]).sts
        try:
            with calling("ask AWS whether an access key is valid"):
                found = client.get_caller_identity()
        except Denied:
            return False
        # Another user's key lets somebody in too, but it is not this secret's; moto answers so for a key that is gone.
        return found["Arn"] == user.arn

    def in_use(self, old: Document) -> tuple[str, ...]:
        """See `Issuer`: since the newest key was made. With a secret at hand we asked STS ourselves, so that is not counted."""
        user = self._observed()
        key = user.key(old.get(ID, ""))
        return key.users_since(user.newest, ours=bool(old.get(VALUE))) if key is not None and key.active else ()

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        """See `Issuer`: switched off; deleted if it was already, or at once."""
        user = self._observed()
        for document in old:
            key = user.key(document.get(ID, ""))
            if key is None or key.id == current.get(ID):
                continue
            if key.active:
                with contextlib.suppress(NotFound), calling(f"switch off the access key {key.id}"):
                    self.session.iam.update_access_key(UserName=self.user, AccessKeyId=key.id, Status="Inactive")
            if self.at_once or not key.active:
                self._delete(key.id)
                self._gone(document)

    def _gone(self, document: Document) -> None:
        for seconds in (*_PATIENCE, 0.0):
            if not self.accepts(document):
                return
            if seconds:
                self.pause(seconds)
        raise Unreachable(
            f"The access key {document[ID]} was deleted",
            f"AWS still accepts it {sum(_PATIENCE):.0f} seconds later",
            "IAM tells all its parts within a minute or two; run again to see it refused.",
        )

    def _refused(self, user: User, key_id: str) -> Refusal:
        key = user.key(key_id)
        why = "it is not there any more" if key is None else "AWS refuses it" if key.active else "it was switched off"
        return Refusal(
            f"The access key {key_id} of the IAM user {self.user} is the current one and does not work",
            f"{why}, by somebody's decision, which stays",
            "Ask for a rotation (playbook goldenpath.microapps.rotate), or switch it on again.",
            FOUND_IS_DEAD,
        )

    def _delete(self, key_id: str) -> None:
        # Gone already is as good as gone.
        with contextlib.suppress(NotFound), calling(f"delete the access key {key_id}"):
            self.session.iam.delete_access_key(UserName=self.user, AccessKeyId=key_id)

    def _observed(self) -> User:
        iam = self.session.iam
        with calling(f"read the IAM user {self.user} and its access keys"):
            found = iam.get_user(UserName=self.user)["User"]
            entries = iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
            keys = tuple(
                Key(entry["AccessKeyId"], entry["Status"] == "Active", entry["CreateDate"], self._used(entry["AccessKeyId"]))
                for entry in entries
            )
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        for name, value in self.owner:
            if tags.get(name) != value:
                raise Conflict(
                    f"The IAM user {self.user} is not marked as this app's",
                    f"its tag {name} is {tags[name]!r}, not {value!r}" if name in tags else f"it has no tag {name}",
                    f"If it is: aws iam tag-user --user-name {self.user} --tags Key={name},Value={value}",
                )
        return User(found["Arn"], keys, _moment(tags.get(KEY_ASKED, "")))

    def _used(self, key_id: str) -> tuple[datetime.datetime, str, str] | None:
        if key_id not in self.seen:
            used = self.session.iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
            date = used.get("LastUsedDate")
            self.seen[key_id] = (date, used["ServiceName"], used["Region"]) if date else None
        return self.seen[key_id]


def _state(active: bool) -> str:
    return "active" if active else "switched off"


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    # Somebody else's text: a moment without its zone cannot be compared with one.
    return moment if moment.tzinfo else None
