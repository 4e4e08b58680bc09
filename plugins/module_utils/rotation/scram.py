# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SCRAM-SHA-256 verifiers made here, so that a password is never part of a statement (RFC 5802, RFC 7677, RFC 4013).

PostgreSQL stores what `CREATE ROLE ... PASSWORD` is given when it has this form. From it nobody can log in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import stringprep
import unicodedata
from typing import Final

# PostgreSQL's own default (scram_iterations); its passwords of ours have 190 bits, so more rounds would protect nothing.
ITERATIONS: Final = 4096
SALT_BYTES: Final = 16

_PROHIBITED: Final = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def verifier(password: str, salt: bytes, iterations: int = ITERATIONS) -> str:
    """The text that PostgreSQL stores: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`."""
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def prepared(password: str) -> bytes:
    """The password after SASLprep, as UTF-8. What SASLprep refuses is used as it is: PostgreSQL and libpq do the same."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not stringprep.in_table_b1(character)
    )
    normal = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not normal or any(prohibited(character) for character in normal for prohibited in _PROHIBITED) or _bidi_fault(normal):
        return password.encode("utf-8", "surrogateescape")
    return normal.encode("utf-8")


def _bidi_fault(text: str) -> bool:
    # RFC 3454 section 6: right-to-left text begins and ends with right-to-left characters and holds no left-to-right one.
    right_to_left = [stringprep.in_table_d1(character) for character in text]
    if not any(right_to_left):
        return False
    return any(map(stringprep.in_table_d2, text)) or not (right_to_left[0] and right_to_left[-1])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
