# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trust stores on disk: whatever is no trusted certificate is named with its file; what is one is found in every form."""

from __future__ import annotations

import base64
import os
import pathlib
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.trust_policy import StoreKind
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.trust_store import TrustStore, holds
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import notation_pki
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_pki import Issued, issue, subject


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder of the store ca:example, empty."""
    made = tmp_path / "truststore" / "x509" / "ca" / "example"
    made.mkdir(parents=True)
    return made


def store(folder: pathlib.Path) -> TrustStore:
    return TrustStore(folder.parents[2])


def refusal(folder: pathlib.Path, kind: StoreKind = StoreKind.CA) -> str:
    with pytest.raises(Invalid) as caught:
        store(folder).certificates(kind, "example")
    return caught.value.sentence()


def make_link(folder: pathlib.Path, pem: bytes) -> None:
    (folder.parent / "elsewhere.pem").write_bytes(pem)
    (folder / "root.pem").symlink_to(folder.parent / "elsewhere.pem")


def make_folder(folder: pathlib.Path, pem: bytes) -> None:
    (folder / "more.pem").mkdir()
    (folder / "more.pem" / "root.pem").write_bytes(pem)


def make_pipe(folder: pathlib.Path, pem: bytes) -> None:
    os.mkfifo(folder / "root.pem")


def written(name: str, change: Callable[[bytes], bytes]) -> Callable[[pathlib.Path, bytes], None]:
    """A file with this name and content."""

    def write(folder: pathlib.Path, pem: bytes) -> None:
        (folder / name).write_bytes(change(pem))

    return write


def of_another_version(pem: bytes) -> bytes:
    content = (
        x509.load_pem_x509_certificate(pem)
        .public_bytes(notation_pki.DER)
        .replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07")
    )
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(content) + b"-----END CERTIFICATE-----\n"


def private(pem: bytes) -> bytes:
    key = issue(subject("x"), None).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return pem + Issued(issue(subject("x"), None).certificate, key).key_pem


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_link, ["root.pem", "symbolic link"]),
        (make_folder, ["more.pem", "no file"]),
        (make_pipe, ["root.pem", "no file"]),
        (written("README", lambda pem: b"hello"), ["README", ".crt, .pem, .cer, .der"]),
        (written(".gitkeep", lambda pem: b""), [".gitkeep", "ends in none of"]),
        (written("root.crl", lambda pem: pem), ["root.crl", "ends in none of"]),
        (written("root.pem", lambda pem: b""), ["root.pem", "no certificate that can be read"]),
        (written("root.pem", lambda pem: b"hello"), ["root.pem", "no certificate that can be read"]),
        (written("root.pem", lambda pem: pem.replace(b"MII", b"MIX")), ["root.pem", "no certificate that can be read"]),
        (written("root.pem", lambda pem: pem[:-30]), ["root.pem", "no certificate that can be read"]),
        (written("root.pem", lambda pem: pem.replace(b" CERT", b" TRUSTED CERT")), ["root.pem", "'TRUSTED CERTIFICATE'"]),
        (written("root.pem", of_another_version), ["root.pem", "no certificate that can be read"]),
        (written("root.pem", private), ["root.pem", "something else than certificates", "'PRIVATE KEY'"]),
        (written("root.crt", lambda pem: b"#" * 2_000_000), ["root.crt", "too large"]),
    ],
)
def test_what_is_no_certificate_is_named(
    folder: pathlib.Path, root: Issued, make: Callable[[pathlib.Path, bytes], None], words: list[str]
) -> None:
    make(folder, root.pem)
    sentence = refusal(folder)
    for word in words:
        assert word in sentence
    assert "MII" not in sentence


def test_a_store_that_is_not_there_is_named(folder: pathlib.Path) -> None:
    folder.rmdir()
    assert str(folder) in refusal(folder)
    assert "No such file" in refusal(folder)


def test_a_store_that_is_empty_trusts_nobody_and_is_refused(folder: pathlib.Path) -> None:
    assert "ca:example" in refusal(folder)
    assert "it is empty" in refusal(folder)


def test_a_store_that_is_a_link_is_refused(folder: pathlib.Path, root: Issued) -> None:
    (folder / "root.pem").write_bytes(root.pem)
    folder.rename(folder.parent / "real")
    folder.symlink_to(folder.parent / "real")
    assert "symbolic link" in refusal(folder)


def test_a_store_that_is_a_file_is_refused(folder: pathlib.Path) -> None:
    folder.rmdir()
    folder.write_text("hello")
    assert "no folder" in refusal(folder)


def test_a_signers_certificate_cannot_be_trusted_unless_it_is_its_own_root(folder: pathlib.Path, leaf: Issued) -> None:
    (folder / "leaf.pem").write_bytes(leaf.certificate.public_bytes(notation_pki.PEM))
    assert "neither an authority nor self-signed" in refusal(folder)
    own = issue(subject("own"), None)
    (folder / "leaf.pem").write_bytes(own.pem)
    assert store(folder).certificates(StoreKind.CA, "example") == (own.certificate,)


def test_time_stamping_authorities_are_trusted_by_their_root(folder: pathlib.Path, root: Issued) -> None:
    folder.rename(folder.parents[1] / "tsa")
    folder = folder.parents[1] / "tsa" / "example"
    folder.parent.rename(folder.parent.with_name("x"))
    folder.mkdir(parents=True)
    intermediate = issue(subject("Intermediate"), root, authority=True)
    (folder / "a.pem").write_bytes(intermediate.certificate.public_bytes(notation_pki.PEM))
    assert "is no root" in refusal(folder, StoreKind.TSA)
    (folder / "a.pem").write_bytes(root.pem)
    assert store(folder).certificates(StoreKind.TSA, "example") == (root.certificate,)


def test_certificates_are_found_in_every_form(folder: pathlib.Path, root: Issued) -> None:
    others = [issue(subject(f"Root {number}"), None, authority=True) for number in range(4)]
    (folder / "a.crt").write_bytes(b"Certificate:\n  for people\n" + root.pem)
    (folder / "b.DER").write_bytes(others[0].certificate.public_bytes(notation_pki.DER))
    (folder / "c.pem").write_bytes(others[1].pem + b"\n" + others[2].pem)
    (folder / "d.cer").write_bytes(others[3].certificate.public_bytes(notation_pki.DER))
    found = store(folder).certificates(StoreKind.CA, "example")
    assert found == (root.certificate, *(one.certificate for one in others))


def test_only_the_very_same_certificate_is_the_same(root: Issued, leaf: Issued) -> None:
    namesake = issue(root.certificate.subject, None, authority=True)
    renewed = issue(root.certificate.subject, None, authority=True, key=root.key)
    assert holds((root.certificate,), leaf.chain)
    for other in (namesake, renewed):
        assert not holds((other.certificate,), leaf.chain)
    assert not holds((), leaf.chain)
