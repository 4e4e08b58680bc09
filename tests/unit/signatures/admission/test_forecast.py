# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The forecast against what the real controllers said (recorded; tests/integration/admission asks them again)."""

from __future__ import annotations

import dataclasses
import pathlib
import types

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.auth import Logins
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import Registries
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.transport import Settings
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.facts import FACTS, NEWEST, numbers
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.forecast import Forecast, forecast
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.model import Controller
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Format
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import admission, making

PC, KYVERNO = Controller.POLICY_CONTROLLER, Controller.KYVERNO
ASKED = [(PC, "tag", name) for name in admission.ALL]
ASKED += [(KYVERNO, listing, name) for listing in admission.LISTINGS for name in admission.POLICIES]


def told(controller: Controller, name: str, image: str, listing: str = "tag", version: str = "") -> Forecast:
    unlisted = admission.attached(image, name) if listing == "empty" else frozenset()
    return forecast(
        admission.ours(name, image), admission.policy(name), admission.target(), controller, version, unlisted=unlisted
    )


def facts(found: Forecast) -> set[str]:
    return {because.fact for because in found.because}


@pytest.mark.parametrize(("controller", "listing", "name"), ASKED)
def test_forecast_and_verdict_agree(controller: Controller, listing: str, name: str) -> None:
    said = admission.said(controller, listing, name)
    assert set(said) == set(admission.names(name))
    for image in admission.names(name):
        if admission.ours(name, image).verified:
            found = told(controller, name, image, listing)
            assert found.admitted == (said[image] == ""), (image, found, said[image])


@pytest.mark.parametrize(("controller", "listing", "name"), ASKED)
def test_what_we_refuse_of_these_images_the_controllers_refuse_too(controller: Controller, listing: str, name: str) -> None:
    said = admission.said(controller, listing, name)
    assert not [image for image in admission.names(name) if not admission.ours(name, image).verified and said[image] == ""]


def test_the_images_try_both_answers_and_every_measured_fact() -> None:
    met: set[str] = set()
    answers = set()
    for controller, listing, name in ASKED:
        for image in admission.names(name):
            if admission.ours(name, image).verified:
                found = told(controller, name, image, listing)
                met |= facts(found)
                answers.add((controller, found.admitted))
    assert answers == {(controller, admitted) for controller in Controller for admitted in (True, False)}
    # The images hold no signature of the old format as an OCI 1.1 referrer: see the next test.
    assert met == {name for name, fact in FACTS.items() if fact.measured} - {"pc-oci11", "ky-oci11"}


def test_an_old_signature_that_is_a_referrer_is_found_by_us_alone() -> None:
    verdict = admission.ours("ci", "ci-legacy3")
    (signature,) = verdict.signatures
    moved = dataclasses.replace(verdict, signatures=(dataclasses.replace(signature, where="referrer sha256:" + "a" * 64),))
    for controller, fact in ((PC, "pc-oci11"), (KYVERNO, "ky-oci11")):
        found = forecast(moved, admission.policy("ci"), admission.target(), controller)
        assert facts(found) == {fact}


@pytest.mark.parametrize(
    ("controller", "image", "fact"),
    [
        (PC, "ci-bundle", "pc-keyed-bundle"),
        (PC, "ci-both", ""),
        (PC, "ci-legacy-beside-mallorys-bundle", ""),
        (KYVERNO, "ci-legacy-beside-mallorys-bundle", "ky-hidden"),
        (KYVERNO, "ci-both", ""),
    ],
)
def test_known_cases(controller: Controller, image: str, fact: str) -> None:
    found = told(controller, "ci", image)
    assert facts(found) == ({fact} if fact else set())
    assert found.version == NEWEST[controller]
    for because in found.because:
        assert because.what == "require.ci"
        assert "ci-key" in because.why
        assert because.mend
        assert because.source.startswith("https://")


@pytest.mark.parametrize(
    ("version", "image", "fact"),
    [
        ("1.17.2", "ci-bundle", "ky-no-bundles"),
        ("v1.17.2", "ci-legacy3", ""),
        ("1.17.0", "ci-legacy-beside-mallorys-bundle", ""),  # it does not see the bundle
        ("1.18.2", "ci-bundle", ""),
        ("1.19.0", "ci-bundle", "ky-keyed-bundle"),
        ("1.19.0-rc.1", "ci-bundle", "ky-keyed-bundle"),
        ("1.19.1", "ci-bundle", ""),
        ("1.20.0", "ci-legacy-beside-mallorys-bundle", "ky-hidden"),  # nobody said that it ended
    ],
)
def test_the_version_decides(version: str, image: str, fact: str) -> None:
    assert facts(told(KYVERNO, "ci", image, version=version)) == ({fact} if fact else set())


def test_other_kinds_of_signatures() -> None:
    verdict = admission.ours("ci", "ci-legacy3")
    (signature,) = verdict.signatures
    for form, signer, controller, expected in (
        (Format.NOTATION_JWS, "ci-key", PC, {"pc-notation"}),
        (Format.NOTATION_COSE, "ci-key", KYVERNO, set()),
        (Format.COSIGN_BUNDLE, "somebody-keyless", PC, {"pc-keyless-bundle"}),
    ):
        other = dataclasses.replace(signature, format=form, signer=signer, where="referrer sha256:" + "a" * 64)
        moved = dataclasses.replace(verdict, signatures=(other,))
        assert facts(forecast(moved, admission.policy("ci"), admission.target(), controller)) == expected


def test_there_is_no_forecast_for_what_we_refuse() -> None:
    with pytest.raises(Invalid, match=r"no forecast for .*unsigned.* it is not verified"):
        told(PC, "ci", "unsigned")


def test_a_policy_that_cannot_be_expressed_is_a_refusal_of_everything() -> None:
    policy = dataclasses.replace(admission.policy("ci"), formats=frozenset({Format.COSIGN_BUNDLE}))
    found = forecast(admission.ours("ci", "ci-both"), policy, admission.target(), PC)
    assert [(because.fact, because.what) for because in found.because] == [("", "require.ci")]
    assert "cosign_legacy" in found.because[0].why
    assert forecast(admission.ours("ci", "ci-both"), policy, admission.target(), KYVERNO).admitted


@pytest.mark.parametrize("listing", admission.LISTINGS)
def test_the_registry_is_asked_what_it_does_not_list(listing: str, tmp_path: pathlib.Path) -> None:
    server = making.REGISTRY.server(0, referrers=listing != "tag")
    making.pull(admission.OUT / "images", server.store, "apps")
    if listing == "empty":
        server.store.referring = types.MethodType(lambda _store, _name, _digest: [], server.store)
    with making.REGISTRY.running(server):
        address = f"127.0.0.1:{server.server_address[1]}"
        environ = {"HOME": str(tmp_path)}
        registries = Registries(Registry(address, plain_http=True), Logins(environ, Secrets()), Settings(environ=environ))
        repository = registries.repository(parse("apps", address))
        digest = admission.layout().manifest("two-bundle").digest
        assert repository.unlisted(digest) == (admission.attached("two-bundle") if listing == "empty" else frozenset())


def test_facts_say_where_they_are_from() -> None:
    for name, fact in FACTS.items():
        assert fact.id == name
        assert fact.source.startswith("https://")
        assert not fact.since or not fact.until or numbers(fact.since) < numbers(fact.until)
        assert all(fact.holds(version) for version in fact.measured)
