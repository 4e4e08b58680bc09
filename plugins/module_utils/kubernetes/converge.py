# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Converging a set of objects: read, ask the server's dry run, decide, and carry out what was decided; an answer for each.

    client = connect(profile.cluster, request.environ, request.secrets)
    plans = converge(client, wanted, Scope(app.namespace, "observability"), rules_of(profile), check=request.check)

The objects of one scope live in one namespace and are one ApplySet: what was applied before and is no longer wanted is
deleted. Whatever belongs to nobody's set is left alone, except in the kinds that the scope says are `alone`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ..capability import Plan
from ..errors import Conflict, Invalid, MicroappsError, NotFound
from .answers import FieldConflict, QuotaNotCounted, Terminating, Unchangeable
from .applyset import PARENT_KIND, PART_OF, ApplySet, kinds_in
from .client import Client, Object
from .kinds import BY_GROUP_KIND, Kind
from .objects import Key, Wanted, is_ours, key_of, settled
from .plan import Rules, Seen, Step, decide, expel, in_a_foreign_namespace, not_kept, prune

# The order of writing: what others stand in first; what counts or binds others last; then what goes.
_RANKS: Final = {"Namespace": 0, "TrustRoot": 1, "RoleBinding": 3, "ResourceQuota": 3}
_PARENT_RANK, _RANK, _DELETION_RANK = 1, 2, 4
_NAMESPACE: Final = BY_GROUP_KIND["Namespace"]
_PAUSE: Final = 0.2
_QUOTA_TRIES: Final = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """One role's part of one namespace.

    In the kinds named in `alone` nobody else may have objects there. `control` is answered for by them, by what is pruned and
    by the set's parent.
    """

    namespace: str
    role: str
    alone: tuple[str, ...] = ()
    control: str = ""
    patience_seconds: float = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """What is to be done. `first` is what the set's parent must say before any of it, if that is more than `last`."""

    steps: tuple[Step, ...]
    parent: str
    last: Mapping[str, Any]
    first: Mapping[str, Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _World:
    namespace: Object | None
    parent: Object | None
    live: Mapping[Key, Object]


def converge(
    client: Client,
    wanted: Sequence[Wanted],
    scope: Scope,
    rules: Rules,
    *,
    check: bool,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Plan, ...]:
    """Have the cluster hold exactly these objects of the scope; with `check`, say what that would change.

    One plan an object: what could not be read or written is that plan's failure. Raises only when nothing could be told.
    """
    if any(one.manifest["kind"] == "Secret" for one in wanted):
        raise Invalid("Converge a Secret", "its values would stand in plans and diffs", "Have an ExternalSecret make it.")
    found = survey(client, wanted, scope, rules, 0.0 if check else scope.patience_seconds, pause)
    return tuple(step.plan for step in found.steps) if check else carry_out(client, found, pause)


def survey(
    client: Client,
    wanted: Sequence[Wanted],
    scope: Scope,
    rules: Rules,
    patience: float = 0.0,
    pause: Callable[[float], None] = time.sleep,
) -> Survey:
    """What is to be done: reads and dry runs only."""
    the_set = ApplySet(scope.namespace, scope.role)
    kinds = tuple(dict.fromkeys(kind for one in wanted if (kind := _known(client, one.manifest)) and kind.namespaced))
    members = [the_set.member(one) if one.manifest["metadata"].get("namespace") else one for one in wanted]
    controls = (scope.control,) if scope.control else ()
    members.append(Wanted(the_set.parent_manifest(kinds), controls))
    world = _world(client, kinds, the_set, scope, patience, pause)
    seen = all_seen(client, members, world.live) if world.namespace is not None else tuple(map(_unseen(client), members))
    steps = tuple(decide(one, rules) for one in seen)
    ours = {one.key for one in members}
    strangers = [live for key, live in world.live.items() if key not in ours]
    stale = [live for live in strangers if (live["metadata"].get("labels") or {}).get(PART_OF) == the_set.id]
    steps += tuple(prune(live, scope.control) for live in stale)
    foreign = [live for live in strangers if live not in stale and live["kind"] in scope.alone]
    steps += tuple(step for live in foreign if (step := expel(live, scope.control, rules)))
    if world.namespace is not None and not is_ours(world.namespace) and rules.adopt != "take":
        return Survey(in_a_foreign_namespace(steps, scope.namespace), members[-1].name, members[-1].manifest)
    going = {client.kind_of(live) for live in stale}
    first = the_set.parent_manifest({*kinds, *going}) if going - set(kinds) else None
    return Survey(steps, members[-1].name, members[-1].manifest, first)


def _known(client: Client, manifest: Mapping[str, Any]) -> Kind | None:
    try:
        return client.kind_of(manifest)
    except NotFound:
        return None  # asked again for the object itself, whose plan says what to install


def _world(
    client: Client, kinds: Iterable[Kind], the_set: ApplySet, scope: Scope, patience: float, pause: Callable[[float], None]
) -> _World:
    namespace = _settled_namespace(client, scope.namespace, patience, pause)
    if namespace is None:
        return _World(None, None, {})
    parent = client.get(PARENT_KIND, scope.namespace, the_set.parent)
    former = (client.kind_in_group(name) for name in kinds_in(parent))
    asked = tuple(dict.fromkeys((*kinds, *(kind for kind in former if kind))))

    def listed(kind: Kind) -> tuple[Object, ...]:
        return client.list_all(kind, scope.namespace, "" if kind.kind in scope.alone else the_set.selector)

    found = [namespace, *(live for answer in client.together(listed, asked) for live in answer)]
    return _World(namespace, parent, {key_of(live): live for live in (*found, *([parent] if parent else ()))})


def _settled_namespace(client: Client, name: str, patience: float, pause: Callable[[float], None]) -> Object | None:
    waited = 0.0
    while True:
        namespace = client.get(_NAMESPACE, "", name)
        if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
            return namespace
        if waited >= patience:
            raise Terminating(
                f"Use the namespace {name}",
                "it is being deleted" + (f", and was not gone after {waited:.0f} s" if patience else ""),
                f"Repeat the run when it is gone; kubectl get namespace {name} -o yaml says what it waits for.",
            )
        pause(_PAUSE)
        waited += _PAUSE


def all_seen(client: Client, wanted: Sequence[Wanted], known: Mapping[Key, Object]) -> tuple[Seen, ...]:
    """What is known about each, `known` being what was read already; the server is asked only about what is not settled."""
    clear = {one.key: Seen(one, live, live) for one in wanted if (live := known.get(one.key)) and settled(one.manifest, live)}
    open_ones = [one for one in wanted if one.key not in clear]
    seen = clear | {one.wanted.key: one for one in client.together(lambda one: _see(client, one, known), open_ones)}
    return tuple(seen[one.key] for one in wanted)


def _unseen(client: Client) -> Callable[[Wanted], Seen]:
    """What is known of an object whose namespace is not there: nothing, but whether the cluster has its kind."""

    def seen(wanted: Wanted) -> Seen:
        try:
            client.kind_of(wanted.manifest)
        except MicroappsError as error:
            return Seen(wanted, problem=error)
        return Seen(wanted)

    return seen


def _see(client: Client, wanted: Wanted, known: Mapping[Key, Object]) -> Seen:
    manifest, metadata = wanted.manifest, wanted.manifest["metadata"]
    try:
        kind = client.kind_of(manifest)
        live = known.get(wanted.key) or client.get(kind, metadata.get("namespace", ""), metadata["name"])
        if live is not None and settled(manifest, live):
            return Seen(wanted, live, live)
        return _dry_run(client, kind, wanted, live)
    except MicroappsError as error:
        return Seen(wanted, problem=error)


def _dry_run(client: Client, kind: Kind, wanted: Wanted, live: Object | None) -> Seen:
    try:
        try:
            return Seen(wanted, live, client.apply(kind, wanted.manifest, force=False, dry_run=True))
        except FieldConflict as conflict:
            after = client.apply(kind, wanted.manifest, force=True, dry_run=True)
            return Seen(wanted, live, after, conflict.holders)
    except Unchangeable:
        return Seen(wanted, live, anew=True)
    except QuotaNotCounted:
        return Seen(wanted, live)  # only ever said of a new object


def carry_out(client: Client, survey: Survey, pause: Callable[[float], None] = time.sleep) -> tuple[Plan, ...]:
    """Write what was decided, in order of rank, a few at a time."""
    steps, first = survey.steps, survey.first
    done: dict[int, Plan] = {}
    ranked = [(_rank(step, survey.parent), index, step) for index, step in enumerate(steps)]
    for rank in sorted({rank for rank, _index, _step in ranked}):
        due = [(index, step) for its_rank, index, step in ranked if its_rank == rank]
        if rank == _PARENT_RANK and first is not None:
            client.apply(PARENT_KIND, first, force=True, dry_run=False)
        plans = client.together(lambda pair: _carried_out(client, pair[1], pause), due)
        done.update(zip((index for index, _step in due), plans, strict=True))
        lost = next((plan for plan in plans if rank == 0 and plan.failure), None)
        if lost:
            error = Conflict(f"{lost.object} could not be made", "nothing in it was tried", "See its own failure.")
            return tuple(done.get(index) or step.plan.failed(error) for index, step in enumerate(steps))
    if first is not None:
        client.apply(PARENT_KIND, survey.last, force=True, dry_run=False)
    return tuple(done[index] for index in range(len(steps)))


def _rank(step: Step, parent: str) -> int:
    if step.deed == "delete":
        return _DELETION_RANK
    if step.plan.object == parent:
        return _PARENT_RANK
    return _RANKS.get(step.plan.object.partition("/")[0], _RANK)


def _carried_out(client: Client, step: Step, pause: Callable[[float], None]) -> Plan:
    if step.deed == "none" or step.manifest is None:
        return step.plan
    try:
        kind, key = client.kind_of(step.manifest), key_of(step.manifest)
        if step.deed in ("delete", "anew"):
            client.delete(kind, key.namespace, key.name, uid=step.uid)
        if step.deed == "delete":
            return step.plan
        got = _applied(client, kind, step, pause)
        if step.patch:
            got = client.merge(kind, key.namespace, key.name, step.patch)
        problem = not_kept(step.manifest, got)
        return step.plan.failed(problem) if problem else step.plan
    except FieldConflict as conflict:
        held = Conflict(conflict.what, f"it was changed while this run was at work: {conflict.why}", "Repeat the run.")
        return step.plan.failed(held)
    except MicroappsError as error:
        return step.plan.failed(error)


def _applied(client: Client, kind: Kind, step: Step, pause: Callable[[float], None]) -> Object:
    manifest = step.manifest or {}
    for _try in range(_QUOTA_TRIES):
        try:
            return client.apply(kind, manifest, force=step.force, dry_run=False)
        except QuotaNotCounted:
            pause(_PAUSE)
    return client.apply(kind, manifest, force=step.force, dry_run=False)
