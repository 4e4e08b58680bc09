# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What counts as this machine, and which proxy leads elsewhere."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.network import is_loopback, proxy_of


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": "example.com"}, ""),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": ".example.com, other"}, ""),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "*"}, ""),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "xample.com"}, "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, ""),
    ],
)
def test_a_proxy_of_the_environment(environ: dict[str, str], expected: str) -> None:
    assert proxy_of("https://api.example.com:6443", environ) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://127.8.8.8", True),
        ("https://[::1]:6443", True),
        ("https://localhost:6443", True),
        ("https://localhost.example.com", False),
        ("https://127.0.0.1@example.com", False),
        ("https://0.0.0.0", False),
        ("https://[::1", False),
        ("nonsense", False),
        ("", False),
        ("http://", False),
        ("http://127.0.0.1.nip.io", False),
        ("http://10.0.0.1:1", False),
        ("https://127.9.9.9", True),
    ],
)
def test_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
