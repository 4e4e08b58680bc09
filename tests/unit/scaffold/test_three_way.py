# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who wins for one file: a table of what was generated last, what stands there and what is generated now."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.manifest import Manifest, blob_name, made, read, write
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.model import File
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.three_way import decide


def merged(base: bytes, owner: bytes, ours: bytes) -> bytes | None:
    return None if b"clash" in owner else owner + b"+" + ours


CASES = [
    # known, base, current, rendered, keeps_good, is_good -> content, outcome, is_new_base
    (False, None, None, b"new", False, False, b"new", "created", True),
    (False, None, b"new", b"new", False, False, b"new", "same", True),
    (False, None, b"theirs", b"new", False, False, b"new", "adopted", True),
    (False, None, b"theirs", b"new", True, True, b"theirs", "kept", False),
    (False, None, b"theirs", b"new", True, False, b"new", "adopted", True),
    (True, b"old", None, b"new", False, False, None, "deleted", False),
    (True, b"old", b"old", b"new", False, False, b"new", "updated", True),
    (True, b"new", b"edited", b"new", False, False, b"edited", "kept", True),
    (True, b"old", b"edited", b"new", False, False, b"edited+new", "merged", True),
    (True, b"old", b"clash", b"new", False, False, b"clash", "conflict", False),
    (True, None, b"edited", b"new", False, False, b"edited", "conflict", False),
    (True, None, b"new", b"new", False, False, b"new", "same", True),
]


@pytest.mark.parametrize(("known", "base", "current", "rendered", "keeps", "good", "content", "outcome", "new_base"), CASES)
def test_a_file(known, base, current, rendered, keeps, good, content, outcome, new_base) -> None:
    remembered = made(base or b"lost", False) if known else None
    decision = decide(File("x", rendered, keeps_good=keeps), remembered, base, current, merged, good)
    assert (decision.content, str(decision.outcome), decision.is_new_base) == (content, outcome, new_base)


LINES = [
    (None, None, b".env\n*.pem\n", b".env\n*.pem\n"),
    (None, b".env\n", b".env\n*.pem\n", b".env\n*.pem\n"),
    (None, b"a", b".env\n", b"a\n.env\n"),
    (b".env\n*.pem\n", b".env\n", b".env\n*.pem\n*.key\n", b".env\n*.key\n"),
    (None, b"# mine\nKEY=example\n", b"KEY=\nOTHER=\n", b"# mine\nKEY=example\nOTHER=\n"),
    (b".env\n", None, b".env\n", None),
]


@pytest.mark.parametrize(("before", "current", "rendered", "expected"), LINES)
def test_a_file_of_lines(before: bytes | None, current: bytes | None, rendered: bytes, expected: bytes | None) -> None:
    known = None if before is None else made(before, True)
    assert decide(File(".gitignore", rendered, lines=True), known, None, current, merged, False).content == expected


def test_the_manifest_is_read_as_it_was_written() -> None:
    manifest = Manifest({"a": made(b"x\n", True), "b": made(b"y", False)}, 1, "sha256:1")
    assert read(write(manifest)) == manifest


@pytest.mark.parametrize(
    "text", [None, b"", b"{", b"[]", b'{"files": 3}', b'{"files": {"a": {}}, "template": 1, "catalog": ""}', b"\xff"]
)
def test_a_broken_manifest_is_an_empty_one(text: bytes | None) -> None:
    assert read(text) == Manifest({})


def test_a_blob_is_named_as_git_names_it() -> None:
    assert blob_name(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
