# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Apps with a policy of their own on the sandbox's real API server, kubectl as the witness, and policy-controller's webhook."""

from __future__ import annotations

import itertools
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.admission import policy_controller
from ansible_collections.goldenpath.microapps.tests.integration.admission import askers
from ansible_collections.goldenpath.microapps.tests.integration.admission.apps import KIND, App

ROOT = pathlib.Path(__file__).resolve().parents[3]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def cluster(sandbox: Any, demand_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> askers.Cluster:
    """kubectl."""
    return askers.Cluster(sandbox.block("cluster")["kubeconfig"], tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="package")
def webhook(cluster: askers.Cluster) -> Iterator[askers.Cluster]:
    """The real webhook, and a namespace that asks it."""
    # Built where it is not there yet: with a cluster there is Go, so no reason is left to do without it.
    askers.webhook_program()
    # Fixed in its source. A skip here once hid that nobody had asked it.
    taken = [port for port in askers.PORTS if not askers.free(port)]
    assert not taken, f"policy-controller's webhook needs the port {taken[0]}: end what listens there"
    with askers.webhook(cluster):
        label = {policy_controller.INCLUDE[0]: policy_controller.INCLUDE[1]}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": askers.NAMESPACE, "labels": label}}
        cluster.must("apply", "-f", "-", stdin=namespace)
        yield cluster
        cluster.kubectl("delete", "namespace", askers.NAMESPACE, "--wait=false")


@pytest.fixture
def new_app(sandbox: Any, tmp_path: pathlib.Path) -> Iterator[Callable[..., App]]:
    """Makes apps with names nobody had; what is applied for them goes when the test is over."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "ci.pub").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    blocks = ("aws", "cluster", "database", "registry", "forge", "runner")
    profile = {
        "name": "sandbox",
        "embedded": True,
        "signature_policy": {
            "signers": [{"name": "ci", "role": "ci", "key": str(tmp_path / "ci.pub")}],
            "require": [{"role": "ci"}],
            "attestations": {"full": {"sbom": {}}},
        },
        "admission": {"controller": "kyverno"},
        **{block: sandbox.block(block) for block in blocks},
    }
    made: list[App] = []

    def make(name: str = "", **changed: Any) -> App:
        name = name or f"a{os.getpid()}-{next(_NUMBERS)}"
        entry = yaml.safe_load((ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8"))
        file = tmp_path / f"{name}.yml"
        file.write_text(yaml.safe_dump({**entry, "name": name, "image": name, **changed}), encoding="utf-8")
        cluster = askers.Cluster(sandbox.block("cluster")["kubeconfig"], tmp_path)
        made.append(App(name, file, dict(sandbox.environ), profile, cluster))
        return made[-1]

    yield make
    for app in made:
        app.cluster.kubectl("delete", KIND, "-l", f"goldenpath.microapps/app={app.name}")
        app.cluster.kubectl("delete", KIND, app.policy, "--ignore-not-found")


@pytest.fixture
def app(new_app: Callable[..., App]) -> App:
    """One app for which nothing is applied yet."""
    return new_app()
