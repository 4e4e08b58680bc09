# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Notary Project demands of a certificate chain (specifications, signature-specification.md, Certificate Requirements).

Whether anybody trusts it, and when it is valid, is asked elsewhere. As the specification demands, no extension is looked at but
the three named here; the usage that a signer's certificate is limited to must be code signing, where notation only refuses some.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ...errors import Invalid
from .. import keys
from ..keyless.chain import issued
from ..model import Reason, Rejected
from .signing_key import algorithm_of

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID
if TYPE_CHECKING:
    from cryptography.x509 import Extension, ExtensionType

    _Extension = TypeVar("_Extension", bound=ExtensionType)

_FORBIDDEN: Final = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


class Purpose(enum.StrEnum):
    """What the first certificate of a chain is for."""

    CODE_SIGNING = "code signing"
    TIME_STAMPING = "time stamping"


def check(chain: Sequence[x509.Certificate], purpose: Purpose) -> None:
    """That the chain is whole, in order, and each certificate fit for its place; Rejected (untrusted certificate) otherwise.

    1. Each is issued by the next, with a signature that is not broken; the last one by itself, and no other.
    2. The first is no authority and made for `purpose`; alone, it is its own root.
    3. The others are authorities with enough room below them.
    """
    for number, certificate in enumerate(chain):
        name, above = name_of(certificate), chain[number + 1 : number + 2]
        own = issued(certificate, certificate)
        if above and own:
            raise _untrusted(name, "it is self-signed and not the last of its chain")
        if above and not issued(certificate, above[0]):
            raise _untrusted(name, f"it is not issued by the next certificate, {name_of(above[0])}")
        if not above and not own:
            raise _untrusted(name, "it is the last of its chain and not self-signed: the chain is not whole")
    _check_leaf(chain[0], purpose)
    for below, certificate in enumerate(chain[1:]):
        _check_authority(certificate, below)


def name_of(certificate: x509.Certificate) -> str:
    """The certificate's subject, as errors and evidence name it."""
    return certificate.subject.rfc4514_string() or "(no subject)"


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> Extension[_Extension] | None:
    """The extension of this kind, None if there is none."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _check_leaf(leaf: x509.Certificate, purpose: Purpose) -> None:
    name = name_of(leaf)
    constraints = extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        raise _untrusted(name, "it signs, and is an authority")
    usage = _key_usage(leaf, purpose is Purpose.CODE_SIGNING)
    if not usage.digital_signature:
        raise _untrusted(name, "its key usage is not digital signature")
    forbidden = [one for one in _FORBIDDEN if getattr(usage, one)]
    if forbidden:
        raise _untrusted(name, f"its key usage has {', '.join(forbidden)} as well")
    extended = extension(leaf, x509.ExtendedKeyUsage)
    usages = () if extended is None else tuple(extended.value)
    if purpose is Purpose.TIME_STAMPING:
        # RFC 3161, section 2.3: this usage alone, and critical.
        if usages != (ExtendedKeyUsageOID.TIME_STAMPING,) or extended is None or not extended.critical:
            raise _untrusted(name, "its extended key usage is not time stamping alone, and critical")
    elif extended is not None:
        _check_code_signing(name, usages)
    algorithm_of(leaf, name)


def _check_code_signing(name: str, usages: Sequence[Any]) -> None:
    if ExtendedKeyUsageOID.CODE_SIGNING not in usages:
        raise _untrusted(name, "its extended key usage is not code signing")
    others = {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any usage",
        ExtendedKeyUsageOID.SERVER_AUTH: "server authentication",
        ExtendedKeyUsageOID.CLIENT_AUTH: "client authentication",
        ExtendedKeyUsageOID.EMAIL_PROTECTION: "mail",
        ExtendedKeyUsageOID.TIME_STAMPING: "time stamping",
        ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP signing",
    }
    found = [others[usage] for usage in usages if usage in others]
    if found:
        raise _untrusted(name, f"its extended key usage has {', '.join(found)} as well")


def _check_authority(certificate: x509.Certificate, below: int) -> None:
    name = name_of(certificate)
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.critical or not constraints.value.ca:
        raise _untrusted(name, "it issues certificates, and is no authority (basic constraints, critical)")
    most = constraints.value.path_length
    if most is not None and most < below:
        raise _untrusted(name, f"{below} authorities are below it, and it allows {most}")
    if not _key_usage(certificate, True).key_cert_sign:
        raise _untrusted(name, "its key usage is not signing certificates")
    try:
        keys.from_key(certificate.public_key(), f"The key of {name}")
    except Invalid as error:
        raise Rejected(Reason.UNTRUSTED_CERTIFICATE, error.what, error.why) from None


def _key_usage(certificate: x509.Certificate, critical: bool) -> x509.KeyUsage:
    found = extension(certificate, x509.KeyUsage)
    if found is None or (critical and not found.critical):
        raise _untrusted(name_of(certificate), "it has no key usage that is critical" if critical else "it has no key usage")
    return found.value


def _untrusted(name: str, why: str) -> Rejected:
    return Rejected(Reason.UNTRUSTED_CERTIFICATE, f"The certificate {name} does not qualify", why)
