# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What counts as this machine, and which proxy leads elsewhere."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.network import is_loopback, is_near, proxy_and_login, proxy_of


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


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", True),  # noqa: S104  # an address to refuse
        ("169.254.169.254", True),
        ("fe80::1%eth0", True),
        ("fd00:ec2::254", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("192.0.2.1", False),
        ("fd00::1", False),
        ("registry.example", False),
        ("", False),
    ],
)
def test_what_is_for_this_machine_alone(host: str, expected: bool) -> None:
    assert is_near(host) is expected


@pytest.mark.parametrize(
    ("address", "bare", "login"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", ""),
        ("http://ada:pa%40ss@proxy.example:3128/", "http://proxy.example:3128/", "ada:pa@ss"),
        ("http://ada@proxy.example", "http://proxy.example", "ada:"),
    ],
)
def test_a_proxys_login_goes_into_a_header(address: str, bare: str, login: str) -> None:
    found, headers = proxy_and_login(address)
    assert found == bare
    assert headers == ({"proxy-authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {})
