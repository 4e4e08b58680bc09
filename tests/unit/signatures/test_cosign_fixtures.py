# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every attack on cosign's signatures is refused for its reason, and everything that cosign made is accepted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.keyed import verify_with_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import (
    Format,
    Kind,
    Reason,
    Rejected,
    Subject,
)
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking

GENUINE = asking.cases("genuine")
ATTACKS = [(group, entry) for group in ("attacks", "attacks_fallback") for entry in asking.cases(group)]


def expected(entry: dict[str, Any]) -> tuple[list[str], list[str]]:
    return sorted(entry.get("accepted", ())), sorted(entry.get("rejected", ()))


@pytest.mark.parametrize(("group", "entry"), ATTACKS, ids=[asking.name_of(entry) for _group, entry in ATTACKS])
def test_an_attack_is_refused_for_its_reason(group: str, entry: dict[str, Any]) -> None:
    assert asking.answer(asking.layout(group), entry) == expected(entry)


@pytest.mark.parametrize("entry", GENUINE, ids=asking.name_of)
def test_what_cosign_made_is_accepted(entry: dict[str, Any]) -> None:
    assert asking.answer(asking.layout("genuine"), entry) == expected(entry)


@pytest.mark.parametrize(
    "entry",
    [entry for entry in GENUINE if entry["case"] in asking.images(asking.layout("genuine_referrers"))],
    ids=asking.name_of,
)
def test_it_is_the_same_where_the_registry_lists_referrers(entry: dict[str, Any]) -> None:
    assert asking.answer(asking.layout("genuine_referrers"), entry) == expected(entry)


@pytest.mark.parametrize("group", ["attacks", "attacks_fallback", "genuine"])
def test_every_image_is_asked_about(group: str) -> None:
    assert {entry["case"] for entry in asking.cases(group)} == set(asking.images(asking.layout(group)))


@pytest.mark.parametrize("reason", Reason)
def test_reasons_that_only_a_key_can_lead_to_are_all_tried(reason: Reason) -> None:
    of_certificates = {
        Reason.WRONG_IDENTITY,
        Reason.WRONG_ISSUER,
        Reason.UNTRUSTED_CERTIFICATE,
        Reason.EXPIRED,
        Reason.REVOKED,
        Reason.REVOCATION_UNKNOWN,
        Reason.NOT_IN_LOG,
        Reason.NO_CERTIFICATE_TRANSPARENCY,
        Reason.NO_TRUSTED_TIME,
    }
    of_the_policy = {Reason.FORMAT_NOT_ACCEPTED}
    tried = {name for _group, entry in ATTACKS for name in entry.get("rejected", ())}
    assert (reason in tried) is (reason not in of_certificates | of_the_policy)


def test_no_key_vouches_for_an_image_that_it_did_not_sign() -> None:
    """Each genuine candidate, for each key and each other image: accepted only for its own."""
    where = asking.layout("genuine")
    images = asking.images(where)
    everything = [asking.beside(where, tag) for tag in images]
    owners = {
        "bundle-with-own-certificate": set(),
        "bundle-two-signers": {"p256", "security"},
        "legacy-two-signers": {"p256", "security"},
    }
    names = [path.stem for path in (asking.COSIGN / "keys").iterdir()]
    for tag, found in zip(images, everything, strict=True):
        own = {entry.get("key", "p256") for entry in GENUINE if entry["case"] == tag and entry.get("accepted")}
        for candidate in found.candidates:
            takers = {name for name in names if vouches(candidate, found.subject, name)}
            assert takers <= owners.get(tag, own), tag
            assert takers or not owners.get(tag, own), tag
            signer = takers.pop() if takers else "p256"
            for other in everything:
                if other.subject != found.subject:
                    assert not vouches(candidate, other.subject, signer), tag


def vouches(candidate: Any, subject: Subject, name: str) -> bool:
    try:
        verify_with_key(candidate, subject, asking.key(name), "release", "ci")
    except Rejected:
        return False
    return True


def test_what_is_verified_is_told() -> None:
    where = asking.layout("genuine")
    found = asking.beside(where, "bundle-annotations")
    (candidate,) = found.candidates
    made = verify_with_key(candidate, found.subject, asking.key("p256"), "release", "ci", {"env": "prod"})
    assert (made.kind, made.format) == (Kind.SIGNATURE, Format.COSIGN_BUNDLE)
    assert (made.signer, made.role, made.identity) == ("release", "ci", f"key sha256:{asking.key('p256').fingerprint}")
    assert dict(made.annotations) == {"env": "prod", "team": "food & drinks"}
    assert (made.where, made.digest, made.statement) == (candidate.where, candidate.digest, None)
    assert made.where.startswith("referrer sha256:")


@pytest.mark.parametrize("how", ["bundle", "bundle2", "legacy"])
def test_the_statements_of_attestations_are_handed_over(how: str) -> None:
    found = asking.beside(asking.layout("genuine"), f"attestations-{how}")
    made = [verify_with_key(candidate, found.subject, asking.key("p256"), "release", "ci") for candidate in found.candidates]
    assert {one.statement["predicateType"] for one in made if one.statement} == {
        "https://cyclonedx.org/bom",
        "https://spdx.dev/Document",
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/provenance/v0.2",
        "https://cosign.sigstore.dev/attestation/vuln/v1",
        "https://cosign.sigstore.dev/attestation/v1",
    }
    assert len(made) == 7
    assert {one.kind for one in made} == {Kind.ATTESTATION}


def test_an_image_of_another_size_but_the_same_digest_is_the_same_image() -> None:
    """The digest is what is signed; the descriptor's other fields come from whoever asks."""
    found = asking.beside(asking.layout("genuine"), "bundle-p256")
    other = Subject(Descriptor("application/octet-stream", found.subject.descriptor.digest, 1), "elsewhere.example/x")
    assert vouches(found.candidates[0], other, "p256")


WITHOUT_PYNACL = """
import json, sys
sys.modules["nacl"] = None
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking
where = asking.layout("genuine")
print(json.dumps([asking.answer(where, {"case": case, "key": "ed25519"}) for case in sys.argv[1:]]))
"""


def test_without_pynacl_a_prehashed_signature_is_unsupported_and_a_pure_one_verified() -> None:
    cases = ("bundle-ed25519", "legacy-ed25519-cosign3", "legacy-ed25519-cosign2", "bundle-p256")
    done = subprocess.run([sys.executable, "-c", WITHOUT_PYNACL, *cases], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        [[], ["unsupported"]],
        [[], ["unsupported"]],
        [["cosign_legacy"], []],
        [[], ["wrong_key"]],
    ]
