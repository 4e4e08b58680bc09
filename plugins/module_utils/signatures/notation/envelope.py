# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a signature envelope of the Notary Project says, whichever form it has (specifications, signature-specification.md).

`jws` and `cose` read their form into the same value. Nothing of it is believed before the signature is verified; the certificate
chain and the time stamp are not signed by it at all.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ...errors import MissingLibrary
from ..keyless.chain import UNREADABLE
from ..model import Reason, Rejected
from ..reading import malformed

try:
    from cryptography import x509

    CRYPTOGRAPHY_MISSING: ImportError | None = None
except ImportError as error:  # the documentation checks import this file without it
    CRYPTOGRAPHY_MISSING = error

WHAT: Final = "The envelope"  # as sentences about it begin
PAYLOAD_TYPE: Final = "application/vnd.cncf.notary.payload.v1+json"
SIGNING_SCHEME: Final = "io.cncf.notary.signingScheme"
SIGNING_TIME: Final = "io.cncf.notary.signingTime"
AUTHENTIC_SIGNING_TIME: Final = "io.cncf.notary.authenticSigningTime"
EXPIRY: Final = "io.cncf.notary.expiry"
TIMESTAMP: Final = "io.cncf.notary.timestampSignature"
AGENT: Final = "io.cncf.notary.signingAgent"  # not looked at: nothing may depend on it
PLUGIN: Final = "io.cncf.notary.verificationPlugin"
# A genuine envelope has some ten thousand bytes; what its user metadata add is theirs.
ENVELOPE_LIMIT: Final = 1024 * 1024
CHAIN_LIMIT: Final = 10
_CERTIFICATE_LIMIT: Final = 64 * 1024


_OWN: Final = (SIGNING_SCHEME, SIGNING_TIME, AUTHENTIC_SIGNING_TIME, EXPIRY)


class Scheme(enum.StrEnum):
    """Who signs: the owner of the certificate, or an authority on behalf of somebody (specifications, signing-scheme.md)."""

    X509 = "notary.x509"
    SIGNING_AUTHORITY = "notary.x509.signingAuthority"


class Algorithm(enum.StrEnum):
    """The six that are allowed; which of them a signature has is fixed by the signer's key."""

    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"


@dataclasses.dataclass(frozen=True, slots=True)
class Attributes:
    """The signed attributes that mean something. `signing_time` is what the signer says, or with a signing authority, proves."""

    scheme: Scheme
    signing_time: datetime.datetime
    expiry: datetime.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope, read strictly. `signed` are the bytes that `signature` is over; `chain` goes from the signer to the root."""

    payload: bytes
    signed: bytes
    signature: bytes
    algorithm: Algorithm
    attributes: Attributes
    chain: tuple[x509.Certificate, ...]
    timestamp: bytes | None


def attributes_from(headers: Mapping[Any, Any], critical: Any, time_of: Callable[[Any, str], datetime.datetime]) -> Attributes:
    """The signed attributes in the protected headers, but algorithm, `crit` and content type; `time_of` reads the form's times.

    What must be understood is exactly what is listed as critical: the scheme always, the others where they are present. An
    attribute that asks for a verification plugin is refused, as the specification demands of whoever has none.
    """
    for name in headers:
        if isinstance(name, str) and name.startswith(PLUGIN):
            raise Rejected(
                Reason.UNSUPPORTED, f"{WHAT} must be verified by a plugin", f"{headers[name]!r:.80}: there are none here"
            )
    try:
        scheme = Scheme(headers.get(SIGNING_SCHEME, ""))
    except ValueError:
        raise Rejected(
            Reason.UNSUPPORTED, f"{WHAT} has no signing scheme that is known", f"{headers.get(SIGNING_SCHEME)!r:.60}"
        ) from None
    _check_critical(headers, critical, scheme)
    used, unused = (SIGNING_TIME, AUTHENTIC_SIGNING_TIME) if scheme is Scheme.X509 else (AUTHENTIC_SIGNING_TIME, SIGNING_TIME)
    if unused in headers:
        raise malformed(WHAT, f"{unused} must not be there in the scheme {scheme}")
    if used not in headers:
        raise malformed(WHAT, f"{used} is missing")
    signing_time = time_of(headers[used], used)
    expiry = time_of(headers[EXPIRY], EXPIRY) if EXPIRY in headers else None
    if expiry is not None and expiry <= signing_time:
        raise malformed(WHAT, "it expires before it is signed")
    return Attributes(scheme, signing_time, expiry)


def _check_critical(headers: Mapping[Any, Any], critical: Any, scheme: Scheme) -> None:
    wanted = {SIGNING_SCHEME}
    if scheme is Scheme.SIGNING_AUTHORITY:
        wanted.add(AUTHENTIC_SIGNING_TIME)
    if EXPIRY in headers:
        wanted.add(EXPIRY)
    if not isinstance(critical, list) or not all(isinstance(name, (str, int)) for name in critical):
        raise malformed(WHAT, "crit is missing or no list of names")
    if len(set(critical)) != len(critical):
        raise malformed(WHAT, "crit names something twice")
    for name in critical:
        if name not in wanted:
            known = name in headers and name not in _OWN
            reason = Reason.UNSUPPORTED if known else Reason.MALFORMED
            why = "that is not known here" if known else "that is not there or must not be critical"
            raise Rejected(reason, f"{WHAT} demands the attribute {name!r:.80}", why)
    missing = wanted.difference(critical)
    if missing:
        raise malformed(WHAT, f"{min(missing)} is not marked as critical")


def algorithm_from(names: Mapping[Any, Algorithm], value: Any) -> Algorithm:
    """The algorithm by its name in the form's registry; anything else, `none` and shared secrets among it, is refused."""
    found = None if isinstance(value, bool) or not isinstance(value, (str, int)) else names.get(value)
    if found is None:
        raise Rejected(Reason.UNSUPPORTED, f"{WHAT} has an algorithm that is not allowed", f"{value!r:.60}")
    return found


def check_payload_type(value: Any) -> None:
    """That the payload is what the Notary Project signs."""
    if value != PAYLOAD_TYPE:
        raise Rejected(Reason.UNSUPPORTED, f"{WHAT} has a payload of another type", f"{value!r:.80} instead of {PAYLOAD_TYPE}")


def chain_from(encoded: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """The certificates in DER, each read as far as it will be asked later."""
    found = tuple(encoded)
    if not found:
        raise malformed(WHAT, "it has no certificates")
    if len(found) > CHAIN_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"{WHAT} is too large", f"{len(found)} certificates, {CHAIN_LIMIT} are taken")
    return tuple(certificate_from(one, f"Certificate {number} of the envelope") for number, one in enumerate(found, start=1))


def certificate_from(der: bytes, what: str) -> x509.Certificate:
    """One certificate in DER. `cryptography` reads names, dates, key and extensions when they are asked for: it is asked now."""
    if CRYPTOGRAPHY_MISSING:
        raise MissingLibrary("cryptography", "verify signatures", CRYPTOGRAPHY_MISSING)
    if len(der) > _CERTIFICATE_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"{what} is too large", f"{len(der)} bytes, {_CERTIFICATE_LIMIT} are taken")
    try:
        found = x509.load_der_x509_certificate(der)
        _unused = (found.version, found.subject, found.issuer, found.not_valid_before_utc, found.not_valid_after_utc)
        _more = (found.extensions, found.public_key(), found.signature_hash_algorithm)
    except UNREADABLE:
        raise malformed(what, "it is no certificate that can be read") from None
    return found
