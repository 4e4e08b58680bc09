# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file that should hold a token and does not is told in one sentence, which quotes nothing of it."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.shared import token_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b" \n", "it is empty"),
        (b"token: abc\nmore: def\n", "it holds more than one line of text"),
        (b"\xff\xfe", "it is no text"),
    ],
)
def test_a_file_that_holds_no_token_is_told(tmp_path: pathlib.Path, content: bytes, why: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(NotFound, match=why) as told:
        token_of(str(file), Secrets())
    assert "abc" not in str(told.value) and told.value.next_step


def test_a_token_is_what_stands_on_its_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("hvs.made-up\n")
    assert token_of(str(tmp_path / "token"), Secrets()) == "hvs.made-up"
