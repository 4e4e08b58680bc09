# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The COSE form of an envelope: COSE_Sign1, tagged (RFC 9052, section 4.2; specifications, signature-envelope-cose.md)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from ..model import Reason, Rejected
from ..reading import malformed
from . import cbor, envelope
from .cbor import Tagged
from .envelope import Algorithm, Envelope

_WHAT: Final = envelope.WHAT
_SIGN1: Final = 18  # the tag of COSE_Sign1
_EPOCH: Final = 1  # the tag of a time in seconds
# Labels of IANA's registry of COSE header parameters.
_ALG, _CRIT, _CONTENT_TYPE, _X5CHAIN = 1, 2, 3, 33
_ALGORITHMS: Final = {
    -7: Algorithm.ES256,
    -35: Algorithm.ES384,
    -36: Algorithm.ES512,
    -37: Algorithm.PS256,
    -38: Algorithm.PS384,
    -39: Algorithm.PS512,
}
_UNSIGNED: Final = (_X5CHAIN, envelope.TIMESTAMP, envelope.AGENT)
# Sig_structure (RFC 9052, section 4.4) begins with an array of four and the text "Signature1".
_SIGNATURE1: Final = b"\x84\x6aSignature1"


def parse(content: bytes) -> Envelope:
    """The envelope in `content`, or Rejected. What was signed is put together from the bytes as they are stored."""
    outer = cbor.decode(content, _WHAT)
    if not isinstance(outer, Tagged) or outer.number != _SIGN1 or not isinstance(outer.value, list) or len(outer.value) != 4:
        raise malformed(_WHAT, "it is no COSE_Sign1 with its tag")
    protected, unsigned, payload, signature = outer.value
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)) or not isinstance(unsigned, dict):
        raise malformed(_WHAT, "its four parts are not bytes, a map, bytes and bytes")
    headers = cbor.decode(protected, "The protected header of the envelope")
    if not isinstance(headers, dict):
        raise malformed(_WHAT, "its protected header is no map")
    _check_labels(headers, unsigned)
    envelope.check_payload_type(headers.get(_CONTENT_TYPE))
    algorithm = envelope.algorithm_from(_ALGORITHMS, headers.get(_ALG))
    others = {label: value for label, value in headers.items() if isinstance(label, str)}
    attributes = envelope.attributes_from(others, headers.get(_CRIT), _time)
    return Envelope(
        payload=payload,
        signed=_SIGNATURE1 + cbor.byte_string(protected) + cbor.byte_string(b"") + cbor.byte_string(payload),
        signature=signature,
        algorithm=algorithm,
        attributes=attributes,
        chain=envelope.chain_from(_certificates(unsigned)),
        timestamp=_bytes_or_none(unsigned, envelope.TIMESTAMP),
    )


def _check_labels(headers: Mapping[Any, Any], unsigned: Mapping[Any, Any]) -> None:
    for label in headers:
        # Among them those of a hash envelope, whose payload is something else.
        if isinstance(label, int) and label not in (_ALG, _CRIT, _CONTENT_TYPE):
            raise Rejected(Reason.UNSUPPORTED, f"{_WHAT} has a protected header that is not known here", f"label {label}")
    for label in unsigned:
        if label not in _UNSIGNED:
            raise malformed(_WHAT, f"its header has an unknown label {label!r:.60}")


def _certificates(unsigned: Mapping[Any, Any]) -> list[bytes]:
    found = unsigned.get(_X5CHAIN)
    if not isinstance(found, list) or not all(isinstance(one, bytes) for one in found):
        raise malformed(_WHAT, "its certificates are no list of byte strings")
    return found


def _bytes_or_none(unsigned: Mapping[Any, Any], label: str) -> bytes | None:
    found = unsigned.get(label)
    if label in unsigned and not isinstance(found, bytes):
        raise malformed(_WHAT, f"{label} is no byte string")
    return found


def _time(value: Any, what: str) -> datetime.datetime:
    seconds = value.value if isinstance(value, Tagged) and value.number == _EPOCH else None
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise malformed(f"The attribute {what}", "it is no time in whole seconds")
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise malformed(f"The attribute {what}", "it is a time that no calendar has") from None
