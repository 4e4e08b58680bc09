# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster's own policy for an app on a real API server that has Kyverno's type and no Kyverno; kubectl is the witness."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY as FENCE
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.permissions import cluster_role
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire import policies
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.app_admission import CAPABILITY
from ansible_collections.goldenpath.microapps.tests.integration.admission.apps import CONTROL, KIND, App, acts, answer

pytestmark = pytest.mark.cluster


def test_an_object_of_others_with_our_name_is_left_to_them(app: App) -> None:
    theirs = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ImageValidatingPolicy",
        # Labels can be written by anybody: they do not make it ours.
        "metadata": {"name": app.policy, "labels": {"goldenpath.microapps/app": app.name, "theirs": "yes"}},
        "spec": {"attestors": [], "validations": [{"expression": "true"}]},
    }
    app.cluster.must("create", "-f", "-", stdin=theirs)
    before = app.look()
    for check in (True, False):
        result = app.ask(check=check)
        assert not result["changed"] and answer(result)["state"] == "violated" and "adopt: take" in answer(result)["reason"]
    assert app.look() == before
    app.converge(adopt="take")
    assert len(app.look()["spec"]["validations"]) == 2


def test_what_others_labelled_as_ours_is_not_pruned(app: App) -> None:
    app.converge()
    labels = app.look()["metadata"]["labels"]
    theirs = {**app.look(), "metadata": {"name": f"{app.policy}-theirs", "labels": labels}}
    app.cluster.must("create", "-f", "-", stdin=theirs)
    assert not app.converge()["changed"]
    assert app.converge(admission={"controller": "none"})["changed"]
    left = json.loads(app.cluster.must("get", KIND, "-l", f"goldenpath.microapps/app={app.name}", "-o", "json"))["items"]
    assert [one["metadata"]["name"] for one in left] == [f"{app.policy}-theirs"]


def test_another_apps_policy_of_the_same_name_is_refused_as_that_apps(app: App) -> None:
    app.converge()
    live = app.look()
    labels = {**live["metadata"]["labels"], "goldenpath.microapps/app": "somebody"}
    metadata = {"name": app.policy, "labels": labels}
    # Applied by us, for another app.
    applied = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata, "spec": live["spec"]}
    app.cluster.must(
        "apply", "--server-side", "--force-conflicts", "--field-manager=goldenpath.microapps", "-f", "-", stdin=applied
    )
    result = app.ask()
    assert not result["changed"] and answer(result)["state"] == "violated" and "somebody" in answer(result)["reason"]
    assert app.look()["metadata"]["labels"]["goldenpath.microapps/app"] == "somebody"


def test_check_predicts_the_run_and_the_second_run_changes_nothing(app: App) -> None:
    predicted = app.ask(check=True)
    assert app.look() is None
    assert answer(predicted)["state"] == "drifted"
    done = app.converge()
    assert (predicted["objects"], predicted["diff"]) == (done["objects"], done["diff"])
    assert acts(done) == {f"ImageValidatingPolicy/{app.policy}": "created"}
    state = app.look()
    for check in (True, False):
        quiet = app.ask(check=check)
        assert not quiet["changed"] and quiet["diff"] == [] and set(acts(quiet).values()) == {"unchanged"}
    assert app.look() == state


def test_the_sandbox_says_that_nothing_enforces(app: App) -> None:
    said = answer(app.converge())
    assert said["state"] == "not_applicable" and "enforces nothing" in said["reason"]
    # The same cluster in a profile that is nobody's sandbox: what is not enforced is violated.
    elsewhere = answer(app.converge(embedded=False))
    assert elsewhere["state"] == "violated" and "Install Kyverno" in elsewhere["reason"]


DRIFTS: dict[str, Any] = {
    "only told of": {"spec": {"validationActions": ["Audit"]}},
    "never failing": {"spec": {"failurePolicy": "Ignore"}},
    "asking nothing": {"spec": {"validations": [{"expression": "true"}]}},
    "for another namespace": {"spec": {"matchConstraints": {"namespaceSelector": {"matchLabels": {"no": "where"}}}}},
    "with a condition beside ours": {"spec": {"matchConditions": [{"name": "never", "expression": "false"}]}},
    "switched off": {"spec": {"evaluation": {"admission": {"enabled": False}}}},
    "for nobody's app": {"metadata": {"labels": {"goldenpath.microapps/app": "nobody"}}},
    "without its label": {"metadata": {"labels": {"goldenpath.microapps/part": None}}},
}


@pytest.mark.parametrize("change", DRIFTS.values(), ids=DRIFTS)
def test_what_was_changed_by_hand_is_taken_back(app: App, change: dict[str, Any]) -> None:
    app.converge()
    before = app.look()
    app.patch(change)
    audited = app.ask(check=True)
    assert answer(audited)["state"] == "drifted", answer(audited)["reason"]
    mended = app.converge()
    assert acts(mended) == {f"ImageValidatingPolicy/{app.policy}": "updated"} and audited["diff"] == mended["diff"]
    after = app.look()
    assert (after["spec"], after["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])
    assert not app.converge()["changed"]


def test_a_field_held_by_a_controller_of_the_profile_is_refused_with_its_name(app: App) -> None:
    app.converge()
    app.cluster.must(
        "patch",
        KIND,
        app.policy,
        "--type=merge",
        "--field-manager=argocd-controller",
        "-p",
        '{"spec":{"failurePolicy":"Ignore"}}',
    )
    result = app.ask(tenancy={"controllers": ["argocd-controller"]})
    assert answer(result)["state"] == "violated" and "argocd-controller" in answer(result)["reason"]
    assert app.look()["spec"]["failurePolicy"] == "Ignore"


@pytest.mark.parametrize("left_out", [{"admission": {"controller": "none"}}, {"signature_policy": None}, {"admission": None}])
def test_what_is_no_longer_wanted_is_removed(app: App, left_out: dict[str, Any]) -> None:
    app.converge()
    audited = app.ask(check=True, **left_out)
    assert acts(audited) == {f"ImageValidatingPolicy/{app.policy}": "deleted"} and app.look() is not None
    done = app.converge(**left_out)
    assert audited["objects"] == done["objects"] and app.look() is None
    again = app.converge(**left_out)
    assert not again["changed"]
    undecided = left_out.get("admission", "") is None
    assert answer(again)["state"] == ("violated" if undecided else "not_applicable")
    assert answer(again)["reason"]


def test_another_app_is_left_alone(new_app: Callable[..., App]) -> None:
    one, other = new_app(), new_app()
    one.converge()
    other.converge()
    before = one.look()
    other.converge(admission={"controller": "none"})
    assert one.look() == before and other.look() is None


def test_a_policy_that_the_controller_cannot_be_told_changes_nothing(app: App) -> None:
    app.converge()
    before = app.look()
    # Bundles with a key: policy-controller verifies them in no setting.
    result = app.ask(admission={"controller": "policy_controller"})
    assert answer(result)["state"] == "violated" and "cosign_legacy" in answer(result)["reason"]
    assert not result["changed"] and app.look() == before


def test_a_kind_that_the_cluster_does_not_serve_is_one_clear_line(app: App) -> None:
    if app.cluster.kubectl("get", "crd", "clusterimagepolicies.policy.sigstore.dev").returncode == 0:
        pytest.skip("the webhook of another file is at work, and has brought its types")
    legacy = {**app.profile["signature_policy"], "formats": ["cosign_bundle", "cosign_legacy"]}
    result = app.ask(signature_policy=legacy, admission={"controller": "policy_controller"})
    assert result["failed"] and "Install sigstore policy-controller" in result["msg"] and "\n" not in result["msg"]


def test_a_cluster_that_is_down_is_one_clear_line(app: App, tmp_path: pathlib.Path) -> None:
    text = pathlib.Path(app.profile["cluster"]["kubeconfig"]).read_text(encoding="utf-8")
    (tmp_path / "down").write_text(re.sub(r"https://127\.0\.0\.1:\d+", "https://127.0.0.1:9", text))
    result = app.ask(cluster={**app.profile["cluster"], "kubeconfig": str(tmp_path / "down")})
    assert result["failed"] and "127.0.0.1:9" in result["msg"] and "\n" not in result["msg"]


@contextlib.contextmanager
def somebody(app: App, role: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The cluster's block of the profile for a login that has this ClusterRole and no other right."""
    app.cluster.must("create", "serviceaccount", app.name, "-n", "default")
    token = app.cluster.must("create", "token", app.name, "-n", "default").strip()
    config = yaml.safe_load(pathlib.Path(app.profile["cluster"]["kubeconfig"]).read_text(encoding="utf-8"))
    config["users"] = [{**user, "user": {"token": token}} for user in config["users"]]
    file = app.file.with_suffix(".kubeconfig")
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    if role:
        app.cluster.must("create", "-f", "-", stdin={**role, "metadata": {"name": app.name}})
        bound = ("--clusterrole", app.name, "--serviceaccount", f"default:{app.name}")
        app.cluster.must("create", "clusterrolebinding", app.name, *bound)
    yield {**app.profile["cluster"], "kubeconfig": str(file), "identity": ""}
    app.cluster.kubectl("delete", "clusterrolebinding,clusterrole", app.name, "--ignore-not-found")
    app.cluster.must("delete", "serviceaccount", app.name, "-n", "default")


def test_who_may_not_is_told_what_to_grant(app: App) -> None:
    with somebody(app, None) as cluster:
        result = app.ask(cluster=cluster)
    assert result["failed"] and re.search(r"Grant list on \w+\.polic(y|ies)\.[a-z.]+ in the whole cluster", result["msg"])


def test_the_rights_that_it_names_are_enough(app: App) -> None:
    with somebody(app, cluster_role(CAPABILITY.permissions)) as cluster:
        assert answer(app.converge(cluster=cluster))["done"]
        app.patch({"spec": {"failurePolicy": "Ignore"}})
        assert app.converge(cluster=cluster)["changed"]
        assert app.converge(cluster=cluster, admission={"controller": "none"})["changed"]
    assert app.look() is None


def test_the_path_decides_what_is_owed(app: App) -> None:
    app.converge()
    light = len(app.look()["spec"]["validations"])
    assert app.ask(path="full")["changed"]
    assert len(app.look()["spec"]["validations"]) == light + 1


def test_the_fence_needs_no_label_for_kyverno(app: App) -> None:
    result = app.ask(check=True, capability=FENCE)
    assert CONTROL not in {one["control"] for one in result["answers"]}
    assert "policy.sigstore.dev" not in json.dumps(result["diff"])


def test_retiring_takes_the_policy_and_nothing_of_others(new_app: Callable[..., App]) -> None:
    one, other = new_app(), new_app()
    one.converge()
    other.converge()
    assert (one.name, f"ImageValidatingPolicy/{one.policy}") in policies.apps_in(one.client(), "sandbox")
    area = policies.area_of(one.client(), one.name, "sandbox")
    assert [step.plan.object for step in area.steps] == [f"ImageValidatingPolicy/{one.policy}"]
    for step in area.steps:
        assert step.deed is not None
        step.deed()
    assert one.look() is None and other.look() is not None
    assert policies.area_of(one.client(), one.name, "sandbox").steps == ()
