# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What will be changed of a secret in its store, as a plan. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..capability import Change, Plan, Refusal
from .controls import AGE, DATABASES, IN_STORE, LABELLED, control_of_kind
from .machine import Course, Make, foreign_rotation
from .makers import value_keys
from .model import Document, Stored, holds
from .stores import Store

if TYPE_CHECKING:
    from .jobs import Job


def store_plan(
    job: Job, store: Store, stored: Stored | None, before: Document | None, wanted: Document, way: Course, due: str, make: Make
) -> Plan:
    """`before` is the document that is current, or was found; `wanted` what will be."""
    after = {
        "description": job.about.description,
        "tags": dict(job.about.tags),
        "value": _value(job, wanted, make if way.steps else None),
    }
    if job.about.kms_key:
        after["kms_key"] = job.about.kms_key
    controls = tuple(dict.fromkeys((IN_STORE, LABELLED, AGE, *_control_of(job))))
    name = store.object(job.name)
    if way.foreign:
        conflict = foreign_rotation(job.name, way.foreign)
        refusal = Refusal(conflict.what, conflict.why, conflict.next_step, IN_STORE)
        return Plan(name, {}, {}, (), (refusal,), controls)
    if stored is None:
        refusals = () if wanted or way.steps else (_nothing_to_store(job),)
        changes = (Change("create", control=IN_STORE), Change("create", "tags", control=LABELLED))
        return Plan(name, None, after, changes, refusals, controls)
    seen: dict[str, Any] = {
        "description": stored.about.description,
        "tags": {key: value for key, value in stored.about.tags if key in dict(job.about.tags)},
        "value": _value(job, before or {}, None),
    }
    if job.about.kms_key:
        seen["kms_key"] = stored.about.kms_key
    if way.overtaken:
        seen["pending"], after["pending"] = "a version of ours that somebody's later value overtook", "none"
    changed = [
        Change("update", field, seen[field], after[field], LABELLED)
        for field in after
        if field != "value" and seen[field] != after[field]
    ]
    if way.steps:
        reason = AGE if "days old" in due else (_control_of(job) or (IN_STORE,))[0]
        changed.append(Change("update", "value", seen["value"], after["value"], reason))
    return Plan(name, seen, after, tuple(changed), (), controls)


def _value(job: Job, document: Document, make: Make | None) -> str:
    if document.get("username"):
        return f"login {document['username']}"
    if make is Make.PRESENT_ALONE:
        return "the present one, without the former"
    if make is not None:
        beside = job.traits.overlap and make is Make.NEW and not leaks(job, document)
        return "a new one, with the former beside it" if beside else "a new one"
    if not document:
        return "none"
    leaked = {found.value for found in job.found} & set(document.values())
    return "as found in the code" if leaked else "the present one"


def _control_of(job: Job) -> tuple[str, ...]:
    # A database's login is proven on the database itself, not by what the store says of it.
    return () if job.spec.kind in DATABASES else (control_of_kind(job.spec.kind),)


def _nothing_to_store(job: Job) -> Refusal:
    first, *more = value_keys(job.spec)
    keys = f"keys {', '.join((first, *more))}" if more else f"key {first}"
    return Refusal(
        f"The secret {job.name} is not in the store",
        "nobody but its vendor can make it, and no value of it was found in the code",
        f"Put it there as a JSON document with the {keys}, or add a recipe to the profile's vendors.",
        IN_STORE,
    )


def kept_as_it_is(job: Job) -> Refusal:
    """Why a key that encrypts, and that stands in the code, is not replaced."""
    return Refusal(
        f"The secret {job.name} gets no new value",
        "it is called a key that encrypts, and with another one nobody could read what the app has encrypted",
        f"Store the value that the app has now under the key {value_keys(job.spec)[0]}. Once its data is encrypted anew, have it "
        f"replaced: playbook goldenpath.microapps.rotate, -e secret={job.spec.name} -e rotate=now.",
        control_of_kind(job.spec.kind),
    )


def leaks(job: Job, current: Document | None) -> bool:
    """Whether a secret part of the document stands in the app's code."""
    return holds(current, {found.value for found in job.found})
