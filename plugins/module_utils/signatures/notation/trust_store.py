# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""notation's trust store on disk: `x509/<kind>/<name>/` with certificates in PEM or DER (specifications,
trust-store-trust-policy.md, Trust Store).

Whatever lies there and is no trusted certificate is an error that names the file: who put it there meant something by it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ...errors import Invalid
from ..keyless.chain import UNREADABLE, issued
from ..model import Rejected
from .chain import extension, name_of
from .envelope import certificate_from
from .trust_policy import StoreKind

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
if TYPE_CHECKING:
    from collections.abc import Sequence

_SUFFIXES: Final = (".crt", ".pem", ".cer", ".der")
_FILE_LIMIT: Final = 1024 * 1024
_FILES_LIMIT: Final = 500
_NO_CERTIFICATE: Final[tuple[type[Exception], ...]] = (*UNREADABLE, Rejected)
_ARMOUR: Final = re.compile(rb"-----BEGIN ([^\r\n]{0,60}?)-----")


@dataclasses.dataclass(frozen=True, slots=True)
class TrustStore:
    """The folder that holds `x509`."""

    folder: pathlib.Path

    def certificates(self, kind: StoreKind, name: str) -> tuple[x509.Certificate, ...]:
        """The certificates of a named store, at least one; `Invalid` names the folder or file, what is wrong and the mend."""
        folder = self.folder / "x509" / kind / name
        what = f"The trust store {kind}:{name}: {folder}"
        mode = _mode(folder, what)
        if not stat.S_ISDIR(mode):
            why = "it is a symbolic link" if stat.S_ISLNK(mode) else "it is no folder"
            raise Invalid(what, why, "Put the certificates into a folder of this name.")
        found: list[x509.Certificate] = []
        for path in _files(folder, what):
            of_file = _in_file(path)
            for certificate in of_file:
                _check(certificate, kind, str(path))
            found += of_file
        if not found:
            raise Invalid(what, "it is empty", "Put the root certificate there.")
        return tuple(found)


def _files(folder: pathlib.Path, what: str) -> Iterator[pathlib.Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise Invalid(f"{what} cannot be read", error.strerror or "") from None
    if len(names) > _FILES_LIMIT:
        raise Invalid(what, f"it holds {len(names)} files, {_FILES_LIMIT} are read")
    for name in names:
        path = folder / name
        mode = _mode(path, str(path))
        if not stat.S_ISREG(mode):
            why = "it is a symbolic link" if stat.S_ISLNK(mode) else "it is no file"
            raise Invalid(f"{path} cannot be in a trust store", why, "Put the certificate itself there.")
        if path.suffix.lower() not in _SUFFIXES:
            raise Invalid(f"{path} cannot be in a trust store", f"its name ends in none of {', '.join(_SUFFIXES)}", "Remove it.")
        yield path


def _mode(path: pathlib.Path, what: str) -> int:
    try:
        return path.lstat().st_mode
    except OSError as error:
        raise Invalid(f"{what} cannot be read", error.strerror or "", "Mend the trust policy, or the trust store.") from None


def _in_file(path: pathlib.Path) -> list[x509.Certificate]:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read", error.strerror or "") from None
    if len(content) > _FILE_LIMIT:
        raise Invalid(f"{path} is too large", f"at most {_FILE_LIMIT} bytes are read")
    labels = [label.decode(errors="replace") for label in _ARMOUR.findall(content)]
    if any(label != "CERTIFICATE" for label in labels):
        # Never its content: somebody may have put a private key there.
        strange = next(label for label in labels if label != "CERTIFICATE")
        raise Invalid(f"{path} holds something else than certificates", f"a block {strange!r}", "Keep certificates alone there.")
    try:
        ders = [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(content)] if labels else [content]
        return [certificate_from(der, str(path)) for der in ders]
    except _NO_CERTIFICATE:
        raise Invalid(f"{path} is no certificate that can be read", "", "Give it in PEM, or as one certificate in DER.") from None


def _check(certificate: x509.Certificate, kind: StoreKind, what: str) -> None:
    """That it can be trusted at all: an authority, or a signer's own that is self-signed; a time stamping one must be a root."""
    own = issued(certificate, certificate)
    constraints = extension(certificate, x509.BasicConstraints)
    if kind is StoreKind.TSA and not own:
        raise Invalid(f"{what}: {name_of(certificate)} is no root", "time stamps are trusted by root", "Put the root there.")
    if not own and not (constraints is not None and constraints.value.ca):
        raise Invalid(f"{what}: {name_of(certificate)} is neither an authority nor self-signed", "", "Put the root there.")


def holds(trusted: Sequence[x509.Certificate], chain: Sequence[x509.Certificate]) -> bool:
    """Whether a certificate of the chain is one of the trusted: the very same, not only the same name."""
    return any(certificate in trusted for certificate in chain)
