# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy as controllers take it: what each part becomes, what cannot be said, and that no text of a policy is code there."""

from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission import kyverno, policy_controller
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.model import Gap, Target
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.roots import root_json
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless import trusted_root
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import Policy, policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import admission, asking_keyless

TARGET = Target("where2eat", "prod", "where2eat-prod", "registry.example.com/apps/where2eat", Path.FULL)
BOTH = ("cosign_bundle", "cosign_legacy")
KEYS = {"ci": ("ci", "p256"), "ci-2": ("ci", "p384"), "sec": ("security", "security")}
RENDERERS = pytest.mark.parametrize("render", [policy_controller.render, kyverno.render], ids=["policy_controller", "kyverno"])


def loaded(require: dict[str, int], formats: Sequence[str] = BOTH, full: dict[str, Any] | None = None, **more: Any) -> Policy:
    signers = [
        {"name": name, "role": role, "key": str(admission.OUT / "keys" / f"{key}.pub")} for name, (role, key) in KEYS.items()
    ]
    data = {
        "signers": signers,
        "require": [{"role": role, "at_least": least} for role, least in require.items()],
        "formats": list(formats),
        "attestations": {"full": full or {}},
        **more,
    }
    return policy_from(data, "registry.example.com", Loading(lambda path: pathlib.Path(path).read_bytes(), None, admission.NOW))


def by_name(policy: Policy) -> dict[str, Any]:
    return {item["metadata"]["name"]: item["spec"] for item in policy_controller.render(policy, TARGET).objects}


def test_each_role_is_a_policy_of_its_own_for_policy_controller() -> None:
    found = by_name(loaded({"ci": 2, "security": 1}))
    assert list(found) == ["microapp-where2eat-prod-signed-ci", "microapp-where2eat-prod-signed-security"]
    ci, security = found.values()
    # A key on the larger curve is told with each hash that cosign signs with, and counts once.
    assert [(one["name"], one["key"].get("hashAlgorithm")) for one in ci["authorities"]] == [
        ("ci.sha256", None),
        ("ci-2.sha256", None),
        ("ci-2.sha384", "sha384"),
    ]
    assert {one["signatureFormat"] for one in ci["authorities"]} == {"legacy"}
    assert 'split(name, ".")[0]' in ci["policy"]["data"]
    assert "count(signers) >= 2" in ci["policy"]["data"]
    assert "policy" not in security
    assert security["images"] == [
        {"glob": "registry.example.com/apps/where2eat@*"},
        {"glob": "registry.example.com/apps/where2eat:*"},
    ]
    assert {spec["mode"] for spec in found.values()} == {"enforce"}


def test_no_policy_is_without_authorities() -> None:
    """policy-controller admits what such a policy matches."""
    for spec in by_name(loaded({"ci": 1}, full={"sbom": {}, "provenance": {"builders": ["https://b/1"]}})).values():
        assert spec["authorities"]


def test_attestations_are_policies_of_their_own_for_policy_controller() -> None:
    full = {
        "sbom": {"formats": ["spdx", "cyclonedx"], "roles": ["security"]},
        "provenance": {"builders": ["https://b/2", "https://b/1"]},
        "vulnerabilities": {"most_days": 3, "fail_at": "high", "predicate_types": ["https://example.com/trivy/v1"]},
    }
    found = by_name(loaded({"ci": 1}, full=full))
    sbom = found["microapp-where2eat-prod-attested-sbom"]["authorities"]
    assert [(one["name"], one["attestations"][0]["predicateType"]) for one in sbom] == [
        ("sec.sha256.1", "https://spdx.dev/Document"),
        ("sec.sha256.2", "https://cyclonedx.org/bom"),
    ]
    built = found["microapp-where2eat-prod-attested-provenance"]["authorities"][0]["attestations"][0]
    assert built["predicateType"] == "https://slsa.dev/provenance/v1"
    assert 'builders := {"https://b/1", "https://b/2"}' in built["policy"]["data"]
    scans = [one["attestations"][0] for one in found["microapp-where2eat-prod-attested-vulnerabilities"]["authorities"]][:2]
    assert "time.now_ns() - finished <= 259200 * 1000000000" in scans[0]["policy"]["data"]
    assert scans[1] == {"name": "vulnerabilities", "predicateType": "https://example.com/trivy/v1"}


@pytest.mark.parametrize(
    ("repository", "glob"),
    [
        ("docker.io/library/x", "index.docker.io/library/x@*"),
        ("localhost:5000/x", "localhost:5000/x@*"),
        ("ghcr.io/a/b", "ghcr.io/a/b@*"),
    ],
)
def test_repositories_as_policy_controller_writes_them(repository: str, glob: str) -> None:
    target = Target("x", "dev", "x-dev", repository, Path.LIGHT)
    (item,) = policy_controller.render(loaded({"ci": 1}), target).objects
    assert item["spec"]["images"][0]["glob"] == glob


def test_with_a_key_policy_controller_verifies_the_old_format_or_nothing() -> None:
    rendered = policy_controller.render(loaded({"ci": 1, "security": 1}, formats=["cosign_bundle"]), TARGET)
    assert rendered.objects == ()
    assert [(one.gap, one.what) for one in rendered.differences] == [
        (Gap.IMPOSSIBLE, "require.ci"),
        (Gap.IMPOSSIBLE, "require.security"),
    ]
    assert rendered.differences[0].why.startswith("of ci, ci-2 policy-controller verifies cosign_legacy alone")


def test_kyverno_takes_one_policy() -> None:
    full = {"sbom": {"roles": ["security"]}}
    (item,) = kyverno.render(loaded({"ci": 2, "security": 1}, full=full), TARGET).objects
    spec = item["spec"]
    assert (item["apiVersion"], item["kind"]) == ("policies.kyverno.io/v1", "ImageValidatingPolicy")
    assert [one["name"] for one in spec["attestors"]] == ["ci.sha256", "ci-2.sha256", "ci-2.sha384", "sec.sha256"]
    covered, ci, security, sbom = (one["expression"] for one in spec["validations"])
    assert 'image.startsWith("registry.example.com/apps/where2eat@")' in covered
    assert 'verifyImageSignatures(image, [attestors["ci-2.sha256"], attestors["ci-2.sha384"]]) > 0 ? 1 : 0' in ci
    assert ci.endswith(".all(found, found >= 2)")
    assert security.endswith(".all(found, found >= 1)")
    assert sbom.count("verifyAttestationSignatures") == 2
    assert "ci-2" not in sbom
    for expression in (covered, ci, security, sbom):
        assert expression.startswith("(images.containers + images.initContainers + images.ephemeralContainers)")
    assert spec["matchConstraints"]["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "where2eat-prod"}}
    assert (spec["failurePolicy"], spec["validationActions"]) == ("Fail", ["Deny"])


def test_kyverno_expressions_name_what_is_declared() -> None:
    full = {
        "sbom": {},
        "provenance": {"builders": ["https://b/1"]},
        "vulnerabilities": {"most_days": 3, "fail_at": "high", "predicate_types": ["https://example.com/x/v1"]},
    }
    (item,) = kyverno.render(loaded({"ci": 1}, full=full), TARGET).objects
    text = json.dumps([one["expression"] for one in item["spec"]["validations"]])
    assert set(re.findall(r"attestations\.(\w+)", text)) == {one["name"] for one in item["spec"]["attestations"]}
    assert set(re.findall(r'attestors\[\\"([^"\\]+)', text)) == {one["name"] for one in item["spec"]["attestors"]}


@RENDERERS
def test_what_no_controller_is_told_is_told_to_people(render: Any) -> None:
    full = {"sbom": {}, "provenance": {"builders": ["https://b/1"]}, "vulnerabilities": {"most_days": 3, "fail_at": "high"}}
    policy = loaded({"ci": 1}, full=full, annotations={"env": "prod"}, bind_repository=True, platforms="all")
    rendered = render(policy, TARGET)
    looser = {one.what for one in rendered.differences if one.gap is Gap.LOOSER}
    assert looser >= {
        "annotations",
        "bind_repository",
        "platforms",
        "attestations.sbom",
        "attestations.provenance",
        "attestations.vulnerabilities",
    }
    assert rendered.objects
    assert not rendered.impossible


def test_that_kyverno_is_looser_is_told_always() -> None:
    assert {one.what for one in kyverno.render(loaded({"ci": 1}), TARGET).differences} == {"kind"}
    bundles = kyverno.render(loaded({"ci": 1}, formats=["cosign_bundle"]), TARGET)
    assert {one.what for one in bundles.differences} == {"kind", "formats"}


@RENDERERS
def test_the_path_decides_what_is_owed(render: Any) -> None:
    policy = loaded({"ci": 1}, full={"sbom": {}})
    light = Target("where2eat", "prod", "where2eat-prod", "r.example/x", Path.LIGHT)
    assert "cyclonedx" in json.dumps(render(policy, TARGET).objects)
    assert "cyclonedx" not in json.dumps(render(policy, light).objects)


@RENDERERS
def test_text_of_a_policy_stays_text(render: Any) -> None:
    nasty = 'https://x/"}isCompliant{true}#\\'
    policy = loaded({"ci": 1}, full={"provenance": {"builders": [nasty]}})
    text = json.dumps(json.loads(json.dumps(render(policy, TARGET).objects)), ensure_ascii=False)
    # As a string literal of Rego or CEL, within a string of JSON.
    assert json.dumps(json.dumps(nasty))[1:-1] in text


@RENDERERS
def test_objects_are_data_that_kubernetes_takes(render: Any) -> None:
    policy = loaded({"ci": 1}, full={"sbom": {}})
    for item in render(policy, TARGET).objects:
        assert json.loads(json.dumps(item)) == item
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", item["metadata"]["name"])
        assert all(len(value) <= 63 for value in item["metadata"]["labels"].values())


def keyless(**rule: Any) -> Policy:
    data = admission.KEYLESS["keyless"]
    signer = {**data["signers"][0], "keyless": {**data["signers"][0]["keyless"], **rule}}
    changed = {**data, "signers": [signer]}
    return policy_from(changed, "r", Loading(lambda path: pathlib.Path(path).read_bytes(), None, admission.NOW))


def test_an_identity_and_its_root_for_policy_controller() -> None:
    rendered = policy_controller.render(keyless(), TARGET)
    root, policy = rendered.objects
    assert (root["kind"], root["metadata"]["name"]) == ("TrustRoot", "microapp-where2eat-prod-workflow")
    keys = root["spec"]["sigstoreKeys"]
    # The second log has an Ed25519 key, with which the whole root would be refused.
    assert [log["baseURL"] for log in keys["tLogs"]] == ["http://127.0.0.1:5001"]
    assert [(one.gap, one.what) for one in rendered.differences] == [(Gap.STRICTER, "signers.workflow")]
    (authority,) = policy["spec"]["authorities"]
    assert authority["name"] == "workflow.logged"
    assert authority["keyless"]["identities"] == [{"issuer": asking_keyless.ISSUER, "subject": asking_keyless.IDENTITY}]
    assert authority["keyless"]["trustRootRef"] == authority["ctlog"]["trustRootRef"] == root["metadata"]["name"]
    assert authority["ctlog"]["url"] == "http://127.0.0.1:5001"
    chain = base64.b64decode(keys["certificateAuthorities"][0]["certChain"])
    assert chain.count(b"BEGIN CERTIFICATE") == 2


def test_where_a_stamp_will_do_policy_controller_is_asked_both_ways() -> None:
    _root, policy = policy_controller.render(keyless(log_entries=0), TARGET).objects
    logged, stamped = policy["spec"]["authorities"]
    assert "ctlog" in logged
    assert "rfc3161timestamp" not in logged
    assert "ctlog" not in stamped
    assert stamped["rfc3161timestamp"] == {"trustRootRef": "microapp-where2eat-prod-workflow"}


def test_a_root_without_a_log_that_it_can_be_told_is_impossible() -> None:
    policy = keyless()
    (signer,) = policy.signers
    newer = tuple(log for log in signer.root.logs if log.key.kind == "ed25519")
    without = dataclasses.replace(signer, root=dataclasses.replace(signer.root, logs=newer))
    rendered = policy_controller.render(dataclasses.replace(policy, signers=(without,)), TARGET)
    assert [one.what for one in rendered.impossible] == ["require.ci"]


def test_patterns_stay_patterns_and_claims_are_not_compared() -> None:
    data = admission.KEYLESS["keyless-pattern"]
    rule = {**data["signers"][0]["keyless"], "claims": {"build_trigger": "push"}}
    changed = {**data, "signers": [{**data["signers"][0], "keyless": rule}]}
    policy = policy_from(changed, "r", Loading(lambda path: pathlib.Path(path).read_bytes(), None, admission.NOW))
    for render in (policy_controller.render, kyverno.render):
        rendered = render(policy, TARGET)
        text = json.dumps(rendered.objects)
        assert '"subjectRegExp": ' + json.dumps(rule["identity_regexp"]) in text
        assert '"subject": "https' not in text
        assert "signers.workflow" in {one.what for one in rendered.differences if one.gap is Gap.LOOSER}


def test_kyverno_is_given_the_root_itself() -> None:
    rendered = kyverno.render(keyless(), TARGET)
    (attestor,) = rendered.objects[0]["spec"]["attestors"]
    assert attestor["name"] == "workflow.keyless"
    given = attestor["cosign"]["trustedRoot"]["value"].encode()
    assert trusted_root.parse(given, "it") == asking_keyless.root("trusted_root")
    assert "ctlog" not in attestor["cosign"]
    assert (Gap.STRICTER, "network") in {(one.gap, one.what) for one in rendered.differences}
    (stamped,) = kyverno.render(keyless(log_entries=0), TARGET).objects[0]["spec"]["attestors"]
    assert stamped["cosign"]["ctlog"] == {"insecureIgnoreTlog": True}


@pytest.mark.parametrize("name", sorted(path.stem for path in asking_keyless.KEYLESS.glob("*root*.json")))
def test_a_root_written_again_is_the_same_root(name: str) -> None:
    root = asking_keyless.root(name)
    assert trusted_root.parse(json.dumps(root_json(root)).encode(), name) == root
