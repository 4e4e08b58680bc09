# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What logins to every kind of database have in common: where the server is, the stored document, the password."""

from __future__ import annotations

import dataclasses
import os
import string
from collections.abc import Callable, Mapping
from typing import Final

from ...errors import Conflict, NotFound

# 32 characters of 62: 190 bits. Letters and digits only, so that it survives every connection string unquoted.
_ALPHABET: Final = string.ascii_letters + string.digits
_LENGTH: Final = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and how the way to it is protected."""

    host: str
    port: int
    database: str
    sslmode: str
    sslrootcert: str = ""

    def words(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}/{self.database}"


def place_of(address: Address, engine: str) -> dict[str, str]:
    """The part of a document that says which database it opens."""
    return {"engine": engine, "host": address.host, "port": str(address.port), "dbname": address.database}


def login_of(address: Address, document: Mapping[str, str]) -> str:
    """The login of a document that opens this database; Conflict for one that points elsewhere.

    That is not ours to log in with: it could send our request to a stranger's server.
    """
    place = (document.get("host"), document.get("port"), document.get("dbname"))
    if place != (address.host, str(address.port), address.database):
        raise Conflict(
            "The stored database credential points to another server",
            f"it says {':'.join(str(part) for part in place)}, the profile says {address.words()}",
            "Correct the profile, or store a credential for this server.",
        )
    if not document.get("username"):
        raise NotFound("The stored database credential", "it names no username", "Store a complete document.")
    return document["username"]


def read_password(path: str) -> str:
    """The administrator's password, from the profile's file."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as stream:
            return stream.read().strip("\r\n")
    except OSError as error:
        raise NotFound(f"The file {path} with the database administrator's password", error.strerror or "unreadable") from None


def new_password(random_bytes: Callable[[int], bytes]) -> str:
    """A password of letters and digits, evenly distributed."""
    letters: list[str] = []
    limit = 256 - 256 % len(_ALPHABET)
    while len(letters) < _LENGTH:
        letters += [_ALPHABET[byte % len(_ALPHABET)] for byte in random_bytes(_LENGTH) if byte < limit]
    return "".join(letters[:_LENGTH])
