# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DSSE envelopes (secure-systems-lab/dsse, envelope.md and protocol.md v1.0): who signed is not decided here, only over what."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .reading import base64_bytes, json_object, malformed, objects, only, text


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with exactly one signature. The key id is left out: it is not signed and proves nothing."""

    payload_type: str
    payload: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over: the pre-authentication encoding, which binds the type to the payload."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


def envelope_from(value: Mapping[str, Any], what: str) -> Envelope:
    """The envelope in parsed JSON. DSSE allows several signatures: which counts would be a guess, so one must stand alone."""
    only(value, ("payload", "payloadType", "signatures"), what)
    signatures = objects(value, "signatures", what, most=16)
    if len(signatures) != 1:
        raise malformed(what, f"it has {len(signatures)} signatures, not one")
    only(signatures[0], ("keyid", "sig"), f"the signature of {what}")
    text(signatures[0], "keyid", what, default="")
    return Envelope(
        payload_type=text(value, "payloadType", what),
        payload=base64_bytes(value.get("payload"), f"the payload of {what}"),
        signature=base64_bytes(signatures[0].get("sig"), f"the signature of {what}"),
    )


def parse(data: bytes, what: str) -> Envelope:
    """The envelope in a blob, as legacy attestations store it."""
    return envelope_from(json_object(data, what), what)
