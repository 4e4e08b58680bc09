# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a manifest beside an image is: a signature of a known kind, something foreign, or something that only looks like one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Manifest
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.candidates import (
    COSIGN_SIGNATURE,
    NOTATION,
    in_referrer,
    in_tag,
    tag_of,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.bundle import MEDIA_TYPE as BUNDLE
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Format, Kind, Reason, Rejected

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
LABEL = "dev.sigstore.bundle.predicateType"
SIGN = "https://sigstore.dev/cosign/sign/v1"


def descriptor(media_type: str, digest: str = OTHER, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": 3, **more}


def manifest(media_type: str = IMAGE, **changes: Any) -> Manifest:
    data = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "artifactType": BUNDLE,
        "config": descriptor("application/vnd.oci.empty.v1+json"),
        "layers": [descriptor(BUNDLE)],
        "subject": descriptor(IMAGE, DIGEST),
    }
    data = {name: value for name, value in {**data, **changes}.items() if value is not None}
    body = json.dumps(data).encode()
    return Manifest(f"sha256:{hashlib.sha256(body).hexdigest()}", media_type, body, data)


def old(**changes: Any) -> Manifest:
    return manifest(**{"artifactType": None, "config": descriptor(COSIGN_SIGNATURE), "layers": [descriptor(SIMPLE)], **changes})


def notation(media_type: str, **changes: Any) -> Manifest:
    return old(config=descriptor(NOTATION), layers=[descriptor(media_type)], **changes)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (manifest(schemaVersion=None), Reason.MALFORMED),
        (manifest(schemaVersion=1), Reason.MALFORMED),
        (manifest(schemaVersion="2"), Reason.MALFORMED),
        (manifest(schemaVersion=True), Reason.MALFORMED),
        (manifest(config="x"), Reason.MALFORMED),
        (old(config={"mediaType": COSIGN_SIGNATURE, "digest": "x", "size": 3}), Reason.MALFORMED),
        (manifest(subject=None), Reason.MALFORMED),
        (manifest(subject=DIGEST), Reason.MALFORMED),
        (manifest(subject=descriptor(IMAGE, OTHER)), Reason.WRONG_DIGEST),
        (manifest(subject=descriptor(IMAGE, DIGEST.upper())), Reason.MALFORMED),
        (manifest(layers=None), Reason.MALFORMED),
        (manifest(layers=[]), Reason.MALFORMED),
        (manifest(layers={}), Reason.MALFORMED),
        (manifest(layers=[descriptor(BUNDLE)] * 2), Reason.MALFORMED),
        (manifest(layers=[descriptor("application/json")]), Reason.UNSUPPORTED),
        (manifest(layers=[descriptor(BUNDLE, "md5:" + "a" * 32)]), Reason.MALFORMED),
        (manifest(layers=[descriptor(BUNDLE, size=-1)]), Reason.MALFORMED),
        (manifest(layers=[descriptor(BUNDLE, size=True)]), Reason.MALFORMED),
        (manifest(layers=[descriptor(BUNDLE, size=10**30)]), Reason.MALFORMED),
        (manifest(layers=[descriptor(BUNDLE, annotations={"x": 1})]), Reason.MALFORMED),
        (manifest(annotations=[]), Reason.MALFORMED),
        (manifest(annotations={LABEL: None}), Reason.MALFORMED),
        (manifest(artifactType="application/vnd.dev.sigstore.bundle.v0.2+json"), Reason.UNSUPPORTED),
        (manifest(artifactType="application/vnd.dev.sigstore.bundle+json;version=0.3"), Reason.UNSUPPORTED),
        (old(subject=None), Reason.MALFORMED),
        (old(layers=[descriptor(SIMPLE)] * 51), Reason.TOO_LARGE),
        (notation("application/json"), Reason.UNSUPPORTED),
        (notation("application/cose", subject=descriptor(IMAGE, OTHER)), Reason.WRONG_DIGEST),
    ],
)
def test_what_only_looks_like_a_signature_is_rejected(found: Manifest, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        in_referrer(found, DIGEST)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "found",
    [
        manifest(INDEX),
        manifest("application/vnd.oci.artifact.manifest.v1+json"),
        manifest(artifactType="application/vnd.cyclonedx+json"),
        manifest(artifactType=None),
        manifest(artifactType=["x"]),
        manifest(artifactType=None, config=None),
        manifest(artifactType=None, config="x"),
        manifest(artifactType="application/vnd.cyclonedx+json", config=descriptor(NOTATION)),
    ],
)
def test_what_is_something_else_is_passed_over(found: Manifest) -> None:
    assert in_referrer(found, DIGEST) == ()


@pytest.mark.parametrize(
    ("found", "form", "kind"),
    [
        (manifest(annotations={LABEL: SIGN}), Format.COSIGN_BUNDLE, Kind.SIGNATURE),
        (manifest(annotations={LABEL: "https://cyclonedx.org/bom"}), Format.COSIGN_BUNDLE, Kind.ATTESTATION),
        (manifest(), Format.COSIGN_BUNDLE, None),
        (old(), Format.COSIGN_LEGACY, Kind.SIGNATURE),
        (notation("application/jose+json"), Format.NOTATION_JWS, Kind.SIGNATURE),
        (notation("application/cose"), Format.NOTATION_COSE, Kind.SIGNATURE),
        (notation("application/cose", artifactType=NOTATION), Format.NOTATION_COSE, Kind.SIGNATURE),
    ],
)
def test_a_signature_is_known_by_its_artifact_type(found: Manifest, form: Format, kind: Kind | None) -> None:
    (one,) = in_referrer(found, DIGEST)
    assert (one.format, one.kind, one.layer.digest) == (form, kind, OTHER)
    assert one.where.startswith(f"referrer {found.digest}")


@pytest.mark.parametrize("media_type", [IMAGE, DOCKER])
@pytest.mark.parametrize(("kind", "suffix"), [(Kind.SIGNATURE, ".sig"), (Kind.ATTESTATION, ".att")])
def test_a_tag_of_the_old_format_has_a_candidate_a_layer(media_type: str, kind: Kind, suffix: str) -> None:
    layers = [descriptor(SIMPLE, annotations={"x": "1"}), descriptor(SIMPLE, annotations={"x": "2"})]
    found = in_tag(manifest(media_type, artifactType=None, subject=None, layers=layers), DIGEST, kind)
    tag = f"sha256-{'a' * 64}{suffix}"
    assert [one.where for one in found] == [f"tag {tag}, layer 1", f"tag {tag}, layer 2"]
    candidates = [one.candidate(b"{}") for one in found]
    assert [one.annotations["x"] for one in candidates] == ["1", "2"]
    assert {(one.kind, one.format, one.media_type) for one in candidates} == {(kind, Format.COSIGN_LEGACY, SIMPLE)}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (manifest(INDEX, subject=None), Reason.MALFORMED),
        (manifest(subject=descriptor(IMAGE, OTHER)), Reason.WRONG_DIGEST),
        (manifest(subject=[]), Reason.MALFORMED),
        (manifest(subject=None, layers=[]), Reason.MALFORMED),
        (manifest(subject=None, layers=[descriptor(SIMPLE)] * 51), Reason.TOO_LARGE),
    ],
)
def test_another_thing_under_the_tag_is_rejected(found: Manifest, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        in_tag(found, DIGEST, Kind.SIGNATURE)
    assert caught.value.reason is reason


def test_the_tags_are_those_of_cosign_and_of_the_specification() -> None:
    assert tag_of(DIGEST) == "sha256-" + "a" * 64
    assert tag_of(DIGEST, Kind.SIGNATURE) == "sha256-" + "a" * 64 + ".sig"
    assert tag_of(DIGEST, Kind.ATTESTATION) == "sha256-" + "a" * 64 + ".att"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}"])
def test_an_unlabelled_bundle_that_cannot_be_read_is_seen_among_signatures(content: bytes) -> None:
    (one,) = in_referrer(manifest(), DIGEST)
    assert one.candidate(content).kind is Kind.SIGNATURE
