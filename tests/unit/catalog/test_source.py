# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""YAML is read strictly: lines are known, and nothing that people read differently than machines passes."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog import source
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers read alike; the pure one is what a machine without libyaml has."""
    monkeypatch.setattr(source, "LOADER", getattr(yaml, request.param))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1\nb: [x, true, null, 2.5]\n", {"a": 1, "b": ["x", True, None, 2.5]}),
        ("a: '010'\nb: 2026-11-23\n", {"a": "010", "b": "2026-11-23"}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: -3\nb: 0\n", {"a": -3, "b": 0}),
        ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
        ('a: \'{{ lookup("pipe", "id") }}\'\n', {"a": '{{ lookup("pipe", "id") }}'}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
    ],
)
def test_plain_documents_are_read(text: str, data: Any) -> None:
    assert [document.data for document in source.documents(text)] == [data]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a: the field is given twice"),
        ("a:\n  b: 1\n  b: 1\n", 3, "b: the field is given twice"),
        ("a: 1\nb: 010\n", 2, "read differently"),
        ("a: 1:30\n", 1, "read differently"),
        ("a: 0x1f\n", 1, "read differently"),
        ("a: 1_000\n", 1, "read differently"),
        ("a: .inf\n", 1, "read differently"),
        ("a: !!python/object/apply:os.system [id]\n", 1, "is not read here"),
        ("a: !vault x\n", 1, "is not read here"),
        ("a: !!binary eA==\n", 1, "is not read here"),
        ("a: !!set {x}\n", 1, "is not read here"),
        ("b: &b {x: 1}\na:\n  <<: *b\n", 3, "merge keys"),
        ("? [a]\n: 1\n", 1, "name must be text"),
        ("a: [1\nb: 2\n", 2, "cannot be read"),
        ("a: 1\n\tb: 2\n", 2, "indent with spaces: a tab stands here"),
        ("a:\n  b: 1\n  \tc: 2\n", 3, "a tab stands here"),
        ("a: @b\tc\n", 1, "cannot start any token\\)$"),
        ("a: *nowhere\n", 1, "cannot be read"),
        ("a: \x07\n", 1, "cannot be read"),
        (LAUGHS, 1, "more than"),
        ("a: &a [*a]\n", 1, "nested"),
        ("a: " + "[" * 50 + "]" * 50 + "\n", 1, "nested"),
        ("[" * 20000, 0, "nested|cannot be read"),
    ],
)
def test_anything_else_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(source.Faulty, match=words) as caught:
        source.documents(text)
    assert caught.value.line == line or line == 0  # 0: libyaml gives up far from the beginning


def test_a_place_is_the_line_of_the_value_or_of_what_is_around_it() -> None:
    document = source.documents("---\na: 1\nb:\n  - c: x\n    d: y\n")[0]
    assert document.line(("a",)) == 2
    assert document.line(("b", 0)) == 4
    assert document.line(("b", 0, "d")) == 5
    assert document.line(("b", 0, "missing")) == 4
    assert document.line(("missing",)) == 2


def test_a_file_that_is_too_long_is_not_read(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "long.yml"
    file.write_text("# " + "x" * source.LARGEST_FILE, encoding="utf-8")
    with pytest.raises(Invalid, match="longer than 256 KiB"):
        source.read_text(file)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "latin.yml"
    file.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(Invalid, match=r"latin\.yml:2: the text is not UTF-8"):
        source.read_text(file)
