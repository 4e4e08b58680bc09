# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CBOR: one spelling for each value, and nothing but what an envelope has. Written by another encoder (the fixtures')."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import cbor
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import notation_forge

INTEGERS = st.integers(-(2**64), 2**64 - 1)
VALUES = st.recursive(
    INTEGERS
    | st.binary(max_size=300)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.booleans()
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(INTEGERS | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
        | st.builds(notation_forge.Tag, st.integers(0, 2**64 - 1), inner)
    ),
    max_leaves=10,
)


def ours(value: Any) -> Any:
    """A value of the other encoder's as ours has it."""
    if isinstance(value, notation_forge.Tag):
        return cbor.Tagged(value.number, ours(value.value))
    if isinstance(value, list):
        return [ours(one) for one in value]
    return {key: ours(one) for key, one in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_what_another_writes_is_read_or_is_nested_too_deeply(value: Any) -> None:
    data = notation_forge.cbor(value)
    try:
        found = cbor.decode(data, "it")
    except Rejected as error:
        assert "nested" in error.why
    else:
        assert found == ours(value)
        assert repr(found) == repr(ours(value))  # 1 is not True


@given(VALUES, st.data())
def test_a_value_has_one_spelling(value: Any, data: st.DataObject) -> None:
    """Other bytes are refused, or are another value."""
    original = notation_forge.cbor(value)
    other = bytearray(original)
    other[data.draw(st.integers(0, len(other) - 1))] = data.draw(st.integers(0, 255))
    if bytes(other) != original:
        try:
            found = cbor.decode(bytes(other), "it")
        except Rejected:
            return
        assert repr(found) != repr(ours(value))


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data: bytes) -> None:
    try:
        cbor.decode(data, "it")
    except Rejected as error:
        assert error.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "18",  # a number's argument is missing
        "1817",  # 23 in two bytes
        "190017",
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff",
        "1c",  # reserved
        "1f",
        "3817",
        "40 00",  # something follows
        "41",
        "5817" + "00" * 23,
        "5f4100ff",  # indefinite
        "7f6161ff",
        "9f00ff",
        "bf0000ff",
        "ff",
        "61ff",  # no UTF-8
        "62c328",
        "63eda080",  # half of a surrogate pair
        "81",
        "9bffffffffffffffff",
        "a1",
        "a10102 01",
        "a2 0101 0102",  # one key twice
        "a2 6161 01 6161 02",
        "a1 4161 01",  # a key of bytes
        "a1 f5 01",
        "a1 80 01",
        "a1 f6 01",
        "a1 c1 01 01",
        "c0",
        "d801 00",  # tag 1 in two bytes
        "e0",  # simple values
        "f0",
        "f7",
        "f8ff",
        "f93c00",  # floats
        "fa3f800000",
        "fb3ff0000000000000",
        "81" * 9 + "00",
        "d9d9f7" * 9 + "00",
        "a100" * 9 + "00",
    ],
)
def test_what_no_envelope_has_is_refused(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        cbor.decode(bytes.fromhex(text), "The envelope")
    assert caught.value.reason is Reason.MALFORMED
    assert caught.value.sentence().startswith("The envelope is malformed: ")


def test_a_great_many_items_are_refused_soon() -> None:
    with pytest.raises(Rejected):
        cbor.decode(bytes.fromhex("9a000fffff") + b"\x00" * 0xFFFFF, "it")


@given(st.binary(max_size=70_000))
def test_a_byte_string_is_written_as_the_other_does(content: bytes) -> None:
    assert cbor.byte_string(content) == notation_forge.cbor(content)
    assert cbor.decode(cbor.byte_string(content), "it") == content


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65535, 65536])
def test_a_byte_string_is_as_short_as_it_can_be(size: int) -> None:
    assert cbor.decode(cbor.byte_string(bytes(size)), "it") == bytes(size)
