# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON that two readers could take differently is refused; everything else is read as the standard library reads it."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.strict_json import parse, parse_object


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"x": [{"a": 1, "b": 2, "a": 1}]}', "stands twice"),
        (b'{"a": NaN}', "no JSON number"),
        (b'{"a": -Infinity}', "no JSON number"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": 1} {}', "not JSON"),
        (b"", "not JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b"[" * 65 + b"]" * 65, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"1" * 5000, "not JSON"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse(data, "the bundle")


def test_only_an_object_is_an_object() -> None:
    with pytest.raises(Invalid, match="not a JSON object"):
        parse_object(b"[1]", "the bundle")
    assert parse_object(b'{"a": {"b": []}}', "the bundle") == {"a": {"b": []}}


def test_the_deepest_that_is_allowed_is_read() -> None:
    assert parse(b"[" * 64 + b'"a"' + b"]" * 64, "it")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(JSON)
def test_everything_else_is_read_as_usual(value: object) -> None:
    assert parse(json.dumps(value).encode(), "it") == value


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    with contextlib.suppress(Invalid):
        parse(data, "it")
