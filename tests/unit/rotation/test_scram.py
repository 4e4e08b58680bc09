# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SCRAM verifiers against the vectors of the standards."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.scram import prepared, verifier

# RFC 7677, section 3: user "user", password "pencil".
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_FIRST = "n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SERVER_SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_the_vector_of_rfc_7677() -> None:
    scheme, rounds, keys = verifier("pencil", SALT, 4096).split("$")
    stored_key, server_key = (base64.b64decode(part) for part in keys.split(":"))
    assert (scheme, rounds) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    message = ",".join((CLIENT_FIRST, SERVER_FIRST, CLIENT_FINAL)).encode()
    signature = hmac.digest(stored_key, message, "sha256")
    client_key = bytes(one ^ other for one, other in zip(PROOF, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key
    assert hmac.digest(server_key, message, "sha256") == SERVER_SIGNATURE


@pytest.mark.parametrize(
    ("password", "wanted"),
    [
        ("I\u00adX", b"IX"),  # RFC 4013, section 3: soft hyphen mapped to nothing
        ("user", b"user"),
        ("USER", b"USER"),
        ("\u00aa", b"a"),
        ("\u2168", b"IX"),
        ("a\u00a0b", b"a b"),  # a space that is not ASCII
        ("\u0007", b"\x07"),  # prohibited: used as it is, as PostgreSQL does
        ("\u06271", "\u06271".encode()),  # right-to-left text that does not end so: used as it is
    ],
)
def test_saslprep(password: str, wanted: bytes) -> None:
    assert prepared(password) == wanted


@given(st.text(min_size=1, max_size=40))
def test_any_text_has_a_verifier_that_does_not_hold_it(password: str) -> None:
    made = verifier(password, b"0123456789abcdef", 1)
    assert made.startswith("SCRAM-SHA-256$1:")
    assert len(password) < 4 or password not in made
