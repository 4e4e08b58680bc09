# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Genuine envelopes, bent at random, are rejected, or verify with exactly the bytes that were signed."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import (
    Candidate,
    Format,
    Reason,
    Rejected,
    Subject,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import (
    cbor,
    cose,
    jws,
    names,
    time_stamp_token,
    trust_policy,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.envelope import TIMESTAMP, Envelope
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_notation, mutating, notation_forge

NOW = asking_notation.NOW
# Image, policy: both forms, every key kind, time stamps, metadata and longer chains among them.
SAMPLES = (
    ("jws-metadata", "strict"),
    ("jws-rsa2048", "strict"),
    ("jws-p521", "strict"),
    ("jws-intermediate", "strict"),
    ("jws-stamped", "stamped"),
    ("cose-metadata", "strict"),
    ("cose-rsa3072", "strict"),
    ("cose-p384", "strict"),
    ("cose-expiry", "strict"),
    ("cose-stamped", "stamped"),
)
PARSERS = {Format.NOTATION_JWS: jws.parse, Format.NOTATION_COSE: cose.parse}


@dataclasses.dataclass(frozen=True)
class Sample:
    candidate: Candidate
    subject: Subject
    policy: str

    def claims(self, content: bytes) -> tuple[Any, ...] | None:
        """What other bytes in its place prove; None if they are rejected. Any other end is a defect."""
        candidate = dataclasses.replace(self.candidate, content=content)
        try:
            made = asking_notation.signer(self.policy).verify(candidate, self.subject, {}, NOW)
        except Rejected:
            return None
        return made.identity, dict(made.annotations), made.signed_at, made.notes

    def signed(self, content: bytes) -> tuple[bytes, bytes]:
        read: Envelope = PARSERS[self.candidate.format](content)
        return read.signed, read.payload


def sample(image: str, policy: str) -> Sample:
    found = asking_notation.beside("genuine", image)
    return Sample(found.candidates[0], found.subject, policy)


ALL = tuple(sample(*one) for one in SAMPLES)
each = pytest.mark.parametrize("genuine", ALL, ids=[image for image, _unused in SAMPLES])
JWS = [one for one in ALL if one.candidate.format is Format.NOTATION_JWS]
COSE = [one for one in ALL if one.candidate.format is Format.NOTATION_COSE]


def same_or_rejected(genuine: Sample, content: bytes) -> None:
    claims = genuine.claims(content)
    if claims is not None:
        original = genuine.candidate.content
        assert genuine.signed(content) == genuine.signed(original)
        assert claims == genuine.claims(original)


@each
def test_the_samples_verify(genuine: Sample) -> None:
    assert genuine.claims(genuine.candidate.content)


@each
@given(data=st.data())
def test_bent_bytes_verify_only_with_what_was_signed(genuine: Sample, data: st.DataObject) -> None:
    same_or_rejected(genuine, data.draw(mutating.bent_bytes(genuine.candidate.content)))


@pytest.mark.parametrize("genuine", JWS, ids=lambda one: one.candidate.where[-8:])
@given(data=st.data())
def test_a_bent_jws_verifies_only_with_what_was_signed(genuine: Sample, data: st.DataObject) -> None:
    value = json.loads(genuine.candidate.content)
    others = tuple(json.loads(one.candidate.content) for one in JWS)
    bent = data.draw(mutating.bent_json(value, others))
    same_or_rejected(genuine, json.dumps(bent).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("genuine", JWS, ids=lambda one: one.candidate.where[-8:])
@given(data=st.data())
def test_what_a_jws_signed_cannot_change_at_all(genuine: Sample, data: st.DataObject) -> None:
    """Payload or protected header, bent and put back with everything else as it was: never verified."""
    value = json.loads(genuine.candidate.content)
    name = data.draw(st.sampled_from(("payload", "protected")))
    original = notation_forge.unb64url(value[name])
    bent = data.draw(mutating.bent(original))
    if bent != original:
        assert genuine.claims(json.dumps({**value, name: notation_forge.b64url(bent)}).encode()) is None


def plain(value: Any) -> Any:
    """CBOR as our reader has it, for the fixtures' encoder."""
    if isinstance(value, cbor.Tagged):
        return notation_forge.Tag(value.number, plain(value.value))
    if isinstance(value, list):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("genuine", COSE, ids=lambda one: one.candidate.where[-8:])
@given(data=st.data())
def test_what_a_cose_signed_cannot_change_at_all(genuine: Sample, data: st.DataObject) -> None:
    parts = plain(cbor.decode(genuine.candidate.content, "it")).value
    which = data.draw(st.sampled_from((0, 2)))
    bent = data.draw(mutating.bent_bytes(parts[which]))
    if bent != parts[which]:
        parts = [*parts[:which], bent, *parts[which + 1 :]]
        assert genuine.claims(notation_forge.cbor(notation_forge.Tag(18, parts))) is None


@pytest.mark.parametrize("genuine", COSE, ids=lambda one: one.candidate.where[-8:])
@given(data=st.data())
def test_parts_of_genuine_ones_put_together_prove_nothing_new(genuine: Sample, data: st.DataObject) -> None:
    donors = [plain(cbor.decode(one.candidate.content, "it")).value for one in COSE]
    parts = [data.draw(st.sampled_from(donors))[number] for number in range(4)]
    same_or_rejected(genuine, notation_forge.cbor(notation_forge.Tag(18, parts)))


@each
@given(data=st.data())
def test_a_bent_time_stamp_proves_no_other_time(genuine: Sample, data: st.DataObject) -> None:
    if genuine.policy != "stamped":
        return
    if genuine in JWS:
        value = json.loads(genuine.candidate.content)
        token = data.draw(mutating.bent_bytes(base64.b64decode(value["header"][TIMESTAMP])))
        value["header"][TIMESTAMP] = base64.b64encode(token).decode()
        content = json.dumps(value).encode()
    else:
        tagged = plain(cbor.decode(genuine.candidate.content, "it"))
        tagged.value[1][TIMESTAMP] = data.draw(mutating.bent_bytes(tagged.value[1][TIMESTAMP]))
        content = notation_forge.cbor(tagged)
    same_or_rejected(genuine, content)


@settings(max_examples=300)
@given(content=st.binary(max_size=300) | mutating.JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_at_all_is_rejected(content: bytes) -> None:
    for one in (ALL[0], COSE[0]):
        assert one.claims(content) is None


@given(st.data())
def test_a_token_is_read_or_refused(data: st.DataObject) -> None:
    envelope = jws.parse(sample("jws-stamped", "stamped").candidate.content)
    assert envelope.timestamp
    token = data.draw(mutating.bent_bytes(envelope.timestamp) | st.binary(max_size=100))
    try:
        found = time_stamp_token.parse(token)
    except Rejected as error:
        assert error.reason is Reason.NO_TRUSTED_TIME
    else:
        # Only the certificates may be in another order; nothing is lost or added.
        assert sorted(found.response[-len(token) :]) == sorted(token)


POLICIES = [path.read_bytes() for path in sorted((asking_notation.NOTATION / "policies").iterdir())]


@given(st.data())
def test_a_bent_trust_policy_is_read_or_refused(data: st.DataObject) -> None:
    content = data.draw(mutating.bent(data.draw(st.sampled_from(POLICIES)), *POLICIES))
    try:
        found = trust_policy.parse(content, "it")
    except Invalid:
        return
    scopes = [scope for statement in found.statements for scope in statement.scopes]
    assert len(scopes) == len(set(scopes))
    for statement in found.statements:
        assert statement.stores
        assert statement.actions[trust_policy.Check.AUTHENTICITY] is trust_policy.Action.ENFORCE


@given(st.text(max_size=60) | st.text('CSTOUN=,;+\\# "ab', max_size=60))
def test_a_name_is_read_or_refused(text: str) -> None:
    try:
        found = names.parse(text, "it")
    except Invalid:
        return
    assert set(names.MANDATORY) <= set(found)
    assert all(found.values())
