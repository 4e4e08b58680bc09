# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A pattern fits the whole text or nothing, means what Python's `re` takes it for, and takes no time with any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.pattern import (
    TEXT_LIMIT,
    compile_pattern,
)

WORKFLOW = r"^https://github\.com/example/[^/]+/\.github/workflows/release\.ya?ml@refs/(heads/main|tags/v[0-9]+(\.\d{1,3}){2})$"

REFUSED = [
    ("", "begin"),
    ("example", "begin"),
    ("^example", "end"),
    ("example$", "begin"),
    (r"^example\$", "end"),
    ("^a|b$", "alternatives"),
    ("^a$|^b$", "behind"),
    ("^a$b$", "behind"),
    ("^a$\n", "behind"),
    ("^^a$", "middle"),
    ("^(^a)$", "middle"),
    ("^(a$)$", "not closed"),
    ("^(a$", "not closed"),
    ("^a)$", "end"),
    ("^(?i)a$", "extension"),
    ("^(?=a)a$", "extension"),
    ("^(?P<n>a)(?P=n)$", "extension"),
    (r"^(a)\1$", "same everywhere"),
    (r"^\Aa\Z$", "same everywhere"),
    (r"^a\b$", "same everywhere"),
    (r"^\x41$", "same everywhere"),
    (r"^\p{L}$", "same everywhere"),
    ("^a\\", "same everywhere"),
    ("^a**$", "side by side"),
    ("^a*?$", "side by side"),
    ("^a++$", "side by side"),
    ("^a{2}{3}$", "side by side"),
    ("^*a$", "repeats"),
    ("^a{$", "count"),
    ("^a{x}$", "count"),
    ("^a{,3}$", "count"),
    ("^a{1,2,3}$", "count"),
    ("^a{3,2}$", "rise"),
    ("^a{0}$", "rise"),
    ("^a{1000}$", "rise"),
    ("^(((a{100}){100}){100}){100}$", "too large"),
    ("^(a|)$", "empty"),
    ("^()$", "empty"),
    ("^[$", "not closed"),
    ("^[]$", "empty"),
    ("^[a$", "not closed"),
    ("^[z-a]$", "rise"),
    (r"^[\d-z]$", "rise"),
    (r"^[\W]$", "inside"),
    ("^[[:alpha:]]$", "not closed"),
    ("^[a&&b]$", "set operation"),
    ("^" + "(" * 9 + "a" + ")" * 9 + "$", "nested"),
    ("^" + "a" * 500 + "$", "characters"),
    ("^.*$", "anybody"),
    ("^.+$", "anybody"),
    ("^(.|x)*$", "anybody"),
    (r"^[\w\-.:/@]+$", "anybody"),
    (r"^.{1,100}$", "anybody"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_unanchored_or_unclear_is_refused_when_it_is_read(text: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        compile_pattern(text, "signers.ci.identity_regexp")
    assert why in refused.value.sentence()
    assert refused.value.what.startswith("signers.ci.identity_regexp")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("https://github.com/example/where2eat/.github/workflows/release.yml@refs/heads/main", True),
        ("https://github.com/example/where2eat/.github/workflows/release.yaml@refs/tags/v12.0.3", True),
        ("https://github.com/example/where2eat/.github/workflows/release.yml@refs/tags/v12.0", False),
        ("https://github.com/example/where2eat/.github/workflows/release.yml@refs/heads/main2", False),
        ("https://github.com/example/a/b/.github/workflows/release.yml@refs/heads/main", False),
        ("https://githubxcom/example/where2eat/.github/workflows/release.yml@refs/heads/main", False),
        ("xhttps://github.com/example/where2eat/.github/workflows/release.yml@refs/heads/main", False),
        ("https://github.com/example/where2eat/.github/workflows/release.yml@refs/heads/main\n", False),
        ("", False),
    ],
)
def test_it_fits_the_whole_text(text: str, fits: bool) -> None:
    assert compile_pattern(WORKFLOW, "here").matches(text) is fits


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+b$", "^(a|a)*b$", "^(a|aa)+b$", "^(.*a){20}b$", "^(a?){50}a{50}b$", "^.*.*.*.*.*.*=.*b$", "^(([a-z])+.)+[A-Z]b$"],
)
def test_the_longest_text_is_answered_whatever_the_pattern(pattern: str) -> None:
    """Python's own engine needs longer than the sun has for some of these."""
    assert not compile_pattern(pattern, "here").matches("a" * TEXT_LIMIT)


def test_longer_text_never_fits() -> None:
    pattern = compile_pattern("^a*$", "here")
    assert pattern.matches("a" * TEXT_LIMIT)
    assert not pattern.matches("a" * (TEXT_LIMIT + 1))


ATOMS = st.sampled_from(["a", "b", "c", r"\.", ".", r"\d", r"\w", r"\S", "[ab]", "[^a]", "[a-c1]", r"[\d_]", "-", "é", "/"])
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{1,}"])).map(lambda pair: f"({pair[0]}){pair[1]}"),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(tree=TREES, text=st.text(alphabet="abc1._-é/ \n", max_size=8))
def test_it_means_what_python_takes_it_for(tree: str, text: str) -> None:
    try:
        pattern = compile_pattern(f"^x?{tree}$", "here")
    except Invalid as error:
        assert "anybody" in str(error) or "too large" in str(error)
        return
    assert pattern.matches(text) is bool(re.fullmatch(f"x?{tree}", text, re.ASCII))


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="^$ab()[]{}|*+?.\\-,0123", max_size=12))
def test_what_is_taken_python_takes_too(text: str) -> None:
    try:
        compile_pattern(f"^{text}$", "here")
    except Invalid:
        return
    re.compile(f"^{text}$")
