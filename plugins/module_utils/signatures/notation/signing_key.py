# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signer's key: it alone says which algorithm a signature has (signature-specification.md, Algorithm Selection)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from ...errors import Invalid
from .. import keys
from ..keys import KeyKind
from ..model import Reason, Rejected
from .envelope import WHAT, Algorithm, Envelope

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
if TYPE_CHECKING:
    from cryptography import x509

_ALGORITHMS: Final = {
    (KeyKind.RSA, 2048): Algorithm.PS256,
    (KeyKind.RSA, 3072): Algorithm.PS384,
    (KeyKind.RSA, 4096): Algorithm.PS512,
    (KeyKind.P256, 256): Algorithm.ES256,
    (KeyKind.P384, 384): Algorithm.ES384,
    (KeyKind.P521, 521): Algorithm.ES512,
}


def algorithm_of(certificate: x509.Certificate, what: str) -> Algorithm:
    """The algorithm that a signature by this certificate's key has; Rejected if the key is weak or of another kind."""
    try:
        key = keys.from_key(certificate.public_key(), f"The key of {what}")
    except Invalid as error:
        raise Rejected(Reason.UNTRUSTED_CERTIFICATE, error.what, error.why) from None
    found = _ALGORITHMS.get((key.kind, key.bits))
    if found is None:
        why = f"{key.kind} of {key.bits} bits; RSA of 2048, 3072 or 4096 bits, P-256, P-384 and P-521 are allowed"
        raise Rejected(Reason.UNTRUSTED_CERTIFICATE, f"The key of {what} is of a kind that must not sign", why)
    return found


def verify(envelope: Envelope) -> None:
    """That the first certificate's key made the signature; Rejected otherwise.

    The algorithm is the key's, and the header must name the same: who could choose it would choose how he is checked.
    """
    leaf = envelope.chain[0]
    algorithm = algorithm_of(leaf, "the first certificate of the envelope")
    if envelope.algorithm is not algorithm:
        raise Rejected(
            Reason.MALFORMED, f"{WHAT} says that it is signed with {envelope.algorithm}", f"its key signs with {algorithm}"
        )
    try:
        _verify(leaf.public_key(), algorithm, envelope.signature, envelope.signed)
    except InvalidSignature:
        raise Rejected(
            Reason.WRONG_KEY, f"{WHAT} was not made with the key of its certificate, or was changed afterwards"
        ) from None
    except UnsupportedAlgorithm as error:
        raise Rejected(Reason.UNSUPPORTED, f"This machine's OpenSSL refuses {algorithm} signatures", str(error)) from None


def _verify(key: object, algorithm: Algorithm, signature: bytes, message: bytes) -> None:
    known: tuple[hashes.HashAlgorithm, ...] = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
    hashed = next(one for one in known if one.name.endswith(algorithm[2:]))
    if isinstance(key, ec.EllipticCurvePublicKey):
        # r and s, each as long as the curve's order (RFC 7518, section 3.4; RFC 9053, section 2.1).
        half = (key.key_size + 7) // 8
        if len(signature) != 2 * half:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashed))
    else:
        salt = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
        key.verify(signature, message, salt, hashed)  # type: ignore[attr-defined]  # of the two kinds, the other
