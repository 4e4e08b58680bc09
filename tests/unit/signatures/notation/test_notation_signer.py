# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Signers by notation in a policy: what is wrong is told when it is loaded; whole images are verified by them."""

from __future__ import annotations

import json
import pathlib
import shutil
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import Reference
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.image_signature import as_result
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import Policy, policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.verify import Asked, Verdict, verify_images
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_notation
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.asking_notation import NOTATION, NOW

HOST = "localhost:5000"


def block(policy: str = "strict", **more: Any) -> dict[str, Any]:
    """The signer's block of a policy."""
    made = {
        "trust_policy": str(NOTATION / "policies" / f"{policy}.json"),
        "trust_store": str(NOTATION / "truststore"),
        "crls": str(NOTATION / "crls" / "current"),
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def loaded(*signers: tuple[str, dict[str, Any]], require: dict[str, int] | None = None, **more: Any) -> Policy:
    """A policy whose signers are (role, block)."""
    data = {
        "signers": [{"name": f"{role}-{number}", "role": role, "notation": made} for number, (role, made) in enumerate(signers)],
        "require": [
            {"role": role, "at_least": least} for role, least in (require or {role: 1 for role, _unused in signers}).items()
        ],
        **more,
    }
    return policy_from(data, HOST, Loading(lambda path: pathlib.Path(path).read_bytes(), None, NOW))


def ask(case: str, wanted: Policy, group: str = "genuine") -> Verdict:
    where = asking_notation.layout(group)
    (verdict,) = verify_images([Reference(HOST, group, case)], lambda _reference: where, Asked(wanted, NOW, Path.LIGHT))
    return verdict


@pytest.fixture
def files(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the trust store and a policy that may be damaged."""
    shutil.copytree(NOTATION / "truststore", tmp_path / "truststore")
    shutil.copy(NOTATION / "policies" / "strict.json", tmp_path / "trustpolicy.json")
    return tmp_path


def own(files: pathlib.Path, **more: Any) -> dict[str, Any]:
    return block(trust_policy=str(files / "trustpolicy.json"), trust_store=str(files / "truststore"), **more)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (block(trust_policy=None), ["signers[0].notation.trust_policy: is missing"]),
        (block(trust_store=None), ["signers[0].notation.trust_store: is missing"]),
        (block(trust_policy="trustpolicy.json"), ["trust_policy", "absolute path"]),
        (block(level="strict"), ["signers[0].notation.level: is not a field"]),
        (block(weaker_levels=["strict"]), ["weaker_levels[0]", '"strict"']),
        (block(fetch_crls="yes"), ["fetch_crls", "true or false"]),
        (block(trust_policy="/nowhere/trustpolicy.json"), ["signers[0].notation.trust_policy: /nowhere", "No such file"]),
        (block(trust_store="/nowhere"), ["ca:example", "/nowhere/x509/ca/example", "No such file"]),
        (block(crls="/nowhere"), ["signers[0].notation.crls: /nowhere cannot be read"]),
        (block("audit"), ["audit.json", "signatureVerification.level: audit", "weaker_levels"]),
    ],
)
def test_what_is_wrong_is_told_when_the_policy_is_loaded(given: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        loaded(("ci", given))
    for word in words:
        assert word in caught.value.sentence()


def test_every_store_that_a_statement_names_must_be_there(files: pathlib.Path) -> None:
    document = json.loads((files / "trustpolicy.json").read_text())
    statement = {**document["trustPolicies"][0], "name": "other", "registryScopes": ["a.example/x"], "trustStores": ["ca:gone"]}
    (files / "trustpolicy.json").write_text(json.dumps({**document, "trustPolicies": [*document["trustPolicies"], statement]}))
    with pytest.raises(Invalid, match="ca:gone"):
        loaded(("ci", own(files)))


def test_the_policy_for_images_of_notation_2_is_read_under_its_name(files: pathlib.Path) -> None:
    (files / "trustpolicy.json").rename(files / "trustpolicy.oci.json")
    wanted = loaded(("ci", {**own(files), "trust_policy": str(files / "trustpolicy.oci.json")}))
    assert ask("jws-p256", wanted).verified


@pytest.mark.parametrize("case", ["jws-p256", "cose-rsa4096", "index", "two-signers", "jws-intermediate"])
def test_an_image_is_verified(case: str) -> None:
    verdict = ask(case, loaded(("ci", block())))
    assert verdict.verified, verdict.reason
    assert {str(one.format) for one in verdict.signatures} <= {"notation_jws", "notation_cose"}


@pytest.mark.parametrize(
    ("case", "wanted", "says"),
    [
        ("mallory", loaded(("ci", block())), "Neither CN=mallory"),
        ("revoked", loaded(("ci", block())), "is revoked"),
        ("revocable", loaded(("ci", block(crls=None))), "is not known"),
        ("index-amd64", loaded(("ci", block())), "0 of 1 signatures in the role ci"),
        ("index", loaded(("ci", block()), platforms="all"), "Not every platform's image is verified"),
        ("jws-p256", loaded(("ci", block("elsewhere"))), "no statement for localhost:5000/genuine"),
        (
            "jws-p256",
            loaded(("ci", block("identity")), ("security", block("identity"))),
            "0 of 1 signatures in the role security",
        ),
        ("jws-p256", loaded(("ci", block()), require={"ci": 2}), "1 of 2 signatures in the role ci"),
        ("jws-p256", loaded(("ci", block()), annotations={"env": "prod"}), "'env' is missing"),
        ("jws-p256", loaded(("ci", block()), formats=["notation_cose"]), "does not accept the format notation_jws"),
    ],
)
def test_what_is_not_enough_is_told(case: str, wanted: Policy, says: str) -> None:
    verdict = ask(case, wanted)
    assert not verdict.verified
    assert says in verdict.reason


def test_two_people_are_two_and_one_is_one() -> None:
    both = loaded(("ci", block("identity")), ("security", block("any-identity")))
    assert ask("two-signers", both).verified
    assert {one.identity for one in ask("two-signers", both).signatures} == {
        "CN=p256,O=Example,ST=WA,C=US",
        "CN=security,O=Example,ST=WA,C=US",
    }
    assert ask("two-signers", loaded(("ci", block()), require={"ci": 2})).verified
    assert not ask("jws-p256", both).verified


def test_metadata_that_are_signed_satisfy() -> None:
    assert ask("jws-metadata", loaded(("ci", block()), annotations={"env": "prod"})).verified


def test_skip_counts_nothing_even_if_it_is_accepted(files: pathlib.Path) -> None:
    statement = {"name": "x", "registryScopes": [f"{HOST}/genuine"], "signatureVerification": {"level": "skip"}}
    (files / "trustpolicy.json").write_text(json.dumps({"version": "1.0", "trustPolicies": [statement]}))
    verdict = ask("jws-p256", loaded(("ci", own(files, weaker_levels=["skip"]))))
    assert not verdict.verified
    assert "skips it" in verdict.reason


def test_what_a_weaker_level_lets_pass_is_in_the_result() -> None:
    verdict = ask("mallory", loaded(("ci", block("audit", weaker_levels=["audit"]))))
    assert verdict.verified
    (told,) = as_result(verdict)["signatures"]
    assert told["identity"] == "CN=mallory,O=Example,ST=WA,C=US"
    assert any("trust store" in note for note in told["notes"])


def test_a_bad_one_beside_a_good_one_is_told_and_hides_nothing() -> None:
    verdict = ask("by-a-stranger-beside-a-good-one", loaded(("ci", block())), "attacks")
    assert verdict.verified
    assert [str(one.reason) for one in verdict.refused] == ["untrusted_certificate"]


def test_a_key_and_a_trust_policy_do_not_meet_in_each_others_formats() -> None:
    keys = pathlib.Path(NOTATION.parent / "cosign" / "keys" / "p256.pub")
    data = {
        "signers": [{"name": "a", "role": "ci", "key": str(keys)}, {"name": "b", "role": "security", "notation": block()}],
        "require": [{"role": "security"}],
    }
    wanted = policy_from(data, HOST, Loading(lambda path: pathlib.Path(path).read_bytes(), None, NOW))
    assert ask("jws-p256", wanted).verified
    data["require"] = [{"role": "ci"}]
    wanted = policy_from(data, HOST, Loading(lambda path: pathlib.Path(path).read_bytes(), None, NOW))
    assert not ask("jws-p256", wanted).verified
