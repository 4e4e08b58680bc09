# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signer's certificate: what it must look like, who issued it, and that the world could see it being issued."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
from collections.abc import Sequence
from typing import Final

from ...errors import Invalid, MissingLibrary
from ..keys import CRYPTOGRAPHY_MISSING, PublicKey, from_key
from ..model import Reason, Rejected
from ..reading import malformed
from . import chain
from .trusted_root import Authority, Log

with contextlib.suppress(ImportError):  # the documentation checks import this file without it; `read` says so
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp
    from cryptography.x509.oid import ExtendedKeyUsageOID

_WHAT: Final = "The certificate"
_CHAIN_LIMIT: Final = 8
_PEM_LIMIT: Final = 64 * 1024
_SCT_LIMIT: Final = 8
# RFC 6962, section 3.2: version 1, a certificate's time stamp, an entry that is a precertificate.
_SCT_V1: Final = b"\x00"
_CERTIFICATE_TIMESTAMP: Final = b"\x00"
_PRECERT_ENTRY: Final = b"\x00\x01"


@dataclasses.dataclass(frozen=True, slots=True)
class Signer:
    """A signer's certificate in the right form. Nothing of it is proven before its issuer is."""

    certificate: x509.Certificate
    der: bytes
    key: PublicKey


def read(der: bytes) -> Signer:
    """The certificate in DER; Rejected if it cannot be read, or is not one that signs code."""
    if CRYPTOGRAPHY_MISSING:
        raise MissingLibrary("cryptography", "verify signatures", CRYPTOGRAPHY_MISSING)
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = chain.read_whole(certificate)
        key = certificate.public_key()
    except x509.DuplicateExtension as error:
        raise malformed(_WHAT, f"the extension {error.oid.dotted_string} stands twice") from None
    except chain.UNREADABLE as error:
        raise malformed(_WHAT, f"it cannot be read ({error})") from None
    _check_form(certificate, extensions)
    try:
        public = from_key(key, "the signer's key")
    except Invalid as error:
        raise Rejected(Reason.UNTRUSTED_CERTIFICATE, f"{_WHAT} cannot be trusted", error.sentence()) from None
    return Signer(certificate, der, public)


def read_pem(text: str) -> Signer:
    """The same from PEM, as old signatures hold it."""
    certificates = pem_chain(text, _WHAT)
    if len(certificates) != 1:
        raise malformed(_WHAT, f"it holds {len(certificates)} certificates, not one")
    return read(certificates[0].public_bytes(Encoding.DER))


def pem_chain(text: str, what: str) -> tuple[x509.Certificate, ...]:
    """The certificates in PEM; none for an empty text."""
    if CRYPTOGRAPHY_MISSING:
        raise MissingLibrary("cryptography", "verify signatures", CRYPTOGRAPHY_MISSING)
    if not text.strip():
        return ()
    if len(text) > _PEM_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"{what} is too large", f"more than {_PEM_LIMIT} bytes")
    try:
        found = x509.load_pem_x509_certificates(text.encode(errors="surrogatepass"))
    except chain.UNREADABLE:
        raise malformed(what, "it is no certificate in PEM") from None
    if len(found) > _CHAIN_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"{what} is too large", f"{len(found)} certificates, {_CHAIN_LIMIT} are taken")
    return tuple(found)


def believed(signer: Signer, authorities: Sequence[Authority], others: Sequence[x509.Certificate]) -> tuple[Authority, ...]:
    """The authorities of the trusted root that the certificate leads to, valid or not; Rejected if there is none."""
    usage = ExtendedKeyUsageOID.CODE_SIGNING
    found = tuple(one for one in authorities if chain.path(signer.certificate, one.chain, others, usage, None))
    if not found:
        raise Rejected(
            Reason.UNTRUSTED_CERTIFICATE,
            f"{_WHAT} was issued by nobody whom the trusted root names",
            f"its issuer is {signer.certificate.issuer.rfc4514_string()!r:.200}",
        )
    return found


def issuer_at(
    signer: Signer, moments: Sequence[datetime.datetime], authorities: Sequence[Authority], others: Sequence[x509.Certificate]
) -> x509.Certificate:
    """Who issued the certificate, with a chain to one of the authorities that was valid at each of the moments (not none)."""
    certificate = signer.certificate
    for moment in moments:
        if not chain.valid_at(certificate, moment):
            valid = f"{_written(certificate.not_valid_before_utc)} to {_written(certificate.not_valid_after_utc)}"
            raise Rejected(Reason.EXPIRED, f"{_WHAT} was not valid at {_written(moment)}, when it was used", valid)
    for authority in authorities:
        ways = [chain.path(certificate, authority.chain, others, ExtendedKeyUsageOID.CODE_SIGNING, one) for one in moments]
        if all(ways) and all(authority.window.has(moment) for moment in moments):
            return ways[0][0]
    raise Rejected(
        Reason.EXPIRED, "Its issuer was not valid when it was used", f"at {', '.join(_written(moment) for moment in moments)}"
    )


def transparent(signer: Signer, issuer: x509.Certificate, logs: Sequence[Log]) -> frozenset[str]:
    """The operators of the certificate transparency logs that promised to publish the certificate (RFC 6962, embedded SCTs)."""
    try:
        found = signer.certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(
        log.operator
        for stamp in list(found.value)[:_SCT_LIMIT]
        for log in logs
        if stamp.log_id in log.ids
        and log.window.has(stamp.timestamp.replace(tzinfo=datetime.UTC))
        and log.key.verify(stamp.signature, _seen_by_log(signer.certificate, issuer, stamp))
    )


def _check_form(certificate: x509.Certificate, extensions: x509.Extensions) -> None:
    found = {type(extension.value): extension.value for extension in extensions}
    constraints, usage = found.get(x509.BasicConstraints), found.get(x509.KeyUsage)
    usages = found.get(x509.ExtendedKeyUsage)
    fault = chain.critical_fault(extensions)
    if certificate.version is not x509.Version.v3:
        fault = "is not of version 3"
    elif isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        fault = "is an authority's, not a signer's"
    elif not isinstance(usage, x509.KeyUsage) or not usage.digital_signature or usage.key_cert_sign:
        fault = "is not made to sign (key usage)"
    elif not isinstance(usages, x509.ExtendedKeyUsage) or ExtendedKeyUsageOID.CODE_SIGNING not in usages:
        fault = "is not made to sign code (extended key usage)"
    if fault:
        raise Rejected(Reason.UNTRUSTED_CERTIFICATE, f"{_WHAT} cannot be trusted", f"it {fault}")


def _seen_by_log(certificate: x509.Certificate, issuer: x509.Certificate, stamp: SignedCertificateTimestamp) -> bytes:
    """What a log signed: the certificate without its time stamps, bound to the key that issued it."""
    issuer_key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    seen = certificate.tbs_precertificate_bytes
    since = stamp.timestamp.replace(tzinfo=datetime.UTC) - datetime.datetime.fromtimestamp(0, datetime.UTC)
    milliseconds = since // datetime.timedelta(milliseconds=1)
    return b"".join(
        (
            _SCT_V1,
            _CERTIFICATE_TIMESTAMP,
            milliseconds.to_bytes(8, "big"),
            _PRECERT_ENTRY,
            hashlib.sha256(issuer_key).digest(),
            len(seen).to_bytes(3, "big"),
            seen,
            len(stamp.extension_bytes).to_bytes(2, "big"),
            stamp.extension_bytes,
        )
    )


def _written(moment: datetime.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
