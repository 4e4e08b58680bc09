# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The JWS form of an envelope: flattened JSON (RFC 7515, section 7.2.2; specifications, signature-envelope-jws.md)."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..reading import base64_bytes, items, json_object, malformed, needed, only, text
from . import envelope
from .envelope import Algorithm, Envelope

_WHAT: Final = envelope.WHAT
_PROTECTED: Final = "The protected header of the envelope"
_ALGORITHMS: Final = {algorithm.value: algorithm for algorithm in Algorithm}
_OWN: Final = ("alg", "cty", "crit")
# Registered for JWS (RFC 7515, 7797) and not used here: they would say where keys are, or what the payload is.
_NOT_USED: Final = ("jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "b64", "zip", "enc", "url", "nonce")
_NOTARY: Final = (
    envelope.SIGNING_SCHEME,
    envelope.SIGNING_TIME,
    envelope.AUTHENTIC_SIGNING_TIME,
    envelope.EXPIRY,
)
_KNOWN: Final = frozenset((*_OWN, *_NOTARY, *_NOT_USED, envelope.PLUGIN))
_UNSIGNED: Final = ("x5c", envelope.TIMESTAMP, envelope.AGENT)
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)  # RFC 3339, section 5.6, as its examples are written


def parse(content: bytes) -> Envelope:
    """The envelope in `content`, or Rejected. The bytes that were signed are kept as they are stored."""
    data = json_object(content, _WHAT)
    only(data, ("payload", "protected", "header", "signature"), _WHAT)
    protected, payload = text(data, "protected", _WHAT), text(data, "payload", _WHAT)
    headers = json_object(_base64url(protected, _PROTECTED), _PROTECTED)
    unsigned = needed(data, "header", _WHAT)
    only(unsigned, _UNSIGNED, "The header of the envelope")
    _check_names(headers)
    envelope.check_payload_type(headers.get("cty"))
    algorithm = envelope.algorithm_from(_ALGORITHMS, headers.get("alg"))
    others = {name: value for name, value in headers.items() if name not in _OWN}
    attributes = envelope.attributes_from(others, headers.get("crit"), _time)
    return Envelope(
        payload=_base64url(payload, "The payload of the envelope"),
        signed=f"{protected}.{payload}".encode(),
        signature=_base64url(text(data, "signature", _WHAT), "The signature of the envelope"),
        algorithm=algorithm,
        attributes=attributes,
        chain=envelope.chain_from(_certificates(unsigned)),
        timestamp=_timestamp(unsigned),
    )


def _check_names(headers: Mapping[str, Any]) -> None:
    """Refuse _WHAT JWS knows and notation does not use, and a name that a reader who ignores case (Go's) takes for another."""
    folded = {name.lower(): name for name in _KNOWN}
    for name in headers:
        known = folded.get(name.lower(), name)
        if known != name:
            raise malformed(_WHAT, f"it has a header {name!r:.60}, which can be taken for {known}")
        if name in _NOT_USED:
            raise malformed(_WHAT, f"it has the header {name}, which notation does not write")


def _certificates(unsigned: Mapping[str, Any]) -> Iterator[bytes]:
    for number, one in enumerate(items(unsigned, "x5c", _WHAT, envelope.CHAIN_LIMIT), start=1):
        yield base64_bytes(one, f"Certificate {number} of the envelope")


def _timestamp(unsigned: Mapping[str, Any]) -> bytes | None:
    found = unsigned.get(envelope.TIMESTAMP)
    return None if found is None else base64_bytes(found, "The time stamp of the envelope")


def _base64url(value: str, what: str) -> bytes:
    """The bytes of base64url without padding (RFC 7515, section 2), in its one spelling."""
    try:
        data = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise malformed(what, "it is not base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != value:
        raise malformed(what, "it is not canonical base64url")
    return data


def _time(value: Any, what: str) -> datetime.datetime:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        if found is None:
            raise ValueError
        seconds, fraction, zone = found.groups()
        moment = datetime.datetime.fromisoformat(f"{seconds}{zone.replace('Z', '+00:00')}")
        return moment.astimezone(datetime.UTC) + datetime.timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    except (ValueError, OverflowError):
        raise malformed(f"The attribute {what}", f"{value!r:.60} is no time (RFC 3339)") from None
