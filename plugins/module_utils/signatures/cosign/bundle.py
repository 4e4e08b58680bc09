# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sigstore bundles v0.3 (sigstore/protobuf-specs, sigstore_bundle.proto), read and not verified.

They are proto3 in JSON: a field that is 0, empty or null may be missing, a 64-bit number is text or a number. Unlike proto3's
readers we take one spelling of a field's name and refuse fields that we do not know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from ..dsse import Envelope, envelope_from
from ..model import Reason, Rejected
from ..reading import base64_bytes, int64, items, json_object, malformed, mapping, needed, objects, only, text

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
# What Sigstore's own clients take: more entries or time stamps are an attempt to keep a verifier busy.
_LOG_ENTRIES: Final = 32
_TIMESTAMPS: Final = 32
_HASHES: Final = 64  # a path in a tree of 2^64 leaves


@dataclasses.dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in a log's tree: its index there, the path to the root, and the checkpoint that the log signed."""

    log_index: int
    tree_size: int
    root_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclasses.dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a transparency log. `promise` is the signed entry timestamp, `integrated_time` 0 where the log gives none."""

    log_index: int
    log_id: bytes
    kind: str
    version: str
    integrated_time: int
    body: bytes
    promise: bytes | None
    proof: InclusionProof | None


@dataclasses.dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that holds a DSSE envelope; either `certificate` (DER) or `key_hint` is set.

    The hint tells which key to try first. It is not signed, so it decides nothing.
    """

    envelope: Envelope
    certificate: bytes | None
    key_hint: str | None
    log_entries: tuple[LogEntry, ...]
    timestamps: tuple[bytes, ...]


def parse(content: bytes, what: str = "The bundle") -> Bundle:
    """The bundle in a blob; Rejected as malformed, or as unsupported if it is of another version or holds no envelope."""
    data = json_object(content, what)
    media_type = text(data, "mediaType", what)
    if media_type != MEDIA_TYPE:
        raise Rejected(Reason.UNSUPPORTED, f"{what} is of an unknown version", f"{media_type!r:.100} instead of {MEDIA_TYPE}")
    only(data, ("mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"), what)
    envelope = mapping(data, "dsseEnvelope", what)
    if mapping(data, "messageSignature", what) is not None:
        if envelope is not None:
            raise malformed(what, "it holds an envelope and a message signature")
        raise Rejected(Reason.UNSUPPORTED, f"{what} holds no envelope", "cosign signs images with envelopes, not with messages")
    if envelope is None:
        raise malformed(what, "dsseEnvelope is missing")
    material = needed(data, "verificationMaterial", what)
    known = ("publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData")
    only(material, known, what)
    certificate, hint = _material(material, what)
    return Bundle(
        envelope=envelope_from(envelope, f"The envelope of {what[0].lower()}{what[1:]}"),
        certificate=certificate,
        key_hint=hint,
        log_entries=tuple(_log_entry(entry, what) for entry in objects(material, "tlogEntries", what, _LOG_ENTRIES)),
        timestamps=_timestamps(material, what),
    )


def _material(material: Mapping[str, Any], what: str) -> tuple[bytes | None, str | None]:
    given = [name for name in ("publicKey", "x509CertificateChain", "certificate") if mapping(material, name, what) is not None]
    if given == ["publicKey"]:
        key = needed(material, "publicKey", what)
        only(key, ("hint",), what)
        return None, text(key, "hint", what, default="")
    if given == ["certificate"]:
        certificate = needed(material, "certificate", what)
        only(certificate, ("rawBytes",), what)
        return base64_bytes(certificate.get("rawBytes"), f"the certificate of {what}"), None
    if given == ["x509CertificateChain"]:
        raise malformed(what, "it holds a chain of certificates, which ended with version 0.2")
    raise malformed(what, f"it must name one key or certificate, not {' and '.join(given) or 'none'}")


def _log_entry(entry: Mapping[str, Any], what: str) -> LogEntry:
    what = f"A log entry of {what[0].lower()}{what[1:]}"
    names = ("logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody")
    only(entry, names, what)
    log_id = mapping(entry, "logId", what) or {}
    kind = mapping(entry, "kindVersion", what) or {}
    promise = mapping(entry, "inclusionPromise", what)
    proof = mapping(entry, "inclusionProof", what)
    only(log_id, ("keyId",), what)
    only(kind, ("kind", "version"), what)
    if promise is not None:
        only(promise, ("signedEntryTimestamp",), what)
    return LogEntry(
        log_index=int64(entry, "logIndex", what),
        log_id=base64_bytes(log_id.get("keyId", ""), f"the log id of {what}"),
        kind=text(kind, "kind", what, default=""),
        version=text(kind, "version", what, default=""),
        integrated_time=int64(entry, "integratedTime", what),
        body=base64_bytes(entry.get("canonicalizedBody", ""), f"the body of {what}"),
        promise=None if promise is None else base64_bytes(promise.get("signedEntryTimestamp"), f"the promise of {what}"),
        proof=None if proof is None else _proof(proof, what),
    )


def _proof(proof: Mapping[str, Any], what: str) -> InclusionProof:
    what = f"the inclusion proof of {what}"
    only(proof, ("logIndex", "rootHash", "treeSize", "hashes", "checkpoint"), what)
    checkpoint = mapping(proof, "checkpoint", what) or {}
    only(checkpoint, ("envelope",), what)
    return InclusionProof(
        log_index=int64(proof, "logIndex", what),
        tree_size=int64(proof, "treeSize", what),
        root_hash=base64_bytes(proof.get("rootHash", ""), f"the root of {what}"),
        hashes=tuple(base64_bytes(one, f"a hash of {what}") for one in items(proof, "hashes", what, _HASHES)),
        checkpoint=text(checkpoint, "envelope", what, default=""),
    )


def _timestamps(material: Mapping[str, Any], what: str) -> tuple[bytes, ...]:
    data = mapping(material, "timestampVerificationData", what) or {}
    only(data, ("rfc3161Timestamps",), what)
    found = objects(data, "rfc3161Timestamps", what, _TIMESTAMPS)
    for stamp in found:
        only(stamp, ("signedTimestamp",), what)
    return tuple(base64_bytes(stamp.get("signedTimestamp"), f"a time stamp of {what}") for stamp in found)
