# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Converging a set of objects that live in no namespace: found again by their labels, ours by who applied them.

An ApplySet wants its parent in the namespace of its members, and a namespace may go while these must not. So the set is what
carries all of its labels and was applied by our field manager: both, because a label can be written by anybody.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ..capability import Plan, Refusal
from ..errors import NotFound
from .client import Client, Object
from .converge import Survey, all_seen, carry_out
from .kinds import Kind
from .objects import MANAGER, Wanted, holds_field, is_ours, key_of
from .plan import Rules, Seen, Step, decide, prune

_LABELS: Final = ("metadata", "labels")


@dataclasses.dataclass(frozen=True, slots=True)
class ClusterSet:
    """One app's objects of some kinds (`apiVersion`, `kind`), served or not, that carry these labels.

    No two sets may share all of `labels`: they are what tells one app's objects from another's. `control` is answered for by
    what is pruned.
    """

    labels: Mapping[str, str]
    kinds: tuple[tuple[str, str], ...]
    control: str = ""

    @property
    def selector(self) -> str:
        """The label selector of its members."""
        return ",".join(f"{key}={value}" for key, value in sorted(self.labels.items()))


def converge_cluster_set(
    client: Client,
    wanted: Sequence[Wanted],
    the_set: ClusterSet,
    rules: Rules,
    *,
    check: bool,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Plan, ...]:
    """Have the cluster hold exactly these objects of the set; with `check`, say what that would change.

    One plan an object. Raises what concerns all of them alike: a kind that is wanted and not served, a set that cannot be
    listed.
    """
    for one in wanted:
        client.kind_of(one.manifest)
    live = {key_of(one): one for one in members(client, the_set)}
    steps = [_decided(seen, the_set, rules) for seen in all_seen(client, wanted, live)]
    kept = {one.key for one in wanted}
    steps += [prune(one, the_set.control) for key, one in live.items() if key not in kept]
    return tuple(step.plan for step in steps) if check else carry_out(client, Survey(tuple(steps), "", {}), pause)


def members(client: Client, the_set: ClusterSet) -> tuple[Object, ...]:
    """What the cluster holds of the set: of every kind that it serves."""
    found = client.together(lambda kind: client.list_all(kind, "", the_set.selector), served(client, the_set.kinds))
    return tuple(one for listed in found for one in listed if is_ours(one))


def served(client: Client, kinds: Iterable[tuple[str, str]]) -> tuple[Kind, ...]:
    """Those of the kinds that the cluster knows."""
    found = []
    for api_version, kind in kinds:
        try:
            found.append(client.kind(api_version, kind))
        except NotFound:
            continue
    return tuple(found)


def _decided(seen: Seen, the_set: ClusterSet, rules: Rules) -> Step:
    step = decide(seen, rules)
    owner = _other_owner(seen, the_set)
    if not owner:
        return step
    refusal = Refusal(
        f"Change {seen.wanted.name}", f"it was applied for {owner}", "Give one of the two another name.", the_set.control
    )
    return Step(dataclasses.replace(step.plan, after=step.plan.before, changes=(), refusals=(refusal,)))


def _other_owner(seen: Seen, the_set: ClusterSet) -> str:
    """Whose an object of this name is, if we applied it for another set; a label that others wrote over is drift."""
    if seen.live is None or not is_ours(seen.live):
        return ""
    labels = seen.live["metadata"].get("labels") or {}
    others = [
        f"{key}={labels[key]}"
        for key, value in sorted(the_set.labels.items())
        if labels.get(key, value) != value and holds_field(seen.live, MANAGER, (*_LABELS, key))
    ]
    return ", ".join(others)
