# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session for tests that stub every call."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import AwsSession, session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws


@pytest.fixture
def session(tmp_path: pathlib.Path) -> AwsSession:
    """It reaches nobody: its endpoint is a port that nothing listens on."""
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    return session_for(Aws("123456789012", "eu-west-1", "http://127.0.0.1:1", "", str(file), loopback_only=True), {})
