# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every attack on keyless signatures is refused for its reason, and everything that was really signed is accepted."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.keyed import verify_with_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.rules import IdentityRule, rule_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.verify import verify_with_identity
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import (
    Candidate,
    Format,
    Kind,
    Reason,
    Rejected,
    Subject,
    Verified,
)
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, asking_keyless

ATTACKS, GENUINE = asking_keyless.cases("attacks"), asking_keyless.cases("genuine")
PUBLIC = asking_keyless.KEYLESS / "public"


def expected(entry: dict[str, Any]) -> tuple[list[str], list[str]]:
    return sorted(entry.get("accepted", ())), sorted(entry.get("rejected", ()))


@pytest.mark.parametrize("entry", ATTACKS, ids=asking_keyless.name_of)
def test_an_attack_is_refused_for_its_reason(entry: dict[str, Any]) -> None:
    assert asking_keyless.answer(asking_keyless.layout("attacks"), entry) == expected(entry)


@pytest.mark.parametrize("entry", GENUINE, ids=asking_keyless.name_of)
def test_what_was_signed_is_accepted_by_who_asks_for_its_signer(entry: dict[str, Any]) -> None:
    assert asking_keyless.answer(asking_keyless.layout("genuine"), entry) == expected(entry)


@pytest.mark.parametrize("group", ["attacks", "genuine"])
def test_every_image_is_asked_about(group: str) -> None:
    assert {entry["case"] for entry in asking_keyless.cases(group)} == set(asking.images(asking_keyless.layout(group)))


def test_every_reason_that_a_certificate_can_lead_to_is_tried() -> None:
    tried = {name for entry in (*ATTACKS, *GENUINE) for name in entry.get("rejected", ())}
    assert tried >= {
        Reason.WRONG_IDENTITY,
        Reason.WRONG_ISSUER,
        Reason.UNTRUSTED_CERTIFICATE,
        Reason.EXPIRED,
        Reason.NOT_IN_LOG,
        Reason.NO_CERTIFICATE_TRANSPARENCY,
        Reason.NO_TRUSTED_TIME,
        Reason.WRONG_KEY,
        Reason.WRONG_DIGEST,
        Reason.NOT_A_SIGNATURE,
        Reason.WRONG_ANNOTATIONS,
        Reason.MALFORMED,
        Reason.TOO_LARGE,
        Reason.UNSUPPORTED,
    }


@pytest.mark.parametrize("case", ["bundle-rekor1", "bundle-rekor2-tsa", "legacy-cosign2", "legacy-attestation"])
def test_it_vouches_for_no_other_image(case: str) -> None:
    found = asking.beside(asking_keyless.layout("genuine"), case)
    other = asking.beside(asking_keyless.layout("genuine"), "bundle-mail").subject
    for candidate in found.candidates:
        assert asking_keyless.verify(candidate, found.subject, {})
        with pytest.raises(Rejected) as caught:
            asking_keyless.verify(candidate, other, {})
        assert caught.value.reason is Reason.WRONG_DIGEST


@pytest.mark.parametrize("name", ["bundle-p256", "legacy-p256-cosign2"])
def test_a_key_is_no_identity(name: str) -> None:
    found = asking.beside(asking.layout("genuine"), name)
    with pytest.raises(Rejected) as caught:
        asking_keyless.verify(found.candidates[0], found.subject, {})
    assert caught.value.reason is Reason.WRONG_IDENTITY


@pytest.mark.parametrize("case", ["bundle-rekor1", "legacy-cosign2"])
def test_an_identity_is_no_key(case: str) -> None:
    found = asking.beside(asking_keyless.layout("genuine"), case)
    with pytest.raises(Rejected) as caught:
        verify_with_key(found.candidates[0], found.subject, asking.key("p256"), "release", "ci")
    assert caught.value.reason is Reason.WRONG_KEY


def test_what_is_verified_is_told() -> None:
    found = asking.beside(asking_keyless.layout("genuine"), "bundle-annotations")
    made = asking_keyless.verify(found.candidates[0], found.subject, {"annotations": {"env": "prod"}})
    assert (made.kind, made.format, made.signer, made.role) == (Kind.SIGNATURE, Format.COSIGN_BUNDLE, "release", "ci")
    assert made.identity == f"{asking_keyless.IDENTITY} by {asking_keyless.ISSUER}"
    assert made.annotations == {"env": "prod"}
    assert made.claims["github_workflow_repository"] == "example/where2eat"
    assert made.claims["token_subject"] == "repo:example/where2eat:ref:refs/heads/main"
    assert made.signed_at
    assert made.signed_at.tzinfo
    found = asking.beside(asking_keyless.layout("genuine"), "legacy-attestation")
    made = asking_keyless.verify(found.candidates[0], found.subject, {})
    assert made.statement
    assert made.statement["predicateType"] == "https://cosign.sigstore.dev/attestation/v1"


# What Sigstore's public instance made.


def public(name: str) -> tuple[Candidate, Subject]:
    """The bundle as version 0.3 has it: only what is around the signed bytes changed since 0.1."""
    data = json.loads((PUBLIC / f"{name}.sigstore.json").read_text())
    material = data["verificationMaterial"]
    data["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json"
    if chain := material.pop("x509CertificateChain", None):
        material["certificate"] = chain["certificates"][0]
    content = json.dumps(data).encode()
    subject = json.loads(base64.b64decode(data["dsseEnvelope"]["payload"]))["subject"][0]
    ((algorithm, value),) = subject["digest"].items()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    candidate = Candidate(Format.COSIGN_BUNDLE, Kind.ATTESTATION, name, digest, content, "")
    return candidate, Subject(Descriptor("", f"{algorithm}:{value}", 1), "example.com/x")


def by(issuer: str, identity: str, **claims: str) -> IdentityRule:
    return rule_from({"issuer": issuer, "identity": identity, "claims": claims, "trusted_root": "/unused"}, "signer")


WORKFLOW = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
GITHUB = "https://token.actions.githubusercontent.com"


def ask(name: str, rule: IdentityRule) -> Verified:
    candidate, subject = public(name)
    return verify_with_identity(candidate, subject, rule, asking_keyless.root("public/trusted_root"), "release", "ci")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("cosign-attestation", by("https://github.com/login/oauth", "cody@soyland.com")),
        ("npm-provenance", by(GITHUB, WORKFLOW, github_workflow_repository="sigstore/sigstore-js", build_trigger="push")),
    ],
)
def test_what_the_public_instance_made_is_accepted(name: str, rule: IdentityRule) -> None:
    assert ask(name, rule).identity == f"{rule.identity} by {rule.issuer}"


@pytest.mark.parametrize(
    ("name", "rule", "reason"),
    [
        ("cosign-attestation", by("https://accounts.google.com", "cody@soyland.com"), Reason.WRONG_ISSUER),
        ("npm-provenance", by(GITHUB, WORKFLOW.replace("main", "next")), Reason.WRONG_IDENTITY),
        ("npm-provenance", by(GITHUB, WORKFLOW, runner_environment="self-hosted"), Reason.WRONG_IDENTITY),
        ("promise-alone", by("https://github.com/login/oauth", "brian@dehamer.com"), Reason.NOT_IN_LOG),
    ],
)
def test_what_it_made_for_others_is_refused(name: str, rule: IdentityRule, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        ask(name, rule)
    assert caught.value.reason is reason


def test_the_public_instance_is_not_believed_where_the_root_does_not_name_it() -> None:
    candidate, subject = public("cosign-attestation")
    root = dataclasses.replace(
        asking_keyless.root("public/trusted_root"), authorities=asking_keyless.root("trusted_root").authorities
    )
    with pytest.raises(Rejected) as caught:
        verify_with_identity(candidate, subject, by("https://github.com/login/oauth", "cody@soyland.com"), root, "release", "ci")
    assert caught.value.reason is Reason.UNTRUSTED_CERTIFICATE


WITHOUT_LIBRARY = """
import sys
sys.modules["rfc3161_client"] = None
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MissingLibrary
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_keyless as ask
print(ask.answer(ask.layout("genuine"), {"case": "bundle-rekor1"}))
print(ask.answer(ask.layout("genuine"), {"case": "bundle-rekor1-tsa", "root": "root_without_stamps"}))
print(ask.answer(ask.layout("genuine"), {"case": "bundle-rekor2-tsa", "identity": "somebody"}))
try:
    ask.answer(ask.layout("genuine"), {"case": "bundle-rekor2-tsa"})
except MissingLibrary as error:
    print(error)
"""


def test_the_library_for_time_stamps_is_needed_for_time_stamps_alone() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_LIBRARY], capture_output=True, text=True, check=True)
    verified, without, strangers, missing = done.stdout.splitlines()
    assert strangers == "([], ['wrong_identity'])"
    assert verified == without == "(['cosign_bundle'], [])"
    assert missing.startswith("The Python library rfc3161-client is needed to verify time stamps of signatures")
    assert missing.endswith("Install it where Ansible runs: pip install 'rfc3161-client'.")


IMPORTED = """
import sys
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless import verify
print(sorted(set(sys.modules) & {"sigstore", "rfc3161_client", "pydantic"}))
"""


def test_what_is_optional_is_not_imported_before_it_is_needed() -> None:
    assert subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True).stdout == "[]\n"
