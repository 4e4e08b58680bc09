# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Apps of a test's own on the sandbox's real API server, and kubectl as the witness."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Capability, Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import layout

ROOT = pathlib.Path(__file__).resolve().parents[3]
VERDICT = {
    "path": "light",
    "score": 10,
    "reasons": [],
    "controls": [],
    "facts": {},
    "credentials": [],
    "contradictions": [],
    "commit": "0" * 40,
}
_NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Tenant:
    """One app and how to fence it; `kubectl` works in its namespace."""

    name: str
    file: pathlib.Path
    environ: dict[str, str]
    profile: dict[str, Any]

    @property
    def namespace(self) -> str:
        return f"{self.name}-sandbox"

    def ask(
        self, check: bool = False, capability: Capability = CAPABILITY, path: str = "light", **profile: Any
    ) -> dict[str, Any]:
        """The result of one call; keywords change the profile, those of `tenancy` within that block."""
        tenancy = {**self.profile["tenancy"], **profile.pop("tenancy", {})}
        params = {
            "app": {"name": self.name, "environment": "sandbox", "file": str(self.file)},
            "profile": {**self.profile, **profile, "tenancy": tenancy},
            "verdict": {**VERDICT, "path": path},
        }
        return perform(capability, Request(params, check=check, environ=self.environ))

    def fence(self, **profile: Any) -> dict[str, Any]:
        """Converge, which must work."""
        result = self.ask(**profile)
        assert not result.get("failed"), result["msg"]
        return result

    def describe(self, **changed: Any) -> None:
        """Write the catalog entry anew with these fields (None: without the field)."""
        entry = {**yaml.safe_load(self.file.read_text(encoding="utf-8")), **changed}
        text = yaml.safe_dump({key: value for key, value in entry.items() if value is not None})
        self.file.write_text(text, encoding="utf-8")

    def kubectl(self, *arguments: str, stdin: Any = None, fails: bool = False) -> str:
        """What kubectl says, in this namespace; the witness shares no code with us."""
        program = str(pathlib.Path(sys.executable).parent / "kubectl")
        command = [program, "--kubeconfig", self.profile["cluster"]["kubeconfig"], "--namespace", self.namespace, *arguments]
        text = None if stdin is None else json.dumps(stdin)
        # A home of its own: kubectl keeps what it discovers there.
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.file.parent)}
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False, env=environ)
        assert (done.returncode != 0) == fails, done.stderr + done.stdout
        return done.stderr if fails else done.stdout

    def look(self, what: str, name: str) -> dict[str, Any]:
        """One object, by kubectl."""
        found: dict[str, Any] = json.loads(self.kubectl("get", what, name, "--output", "json"))
        return found

    def state(self) -> dict[str, Any]:
        """Everything in the namespace and the namespace itself, without what the control plane does by itself."""
        kinds = "resourcequota,limitrange,networkpolicy,serviceaccount,role,rolebinding,configmap"
        items = json.loads(self.kubectl("get", kinds, "--output", "json"))["items"]
        items += json.loads(self.kubectl("get", "namespaces", "--output", "json"))["items"]
        mine = [item for item in items if self.namespace in (item["metadata"]["name"], item["metadata"].get("namespace"))]
        for item in mine:
            item.pop("status", None)
            item["metadata"].pop("resourceVersion", None)
            item["metadata"].pop("managedFields", None)
        return {f"{item['kind']}/{item['metadata']['name']}": item for item in mine}


@pytest.fixture(scope="session")
def cluster_profile(sandbox: Any) -> dict[str, Any]:
    """The sandbox's profile, as its inventory makes it."""
    if not layout.block(sandbox.environ, "cluster")["available"]:
        pytest.skip("Go is not installed, so there is no cluster")
    blocks = ("aws", "cluster", "database", "registry", "forge", "runner")
    made = {block: layout.block(sandbox.environ, block) for block in blocks}
    return {"name": "sandbox", "embedded": True, "adopt": "report", "tenancy": {}, **made}


@pytest.fixture
def new_tenant(sandbox: Any, cluster_profile: dict[str, Any], tmp_path: pathlib.Path) -> Iterator[Callable[..., Tenant]]:
    """Makes apps with names nobody had; their namespaces go when the test is over (nobody waits for that)."""
    made: list[Tenant] = []

    def make(**changed: Any) -> Tenant:
        name = f"t{os.getpid()}-{next(_NUMBERS)}"
        entry = yaml.safe_load((ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8"))
        file = tmp_path / f"{name}.yml"
        file.write_text(yaml.safe_dump({**entry, "name": name, **changed}), encoding="utf-8")
        made.append(Tenant(name, file, dict(sandbox.environ), cluster_profile))
        return made[-1]

    yield make
    for tenant in made:
        tenant.kubectl("delete", "namespace", tenant.namespace, "--ignore-not-found", "--wait=false")


@pytest.fixture
def tenant(new_tenant: Callable[..., Tenant]) -> Tenant:
    """One app whose namespace is not there yet."""
    return new_tenant()


@pytest.fixture
def audit_log(sandbox: Any) -> Callable[[str], list[tuple[str, str]]]:
    """Verb and path of every request that could have written to a namespace, from the API server's own log."""

    def writes(namespace: str) -> list[tuple[str, str]]:
        lines = (sandbox.folder / "kubernetes" / "audit.log").read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [
            (entry["verb"], entry["requestURI"])
            for entry in entries
            if entry["verb"] in ("create", "update", "patch", "delete", "deletecollection")
            and entry["user"]["username"] == "sandbox-admin"
            and namespace in entry["requestURI"]
            and "dryRun=All" not in entry["requestURI"]
        ]

    return writes
