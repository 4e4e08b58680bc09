# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster is to enforce, decided without one: whose objects, who is asked, and whose images an app may guard."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.patterns import DNS_LABEL
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import BLOCKS
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.tenancy import tenancy_objects
from ansible_collections.goldenpath.microapps.plugins.module_utils.microapp import Context
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Admission,
    Aws,
    DatabaseServer,
    Profile,
    Registry,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.model import Controller, marks
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.wanted import (
    ENFORCED,
    KINDS,
    enforcement_of,
    guards,
    is_asked,
    namespace_labels,
    set_of,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import admission

ROOT = pathlib.Path(__file__).resolve().parents[4]
APP = load_app(str(ROOT / "inventories" / "apps" / "where2eat.yml"), "where2eat", "prod")
PROFILE = Profile("prod", Aws("123456789012", "eu-west-1"), Registry("r.example.com/apps"), DatabaseServer("db.example.com"))
FULL = Verdict(Path.FULL, 1, (), (), {}, (), (), "")
REQUEST = Request({}, now=lambda: admission.NOW, environ={})
OURS = [{"manager": "goldenpath.microapps", "operation": "Apply", "fieldsV1": {}}]


def context(controller: str, policy: Any = None, app: App = APP, **more: Any) -> Context:
    made = dataclasses.replace(PROFILE, signature_policy=policy, admission=Admission(controller), **more)
    return Context(app, made, FULL)


def asked(found: Context) -> Any:
    return enforcement_of(found, admission.NOW, {})


@pytest.mark.parametrize(("controller", "policy"), [("", "ci"), ("none", "ci"), ("kyverno", ""), ("policy_controller", "")])
def test_without_a_policy_or_a_controller_nothing_is_enforced(controller: str, policy: str) -> None:
    found = context(controller, admission.POLICIES.get(policy))
    assert asked(found) is None and namespace_labels(found, REQUEST) == ()


def test_every_choice_of_the_profile_is_known() -> None:
    choices = set(BLOCKS["admission"]["properties"]["controller"]["enum"])
    assert choices == {str(controller) for controller in Controller} | {"none"}


def test_without_a_verdict_it_is_not_guessed() -> None:
    with pytest.raises(Invalid):
        asked(dataclasses.replace(context("kyverno", admission.POLICIES["ci"]), verdict=None))


@pytest.mark.parametrize("controller", list(Controller))
@pytest.mark.parametrize("policy", admission.ALL)
def test_all_that_is_applied_can_be_found_again_and_is_ours_alone(controller: Controller, policy: str) -> None:
    found = asked(context(str(controller), admission.ALL[policy]))
    the_set = set_of("where2eat", "prod")
    for one in found.objects:
        assert (one.manifest["apiVersion"], one.manifest["kind"]) in KINDS
        assert the_set.labels.items() <= one.manifest["metadata"]["labels"].items()
        assert (one.controls, one.exclusive) == ((ENFORCED,), (("spec",),))
        assert one.manifest["metadata"]["name"].startswith("microapp-where2eat-prod")


def test_the_namespace_asks_policy_controller_only_when_it_has_something_to_say() -> None:
    legacy, bundles = admission.POLICIES["ci"], {**admission.POLICIES["ci"], "formats": ["cosign_bundle"]}
    (label,) = namespace_labels(context("policy_controller", legacy), REQUEST)
    assert label == ("policy.sigstore.dev/include", "true")
    for found in (context("policy_controller", bundles), context("kyverno", legacy), context("none", legacy)):
        assert namespace_labels(found, REQUEST) == ()


def test_the_label_serves_the_control_that_asks_for_it() -> None:
    plain, *_rest = tenancy_objects(APP, PROFILE, FULL)
    namespace, *_others = tenancy_objects(APP, PROFILE, FULL, (("policy.sigstore.dev/include", "true", ENFORCED),))
    key = ("metadata", "labels", "policy.sigstore.dev/include")
    assert namespace.control_of(key) == ENFORCED and ENFORCED in namespace.controls
    assert ENFORCED not in plain.controls and "policy.sigstore.dev/include" not in plain.manifest["metadata"]["labels"]
    assert namespace.control_of(("metadata", "labels", "x")) == plain.control_of(("metadata", "labels", "x"))


SIGSTORE = {"name": "policy.sigstore.dev", "failurePolicy": "Fail", "rules": [{"resources": ["pods", "deployments"]}]}


@pytest.mark.parametrize(
    ("controller", "hooks", "expected"),
    [
        (Controller.POLICY_CONTROLLER, [], False),
        # Installed, and never run: it writes its rules itself.
        (Controller.POLICY_CONTROLLER, [{**SIGSTORE, "rules": []}], False),
        (Controller.POLICY_CONTROLLER, [{**SIGSTORE, "failurePolicy": "Ignore"}], False),
        (Controller.POLICY_CONTROLLER, [{**SIGSTORE, "rules": [{"resources": ["secrets"]}]}], False),
        (Controller.POLICY_CONTROLLER, [{**SIGSTORE, "name": "validating.clusterimagepolicy.sigstore.dev"}], False),
        (Controller.POLICY_CONTROLLER, [{"name": "validate-policy.kyverno.svc"}], False),
        (Controller.POLICY_CONTROLLER, [{"name": "other"}, SIGSTORE], True),
        (Controller.KYVERNO, [SIGSTORE], False),
        (Controller.KYVERNO, [{"name": "validate-policy.kyverno.svc"}], True),
        (Controller.KYVERNO, [{"name": "ivpol.validate.kyverno.svc-fail"}], True),
    ],
)
def test_who_is_asked_about_pods(controller: Controller, hooks: list[dict[str, Any]], expected: bool) -> None:
    assert is_asked(controller, [{}, {"webhooks": None}, {"webhooks": hooks}]) is expected


def live(app: str, *globs: str, ours: bool = True) -> dict[str, Any]:
    metadata = {"labels": marks(app, "prod"), "managedFields": OURS if ours else []}
    return {"metadata": metadata, "spec": {"images": [{"glob": glob} for glob in globs]}}


def test_another_apps_images_are_not_guarded() -> None:
    wanted = asked(context("policy_controller", admission.POLICIES["ci"])).objects
    repository = f"r.example.com/apps/{APP.image}"
    same, other = (f"{repository}@*", f"{repository}:*"), ("r.example.com/apps/other@*",)
    assert guards(wanted, [live("mallory", *same)], "where2eat") == ("mallory",)
    assert guards(wanted, [live("where2eat", *same), live("else", *other), live("else")], "where2eat") == ()
    # What somebody else applied is that one's own doing: it says nothing about the catalog.
    assert guards(wanted, [live("mallory", *same, ours=False)], "where2eat") == ()


@given(st.from_regex(DNS_LABEL, fullmatch=True), st.from_regex(DNS_LABEL, fullmatch=True), st.sampled_from(["dev", "prod"]))
def test_no_two_apps_share_a_set(one: str, other: str, environment: str) -> None:
    assert (set_of(one, environment).selector == set_of(other, environment).selector) == (one == other)
    assert set_of(one, environment).selector != set_of(one, environment + "x").selector
