# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Genuine keyless signatures, bent at random, are rejected, or prove exactly what they proved before."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign import legacy
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.content import read
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless import certificate, claims, tree
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.timestamps import stamped
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.trusted_root import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Candidate, Rejected, Subject
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, asking_keyless, mutating

GENUINE = asking_keyless.layout("genuine")
IMAGES = (
    "bundle-rekor1-tsa",
    "bundle-rekor2-tsa",
    "attestation-rekor1",
    "legacy-cosign2",
    "legacy-attestation-intoto",
)


@dataclasses.dataclass(frozen=True)
class Sample:
    candidate: Candidate
    subject: Subject

    def proves(self, candidate: Candidate, **entry: Any) -> tuple[Any, ...] | None:
        """What a candidate proves about the sample's image; None if it is rejected. Any other end is a defect."""
        try:
            made = asking_keyless.verify(candidate, self.subject, entry)
        except Rejected:
            return None
        return made.kind, made.identity, dict(made.claims), dict(made.annotations), made.statement


def sample(image: str) -> Sample:
    found = asking.beside(GENUINE, image)
    return Sample(found.candidates[0], found.subject)


ALL = tuple(map(sample, IMAGES))
BUNDLES = ALL[:3]
each_sample = pytest.mark.parametrize("genuine", ALL, ids=IMAGES)


@each_sample
def test_the_samples_verify(genuine: Sample) -> None:
    assert genuine.proves(genuine.candidate)


@each_sample
@given(data=st.data())
def test_bent_content_proves_nothing_new(genuine: Sample, data: st.DataObject) -> None:
    content = data.draw(mutating.bent(genuine.candidate.content, *(one.candidate.content for one in ALL)))
    bent = dataclasses.replace(genuine.candidate, content=content)
    assert genuine.proves(bent) in (None, genuine.proves(genuine.candidate))
    if genuine.proves(bent):
        assert read(bent).signed == read(genuine.candidate).signed


@each_sample
@given(data=st.data())
def test_bent_annotations_prove_nothing_new(genuine: Sample, data: st.DataObject) -> None:
    notes = dict(genuine.candidate.annotations)
    for name in data.draw(st.lists(st.sampled_from(sorted(notes) or ["none"]), max_size=2, unique=True)):
        if name in notes:
            notes[name] = data.draw(mutating.bent_bytes(notes[name].encode())).decode("latin-1")
    bent = dataclasses.replace(genuine.candidate, annotations=notes)
    assert genuine.proves(bent) in (None, genuine.proves(genuine.candidate))


@given(data=st.data())
def test_parts_of_genuine_bundles_put_together_prove_nothing_new(data: st.DataObject) -> None:
    """Certificates, entries, proofs, promises, stamps and envelopes of several, mixed: only what belongs together verifies."""
    found = [json.loads(one.candidate.content) for one in BUNDLES]
    made = json.loads(BUNDLES[data.draw(st.integers(0, 2))].candidate.content)
    material = made["verificationMaterial"]
    entry = material["tlogEntries"][0]
    for holder, name in (
        (made, "dsseEnvelope"),
        (material, "certificate"),
        (material, "tlogEntries"),
        (material, "timestampVerificationData"),
        *(
            (entry, name)
            for name in ("logIndex", "logId", "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody")
        ),
    ):
        other = data.draw(st.sampled_from(found))
        source = other if holder is made else other["verificationMaterial"]
        source = source["tlogEntries"][0] if holder is entry else source
        if name in source and data.draw(st.booleans()):
            holder[name] = source[name]
    for one in BUNDLES:
        proven = one.proves(dataclasses.replace(one.candidate, content=json.dumps(made).encode()))
        assert proven in (None, one.proves(one.candidate))


@given(content=st.binary(max_size=300) | mutating.JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_at_all_is_rejected(content: bytes) -> None:
    for one in ALL:
        assert one.proves(dataclasses.replace(one.candidate, content=content)) is None


CERTIFICATE = read(ALL[0].candidate).bundle.certificate or b""


@given(der=mutating.bent_bytes(CERTIFICATE) | st.binary(max_size=200))
def test_a_bent_certificate_is_read_or_rejected(der: bytes) -> None:
    try:
        signer = certificate.read(der)
        claims.holder_of(signer.certificate.extensions)
    except Rejected:
        return
    if der != CERTIFICATE:
        root = asking_keyless.root("trusted_root")
        with pytest.raises(Rejected):
            certificate.believed(signer, root.authorities, ())


STAMP = read(ALL[0].candidate).bundle.timestamps[0]


@given(response=mutating.bent_bytes(STAMP) | st.binary(max_size=200))
def test_a_bent_time_stamp_proves_the_same_time_or_none(response: bytes) -> None:
    message, authorities = read(ALL[0].candidate).signature, asking_keyless.root("trusted_root").time_authorities
    genuine = stamped((STAMP,), message, authorities)
    assert genuine
    assert stamped((response,), message, authorities) in ((), genuine)


@given(
    pem=st.text(max_size=100)
    | mutating.bent_bytes(read(ALL[3].candidate).legacy.chain.encode()).map(lambda raw: raw.decode("latin-1"))
)
def test_a_bent_chain_is_read_or_rejected(pem: str) -> None:
    try:
        certificate.pem_chain(pem, "The chain")
    except Rejected:
        return


NOTE = read(ALL[0].candidate).bundle.log_entries[0].proof.checkpoint


@given(note=st.text(max_size=200) | mutating.bent_bytes(NOTE.encode()).map(lambda raw: raw.decode("utf-8", "replace")))
def test_a_bent_checkpoint_is_not_the_logs(note: str) -> None:
    try:
        found = tree.read_checkpoint(note)
    except Rejected:
        return
    logs = asking_keyless.root("trusted_root").logs
    if found.signed != NOTE.partition("\n\n")[0].encode() + b"\n":
        assert not any(tree.signed_by(found, log) for log in logs)


@given(data=mutating.bent((asking_keyless.KEYLESS / "trusted_root.json").read_bytes()))
def test_a_bent_root_is_read_or_refused(data: bytes) -> None:
    try:
        parse(data, "here")
    except Invalid:
        return


def test_an_old_signatures_annotations_are_all_read() -> None:
    """What the fuzzing above bends is what matters: without one of them it does not verify."""
    genuine = ALL[3]
    for name in (legacy.SIGNATURE, legacy.CERTIFICATE, legacy.LOG):
        notes = {key: value for key, value in genuine.candidate.annotations.items() if key != name}
        assert genuine.proves(dataclasses.replace(genuine.candidate, annotations=notes)) is None
    assert base64.b64decode(genuine.candidate.annotations[legacy.SIGNATURE])
