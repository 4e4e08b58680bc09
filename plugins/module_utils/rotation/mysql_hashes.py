# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What MySQL and MariaDB store of a password, made here, so that a password is never part of a statement.

`mysql_native_password` keeps SHA1(SHA1(password)) in hex; `caching_sha2_password` keeps SHA-crypt with SHA-256 (Drepper,
"Unix crypt using SHA-256 and SHA-512", 5000 rounds) over a salt of 20 bytes, as `$A$005$<salt><digest>` (MySQL 8 reference
manual, "Caching SHA-2 Pluggable Authentication"; the rounds are counted in thousands, in hex).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

NATIVE: Final = "mysql_native_password"
CACHING_SHA2: Final = "caching_sha2_password"
SALT_BYTES: Final = 20
ROUNDS: Final = 5000

_CRYPT64: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The order in which SHA-crypt writes the bytes of the last digest, three for four characters.
_ORDER: Final = ((0, 10), (21, 1), (12, 22), (3, 13), (24, 4), (15, 25), (6, 16), (27, 7), (18, 28), (9, 19))
_THIRD: Final = (20, 11, 2, 23, 14, 5, 26, 17, 8, 29)


def native(password: str) -> str:
    """The text of `mysql_native_password`: `*` and 40 hex digits."""
    inner = hashlib.sha1(password.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(inner, usedforsecurity=False).hexdigest().upper()


def caching_sha2(password: str, random: bytes) -> bytes:
    """The bytes of `caching_sha2_password`; `random` are SALT_BYTES bytes."""
    # The server separates the parts by $, and ends a text at NUL.
    salt = bytes(byte % 93 + 33 for byte in random).replace(b"$", b"~")
    return b"$A$005$" + salt + sha256_crypt(password.encode("utf-8", "surrogateescape"), salt).encode()


def keeps(plugin: str, stored: bytes, password: str) -> bool | None:
    """Whether what a server keeps is of this password. None if that cannot be told: of other plugins, and of other forms."""
    if plugin not in (NATIVE, CACHING_SHA2):
        return None
    if not stored:
        return not password
    if plugin == NATIVE:
        return hmac.compare_digest(stored.upper(), native(password).encode()) if stored.startswith(b"*") else None
    found = re.fullmatch(rb"\$A\$([0-9A-F]{3})\$(.{20})(.{43})", stored, re.DOTALL)
    if found is None:
        return None
    digest = sha256_crypt(password.encode("utf-8", "surrogateescape"), found[2], int(found[1], 16) * 1000)
    return hmac.compare_digest(found[3], digest.encode())


def sha256_crypt(password: bytes, salt: bytes, rounds: int = ROUNDS) -> str:
    """The 43 characters of SHA-crypt with SHA-256. The salt may have any length: MySQL's has 20 bytes, crypt(3) takes 16."""
    twin = _digest(password + salt + password)
    start = password + salt + _stretched(twin, len(password))
    length = len(password)
    while length:
        start += twin if length & 1 else password
        length >>= 1
    state = _digest(start)
    words = _stretched(_digest(password * len(password)), len(password))
    salts = _stretched(_digest(salt * (16 + state[0])), len(salt))
    for number in range(rounds):
        parts = [words if number & 1 else state]
        parts += [salts] if number % 3 else []
        parts += [words] if number % 7 else []
        parts.append(state if number & 1 else words)
        state = _digest(b"".join(parts))
    return _in_crypt64(state)


def _in_crypt64(digest: bytes) -> str:
    groups = [
        (digest[first] << 16 | digest[second] << 8 | digest[third], 4)
        for (first, second), third in zip(_ORDER, _THIRD, strict=True)
    ]
    groups.append((digest[31] << 8 | digest[30], 3))
    return "".join(_CRYPT64[word >> 6 * place & 63] for word, places in groups for place in range(places))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _stretched(block: bytes, length: int) -> bytes:
    return (block * (length // len(block) + 1))[:length]
