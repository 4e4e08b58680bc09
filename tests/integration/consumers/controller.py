# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The real External Secrets controller beside the sandbox's API server, and its kinds as its module defines them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build
from ansible_collections.goldenpath.microapps.tests.integration.admission.askers import Cluster, module_folder

PART = next(part for part in build.ON_DEMAND if part.name == "external-secrets")
# What it would do for other kinds is switched off: their definitions are not installed.
WITHOUT = ("cluster-store", "cluster-external-secret", "cluster-push-secret", "push-secret")


def program() -> pathlib.Path:
    """The controller, built if it is not there. NotFound without Go."""
    return build.build(os.environ, print, [PART])["external-secrets"]


def definition(kind: str = "generators.external-secrets.io_generatorstates") -> dict[str, Any]:
    """A kind as its module defines it; without a name, the one that it does not start without and that the sandbox lacks."""
    folder = module_folder(PART.commands["external-secrets"], build.sources(PART)) / "config" / "crds" / "bases"
    found: dict[str, Any] = yaml.safe_load((folder / f"{kind}.yaml").read_text(encoding="utf-8"))
    return found


@dataclasses.dataclass
class Controller:
    """One controller for one namespace, which can be ended and started again."""

    cluster: Cluster
    namespace: str
    variables: Mapping[str, str]
    home: pathlib.Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> pathlib.Path:
        """What it says."""
        return self.home / "log"

    def start(self) -> None:
        """Start it; whoever needs it waits for what it does."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "KUBECONFIG": self.cluster.kubeconfig,
            **self.variables,
        }
        command = [str(program()), "--namespace", self.namespace, "--metrics-addr", "127.0.0.1:0"]
        command += [f"--enable-{kind}-reconciler=false" for kind in WITHOUT]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)

    def stop(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def running(cluster: Cluster, namespace: str, variables: Mapping[str, str]) -> Iterator[Controller]:
    """The controller as long as the block lasts; `variables` lead it to the store."""
    kind = definition()
    cluster.must("apply", "--server-side", "-f", "-", stdin=kind)
    cluster.must("wait", "--for=condition=Established", "--timeout=30s", "-f", "-", stdin=kind)
    with tempfile.TemporaryDirectory(prefix="eso-") as home:
        controller = Controller(cluster, namespace, variables, pathlib.Path(home))
        controller.start()
        try:
            yield controller
        finally:
            controller.stop()
            cluster.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin=kind)
