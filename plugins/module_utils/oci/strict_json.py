# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON from a stranger: one meaning or none.

Python keeps the last of two equal keys where another reader keeps the first, takes NaN, and follows any nesting. What is
verified here may be read by somebody else afterwards, so whatever two readers could take differently is refused (RFC 8259
section 4 leaves it open).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import Any, Final

from ..errors import Invalid
from .model import JSON_DEPTH_LIMIT

_NO_BRACKET: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
_STEPS: Final = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}


def parse(data: bytes, what: str, depth: int = JSON_DEPTH_LIMIT) -> Any:
    """The value in `data` (UTF-8); `Invalid` names `what` and the fault. The caller has bounded the size."""
    if _depth(data) > depth:
        raise Invalid(f"{what} is nested too deeply", f"more than {depth} levels")
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Invalid(f"{what} is not UTF-8") from None
    except ValueError as error:
        raise Invalid(f"{what} is not JSON", str(error)) from None
    _refuse_halves(text, value, what)
    return value


def parse_object(data: bytes, what: str, depth: int = JSON_DEPTH_LIMIT) -> dict[str, Any]:
    """The same where only an object will do."""
    value = parse(data, what, depth)
    if not isinstance(value, dict):
        raise Invalid(f"{what} is not a JSON object")
    return value


def _depth(data: bytes) -> int:
    """The levels of nesting, counted before a parser follows them: at the end of the stack not only the parser fails, but also
    whatever happens to run there (a finalizer), unseen. Exact up to the first fault, where a parser stops."""
    # Without escaped backslashes, then without escaped quotes, every second piece between quotes is outside of texts.
    outside = b"".join(data.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    brackets = outside.translate(None, _NO_BRACKET)
    return max(itertools.accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        ((twice, _times),) = Counter(key for key, _value in pairs).most_common(1)
        raise ValueError(f"the key {twice!r:.60} stands twice in one object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _refuse_halves(text: str, value: Any, what: str) -> None:
    """Half of a surrogate pair is text that cannot be written down again; only an escape can bring one into UTF-8."""
    if "\\u" not in text:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid(f"{what} is not JSON", "it holds half of a surrogate pair") from None
