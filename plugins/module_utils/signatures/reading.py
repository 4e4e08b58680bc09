# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small readers that the formats share: each takes what the specification allows, and rejects the rest as malformed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..errors import Invalid
from ..oci import strict_json
from .model import Reason, Rejected

_INT64: Final = 2**63


def malformed(what: str, why: str) -> Rejected:
    """The rejection of something that cannot be read."""
    return Rejected(Reason.MALFORMED, f"{what} is malformed", why)


def json_object(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in `data`, strictly parsed."""
    try:
        return strict_json.parse_object(data, what)
    except Invalid as error:
        raise Rejected(Reason.MALFORMED, error.what, error.why) from None


def only(value: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Refuse a field that is not known: another reader could know it, and take the whole for something else."""
    unknown = set(value) - set(names)
    if unknown:
        raise malformed(what, f"it has an unknown field {min(unknown)!r:.60}")


def base64_bytes(value: Any, what: str) -> bytes:
    """The bytes of canonical standard base64 (RFC 4648 sections 4 and 3.5): one spelling for each value."""
    if not isinstance(value, str):
        raise malformed(what, "it is not base64 text")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise malformed(what, "it is not base64") from None
    if base64.b64encode(data).decode() != value:
        raise malformed(what, "it is not canonical base64")
    return data


def text(value: Mapping[str, Any], name: str, what: str, default: str | None = None) -> str:
    """A text field; without `default` it must be there."""
    found = value.get(name)
    if found is None and default is not None:
        return default
    if not isinstance(found, str):
        raise malformed(what, f"{name} is missing or no text")
    return found


def int64(value: Mapping[str, Any], name: str, what: str) -> int:
    """A number of proto3's JSON: digits in a text or a plain number, never negative here; left out it is 0."""
    found = value.get(name)
    if found is None:
        return 0
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) <= len(str(_INT64)):
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _INT64:
        raise malformed(what, f"{name} is no number from 0 to 2^63")
    return found


def mapping(value: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any] | None:
    """An object, or None where it is left out."""
    found = value.get(name)
    if found is not None and not isinstance(found, dict):
        raise malformed(what, f"{name} is no object")
    return found


def needed(value: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any]:
    """An object that must be there."""
    found = mapping(value, name, what)
    if found is None:
        raise malformed(what, f"{name} is missing")
    return found


def items(value: Mapping[str, Any], name: str, what: str, most: int) -> list[Any]:
    """A list of at most `most`; left out it is empty."""
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise malformed(what, f"{name} is no list")
    if len(found) > most:
        raise Rejected(Reason.TOO_LARGE, f"{what} is too large", f"{name} has {len(found)} entries, {most} are taken")
    return found


def objects(value: Mapping[str, Any], name: str, what: str, most: int) -> list[Mapping[str, Any]]:
    """A list of objects, at most `most`."""
    found = items(value, name, what, most)
    if not all(isinstance(item, dict) for item in found):
        raise malformed(what, f"{name} holds something that is no object")
    return found
