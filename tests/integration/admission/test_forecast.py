# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Forecast and verdict must agree: the real controllers are asked about the same images under the same policies.

Their answers are kept in tests/fixtures/signatures/admission/verdicts.json, where the unit tests read them; with
GOLDENPATH_RECORD=1 these tests write that file instead of comparing with it.
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission import kyverno, policy_controller
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.model import Target
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import admission, asking_keyless, make_cosign, making
from ansible_collections.goldenpath.microapps.tests.integration.admission import askers

NAMESPACE = askers.NAMESPACE
PAIRS = [(policy, image) for policy in admission.ALL for image in admission.names(policy)]
pytestmark = pytest.mark.cluster


def kept(controller: str, listing: str, policy: str, answers: dict[str, str]) -> None:
    """Compare with what was recorded, or record it."""
    if os.environ.get("GOLDENPATH_RECORD"):
        said = {text: sorted(image for image in answers if answers[image] == text) for text in sorted(set(answers.values()))}
        found = {**admission.recorded(), f"{controller} {listing} {policy}": said}
        admission.VERDICTS.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n")
        admission.said.cache_clear()
    assert admission.said(controller, listing, policy) == answers


def test_policy_controller_answers_as_it_was_recorded_and_as_forecast(webhook: askers.Cluster) -> None:
    with askers.served("tag") as host:
        rendered = [
            item
            for name in admission.ALL
            for item in policy_controller.render(admission.policy(name), _target(host, name)).objects
        ]
        webhook.must("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": rendered})
        try:
            askers.effective(webhook, rendered)
            answers = askers.asked_of_the_webhook(webhook, NAMESPACE, host, PAIRS)
            elsewhere = askers.asked_of_the_webhook(webhook, NAMESPACE, host, [("nobodys", "unsigned")])
        finally:
            webhook.kubectl("delete", "clusterimagepolicies,trustroots", "--all")
    for name in admission.ALL:
        kept("policy_controller", "tag", name, {image: answers[name, image] for image in admission.names(name)})
    assert "no matching policies" in elsewhere["nobodys", "unsigned"]


@pytest.mark.parametrize("listing", admission.LISTINGS)
def test_kyverno_answers_as_it_was_recorded_and_as_forecast(listing: str, cluster: askers.Cluster) -> None:
    if not askers.kyverno_program():
        pytest.skip("kyverno is not here; GOLDENPATH_KYVERNO can name it")
    with askers.served(listing) as host:
        for name in admission.POLICIES:
            (policy,) = kyverno.render(admission.policy(name), _target(host, name)).objects
            pods = {
                image: askers.pod(f"p{number}", "default", askers.reference(host, name, image))
                for number, image in enumerate(admission.names())
            }
            kept("kyverno", listing, name, askers.asked_of_kyverno(policy, pods, host))


SCAN = {"attestations": {"full": {"vulnerabilities": {"most_days": 7, "fail_at": "high"}}}}


def _scans(shop: making.Workshop, signers: make_cosign.Signers) -> dict[str, str]:
    """Images with a report of vulnerabilities of today, of last month, of next month, and without one; signed by cosign today."""
    cosign = make_cosign.Cosign(shop, signers)
    made = {}
    for case, days in (("today", 0), ("last-month", -30), ("next-month", 30), ("never", None)):
        image = shop.image(case)
        cosign.legacy3(image, "p256")
        cosign.bundle(image, "p256")
        if days is not None:
            moment = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            predicate = {**make_cosign.PREDICATES["vuln"], "metadata": {"scanStartedOn": moment, "scanFinishedOn": moment}}
            (shop.folder / "vuln.json").write_text(json.dumps(predicate))
            for options in (("--signing-config", "nothing.json"), make_cosign.LEGACY3):
                arguments = ("--key", "p256.key", "-y", "--type", "vuln", "--predicate", "vuln.json", *options)
                shop.run("cosign3", "attest", *arguments, shop.reference(image))
        made[case] = shop.reference(image)
    return made


def cosign() -> str:
    """cosign 3, as beside_tools finds it; the test is skipped without one."""
    found = os.environ.get("GOLDENPATH_COSIGN3") or shutil.which("cosign3")
    try:
        found = found or str(build.binaries(os.environ).get("cosign", ""))
    except NotFound:
        found = ""
    if not found:
        pytest.skip("cosign3 is not here; GOLDENPATH_COSIGN3 can name it")
    return found


def test_cosign_believes_the_root_that_kyverno_is_given(tmp_path: pathlib.Path) -> None:
    (policy,) = kyverno.render(admission.policy("keyless"), admission.target()).objects
    (tmp_path / "root.json").write_text(policy["spec"]["attestors"][0]["cosign"]["trustedRoot"]["value"])
    with askers.served("api") as host:
        identity = ("--certificate-identity", asking_keyless.IDENTITY, "--certificate-oidc-issuer", asking_keyless.ISSUER)
        done = subprocess.run(
            [cosign(), "verify", "--trusted-root", "root.json", *identity, f"{host}/keyless:bundle-rekor1"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr


def test_both_controllers_look_at_the_day_of_a_scan(webhook: askers.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what cosign attests now: what is recorded grows old."""
    monkeypatch.setenv("GOLDENPATH_COSIGN3", cosign())
    signers = make_cosign.Signers()
    with making.workshop("scanned", referrers=False, host="127.0.0.1:0") as shop:
        made = _scans(shop, signers)
        data = {**admission.POLICIES["ci"], **SCAN, "signers": [{"name": "ci", "role": "ci", "key": "/ci.pub"}]}
        policy = policy_from(data, "r", Loading(lambda _path: signers.public("p256"), None, admission.NOW))
        target = Target("scanned", "asked", NAMESPACE, shop.repository, Path.FULL)
        rendered = list(policy_controller.render(policy, target).objects)
        webhook.must("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": rendered})
        try:
            askers.effective(webhook, rendered)
            said = {case: askers.asked_of_the_webhook_about(webhook, NAMESPACE, image) for case, image in made.items()}
        finally:
            webhook.kubectl("delete", "clusterimagepolicies", "--all")
        assert {case for case, text in said.items() if text == ""} == {"today"}, said
        if askers.kyverno_program():
            (item,) = kyverno.render(policy, target).objects
            pods = {case: askers.pod(case, "default", image) for case, image in made.items()}
            told = askers.asked_of_kyverno(item, pods, shop.repository)
            assert {case for case, text in told.items() if text == ""} == {"today"}, told


def _target(host: str, name: str) -> Target:
    return Target(name, "asked", NAMESPACE, f"{host}/{name}", Path.FULL)
