# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file with a login to a store or engine: what is wrong with it is said of it, and not of the rights of an empty login."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.shared import token_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets


@pytest.mark.parametrize("content", ["", "\n", None])
def test_a_file_without_a_token_is_told(tmp_path: pathlib.Path, content: str | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(NotFound, match=r"The token file .* of the database engine"):
        token_of(str(file), Secrets(), "the database engine")


def test_a_token_is_known_as_secret(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("a-canary-of-a-token\n")
    secrets = Secrets()
    assert token_of(str(tmp_path / "token"), secrets) == "a-canary-of-a-token"
    assert "canary" not in secrets.scrub_text("error: a-canary-of-a-token")
