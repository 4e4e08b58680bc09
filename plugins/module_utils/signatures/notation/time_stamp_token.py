# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The few things of a time stamp token (RFC 3161; CMS, RFC 5652) that `rfc3161-client` does not look at.

It reads responses, notation stores tokens; it demands certificates in the order that DER has, OpenSSL's authorities keep their
own; and it does not compare the certificate that stamped with the one that the stamp names (RFC 5816). No signature is verified
here.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Final

from ..model import Reason, Rejected

_SEQUENCE, _SET, _OID, _OCTETS, _ZERO = 0x30, 0x31, 0x06, 0x04, 0xA0
_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_TST_INFO: Final = bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("2a864886f70d010903")
_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("2a864886f70d010910022f")
_HASHES: Final = {
    bytes.fromhex("608648016503040201"): hashlib.sha256,
    bytes.fromhex("608648016503040202"): hashlib.sha384,
    bytes.fromhex("608648016503040203"): hashlib.sha512,
}
# PKIStatusInfo: granted.
_GRANTED: Final = bytes.fromhex("3003020100")
# RFC 5652, sections 5.1 and 5.3: for content that is no plain data, and a signer named by issuer and number.
_VERSION_3, _VERSION_1 = bytes.fromhex("020103"), bytes.fromhex("020101")
_ITEMS: Final = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Element:
    """One element of DER: its tag, its content, and all of it."""

    tag: int
    content: bytes
    whole: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A token. `response` is it as a response that was granted; the certificate that stamped has the digest `certificate`."""

    response: bytes
    hash_name: str
    certificate: bytes


def parse(token: bytes) -> Token:
    """The token in DER; Rejected (no trusted time) if it is none, or names no certificate or several."""
    content_type, explicit = _children(_single(token, _SEQUENCE), 2)
    _must(content_type.whole == _element(_OID, _SIGNED_DATA) and explicit.tag == _ZERO, "it is no signed data")
    parts = list(_elements(_single(explicit.content, _SEQUENCE)))
    # version, digestAlgorithms, encapContentInfo, certificates [0], perhaps crls [1], signerInfos
    _must(len(parts) in (5, 6) and parts[3].tag == _ZERO and parts[-1].tag == _SET, "it has no certificates, or no signer")
    _must(parts[0].whole == _VERSION_3, "it is of another version")
    (signer,) = _children(parts[-1].content, 1)
    hash_name, digest = _signing_certificate(_elements(_content(signer, _SEQUENCE)))
    certificates = b"".join(sorted(one.whole for one in _elements(parts[3].content)))
    data = b"".join((*(one.whole for one in parts[:3]), _element(_ZERO, certificates), *(one.whole for one in parts[4:])))
    sorted_token = _element(_SEQUENCE, content_type.whole + _element(_ZERO, _element(_SEQUENCE, data)))
    return Token(_element(_SEQUENCE, _GRANTED + sorted_token), hash_name, digest)


def _signing_certificate(signer: Sequence[Element]) -> tuple[str, bytes]:
    """Hash and digest of the certificate in the signed attributes, which must be for a time stamp."""
    # version, sid, digestAlgorithm, signedAttrs [0], ...
    _must(len(signer) >= 6 and signer[3].tag == _ZERO, "it has no signed attributes")
    _must(signer[0].whole == _VERSION_1, "it is of another version")
    attributes: dict[bytes, Element] = {}
    for one in _elements(signer[3].content):
        kind, values = _children(_content(one, _SEQUENCE), 2)
        _must(kind.tag == _OID and values.tag == _SET and kind.content not in attributes, "its attributes are malformed")
        if kind.content in (_CONTENT_TYPE, _SIGNING_CERTIFICATE_V2):
            (attributes[kind.content],) = _children(values.content, 1)
    _must(set(attributes) == {_CONTENT_TYPE, _SIGNING_CERTIFICATE_V2}, "it does not say what it is, or who stamped")
    _must(attributes[_CONTENT_TYPE].whole == _element(_OID, _TST_INFO), "it is signed as something else")
    # The certificate that stamped is the first of those that are named (RFC 5816, section 2.2.1).
    first = _first(_first(attributes[_SIGNING_CERTIFICATE_V2]))
    fields = list(_elements(_content(first, _SEQUENCE)))
    digest = hashlib.sha256
    if fields and fields[0].tag == _SEQUENCE:
        algorithm = _elements(fields.pop(0).content)
        _must(bool(algorithm) and algorithm[0].content in _HASHES, "it names who stamped by a hash that is not taken")
        digest = _HASHES[algorithm[0].content]
    _must(bool(fields) and fields[0].tag == _OCTETS, "it does not say who stamped")
    return digest().name, fields[0].content


def _elements(data: bytes) -> tuple[Element, ...]:
    """The elements that follow one another, with lengths as DER has them."""
    found: list[Element] = []
    at = 0
    while at < len(data):
        _must(len(found) < _ITEMS and at + 2 <= len(data), "it ends too early, or never")
        size, head = data[at + 1], 2
        if size >= 0x80:
            following = size & 0x7F
            head += following
            size = int.from_bytes(data[at + 2 : at + head], "big")
            _must(0 < following <= 4 and size >= max(0x80, 1 << 8 * (following - 1)), "it is not DER")
        end = at + head + size
        _must(data[at] & 0x1F != 0x1F and end <= len(data), "it ends too early, or is not DER")
        found.append(Element(data[at], data[at + head : end], data[at:end]))
        at = end
    return tuple(found)


def _first(element: Element) -> Element:
    found = _elements(_content(element, _SEQUENCE))
    _must(bool(found), "it does not say who stamped")
    return found[0]


def _children(content: bytes, count: int) -> tuple[Element, ...]:
    found = _elements(content)
    _must(len(found) == count, "it has too much or too little in it")
    return found


def _single(data: bytes, tag: int) -> bytes:
    return _content(_children(data, 1)[0], tag)


def _content(element: Element, tag: int) -> bytes:
    _must(element.tag == tag, "it is not what it should be")
    return element.content


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _must(holds: bool, why: str) -> None:
    if not holds:
        raise Rejected(Reason.NO_TRUSTED_TIME, "The time stamp cannot be read", why)
