# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificate revocation lists (RFC 5280, section 5), read: from files, and from notation's own cache of them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Final

from ...errors import Invalid
from ...oci import strict_json
from ..keyless.chain import UNREADABLE
from ..model import Rejected
from ..reading import base64_bytes

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509

# The largest that authorities publish have some 16 MB; notation reads twice that.
CRL_LIMIT: Final = 32 * 1024 * 1024
_FILES_LIMIT: Final = 500
_PEM: Final = b"-----BEGIN X509 CRL-----"
_CACHED: Final = re.compile(r"[0-9a-f]{64}")  # the SHA-256 of the address it came from


@dataclasses.dataclass(frozen=True, slots=True)
class Crl:
    """A list whose form is right; nothing else is known of it. `source` is the file or address, for people."""

    list: x509.CertificateRevocationList
    source: str


def in_folder(folder: pathlib.Path, what: str) -> tuple[Crl, ...]:
    """Every list in the files of a folder: PEM or DER, or notation's cache (`crl` there). `Invalid` names the file."""
    try:
        paths = sorted(folder / name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise Invalid(f"{what}: {folder} cannot be read", error.strerror or "", "Name a folder with CRLs.") from None
    if len(paths) > _FILES_LIMIT:
        raise Invalid(f"{what}: {folder}", f"it holds {len(paths)} files, {_FILES_LIMIT} are read")
    return tuple(found for path in paths if not path.is_dir() for found in _in_file(path, f"{what}: {path}"))


def parse(content: bytes, source: str) -> Crl:
    """One list in PEM or DER; `Invalid` names its source."""
    try:
        found = x509.load_pem_x509_crl(content) if content.lstrip().startswith(_PEM) else x509.load_der_x509_crl(content)
        # What the library reads only when it is asked for.
        _unused = (found.issuer, found.extensions, found.last_update_utc, found.next_update_utc, found.signature_hash_algorithm)
    except UNREADABLE:
        raise Invalid(f"{source} is no CRL that can be read", "", "Give it in PEM or DER.") from None
    return Crl(found, source)


def _in_file(path: pathlib.Path, what: str) -> Iterator[Crl]:
    try:
        with path.open("rb") as file:
            content = file.read(2 * CRL_LIMIT + 1)
    except OSError as error:
        raise Invalid(f"{what} cannot be read", error.strerror or "") from None
    if len(content) > (2 if _CACHED.fullmatch(path.name) else 1) * CRL_LIMIT:
        raise Invalid(f"{what} is too large", f"at most {CRL_LIMIT} bytes are read")
    if not _CACHED.fullmatch(path.name):
        yield parse(content, what)
        return
    entry = strict_json.parse_object(content, what)
    for name in ("baseCRL", "deltaCRL"):
        try:
            if entry.get(name) is not None:
                yield parse(base64_bytes(entry[name], name), f"{what} ({name})")
        except Rejected as error:
            raise Invalid(f"{what} is no entry of notation's cache", error.what) from None
