# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a registry scans and signs: the plan as a table, and the calls against AWS's own description of them.

moto knows no signing, so botocore's Stubber stands where AWS would: it refuses a call that is malformed or was not expected.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import ecr_registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.ecr_registry_plan import (
    ScanRule,
    Settings,
    SigningRule,
    plan,
    settings_from,
    wanted,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import AwsSession
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, Invalid

PROFILE = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release"
EVERYTHING = {"frequency": "scan_on_push", "filters": ["*"]}


def wish(**params: Any) -> Settings:
    return wanted({"scan_type": None, "scan_rules": None, "signing_rules": None, **params}, "eu-west-1")


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "Neither scanning nor signing"),
        ({"scan_rules": [{"frequency": "scan_on_push", "filters": []}]}, "scan nothing"),
        ({"scan_rules": [{"frequency": "scan_on_push", "filters": ["Prod"]}]}, "'Prod' is no filter"),
        ({"scan_rules": [{"frequency": "scan_on_push", "filters": ["a b"]}]}, "'a b' is no filter"),
        ({"scan_rules": [{"frequency": "scan_on_push", "filters": [f"a{n}" for n in range(101)]}]}, "101 filters"),
        ({"scan_rules": [EVERYTHING, EVERYTHING]}, "scan_on_push stands in two rules"),
        ({"signing_rules": [{"profile": "release", "filters": None}]}, "'release' is not the ARN"),
        ({"signing_rules": [{"profile": PROFILE.replace("signer", "s3"), "filters": None}]}, "is not the ARN"),
        ({"signing_rules": [{"profile": PROFILE, "filters": None}] * 2}, "stands in two rules"),
        ({"signing_rules": [{"profile": f"{PROFILE}{n}", "filters": None} for n in range(11)]}, "11 rules"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(params: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        wish(**params)


@pytest.mark.parametrize(
    ("current", "asked", "says"),
    [
        (Settings("BASIC", ()), {"scan_rules": [{"frequency": "continuous_scan", "filters": ["*"]}]}, "basic scanning"),
        (Settings("ENHANCED", ()), {"scan_rules": [{"frequency": "manual", "filters": ["*"]}]}, "enhanced scanning"),
        (Settings("ENHANCED", (ScanRule("continuous_scan", ("*",)),)), {"scan_type": "basic"}, "has already"),
    ],
)
def test_what_does_not_go_together(current: Settings, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        plan(current, wish(**asked), "r")


@pytest.mark.parametrize(
    ("current", "asked", "fields"),
    [
        (Settings("BASIC", ()), {"scan_type": "basic"}, []),
        (Settings("BASIC", ()), {"scan_type": "enhanced"}, ["scan_type"]),
        (Settings("BASIC", (ScanRule("scan_on_push", ("*",)),)), {"scan_rules": [EVERYTHING]}, []),
        (
            Settings("BASIC", (ScanRule("scan_on_push", ("a", "b")),)),
            {"scan_rules": [{**EVERYTHING, "filters": ["b", "a", "b"]}]},
            [],
        ),
        (Settings("BASIC", (ScanRule("scan_on_push", ("theirs",)),)), {"scan_rules": [EVERYTHING]}, ["scan_rules"]),
        (Settings("BASIC", (ScanRule("scan_on_push", ("*",)),)), {"scan_rules": []}, ["scan_rules"]),
        (Settings(signing_rules=()), {"signing_rules": []}, []),
        (Settings(signing_rules=()), {"signing_rules": [{"profile": PROFILE, "filters": None}]}, ["signing_rules"]),
        (Settings(signing_rules=(SigningRule(PROFILE, ()),)), {"signing_rules": []}, ["signing_rules"]),
    ],
)
def test_the_way_from_one_to_the_other(current: Settings, asked: dict[str, Any], fields: list[str]) -> None:
    made = plan(current, wish(**asked), "r")
    assert [change.field for change in made.changes] == fields
    assert set(made.after) == set(asked), "what was not asked for is not spoken of"


def test_what_falls_under_a_rule() -> None:
    """A filter of scanning without * is part of a name, one of signing is the whole name."""
    assert ScanRule("scan_on_push", ("prod",)).covers("team/prod-app")
    assert not ScanRule("scan_on_push", ("prod*",)).covers("team/prod-app")
    assert not SigningRule(PROFILE, ("prod",)).covers("team/prod-app")
    assert SigningRule(PROFILE, ("*/prod-*",)).covers("team/prod-app")
    assert SigningRule(PROFILE, ()).covers("anything")


def test_a_round_trip() -> None:
    made = wish(
        scan_type="enhanced",
        scan_rules=[{"frequency": "continuous_scan", "filters": ["prod*"]}, EVERYTHING],
        signing_rules=[{"profile": PROFILE, "filters": ["b/*", "a/*"]}, {"profile": f"{PROFILE}2", "filters": None}],
    )
    from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import ecr_registry_plan as pure

    scanning, signing = pure.scanning_arguments(made.shown()), pure.signing_arguments(made.shown()["signing_rules"])
    assert settings_from(scanning, signing) == made


def put(session: AwsSession, asked: Settings, current: Settings) -> None:
    ecr_registry.apply(session.ecr, plan(current, asked, "r"), asked)


def test_the_calls_of_signing(session: AwsSession) -> None:
    rule = {"profile": PROFILE, "filters": ["prod/*"]}
    sent = {"signingProfileArn": PROFILE, "repositoryFilters": [{"filter": "prod/*", "filterType": "WILDCARD_MATCH"}]}
    with Stubber(session.ecr) as stub:
        stub.add_response("put_signing_configuration", {}, {"signingConfiguration": {"rules": [sent]}})
        put(session, wish(signing_rules=[rule]), Settings(signing_rules=()))
        stub.add_response("put_signing_configuration", {}, {"signingConfiguration": {"rules": [{"signingProfileArn": PROFILE}]}})
        put(session, wish(signing_rules=[{**rule, "filters": []}]), Settings(signing_rules=()))
        stub.add_response("delete_signing_configuration", {}, {})
        put(session, wish(signing_rules=[]), Settings(signing_rules=(SigningRule(PROFILE, ()),)))
        stub.add_response("get_signing_configuration", {"signingConfiguration": {"rules": [sent]}})
        assert ecr_registry.observe(session.ecr, wish(signing_rules=[])) == wish(signing_rules=[rule])
        stub.add_client_error("get_signing_configuration", "SigningConfigurationNotFoundException")
        assert ecr_registry.observe(session.ecr, wish(signing_rules=[])) == Settings(signing_rules=())
        stub.add_client_error("get_signing_configuration", "AccessDeniedException")
        with pytest.raises(Denied):
            ecr_registry.observe(session.ecr, wish(signing_rules=[]))
        stub.assert_no_pending_responses()


def test_the_calls_of_scanning(session: AwsSession) -> None:
    """The kind that was not asked for goes along as it is: the call sets both."""
    now = {
        "scanType": "BASIC",
        "rules": [{"scanFrequency": "MANUAL", "repositoryFilters": [{"filter": "x", "filterType": "WILDCARD"}]}],
    }
    sent = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    asked = wish(scan_rules=[EVERYTHING])
    with Stubber(session.ecr) as stub:
        stub.add_response("get_registry_scanning_configuration", {"scanningConfiguration": now})
        current = ecr_registry.observe(session.ecr, asked)
        stub.add_response("get_registry_scanning_configuration", {"scanningConfiguration": now})
        stub.add_response("put_registry_scanning_configuration", {}, {"scanType": "BASIC", "rules": sent})
        put(session, asked, current)
        stub.assert_no_pending_responses()
