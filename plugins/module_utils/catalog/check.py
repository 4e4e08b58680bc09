# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A schema's complaint as one line that a person can act on: field, value, what it should be, and the mend."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..errors import MissingLibrary
from .accept import acceptor

LONGEST_QUOTE: Final = 60
# A value is not quoted where somebody may have put a password.
UNQUOTED: Final = re.compile(r"pass|secret|token|key|credential|://[^/\s]*@", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with the value at `path`."""

    path: tuple[str | int, ...]
    sentence: str


class Checker:
    """A schema, compiled once: where it is imported, which is Ansible's parent process and not each of its workers."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._accepts = acceptor(schema)

    def complaints(self, data: Any) -> list[Complaint]:
        """Everything wrong with `data`, in the order of the schema; empty when it is right."""
        if self._accepts(data):
            return []
        try:
            import jsonschema
        except ImportError as error:
            raise MissingLibrary("jsonschema", "tell what is wrong with the catalog or a profile", error) from None
        errors = jsonschema.Draft202012Validator(self._schema).iter_errors(data)
        return list(dict.fromkeys(complaint for error in errors for complaint in _complaints(error)))


def field_name(path: Iterable[str | int]) -> str:
    """`integrations[0].host`: the way people write a path."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def quoted(value: Any) -> str:
    """A value for an error line: short, on one line, and without characters that reorder or hide text."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    if UNQUOTED.search(text):
        return "the value"
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was probably meant to be, or ''."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def _complaints(error: Any) -> Iterator[Complaint]:
    path = tuple(error.absolute_path)
    keyword, schema = error.validator, error.schema
    if keyword == "required":
        # The library reports every missing field by an error of its own, and names it in the message only.
        absent = [name for name in error.validator_value if name not in error.instance and f"'{name}'" in error.message]
        missing = absent[0]
        wanted = schema["properties"][missing]
        yield Complaint(path, f"{field_name((*path, missing))}: is missing; add it{_example(missing, wanted)}")
    elif keyword == "additionalProperties":
        for name in error.instance:
            if name not in schema["properties"]:
                yield _unknown(path, name, schema["properties"])
    elif "propertyNames" in error.absolute_schema_path:
        name = error.instance
        yield Complaint((*path, name), f"{field_name((*path, quoted(name)))}: {quoted(name)} is not {schema['wants']}; rename it")
    else:
        yield Complaint(
            path, f"{field_name(path) or 'the entry'}: {quoted(error.instance)} is not {_wants(error)}; {_mend(error)}"
        )


def _unknown(path: tuple[str | int, ...], name: str, known: Mapping[str, Any]) -> Complaint:
    close = nearest(name, known)
    mend = f"did you mean {close}?" if close else f"the fields here are {', '.join(known)}"
    shown = name if re.fullmatch(r"[A-Za-z0-9_./-]{1,60}", name) else quoted(name)
    return Complaint((*path, name), f"{field_name((*path, shown))}: is not a field that is known here; {mend}")


def _wants(error: Any) -> str:
    if error.validator == "uniqueItems":
        return "a list without repetitions"
    wants: str = error.schema.get("wants", f"right ({error.validator})")
    return wants


def _mend(error: Any) -> str:
    value, schema = error.instance, error.schema
    kinds = schema.get("type")
    if kinds == "string" and not isinstance(value, str) and value is not None and not isinstance(value, (dict, list)):
        return "put it in quotes"
    if error.validator == "enum" and isinstance(value, str) and nearest(value, map(str, schema["enum"])):
        return f"did you mean {nearest(value, map(str, schema['enum']))}?"
    if error.validator == "maxLength":
        return f"shorten it to {error.validator_value} characters"
    example = schema.get("examples")
    return f"write it like {_shown(example[0])}" if example else "correct it"


def _example(name: str, schema: Mapping[str, Any]) -> str:
    example = schema.get("examples")
    return f", like {name}: {_shown(example[0])}" if example else ""


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9 _./@-]*", value) else json.dumps(value)
