# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every attack on notation's signatures is refused for its reason, and everything that notation made is accepted."""

from __future__ import annotations

import dataclasses
import datetime
import json
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Format, Kind, Reason, Rejected, Subject
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.envelope import ENVELOPE_LIMIT
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, asking_notation

GENUINE = asking_notation.cases("genuine")
ATTACKS = asking_notation.cases("attacks")
NOW = asking_notation.NOW


def expected(entry: dict[str, Any]) -> tuple[list[str], list[str]]:
    return sorted(entry.get("accepted", ())), sorted(entry.get("rejected", ()))


@pytest.mark.parametrize("entry", ATTACKS, ids=asking_notation.name_of)
def test_an_attack_is_refused_for_its_reason(entry: dict[str, Any]) -> None:
    assert asking_notation.answer("attacks", entry) == expected(entry)


@pytest.mark.parametrize("entry", GENUINE, ids=asking_notation.name_of)
def test_what_notation_made_is_accepted(entry: dict[str, Any]) -> None:
    assert asking_notation.answer("genuine", entry) == expected(entry)


@pytest.mark.parametrize(
    "entry",
    [entry for entry in GENUINE if entry["case"] in asking.images(asking_notation.layout("genuine_referrers"))],
    ids=asking_notation.name_of,
)
def test_it_is_the_same_where_the_registry_lists_referrers(entry: dict[str, Any]) -> None:
    assert asking_notation.answer("genuine_referrers", entry) == expected(entry)


@pytest.mark.parametrize("group", ["attacks", "genuine"])
def test_every_image_is_asked_about(group: str) -> None:
    assert {entry["case"] for entry in asking_notation.cases(group)} == set(asking.images(asking_notation.layout(group)))


def test_every_reason_that_a_certificate_can_lead_to_is_tried() -> None:
    tried = {name for entry in (*ATTACKS, *GENUINE) for name in entry.get("rejected", ())}
    assert tried == {
        Reason.MALFORMED,
        Reason.TOO_LARGE,
        Reason.UNSUPPORTED,
        Reason.CONTENT_MISMATCH,
        Reason.WRONG_DIGEST,
        Reason.WRONG_KEY,
        Reason.WRONG_IDENTITY,
        Reason.UNTRUSTED_CERTIFICATE,
        Reason.EXPIRED,
        Reason.REVOKED,
        Reason.REVOCATION_UNKNOWN,
        Reason.NO_TRUSTED_TIME,
        Reason.WRONG_ANNOTATIONS,
        Reason.WRONG_REPOSITORY,
    }


def test_no_signature_vouches_for_another_image() -> None:
    """Each genuine one, shown another image each, at the level that demands least."""
    everything = [asking_notation.beside("genuine", tag) for tag in asking.images(asking_notation.layout("genuine"))]
    for found, other in zip(everything, everything[1:] + everything[:1], strict=True):
        for candidate in found.candidates:
            if asking_notation.answered(candidate, found.subject, "audit"):
                with pytest.raises(Rejected) as caught:
                    asking_notation.signer("audit").verify(candidate, other.subject, {}, NOW)
                assert caught.value.reason is Reason.WRONG_DIGEST


def one(case: str, group: str = "genuine") -> tuple[Any, Subject]:
    found = asking_notation.beside(group, case)
    (candidate,) = found.candidates
    return candidate, found.subject


def reason_of(candidate: Any, subject: Subject, policy: str = "strict") -> Reason:
    with pytest.raises(Rejected) as caught:
        asking_notation.signer(policy).verify(candidate, subject, {}, NOW)
    return caught.value.reason


@pytest.mark.parametrize("form", ["jws", "cose"])
def test_an_envelope_that_is_too_large_is_not_read(form: str) -> None:
    candidate, subject = one(f"{form}-p256")
    huge = dataclasses.replace(candidate, content=candidate.content + b" " * ENVELOPE_LIMIT)
    assert reason_of(huge, subject) is Reason.TOO_LARGE


@pytest.mark.parametrize("form", [Format.COSIGN_BUNDLE, Format.COSIGN_LEGACY])
def test_what_is_in_another_format_is_not_read_as_notations(form: Format) -> None:
    candidate, subject = one("jws-p256")
    assert reason_of(dataclasses.replace(candidate, format=form), subject) is Reason.UNSUPPORTED


def test_notation_attests_nothing() -> None:
    candidate, subject = one("jws-p256")
    assert reason_of(dataclasses.replace(candidate, kind=Kind.ATTESTATION), subject) is Reason.NOT_AN_ATTESTATION


@pytest.mark.parametrize(("form", "made"), [("jws", Format.NOTATION_JWS), ("cose", Format.NOTATION_COSE)])
def test_what_is_verified_is_told(form: str, made: Format) -> None:
    candidate, subject = one(f"{form}-metadata")
    found = asking_notation.signer().verify(candidate, subject, {"env": "prod"}, NOW)
    assert (found.kind, found.format, found.signer, found.role) == (Kind.SIGNATURE, made, "release", "ci")
    assert found.identity == "CN=p256,O=Example,ST=WA,C=US"
    assert dict(found.annotations) == {"env": "prod", "team": "food & drinks"}
    assert (found.where, found.digest, found.statement, found.signed_at) == (candidate.where, candidate.digest, None, None)
    assert not found.notes


def test_the_time_that_is_told_is_the_stamped_one_not_the_signers_word() -> None:
    candidate, subject = one("jws-stamped")
    assert asking_notation.signer("strict").verify(candidate, subject, {}, NOW).signed_at is None
    stamped = asking_notation.signer("stamped").verify(candidate, subject, {}, NOW).signed_at
    assert stamped is not None
    assert stamped.tzinfo is datetime.UTC
    assert stamped < NOW


def test_what_a_signing_authority_says_of_the_time_is_told() -> None:
    candidate, subject = one("signing-authority", "attacks")
    found = asking_notation.signer("authority").verify(candidate, subject, {}, NOW)
    assert found.signed_at == datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("case", "group", "policy", "crls", "words"),
    [
        ("revoked", "genuine", "permissive", "current", ["revocation: The certificate CN=revoked", "is revoked"]),
        ("revocable", "genuine", "permissive", "", ["revocation: Whether CN=revocable", "is not known"]),
        ("revocable", "genuine", "unrevoked", "", ["revocation: not checked", "'images'"]),
        ("jws-expired", "genuine", "permissive", "current", ["expiry: The signature has expired"]),
        ("brief", "genuine", "permissive", "current", ["authenticTimestamp: The certificate CN=brief", "is not valid"]),
        ("mallory", "genuine", "audit", "current", ["authenticity: Neither CN=mallory", "trust store"]),
        ("jws-p256", "genuine", "strict", "", ["CN=p256,O=Example,ST=WA,C=US is revoked cannot be asked"]),
    ],
)
def test_what_a_level_does_not_demand_is_told(case: str, group: str, policy: str, crls: str, words: list[str]) -> None:
    candidate, subject = one(case, group)
    notes = " ".join(asking_notation.signer(policy, crls).verify(candidate, subject, {}, NOW).notes)
    for word in words:
        assert word in notes


@pytest.mark.parametrize("entry", [*ATTACKS, *GENUINE], ids=asking_notation.name_of)
def test_a_rejection_is_one_clean_line(entry: dict[str, Any]) -> None:
    group = "attacks" if entry in ATTACKS else "genuine"
    for error in asking_notation.results(group, entry)[2]:
        sentence = error.sentence()
        assert sentence[0].isupper()
        assert sentence.isprintable()
        assert len(sentence) < 600


WITHOUT_THE_LIBRARY = """
import sys
sys.modules["rfc3161_client"] = None
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MissingLibrary
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_notation
assert asking_notation.answer("genuine", {"case": "jws-stamped"}) == (["notation_jws"], [])
try:
    asking_notation.answer("genuine", {"case": "jws-stamped", "policy": "stamped"})
except MissingLibrary as error:
    print(error.sentence())
"""


def test_without_the_library_for_time_stamps_it_is_said_which_is_missing() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_THE_LIBRARY], capture_output=True, text=True, check=True)
    assert "rfc3161-client is needed to verify time stamps" in done.stdout


def test_the_fixtures_hold_no_private_key() -> None:
    for path in asking_notation.NOTATION.rglob("*"):
        if path.is_file():
            assert b"PRIVATE KEY" not in path.read_bytes()


def test_the_policies_are_what_the_tool_reads() -> None:
    for path in (asking_notation.NOTATION / "policies").iterdir():
        assert json.loads(path.read_text())["version"] == "1.0"
