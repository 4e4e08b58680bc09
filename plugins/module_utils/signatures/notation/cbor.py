# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""As much of CBOR (RFC 8949) as a COSE envelope needs, from a stranger: one meaning and one spelling, or none.

Why not a library: those for Python take the last of two equal keys, follow indefinite lengths and turn tags into objects of
their own. What two readers could take differently is refused here: indefinite lengths, numbers that are not written as short as
they can be, equal keys, keys that are no labels (RFC 9052, section 1.4), floats, and anything after the end.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, Final

from ..reading import malformed

_DEPTH: Final = 8  # a genuine envelope has four levels
_ITEMS: Final = 10_000
_SIMPLE: Final = {20: False, 21: True, 22: None}
# Additional information of an initial byte: how many bytes of the argument follow. Up to 23 it is the argument itself.
_FOLLOWING: Final = {24: 1, 25: 2, 26: 4, 27: 8}


class _Major(enum.IntEnum):
    UNSIGNED = 0
    NEGATIVE = 1
    BYTES = 2
    TEXT = 3
    ARRAY = 4
    MAP = 5
    TAG = 6
    SIMPLE = 7


@dataclasses.dataclass(frozen=True, slots=True)
class Tagged:
    """A value with a tag (RFC 8949, section 3.4)."""

    number: int
    value: Any


def decode(data: bytes, what: str) -> Any:
    """The one value in `data`: int, bytes, str, bool, None, list, dict (keys int or str) or Tagged. Rejected otherwise."""
    reader = _Reader(data, what)
    value = reader.value(0)
    if reader.at != len(data):
        raise malformed(what, f"{len(data) - reader.at} bytes follow its end")
    return value


def byte_string(content: bytes) -> bytes:
    """The encoding of a byte string: what is signed is put together from them."""
    size = len(content)
    for information, following in ((None, 0), *_FOLLOWING.items()):
        if information is None and size < min(_FOLLOWING):
            return bytes([_Major.BYTES << 5 | size]) + content
        if information is not None and size < 1 << 8 * following:
            return bytes([_Major.BYTES << 5 | information]) + size.to_bytes(following, "big") + content
    raise AssertionError("nothing is that long")


class _Reader:
    """A place in the bytes, moving on. Each method reads what its name says and leaves the place behind it."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.what = what
        self.at = 0
        self.items = 0

    def value(self, depth: int) -> Any:
        self.items += 1
        if depth > _DEPTH or self.items > _ITEMS:
            raise malformed(self.what, f"it is nested more than {_DEPTH} levels or has more than {_ITEMS} items")
        major, argument = self.head()
        if major is _Major.UNSIGNED:
            return argument
        if major is _Major.NEGATIVE:
            return -1 - argument
        if major is _Major.BYTES:
            return self.take(argument)
        if major is _Major.TEXT:
            return self.text(argument)
        if major is _Major.ARRAY:
            return [self.value(depth + 1) for _unused in range(self.count(argument))]
        if major is _Major.MAP:
            return self.map(self.count(argument), depth)
        if major is _Major.TAG:
            return Tagged(argument, self.value(depth + 1))
        return _SIMPLE[argument]

    def head(self) -> tuple[_Major, int]:
        first = self.take(1)[0]
        major, information = _Major(first >> 5), first & 0x1F
        if major is _Major.SIMPLE:
            if information not in _SIMPLE:
                raise malformed(self.what, "it has a float or a simple value that no envelope has")
            return major, information
        if information < min(_FOLLOWING):
            return major, information
        if information not in _FOLLOWING:
            raise malformed(self.what, "it has an indefinite or reserved length")
        size = _FOLLOWING[information]
        argument = int.from_bytes(self.take(size), "big")
        if argument < (min(_FOLLOWING) if size == 1 else 1 << 4 * size):
            raise malformed(self.what, "it has a number that is not written as short as it can be")
        return major, argument

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise malformed(self.what, "it ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def count(self, size: int) -> int:
        # Each item has a byte at least: nothing is done for a length that cannot be true.
        if size > len(self.data) - self.at:
            raise malformed(self.what, "it ends too early")
        return size

    def text(self, size: int) -> str:
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError:
            raise malformed(self.what, "it has text that is not UTF-8") from None

    def map(self, size: int, depth: int) -> dict[int | str, Any]:
        found: dict[int | str, Any] = {}
        for _unused in range(size):
            key = self.value(depth + 1)
            if isinstance(key, bool) or not isinstance(key, (int, str)):
                raise malformed(self.what, "it has a key that is neither a whole number nor text")
            if key in found:
                raise malformed(self.what, f"the key {key!r:.60} stands twice in one map")
            found[key] = self.value(depth + 1)
        return found
