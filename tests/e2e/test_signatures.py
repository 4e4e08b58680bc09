# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate: an image whose signature is gone, somebody else's, or for something else does not get past it, and all is recorded.

Told in order, on one sandbox. The signatures are made and taken away by the real cosign and by plain requests to the registry.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import urllib.request
from typing import Any

import pytest
from witness import owner_commits, remote

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build

ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
GATED = ("supply_chain-10", "supply_chain-11", "supply_chain-12")


class Image:
    """The example's image in the sandbox's registry, reached without any code of ours."""

    def __init__(self, estate: Any) -> None:
        self.address = estate.block("registry")["address"]
        self.pipeline = estate.state / "sandbox" / "pipeline"
        self.git = estate.state / "sandbox" / "git" / "where2eat.git"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, reference: str, body: bytes | None = None, content: str = ACCEPT.partition(",")[0]) -> Any:
        headers = {"Accept": ACCEPT, **({"Content-Type": content} if body else {})}
        url = f"http://{self.address}/v2/where2eat/manifests/{reference}"
        return self.opener.open(urllib.request.Request(url, data=body, method=method, headers=headers))

    @property
    def tag(self) -> str:
        """The newest commit, as the app's workflow names its image."""
        command = ["git", "--git-dir", str(self.git), "rev-parse", "main"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def digest(self) -> str:
        return self.ask("GET", self.tag).headers["Docker-Content-Digest"]

    def unsign(self, digest: str) -> None:
        """Remove everything that is attached to the image."""
        attached = self.ask("GET", digest.replace(":", "-")).headers["Docker-Content-Digest"]
        self.ask("DELETE", attached)

    def cosign(self, *arguments: str, key: pathlib.Path | None = None) -> None:
        """The real cosign, with the pipeline's key or another one."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.pipeline),
            "COSIGN_PASSWORD": (self.pipeline / "password").read_text() if key is None else "",
        }
        program = build.binaries(os.environ)["cosign"]
        options = [
            "--signing-config",
            str(self.pipeline / "signing-config.json"),
            "--key",
            str(key or self.pipeline / "cosign.key"),
        ]
        subprocess.run(
            [str(program), *arguments[:1], *options, "--yes", *arguments[1:]], env=environ, check=True, capture_output=True
        )

    def sign_all(self, key: pathlib.Path | None = None) -> None:
        """What the pipeline does after a build."""
        name = f"{self.address}/where2eat@{self.digest}"
        self.cosign("sign", name, key=key)
        for kind in ("cyclonedx", "slsaprovenance1"):
            self.cosign("attest", "--type", kind, "--predicate", str(self.pipeline / f"{kind}.json"), name, key=key)


@pytest.fixture(scope="module")
def image(estate: Any) -> Image:
    first = estate.play("-e", "app=where2eat")
    assert first.rc == 0, first.text
    return Image(estate)


def states(estate: Any, mode: str = "converge") -> dict[str, str]:
    return {control: entry["state"] for control, entry in estate.evidence(mode)["state"]["controls"].items()}


def closed(estate: Any, played: Any, mode: str = "converge") -> str:
    """The road ended at the gate: rc 2, all answers there, nothing after it asked; the sentence that says why."""
    assert played.rc == 2, played.text
    answered = states(estate, mode)
    assert answered["supply_chain-10"] == "violated" and answered["supply_chain-01"] == "in_place"
    assert answered["k8s_tenancy-01"] == answered["secrets-01"] == answered["runbook-01"] == "not_reached"
    summary = json.loads((estate.state / "evidence" / "sandbox" / "where2eat" / f"{mode}.summary.json").read_text())
    assert summary["outcome"] == "violated"
    controls = estate.evidence(mode)["state"]["controls"]
    assert "The road ended before this control was asked" in controls["k8s_tenancy-01"]["reason"]
    reason = controls["supply_chain-10"]["reason"]
    assert reason in " ".join(played.text.split()), "the closing table says it too"
    return reason


def test_a_signed_image_is_verified_pinned_and_recorded(estate: Any, image: Image) -> None:
    answered = states(estate)
    assert {answered[control] for control in GATED} == {"in_place"}
    folder = estate.state / "evidence" / "sandbox" / "where2eat"
    summary = json.loads((folder / "converge.vsa.json").read_text())
    assert summary["predicate"]["verificationResult"] == "PASSED"
    assert summary["subject"][0]["digest"] == {"sha256": image.digest.partition(":")[2]}
    assert {one["name"] for one in json.loads((folder / "converge.sbom.json").read_text())["components"]} >= {"flask"}
    git = ["git", "--git-dir", str(image.git)]
    overlay = "goldenpath/baseline:deploy/overlays/sandbox/kustomization.yaml"
    assert image.digest in subprocess.run([*git, "show", overlay], capture_output=True, text=True, check=True).stdout


def test_a_moved_tag_moves_nothing(estate: Any, image: Image) -> None:
    before = image.digest
    original = image.ask("GET", before).read()
    other = json.dumps({**json.loads(original), "annotations": {"moved": "yes"}}).encode()
    image.ask("PUT", image.tag, other)
    assert image.digest != before
    played = estate.play("-e", "app=where2eat")
    assert played.rc == 0 and not played.changed_tasks, played.text
    image.ask("PUT", image.tag, original)
    assert image.digest == before


def test_another_apps_image_in_the_overlay_is_refused(estate: Any, image: Image, tmp_path: pathlib.Path) -> None:
    """Signed by whom we trust, and still not this app."""
    clone, branch, path = tmp_path / "clone", "goldenpath/baseline", "deploy/overlays/sandbox/kustomization.yaml"
    subprocess.run(["git", "clone", "--quiet", "--branch", branch, remote(estate), str(clone)], check=True)
    before = (clone / path).read_text()
    owner_commits(remote(estate), clone, branch, {path: before.replace("/where2eat", "/lunch-poll")}, "Run the poll instead")
    reason = closed(estate, estate.play("-e", "app=where2eat"))
    assert "/lunch-poll, and the catalog says that the app's image is" in reason
    owner_commits(remote(estate), clone, branch, {path: before}, "Run it again")
    played = estate.play("-e", "app=where2eat")
    assert played.rc == 0, played.text


def test_without_its_signature_nothing_gets_past(estate: Any, image: Image) -> None:
    image.unsign(image.digest)
    reason = closed(estate, estate.play("-e", "app=where2eat"))
    assert "0 of 1 signatures in the role ci" in reason
    audited = closed(estate, estate.play("--check", "-e", "app=where2eat"), "audit")
    assert audited == reason, "the audit answers as the run does"


def test_somebody_elses_signature_does_not_count(estate: Any, image: Image, tmp_path: pathlib.Path) -> None:
    program = build.binaries(os.environ)["cosign"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COSIGN_PASSWORD": ""}
    pair = ["generate-key-pair", "--output-key-prefix", str(tmp_path / "mallory")]
    subprocess.run([str(program), *pair], env=environ, check=True, capture_output=True)
    image.sign_all(tmp_path / "mallory.key")
    reason = closed(estate, estate.play("-e", "app=where2eat"))
    assert "was not made with the key of sandbox-pipeline" in reason


def test_signed_again_the_road_is_open(estate: Any, image: Image) -> None:
    image.sign_all()
    played = estate.play("-e", "app=where2eat")
    assert played.rc == 0, played.text
    assert {states(estate)[control] for control in GATED} == {"in_place"}
    assert not estate.play("-e", "app=where2eat").changed_tasks
