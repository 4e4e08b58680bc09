# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time stamps by OpenSSL: on this signature, by a certificate that the stamp names, valid then, under a trusted root."""

from __future__ import annotations

import datetime
import pathlib
import shutil
import types
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import time_stamp_token, timestamp
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import notation_pki
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_pki import Issued, Stamping, issue, subject

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here: it is what stamps")
USAGE = {"extended": (x509.ExtendedKeyUsage((ExtendedKeyUsageOID.TIME_STAMPING,)), True)}
SIGNATURE = b"a signature"
SECOND = datetime.timedelta(seconds=1)
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")


@pytest.fixture(scope="module")
def authority() -> Issued:
    return issue(subject("Stamping Root"), None, "rsa2048", authority=True)


def stamper(authority: Issued, **changes: Any) -> Issued:
    return issue(subject("Stamping"), authority, "rsa2048", **{**USAGE, **changes})


@pytest.fixture
def stamping(authority: Issued, tmp_path: pathlib.Path) -> Stamping:
    return Stamping(tmp_path / "stamping", stamper(authority))


def refused(token: bytes | None, *roots: Issued, signature: bytes = SIGNATURE) -> str:
    with pytest.raises(Rejected) as caught:
        timestamp.verify(token, signature, [one.certificate for one in roots])
    assert caught.value.reason is Reason.NO_TRUSTED_TIME
    return caught.value.sentence()


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_stamp_is_taken_with_how_far_it_may_be_off(authority: Issued, stamping: Stamping, digest: str) -> None:
    before = datetime.datetime.now(datetime.UTC)
    made = timestamp.verify(stamping.token(SIGNATURE, digest), SIGNATURE, [authority.certificate])
    after = datetime.datetime.now(datetime.UTC)
    assert before - SECOND <= made.time <= after + SECOND
    assert made.accuracy == SECOND
    assert [one.subject for one in made.chain] == [subject("Stamping"), subject("Stamping Root")]


def test_a_longer_chain_is_taken(authority: Issued, tmp_path: pathlib.Path) -> None:
    between = issue(subject("Between"), authority, "rsa2048", authority=True)
    token = Stamping(tmp_path / "stamping", stamper(between)).token(SIGNATURE)
    assert len(timestamp.verify(token, SIGNATURE, [authority.certificate]).chain) == 3


def test_there_must_be_one(authority: Issued) -> None:
    assert "no time stamp" in refused(None, authority)


def test_it_is_on_this_signature(authority: Issued, stamping: Stamping) -> None:
    assert "does not hold" in refused(stamping.token(SIGNATURE), authority, signature=b"another")


def test_it_is_by_somebody_who_is_trusted(authority: Issued, stamping: Stamping) -> None:
    token = stamping.token(SIGNATURE)
    namesake = issue(authority.certificate.subject, None, "rsa2048", authority=True)
    assert "nobody who is trusted" in refused(token, namesake)
    assert "nobody who is trusted" in refused(token)
    assert timestamp.verify(token, SIGNATURE, [namesake.certificate, authority.certificate])


def test_a_stamp_is_not_too_large(authority: Issued, stamping: Stamping) -> None:
    assert "too large" in refused(stamping.token(SIGNATURE) + bytes(70_000), authority)


def test_the_certificate_that_stamped_is_the_one_that_the_stamp_names(authority: Issued, tmp_path: pathlib.Path) -> None:
    """Another certificate for the same key, by the same issuer under the same number, put in its place."""
    named = stamper(authority, serial=0x7777)
    later = (notation_pki.BEGIN + datetime.timedelta(days=1), notation_pki.END)
    other = stamper(authority, serial=0x7777, key=named.key, period=later)
    token = Stamping(tmp_path / "stamping", named).token(SIGNATURE)
    assert timestamp.verify(token, SIGNATURE, [authority.certificate])
    ders = [one.certificate.public_bytes(notation_pki.DER) for one in (named, other)]
    assert len(ders[0]) == len(ders[1])
    assert "names another one" in refused(token.replace(*ders), authority)


def test_it_says_that_it_is_a_time_stamp(authority: Issued, stamping: Stamping) -> None:
    token = stamping.token(SIGNATURE)
    where = token.rindex(TST_INFO)
    bent = token[:where] + TST_INFO[:-1] + b"\x05" + token[where + len(TST_INFO) :]
    assert "signed as something else" in refused(bent, authority)


@pytest.mark.parametrize(
    "change", [lambda token: b"", lambda token: token + b"\0", lambda token: token[:-1], lambda token: token[4:]]
)
def test_what_is_no_token_is_refused(authority: Issued, stamping: Stamping, change: Any) -> None:
    assert "cannot be read" in refused(change(stamping.token(SIGNATURE)), authority)


def test_the_certificates_of_a_token_may_stand_in_any_order(authority: Issued, tmp_path: pathlib.Path) -> None:
    """The library wants the order that DER has; OpenSSL's authorities have their own. Both orders are taken."""
    between = issue(subject("Between"), authority, "rsa2048", authority=True)
    one = stamper(between)
    for number, above in enumerate((one.above, one.above[::-1])):
        made = Issued(one.certificate, one.key, above)
        token = Stamping(tmp_path / f"stamping{number}", made).token(SIGNATURE)
        assert timestamp.verify(token, SIGNATURE, [authority.certificate])


def test_a_certificate_in_a_token_that_cannot_be_read_is_refused(authority: Issued, stamping: Stamping) -> None:
    token = stamping.token(SIGNATURE).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    assert "cannot be read" in refused(token, authority)


def test_a_name_of_no_kind_of_text_is_refused(authority: Issued, stamping: Stamping) -> None:
    """In a certificate, and where the stamp says who signed: the library looks each kind up when the name is read."""
    token, name = stamping.token(SIGNATURE), b"\x0c\x0dStamping Root"
    places = [place for place in range(len(token)) if token.startswith(name, place)]
    assert len(places) > 1
    for place in places:
        assert "cannot be read" in refused(token[:place] + b"\x0d" + token[place + 1 :], authority)


class FakeInfo(types.SimpleNamespace):
    """A time stamp's content."""


class FakeClient:
    """The library, saying that a stamp was made at another time: nothing else can be made to."""

    def __init__(self, client: Any, moment: datetime.datetime) -> None:
        self.client, self.moment = client, moment
        self.VerifierBuilder, self.VerificationError = client.VerifierBuilder, client.VerificationError

    def decode_timestamp_response(self, data: bytes) -> Any:
        read = self.client.decode_timestamp_response(data)
        info = read.tst_info
        return types.SimpleNamespace(
            tst_info=FakeInfo(gen_time=self.moment, accuracy=info.accuracy, policy=info.policy, version=info.version),
            signed_data=read.signed_data,
        )


@pytest.mark.parametrize("moment", [notation_pki.BEGIN - SECOND, notation_pki.END + SECOND])
def test_a_stamp_from_when_its_certificate_was_not_valid_is_by_nobody(
    tmp_path: pathlib.Path, moment: datetime.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = (notation_pki.BEGIN.replace(year=2020), notation_pki.END.replace(year=2049))
    root = issue(subject("Stamping Root"), None, "rsa2048", authority=True, period=period)
    token = Stamping(tmp_path / "stamping", stamper(root)).token(SIGNATURE)
    client = FakeClient(timestamp.library(), moment)
    monkeypatch.setattr(timestamp, "library", lambda: client)
    assert "nobody who is trusted" in refused(token, root)


def test_a_stamp_by_what_does_not_qualify_is_refused(authority: Issued, tmp_path: pathlib.Path) -> None:
    """OpenSSL stamps with it; the key is too short for what the Notary Project allows."""
    odd = issue(subject("Odd"), authority, "rsa2304", **USAGE)
    assert "does not qualify" in refused(Stamping(tmp_path / "odd", odd).token(SIGNATURE), authority)


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [(-10, 10, True), (-1, 1, True), (-0.5, 10, False), (-10, 0.5, False), (5, 10, False), (-10, -5, False)],
)
def test_a_certificate_was_valid_at_the_time_and_as_far_as_it_may_be_off(first: float, last: float, holds: bool) -> None:
    moment = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    certificate = types.SimpleNamespace(
        not_valid_before_utc=moment + datetime.timedelta(seconds=first),
        not_valid_after_utc=moment + datetime.timedelta(seconds=last),
    )
    made = timestamp.Stamp(moment, SECOND, ())
    if holds:
        made.check_within(certificate, "x")
    else:
        with pytest.raises(Rejected) as caught:
            made.check_within(certificate, "x")
        assert caught.value.reason is Reason.EXPIRED


def test_a_token_becomes_a_response_with_nothing_else_in_it(stamping: Stamping) -> None:
    token = stamping.token(SIGNATURE)
    made = time_stamp_token.parse(token)
    assert made.hash_name == "sha256"
    assert len(made.response) - len(token) < 12


def der(tag: int, *parts: bytes) -> bytes:
    """An element of DER."""
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else bytes([0x82, size >> 8, size & 0xFF])
    return bytes([tag]) + length + content


OID = {name: bytes.fromhex(text) for name, text in (
    ("signed data", "06092a864886f70d010702"), ("time stamp", "060b2a864886f70d0109100104"),
    ("content type", "06092a864886f70d010903"), ("certificate v1", "060b2a864886f70d010910020c"),
    ("certificate v2", "060b2a864886f70d010910022f"), ("sha1", "06052b0e03021a"), ("sha384", "0609608648016503040202"),
)}  # fmt: skip
V1, V3 = b"\x02\x01\x01", b"\x02\x01\x03"
DIGEST = bytes(range(32))


def attribute(name: str, *values: bytes) -> bytes:
    return der(0x30, OID[name], der(0x31, *values))


def named(*fields: bytes) -> bytes:
    """The attribute that names the certificate which stamped."""
    return attribute("certificate v2", der(0x30, der(0x30, der(0x30, *fields))))


KIND = attribute("content type", OID["time stamp"])
WHO = named(der(0x04, DIGEST))


def token(*attributes: bytes, version: bytes = V3, signer_version: bytes = V1, signers: int = 1, kind: bytes = OID["signed data"],
          certificates: bytes = der(0xA0, der(0x30, b"b"), der(0x30, b"a")), tail: bytes = b"") -> bytes:  # fmt: skip
    signer = der(0x30, signer_version, der(0x30), der(0x30), der(0xA0, *attributes), der(0x30), der(0x04, b"x"))
    data = der(0x30, version, der(0x31), der(0x30, OID["time stamp"]), certificates, der(0x31, *[signer] * signers))
    return der(0x30, kind, der(0xA0, data)) + tail


def test_what_a_token_names_is_read_and_its_certificates_are_sorted() -> None:
    made = time_stamp_token.parse(token(KIND, WHO))
    assert (made.hash_name, made.certificate) == ("sha256", DIGEST)
    assert der(0xA0, der(0x30, b"a"), der(0x30, b"b")) in made.response
    other = named(der(0x30, OID["sha384"]), der(0x04, DIGEST), der(0x30))
    assert time_stamp_token.parse(token(WHO[:0], KIND, other)).hash_name == "sha384"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        token(),
        token(KIND),
        token(WHO),
        token(KIND, KIND, WHO),
        token(KIND, WHO, WHO),
        token(attribute("content type"), WHO),
        token(attribute("content type", OID["time stamp"], OID["time stamp"]), WHO),
        token(attribute("content type", OID["signed data"]), WHO),
        token(KIND, attribute("certificate v1", der(0x30, der(0x30, der(0x30, der(0x04, DIGEST)))))),
        token(KIND, attribute("certificate v2", der(0x30))),
        token(KIND, attribute("certificate v2", der(0x30, der(0x30)))),
        token(KIND, named()),
        token(KIND, named(der(0x30, OID["sha1"]), der(0x04, DIGEST))),
        token(KIND, named(der(0x30), der(0x04, DIGEST))),
        token(KIND, named(der(0x02, b"\x01"))),
        token(KIND, WHO, version=V1),
        token(KIND, WHO, signer_version=V3),
        token(KIND, WHO, signers=0),
        token(KIND, WHO, signers=2),
        token(KIND, WHO, kind=OID["time stamp"]),
        token(KIND, WHO, certificates=b""),
        token(KIND, WHO, certificates=der(0xA1)),
        token(KIND, WHO, tail=b"\x00"),
        token(KIND, WHO)[:-1],
        b"\x30\x80" + token(KIND, WHO)[4:] + b"\x00\x00",  # an indefinite length
        b"\x30\x81\x05" + bytes(5),
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x3f\x20\x00",
        b"\x05\x00" * 200,
    ],
)
def test_a_token_that_says_too_little_or_too_much_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        time_stamp_token.parse(data)
    assert caught.value.reason is Reason.NO_TRUSTED_TIME
