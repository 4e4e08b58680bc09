# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Chains that the fixtures do not have: what is demanded of them, whoever is trusted."""

from __future__ import annotations

import dataclasses
import datetime
import types
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import (
    Candidate,
    Format,
    Kind,
    Reason,
    Rejected,
    Subject,
    Verified,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import chain, cose
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.chain import Purpose
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.crls import Crl
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.revocation import Revocation
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.trust_policy import StoreKind, parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.verify import Rule, verify
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_notation, notation_forge
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_forge import Forge, Tag
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_pki import Issued, issue, places, subject, usage

IMAGE = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{'0' * 64}", "size": 100}
SUBJECT = Subject(Descriptor(IMAGE["mediaType"], IMAGE["digest"], IMAGE["size"]), "registry.example.com/app")
NOW = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
STAMPS = (ExtendedKeyUsageOID.TIME_STAMPING,)


def forge() -> Forge:
    return Forge(None, None, types.SimpleNamespace(signers={}))


def reason(certificates: tuple[x509.Certificate, ...], purpose: Purpose = Purpose.CODE_SIGNING) -> str:
    with pytest.raises(Rejected) as caught:
        chain.check(certificates, purpose)
    assert caught.value.reason is Reason.UNTRUSTED_CERTIFICATE
    return caught.value.sentence()


def shown(signer: Issued, trusted: x509.Certificate, policy: str = "strict", **how: Any) -> Verified:
    """What a JWS by this signer proves where one certificate is trusted."""
    made = forge()
    content = made.jws(made.payload(IMAGE), signer, **how.pop("jws", {}))
    candidate = Candidate(Format.NOTATION_JWS, Kind.SIGNATURE, "it", "sha256:x", content, "application/jose+json")
    document = (asking_notation.NOTATION / "policies" / f"{policy}.json").read_bytes()
    trust = parse(document, "it", frozenset(how.pop("weaker", ())))
    stores = {store: (trusted,) for statement in trust.statements for store in statement.stores}
    return verify(candidate, SUBJECT, Rule(trust, stores, **how), "release", "ci", NOW)


def test_a_whole_chain_is_taken(root: Issued, leaf: Issued) -> None:
    chain.check(leaf.chain, Purpose.CODE_SIGNING)
    assert shown(issue(subject("x"), root), root.certificate).identity.startswith("CN=x")


def test_a_chain_without_its_root_is_not_whole_though_what_it_has_is_trusted(root: Issued) -> None:
    pinned = issue(subject("Pinned"), root, authority=True)
    signer = issue(subject("x"), pinned)
    assert shown(signer, pinned.certificate)
    with pytest.raises(Rejected) as caught:
        shown(signer, pinned.certificate, jws={"chain": signer.chain[:2]})
    assert "not whole" in caught.value.sentence()


def test_certificates_that_issue_each_other_lead_nowhere(root: Issued) -> None:
    one = issue(subject("One"), None, authority=True)
    two = issue(subject("Two"), one, authority=True)
    again = issue(subject("One"), two, authority=True, key=one.key)
    assert "not whole" in reason((two.certificate, again.certificate))
    signer = issue(subject("x"), again)
    assert "not self-signed" in reason((signer.certificate, again.certificate, two.certificate, again.certificate))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"extended": (x509.ExtendedKeyUsage(STAMPS), False)}, "time stamping alone, and critical"),
        ({"extended": None}, "time stamping alone, and critical"),
        ({"extended": (x509.ExtendedKeyUsage((*STAMPS, ExtendedKeyUsageOID.CODE_SIGNING)), True)}, "time stamping alone"),
        ({"extended": (x509.ExtendedKeyUsage((ExtendedKeyUsageOID.CODE_SIGNING,)), True)}, "time stamping alone"),
        ({"usage": (usage("digital_signature", "key_encipherment"), True)}, "key_encipherment as well"),
        ({"usage": None}, "no key usage"),
        ({"constraints": (x509.BasicConstraints(True, None), True)}, "is an authority"),
        ({"kind": "rsa1024"}, "1024 bits"),
    ],
)
def test_what_stamps_times_stamps_times_alone(root: Issued, changes: dict[str, Any], says: str) -> None:
    good = {"extended": (x509.ExtendedKeyUsage(STAMPS), True)}
    chain.check(issue(subject("x"), root, **good).chain, Purpose.TIME_STAMPING)
    assert says in reason(issue(subject("x"), root, **{**good, **changes}).chain, Purpose.TIME_STAMPING)


def test_the_key_usage_of_what_stamps_need_not_be_critical(root: Issued) -> None:
    good = {"extended": (x509.ExtendedKeyUsage(STAMPS), True), "usage": (usage("digital_signature"), False)}
    chain.check(issue(subject("x"), root, **good).chain, Purpose.TIME_STAMPING)
    assert "critical" in reason(issue(subject("x"), root, **{**good, "extended": None}).chain)


@pytest.mark.parametrize("kind", ["p256", "p384", "p521"])
@pytest.mark.parametrize(
    "change",
    [
        lambda r, s: b"\0" + r + b"\0" + s,  # the same numbers, were any two halves taken
        lambda r, s: b"\0\0" + r + s,
        lambda r, s: r + b"\0" + s,  # the same again, if the first is cut off
        lambda r, s: r + s + b"\0",
        lambda r, s: r[1:] + s[1:],
        lambda r, s: r,
        lambda r, s: b"",
    ],
)
def test_a_signature_is_as_long_as_its_curve_wants(root: Issued, kind: str, change: Callable[[bytes, bytes], bytes]) -> None:
    def bent(key: Any, message: bytes) -> bytes:
        made = notation_forge.sign(key, message)
        return change(made[: len(made) // 2], made[len(made) // 2 :])

    signer = issue(subject("x"), root, kind)
    assert shown(signer, root.certificate)
    with pytest.raises(Rejected) as caught:
        shown(signer, root.certificate, jws={"signature": bent})
    assert caught.value.reason is Reason.WRONG_KEY


def test_a_time_has_the_tag_of_seconds_and_no_other(root: Issued) -> None:
    made = forge()
    for tag in (0, 2, 100, 1001):
        content = made.cose(b"{}", issue(subject("x"), root), headers={notation_forge.TIME: Tag(tag, 1793527200)})
        with pytest.raises(Rejected, match="no time in whole seconds"):
            cose.parse(content)


def test_nothing_depends_on_what_the_signing_agent_says_of_itself(root: Issued) -> None:
    made = forge()
    for agent in ("notation/1.3.2", 1, None, ["x"], {"x": 1}):
        content = made.cose(b"{}", issue(subject("x"), root), unsigned={"io.cncf.notary.signingAgent": agent})
        assert cose.parse(content)


@dataclasses.dataclass
class Counting:
    """A source of lists that has none, and counts who asks."""

    asked: list[str]

    def fetch(self, url: str) -> Crl | None:
        """See `Fetcher`."""
        self.asked.append(url)
        return None


def test_nobody_who_is_not_trusted_sends_us_anywhere(root: Issued) -> None:
    """At the level audit a stranger's signature counts; the addresses in his certificate are not asked."""
    source = Counting([])
    mallory = issue(subject("Mallory"), None, authority=True)
    stranger = issue(subject("x"), mallory, place=places("mallory"))
    found = shown(stranger, root.certificate, "audit", weaker=["audit"], revocation=Revocation((), source))
    assert source.asked == []
    assert any("authenticity" in note for note in found.notes)
    own = issue(subject("x"), root, place=places("root"))
    shown(own, root.certificate, "audit", weaker=["audit"], revocation=Revocation((), source))
    assert len(source.asked) == 1


def test_a_store_of_another_kind_trusts_nobody(root: Issued) -> None:
    assert StoreKind.CA is not StoreKind.SIGNING_AUTHORITY
    with pytest.raises(Rejected) as caught:
        shown(issue(subject("x"), root), root.certificate, "authority")
    assert caught.value.reason is Reason.UNTRUSTED_CERTIFICATE
