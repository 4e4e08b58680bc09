# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images against policies that name identities, from the name to the verdict."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import Reference
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import Policy, policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.verify import Asked, Verdict, verify_images
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_keyless

HOST = "localhost:5000"
# Long after every certificate has expired: what counts is when it was signed.
NOW = datetime.datetime(2036, 1, 1, tzinfo=datetime.UTC)
CI = {"issuer": asking_keyless.ISSUER, "identity": asking_keyless.IDENTITY}
MAIL = {"issuer": "http://127.0.0.1:5001/mail", "identity": "dining-club@example.com"}


def policy(signers: dict[str, dict[str, Any]], root: str = "trusted_root", **more: Any) -> Policy:
    """A policy whose signers are identities by role; one of each role is required."""
    path = str(asking_keyless.KEYLESS / f"{root}.json")
    listed = [{"name": f"{role}-signer", "role": role, "keyless": {**who, "trusted_root": path}} for role, who in signers.items()]
    data = {"signers": listed, "require": [{"role": role} for role in signers], "repositories": ["*"], **more}
    return policy_from(data, HOST, Loading(lambda name: pathlib.Path(name).read_bytes(), None, NOW))


def ask(case: str, wanted: Policy, layout: str = "genuine") -> Verdict:
    where = asking_keyless.layout(layout)
    (verdict,) = verify_images([Reference(HOST, layout, case)], lambda _reference: where, Asked(wanted, NOW, Path.LIGHT))
    return verdict


def test_an_image_by_the_workflow_is_verified() -> None:
    verdict = ask("bundle-rekor1", policy({"ci": CI}))
    assert verdict.verified, verdict.reason
    assert [one.identity for one in verdict.signatures] == [f"{asking_keyless.IDENTITY} by {asking_keyless.ISSUER}"]


@pytest.mark.parametrize(
    ("layout", "case"), [("genuine", "bundle-two-signers"), ("attacks", "signature-by-a-stranger-and-by-us")]
)
def test_another_signature_beside_it_changes_nothing(layout: str, case: str) -> None:
    verdict = ask(case, policy({"ci": CI}), layout)
    assert verdict.verified, verdict.reason
    assert len(verdict.refused) == 1


def test_two_roles_are_two_identities() -> None:
    both = policy({"ci": CI, "security": MAIL})
    assert ask("bundle-two-signers", both).verified
    assert not ask("bundle-rekor1", both).verified
    with pytest.raises(Invalid, match="the same key or identity"):
        policy({"ci": CI, "security": CI})


def test_two_patterns_that_one_signer_fits_do_not_make_him_two() -> None:
    pattern = {"issuer": asking_keyless.ISSUER, "identity_regexp": r"^https://github\.com/example/.+$"}
    assert not ask("bundle-rekor1", policy({"ci": pattern, "security": pattern})).verified


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("identity-of-another-repository", Reason.WRONG_IDENTITY),
        ("certificate-of-a-strangers-fulcio", Reason.UNTRUSTED_CERTIFICATE),
        ("log-entry-of-another-signature", Reason.NOT_IN_LOG),
        ("signature-is-an-attestation", Reason.NOT_A_SIGNATURE),
    ],
)
def test_an_attack_is_not_verified_and_says_why(case: str, reason: Reason) -> None:
    verdict = ask(case, policy({"ci": CI}), "attacks")
    assert not verdict.verified
    assert [one.reason for one in verdict.refused] == [reason]


def test_the_old_format_must_be_asked_for() -> None:
    assert not ask("legacy-cosign2", policy({"ci": CI})).verified
    assert ask("legacy-cosign2", policy({"ci": CI}, formats=["cosign_bundle", "cosign_legacy"])).verified


def test_a_policy_without_a_log_says_so() -> None:
    with pytest.raises(Invalid, match="it asks for 1 transparency logs, the trusted root has 0"):
        policy({"ci": CI}, "root_without_logs")
    assert ask("bundle-tsa", policy({"ci": {**CI, "log_entries": 0}}, "root_without_logs")).verified


def test_a_trusted_root_that_is_none_is_refused_when_the_policy_is_loaded() -> None:
    with pytest.raises(Invalid, match=r"signers\[0\].keyless.trusted_root: .*cases.json cannot be read"):
        policy({"ci": CI}, "cases")
