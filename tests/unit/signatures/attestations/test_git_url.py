# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether two git URLs name one repository."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.git_url import (
    repository_of,
    same_repository,
)

WANTED = "https://github.com/example/where2eat"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/example/where2eat2",
        "https://github.com/example/where2eat.git.evil",
        "https://github.com/other/where2eat",
        "https://github.com.evil.example/example/where2eat",
        "https://evil.example/github.com/example/where2eat",
        "https://github.com@evil.example/example/where2eat",
        "https://evil.example/@github.com/example/where2eat",
        "https://evil.example#@github.com/example/where2eat",
        "https://evil.example\\@github.com/example/where2eat",
        "https://github.com:8443/example/where2eat",
        "https://github.com/example/../example/where2eat",
        "https://github.com/example//where2eat",
        "https://github.com/example/where2eat?ref=x",
        "https://github.com/example/where%32eat",
        "https://github.com/example/where2eat\n",
        "https://gitHub.com/example/where2éat",
        "pkg:github/example/where2eat",
        "github.com/example/where2eat",
        "ftp://github.com/example/where2eat",
        "file:///example/where2eat",
        "",
    ],
)
def test_another_repository(url: str) -> None:
    assert not same_repository(url, WANTED)
    assert not same_repository(WANTED, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/example/where2eat.git",
        "https://github.com/example/where2eat/",
        "https://GitHub.com/Example/Where2Eat",
        "https://token@github.com/example/where2eat",
        "https://github.com:443/example/where2eat",
        "http://github.com/example/where2eat",
        "ssh://git@github.com/example/where2eat.git",
        "ssh://git@github.com:22/example/where2eat",
        "git@github.com:example/where2eat.git",
        "git+https://github.com/example/where2eat@refs/heads/main",
        "git+ssh://git@github.com/example/where2eat.git@5cf4f2b1",
        "git://github.com/example/where2eat#main",
        "https://github.com/example/where2eat.git#5cf4f2b1:folder",
    ],
)
def test_the_same_repository(url: str) -> None:
    assert same_repository(url, WANTED)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://git.example.com/Team/app", "https://git.example.com/team/app", False),  # case may tell them apart there
        ("https://git.example.com:8443/app", "ssh://git@git.example.com:8443/app", True),
        ("file:///srv/git/app.git", "/srv/git/app", True),
        ("file:///srv/git/app.git", "https://srv/git/app", False),
        ("https://[2001:db8::1]/app", "https://[2001:db8::1]:443/app", True),
        ("", "", False),
        ("https://github.com/a/../b", "https://github.com/a/../b", False),  # ambiguous: not even itself
    ],
)
def test_elsewhere(one: str, other: str, same: bool) -> None:
    assert same_repository(one, other) is same


def test_what_is_ambiguous_names_nothing() -> None:
    assert repository_of("https://github.com/example/%2e%2e") == ""
