# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Public keys of signers: read once when the policy is loaded, weak ones refused there, then used for every candidate.

Which hash goes with a key is the key's: SHA-256 for P-256 and RSA (PKCS#1 v1.5), SHA-384 or SHA-512 for the larger curves as
cosign 3 signs, and for these SHA-256 too, as cosign 2 signs; none for Ed25519. `cosign verify` takes SHA-256 alone unless a
hidden option says otherwise, and so refuses the P-384 and P-521 signatures that cosign 3 makes; we do not.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ..errors import Invalid, MissingLibrary
from .model import Reason, Rejected

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    CRYPTOGRAPHY_MISSING: ImportError | None = None
except ImportError as error:  # the documentation checks import this file without it
    CRYPTOGRAPHY_MISSING = error
try:
    from nacl import bindings as sodium
    from nacl.exceptions import BadSignatureError

    SODIUM_MISSING: ImportError | None = None
except ImportError as error:
    SODIUM_MISSING = error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_LIBRARY: Final = ("cryptography", "verify signatures")
# NIST SP 800-131A: RSA below 2048 bits is disallowed. Above 8192 a verification takes longer than all the rest.
_RSA_BITS: Final = range(2048, 8193)
# FIPS 186-5, A.1.1: 2^16 < e. With e = 1 everything is a signature.
_RSA_EXPONENT: Final = 2**16
_ED25519_SIGNATURE: Final = 64
# The y coordinates of the points whose order divides 8, in every encoding that readers take: for such a key, a signature that
# fits any message can be written down by anybody (RFC 8032 leaves their refusal to the application).
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
_ARMOUR: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----")


class KeyKind(enum.StrEnum):
    """The kinds of keys that can vouch for an image."""

    P256 = "ecdsa-p256"
    P384 = "ecdsa-p384"
    P521 = "ecdsa-p521"
    RSA = "rsa"
    ED25519 = "ed25519"


_CURVES: Final = {"secp256r1": KeyKind.P256, "secp384r1": KeyKind.P384, "secp521r1": KeyKind.P521}


@dataclasses.dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that is strong enough. `fingerprint` is the SHA-256 of its SubjectPublicKeyInfo in hex, `bits` its size."""

    kind: KeyKind
    bits: int
    fingerprint: str
    key: Any = dataclasses.field(repr=False, compare=False)

    @property
    def identity(self) -> str:
        """How evidence names the key."""
        return f"key sha256:{self.fingerprint}"

    @property
    def pem(self) -> str:
        """The key as files and policies of other programs hold it (SubjectPublicKeyInfo in PEM)."""
        encoded: bytes = self.key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return encoded.decode()

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made this signature over this message. Rejected as unsupported if that cannot be told here."""
        return bool(self.algorithm(signature, message))

    def algorithm(self, signature: bytes, message: bytes) -> str:
        """How this key made this signature (`ecdsa-sha384`, `ed25519ph`), or '' if it did not: not every verifier knows each."""
        try:
            return next((name for name, attempt in self._attempts() if _fits(attempt, signature, message)), "")
        except UnsupportedAlgorithm as error:
            raise Rejected(Reason.UNSUPPORTED, f"This machine's OpenSSL refuses {self.kind} signatures", str(error)) from None

    def _attempts(self) -> Iterator[tuple[str, Callable[[bytes, bytes], None]]]:
        if self.kind is KeyKind.ED25519:
            yield "ed25519", self.key.verify
            yield "ed25519ph", functools.partial(_verify_prehashed, self.key.public_bytes_raw())
        elif self.kind is KeyKind.RSA:
            yield (
                "rsa-sha256",
                lambda signature, message: self.key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256()),
            )
        else:
            own = {KeyKind.P384: (hashes.SHA384(),), KeyKind.P521: (hashes.SHA512(),)}.get(self.kind, ())
            for hashed in (*own, hashes.SHA256()):
                yield f"ecdsa-{hashed.name}", functools.partial(self._verify_ecdsa, hashed)

    def _verify_ecdsa(self, hashed: hashes.HashAlgorithm, signature: bytes, message: bytes) -> None:
        self.key.verify(signature, message, ec.ECDSA(hashed))


def load(pem: bytes, what: str) -> PublicKey:
    """The key in a PEM file (SubjectPublicKeyInfo). `Invalid` names `what`, never its content: it may be a private key."""
    if CRYPTOGRAPHY_MISSING:
        raise MissingLibrary(*_LIBRARY, CRYPTOGRAPHY_MISSING)
    labels = [label.decode() for label in _ARMOUR.findall(pem)]
    if any("PRIVATE" in label for label in labels):
        raise Invalid(f"{what} holds a private key", next_step="Give the public key (cosign public-key --key cosign.key).")
    if labels != ["PUBLIC KEY"]:
        found = ", ".join(labels[:3]) or "no PEM block"
        raise Invalid(f"{what} is not one public key in PEM", f"it holds {found}", "One file, one block: BEGIN PUBLIC KEY.")
    try:
        return from_key(serialization.load_pem_public_key(pem), what)
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid(f"{what} is not a public key that can be read") from None


def from_key(key: PublicKeyTypes, what: str) -> PublicKey:
    """The same from a key that was read already, a certificate's for instance. `Invalid` if it is weak or of another kind."""
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    fingerprint = hashlib.sha256(encoded).hexdigest()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return PublicKey(_CURVES[key.curve.name], key.key_size, fingerprint, key)
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in _RSA_BITS:
            raise Invalid(f"{what} is an RSA key of {key.key_size} bits", f"{_RSA_BITS[0]} to {_RSA_BITS[-1]} are taken")
        if key.public_numbers().e <= _RSA_EXPONENT:
            raise Invalid(f"{what} is an RSA key with too small an exponent", "65537 is usual, anything below is refused")
        return PublicKey(KeyKind.RSA, key.key_size, fingerprint, key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        if _small_order(key.public_bytes_raw()):
            raise Invalid(f"{what} is an Ed25519 key of small order", "anybody can sign with it")
        return PublicKey(KeyKind.ED25519, 256, fingerprint, key)
    raise Invalid(f"{what} is a key of a kind that is not taken", next_step="Use P-256, P-384, P-521, RSA or Ed25519.")


def _small_order(point: bytes) -> bool:
    return point[:31] + bytes([point[31] & 0x7F]) in _SMALL_ORDER


def _fits(attempt: Callable[[bytes, bytes], None], signature: bytes, message: bytes) -> bool:
    try:
        attempt(signature, message)
    except InvalidSignature:
        return False
    return True


def _verify_prehashed(point: bytes, signature: bytes, message: bytes) -> None:
    """Ed25519ph (RFC 8032 section 5.1), which cosign 3.1 makes and cannot verify. `cryptography` does not have it."""
    if len(signature) != _ED25519_SIGNATURE:
        raise InvalidSignature
    if SODIUM_MISSING:
        raise Rejected(
            Reason.UNSUPPORTED,
            "It is no pure Ed25519 signature by this key",
            "cosign 3 makes Ed25519ph, and whether it is one can only be told with the Python library PyNaCl",
        )
    state = sodium.crypto_sign_ed25519ph_state()
    sodium.crypto_sign_ed25519ph_update(state, message)
    try:
        sodium.crypto_sign_ed25519ph_final_verify(state, signature, point)
    except BadSignatureError:
        raise InvalidSignature from None
