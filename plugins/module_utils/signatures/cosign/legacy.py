# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cosign's format before the bundle (sigstore/cosign, specs/SIGNATURE_SPEC.md), read and not verified.

A signature is a layer with a payload in the "simple signing" form of containers/image; what signs it stands in the layer's
annotations, as do the certificate and the log entry of a keyless one. An attestation is a layer with a DSSE envelope.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from .. import dsse
from ..model import Candidate, Kind, Reason, Rejected
from ..reading import base64_bytes, int64, json_object, malformed, mapping, needed, only, text

SIGNATURE_MEDIA_TYPE: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
ATTESTATION_MEDIA_TYPE: Final = "application/vnd.dsse.envelope.v1+json"
PAYLOAD_TYPE: Final = "cosign container image signature"
SIGNATURE: Final = "dev.cosignproject.cosign/signature"
CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
CHAIN: Final = "dev.sigstore.cosign/chain"
LOG: Final = "dev.sigstore.cosign/bundle"
TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"


@dataclasses.dataclass(frozen=True, slots=True)
class LegacyLogEntry:
    """Rekor's entry as cosign 2 keeps it. `promise` signs the canonical JSON of the four others; `body` is base64, as stored."""

    promise: bytes
    body: str
    integrated_time: int
    log_index: int
    log_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Legacy:
    """One layer. `signed` are the bytes that `signature` is over; `envelope` is set for attestations.

    `notes` are the layer's annotations. What only a keyless signature needs is read from them when it is asked for: a
    signature by a key does not depend on it.
    """

    signed: bytes
    signature: bytes
    envelope: dsse.Envelope | None
    notes: Mapping[str, str]

    @property
    def certificate(self) -> str:
        """The signer's certificate in PEM as stored, empty if there is none."""
        return self.notes.get(CERTIFICATE, "")

    @property
    def chain(self) -> str:
        """The certificates above it in PEM as stored, empty if there are none."""
        return self.notes.get(CHAIN, "")

    def log_entry(self) -> LegacyLogEntry | None:
        """The entry of the transparency log; Rejected if it cannot be read."""
        return _log_entry(self.notes[LOG]) if LOG in self.notes else None

    def timestamp(self) -> bytes | None:
        """The RFC 3161 response (DER); Rejected if it cannot be read."""
        return _timestamp(self.notes[TIMESTAMP]) if TIMESTAMP in self.notes else None


@dataclasses.dataclass(frozen=True, slots=True)
class SimpleSigning:
    """The payload of a signature: the image's digest, and the reference that was signed (`HOST/REPO`, sometimes with a tag)."""

    reference: str
    digest: str
    optional: Mapping[str, Any]


def read(candidate: Candidate) -> Legacy:
    """The layer with the signature over it; Rejected if there is none that can be read."""
    if candidate.kind is Kind.ATTESTATION:
        _of_type(candidate, ATTESTATION_MEDIA_TYPE)
        envelope = dsse.parse(candidate.content, "The envelope")
        return Legacy(envelope.signed, envelope.signature, envelope, candidate.annotations)
    _of_type(candidate, SIGNATURE_MEDIA_TYPE)
    signature = base64_bytes(candidate.annotations.get(SIGNATURE), f"The annotation {SIGNATURE}")
    return Legacy(candidate.content, signature, None, candidate.annotations)


def simple_signing(payload: bytes) -> SimpleSigning:
    """The payload, once it is known who signed it. Its critical part is taken exactly as cosign writes it.

    Its specification says that a reader who does not know a critical field must refuse the signature.
    """
    what = "The signed payload"
    data = json_object(payload, what)
    only(data, ("critical", "optional"), what)
    critical = needed(data, "critical", what)
    kind = text(critical, "type", what)
    if kind != PAYLOAD_TYPE:
        raise Rejected(Reason.NOT_A_SIGNATURE, f"{what} is of another type", f"{kind!r:.60} instead of {PAYLOAD_TYPE!r}")
    only(critical, ("identity", "image", "type"), what)
    identity, image = needed(critical, "identity", what), needed(critical, "image", what)
    only(identity, ("docker-reference",), what)
    only(image, ("docker-manifest-digest",), what)
    return SimpleSigning(
        reference=text(identity, "docker-reference", what),
        digest=text(image, "docker-manifest-digest", what),
        optional=mapping(data, "optional", what) or {},
    )


def _of_type(candidate: Candidate, media_type: str) -> None:
    if candidate.media_type != media_type:
        raise Rejected(
            Reason.UNSUPPORTED, "The layer is of another type", f"{candidate.media_type!r:.80} instead of {media_type}"
        )


def _log_entry(annotation: str) -> LegacyLogEntry:
    what = f"The annotation {LOG}"
    data = json_object(annotation.encode(errors="surrogatepass"), what)
    only(data, ("SignedEntryTimestamp", "Payload"), what)
    payload = needed(data, "Payload", what)
    only(payload, ("body", "integratedTime", "logIndex", "logID"), what)
    body = text(payload, "body", what)
    base64_bytes(body, f"the body of {what}")
    if any(isinstance(payload.get(name), str) for name in ("integratedTime", "logIndex")):
        raise malformed(what, "a number is written as text")
    return LegacyLogEntry(
        promise=base64_bytes(data.get("SignedEntryTimestamp"), f"the promise of {what}"),
        body=body,
        integrated_time=int64(payload, "integratedTime", what),
        log_index=int64(payload, "logIndex", what),
        log_id=text(payload, "logID", what),
    )


def _timestamp(annotation: str) -> bytes:
    what = f"The annotation {TIMESTAMP}"
    data = json_object(annotation.encode(errors="surrogatepass"), what)
    only(data, ("SignedRFC3161Timestamp",), what)
    return base64_bytes(data.get("SignedRFC3161Timestamp"), what)
