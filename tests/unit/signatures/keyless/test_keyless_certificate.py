# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates, what they say, and what log entries say of them, one oddity at a time."""

from __future__ import annotations

import base64
import copy
import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.content import Content, read
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless import (
    certificate,
    chain,
    claims,
    entry,
    trusted_root,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, asking_keyless

NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "middle", "leaf")}
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
    "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def made(
    name: str,
    issuer: str,
    *extensions: tuple[x509.ExtensionType, bool],
    since: datetime.datetime = NOW - DAY,
    until: datetime.datetime = NOW + DAY,
    hashed: Any = None,
) -> x509.Certificate:
    """A certificate for the key of this name, by that of another."""
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        KEYS[name].public_key(),
        x509.random_serial_number(),
        since,
        until,
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(KEYS[issuer], hashed or hashes.SHA256())


def usage(*names: str) -> tuple[x509.ExtensionType, bool]:
    return x509.KeyUsage(**{name: name in names for name in USAGES}), True


CA = (x509.BasicConstraints(ca=True, path_length=None), True)
CODE = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
SIGNS = usage("digital_signature")
ROOT = made("root", "root", CA, usage("key_cert_sign"))
LEAF = made("leaf", "middle", SIGNS, CODE)


def way(middle: x509.Certificate, leaf: x509.Certificate = LEAF, moment: datetime.datetime | None = NOW) -> bool:
    return bool(chain.path(leaf, (middle, ROOT), (), ExtendedKeyUsageOID.CODE_SIGNING, moment))


MIDDLE = made("middle", "root", CA, usage("key_cert_sign"), CODE)


@pytest.mark.parametrize(
    "middle",
    [
        MIDDLE,
        made("middle", "root", CA),
        made("middle", "root", CA, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)),
        made("middle", "root", (x509.BasicConstraints(ca=True, path_length=0), True)),
    ],
)
def test_a_chain_is_found(middle: x509.Certificate) -> None:
    assert chain.path(LEAF, (middle, ROOT), (), ExtendedKeyUsageOID.CODE_SIGNING, NOW) == (middle, ROOT)


@pytest.mark.parametrize(
    "middle",
    [
        made("middle", "root"),
        made("middle", "root", (x509.BasicConstraints(ca=False, path_length=None), True)),
        made("middle", "root", CA, usage("digital_signature")),
        made("middle", "root", CA, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)),
        made("middle", "root", CA, (x509.NameConstraints([x509.DNSName("example.com")], None), True)),
        made("middle", "root", CA, (x509.NameConstraints([x509.DNSName("example.com")], None), False)),
        made("middle", "root", CA, (x509.InhibitAnyPolicy(0), True)),
        made("middle", "root", CA, since=NOW - 2 * DAY, until=NOW - DAY),
        made("middle", "root", CA, since=NOW + DAY, until=NOW + 2 * DAY),
        made("middle", "middle", CA),
        made("root", "root", CA),
    ],
    ids=["plain", "no CA", "no signing", "for servers", "names", "names too", "policy", "expired", "not yet", "own", "other key"],
)
def test_a_chain_over_such_a_certificate_is_none(middle: x509.Certificate) -> None:
    assert not way(middle)


def test_an_expired_chain_is_one_when_nobody_asks_for_a_time() -> None:
    assert way(made("middle", "root", CA, since=NOW - 2 * DAY, until=NOW - DAY), moment=None)


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ((CODE,), "is not made to sign (key usage)"),
        ((usage("key_agreement"), CODE), "is not made to sign (key usage)"),
        ((usage("digital_signature", "key_cert_sign"), CODE), "is not made to sign (key usage)"),
        ((SIGNS,), "extended key usage"),
        ((SIGNS, CODE, CA), "is an authority's"),
        ((SIGNS, CODE, (x509.InhibitAnyPolicy(0), True)), "which is not known here"),
        ((SIGNS, CODE, (x509.PrecertPoison(), True)), "which is not known here"),
    ],
)
def test_a_certificate_of_another_form_is_not_a_signers(extensions: tuple[Any, ...], why: str) -> None:
    with pytest.raises(Rejected) as caught:
        certificate.read(made("leaf", "root", *extensions).public_bytes(serialization.Encoding.DER))
    assert caught.value.reason is Reason.UNTRUSTED_CERTIFICATE
    assert why in caught.value.why


VERSION_3, VERSION_35 = bytes.fromhex("a003020102"), bytes.fromhex("a003020122")


def test_a_certificate_of_a_version_that_does_not_exist_is_malformed_wherever_it_stands() -> None:
    bent = LEAF.public_bytes(serialization.Encoding.DER).replace(VERSION_3, VERSION_35, 1)
    with pytest.raises(Rejected) as caught:
        certificate.read(bent)
    assert caught.value.reason is Reason.MALFORMED
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(bent).decode()}\n-----END CERTIFICATE-----\n"
    with pytest.raises(Rejected) as caught:
        certificate.pem_chain(pem, "The chain")
    assert caught.value.reason is Reason.MALFORMED
    root = json.loads((asking_keyless.KEYLESS / "trusted_root.json").read_text())
    root["certificateAuthorities"][0]["certChain"]["certificates"] = [{"rawBytes": base64.b64encode(bent).decode()}]
    with pytest.raises(Invalid, match="it is no certificate"):
        trusted_root.parse(json.dumps(root).encode(), "here")


def utf8(text: str, length: bytes | None = None) -> bytes:
    data = text.encode()
    return b"\x0c" + (bytes([len(data)]) if length is None else length) + data


def holder(*values: tuple[int, bytes], name: x509.GeneralName | None = None) -> claims.Holder:
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName([name or x509.RFC822Name("a@example.com")]), True)
    ]
    for number, value in values:
        found.append((x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{claims.FULCIO}.{number}"), value), False))
    return claims.holder_of(made("leaf", "root", *found).extensions)


@pytest.mark.parametrize(
    "values",
    [
        (),
        ((1, b""),),
        ((8, utf8("")),),
        ((1, b"https://a.example"), (8, utf8("https://b.example"))),
        ((8, utf8("https://b.example")), (1, b"https://a.example")),
    ],
)
def test_a_certificate_without_exactly_one_issuer_is_nobodys(values: tuple[tuple[int, bytes], ...]) -> None:
    with pytest.raises(Rejected) as caught:
        holder(*values)
    assert caught.value.reason is Reason.WRONG_ISSUER


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x0c",
        b"https://a.example",
        utf8("a") + b"x",
        utf8("ab")[:-1],
        utf8("a" * 127, b"\x81\x7f"),
        utf8("a" * 200, b"\x82\x00\xc8"),
        utf8("a" * 5, b"\x80"),
        utf8("a" * 5, b"\x84\x00\x00\x00\x05"),
        b"\x13\x01a",
        b"\x0c\x02\xff\xfe",
        utf8("a\x00b"),
        utf8("a\u2028b"),
    ],
)
def test_what_is_no_text_in_der_is_refused(value: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        holder((8, value))
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("size", "length"), [(1, b"\x01"), (127, b"\x7f"), (128, b"\x81\x80"), (255, b"\x81\xff"), (300, b"\x82\x01\x2c")]
)
def test_texts_of_every_length_are_read(size: int, length: bytes) -> None:
    assert holder((8, utf8("a" * size, length))).issuer == "a" * size


def test_what_fulcio_will_write_some_day_is_passed_over() -> None:
    assert holder((1, b"https://a.example"), (99, b"\xff")).claims == {}


GENUINE = asking_keyless.layout("genuine")


def logged(image: str) -> tuple[dict[str, Any], Content, certificate.Signer]:
    """The body of an image's log entry, and what it is about."""
    content = read(asking.beside(GENUINE, image).candidates[0])
    if content.bundle:
        body, signer = content.bundle.log_entries[0].body, certificate.read(content.bundle.certificate or b"")
    else:
        assert content.legacy
        found = content.legacy.log_entry()
        assert found
        body, signer = base64.b64decode(found.body), certificate.read_pem(content.legacy.certificate)
    return json.loads(body), content, signer


OTHER = base64.b64encode(b"another").decode()
HASH = "0" * 64
CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("bundle-rekor1", lambda spec: spec["payloadHash"].update(value=HASH)),
    ("bundle-rekor1", lambda spec: spec["signatures"][0].update(signature=OTHER)),
    ("bundle-rekor1", lambda spec: spec["signatures"][0].update(verifier=OTHER)),
    ("bundle-rekor1", lambda spec: spec.update(signatures=[])),
    ("legacy-cosign2", lambda spec: spec["data"]["hash"].update(value=HASH)),
    ("legacy-cosign2", lambda spec: spec["signature"].update(content=OTHER)),
    ("legacy-cosign2", lambda spec: spec["signature"]["publicKey"].update(content=OTHER)),
    ("legacy-attestation-intoto", lambda spec: spec["content"]["hash"].update(value=HASH)),
    ("legacy-attestation-intoto", lambda spec: spec["content"]["payloadHash"].update(value=HASH)),
    ("legacy-attestation-intoto", lambda spec: spec.update(publicKey=OTHER)),
    ("bundle-rekor2-tsa", lambda spec: spec["hashedRekordV002"]["data"].update(digest=base64.b64encode(bytes(32)).decode())),
    ("bundle-rekor2-tsa", lambda spec: spec["hashedRekordV002"]["signature"].update(content=OTHER)),
    (
        "bundle-rekor2-tsa",
        lambda spec: spec["hashedRekordV002"]["signature"]["verifier"]["x509Certificate"].update(rawBytes=OTHER),
    ),
]


@pytest.mark.parametrize(("image", "change"), CHANGES)
def test_an_entry_that_differs_in_one_thing_is_about_something_else(
    image: str, change: Callable[[dict[str, Any]], object]
) -> None:
    body, content, signer = logged(image)
    assert entry.about(json.dumps(body).encode(), content, signer) == (body["kind"], body["apiVersion"])
    changed = copy.deepcopy(body)
    change(changed["spec"])
    with pytest.raises(Rejected) as caught:
        entry.about(json.dumps(changed).encode(), content, signer)
    assert caught.value.reason is Reason.NOT_IN_LOG


@pytest.mark.parametrize("image", ["bundle-rekor1", "legacy-cosign2", "legacy-attestation-intoto", "bundle-rekor2-tsa"])
def test_an_entry_with_something_unknown_in_it_is_not_read(image: str) -> None:
    body, content, signer = logged(image)
    for place in ("", "spec"):
        changed = copy.deepcopy(body)
        (changed[place] if place else changed)["more"] = {}
        with pytest.raises(Rejected) as caught:
            entry.about(json.dumps(changed).encode(), content, signer)
        assert caught.value.reason is Reason.MALFORMED
