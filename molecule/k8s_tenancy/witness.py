# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at (and damages) the fence without any code of ours: kubectl alone, as a person and as the app's own account."""
# ruff: noqa: S101 - a witness asserts

from __future__ import annotations

import ipaddress
import json
import os
import pathlib
import subprocess
import sys

BLOCKS = json.loads((pathlib.Path(os.environ["GOLDENPATH_STATE"]) / "sandbox" / "state.json").read_text())["blocks"]
NAMESPACE = "where2eat-sandbox"
KUBECTL = str(pathlib.Path(sys.executable).parent / "kubectl")


def kubectl(*arguments: str, stdin: object = None, refused: bool = False, kubeconfig: str = "") -> str:
    """What kubectl says; with `refused`, what it says when it must not work."""
    command = [KUBECTL, "--kubeconfig", kubeconfig or BLOCKS["cluster"]["kubeconfig"], "--namespace", NAMESPACE, *arguments]
    text = None if stdin is None else json.dumps(stdin)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode != 0) == refused, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stderr if refused else done.stdout


def damage() -> None:
    """Three things that people do."""
    kubectl("delete", "networkpolicy", "allow-dns")
    kubectl("patch", "resourcequota", "goldenpath", "--type", "merge", "--patch", '{"spec": {"hard": {"pods": "500"}}}')
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "just-for-today"}}
    kubectl("create", "--filename", "-", stdin={**head, "spec": spec})


def pod(name: str, **spec: object) -> dict:
    """A pod that keeps the restricted standard, unless `spec` says otherwise."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "c", "image": "registry.invalid/c@sha256:" + "0" * 64, "securityContext": security}
    safe = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    body = {"securityContext": safe, "containers": [container], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"witness": "yes"}}, "spec": body}


def account(folder: pathlib.Path) -> str:
    """A kubeconfig with the app's own service account, as a pod of it would have."""
    if "where2eat" not in kubectl("get", "serviceaccount", "--output", "name"):
        kubectl("create", "serviceaccount", "where2eat")
    config = json.loads(pathlib.Path(BLOCKS["cluster"]["kubeconfig"]).read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"token": kubectl("create", "token", "where2eat").strip()}
    file = folder / "app.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(json.dumps(config), encoding="utf-8")
    return str(file)


def closed(address: str) -> bool:
    """Whether no stored policy lets a pod out to this address. The sandbox has no network that could be tried."""
    target = ipaddress.ip_address(address)
    policies = json.loads(kubectl("get", "networkpolicy", "--output", "json"))["items"]
    selected = [policy for policy in policies if "Egress" in policy["spec"]["policyTypes"]]
    assert any(policy["spec"]["podSelector"] == {} and not policy["spec"].get("egress") for policy in selected), "no denial"
    for policy in selected:
        for rule in policy["spec"].get("egress", []):
            for peer in rule.get("to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}]):
                block = peer.get("ipBlock") or {"cidr": "127.255.255.255/32"}
                inside = target in ipaddress.ip_network(block["cidr"])
                if inside and not any(target in ipaddress.ip_network(other) for other in block.get("except", [])):
                    return False
    return True


def verify() -> None:
    """Really try, and clean up what a failure of the fence would have made."""
    names = kubectl("get", "networkpolicy", "--output", "name").split()
    assert sorted(name.partition("/")[2] for name in names) == [
        "allow-dns", "allow-egress", "allow-gateway", "allow-metrics", "default-deny",
    ], names  # fmt: skip
    assert closed("169.254.169.254") and closed("10.0.0.1") and not closed("93.184.216.34")

    app = account(pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]))
    for attempt in (
        ("get", "secrets", "--namespace", "kube-system"),
        ("get", "pods", "--all-namespaces"),
        ("get", "secrets"),
        ("create", "rolebinding", "mine", "--clusterrole", "admin", "--user", "eve"),
        ("delete", "networkpolicy", "default-deny"),
    ):
        assert "orbidden" in kubectl(*attempt, kubeconfig=app, refused=True), attempt

    bare = pod("witness-root")
    bare["spec"]["securityContext"] = {}
    assert "violates PodSecurity" in kubectl("create", "--filename", "-", stdin=bare, refused=True)
    assert "violates PodSecurity" in kubectl(
        "create", "--filename", "-", stdin=pod("witness-net", hostNetwork=True), refused=True
    )
    assert "exceeded quota" in kubectl("create", "service", "loadbalancer", "witness", "--tcp", "80", refused=True)
    most = int(json.loads(kubectl("get", "resourcequota", "goldenpath", "--output", "json"))["spec"]["hard"]["pods"])
    try:
        for number in range(most):
            kubectl("create", "--filename", "-", stdin=pod(f"witness-{number}"))
        assert "exceeded quota" in kubectl("create", "--filename", "-", stdin=pod("witness-too-many"), refused=True)
    finally:
        kubectl("delete", "pod", "--selector", "witness=yes", "--wait=false")


if __name__ == "__main__":
    {"damage": damage, "verify": verify}[sys.argv[1]]()
