# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys that are weak or no public keys are refused when they are read; the others take the signatures that cosign makes."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x25519
from nacl import bindings as sodium

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keys import KeyKind, PublicKey, from_key, load
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking

# The keys are fresh, so the cases are numbered: their names must be the same in every process of pytest.
MESSAGE = b"what is signed"


def pem(key: Any, form: Any = serialization.PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, form)


def private_pem(key: Any) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


RSA_2048 = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def with_exponent(exponent: int) -> Any:
    return rsa.RSAPublicNumbers(exponent, RSA_2048.public_key().public_numbers().n).public_key()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (pem(rsa.generate_private_key(65537, 1024).public_key()), "RSA key of 1024 bits"),  # noqa: S505 - too weak, and to be refused
        (pem(with_exponent(3)), "exponent"),
        (pem(ec.generate_private_key(ec.SECP224R1()).public_key()), "of a kind that is not taken"),
        (pem(ec.generate_private_key(ec.SECP256K1()).public_key()), "of a kind that is not taken"),
        (pem(ec.generate_private_key(ec.BrainpoolP256R1()).public_key()), "of a kind that is not taken"),
        (pem(dsa.generate_private_key(2048).public_key()), "of a kind that is not taken"),
        (pem(ed448.Ed448PrivateKey.generate().public_key()), "of a kind that is not taken"),
        (pem(x25519.X25519PrivateKey.generate().public_key()), "of a kind that is not taken"),
        (pem(RSA_2048.public_key(), serialization.PublicFormat.PKCS1), "RSA PUBLIC KEY"),
        (pem(P256.public_key()) * 2, "PUBLIC KEY, PUBLIC KEY"),
        (pem(P256.public_key())[:-30], "that can be read"),
        (b"", "no PEM block"),
        (b"\xff\xfe", "no PEM block"),
        (P256.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH), "no PEM block"),
        (b"-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----\n", "that can be read"),
        (b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "CERTIFICATE"),
    ],
    ids=map(str, itertools.count()),
)
def test_what_is_weak_or_no_public_key_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        load(content, "The key release")
    assert caught.value.what.startswith("The key release")


@pytest.mark.parametrize("key", [P256, RSA_2048, ED25519])
def test_a_private_key_given_by_mistake_is_not_shown(key: Any) -> None:
    content = private_pem(key)
    with pytest.raises(Invalid, match="holds a private key") as caught:
        load(pem(key.public_key()) + content, "The key release")
    body = b"".join(content.splitlines()[1:-1]).decode()
    assert not any(body[at : at + 12] in caught.value.sentence() for at in range(0, len(body) - 12, 4))


POINTS = ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f")
EIGHTH = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


@pytest.mark.parametrize(("y", "sign"), itertools.product((*POINTS, *EIGHTH), (0, 0x80)))
def test_a_point_that_anybody_can_sign_for_is_no_key(y: str, sign: int) -> None:
    point = bytearray.fromhex(y)
    point[31] |= sign
    # libsodium's own judgement is the witness for the list.
    assert not sodium.crypto_core_ed25519_is_valid_point(bytes(point))
    with pytest.raises(Invalid, match="small order"):
        from_key(ed25519.Ed25519PublicKey.from_public_bytes(bytes(point)), "It")


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [(P256, KeyKind.P256, 256), (P384, KeyKind.P384, 384), (P521, KeyKind.P521, 521), (RSA_2048, KeyKind.RSA, 2048)],
)
def test_a_strong_key_is_named_by_its_fingerprint(key: Any, kind: KeyKind, bits: int) -> None:
    made = load(pem(key.public_key()), "It")
    encoded = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert (made.kind, made.bits, made.fingerprint) == (kind, bits, hashlib.sha256(encoded).hexdigest())
    assert made.identity == f"key sha256:{made.fingerprint}"
    assert made == load(b"Some text before.\n" + pem(key.public_key()), "It")


def public(key: Any) -> PublicKey:
    return load(pem(key.public_key()), "It")


def ecdsa(key: Any, hashed: Any) -> bytes:
    return key.sign(MESSAGE, ec.ECDSA(hashed))


def pkcs1(hashed: Any) -> bytes:
    return RSA_2048.sign(MESSAGE, padding.PKCS1v15(), hashed)


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


@pytest.mark.parametrize(
    ("key", "signature", "accepted"),
    [
        (P256, ecdsa(P256, hashes.SHA384()), False),
        (P256, ecdsa(P256, hashes.SHA1()), False),  # noqa: S303 - weak, and to be refused
        (P256, ecdsa(P384, hashes.SHA256()), False),
        (P256, ecdsa(P256, hashes.SHA256()) + b"\0", False),
        (P256, b"", False),
        (P384, ecdsa(P384, hashes.SHA512()), False),
        (P521, ecdsa(P521, hashes.SHA384()), False),
        (RSA_2048, pkcs1(hashes.SHA1()), False),  # noqa: S303 - weak, and to be refused
        (RSA_2048, pkcs1(hashes.SHA512()), False),
        (RSA_2048, RSA_2048.sign(MESSAGE, PSS, hashes.SHA256()), False),
        (RSA_2048, b"\0" + pkcs1(hashes.SHA256()), False),
        (ED25519, ED25519.sign(MESSAGE + b"."), False),
        (ED25519, ED25519.sign(hashlib.sha512(MESSAGE).digest()), False),
        (ED25519, b"", False),
        (ED25519, b"\0" * 64, False),
        (P256, ecdsa(P256, hashes.SHA256()), True),
        (P384, ecdsa(P384, hashes.SHA384()), True),
        (P384, ecdsa(P384, hashes.SHA256()), True),
        (P521, ecdsa(P521, hashes.SHA512()), True),
        (P521, ecdsa(P521, hashes.SHA256()), True),
        (RSA_2048, pkcs1(hashes.SHA256()), True),
        (ED25519, ED25519.sign(MESSAGE), True),
    ],
    ids=map(str, itertools.count()),
)
def test_a_signature_is_taken_as_cosign_makes_it(key: Any, signature: bytes, accepted: bool) -> None:
    assert public(key).verify(signature, MESSAGE) is accepted


@pytest.mark.parametrize(
    ("key", "signature", "algorithm"),
    [
        (P256, ecdsa(P256, hashes.SHA256()), "ecdsa-sha256"),
        (P384, ecdsa(P384, hashes.SHA384()), "ecdsa-sha384"),
        (P384, ecdsa(P384, hashes.SHA256()), "ecdsa-sha256"),
        (P521, ecdsa(P521, hashes.SHA512()), "ecdsa-sha512"),
        (RSA_2048, pkcs1(hashes.SHA256()), "rsa-sha256"),
        (ED25519, ED25519.sign(MESSAGE), "ed25519"),
        (P256, b"", ""),
    ],
    ids=map(str, itertools.count()),
)
def test_how_a_signature_was_made_is_told(key: Any, signature: bytes, algorithm: str) -> None:
    assert public(key).algorithm(signature, MESSAGE) == algorithm


def test_a_prehashed_signature_by_libsodium_is_taken() -> None:
    point, secret = sodium.crypto_sign_keypair()
    state = sodium.crypto_sign_ed25519ph_state()
    sodium.crypto_sign_ed25519ph_update(state, MESSAGE)
    signature = sodium.crypto_sign_ed25519ph_final_create(state, secret)
    key = from_key(ed25519.Ed25519PublicKey.from_public_bytes(point), "It")
    assert key.verify(signature, MESSAGE)
    assert key.algorithm(signature, MESSAGE) == "ed25519ph"
    assert not key.verify(signature, MESSAGE + b".")


def test_openssl_names_the_same_fingerprint() -> None:
    for path in sorted((asking.COSIGN / "keys").iterdir()):
        command = ["openssl", "pkey", "-pubin", "-in", str(path), "-outform", "DER"]
        encoded = subprocess.run(command, capture_output=True, check=True).stdout
        assert asking.key(path.stem).fingerprint == hashlib.sha256(encoded).hexdigest()


WITHOUT_CRYPTOGRAPHY = """
import sys
sys.modules["cryptography"] = None
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MissingLibrary
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures import keys
try:
    keys.load(b"", "It")
except MissingLibrary as error:
    print(error)
"""


def test_without_cryptography_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_CRYPTOGRAPHY], capture_output=True, text=True, check=True)
    assert "The Python library cryptography is needed to verify signatures" in done.stdout
