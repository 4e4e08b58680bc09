# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether data is right by a schema, told at once: only about data that is not surely right must jsonschema be asked.

Nearly all data is right, and asking costs 0.1 s of imports at every start and some milliseconds for each entry and each task.
What this says yes to, jsonschema says yes to; what it does not know for sure (a keyword, a number like 1.0), it says no to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_ANNOTATIONS: Final = frozenset({"$schema", "$id", "title", "description", "wants", "examples"})
# For each keyword the type that it is about, and what it asks of such a value; of others it asks nothing.
_KEYWORDS: Final[dict[str, tuple[tuple[type, ...], Callable[[Any], Check]]]] = {
    "pattern": ((str,), lambda pattern: _matches(re.compile(pattern))),
    "minLength": ((str,), lambda least: lambda text: len(text) >= least),
    "maxLength": ((str,), lambda most: lambda text: len(text) <= most),
    "minimum": ((int, float), lambda least: lambda number: bool(number >= least)),
    "exclusiveMinimum": ((int, float), lambda limit: lambda number: bool(number > limit)),
    "maximum": ((int, float), lambda most: lambda number: bool(number <= most)),
    "minItems": ((list,), lambda least: lambda items: len(items) >= least),
    "maxItems": ((list,), lambda most: lambda items: len(items) <= most),
    "items": ((list,), lambda schema: _every(acceptor(schema))),
    "minProperties": ((dict,), lambda least: lambda table: len(table) >= least),
    "maxProperties": ((dict,), lambda most: lambda table: len(table) <= most),
    "propertyNames": ((dict,), lambda schema: _every(acceptor(schema))),
    "required": ((dict,), lambda names: frozenset(names).issubset),
}


def acceptor(schema: Mapping[str, Any]) -> Check:
    """A function that is true of data that is right by the schema; of other data, and where in doubt, it is false."""
    known = {"type", "enum", "properties", "additionalProperties", *_ANNOTATIONS, *_KEYWORDS}
    if not known.issuperset(schema):
        return lambda _value: False
    named = schema.get("type", list(_TYPES))
    checks: dict[type, list[Check]] = {
        kind: [] for name in ([named] if isinstance(named, str) else named) for kind in _TYPES[name]
    }
    for keyword, value in schema.items():
        kinds, make = _KEYWORDS.get(keyword, ((), None))
        for kind in kinds:
            if kind in checks and make is not None:
                checks[kind].append(make(value))
    if "enum" in schema:
        # 1, 1.0 and True are equal in Python and not in JSON: of other types than text nothing is told.
        words = frozenset(each for each in schema["enum"] if isinstance(each, str))
        checks = {str: [*checks[str], words.__contains__]} if str in checks else {}
    if dict in checks:
        checks[dict].append(_fields(schema.get("properties", {}), schema.get("additionalProperties", True)))
    return lambda value: (found := checks.get(type(value))) is not None and all(check(value) for check in found)


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda text: pattern.search(text) is not None


def _every(check: Check) -> Check:
    return lambda values: all(map(check, values))


def _fields(properties: Mapping[str, Any], others: Any) -> Check:
    checks = {name: acceptor(schema) for name, schema in properties.items()}
    other = acceptor(others) if isinstance(others, Mapping) else lambda _value: others is True
    return lambda table: all(checks.get(name, other)(value) for name, value in table.items())
