# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app of a test's own, and how to have the cluster enforce its policy."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
from typing import Any

import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Capability, Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import Client, connect
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Cluster, block_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission.app_admission import CAPABILITY
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import admission
from ansible_collections.goldenpath.microapps.tests.integration.admission import askers

VERDICT = {"path": "light", "score": 10, "reasons": [], "controls": [], "facts": {}, "credentials": []}
VERDICT |= {"contradictions": [], "commit": "0" * 40}
KIND = "imagevalidatingpolicies.policies.kyverno.io"
CONTROL = "supply_chain-13"


@dataclasses.dataclass(frozen=True)
class App:
    """One app with a policy of its own, and kubectl."""

    name: str
    file: pathlib.Path
    environ: dict[str, str]
    profile: dict[str, Any]
    cluster: askers.Cluster

    @property
    def namespace(self) -> str:
        return f"{self.name}-sandbox"

    @property
    def policy(self) -> str:
        return f"microapp-{self.name}-sandbox"

    def ask(
        self, check: bool = False, capability: Capability = CAPABILITY, path: str = "light", **profile: Any
    ) -> dict[str, Any]:
        """The result of one call; keywords change the profile."""
        params = {
            "app": {"name": self.name, "environment": "sandbox", "file": str(self.file)},
            "profile": {**self.profile, **profile},
            "verdict": {**VERDICT, "path": path},
        }
        return perform(capability, Request(params, check=check, environ=self.environ))

    def converge(self, **profile: Any) -> dict[str, Any]:
        """One call that has to work."""
        result = self.ask(**profile)
        assert not result.get("failed"), result["msg"]
        return result

    def look(self) -> dict[str, Any] | None:
        """The policy as it is, without what the server counts."""
        text = self.cluster.must("get", KIND, self.policy, "--ignore-not-found", "-o", "json")
        found = json.loads(text) if text.strip() else None
        if found:
            for name in ("managedFields", "resourceVersion"):
                found["metadata"].pop(name, None)
        return found

    def patch(self, change: dict[str, Any]) -> None:
        self.cluster.must("patch", KIND, self.policy, "--type=merge", "-p", json.dumps(change))

    def client(self) -> Client:
        """Our own client on its cluster."""
        return connect(block_from(Cluster, self.profile["cluster"]), self.environ)

    def release(self, host: str, policy: str, image: str) -> App:
        """The same app with a fixture's image, pinned in its repository's overlay as the gate leaves it."""
        pinned = askers.reference(host, policy, image)
        repository, _at, digest = pinned.partition("@")
        forge = self.file.parent / f"forge-{image}"
        work = forge / "work"
        overlay = work / "deploy" / "overlays" / "sandbox" / "kustomization.yaml"
        overlay.parent.mkdir(parents=True)
        overlay.write_text(f'images:\n  - name: {policy}\n    newName: "{repository}"\n    digest: "{digest}"\n')
        who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        for arguments in (
            ("init", "--quiet", "--initial-branch", "goldenpath/baseline", "."),
            ("add", "."),
            (*who, "commit", "--quiet", "-m", "Pin"),
            ("clone", "--quiet", "--bare", ".", f"../{self.name}.git"),
        ):
            subprocess.run(["git", *arguments], cwd=work, check=True, capture_output=True)
        entry = {**yaml.safe_load(self.file.read_text(encoding="utf-8")), "image": policy}
        self.file.write_text(yaml.safe_dump(entry), encoding="utf-8")
        registry = {"address": host, "plain_http": True}
        profile = {**self.profile, "registry": registry, "forge": {"kind": "git", "base": f"file://{forge}"}}
        return dataclasses.replace(self, profile={**profile, "signature_policy": admission.POLICIES[policy]})


def answer(result: dict[str, Any]) -> dict[str, Any]:
    (found,) = result["answers"]
    assert found["control"] == CONTROL
    return found


def acts(result: dict[str, Any]) -> dict[str, str]:
    return {entry["object"]: entry["action"] for entry in result["objects"]}
