# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON from a stranger: one meaning or none.

Python keeps the last of two equal keys where another reader keeps the first, takes NaN, and follows any nesting. What is
verified here may be read by somebody else afterwards, so whatever two readers could take differently is refused (RFC 8259
section 4 leaves it open).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from ..errors import Invalid
from .model import JSON_DEPTH_LIMIT

_CONTAINERS: Final = (dict, list)


def parse(data: bytes, what: str, depth: int = JSON_DEPTH_LIMIT) -> Any:
    """The value in `data` (UTF-8); `Invalid` names `what` and the fault. The caller has bounded the size."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise Invalid(f"{what} is nested too deeply", f"more than {depth} levels") from None
    except UnicodeDecodeError:
        raise Invalid(f"{what} is not UTF-8") from None
    except ValueError as error:
        raise Invalid(f"{what} is not JSON", str(error)) from None
    _check(value, what, depth)
    return value


def parse_object(data: bytes, what: str, depth: int = JSON_DEPTH_LIMIT) -> dict[str, Any]:
    """The same where only an object will do."""
    value = parse(data, what, depth)
    if not isinstance(value, dict):
        raise Invalid(f"{what} is not a JSON object")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        ((twice, _times),) = Counter(key for key, _value in pairs).most_common(1)
        raise ValueError(f"the key {twice!r:.60} stands twice in one object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _check(value: Any, what: str, depth: int) -> None:
    """Bound the nesting, and refuse half of a surrogate pair: it is text that cannot be written down again."""
    level: list[Any] = [value]
    for _level in range(depth):
        for item in level:
            if isinstance(item, (str, dict)):
                _check_text(item if isinstance(item, str) else "".join(item), what)
        level = [child for item in level if isinstance(item, _CONTAINERS) for child in _children(item)]
    for item in level:
        if isinstance(item, str):
            _check_text(item, what)
        elif isinstance(item, _CONTAINERS):
            raise Invalid(f"{what} is nested too deeply", f"more than {depth} levels")


def _children(item: Any) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _check_text(text: str, what: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Invalid(f"{what} is not JSON", "it holds half of a surrogate pair") from None
