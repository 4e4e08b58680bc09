# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Key files that are none, and a metadata server that is not there: one line each, and never the key."""

from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.google_login import bearer
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

KEY = {"type": "service_account", "client_email": "a@b.example", "private_key": "canary-3f1c", "private_key_id": "1"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("canary-3f1c", "it is not JSON"),
        ('["canary-3f1c"]', "its type is not service_account"),
        (json.dumps({**KEY, "type": "external_account"}), "its type is not service_account"),
        (json.dumps({**KEY, "client_email": ""}), "it lacks client_email"),
        (json.dumps({**KEY, "private_key": ["canary-3f1c"]}), "it lacks private_key"),
        (json.dumps(KEY), "its private_key is no RSA key in PEM"),
    ],
)
def test_a_key_file_that_is_none_is_refused_without_its_content(tmp_path: pathlib.Path, text: str, why: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(text)
    with pytest.raises(Invalid, match=why) as caught:
        bearer(str(file), Secrets(), {})
    assert "canary" not in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NotFound, match=r"no-such\.json"):
        bearer(str(tmp_path / "no-such.json"), Secrets(), {})


def test_without_a_key_file_the_metadata_server_is_asked() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        bearer("", Secrets(), {"GCE_METADATA_HOST": "127.0.0.1:1"})
