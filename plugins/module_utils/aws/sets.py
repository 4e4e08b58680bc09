# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the AWS capabilities share: a list in and an answer for each, tags, and waiting for what AWS takes over late."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from ..capability import Change, Plan, Refusal
from ..errors import Conflict, Invalid, MicroappsError
from .session import CONCURRENCY

Item = TypeVar("Item")

# Whose an object is: set on everything made for an app, asked for on first contact.
APP_TAG: Final = "goldenpath.microapps/app"
RESERVED: Final = "aws:"
LONGEST_TAG_KEY: Final = 128
LONGEST_TAG_VALUE: Final = 256

# IAM answers from copies that follow within seconds; these are the pauses between looks, in seconds.
PAUSES: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)


def each(
    items: Sequence[Item],
    name: Callable[[Item], str],
    one: Callable[[Item], Plan],
    controls: Callable[[Item], tuple[str, ...]] = lambda _item: (),
) -> tuple[Plan, ...]:
    """The plan of every item, in their order, made side by side; a failure is that item's answer and stops no other.

    `controls` of an item are those that nothing is known about when it fails.
    """

    def answered(item: Item) -> Plan:
        try:
            return one(item)
        except MicroappsError as error:
            return Plan(name(item), controls=controls(item), failure=error)

    if len(items) < 2:
        return tuple(answered(item) for item in items)
    with concurrent.futures.ThreadPoolExecutor(min(CONCURRENCY, len(items))) as pool:
        return tuple(pool.map(answered, items))


def born(name: str, after: Mapping[str, Any], controls: Mapping[str, str]) -> Plan:
    """The plan of a new object: a change for each field, and for each control that asks for nothing a new object lacks."""
    fields = [field for field in after if field != "name"]
    changes = [Change("create", field, None, after[field], controls.get(field, "")) for field in fields]
    silent = set(controls.values()) - {change.control for change in changes}
    changes += [Change("create", "name", None, after["name"], control) for control in sorted(silent)]
    proven = tuple(dict.fromkeys(controls.values()))
    return Plan(name, None, after, tuple(changes) or (Change("create", "name", None, after["name"]),), controls=proven)


def once_each(names: Iterable[str], what: str) -> None:
    """Raise `Invalid` when a name stands twice in one list: two wishes for one object have no answer."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Invalid(f"The {what} {name} is listed twice", "two wishes for one object", "Merge them into one.")
        seen.add(name)


def checked_tags(tags: Mapping[str, Any] | None, where: str) -> dict[str, str]:
    """Tags as AWS takes them; raises `Invalid` for a reserved or overlong one."""
    clean = {str(key): "" if value is None else str(value) for key, value in (tags or {}).items()}
    for key, value in clean.items():
        if key.lower().startswith(RESERVED):
            raise Invalid(f"{where}: the tag {key} cannot be set", "AWS keeps tags that begin with aws: to itself", "Rename it.")
        if not key or len(key) > LONGEST_TAG_KEY or len(value) > LONGEST_TAG_VALUE:
            raise Invalid(f"{where}: the tag {key[:40]!r} is empty or too long", "128 and 256 characters fit", "Shorten it.")
    return clean


def wanted_tags(current: Mapping[str, str], wanted: Mapping[str, str], purge: bool) -> dict[str, str]:
    """The tags afterwards: the wanted ones, and the others unless they are purged; AWS's own always stay."""
    kept = {key: value for key, value in current.items() if not purge or key.lower().startswith(RESERVED)}
    return {**kept, **wanted}


def tag_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[list[dict[str, str]], list[str]]:
    """What to set (as AWS's list) and which keys to take away, from one set of tags to the other."""
    put = [{"Key": key, "Value": value} for key, value in sorted(after.items()) if before.get(key) != value]
    return put, sorted(set(before) - set(after))


def tags_from(answer: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """AWS's list of tags as a mapping."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in answer}


def adoption(object_name: str, tags: Mapping[str, str], app: str, adopt: str) -> tuple[Refusal, ...]:
    """On first contact: an object of another app is never ours, and one of nobody's only if the profile says `take`."""
    owner = tags.get(APP_TAG)
    if owner == app or (owner is None and adopt == "take"):
        return ()
    if owner is not None:
        return (
            Refusal(object_name, f"its tag {APP_TAG} says that it belongs to {owner}", "Choose another name for one of them."),
        )
    next_step = f"Set its tag {APP_TAG} to {app}, or set adopt: take in the profile."
    return (Refusal(object_name, f"it exists and was not made by us (no tag {APP_TAG})", next_step),)


def apart(plan: Plan) -> tuple[Plan, ...]:
    """A plan with refusals of single fields as two: what can be done, and what is refused. For roles, where a refused
    field must not keep the other controls of the object from being enforced; a refusal of the whole object stays whole.
    """
    single = tuple(refusal for refusal in plan.refusals if refusal.control)
    if not single or len(single) != len(plan.refusals):
        return (plan,)
    refused = {refusal.control for refusal in single}
    doable = tuple(control for control in plan.controls if control not in refused)
    changes = tuple(change for change in plan.changes if change.control not in refused)
    rest = Plan(f"{plan.object} (as asked for)", plan.before, plan.before, refusals=single, controls=tuple(sorted(refused)))
    return dataclasses.replace(plan, changes=changes, refusals=(), controls=doable), rest


def settled(look: Callable[[], Item], is_right: Callable[[Item], bool], what: str) -> Item:
    """What `look` finds once it is as it was told to be; raises `Conflict` when it does not become so."""
    for pause in PAUSES:
        time.sleep(pause)
        found = look()
        if is_right(found):
            return found
    raise Conflict(
        f"AWS did not keep what it was told about {what}", "it was read again and still differs", "Look who changes it."
    )
