# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A statement is of a known type, has subjects, and is about an image or is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.statement import parse

A, B = "a" * 64, "b" * 64
V1 = "https://in-toto.io/Statement/v1"
STATEMENT: dict[str, Any] = {
    "_type": V1,
    "subject": [{"name": "shop", "digest": {"sha256": A}}],
    "predicateType": "https://example.com/x",
    "predicate": {},
}


def payload(**changes: Any) -> bytes:
    return json.dumps({name: value for name, value in {**STATEMENT, **changes}.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (payload(_type=...), Reason.MALFORMED),
        (payload(_type=None), Reason.MALFORMED),
        (payload(_type=[V1]), Reason.MALFORMED),
        (payload(_type=V1 + "/"), Reason.UNSUPPORTED),
        (payload(_type="https://in-toto.io/Statement/v2"), Reason.UNSUPPORTED),
        (payload(subject=...), Reason.MALFORMED),
        (payload(subject=[]), Reason.MALFORMED),
        (payload(subject={}), Reason.MALFORMED),
        (payload(subject=["x"]), Reason.MALFORMED),
        (payload(subject=[{"digest": A}]), Reason.MALFORMED),
        (payload(subject=[{"digest": {"sha256": [A]}}]), Reason.MALFORMED),
        (payload(subject=[{"digest": {"sha256": A}, "name": 1}]), Reason.MALFORMED),
        (payload(subject=[{"digest": {"sha256": A}, "annotations": []}]), Reason.MALFORMED),
        (payload(subject=STATEMENT["subject"] * 1001), Reason.TOO_LARGE),
        (payload(predicateType=...), Reason.MALFORMED),
        (payload(predicateType=""), Reason.MALFORMED),
        (b"x", Reason.MALFORMED),
        (b'"x"', Reason.MALFORMED),
    ],
)
def test_what_is_no_statement_is_refused(content: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        parse(content)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("subjects", "reason"),
    [
        ([{"digest": {"sha256": B}}], Reason.WRONG_DIGEST),
        ([{"digest": {}}], Reason.WRONG_DIGEST),
        ([{}], Reason.WRONG_DIGEST),
        ([{"digest": {"sha512": A}}], Reason.WRONG_DIGEST),
        ([{"digest": {"SHA256": A}}], Reason.WRONG_DIGEST),
        ([{"digest": {"sha256": A.upper()}}], Reason.WRONG_DIGEST),
        ([{"name": f"shop@sha256:{A}"}], Reason.WRONG_DIGEST),
        ([{"digest": {"sha256": A}, "name": name} for name in ("x", "y")], Reason.MALFORMED),
    ],
)
def test_what_is_about_something_else_is_refused(subjects: list[Any], reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        parse(payload(subject=subjects)).about(f"sha256:{A}")
    assert caught.value.reason is reason


@pytest.mark.parametrize("kind", [V1, "https://in-toto.io/Statement/v0.1"])
def test_the_subject_with_the_digest_is_found_among_others(kind: str) -> None:
    subjects = [{"digest": {"sha256": B}}, {"digest": {"sha256": A, "sha512": B}, "name": "n", "annotations": {"k": 1}}]
    found = parse(payload(_type=kind, subject=subjects)).about(f"sha256:{A}")
    assert (found.name, dict(found.annotations)) == ("n", {"k": 1})


@pytest.mark.parametrize("predicate", [..., None, "SPDXVersion: SPDX-2.3", [1], {"x": 1}])
def test_a_predicate_is_the_readers_business(predicate: Any) -> None:
    assert not parse(payload(predicate=predicate)).is_signature
