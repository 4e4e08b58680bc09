# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Genuine artefacts, bent at random, are rejected, or verify with exactly the bytes that were signed."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Manifest
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.strict_json import parse_object
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures import candidates
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign import legacy
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.content import read
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.keyed import verify_with_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Candidate, Kind, Rejected, Subject
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, mutating

GENUINE = asking.layout("genuine")
# Image, key: one of each format and kind, with every signature algorithm among them.
SAMPLES = (
    ("bundle-annotations", "p256"),
    ("bundle-p384", "p384"),
    ("bundle-rsa2048", "rsa2048"),
    ("bundle-ed25519", "ed25519"),
    ("legacy-annotations", "p256"),
    ("legacy-p521-cosign3", "p521"),
    ("legacy-ed25519-cosign2", "ed25519"),
    ("attestation-bundle-rsa2048", "rsa2048"),
    ("attestation-legacy-p384", "p384"),
)


@dataclasses.dataclass(frozen=True)
class Sample:
    candidate: Candidate
    subject: Subject
    key: str

    def claims(self, candidate: Candidate) -> tuple[Any, ...] | None:
        """What a candidate proves about the sample's image by its key; None if it is rejected. Any other end is a defect."""
        try:
            made = verify_with_key(candidate, self.subject, asking.key(self.key), "release", "ci")
        except Rejected:
            return None
        return made.kind, dict(made.annotations), made.statement, made.identity


def sample(image: str, key: str) -> Sample:
    found = asking.beside(GENUINE, image)
    return Sample(found.candidates[0], found.subject, key)


ALL = tuple(sample(*one) for one in SAMPLES)
each_sample = pytest.mark.parametrize("genuine", ALL, ids=[image for image, _key in SAMPLES])


@each_sample
def test_the_samples_verify(genuine: Sample) -> None:
    assert genuine.claims(genuine.candidate)


@each_sample
@given(data=st.data())
def test_bent_content_verifies_only_with_the_bytes_that_were_signed(genuine: Sample, data: st.DataObject) -> None:
    """The rest of a bundle may change and it may still verify: white space, hints, key ids, log entries are not signed."""
    others = [one.candidate.content for one in ALL]
    content = data.draw(mutating.bent(genuine.candidate.content, *others))
    bent = dataclasses.replace(genuine.candidate, content=content)
    claims = genuine.claims(bent)
    if claims is not None:
        assert read(bent).signed == read(genuine.candidate).signed
        assert claims == genuine.claims(genuine.candidate)


@each_sample
@given(data=st.data())
def test_what_was_signed_cannot_change_at_all(genuine: Sample, data: st.DataObject) -> None:
    """The signed payload is bent and put back with everything else as it was: never verified."""
    candidate = genuine.candidate
    if candidate.kind is Kind.SIGNATURE and candidate.media_type == legacy.SIGNATURE_MEDIA_TYPE:
        content = data.draw(mutating.bent(candidate.content))
        changed = content != candidate.content
    else:
        value = json.loads(candidate.content)
        envelope = value.get("dsseEnvelope", value)
        payload = base64.b64decode(envelope["payload"])
        new = data.draw(mutating.bent(payload))
        envelope["payload"] = base64.b64encode(new).decode()
        content, changed = json.dumps(value).encode(), new != payload
    if changed:
        assert genuine.claims(dataclasses.replace(candidate, content=content)) is None


@each_sample
@given(data=st.data())
def test_a_bent_signature_or_annotation_changes_no_claim(genuine: Sample, data: st.DataObject) -> None:
    notes = {name: data.draw(mutating.bent_bytes(value.encode())) for name, value in genuine.candidate.annotations.items()}
    bent = dataclasses.replace(genuine.candidate, annotations={name: value.decode("latin-1") for name, value in notes.items()})
    assert genuine.claims(bent) in (None, genuine.claims(genuine.candidate))


@given(data=st.data())
def test_parts_of_genuine_bundles_put_together_prove_nothing_new(data: st.DataObject) -> None:
    bundles = [json.loads(one.candidate.content) for one in ALL if "dsseEnvelope" in one.candidate.content.decode()]
    envelopes = [bundle["dsseEnvelope"] for bundle in bundles]
    made = {
        **data.draw(st.sampled_from(bundles)),
        "dsseEnvelope": {name: data.draw(st.sampled_from(envelopes))[name] for name in ("payload", "payloadType", "signatures")},
    }
    whole = made["dsseEnvelope"] in envelopes
    for one in ALL:
        for kind in Kind:
            candidate = dataclasses.replace(ALL[0].candidate, content=json.dumps(made).encode(), kind=kind)
            if (claims := one.claims(candidate)) is not None:
                assert whole
                assert claims == one.claims(one.candidate)


@given(content=st.binary(max_size=300) | mutating.JSON.map(lambda value: json.dumps(value).encode()), kind=st.sampled_from(Kind))
def test_anything_at_all_is_rejected(content: bytes, kind: Kind) -> None:
    for one in ALL[:6]:
        for media_type in (legacy.SIGNATURE_MEDIA_TYPE, legacy.ATTESTATION_MEDIA_TYPE):
            candidate = dataclasses.replace(one.candidate, content=content, kind=kind, media_type=media_type)
            assert one.claims(candidate) is None


def manifests() -> list[tuple[Manifest, str]]:
    """Some genuine manifests beside images, and the image's digest."""
    found = []
    for image, _key in SAMPLES:
        target = GENUINE.manifest(image)
        assert target
        for reference in (
            *(listed.digest for listed in GENUINE.referrers(target.digest)),
            *(candidates.tag_of(target.digest, kind) for kind in Kind),
        ):
            if (manifest := GENUINE.manifest(reference)) is not None:
                found.append((manifest, target.digest))
    return found


MANIFESTS = manifests()


@pytest.mark.parametrize(("genuine", "digest"), MANIFESTS, ids=[manifest.digest[7:15] for manifest, _digest in MANIFESTS])
@given(data=st.data())
def test_a_bent_manifest_is_sorted_or_rejected(genuine: Manifest, digest: str, data: st.DataObject) -> None:
    body = data.draw(mutating.bent(genuine.body, *(manifest.body for manifest, _digest in MANIFESTS)))
    with contextlib.suppress(Invalid, Rejected):
        parsed = parse_object(body, "it")
        bent = Manifest(genuine.digest, genuine.media_type, body, parsed)
        for found in candidates.in_referrer(bent, digest):
            assert parsed["subject"]["digest"] == digest
            assert found.layer.digest in {layer["digest"] for layer in parsed["layers"]}
        for kind in Kind:
            for found in candidates.in_tag(bent, digest, kind):
                assert found.candidate(b"").kind is kind
