# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a certificate up to one that is believed (RFC 5280, section 6), for the few certificates that Fulcio and its like have.

`cryptography` verifies each signature. Its own path builder is made for web servers: it asks for names and usages that a
signer's certificate does not have. Here, whatever a certificate demands and we do not know is a refusal.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

UNREADABLE: tuple[type[Exception], ...] = ()
with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

    # What it raises for a certificate that it cannot read, whole or in part; only some are ValueErrors.
    UNREADABLE = (
        ValueError,
        TypeError,
        KeyError,  # a name in no kind of text that it knows
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    )
if TYPE_CHECKING:
    from cryptography.x509.oid import ObjectIdentifier

_DEPTH: Final = 6  # certificates above the signer's
_HASHES: Final = ("sha256", "sha384", "sha512")


def issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    """Whether `upper` issued `lower`: the names meet, and the signature verifies with a hash that is not broken."""
    try:
        used = lower.signature_hash_algorithm
        if isinstance(used, hashes.HashAlgorithm) and used.name not in _HASHES:
            return False
        lower.verify_directly_issued_by(upper)
    except InvalidSignature:
        return False
    except UNREADABLE:
        return False
    return True


def read_whole(certificate: x509.Certificate) -> x509.Extensions:
    """The extensions, with all else that is asked of a certificate later: `cryptography` reads each field when it is asked.

    Raises one of UNREADABLE where one cannot be read.
    """
    _unused = certificate.issuer, certificate.subject, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return certificate.extensions


def critical_fault(extensions: x509.Extensions) -> str:
    """Why a certificate must not be used: it demands something that is not known here. Empty if it does not."""
    known = {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS,
    }
    for extension in extensions:
        # Constraints on names are meant to be obeyed, critical or not.
        if extension.oid == ExtensionOID.NAME_CONSTRAINTS or (extension.critical and extension.oid not in known):
            return f"demands the extension {extension.oid.dotted_string}, which is not known here"
    return ""


def authority_fault(certificate: x509.Certificate) -> str:
    """Why a certificate cannot issue others. Empty if it can."""
    try:
        extensions = read_whole(certificate)
    except UNREADABLE:
        return "cannot be read"
    found = {extension.oid: extension.value for extension in extensions}
    constraints, usage = found.get(ExtensionOID.BASIC_CONSTRAINTS), found.get(ExtensionOID.KEY_USAGE)
    if not isinstance(constraints, x509.BasicConstraints) or not constraints.ca:
        return "is no authority (CA is not set)"
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return "must not sign certificates (key usage)"
    return critical_fault(extensions)


def valid_at(certificate: x509.Certificate, moment: datetime.datetime) -> bool:
    """Whether the certificate was valid then, both ends included."""
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def path(
    leaf: x509.Certificate,
    believed: Sequence[x509.Certificate],
    others: Iterable[x509.Certificate],
    usage: ObjectIdentifier,
    moment: datetime.datetime | None,
) -> tuple[x509.Certificate, ...]:
    """The certificates above `leaf` up to the last of `believed`, the shortest way; empty if there is none.

    Each must be an authority for `usage`, allow as many below it as there are, and, where a moment is given, be valid then.
    `others` are a stranger's; each certificate is looked at once, so that they cannot keep us busy.
    """
    anchor = believed[-1]
    waiting = [one for one in dict.fromkeys((*believed, *others)) if not authority_fault(one)]
    level: list[tuple[x509.Certificate, ...]] = [()]
    for below in range(_DEPTH):
        above = []
        for way in level:
            lower = way[-1] if way else leaf
            for upper in list(waiting):
                if _may_issue(upper, below, usage) and issued(lower, upper) and (moment is None or valid_at(upper, moment)):
                    if upper == anchor:
                        return (*way, upper)
                    waiting.remove(upper)
                    above.append((*way, upper))
        level = above
    return ()


def _may_issue(certificate: x509.Certificate, below: int, usage: ObjectIdentifier) -> bool:
    extensions = certificate.extensions
    most = extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    if most is not None and below > most:
        return False
    try:
        usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages
