# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the roles applied is what the real webhook enforces in the app's namespace; and what it will refuse is foreseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.drill import CAPABILITY as DRILL
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY as FENCE
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire import namespace, policies
from ansible_collections.goldenpath.microapps.tests.integration.admission import askers
from ansible_collections.goldenpath.microapps.tests.integration.admission.apps import CONTROL, App, acts, answer

INCLUDE = "policy.sigstore.dev/include"
SIGNED, UNSIGNED, BUNDLE = "ci-legacy3", "unsigned", "ci-bundle"
pytestmark = pytest.mark.cluster


@pytest.fixture
def host() -> Iterator[str]:
    """A registry with the images of admission's fixtures."""
    with askers.served("api") as address:
        yield address


@pytest.fixture
def guarded(webhook: askers.Cluster, new_app: Callable[..., App], host: str) -> Iterator[App]:
    """An app in a cluster with the webhook; its namespace is not there yet."""
    app = new_app().release(host, "ci", SIGNED)
    app.profile["admission"] = {"controller": "policy_controller"}
    yield app
    app.cluster.kubectl("delete", "clusterimagepolicies", "--all")
    app.cluster.kubectl("delete", "namespace", app.namespace, "--ignore-not-found", "--wait=false")


def both(app: App, check: bool = False, **profile: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two tasks in the order of the road: the policy, then the fence."""
    results = (app.ask(check=check, **profile), app.ask(check=check, capability=FENCE, **profile))
    for result in results:
        assert not result.get("failed"), result["msg"]
    return results


def of_fence(result: dict[str, Any]) -> str:
    return {one["control"]: one["state"] for one in result["answers"]}.get(CONTROL, "")


def policies_of(app: App) -> list[dict[str, Any]]:
    """The ClusterImagePolicies as kubectl sees them."""
    found: list[dict[str, Any]] = json.loads(app.cluster.must("get", "clusterimagepolicies", "-o", "json"))["items"]
    return found


def asked(app: App, image: str) -> str:
    """What the server's dry run of a pod that keeps all the other rules says; '' if it is admitted."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    pod = askers.pod("asked", app.namespace, image)
    pod["spec"]["containers"][0]["securityContext"] = security
    pod["spec"]["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    done = app.cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=pod)
    return done.stderr if done.returncode else ""


def test_an_unsigned_image_is_refused_and_the_signed_one_admitted(guarded: App, host: str) -> None:
    predicted, fence_predicted = both(guarded, check=True)
    assert policies_of(guarded) == [] and of_fence(fence_predicted) == "drifted"
    done, fenced = both(guarded)
    assert (predicted["objects"], fence_predicted["objects"]) == (done["objects"], fenced["objects"])
    assert answer(done)["state"] == of_fence(fenced) == "in_place", answer(done)["reason"]
    assert "warnings" not in done
    askers.effective(guarded.cluster, policies_of(guarded))
    assert asked(guarded, askers.reference(host, "ci", SIGNED)) == ""
    assert f"failed policy: {guarded.policy}-signed-ci" in asked(guarded, askers.reference(host, "ci", UNSIGNED))
    assert "no matching policies" in asked(guarded, askers.reference(host, "any", SIGNED))
    for check in (True, False):
        quiet = both(guarded, check=check)
        assert [result["changed"] for result in quiet] == [False, False]
        assert answer(quiet[0])["state"] == of_fence(quiet[1]) == "in_place"
    drilled = guarded.ask(capability=DRILL)
    states = {one["control"]: one["state"] for one in drilled["answers"]}
    assert states["k8s_tenancy-08"] == states["k8s_tenancy-09"] == "in_place", [one["reason"] for one in drilled["answers"]]


def test_switched_off_by_hand_it_is_drift_and_on_again(guarded: App, host: str) -> None:
    both(guarded)
    askers.effective(guarded.cluster, policies_of(guarded))
    name = f"{guarded.policy}-signed-ci"
    guarded.cluster.must("label", "namespace", guarded.namespace, f"{INCLUDE}=false", "--overwrite")
    guarded.cluster.must("patch", "clusterimagepolicy", name, "--type=merge", "-p", '{"spec":{"mode":"warn"}}')
    assert asked(guarded, askers.reference(host, "ci", UNSIGNED)) == ""
    audited, fence_audited = both(guarded, check=True)
    assert answer(audited)["state"] == of_fence(fence_audited) == "drifted"
    mended, fenced = both(guarded)
    assert acts(mended) == {f"ClusterImagePolicy/{name}": "updated"}
    assert answer(mended)["state"] == of_fence(fenced) == "in_place"
    assert [one["spec"]["mode"] for one in policies_of(guarded)] == ["enforce"]
    assert name in asked(guarded, askers.reference(host, "ci", UNSIGNED))


def test_no_longer_wanted_the_policies_and_the_label_go(guarded: App, host: str) -> None:
    both(guarded)
    done, fenced = both(guarded, admission={"controller": "none"})
    assert set(acts(done).values()) == {"deleted"} and policies_of(guarded) == []
    assert fenced["changed"] and of_fence(fenced) == ""
    assert asked(guarded, askers.reference(host, "ci", UNSIGNED)) == ""
    assert [result["changed"] for result in both(guarded, admission={"controller": "none"})] == [False, False]


def test_another_app_cannot_guard_the_same_images(guarded: App, new_app: Callable[..., App], host: str) -> None:
    both(guarded)
    before = policies_of(guarded)
    other = new_app().release(host, "ci", "ci-both")
    other.profile["admission"] = {"controller": "policy_controller"}
    for check in (True, False):
        result = other.ask(check=check)
        assert answer(result)["state"] == "violated" and guarded.name in answer(result)["reason"] and not result["changed"]
    assert policies_of(guarded) == before
    # Nor by guarding images of its own first.
    entry = other.file.read_text(encoding="utf-8")
    other.file.write_text(entry.replace("image: ci\n", "image: its-own\n"), encoding="utf-8")
    assert set(acts(other.ask()).values()) == {"created"}
    other.file.write_text(entry, encoding="utf-8")
    result = other.ask()
    assert answer(result)["state"] == "violated" and guarded.name in answer(result)["reason"] and not result["changed"]


def test_without_policies_the_namespace_does_not_ask(guarded: App) -> None:
    # Bundles alone: nothing can be applied, and a namespace that asked would have everything refused.
    formats = {"signature_policy": {**guarded.profile["signature_policy"], "formats": ["cosign_bundle"]}}
    done, fenced = guarded.ask(**formats), guarded.ask(capability=FENCE, **formats)
    assert answer(done)["state"] == "violated" and of_fence(fenced) == ""
    labels = json.loads(guarded.cluster.must("get", "namespace", guarded.namespace, "-o", "json"))["metadata"]["labels"]
    assert INCLUDE not in labels


def test_what_the_webhook_will_refuse_is_foreseen(guarded: App, host: str) -> None:
    app = guarded.release(host, "ci", BUNDLE)
    result = app.ask(admission={"controller": "policy_controller"})
    (warning,) = result["warnings"]
    assert "will refuse the image that was verified" in warning
    assert answer(result)["state"] == "violated" and warning.partition("verified: ")[2][:60] in answer(result)["reason"]
    assert result["forecast"][0]["fact"] == "pc-keyed-bundle"
    app.ask(capability=FENCE, admission={"controller": "policy_controller"})
    askers.effective(app.cluster, policies_of(app))
    assert asked(app, askers.reference(host, "ci", BUNDLE)) != ""


@pytest.mark.parametrize(("image", "fact"), [("ci-legacy-beside-mallorys-bundle", "ky-hidden"), (BUNDLE, "")])
def test_what_kyverno_will_refuse_is_foreseen(app: App, host: str, image: str, fact: str) -> None:
    released = app.release(host, "ci", image)
    result = released.converge(embedded=True, admission={"controller": "kyverno", "version": "1.19.1"})
    assert [one["fact"] for one in result["forecast"]] == ([fact] if fact else [])
    assert bool(result.get("warnings")) == bool(fact)
    # Applied all the same: whoever can push a bundle must not be able to switch it off.
    assert released.look() is not None
    assert answer(result)["state"] == ("violated" if fact else "not_applicable")


def test_retired_nothing_of_it_is_left(guarded: App) -> None:
    both(guarded)
    client = guarded.client()
    named = [name for app, name in policies.apps_in(client, "sandbox") if app == guarded.name]
    assert named == [f"ClusterImagePolicy/{guarded.policy}-signed-ci"]
    for area in (namespace.area_of(client, guarded.namespace), policies.area_of(client, guarded.name, "sandbox")):
        for step in area.steps:
            assert step.deed is not None
            step.deed()
    assert policies_of(guarded) == []
