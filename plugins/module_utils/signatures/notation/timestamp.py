# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The time stamp on a signature (RFC 3161): between which times it was certainly there (trust-store-trust-policy.md, steps)."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..keyless.chain import UNREADABLE, path, valid_at
from ..keyless.timestamps import library
from ..model import Reason, Rejected
from .chain import Purpose, check
from .envelope import certificate_from
from .time_stamp_token import parse

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID
if TYPE_CHECKING:
    from types import ModuleType

_NO_STAMP: Final[tuple[type[Exception], ...]] = (*UNREADABLE, Rejected)
_LIMIT: Final = 64 * 1024
_VERSION: Final = 1
# RFC 3628, section 5.2: who stamps by this policy is accurate to a second.
_BASELINE_POLICY: Final = "0.4.0.2023.1.1"


@dataclasses.dataclass(frozen=True, slots=True)
class Stamp:
    """A verified time stamp: the time, how far it may be off, and the stamping chain up to its root."""

    time: datetime.datetime
    accuracy: datetime.timedelta
    chain: tuple[x509.Certificate, ...]

    def check_within(self, certificate: x509.Certificate, name: str) -> None:
        """That the certificate was certainly valid then; Rejected (expired) otherwise."""
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if self.time - self.accuracy < first or self.time + self.accuracy > last:
            why = f"it was signed at {self.time:%Y-%m-%d %H:%M} UTC, and the certificate is valid from {first} to {last}"
            raise Rejected(Reason.EXPIRED, f"The certificate {name} was not valid when it signed", why)


def verify(token: bytes | None, signature: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """The time stamp over `signature`; Rejected (no trusted time) unless an authority under one of the roots made it.

    1. The library reads it; the message must be the signature, by SHA-256 or better.
    2. Who stamped is the certificate that the stamp names, and it leads to a root, each certificate valid at that time.
    3. The chain is as the Notary Project demands of time stamping; the library verifies the stamp's own signature with it.
    """
    if token is None:
        raise _no_time("There is no time stamp on the signature", "the trust policy names time stamping authorities")
    if len(token) > _LIMIT:
        raise _no_time("The time stamp is too large", f"{len(token)} bytes, {_LIMIT} are taken")
    client = library()
    parts = parse(token)
    try:
        read = client.decode_timestamp_response(parts.response)
        moment, accuracy = read.tst_info.gen_time, _accuracy(read.tst_info)
        carried = [certificate_from(one, "It") for one in read.signed_data.certificates]
        signers = [(one.issuer, one.serial_number) for one in read.signed_data.signer_infos]
    except _NO_STAMP:
        raise _no_time("The time stamp cannot be read", "it is not DER, or no time stamp") from None
    if read.tst_info.version != _VERSION:
        raise _no_time("The time stamp cannot be read", "it is of another version")
    leaf = next((one for one in carried if [(one.issuer, one.serial_number)] == signers), None)
    if leaf is None or hashlib.new(parts.hash_name, leaf.public_bytes(Encoding.DER)).digest() != parts.certificate:
        raise _no_time("The time stamp does not hold the certificate that stamped", "or names another one")
    chain = _chain(leaf, carried, roots, moment)
    try:
        check(chain, Purpose.TIME_STAMPING)
    except Rejected as error:
        raise _no_time("The authority that stamped does not qualify", f"{error.what}: {error.why}") from None
    _check_signature(client, read, signature, chain)
    return Stamp(moment, accuracy, chain)


def _accuracy(info: Any) -> datetime.timedelta:
    found = info.accuracy
    parts = (found.seconds or 0, found.millis or 0, found.micros or 0) if found is not None else (0, 0, 0)
    if not any(parts) and info.policy.dotted_string == _BASELINE_POLICY:
        return datetime.timedelta(seconds=1)
    return datetime.timedelta(seconds=parts[0], milliseconds=parts[1], microseconds=parts[2])


def _chain(
    leaf: x509.Certificate,
    carried: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    moment: datetime.datetime,
) -> tuple[x509.Certificate, ...]:
    if valid_at(leaf, moment):
        if leaf in roots:
            return (leaf,)
        for root in roots:
            above = path(leaf, (root,), carried, ExtendedKeyUsageOID.TIME_STAMPING, moment)
            if above:
                return (leaf, *above)
    raise _no_time("The time stamp is by nobody who is trusted", "no time stamping authority of the trust policy made it")


def _check_signature(client: ModuleType, read: Any, signature: bytes, chain: Sequence[x509.Certificate]) -> None:
    builder = client.VerifierBuilder(tsa_certificate=chain[0], roots=[chain[-1]], intermediates=list(chain[1:-1]))
    try:
        builder.build().verify_message(read, signature)
    except (ValueError, client.VerificationError):
        raise _no_time("The time stamp does not hold", "it is on another signature, or was changed") from None


def _no_time(what: str, why: str) -> Rejected:
    return Rejected(Reason.NO_TRUSTED_TIME, what, why)
