# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state machine as a pure simulation: killed before and after every outside call, then run plainly once more."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Plan
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import Lost, Traits
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.machine import (
    REST,
    WHOLE,
    advance,
    begin,
    course,
    due_since,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import (
    About,
    Document,
    Stage,
    Stored,
    Version,
    present,
    token_for,
)

NAME = "microapps/sandbox/x/database"
CURRENT, PENDING, PREVIOUS = Stage.CURRENT, Stage.PENDING, Stage.PREVIOUS
BASE = token_for(NAME, "")
NEXT = token_for(NAME, BASE)


class Killed(BaseException):
    """SIGKILL as far as the code under test can tell: nothing catches it."""


@dataclasses.dataclass
class World:
    """The outside: it lives on when a run dies. `budget` calls may begin; `after` says whether the last one still acts."""

    versions: dict[str, tuple[dict[str, str], set[str]]] = dataclasses.field(default_factory=dict)
    exists: bool = False
    accepted: dict[str, str] = dataclasses.field(default_factory=lambda: {"old": "leaked"})
    calls: int = 0
    budget: int = 10**6
    after: bool = False

    def call(self, act: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls == self.budget:
            if self.after:
                act()
            raise Killed
        return act()


@dataclasses.dataclass
class MemoryStore:
    """A store with the real interface and AWS's rules."""

    world: World
    conditional: ClassVar[bool] = False

    def object(self, name: str) -> str:
        return f"memory:{name}"

    def describe(self, name: str) -> Stored | None:
        return self.world.call(lambda: self._described(name))

    def versions(self, name: str) -> tuple[Version, ...]:
        return present(self.describe(name), name).versions

    def _described(self, name: str) -> Stored | None:
        if not self.world.exists:
            return None
        versions = tuple(Version(token, frozenset(stages)) for token, (_unused, stages) in self.world.versions.items())
        return Stored(name, versions)

    def read(self, name: str, token: str) -> Document:
        return self.world.call(lambda: dict(self.world.versions[token][0]))

    def create(self, name: str, token: str, document: Document | None, about: About) -> None:
        def act() -> None:
            if self.world.exists:
                raise Conflict("exists")
            self.world.exists = True
            if document is not None:
                self.world.versions[token] = (dict(document), {CURRENT})

        self.world.call(act)

    def put_pending(self, name: str, token: str, document: Document, claimed: str = "") -> None:
        def act() -> None:
            known = self.world.versions.get(token)
            if known and known[0] != dict(document):
                raise Conflict("another run made it")
            for _unused, stages in self.world.versions.values():
                stages.discard(PENDING)
            self.world.versions[token] = (dict(document), {PENDING})

        self.world.call(act)

    def promote(self, name: str, token: str, replaced: str) -> None:
        def act() -> None:
            stored = self._described(name)
            current = stored.at(CURRENT) if stored else None
            if (current.token if current else "") != replaced:
                raise Conflict("somebody wrote in between")
            for _unused, stages in self.world.versions.values():
                stages.discard(PREVIOUS)
            if current:
                self.world.versions[replaced][1].discard(CURRENT)
                self.world.versions[replaced][1].add(PREVIOUS)
            self.world.versions[token][1].add(CURRENT)

        if token != replaced:
            self.world.call(act)
        self.drop_pending(name, token)

    def drop_pending(self, name: str, token: str) -> None:
        self.world.call(lambda: self.world.versions[token][1].discard(PENDING))

    def label(self, name: str, before: About, wanted: About) -> None:
        self.world.call(lambda: None)


@dataclasses.dataclass
class Alternating:
    """An issuer with the real interface: two users that take turns, each with one password."""

    world: World
    made: int = 0
    traits: Traits = dataclasses.field(default_factory=Traits)

    def outline(self, current: Document | None) -> Document:
        return {"username": "b" if (current or {}).get("username") == "a" else "a"}

    def plans(self, current: Any, wanted: Any, fresh: bool, retire: Any) -> tuple[Plan, ...]:
        return ()

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        yield

    def issue(self, token: str, current: Document | None) -> Document:
        self.made += 1
        return {**self.outline(current), "password": f"{token}-{self.made}-{id(self)}"}

    def set(self, pending: Document, current: Document | None) -> None:
        self.world.call(lambda: self.world.accepted.update({pending["username"]: pending["password"]}))

    def test(self, pending: Document, current: Document | None) -> None:
        if not self.accepts(pending):
            raise Conflict("refused")

    def mend(self, current: Document) -> None: ...

    def accepts(self, document: Document) -> bool:
        return self.world.call(lambda: self.world.accepted.get(document["username"]) == document["password"])

    def in_use(self, old: Document) -> tuple[str, ...]:
        return ()

    def retire(self, old: tuple[Document, ...], current: Document) -> None:
        def act() -> None:
            for user in [user for user in self.world.accepted if user != current["username"]]:
                del self.world.accepted[user]

        self.world.call(act)


LEAKED = {"username": "old", "password": "leaked"}


def run(world: World) -> None:
    """What a plain run does: everything decided from what the outside says."""
    store, issuer = MemoryStore(world), Alternating(world)
    stored = begin(store, NAME, About(), LEAKED)
    current = stored.at(CURRENT)
    due = current is None or store.read(NAME, current.token)["username"] == "old"
    stored = advance(store, issuer, stored, due)
    final = stored.at(CURRENT)
    assert final is not None
    issuer.retire((), store.read(NAME, final.token))


def calls_of_a_run() -> int:
    world = World()
    run(world)
    return world.calls


def current_of(world: World) -> dict[str, str]:
    return next(document for document, stages in world.versions.values() if CURRENT in stages)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("budget", range(1, calls_of_a_run() + 1))
def test_killed_at_every_call_and_run_again(budget: int, after: bool) -> None:
    world = World(budget=budget, after=after)
    with pytest.raises(Killed):
        run(world)
    if world.versions:
        document = current_of(world)
        assert world.accepted.get(document["username"]) == document["password"], "what the store calls current always works"
    assert len(world.accepted) <= 2, "at most one extra credential"
    world.calls, world.budget = 0, 10**6
    run(world)
    document = current_of(world)
    assert world.accepted == {document["username"]: document["password"]}
    assert document["username"] == "a"
    assert not [stages for _unused, stages in world.versions.values() if PENDING in stages]
    before = {token: (dict(value), set(stages)) for token, (value, stages) in world.versions.items()}
    run(world)
    assert before == world.versions, "a second run changes nothing"


@pytest.mark.parametrize("budget", range(1, calls_of_a_run() + 1))
def test_a_value_written_after_a_kill_is_never_overwritten(budget: int) -> None:
    world = World(budget=budget)
    with pytest.raises(Killed):
        run(world)
    if not world.versions:
        return
    for _unused, stages in world.versions.values():
        stages.discard(CURRENT)
    theirs = {"username": "theirs", "password": "written by a person"}
    world.versions["7f0e4c1a-theirs"] = (theirs, {CURRENT})
    world.accepted["theirs"] = theirs["password"]
    world.calls, world.budget = 0, 10**6
    run(world)
    assert current_of(world) == theirs
    assert not [stages for _unused, stages in world.versions.values() if PENDING in stages]
    assert world.accepted == {"theirs": theirs["password"]}


def stored(*versions: tuple[str, set[Stage]]) -> Stored:
    return Stored(NAME, tuple(Version(token, frozenset(stages)) for token, stages in versions))


@pytest.mark.parametrize(
    ("what", "seen", "due", "steps", "token"),
    [
        ("nothing due", stored((BASE, {CURRENT})), False, (), ""),
        ("due", stored((BASE, {CURRENT})), True, WHOLE, NEXT),
        ("killed after create", stored((BASE, {CURRENT}), (NEXT, {PENDING})), False, REST, NEXT),
        ("killed within finish", stored((BASE, {PREVIOUS}), (NEXT, {CURRENT, PENDING})), False, REST, NEXT),
        ("finished by AWS, its pending stage left", stored(("theirs", {CURRENT, PENDING})), False, (), ""),
        ("a secret without a value", stored(), True, WHOLE, BASE),
        ("given up before", stored((BASE, {CURRENT}), (NEXT, set())), True, WHOLE, NEXT[:-1] + "1"),
    ],
)
def test_where_the_last_run_stopped(what: str, seen: Stored, due: bool, steps: tuple[Any, ...], token: str) -> None:
    way = course(seen, due)
    assert (way.steps, way.token) == (steps, token), what


def test_a_value_of_somebody_else_overtakes_ours() -> None:
    way = course(stored(("theirs", {CURRENT}), (NEXT, {PENDING})), False)
    assert way.overtaken == NEXT
    assert not way.steps


def test_a_rotation_of_somebody_else_is_left_alone() -> None:
    world = World(exists=True, versions={BASE: (LEAKED, {CURRENT}), "theirs": (LEAKED, {PENDING})})
    with pytest.raises(Conflict, match="rotated by somebody else"):
        advance(MemoryStore(world), Alternating(world), stored((BASE, {CURRENT}), ("theirs", {PENDING})), True)
    assert world.versions["theirs"][1] == {PENDING}


def test_a_pending_credential_that_the_target_lost_is_given_up() -> None:
    world = World(exists=True, versions={BASE: (LEAKED, {CURRENT}), NEXT: ({"username": "gone"}, {PENDING})})

    class Forgetful(Alternating):
        def set(self, pending: Document, current: Document | None) -> None:
            if pending["username"] == "gone":
                raise Lost("gone")
            super().set(pending, current)

    store = MemoryStore(world)
    advance(store, Forgetful(world), stored((BASE, {CURRENT}), (NEXT, {PENDING})), False)
    assert current_of(world)["username"] == "a"
    assert not world.versions[NEXT][1]


def test_of_two_runs_at_once_one_proceeds() -> None:
    world = World()
    store = MemoryStore(world)
    seen = begin(store, NAME, About(), LEAKED)
    # Both live to the end: their passwords differ by their identity.
    one, other = Alternating(world), Alternating(world)
    advance(store, one, seen, True)
    with pytest.raises(Conflict, match="another run made it"):
        advance(store, other, seen, True)


NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("age", "limit", "due"), [(89, 90, False), (90, 90, False), (91, 90, True), (1000, None, False)])
def test_age(age: int, limit: int | None, due: bool) -> None:
    allowed = datetime.timedelta(days=limit) if limit else None
    assert bool(due_since(NOW - datetime.timedelta(days=age), NOW, allowed)) is due


def test_ids_fit_what_aws_allows() -> None:
    assert 32 <= len(token_for("x" * 500, "y" * 64)) <= 64
