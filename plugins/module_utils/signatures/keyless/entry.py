# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an entry of a log is about: it must be this signature, by this certificate, over this content, and nothing else.

An entry that is real but of another signature proves nothing (CVE-2022-36056). The kinds are Rekor's (sigstore/rekor, pkg/types;
sigstore/rekor-tiles for 0.0.2 of hashedrekord and dsse): each names the certificate, the signature and a hash of the content.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..cosign.content import Content
from ..dsse import Envelope
from ..model import Reason, Rejected
from ..reading import base64_bytes, json_object, needed, objects, only, text
from .certificate import Signer, pem_chain

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography.hazmat.primitives.serialization import Encoding

_WHAT: Final = "The log entry"
_HASHES: Final = ("sha256", "sha384", "sha512")
_HASHES_V2: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_PAYLOAD_HASH: Final = ("sha256",)


def about(body: bytes, content: Content, signer: Signer) -> tuple[str, str]:
    """Kind and version of the entry with this body; Rejected if it is not about the content's signature by the signer."""
    data = json_object(body, _WHAT)
    only(data, ("apiVersion", "kind", "spec"), _WHAT)
    kind, version = text(data, "kind", _WHAT), text(data, "apiVersion", _WHAT)
    compare = _KINDS.get((kind, version))
    if compare is None:
        known = ", ".join(f"{name} {number}" for name, number in _KINDS)
        raise Rejected(
            Reason.UNSUPPORTED, f"{_WHAT} is of a kind that is not known", f"{kind!r:.40} {version!r:.20}, known are {known}"
        )
    compare(needed(data, "spec", _WHAT), content, signer)
    return kind, version


def _hashedrekord(spec: Mapping[str, Any], content: Content, signer: Signer) -> None:
    if content.envelope is not None:
        raise _other("it is of plain content, and this is an envelope")
    only(spec, ("data", "signature"), _WHAT)
    signature = needed(spec, "signature", _WHAT)
    only(signature, ("content", "publicKey"), _WHAT)
    _same_hash(needed(needed(spec, "data", _WHAT), "hash", _WHAT), _HASHES, content.signed)
    _same_signature(base64_bytes(signature.get("content"), f"the signature of {_WHAT}"), content)
    _same_certificate(_pem(needed(signature, "publicKey", _WHAT).get("content")), signer)


def _hashedrekord_v2(spec: Mapping[str, Any], content: Content, signer: Signer) -> None:
    only(spec, ("hashedRekordV002",), _WHAT)
    inner = needed(spec, "hashedRekordV002", _WHAT)
    only(inner, ("data", "signature"), _WHAT)
    _same_hash_v2(needed(inner, "data", _WHAT), content.signed)
    _same_signature_v2(needed(inner, "signature", _WHAT), content, signer)


def _dsse(spec: Mapping[str, Any], content: Content, signer: Signer) -> None:
    # The hash of the envelope is of JSON as it was sent to the log, which nobody keeps; the rest says all of it.
    only(spec, ("envelopeHash", "payloadHash", "signatures"), _WHAT)
    _same_hash(needed(spec, "payloadHash", _WHAT), _PAYLOAD_HASH, _envelope(content).payload)
    signature = _single(objects(spec, "signatures", _WHAT, most=16))
    only(signature, ("signature", "verifier"), _WHAT)
    _same_signature(base64_bytes(signature.get("signature"), f"the signature of {_WHAT}"), content)
    _same_certificate(_pem(signature.get("verifier")), signer)


def _dsse_v2(spec: Mapping[str, Any], content: Content, signer: Signer) -> None:
    only(spec, ("dsseV002",), _WHAT)
    inner = needed(spec, "dsseV002", _WHAT)
    only(inner, ("payloadHash", "signatures"), _WHAT)
    _same_hash_v2(needed(inner, "payloadHash", _WHAT), _envelope(content).payload)
    _same_signature_v2(_single(objects(inner, "signatures", _WHAT, most=16)), content, signer)


def _intoto(spec: Mapping[str, Any], content: Content, signer: Signer) -> None:
    only(spec, ("content",), _WHAT)
    inner = needed(spec, "content", _WHAT)
    only(inner, ("envelope", "hash", "payloadHash"), _WHAT)
    envelope = needed(inner, "envelope", _WHAT)
    only(envelope, ("payloadType", "signatures"), _WHAT)
    _same_hash(needed(inner, "payloadHash", _WHAT), _PAYLOAD_HASH, _envelope(content).payload)
    if text(envelope, "payloadType", _WHAT) != _envelope(content).payload_type:
        raise _other("its payload is of another type")
    signature = _single(objects(envelope, "signatures", _WHAT, most=16))
    only(signature, ("keyid", "publicKey", "sig"), _WHAT)
    # Twice base64: the log encodes the envelope's text once more.
    inside = base64_bytes(signature.get("sig"), f"the signature of {_WHAT}").decode("latin-1")
    _same_signature(base64_bytes(inside, f"the signature of {_WHAT}"), content)
    _same_certificate(_pem(signature.get("publicKey")), signer)


def _intoto_v1(spec: Mapping[str, Any], content: Content, signer: Signer) -> None:
    # It names no signature but the hash of the envelope with the signature in it, as the log was sent it: cosign 2 keeps just
    # these bytes. A bundle does not, so there nothing could be compared.
    if content.bundle:
        raise Rejected(
            Reason.UNSUPPORTED, f"{_WHAT} is an intoto 0.0.1", "it is of an envelope's bytes, which a bundle does not keep"
        )
    only(spec, ("content", "publicKey"), _WHAT)
    inner = needed(spec, "content", _WHAT)
    only(inner, ("hash", "payloadHash"), _WHAT)
    envelope = _envelope(content)
    _same_hash(needed(inner, "hash", _WHAT), _PAYLOAD_HASH, content.candidate.content)
    if "payloadHash" in inner:  # older entries are without
        _same_hash(needed(inner, "payloadHash", _WHAT), _PAYLOAD_HASH, envelope.payload)
    _same_certificate(_pem(spec.get("publicKey")), signer)


_Compare = Callable[[Mapping[str, Any], Content, Signer], None]
_KINDS: Final[dict[tuple[str, str], _Compare]] = {
    ("dsse", "0.0.1"): _dsse,
    ("dsse", "0.0.2"): _dsse_v2,
    ("hashedrekord", "0.0.1"): _hashedrekord,
    ("hashedrekord", "0.0.2"): _hashedrekord_v2,
    ("intoto", "0.0.1"): _intoto_v1,
    ("intoto", "0.0.2"): _intoto,
}


def _same_signature_v2(signature: Mapping[str, Any], content: Content, signer: Signer) -> None:
    only(signature, ("content", "verifier"), _WHAT)
    verifier = needed(signature, "verifier", _WHAT)
    only(verifier, ("keyDetails", "x509Certificate"), _WHAT)
    certificate = needed(verifier, "x509Certificate", _WHAT)
    only(certificate, ("rawBytes",), _WHAT)
    _same_signature(base64_bytes(signature.get("content"), f"the signature of {_WHAT}"), content)
    _same_certificate(base64_bytes(certificate.get("rawBytes"), f"the certificate of {_WHAT}"), signer)


def _same_hash(found: Mapping[str, Any], names: tuple[str, ...], message: bytes) -> None:
    only(found, ("algorithm", "value"), _WHAT)
    name = text(found, "algorithm", _WHAT)
    if name not in names:
        raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} holds a hash that is not known", f"{name!r:.40}")
    if text(found, "value", _WHAT) != hashlib.new(name, message).hexdigest():
        raise _other("the hash is of other content")


def _same_hash_v2(found: Mapping[str, Any], message: bytes) -> None:
    only(found, ("algorithm", "digest"), _WHAT)
    name = _HASHES_V2.get(text(found, "algorithm", _WHAT))
    if name is None:
        raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} holds a hash that is not known", f"{found['algorithm']!r:.40}")
    if base64_bytes(found.get("digest"), f"the hash of {_WHAT}") != hashlib.new(name, message).digest():
        raise _other("the hash is of other content")


def _same_signature(signature: bytes, content: Content) -> None:
    if signature != content.signature:
        raise _other("the signature in it is another")


def _same_certificate(der: bytes, signer: Signer) -> None:
    if der != signer.der:
        raise _other("the certificate in it is another")


def _pem(value: Any) -> bytes:
    what = f"the certificate of {_WHAT}"
    try:
        certificates = pem_chain(base64_bytes(value, what).decode("latin-1"), what)
    except Rejected:
        raise _other("it names no certificate") from None
    if len(certificates) != 1:
        raise _other(f"it holds {len(certificates)} certificates, not one")
    return certificates[0].public_bytes(Encoding.DER)


def _envelope(content: Content) -> Envelope:
    if content.envelope is None:
        raise _other("it is of an envelope, which this is not")
    return content.envelope


def _single(signatures: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    if len(signatures) != 1:
        raise _other(f"it has {len(signatures)} signatures, not one")
    return signatures[0]


def _other(why: str) -> Rejected:
    return Rejected(Reason.NOT_IN_LOG, f"{_WHAT} is about something else", why)
