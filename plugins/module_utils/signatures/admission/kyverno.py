# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy for Kyverno: ImageValidatingPolicy (policies.kyverno.io/v1, since 1.17).

Not ClusterPolicy with verifyImages: it is deprecated since 1.17 and was announced to go with 1.20, and it does not know what
cosign 3 writes (kyverno#15327).

An expression sees the images that `matchImageReferences` lets through, and no others: so it lets all through, and the first
expression refuses those that are not the app's. Counting is ours: a signer that is told twice counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ..attestations.model import ProvenanceRule, Rule, VulnerabilityRule
from ..attestations.reports.wrapped import COSIGN_TYPES
from ..model import Format
from ..policy import Policy
from ..signers import KeylessSigner, Signer
from .model import Difference, Gap, Rendered, Target
from .roots import root_json
from .signers import Told, identity_of, not_said, types_of, ways, who_attests

API: Final = "policies.kyverno.io/v1"
KIND: Final = "ImageValidatingPolicy"
_IMAGES: Final = "(images.containers + images.initContainers + images.ephemeralContainers)"
_PODS: Final = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["pods", "pods/ephemeralcontainers"],
}


def render(policy: Policy, target: Target) -> Rendered:
    """The one object for one app. Pure; what cannot be said is told, and what would refuse everything is not rendered."""
    rules = policy.owed[target.path].rules
    parts = [_of_role(policy, role, least) for role, least in policy.require]
    parts += [_of_attestation(policy, rule) for rule in rules]
    impossible = tuple(found for found in parts if isinstance(found, Difference))
    if impossible:
        return Rendered((), impossible)
    validations = [_covered(target), *(found for found in parts if not isinstance(found, Difference))]
    told = [one for signer in policy.signers for one in ways(signer)]
    spec = {
        "failurePolicy": "Fail",
        "validationActions": ["Deny"],
        "webhookConfiguration": {"timeoutSeconds": 30},
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": target.namespace}},
            "resourceRules": [_PODS],
        },
        "matchImageReferences": [{"glob": "*"}],
        "validationConfigurations": {"mutateDigest": True, "verifyDigest": True, "required": True},
        "attestors": [_attestor(one) for one in told],
        **_attestations(rules),
        "validations": validations,
    }
    metadata = {"name": target.name, "labels": target.labels}
    differences = (*not_said(policy, rules), *_of_its_own(policy))
    return Rendered(({"apiVersion": API, "kind": KIND, "metadata": metadata, "spec": spec},), differences)


def _covered(target: Target) -> dict[str, str]:
    names = (json.dumps(f"{target.repository}@"), json.dumps(f"{target.repository}:"))
    own = " || ".join(f"image.startsWith({name})" for name in names)
    return {
        "expression": f"{_IMAGES}.all(image, {own})",
        "message": f"Only images of {target.repository} may run here.",
    }


def _of_role(policy: Policy, role: str, least: int) -> dict[str, str] | Difference:
    signers = [signer for signer in policy.signers if signer.role == role]
    counted = [f"(verifyImageSignatures(image, {names}) > 0 ? 1 : 0)" for names in _each(signers)]
    if len(counted) < least:
        return Difference(Gap.IMPOSSIBLE, f"require.{role}", _why(signers))
    return {
        "expression": f"{_IMAGES}.map(image, {' + '.join(counted)}).all(found, found >= {least})",
        "message": f"The image is not signed by {least} in the role {role}.",
    }


def _of_attestation(policy: Policy, rule: Rule) -> dict[str, str] | Difference:
    signers = who_attests(policy, rule)
    everybody = _each(signers)
    if not everybody:
        return Difference(Gap.IMPOSSIBLE, f"attestations.{rule.topic}", _why(signers))
    found = [_attested(rule, kind, names, number) for number, kind in enumerate(types_of(rule), start=1) for names in everybody]
    return {
        "expression": f"{_IMAGES}.all(image, {' || '.join(found)})",
        "message": f"Nothing is attested of the image about {rule.topic} that the policy accepts.",
    }


def _attested(rule: Rule, kind: str, names: str, number: int) -> str:
    name = f"attestations.{_name(rule, number)}"
    verified = f"verifyAttestationSignatures(image, {name}, {names}) > 0"
    payload = f"extractPayload(image, {name})"
    if isinstance(rule, ProvenanceRule):
        place = "runDetails.builder.id" if kind.endswith("/v1") else "builder.id"
        listed = ", ".join(json.dumps(builder) for builder in sorted(rule.builders))
        return f"({verified} && {payload}.predicate.{place} in [{listed}])"
    if isinstance(rule, VulnerabilityRule) and kind in COSIGN_TYPES:
        finished = f"timestamp({payload}.predicate.metadata.scanFinishedOn)"
        recent = f"{finished} > time.now() - duration('{rule.most_days * 24}h') && {finished} < time.now() + duration('5m')"
        return f"({verified} && {recent})"
    return f"({verified})"


def _attestations(rules: Iterable[Rule]) -> dict[str, Any]:
    listed = [
        {"name": _name(rule, number), "intoto": {"type": kind}}
        for rule in rules
        for number, kind in enumerate(types_of(rule), start=1)
    ]
    return {"attestations": listed} if listed else {}


def _name(rule: Rule, number: int) -> str:
    return f"{rule.topic}{number}"


def _each(signers: Iterable[Signer]) -> list[str]:
    """For each signer that can be told, the list of his attestors as an expression writes it."""
    told = [ways(signer) for signer in signers]
    return ["[" + ", ".join(f"attestors[{json.dumps(one.name)}]" for one in each) + "]" for each in told if each]


def _attestor(told: Told) -> dict[str, Any]:
    if told.keyless is not None:
        # It keeps to the root that is given; what its own update of Sigstore's root fetched besides counts for nothing.
        root = {"value": json.dumps(root_json(told.keyless.root), sort_keys=True)}
        cosign: dict[str, Any] = {"keyless": {"identities": [identity_of(told.keyless)]}, "trustedRoot": root}
        if not told.keyless.rule.demands.log_entries:
            cosign["ctlog"] = {"insecureIgnoreTlog": True}
        return {"name": told.name, "cosign": cosign}
    # With a key there is no log to ask: the policy asks for no more than the key.
    log = {"insecureIgnoreTlog": True, "insecureIgnoreSCT": True}
    key = {"data": told.pem, **({} if told.variant == "sha256" else {"hashAlgorithm": told.variant})}
    return {"name": told.name, "cosign": {"key": key, "ctlog": log}}


def _why(signers: Sequence[Signer]) -> str:
    others = ", ".join(signer.name for signer in signers if not ways(signer)) or "nobody"
    return f"what {others} signs with cannot be told Kyverno"


def _of_its_own(policy: Policy) -> tuple[Difference, ...]:
    found = [
        (Gap.LOOSER, "kind", "An attestation by a signer counts as his signature of the image (no predicate type is looked at).")
    ]
    if Format.COSIGN_LEGACY not in policy.formats:
        found.append(
            (Gap.LOOSER, "formats", "Where there is no bundle it takes cosign_legacy, which the policy does not accept.")
        )
    if any(isinstance(signer, KeylessSigner) for signer in policy.signers):
        why = "It fetches Sigstore's public root before it looks at the one given; without that network it refuses every image."
        found.append((Gap.STRICTER, "network", why))
    return tuple(Difference(gap, what, why) for gap, what, why in found)
