# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An image signed by the real cosign through our task: once, by its digest, for the signer that the policy names."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import subprocess
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import RemoteRepository, open_registries
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.push import put_image
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.image_signature import (
    CAPABILITY as IMAGE_SIGNATURE,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signing import CAPABILITY

# No transparency log, no time stamps: nothing of a test reaches a public service.
SIGNING_CONFIG = {
    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    "rekorTlogConfig": {},
    "tsaConfig": {},
}
PASSWORD = "only-for-" + "this-test"
BILL = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": []}
SCAN = {
    "invocation": {"uri": "", "event_id": "", "builder.id": ""},
    "scanner": {"uri": "pkg:github/example/scanner", "version": "1", "db": {}, "result": {"matches": []}},
    "metadata": {"scanStartedOn": "2026-11-01T00:00:00Z", "scanFinishedOn": "2026-11-01T00:00:01Z"},
}


@dataclasses.dataclass(frozen=True)
class Bench:
    """A new image in the sandbox's registry, keys of a pipeline and of somebody else, a policy that names the first."""

    folder: pathlib.Path
    cosign: pathlib.Path
    sandbox: Any
    app: dict[str, str]
    name: str
    repository: RemoteRepository

    @property
    def policy(self) -> dict[str, Any]:
        signers = [{"name": "pipeline", "role": "ci", "key": str(self.folder / "pipeline.pub")}]
        return {"signers": signers, "require": [{"role": "ci"}]}

    def file(self, name: str, content: Any) -> str:
        """A JSON file."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def sign(self, check: bool = False, **options: Any) -> dict[str, Any]:
        """The task's result."""
        blocks = {name: self.sandbox.block(name) for name in ("aws", "cluster", "database", "registry", "forge")}
        profile = {"name": "sandbox", "embedded": True, **blocks, "signature_policy": self.policy}
        params = {
            "app": self.app,
            "profile": profile,
            "image": self.name,
            "signer": "pipeline",
            "tool": "cosign",
            "program": str(self.cosign),
            "key": str(self.folder / "pipeline.key"),
            "password_file": str(self.folder / "password"),
            "signing_config": self.file("signing.json", SIGNING_CONFIG),
            **options,
        }
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.sandbox.environ}
        return perform(CAPABILITY, Request(params, check=check, environ=environ))

    def attached(self, reference: str) -> list[dict[str, Any]]:
        """What the registry lists beside the image."""
        found = self.repository.manifest(reference.partition("@")[2].replace(":", "-"))
        return [] if found is None else list(found.data["manifests"])


@pytest.fixture
def bench(sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Bench:
    if not sandbox.block("registry")["available"]:
        pytest.skip("there is no registry and no cosign: they are built with Go")
    cosign = build.binaries(os.environ)["cosign"]
    (tmp_path / "password").write_text(PASSWORD)
    for name in ("pipeline", "stranger"):
        subprocess.run(
            [str(cosign), "generate-key-pair", "--output-key-prefix", str(tmp_path / name)],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COSIGN_PASSWORD": PASSWORD},
            check=True,
            capture_output=True,
        )
    address = sandbox.block("registry")["address"]
    path = f"signing/{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    opened = open_registries(Registry(address, plain_http=True), None, dict(os.environ), Secrets())
    repository = opened.repository(parse(path, address))
    put_image(repository, b"{}", [("application/vnd.oci.image.layer.v1.tar", str(tmp_path).encode())], "1.0")
    app = {"name": "where2eat", "environment": "sandbox", "file": str(root / "inventories" / "apps" / "where2eat.yml")}
    return Bench(tmp_path, cosign, sandbox, app, f"{path}:1.0", repository)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"signer": "pipelin"}, "Did you mean pipeline"),
        ({"tool": "notation", "password_file": None, "signing_config": None}, "notation makes nothing that counts for pipeline"),
        ({"image": "signing/none:1"}, "no such tag"),
        ({"image": "not an image"}, "is not the name of an image"),
        ({"program": "/nonexistent/cosign"}, "cannot be run"),
        ({"password_file": "/nonexistent"}, "password_file"),
        ({"attestations": [{"type": "cyclonedx", "predicate": "/nonexistent"}]}, "attestations[0].predicate"),
        ({"attestations": [{"type": "cyclonedx", "predicate": __file__}]}, "is not JSON"),
    ],
)
def test_what_cannot_be_signed_is_one_line(bench: Bench, options: dict[str, Any], says: str) -> None:
    result = bench.sign(**options)
    assert result["failed"] and says in result["msg"], result
    assert PASSWORD not in json.dumps(result)


def test_it_is_signed_once_by_its_digest_and_counts(bench: Bench) -> None:
    wanted = [
        {"type": "cyclonedx", "predicate": bench.file("bill.json", BILL)},
        {"type": "vuln", "predicate": bench.file("scan.json", SCAN)},
    ]
    predicted = bench.sign(check=True, attestations=wanted)
    assert predicted["changed"] and not bench.attached(predicted["reference"]), "a check signs nothing"
    made = bench.sign(attestations=wanted)
    assert not made.get("failed"), made["msg"]
    assert not made.get("warnings"), made["warnings"]
    assert (made["objects"], made["diff"]) == (predicted["objects"], predicted["diff"])
    assert made["objects"][0]["fields"] == ["signature", "attestation cyclonedx", "attestation vuln"]
    assert made["reference"].endswith(bench.repository.manifest("1.0").digest)
    assert len(bench.attached(made["reference"])) == 3
    again = bench.sign(attestations=wanted)
    assert not again["changed"] and len(bench.attached(made["reference"])) == 3, "a second time adds nothing"
    # The real cosign, and our own task for a list of images, say the same.
    key = ["--key", str(bench.folder / "pipeline.pub"), "--insecure-ignore-tlog"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(bench.folder)}
    subprocess.run([str(bench.cosign), "verify", *key, made["reference"]], env=environ, check=True, capture_output=True)
    asked = {"images": [made["reference"]], "policy": bench.policy, "path": "full", "source": "", "app": ""}
    registry = {"address": bench.sandbox.block("registry")["address"], "plain_http": True, "available": True}
    assert perform(IMAGE_SIGNATURE, Request({**asked, "registry": registry}))["images"][0]["verified"]


def test_what_was_killed_half_way_is_finished(bench: Bench) -> None:
    wanted = [{"type": "cyclonedx", "predicate": bench.file("bill.json", BILL)}]
    reference = bench.sign()["reference"]
    rest = bench.sign(attestations=wanted)
    assert rest["objects"][0]["fields"] == ["attestation cyclonedx"]
    assert len(bench.attached(reference)) == 2


def test_a_newer_report_is_added(bench: Bench) -> None:
    later = {**SCAN, "metadata": {"scanStartedOn": "2026-11-20T00:00:00Z", "scanFinishedOn": "2026-11-20T00:00:01Z"}}
    for content in (SCAN, later):
        result = bench.sign(attestations=[{"type": "vuln", "predicate": bench.file("scan.json", content)}])
        assert "attestation vuln" in result["objects"][0]["fields"], result
    assert len(bench.attached(result["reference"])) == 3


def test_a_key_that_the_policy_does_not_know_fails_the_task(bench: Bench) -> None:
    result = bench.sign(key=str(bench.folder / "stranger.key"))
    assert result["failed"] and "does not count it for pipeline" in result["msg"], result


def test_a_wrong_password_is_told_without_it(bench: Bench) -> None:
    wrong = "nobody-should-" + "read-this"
    (bench.folder / "password").write_text(wrong)
    result = bench.sign()
    assert result["failed"] and result["msg"].startswith("cosign sign"), result
    assert wrong not in json.dumps(result)
