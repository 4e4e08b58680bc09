# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Objects as data: what we want of one, how two are compared, and who holds which field. All pure."""

from __future__ import annotations

import dataclasses
import decimal
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..capability import Change

MANAGER: Final = "goldenpath.microapps"
Path = tuple[str, ...]

# What the server keeps for itself: no part of a difference between what is and what is wanted.
_KEPT_BY_SERVER: Final = ("managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "finalizers")
_QUANTITY: Final = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?)(m|k|Ki|Mi|Gi|Ti|Pi|Ei|M|G|T|P|E)?")
_UNITS: Final[dict[str, decimal.Decimal | int]] = {
    "": 1, "m": decimal.Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """One object as it should be.

    `controls` are those it proves; `fields` says which part serves which control, the longest path wins, anything else
    serves the first. Below an `exclusive` path everything is ours: what others added there is drift. In both, a last part
    that ends in `*` means keys with that beginning. `made_by_system` objects are in every namespace: changing
    one is no adoption.
    """

    manifest: Mapping[str, Any]
    controls: tuple[str, ...] = ()
    fields: tuple[tuple[Path, str], ...] = ()
    exclusive: tuple[Path, ...] = ()
    made_by_system: bool = False

    @property
    def name(self) -> str:
        """`<Kind>/<namespace>/<name>`, as plans call it."""
        return name_of(self.manifest)

    @property
    def key(self) -> Key:
        """What tells it from every other object."""
        return key_of(self.manifest)

    def control_of(self, path: Path) -> str:
        """The control that asks for this field."""
        serving = [(len(prefix), control) for prefix, control in self.fields if _below(path, prefix)]
        return max(serving)[1] if serving else (self.controls[0] if self.controls else "")


def _below(path: Path, prefix: Path) -> bool:
    if prefix[-1].endswith("*"):
        deep = len(prefix) - 1
        return path[:deep] == prefix[:deep] and len(path) > deep and path[deep].startswith(prefix[-1][:-1])
    return path[: len(prefix)] == prefix


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Key:
    """An object's identity within a cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str


def key_of(manifest: Mapping[str, Any]) -> Key:
    """The identity a manifest (or a live object) has."""
    metadata = manifest["metadata"]
    return Key(str(manifest["apiVersion"]), str(manifest["kind"]), str(metadata.get("namespace", "")), str(metadata["name"]))


def name_of(manifest: Mapping[str, Any]) -> str:
    """`<Kind>/<namespace>/<name>`, without the namespace for what lives in none."""
    key = key_of(manifest)
    return "/".join(part for part in (key.kind, key.namespace, key.name) if part)


def field_of(path: Path) -> str:
    """A path as people read it: `spec.hard.pods`, `metadata.labels[app.kubernetes.io/name]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if "." in part or "/" in part else f".{part}" if text else part
    return text


def trimmed(live: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what the server keeps for itself: what a diff shows."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _KEPT_BY_SERVER}
    return {**{key: value for key, value in live.items() if key not in ("status", "metadata")}, "metadata": metadata}


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """The fields in which two objects differ; a list is one field."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key), after.get(key), (*path, str(key)))
    elif before != after:
        yield path, before, after


def changes_between(wanted: Wanted, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """One change for each field, each with the control that asks for it."""
    return tuple(
        Change("update", field_of(path), old, new, wanted.control_of(path)) for path, old, new in differences(before, after)
    )


def additions(wanted: Wanted, live: Mapping[str, Any]) -> tuple[Path, ...]:
    """What stands beside our fields where everything is ours: server-side apply does not see it."""
    found: list[Path] = []
    for path in wanted.exclusive:
        prefix = path[-1][:-1] if path[-1].endswith("*") else None
        parent = path[:-1] if prefix is not None else path
        found += _added(_at(wanted.manifest, parent), _at(live, parent), parent, prefix or "")
    return tuple(found)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _added(ours: Any, live: Any, path: Path, prefix: str = "") -> Iterator[Path]:
    if not isinstance(live, Mapping):
        return
    known = ours if isinstance(ours, Mapping) else {}
    for key, value in live.items():
        if not key.startswith(prefix):
            continue
        if key not in known:
            yield (*path, key)
        elif isinstance(value, Mapping):
            yield from _added(known[key], value, (*path, key))


def overfull(wanted: Wanted, after: Mapping[str, Any]) -> tuple[Path, ...]:
    """Where everything is ours: lists that an apply cannot rid of what others put beside or into ours.

    They are sets of words, or entries that the server merges by name.
    """
    theirs = [
        entry.get("fieldsV1") or {}
        for entry in (after.get("metadata") or {}).get("managedFields") or ()
        if entry.get("manager") != MANAGER and not entry.get("subresource")
    ]
    return tuple(
        found
        for path in wanted.exclusive
        for found in _overfull(_at(wanted.manifest, path), _at(after, path), path, [_held_at(fields, path) for fields in theirs])
    )


def _held_at(fields: Any, path: Path) -> Any:
    return _at(fields, tuple(f"f:{part}" for part in path)) or {}


def _overfull(ours: Any, after: Any, path: Path, theirs: Sequence[Any]) -> Iterator[Path]:
    if isinstance(ours, Mapping) and isinstance(after, Mapping):
        for key, value in ours.items():
            yield from _overfull(value, after.get(key), (*path, key), [_held_at(fields, (key,)) for fields in theirs])
    elif isinstance(ours, list) and (_more_words(ours, after) or _more_in_entries(ours, after, theirs)):
        yield path


def _more_words(ours: list[Any], after: Any) -> bool:
    return _are_words(ours) and _are_words(after) and set(ours) < set(after)


def _more_in_entries(ours: list[Any], after: Any, theirs: Sequence[Any]) -> bool:
    """Whether an entry, or a field of one, that we do not want is somebody else's. What the server fills in is nobody's."""
    if not isinstance(after, list) or not ours or not all(isinstance(one, Mapping) and "name" in one for one in (*ours, *after)):
        return False
    known = {str(one["name"]): one for one in ours}
    for entry in after:
        key = f"k:{json.dumps({'name': entry['name']}, separators=(',', ':'), ensure_ascii=False)}"
        held = [fields[key] for fields in theirs if isinstance(fields, Mapping) and isinstance(fields.get(key), Mapping)]
        wanted = known.get(str(entry["name"]))
        if any(wanted is None or any(f"f:{field}" in fields for field in entry if field not in wanted) for fields in held):
            return True
    return False


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def as_told(value: Mapping[str, Any], manifest: Mapping[str, Any], paths: tuple[Path, ...]) -> dict[str, Any]:
    """A copy in which these fields are as the manifest has them."""
    copy = dict(value)
    for path in paths:
        inner = as_told(copy.get(path[0]) or {}, manifest[path[0]], (path[1:],)) if len(path) > 1 else manifest[path[0]]
        copy[path[0]] = inner
    return copy


def without(value: Mapping[str, Any], paths: tuple[Path, ...]) -> dict[str, Any]:
    """A copy without these fields."""
    copy = dict(value)
    for path in paths:
        if len(path) == 1:
            copy.pop(path[0], None)
        elif isinstance(copy.get(path[0]), Mapping):
            copy[path[0]] = without(copy[path[0]], (path[1:],))
    return copy


def removal(paths: tuple[Path, ...]) -> dict[str, Any]:
    """The JSON merge patch that removes these fields."""
    patch: dict[str, Any] = {}
    for path in paths:
        inner = patch
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = None
    return patch


def holds(wanted: Any, live: Any) -> bool:
    """Whether a live object has everything that a manifest asks for; `2000m` is `2`, an empty list is none at all."""
    if wanted in (None, [], {}, ""):
        return live in (None, [], {}, "")
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(holds(value, live.get(key)) for key, value in wanted.items())
    if isinstance(wanted, (list, tuple)):
        return isinstance(live, list) and _list_holds(wanted, live)
    if isinstance(wanted, bool) or isinstance(live, bool) or not isinstance(live, str):
        return bool(wanted == live)
    quantity = _quantity(str(wanted))
    return bool(wanted == live) or (quantity is not None and quantity == _quantity(live))


def _list_holds(wanted: Sequence[Any], live: Sequence[Any]) -> bool:
    """Entry by entry; where entries have names, the server merges by name, and others may stand between ours."""
    if all(isinstance(entry, Mapping) and "name" in entry for entry in (*wanted, *live)):
        named = {entry["name"]: entry for entry in live}
        return all(entry["name"] in named and holds(entry, named[entry["name"]]) for entry in wanted)
    return len(wanted) == len(live) and all(map(holds, wanted, live))


def _quantity(text: str) -> decimal.Decimal | None:
    found = _QUANTITY.fullmatch(text)
    return decimal.Decimal(found.group(1)) * _UNITS[found.group(2) or ""] if found else None


def is_ours(live: Mapping[str, Any]) -> bool:
    """Whether we have applied this object before: the server remembers who did."""
    return any(
        entry.get("manager") == MANAGER and entry.get("operation") == "Apply"
        for entry in live["metadata"].get("managedFields") or ()
    )


def managers_of(live: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The other field managers that hold this field, or something in it."""
    return tuple(
        dict.fromkeys(
            str(entry.get("manager"))
            for entry in live["metadata"].get("managedFields") or ()
            if entry.get("manager") != MANAGER and not entry.get("subresource") and _owns(entry.get("fieldsV1") or {}, path)
        )
    )


def holds_field(live: Mapping[str, Any], manager: str, path: Path) -> bool:
    """Whether a manager holds this field as it is now."""
    return any(
        entry.get("manager") == manager and not entry.get("subresource") and _owns(entry.get("fieldsV1") or {}, path)
        for entry in live["metadata"].get("managedFields") or ()
    )


def _owns(fields: Mapping[str, Any], path: Path) -> bool:
    for part in path:
        inner = fields.get(f"f:{part}")
        if inner is None:
            return False
        if not inner:
            return True
        fields = inner
    return True


def settled(manifest: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether applying the manifest again would certainly change nothing, so that the server need not be asked.

    True only if the fields that the server says we own are exactly those of the manifest, each with its very value. Whatever is
    not that plain (lists merged by key, `2000m` for `2`) is for the server to say.
    """
    entries = [entry for entry in live["metadata"].get("managedFields") or () if entry.get("manager") == MANAGER]
    if len(entries) != 1 or entries[0].get("operation") != "Apply" or entries[0].get("subresource"):
        return False
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in ("name", "namespace")}
    ours = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")} | {"metadata": metadata}
    versions = {entries[0].get("apiVersion"), manifest["apiVersion"], live["apiVersion"]}
    return len(versions) == 1 and _exactly(entries[0].get("fieldsV1") or {}, ours, live)


def _exactly(fields: Mapping[str, Any], ours: Any, live: Any) -> bool:
    if not isinstance(ours, Mapping) or not isinstance(live, Mapping):
        return False
    if {key for key in fields if key != "."} != {f"f:{key}" for key in ours}:
        return False
    return all(
        _exactly(fields[f"f:{key}"], value, live.get(key)) if fields[f"f:{key}"] else value == live.get(key)
        for key, value in ours.items()
    )
