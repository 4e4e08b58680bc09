# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No spelling of a registered secret survives the one way out."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import MASK, Secrets

SECRET = 'p"ss/w+rd\\with é&=%'

SPELLINGS = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET),
    "in JSON without ASCII escapes": json.dumps(SECRET, ensure_ascii=False),
    "as Python shows it": repr(SECRET),
    "in a URL path": urllib.parse.quote(SECRET, safe=""),
    "in a query": urllib.parse.urlencode({"key": SECRET}),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
    "in URL-safe base64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "in hexadecimal": SECRET.encode().hex(),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_every_common_spelling_is_masked(spelling: str) -> None:
    clean = Secrets([SECRET]).scrub(f"could not connect: {spelling} was refused")
    assert spelling not in clean
    assert MASK in clean


def test_keys_lists_and_nested_values_are_masked_and_the_input_is_left_alone() -> None:
    given_value = {"msg": [f"url=postgres://u:{SECRET}@h/d", {SECRET: 1}], "n": 3, "none": None}
    before = json.dumps(given_value)
    assert SECRET not in json.dumps(Secrets([SECRET]).scrub(given_value), ensure_ascii=False)
    assert json.dumps(given_value) == before


def test_a_secret_inside_another_leaves_no_tail() -> None:
    assert Secrets(["abcdef", "abcdef-and-more"]).scrub("x abcdef-and-more y") == f"x {MASK} y"


def test_a_short_secret_does_not_mangle_words_but_is_masked_alone() -> None:
    secrets = Secrets(["x"])
    assert secrets.scrub("Exception") == "Exception"
    assert secrets.scrub("x") == MASK


def test_each_line_of_a_private_key_is_masked() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----"
    assert "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" not in Secrets([key]).scrub("line 2: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")


@given(secret=st.text(min_size=6, max_size=40), around=st.text(max_size=20))
def test_no_text_around_it_brings_it_back(secret: str, around: str) -> None:
    clean = Secrets([secret]).scrub({"a": [around + secret + around]})["a"][0]
    assert secret not in clean.replace(MASK, "") or secret in around


def test_what_is_registered_after_a_first_look_is_masked_too() -> None:
    secrets = Secrets(["first-secret-of-all"])
    assert "second" in secrets.scrub_text("the second-secret is not known yet")
    secrets.register("second-secret")
    assert secrets.scrub_text("second-secret, first-secret-of-all") == "********, ********"
    assert secrets.scrub_text("second-secret") == "********"
