# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Revocation: "not revoked" only by a list that is the issuer's, covers the certificate and is current; in doubt, unknown."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import http.server
import json
import pathlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from cryptography import x509

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.transport import Settings, Transport
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import crls
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.crl_fetch import HttpFetcher
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.revocation import Revocation
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import notation_pki
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_pki import Issued, issue, places, subject, usage

FLAGS = x509.ReasonFlags
NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
CURRENT = (NOW - DAY, NOW + DAY)
OLD = (NOW - 3 * DAY, NOW - 2 * DAY)


def lists(*contents: bytes) -> tuple[crls.Crl, ...]:
    return tuple(crls.parse(content, f"list {number}") for number, content in enumerate(contents, start=1))


def status(one: Issued, *contents: bytes, now: datetime.datetime = NOW) -> str:
    """`good`, `unasked`, `revoked`, `unknown`."""
    try:
        notes = Revocation(lists(*contents)).check(one.chain, now, True)
    except Rejected as error:
        return {Reason.REVOKED: "revoked", Reason.REVOCATION_UNKNOWN: "unknown"}[error.reason]
    return "unasked" if notes else "good"


def freshest(name: str = "delta") -> tuple[x509.ExtensionType, bool]:
    place = x509.UniformResourceIdentifier(f"{notation_pki.CRL_PLACE}{name}.crl")
    return x509.FreshestCRL([x509.DistributionPoint([place], None, None, None)]), False


def delta(issuer: Issued, revoked: Sequence[Any] = (), base: int = 1, number: int = 2, period: Any = CURRENT) -> bytes:
    return notation_pki.crl(issuer, revoked, period, number, [(x509.DeltaCRLIndicator(base), True)])


def point(names: Sequence[str] = (), **only: Any) -> tuple[x509.ExtensionType, bool]:
    known = ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs")
    uris = [x509.UniformResourceIdentifier(f"{notation_pki.CRL_PLACE}{name}.crl") for name in names]
    made = {"only_some_reasons": None, **dict.fromkeys(known, False), **only}
    return x509.IssuingDistributionPoint(uris or None, None, **made), True


def test_without_a_list_it_is_unknown(leaf: Issued) -> None:
    assert status(leaf) == "unknown"


def test_a_list_of_another_authority_says_nothing(root: Issued, leaf: Issued) -> None:
    other = issue(subject("Other"), None, authority=True)
    assert status(leaf, notation_pki.crl(other, (), CURRENT)) == "unknown"
    namesake = issue(root.certificate.subject, None, authority=True)
    assert status(leaf, notation_pki.crl(namesake, (), CURRENT)) == "unknown"
    assert status(leaf, notation_pki.crl(namesake, [(leaf, None)], CURRENT)) == "unknown"


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (CURRENT, "good"),
        (OLD, "unknown"),
        ((NOW + DAY, NOW + 2 * DAY), "unknown"),
        ((NOW, NOW + DAY), "good"),
        ((NOW - DAY, NOW), "good"),
        ((NOW - DAY, NOW - datetime.timedelta(seconds=1)), "unknown"),
    ],
)
def test_a_list_is_taken_while_it_is_current(
    root: Issued, leaf: Issued, period: tuple[datetime.datetime, datetime.datetime], expected: str
) -> None:
    assert status(leaf, notation_pki.crl(root, (), period)) == expected


@pytest.mark.parametrize("reason", [None, *(one for one in FLAGS if one is not FLAGS.remove_from_crl)])
def test_what_is_on_the_list_is_revoked_whatever_for(root: Issued, leaf: Issued, reason: FLAGS | None) -> None:
    assert status(leaf, notation_pki.crl(root, [(leaf, reason)], CURRENT)) == "revoked"


def test_what_was_revoked_stays_so_on_an_old_list(root: Issued, leaf: Issued) -> None:
    old = notation_pki.crl(root, [(leaf, FLAGS.superseded)], OLD)
    assert status(leaf, old) == "revoked"
    assert status(leaf, old, notation_pki.crl(root, (), CURRENT, 2)) == "revoked"


def test_what_was_on_hold_is_free_if_a_later_list_says_so(root: Issued, leaf: Issued) -> None:
    held = [(leaf, FLAGS.certificate_hold)]
    assert status(leaf, notation_pki.crl(root, held, OLD)) == "unknown"
    assert status(leaf, notation_pki.crl(root, held, OLD), notation_pki.crl(root, (), CURRENT, 2)) == "good"
    earlier = (NOW - 2 * DAY, NOW + 2 * DAY)
    assert status(leaf, notation_pki.crl(root, held, earlier), notation_pki.crl(root, (), CURRENT, 2)) == "good"
    assert status(leaf, notation_pki.crl(root, (), earlier), notation_pki.crl(root, held, CURRENT, 2)) == "revoked"


def test_an_earlier_list_that_is_still_current_gives_way_to_the_later(root: Issued, leaf: Issued) -> None:
    earlier = notation_pki.crl(root, (), (NOW - 2 * DAY, NOW + 2 * DAY))
    later = notation_pki.crl(root, (), CURRENT, 2, [freshest()])  # whose changes are missing
    assert status(leaf, earlier) == "good"
    assert status(leaf, earlier, later) == "unknown"


def test_another_certificate_on_the_list_changes_nothing(root: Issued, leaf: Issued) -> None:
    other = issue(subject("other"), root, place=places("root"))
    assert status(leaf, notation_pki.crl(root, [(other, None)], CURRENT)) == "good"


def test_a_list_with_an_unknown_demand_is_not_used(root: Issued, leaf: Issued) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert status(leaf, notation_pki.crl(root, [(leaf, None)], CURRENT, more=[(strange, True)])) == "unknown"
    assert status(leaf, notation_pki.crl(root, (), CURRENT, more=[(strange, False)])) == "good"


def test_an_authority_that_must_not_sign_lists_is_not_believed() -> None:
    issuer = issue(subject("Root"), None, authority=True, usage=(usage("key_cert_sign"), True))
    one = issue(subject("leaf"), issuer, place=places("root"))
    assert status(one, notation_pki.crl(issuer, (), CURRENT)) == "unknown"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (point(["root"]), "good"),
        (point(["elsewhere", "root"]), "good"),
        (point(["elsewhere"]), "unknown"),
        (point(only_contains_user_certs=True), "good"),
        (point(only_contains_ca_certs=True), "unknown"),
        (point(only_contains_attribute_certs=True), "unknown"),
        (point(indirect_crl=True), "unknown"),
        (point(only_some_reasons=frozenset([FLAGS.key_compromise])), "unknown"),
    ],
)
def test_a_list_covers_what_it_says(root: Issued, leaf: Issued, scope: Any, expected: str) -> None:
    assert status(leaf, notation_pki.crl(root, (), CURRENT, more=[scope])) == expected


def test_a_list_of_signers_says_nothing_of_authorities(root: Issued) -> None:
    below = issue(subject("Below"), root, authority=True, place=places("root"))
    one = issue(subject("leaf"), below)
    for only, expected in (("only_contains_user_certs", "unknown"), ("only_contains_ca_certs", "unasked")):
        assert status(one, notation_pki.crl(root, (), CURRENT, more=[point(**{only: True})])) == expected


def test_a_revoked_authority_above_is_found(root: Issued) -> None:
    below = issue(subject("Below"), root, authority=True, place=places("root"))
    one = issue(subject("leaf"), below, place=places("below"))
    good = notation_pki.crl(below, (), CURRENT)
    assert status(one, good, notation_pki.crl(root, (), CURRENT)) == "good"
    assert status(one, good, notation_pki.crl(root, [(below, FLAGS.ca_compromise)], CURRENT)) == "revoked"
    # Unknown below, revoked above: revoked says more.
    assert status(one, notation_pki.crl(root, [(below, None)], CURRENT)) == "revoked"
    assert status(one, good) == "unknown"


def test_the_root_is_not_asked_about() -> None:
    own = issue(subject("own"), None, place=places("root"))
    assert status(own) == "good"


def test_a_certificate_that_names_nobody_is_told(root: Issued) -> None:
    one = issue(subject("leaf"), root)
    assert status(one) == "unasked"
    # A list that was given is asked nevertheless.
    assert status(one, notation_pki.crl(root, (), CURRENT)) == "good"
    assert status(one, notation_pki.crl(root, [(one, None)], CURRENT)) == "revoked"
    assert status(one, notation_pki.crl(root, (), OLD)) == "unknown"


def test_where_only_ocsp_or_no_address_is_named_it_is_unknown(root: Issued) -> None:
    nameless = x509.CRLDistributionPoints(
        [x509.DistributionPoint(None, x509.RelativeDistinguishedName([*subject("x")][:1]), None, None)]
    )
    directory = x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier("ldap://ldap.example.com/cn=x")], None, None, None)]
    )
    for extension in (notation_pki.ocsp(), (nameless, False), (directory, False)):
        one = issue(subject("leaf"), root, place=extension)
        assert status(one) == "unknown"
        assert status(one, notation_pki.crl(root, (), CURRENT)) == "good"


class TestDelta:
    """Changes to a list (RFC 5280, section 5.2.4)."""

    def test_a_list_that_says_that_there_are_changes_needs_them(self, root: Issued, leaf: Issued) -> None:
        base = notation_pki.crl(root, (), CURRENT, more=[freshest()])
        assert status(leaf, base) == "unknown"
        assert status(leaf, base, delta(root)) == "good"
        assert status(leaf, base, delta(root, period=OLD)) == "unknown"
        assert status(leaf, base, delta(issue(root.certificate.subject, None, authority=True))) == "unknown"

    def test_a_certificate_can_say_so_too(self, root: Issued) -> None:
        one = issue(subject("leaf"), root, place=places("root"), fresh=freshest())
        assert status(one, notation_pki.crl(root, (), CURRENT)) == "unknown"
        assert status(one, notation_pki.crl(root, (), CURRENT), delta(root)) == "good"

    def test_changes_alone_are_no_list(self, root: Issued, leaf: Issued) -> None:
        assert status(leaf, delta(root)) == "unknown"

    @pytest.mark.parametrize(("base", "number"), [(2, 3), (1, 1), (0, 1)])
    def test_changes_must_be_to_this_list_and_later(self, root: Issued, leaf: Issued, base: int, number: int) -> None:
        made = notation_pki.crl(root, (), CURRENT, 1, [freshest()])
        assert status(leaf, made, delta(root, base=base, number=number)) == "unknown"

    def test_changes_of_another_scope_are_not_these(self, root: Issued, leaf: Issued) -> None:
        base = notation_pki.crl(root, (), CURRENT, more=[freshest(), point(["root"])])
        assert status(leaf, base, delta(root)) == "unknown"

    def test_what_changed_counts(self, root: Issued, leaf: Issued) -> None:
        base = notation_pki.crl(root, (), CURRENT, more=[freshest()])
        held = notation_pki.crl(root, [(leaf, FLAGS.certificate_hold)], CURRENT, more=[freshest()])
        assert status(leaf, base, delta(root, [(leaf, FLAGS.key_compromise)])) == "revoked"
        assert status(leaf, base, delta(root, [(leaf, FLAGS.key_compromise)], period=OLD)) == "revoked"
        assert status(leaf, held, delta(root, [(leaf, FLAGS.remove_from_crl)])) == "good"
        assert status(leaf, held, delta(root, [(leaf, FLAGS.remove_from_crl)], period=OLD)) == "unknown"
        assert status(leaf, held, delta(root)) == "revoked"

    def test_the_newest_changes_count(self, root: Issued, leaf: Issued) -> None:
        base = notation_pki.crl(root, [(leaf, FLAGS.certificate_hold)], CURRENT, more=[freshest()])
        free = delta(root, [(leaf, FLAGS.remove_from_crl)], number=2)
        held = delta(root, [(leaf, FLAGS.certificate_hold)], number=3)
        assert status(leaf, base, free, held) == "revoked"
        assert status(leaf, base, held, free) == "revoked"


class TestFiles:
    """Lists in a folder."""

    def test_every_form_is_found(self, root: Issued, leaf: Issued, tmp_path: pathlib.Path) -> None:
        base = notation_pki.crl(root, [(leaf, None)], CURRENT)
        pem = x509.load_der_x509_crl(base).public_bytes(notation_pki.PEM)
        kept = {"baseCRL": base64.b64encode(base).decode(), "deltaCRL": base64.b64encode(delta(root)).decode()}
        (tmp_path / "a.crl").write_bytes(base)
        (tmp_path / "b.pem").write_bytes(b"\n" + pem)
        (tmp_path / hashlib.sha256(b"http://crl.example.com/root.crl").hexdigest()).write_text(json.dumps(kept))
        (tmp_path / ".hidden").write_text("hello")
        (tmp_path / "folder").mkdir()
        found = crls.in_folder(tmp_path, "signers[0].notation.crls")
        assert [one.list.fingerprint(one.list.signature_hash_algorithm) for one in found].count(
            found[0].list.fingerprint(found[0].list.signature_hash_algorithm)
        ) == 3
        assert len(found) == 4

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.crl", b""),
            ("a.crl", b"hello"),
            ("a.crl", b"-----BEGIN X509 CRL-----\nhello\n-----END X509 CRL-----\n"),
            ("README.md", b"# Lists"),
            ("0" * 64, b"hello"),
            ("0" * 64, b'{"baseCRL":"aGVsbG8="}'),
            ("0" * 64, b'{"baseCRL":"!"}'),
            ("0" * 64, b'{"baseCRL":1}'),
            ("0" * 64, b'{"baseCRL":"","baseCRL":""}'),
        ],
    )
    def test_what_is_none_is_named(self, tmp_path: pathlib.Path, name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Invalid) as caught:
            crls.in_folder(tmp_path, "signers[0].notation.crls")
        assert "signers[0].notation.crls" in caught.value.sentence()
        assert name in caught.value.sentence()

    def test_a_list_of_another_version_is_none(self, root: Issued) -> None:
        content = notation_pki.crl(root, (), CURRENT)
        where = content.index(b"\x02\x01\x01")
        with pytest.raises(Invalid, match="no CRL that can be read"):
            crls.parse(content[:where] + b"\x02\x01\x07" + content[where + 3 :], "it")

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(Invalid, match="elsewhere cannot be read"):
            crls.in_folder(tmp_path / "elsewhere", "crls")


@dataclasses.dataclass
class Place:
    """An HTTP server with lists."""

    address: str
    content: dict[str, bytes]
    asked: list[str]


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place("", {}, [])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            body = made.content.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_address[1]}/"
    yield made
    server.shutdown()
    server.server_close()


def at(address: str, *names: str) -> tuple[x509.ExtensionType, bool]:
    uris = [x509.UniformResourceIdentifier(f"{address}{name}") for name in names]
    return x509.CRLDistributionPoints([x509.DistributionPoint([uri], None, None, None) for uri in uris]), False


class Asked(Transport):
    """A transport that reaches nobody, and tells what it was asked for."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(Settings())
        self.urls = urls

    def ask(self, method: str, url: str, *_more: Any, **_others: Any) -> Any:
        self.urls.append(url)
        raise Unreachable(f"{method} {url}")


class TestFetching:
    """Lists by HTTP, where they may be fetched."""

    def revocation(self, *contents: bytes) -> Revocation:
        return Revocation(lists(*contents), HttpFetcher(Transport(Settings(pause=lambda seconds: None))))

    def test_a_list_is_fetched_once(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        place.content["/root.crl"] = notation_pki.crl(root, (), CURRENT)
        revocation = self.revocation()
        for _unused in range(3):
            revocation.check(one.chain, NOW, True)
        assert place.asked == ["/root.crl"]

    def test_what_is_fetched_may_revoke(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        place.content["/root.crl"] = notation_pki.crl(root, [(one, None)], CURRENT)
        with pytest.raises(Rejected) as caught:
            self.revocation().check(one.chain, NOW, True)
        assert caught.value.reason is Reason.REVOKED
        assert place.address in caught.value.sentence()

    def test_nothing_is_fetched_for_a_chain_that_is_not_trusted(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        place.content["/root.crl"] = notation_pki.crl(root, (), CURRENT)
        with pytest.raises(Rejected):
            self.revocation().check(one.chain, NOW, False)
        assert place.asked == []

    def test_nothing_is_fetched_where_a_list_that_was_given_tells(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        self.revocation(notation_pki.crl(root, (), CURRENT)).check(one.chain, NOW, True)
        assert place.asked == []

    def test_a_list_that_was_given_and_is_old_is_fetched_anew(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        place.content["/root.crl"] = notation_pki.crl(root, (), CURRENT, 2)
        self.revocation(notation_pki.crl(root, (), OLD)).check(one.chain, NOW, True)
        assert place.asked == ["/root.crl"]

    def test_the_next_place_is_asked_if_the_first_has_none(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "gone.crl", "root.crl"))
        place.content["/root.crl"] = notation_pki.crl(root, (), CURRENT)
        self.revocation().check(one.chain, NOW, True)
        assert place.asked == ["/gone.crl", "/root.crl"]

    def test_changes_are_fetched_from_where_the_list_says(self, root: Issued, place: Place) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        fresh = x509.FreshestCRL([*at(place.address, "delta.crl")[0]])
        place.content["/root.crl"] = notation_pki.crl(root, (), CURRENT, more=[(fresh, False)])
        with pytest.raises(Rejected):
            self.revocation().check(one.chain, NOW, True)
        place.content["/delta.crl"] = delta(root)
        self.revocation().check(one.chain, NOW, True)

    @pytest.mark.parametrize("content", [b"", b"hello", b"<html>sign in</html>"])
    def test_what_is_no_list_is_as_good_as_none(self, root: Issued, place: Place, content: bytes) -> None:
        one = issue(subject("leaf"), root, place=at(place.address, "root.crl"))
        place.content["/root.crl"] = content
        with pytest.raises(Rejected) as caught:
            self.revocation().check(one.chain, NOW, True)
        assert caught.value.reason is Reason.REVOCATION_UNKNOWN

    @pytest.mark.parametrize(
        "address", ["https://127.0.0.1:1/x", "ldap://127.0.0.1/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://[::bad/x"]
    )
    def test_nothing_but_http_is_asked(self, root: Issued, address: str) -> None:
        one = issue(subject("leaf"), root, place=at("", address))
        transport = Asked([])
        with pytest.raises(Rejected) as caught:
            Revocation((), HttpFetcher(transport)).check(one.chain, NOW, True)
        assert caught.value.reason is Reason.REVOCATION_UNKNOWN
        assert [url for url in transport.urls if not url.startswith("http:")] == []

    def test_a_server_that_is_down_leaves_it_unknown(self, root: Issued) -> None:
        one = issue(subject("leaf"), root, place=at("http://127.0.0.1:1/", "root.crl"))
        with pytest.raises(Rejected) as caught:
            self.revocation().check(one.chain, NOW, True)
        assert caught.value.reason is Reason.REVOCATION_UNKNOWN
