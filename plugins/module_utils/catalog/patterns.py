# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of value that the catalog's and the profile's schemas are made of.

Every kind carries `wants` (completes "is not ...") and `examples`, from which the mend in an error is made. They are
annotations that JSON Schema validators ignore and people reading the published schema do not.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

# `$` in Python also matches before a line break at the very end; everywhere else the look-ahead says nothing new.
END = r"$(?!\n)"
# Control characters (both sets), and the two Unicode characters that YAML and JavaScript take for line breaks.
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_CONTROLS_BUT_NEWLINE = r"\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029"

DNS_LABEL = r"[a-z]([a-z0-9-]*[a-z0-9])?"
HOST = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
ENVIRONMENT = "^[a-z][a-z0-9]{0,9}" + END


def word(pattern: str, wants: str, example: str, description: str, longest: int = 255) -> Schema:
    """An identifier: the whole value matches `pattern`, so it is safe as a name wherever the pattern is."""
    return {
        "description": description,
        "type": "string",
        "pattern": f"^(?:{pattern}){END}",
        "maxLength": longest,
        "wants": wants,
        "examples": [example],
    }


def line(longest: int, example: str, description: str, shortest: int = 1) -> Schema:
    """Free text on one line: anything a person may write, and nobody's template."""
    return {
        "description": description,
        "type": "string",
        "pattern": f"^[^{_CONTROLS}]*{END}",
        "minLength": shortest,
        "maxLength": longest,
        "wants": f"text on one line, of {shortest} to {longest} characters, without control characters",
        "examples": [example],
    }


def prose(longest: int, example: str, description: str) -> Schema:
    """Free text of several lines."""
    return {
        "description": description,
        "type": "string",
        "pattern": f"^[^{_CONTROLS_BUT_NEWLINE}]*$",
        "minLength": 1,
        "maxLength": longest,
        "wants": f"text of 1 to {longest} characters, without control characters other than the line break",
        "examples": [example],
    }


def whole(least: int, most: int, example: int, description: str) -> Schema:
    """A whole number within bounds."""
    return {
        "description": description,
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "wants": f"a whole number from {least} to {most}",
        "examples": [example],
    }


def ratio(description: str, example: float) -> Schema:
    """A share of one."""
    return {
        "description": description,
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "wants": "a number from 0 to 1",
        "examples": [example],
    }


def seconds(description: str, example: float) -> Schema:
    """A positive time in seconds."""
    return {
        "description": description,
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 3600,
        "wants": "a number of seconds above 0 and up to 3600",
        "examples": [example],
    }


def yes_or_no(description: str) -> Schema:
    """True or false, not a text that looks like it."""
    return {"description": description, "type": "boolean", "wants": "true or false", "examples": [True]}


def one_of(choices: list[str], description: str) -> Schema:
    """One of a few words."""
    return {
        "description": description,
        "type": "string",
        "enum": choices,
        "wants": f"one of {', '.join(choices)}",
        "examples": [choices[0]],
    }


def record(description: str, properties: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """A mapping with known fields; an unknown one is refused."""
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        "wants": f"a mapping with the fields {', '.join(properties)}",
    }


def listing(item: Schema, most: int, description: str, least: int = 0) -> Schema:
    """A list of one kind of value."""
    return {
        "description": description,
        "type": "array",
        "items": item,
        "minItems": least,
        "maxItems": most,
        "wants": f"a list of {least} to {most} entries",
    }


def table(key_pattern: str, key_wants: str, value: Schema, most: int, description: str, least: int = 0) -> Schema:
    """A mapping whose keys are names of the user's."""
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": key_pattern, "wants": key_wants},
        "additionalProperties": value,
        "minProperties": least,
        "maxProperties": most,
        "wants": f"a mapping of {least} to {most} entries",
    }


def email(description: str) -> Schema:
    """A mail address without the exotic characters that the standard allows and nobody uses."""
    return word(
        r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+",
        "a mail address",
        "dining-club@example.com",
        description,
        254,
    )


def host(description: str, example: str) -> Schema:
    """A DNS name in lower case, or an IPv4 address."""
    return word(HOST, "a host name in lower case", example, description, 253)


def port(description: str, example: int) -> Schema:
    """A TCP port."""
    return whole(1, 65535, example, description)
