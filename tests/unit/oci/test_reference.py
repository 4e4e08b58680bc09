# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of images: what the distribution project's grammar takes, and what it refuses."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import GRAMMAR, Reference, parse, written

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no repository"),
        ("App", "no repository"),
        ("app:", "no tag"),
        ("app:-x", "no tag"),
        ("app:" + "x" * 129, "no tag"),
        ("app@sha256:abc", "behind the @"),
        ("app@sha256:" + "A" * 64, "behind the @"),
        ("app@md5:" + "a" * 32, "behind the @"),
        (f"app@{DIGEST}@{DIGEST}", "behind the @"),
        ("../app", "no host"),
        ("a/../b", "no repository"),
        ("a//b", "no repository"),
        ("/app", "no repository"),
        ("app/", "no repository"),
        ("app\n", "no repository"),
        ("app:1\n", "no tag"),
        ("app b", "no repository"),
        ("user:pass@host/app", "an address"),
        ("https://host/app", "an address"),
        ("host:70000/app", "no host"),
        ("host:0/app", "no host"),
        ("[::::]:5000/app", "no host"),
        ("host:99999999/app", "no host"),
        ("-host.example/app", "no host"),
        ("host.example/" + "a" * 256, "no repository"),
        ("a" * 500, "longer"),
        ("{{ lookup('pipe', 'id') }}", "no repository"),
        ("$(id)", "no repository"),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse(text, "registry.example")


def test_a_password_is_not_repeated() -> None:
    for text in ("user:wordword@host/app:1", "https://user:wordword@host/app", "user:wordword@host.example:5000/a/b"):
        with pytest.raises(Invalid) as caught:
            parse(text, "registry.example")
        assert "wordword" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app", Reference("r.example:5000", "team/app")),
        ("app:1.0", Reference("r.example:5000", "team/app", "1.0")),
        ("a/b-c/d__e.f:V_1", Reference("r.example:5000", "team/a/b-c/d__e.f", "V_1")),
        (f"app:1@{DIGEST}", Reference("r.example:5000", "team/app", "1", DIGEST)),
        ("localhost/app", Reference("localhost", "app")),
        ("localhost:5000/app:1", Reference("localhost:5000", "app", "1")),
        ("127.0.0.1:5000/app", Reference("127.0.0.1:5000", "app")),
        ("[::1]:5000/app", Reference("[::1]:5000", "app")),
        ("ghcr.io/o/app", Reference("ghcr.io", "o/app")),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
            Reference("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "app", "1"),
        ),
    ],
)
def test_a_name_has_a_registry_a_path_and_perhaps_a_tag_or_digest(text: str, expected: Reference) -> None:
    assert parse(text, "r.example:5000/team") == expected
    assert parse(str(expected)) == expected


def test_a_name_without_a_registry_needs_one() -> None:
    with pytest.raises(Invalid, match="names no registry"):
        parse("app")


def test_what_is_asked_for() -> None:
    assert parse("h.example/a").wanted == "latest"
    assert parse("h.example/a:1").wanted == "1"
    assert parse(f"h.example/a:1@{DIGEST}").wanted == DIGEST
    assert str(parse("h.example/a:1").at(DIGEST)) == f"h.example/a@{DIGEST}"
    assert parse("docker.io/library/a").api_host == "registry-1.docker.io"


@pytest.mark.parametrize(
    ("text", "path", "again"),
    [
        ("where2eat", "where2eat", "where2eat"),
        ("team/app:1.2", "team/app", "team/app:1.2"),
        ("registry:5000/app", "app", "registry:5000/app"),
        ("localhost/app:x", "app", "localhost/app:x"),
        (f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1@{DIGEST}", "team/app", None),
        ("docker.io/nginx", "library/nginx", "docker.io/library/nginx"),
        ("index.docker.io/a/b", "a/b", "docker.io/a/b"),
    ],
)
def test_as_written(text: str, path: str, again: str | None) -> None:
    found = written(text)
    assert (found.path, str(found)) == (path, again or text)


@given(st.from_regex(GRAMMAR, fullmatch=True))
def test_what_the_grammar_takes_is_read(text: str) -> None:
    """But for a port that no machine has and an address in brackets that is none, which an expression cannot tell."""
    try:
        written(text)
    except Invalid:
        assert len(text) > 255 or re.match(r"[^/]*:\d+/|\[", text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        found = parse(text, "r.example")
        assert parse(str(found)) == found
