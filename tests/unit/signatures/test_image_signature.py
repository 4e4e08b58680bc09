# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the options of `image_signature` is told by the option's name, before any registry is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.image_signature import CAPABILITY


def refused(images: list[str], address: str) -> str:
    policy = {"signers": [{"name": "ci", "role": "ci", "key": "/nonexistent.pub"}], "require": [{"role": "ci"}]}
    params: dict[str, Any] = {"images": images, "policy": policy, "registry": {"address": address}, "aws": None}
    result = perform(CAPABILITY, Request({**params, "path": "full", "source": "", "app": ""}))
    assert result["failed"] and not result["changed"]
    message: str = result["msg"]
    return message


@pytest.mark.parametrize("address", ["http://x y/", "https://registry.example.com", "Registry_/x", "a b"])
def test_an_address_that_is_none_is_blamed_and_not_the_image(address: str) -> None:
    message = refused(["a:1"], address)
    assert message.startswith("registry.address: ") and "HOST[:PORT]" in message and "a:1" not in message


def test_a_login_in_an_address_is_not_repeated() -> None:
    assert "hunter2" not in refused(["a:1"], "https://me:hunter2@registry.example.com")


def test_a_good_address_leaves_the_blame_with_the_image() -> None:
    assert "A:b:c" in refused(["A:b:c"], "registry.example.com")
