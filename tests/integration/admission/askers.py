# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two controllers, asked: policy-controller's webhook beside the sandbox's API server, Kyverno's engine by its command."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import admission, making

MODULE = "github.com/sigstore/policy-controller"
SYSTEM = "cosign-system"
# Asks the webhook, and is no app's.
NAMESPACE = "admission-asked"
# Both are fixed in the program (its --secure-port is read too late to matter).
PORTS = (8443, 8080)


def free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@dataclasses.dataclass(frozen=True)
class Cluster:
    """kubectl on the sandbox's API server, with a home of its own."""

    kubeconfig: str
    home: pathlib.Path

    def kubectl(self, *arguments: str, stdin: Any = None) -> subprocess.CompletedProcess[str]:
        """One call; whoever asks looks at its code."""
        program = str(pathlib.Path(sys.executable).parent / "kubectl")
        text = None if stdin is None else json.dumps(stdin)
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        command = [program, "--kubeconfig", self.kubeconfig, *arguments]
        return subprocess.run(command, input=text, env=environ, capture_output=True, text=True, timeout=120, check=False)

    def must(self, *arguments: str, stdin: Any = None) -> str:
        """One call that has to work."""
        done = self.kubectl(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


@contextlib.contextmanager
def served(listing: str) -> Iterator[str]:
    """HOST of a registry that has the images in a repository of each policy's name, and answers as `listing` says."""
    server = making.REGISTRY.server(0, referrers=listing != "tag")
    for name in admission.ALL:
        making.pull(admission.layout(name).folder, server.store, name)
    if listing == "empty":
        server.store.referring = types.MethodType(lambda _store, _name, _digest: [], server.store)
    with making.REGISTRY.running(server):
        yield f"127.0.0.1:{server.server_address[1]}"


def reference(host: str, policy: str, image: str) -> str:
    """How a pod names an image: pinned, in the repository of the policy."""
    return f"{host}/{policy}@{admission.layout(policy).manifest(image).digest}"


# Where policy-controller's answer begins to speak of another policy or authority: these come in any order.
PIECES = re.compile(
    r"(?=failed policy: |(?:signature|attestation) key(?:less)? validation failed"
    r"|failed evaluating|no matching attestations with type)"
)


def told(text: str, host: str) -> str:
    """An answer without what differs from run to run."""
    text = re.sub(r"@sha256:[0-9a-f]{64}", "", text.replace(host, "REGISTRY"))
    text = re.sub(r"entry \S+ |127\.0\.0\.1:\d+->\S+", "", text)
    text = re.sub(r"\s+", " ", text.partition("denied the request: ")[2] or text).strip()
    first, *others = PIECES.split(text)
    return " | ".join((first.strip(), *sorted(piece.strip() for piece in others)))


# --- policy-controller ---------------------------------------------------------------------------------------------------


def webhook_program() -> pathlib.Path:
    """The webhook, built if it is not there; GOLDENPATH_POLICY_WEBHOOK may name one. NotFound without Go."""
    given = os.environ.get("GOLDENPATH_POLICY_WEBHOOK")
    if given:
        return pathlib.Path(given)
    parts = [part for part in build.ON_DEMAND if part.name == "policy-controller"]
    return build.build(os.environ, print, parts)["policy-webhook"]


def module_folder(module: str, at: pathlib.Path | None = None) -> pathlib.Path:
    """Where Go keeps a module's files; fetched if it does not."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", module],
        cwd=at,
        env={**os.environ, "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return pathlib.Path(json.loads(done.stdout)["Dir"])


def objects_of_the_webhook() -> list[dict[str, Any]]:
    """What its module installs, without the Deployment: its Service leads to this machine."""
    part = next(part for part in build.ON_DEMAND if part.name == "policy-controller")
    found = []
    for path in sorted((module_folder(MODULE, build.sources(part)) / "config").glob("*.yaml")):
        if path.name in ("webhook.yaml", "kustomization.yaml"):
            continue
        found += [_here(document) for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]
    return found


def _here(document: dict[str, Any]) -> dict[str, Any]:
    if document["kind"] == "Service":
        document["spec"] = {"type": "ExternalName", "externalName": "localhost"}
    hooks = list(document.get("webhooks", ()))
    conversion = document.get("spec", {}).get("conversion", {}).get("webhook")
    for hook in [*hooks, *([conversion] if conversion else [])]:
        hook["clientConfig"]["service"]["port"] = PORTS[0]
    return document


@contextlib.contextmanager
def webhook(cluster: Cluster) -> Iterator[None]:
    """policy-controller as long as the block lasts; afterwards nothing of it is left in the cluster."""
    objects = {"apiVersion": "v1", "kind": "List", "items": objects_of_the_webhook()}
    with tempfile.TemporaryDirectory(prefix="webhook-") as home:
        cluster.must("apply", "-f", "-", stdin=objects)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "KUBECONFIG": cluster.kubeconfig,
            "SYSTEM_NAMESPACE": SYSTEM,
            "CONFIG_LOGGING_NAME": "config-logging",
            "METRICS_DOMAIN": "sigstore.dev/policy",
            "METRICS_PROMETHEUS_PORT": str(_free_port()),
            "WEBHOOK_NAME": "webhook",
        }
        with (pathlib.Path(home) / "log").open("wb") as log:
            process = subprocess.Popen([str(webhook_program()), "--disable-tuf"], env=environ, stdout=log, stderr=log)
        try:
            _ready(cluster, process, pathlib.Path(home) / "log")
            yield
        finally:
            # It drains for the better part of a minute when it is asked to end.
            process.send_signal(signal.SIGKILL)
            process.wait()
            cluster.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin=objects)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(cluster: Cluster, process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
    """Wait until it takes a policy: by then its certificates are in the cluster."""
    probe = {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": "probe"},
        "spec": {"images": [{"glob": "probe.invalid/*"}], "authorities": [{"static": {"action": "fail"}}]},
    }
    for _unused in range(240):
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        if cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=probe).returncode == 0:
            return
        time.sleep(0.5)
    raise AssertionError(log.read_text(errors="replace")[-2000:])


COMPILED = {"ClusterImagePolicy": "config-image-policies", "TrustRoot": "config-sigstore-keys"}


def effective(cluster: Cluster, objects: Iterable[Mapping[str, Any]]) -> None:
    """Wait until the webhook knows these objects: it compiles them into ConfigMaps, and reads those."""
    wanted = {(COMPILED[item["kind"]], item["metadata"]["name"]) for item in objects}
    found: set[tuple[str, str]] = set()
    for _unused in range(120):
        maps = (json.loads(cluster.must("get", "configmap", name, "-n", SYSTEM, "-o", "json")) for name in COMPILED.values())
        found = {(one["metadata"]["name"], key) for one in maps for key in one.get("data", {})}
        if wanted <= found:
            time.sleep(1)  # its own copy follows within moments; there is nothing to ask it by
            return
        time.sleep(0.25)
    raise AssertionError(f"not compiled: {wanted - found}")


def pod(name: str, namespace: str, *containers: str) -> dict[str, Any]:
    """A pod with these images."""
    listed = [{"name": f"c{number}", "image": image} for number, image in enumerate(containers)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": {"containers": listed}}


def asked_of_the_webhook(
    cluster: Cluster, namespace: str, host: str, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """For each (policy, image) what the server's dry run of a pod says: '' if it is admitted."""

    listed = list(pairs)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda pair: asked_of_the_webhook_about(cluster, namespace, reference(host, *pair)), listed)
        return {pair: told(text, host) for pair, text in zip(listed, answers, strict=True)}


def asked_of_the_webhook_about(cluster: Cluster, namespace: str, image: str) -> str:
    """What the server's dry run of a pod with this image says; '' if it is admitted."""
    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=pod("asked", namespace, image))
    return done.stderr if done.returncode else ""


# --- Kyverno -------------------------------------------------------------------------------------------------------------


@functools.cache
def kyverno_program() -> str:
    """`kyverno` on PATH, or what GOLDENPATH_KYVERNO names; '' if there is none."""
    return os.environ.get("GOLDENPATH_KYVERNO") or shutil.which("kyverno") or ""


def asked_of_kyverno(policy: Mapping[str, Any], pods: Mapping[str, Mapping[str, Any]], host: str) -> dict[str, str]:
    """What `kyverno apply` says of each pod: '' if it passes. The engine is the one of the admission controller."""
    # The command knows no namespaces, and so skips what is for one.
    spec = {**policy["spec"], "matchConstraints": {"resourceRules": policy["spec"]["matchConstraints"]["resourceRules"]}}
    with tempfile.TemporaryDirectory(prefix="kyverno-") as home:
        (pathlib.Path(home) / "policy.yaml").write_text(json.dumps({**policy, "spec": spec}))
        (pathlib.Path(home) / "pods.yaml").write_text("\n---\n".join(json.dumps(one) for one in pods.values()))
        command = [kyverno_program(), "apply", "policy.yaml", "--resource", "pods.yaml", "--registry", "--policy-report"]
        done = subprocess.run(
            [*command, "--output-format", "json"],
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": home},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert "{" in done.stdout, done.stdout + done.stderr
    results = json.loads(done.stdout[done.stdout.index("{") :])["results"]
    said = {one["resources"][0]["name"]: "" if one["result"] == "pass" else told(one["message"], host) for one in results}
    return {name: said[one["metadata"]["name"]] for name, one in pods.items()}
