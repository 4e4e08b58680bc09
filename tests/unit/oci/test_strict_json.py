# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON that two readers could take differently is refused; everything else is read as the standard library reads it."""

from __future__ import annotations

import contextlib
import gc
import json
import time

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
        (b"[" * 65, "nested too deeply"),
        (b"[" * 64, "not JSON"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'[{"a":' * 33 + b"1" + b"}]" * 33, "nested too deeply"),
        (rb'["\\",' * 65 + b"1" + b"]" * 65, "nested too deeply"),
        (b'["\\"",' * 65, "nested too deeply"),
        # A string that never ends holds all that follows.
        (b'"' + b"[" * 100_000, "not JSON"),
        (b'"\\', "not JSON"),
        (b"]" * 100_000, "not JSON"),
        # The first fault ends the reading.
        (b"]" * 100_000 + b"[" * 65, "not JSON"),
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


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 64 + b'"a"' + b"]" * 64,
        b'{"a":' * 64 + b"1" + b"}" * 64,
        b"[" + b"[{}]," * 10_000 + b"[]]",
        json.dumps("[{" * 100_000).encode(),
        json.dumps(['"' + "[" * 100, "\\", "[" * 100, '\\"' + "{" * 100]).encode(),
        json.dumps({"[" * 100 + '"\\': "{" * 100}).encode(),
    ],
)
def test_only_brackets_outside_of_texts_nest_and_64_levels_are_read(data: bytes) -> None:
    assert parse(data, "it") == json.loads(data)


def test_nobody_else_runs_out_of_stack_while_it_refuses() -> None:
    # What runs while memory is cleared (a finalizer, say) fails unseen where the stack ends: nesting must not lead there.
    failed = []

    def cleared(_phase: str, _info: object) -> None:
        try:
            json.dumps({"a": [time.perf_counter()]}, indent=1)
        except RecursionError:
            failed.append(True)

    before = gc.get_threshold()
    gc.callbacks.append(cleared)
    gc.set_threshold(1)
    try:
        for data in (b"[" * 5000, b'{"a":' * 5000):
            with pytest.raises(Invalid, match="nested too deeply"):
                parse(data, "the bundle")
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(cleared)
    assert failed == []


@pytest.mark.parametrize(
    "data", [b"[" * 1_000_000, b"[]" * 500_000, b'"' * 1_000_000, b'\\"' * 500_000, b'"' + b'\\"' * 500_000, b'"[' * 500_000]
)
def test_a_megabyte_costs_no_more_than_its_length(data: bytes) -> None:
    before = time.process_time()
    with pytest.raises(Invalid):
        parse(data, "it")
    assert time.process_time() - before < 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(JSON)
def test_everything_else_is_read_as_usual(value: object) -> None:
    assert parse(json.dumps(value).encode(), "it") == value


def levels(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(levels, inner), default=0)


@given(JSON, st.booleans())
def test_levels_are_counted_exactly(value: object, escaped: bool) -> None:
    data = json.dumps([value], ensure_ascii=escaped).encode("utf-8")
    assert parse(data, "it", levels([value])) == [value]
    with pytest.raises(Invalid, match="nested too deeply"):
        parse(data, "it", levels([value]) - 1)


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    with contextlib.suppress(Invalid):
        parse(data, "it")
