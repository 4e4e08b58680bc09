# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`ecr_registry` and `ecr_image_scan` on the sandbox's AWS API, as far as that knows them: no signing, no Inspector.

What it does not know is held against AWS's own description in tests/unit/aws.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws import ecr_image_scan, ecr_registry

LATER = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)


@pytest.fixture
def ecr(client: Callable[[str], Any]) -> Iterator[Any]:
    """The witness; the account's one setting is as it was afterwards."""
    raw = client("ecr")
    yield raw
    raw.put_registry_scanning_configuration(scanType="BASIC", rules=[])


def scanned(ecr: Any) -> Any:
    return ecr.get_registry_scanning_configuration()["scanningConfiguration"]


def test_the_twelve_steps(cycle: Any, aws: dict[str, Any], ecr: Any) -> None:
    everything = {"frequency": "scan_on_push", "filters": ["*"]}
    cycle.cycle(
        ecr_registry.CAPABILITY,
        {"aws": aws, "scan_type": "enhanced", "scan_rules": [{"frequency": "continuous_scan", "filters": ["b*", "a*"]}]},
        {"aws": aws, "scan_type": "basic", "scan_rules": [everything]},
        {"aws": aws, "scan_rules": []},
        witness=lambda: scanned(ecr),
    )
    assert scanned(ecr) == {"scanType": "BASIC", "rules": []}


def test_what_is_not_asked_for_stays(cycle: Any, aws: dict[str, Any], ecr: Any) -> None:
    theirs = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "theirs", "filterType": "WILDCARD"}]}]
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=theirs)
    cycle.stage(ecr_registry.CAPABILITY, {"aws": aws, "scan_type": "enhanced"})
    assert scanned(ecr) == {"scanType": "ENHANCED", "rules": theirs}
    continuous = {"frequency": "continuous_scan", "filters": ["*"]}
    refused = cycle.ask(ecr_registry.CAPABILITY, {"aws": aws, "scan_type": "basic", "scan_rules": [continuous]})
    assert refused["failed"] and "continuous_scan does not go with basic scanning" in refused["msg"]


def manifest(digit: str) -> str:
    """Of an image without layers."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + digit * 64, "size": 2}
    kind = "application/vnd.oci.image.manifest.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []})


@pytest.fixture
def image(ecr: Any, name: str) -> str:
    """An image that was scanned; what moto finds in it is always the same (CVE-2021-20224)."""
    ecr.create_repository(repositoryName=name)
    ecr.put_image(repositoryName=name, imageManifest=manifest("0"), imageTag="1.0")
    ecr.start_image_scan(repositoryName=name, imageId={"imageTag": "1.0"})
    return f"{name}:1.0"


def gate(**rule: Any) -> dict[str, Any]:
    return {"most_days": 3650, "fail_at": "high", **rule}


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (gate(), "vulnerable"),
        (gate(fail_at="critical"), ""),
        (gate(most_days=1), "too_old"),
    ],
)
def test_findings_are_judged(cycle: Any, aws: dict[str, Any], image: str, rule: dict[str, Any], fault: str) -> None:
    arguments = {"aws": aws, "images": [image], "gate": rule, "findings": True}
    done = cycle.ask(ecr_image_scan.CAPABILITY, arguments, now=lambda: LATER)
    (told,) = done["images"]
    assert (told["fault"], told["passed"], bool(done.get("failed"))) == (fault, not fault, bool(fault))
    assert told["counts"] == {"high": 1} and told["findings"][0]["name"].startswith("CVE-")
    assert not fault or told["reason"] in done["msg"]


def test_an_exception_of_an_app(cycle: Any, aws: dict[str, Any], image: str) -> None:
    found = cycle.ask(ecr_image_scan.CAPABILITY, {"aws": aws, "images": [image], "findings": True})["images"][0]["findings"][0]
    until = (LATER + datetime.timedelta(days=30)).date().isoformat()
    excepted = {"vulnerability": found["name"], "owner": "a@example.com", "reason": "never called by us", "expires": until}
    rule = gate(exceptions=[{**excepted, "apps": ["mine"]}])
    for app, passes in (("mine", True), ("other", False)):
        done = cycle.ask(ecr_image_scan.CAPABILITY, {"aws": aws, "images": [image], "gate": rule, "app": app}, now=lambda: LATER)
        assert done["images"][0]["passed"] is passes


def test_what_could_not_be_told_is_not_passed(cycle: Any, aws: dict[str, Any], ecr: Any, image: str, name: str) -> None:
    ecr.create_repository(repositoryName=f"{name}-2")
    ecr.put_image(repositoryName=f"{name}-2", imageManifest=manifest("1"), imageTag="never-scanned")
    images = [image, f"{name}-2:never-scanned", f"{name}:no-such-tag", f"{name}-3:1.0"]
    done = cycle.ask(
        ecr_image_scan.CAPABILITY, {"aws": aws, "images": images, "gate": gate(fail_at="critical")}, now=lambda: LATER
    )
    assert [told["passed"] for told in done["images"]] == [True, False, False, False]
    assert done["failed"] and all(told["reason"] in done["msg"] for told in done["images"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"images": []}, "the list is empty"),
        ({"images": ["a:1", "a:1"]}, "listed twice"),
        ({"images": ["ghcr.io/o/app:1"]}, "is not in the registry of"),
        ({"images": ["999999999999.dkr.ecr.eu-west-1.amazonaws.com/app:1"]}, "is not in the registry of"),
        ({"images": ["a:1"], "gate": {"fail_at": "high"}}, "most_days"),
        ({"images": ["a:1"], "gate": gate(fail_at="dreadful")}, "fail_at"),
    ],
)
def test_what_is_refused_before_aws_is_asked(cycle: Any, aws: dict[str, Any], options: dict[str, Any], says: str) -> None:
    done = cycle.ask(ecr_image_scan.CAPABILITY, {"aws": aws, **options})
    assert done["failed"] and says in done["msg"]
