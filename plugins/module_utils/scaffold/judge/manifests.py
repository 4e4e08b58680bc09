# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges Kubernetes and Argo CD manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..model import Finding
from .reading import items, line, listing, mapping, resources


def findings(path: str, text: str) -> Iterator[Finding]:
    """Everything wrong with the objects of one file."""
    objects = resources(text)
    kinds = {str(one.get("kind")) for one in objects}
    for one in objects:
        kind = str(one.get("kind"))
        if kind == "Application" and str(one.get("apiVersion", "")).startswith("argoproj.io/"):
            yield from _of_application(path, one)
        elif kind == "Namespace":
            yield from _of_namespace(path, one)
        elif kind == "ResourceQuota":
            yield from _of_quota(path, one, kinds)
        elif kind == "NetworkPolicy":
            yield from _of_network_policy(path, one, objects)
        elif kind in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            partial = "metadata" in one and "selector" not in mapping(one.get("spec")) and kind != "Job"
            if not partial:
                yield from _of_workload(path, one)


def _of_application(path: str, one: dict[Any, Any]) -> Iterator[Finding]:
    spec = mapping(one.get("spec"))
    source, destination = mapping(spec.get("source")), mapping(spec.get("destination"))
    if str(spec.get("project") or "default") == "default":
        yield Finding(
            "argo-default-project", path, line(one), "the project is missing or 'default', which may deploy anything anywhere"
        )
    if str(source.get("targetRevision") or "HEAD") in ("HEAD", "*", "latest"):
        yield Finding(
            "argo-no-revision",
            path,
            line(source, line(one)),
            "no targetRevision: it follows whatever the default branch is today",
        )
    if not mapping(mapping(spec.get("syncPolicy")).get("automated")):
        yield Finding("argo-no-sync", path, line(spec, line(one)), "no automated sync with prune and selfHeal: drift stays")
    if not destination.get("namespace"):
        yield Finding(
            "argo-no-namespace",
            path,
            line(destination, line(one)),
            "no destination namespace: objects land where they say themselves",
        )


def _of_namespace(path: str, one: dict[Any, Any]) -> Iterator[Finding]:
    labels = mapping(mapping(one.get("metadata")).get("labels"))
    if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        yield Finding("no-pod-security", path, line(one), "the namespace does not enforce the restricted Pod Security standard")
    elif not str(labels.get("pod-security.kubernetes.io/enforce-version", "")).startswith("v"):
        yield Finding(
            "pod-security-not-pinned",
            path,
            line(one),
            "the Pod Security version is not pinned: an upgrade changes what is allowed",
        )


def _of_quota(path: str, one: dict[Any, Any], kinds: set[str]) -> Iterator[Finding]:
    hard = dict(items(mapping(one.get("spec")).get("hard")))
    if "LimitRange" not in kinds and any(name.startswith(("requests.", "limits.")) or name in ("cpu", "memory") for name in hard):
        yield Finding(
            "quota-without-defaults", path, line(one), "a quota without a LimitRange: pods that ask for nothing are refused"
        )
    if not any(name.startswith("count/") or name in ("pods", "services", "secrets", "configmaps") for name in hard):
        yield Finding("quota-without-counts", path, line(one), "the number of objects is not limited")
    if not {"services.loadbalancers", "services.nodeports"} & set(hard):
        yield Finding(
            "quota-opens-services", path, line(one), "load balancers and node ports are not limited: each is a way in, and a bill"
        )


def _of_network_policy(path: str, one: dict[Any, Any], objects: tuple[dict[Any, Any], ...]) -> Iterator[Finding]:
    spec = mapping(one.get("spec"))
    types = [str(kind) for kind in listing(spec.get("policyTypes"))]
    if not types:
        yield Finding(
            "no-policy-types", path, line(spec, line(one)), "no policyTypes: what is not written decides what is fenced"
        )
    if "Egress" not in types:
        yield Finding("egress-open", path, line(spec, line(one)), "the way out is open, also to 169.254.169.254")
    if not any(_denies_all(mapping(other.get("spec"))) for other in objects if other.get("kind") == "NetworkPolicy"):
        yield Finding(
            "no-default-deny", path, line(one), "it fences the pods it selects, and every other pod of the namespace stays open"
        )
    for way, peers in (("ingress", "from"), ("egress", "to")):
        for rule in listing(spec.get(way)):
            if mapping(rule) and not mapping(rule).get("ports"):
                yield Finding("rule-without-port", path, line(rule, line(one)), f"an {way} rule without a port opens all of them")
            for peer in listing(mapping(rule).get(peers)):
                if "podSelector" in mapping(peer) and "namespaceSelector" not in mapping(peer) and way == "ingress":
                    yield Finding(
                        "peer-without-namespace",
                        path,
                        line(peer, line(one)),
                        "a peer without a namespaceSelector is in this namespace only",
                    )


def _denies_all(spec: dict[Any, Any]) -> bool:
    everything = not list(items(spec.get("podSelector")))
    types = listing(spec.get("policyTypes"))
    return everything and "Ingress" in types and "Egress" in types and not spec.get("ingress") and not spec.get("egress")


def _of_workload(path: str, one: dict[Any, Any]) -> Iterator[Finding]:
    pod = mapping(mapping(mapping(one.get("spec")).get("template")).get("spec"))
    of_pod = mapping(pod.get("securityContext"))
    for container in listing(pod.get("containers")):
        own = mapping(mapping(container).get("securityContext"))
        image = str(mapping(container).get("image", ""))
        place = line(container, line(one))
        if re.search(r":latest$", image):
            yield Finding("image-latest", path, place, f"{image} is another image tomorrow")
        if own.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
            yield Finding("may-run-as-root", path, place, "runAsNonRoot is not set")
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged") is True:
            yield Finding("may-gain-privileges", path, place, "allowPrivilegeEscalation is not false")
        if "readinessProbe" not in mapping(container) and str(one.get("kind")) != "Job":
            yield Finding("no-readiness", path, place, "no readiness probe: users meet pods that cannot answer yet")
        for variable in listing(mapping(container).get("env")):
            if re.search(r"(?i)password|secret|token|api_?key", str(mapping(variable).get("name", ""))) and mapping(variable).get(
                "value"
            ):
                yield Finding(
                    "secret-in-manifest", path, line(variable, place), "a secret's value stands in the manifest: use secretKeyRef"
                )
