# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Control supply_chain-14 on the sandbox's AWS API: what ECR found in a verified image lets the road go on, or ends it.

moto scans everything with the same result (one CVE of high severity), has no registry to pull an image from, and lets no scan
run on or fail. So the verdict on the image is given, and the other answers of AWS are held in tests/unit/aws.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import State
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.microapp import context_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Manifest
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.scanned import lets_through, scanned
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading, read_file
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.verify import Verdict

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEY = ROOT / "tests" / "fixtures" / "signatures" / "cosign" / "keys" / "p256.pub"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LATER = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)


@dataclasses.dataclass(frozen=True)
class Held:
    """A repository of ECR, as far as it is read here: one manifest."""

    name: str
    held: Manifest

    def manifest(self, reference: str) -> Manifest | None:
        return self.held if reference == self.held.digest else None


def body(digit: str) -> str:
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + digit * 64, "size": 2}
    return json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": []})


@dataclasses.dataclass(frozen=True)
class Estate:
    """An app whose image lies in ECR, and its profile."""

    aws: dict[str, Any]
    ecr: Any
    name: str

    @property
    def host(self) -> str:
        return f"{self.aws['account']}.dkr.ecr.{self.aws['region']}.amazonaws.com"

    def pushed(self, digit: str, scan: bool = True) -> str:
        """An image's digest."""
        # Named: moto makes the same digest of every manifest without layers.
        digest = "sha256:" + hashlib.sha256(body(digit).encode()).hexdigest()
        self.ecr.put_image(repositoryName=self.name, imageManifest=body(digit), imageDigest=digest, imageTag=f"tag-{digit}")
        if scan:
            self.ecr.start_image_scan(repositoryName=self.name, imageId={"imageDigest": digest})
        return digest

    def ask(self, held: Manifest, findings: dict[str, Any] | None, verdict: Verdict | None = None, host: str = "") -> Any:
        """The control's answer."""
        policy: dict[str, Any] = {"signers": [{"name": "ci", "role": "ci", "key": str(KEY)}], "require": [{"role": "ci"}]}
        if findings is not None:
            policy["ecr_findings"] = {"full": findings}
        host = host or self.host
        profile = {"name": "sandbox", "aws": self.aws, "registry": {"address": host}, "database": {"host": "127.0.0.1"}}
        app = {"name": "where2eat", "environment": "sandbox", "file": str(ROOT / "inventories" / "apps" / "where2eat.yml")}
        told: dict[str, Any] = {name: [] for name in ("reasons", "controls", "credentials", "contradictions")}
        told |= {"path": "full", "score": 1, "facts": {}, "commit": ""}
        request = Request({"app": app, "profile": profile, "verdict": told}, now=lambda: LATER)
        context = context_of(request)
        loaded = policy_from(policy, host, Loading(read_file, context.app, LATER, {}))
        repository = Held(f"{host}/{self.name}", held)
        verdict = verdict or Verdict("it", f"{repository.name}@{held.digest}", held.digest, held.media_type)
        return scanned(context, loaded, verdict, repository, request)


@pytest.fixture
def estate(aws: dict[str, Any], client: Callable[[str], Any], name: str) -> Estate:
    client("ecr").create_repository(repositoryName=name)
    return Estate(aws, client("ecr"), name)


def manifest(digest: str, media_type: str = IMAGE, data: dict[str, Any] | None = None) -> Manifest:
    return Manifest(digest, media_type, b"", data or {})


def index_of(*digests: str) -> Manifest:
    listed = [
        {"mediaType": IMAGE, "digest": digest, "size": 2, "platform": {"os": "linux", "architecture": f"a{number}"}}
        for number, digest in enumerate(digests)
    ]
    data = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
    return manifest("sha256:" + hashlib.sha256(json.dumps(data).encode()).hexdigest(), INDEX, data)


def rule(**more: Any) -> dict[str, Any]:
    return {"most_days": 3650, "fail_at": "high", **more}


@pytest.mark.parametrize(
    ("findings", "state", "says"),
    [
        (rule(), State.VIOLATED, "CVE-"),
        (rule(most_days=1, fail_at="critical"), State.VIOLATED, "days"),
        (rule(fail_at="critical"), State.IN_PLACE, ""),
        (None, State.NOT_APPLICABLE, "has no ecr_findings for this path"),
    ],
)
def test_findings_close_the_gate_or_let_through(estate: Estate, findings: dict[str, Any] | None, state: State, says: str) -> None:
    answer = estate.ask(manifest(estate.pushed("1")), findings)
    assert answer.state is state and says in answer.reason, answer.reason
    assert lets_through(answer) is (state is not State.VIOLATED)


def test_what_could_not_be_told_is_not_let_through(estate: Estate) -> None:
    held = manifest(estate.pushed("1", scan=False))
    answer = estate.ask(held, rule())
    assert answer.state is State.NOT_REACHED and "scan" in answer.reason and not lets_through(answer)
    answer = estate.ask(held, rule(), host="registry.example.com")
    assert answer.state is State.NOT_REACHED and "registry.example.com is not ECR's registry of" in answer.reason
    answer = estate.ask(held, rule(), host=estate.host.replace(estate.aws["account"], "999999999999"))
    assert answer.state is State.NOT_REACHED and not lets_through(answer)


def test_an_image_that_is_not_verified_is_not_asked_about(estate: Estate) -> None:
    held = manifest(estate.pushed("1"))
    unsigned = Verdict("it", f"{estate.host}/{estate.name}@{held.digest}", held.digest, IMAGE, reason="Nobody signed it.")
    assert estate.ask(held, rule(fail_at="critical"), unsigned).state is State.VIOLATED
    silent = Verdict("it", error=Unreachable("The registry", "it is silent"))
    assert estate.ask(held, rule(fail_at="critical"), silent).state is State.NOT_REACHED


def test_of_an_index_every_platforms_image_must_pass(estate: Estate) -> None:
    first, second = estate.pushed("1"), estate.pushed("2", scan=False)
    assert estate.ask(index_of(first), rule(fail_at="critical")).state is State.IN_PLACE
    assert estate.ask(index_of(first), rule()).state is State.VIOLATED
    assert estate.ask(index_of(first, second), rule(fail_at="critical")).state is State.NOT_REACHED
