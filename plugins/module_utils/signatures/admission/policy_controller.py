# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy for sigstore policy-controller (https://docs.sigstore.dev/policy-controller/), 0.13: ClusterImagePolicy.

What it is built on (its source, and its own answers in tests/integration/admission): all policies that match an image must pass;
of the authorities of one policy one is enough, unless its Rego says otherwise; an authority with attestations looks at nothing
else. So each required role is a policy of its own, and each attestation owed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..attestations.model import ProvenanceRule, Rule, VulnerabilityRule
from ..attestations.reports.wrapped import COSIGN_TYPES
from ..model import Format
from ..policy import Policy
from ..signers import KeylessSigner, Signer
from .model import Difference, Gap, Rendered, Target
from .roots import TRUST_ROOT_API, TRUST_ROOT_KIND, known_logs, trust_root_keys
from .signers import Told, identity_of, not_said, types_of, ways, who_attests

API: Final = "policy.sigstore.dev/v1beta1"
KIND: Final = "ClusterImagePolicy"
# Namespaces opt in by this label; in those that did, an image that no policy matches is refused.
INCLUDE: Final = ("policy.sigstore.dev/include", "true")
# It normalises Docker Hub's name before it compares.
_HUB: Final = {"docker.io": "index.docker.io", "registry-1.docker.io": "index.docker.io"}


def render(policy: Policy, target: Target) -> Rendered:
    """The objects for one app's images. Pure; what cannot be said is told, and what would refuse everything is not rendered."""
    rules = policy.owed[target.path].rules
    objects = [_of_role(policy, target, role, least) for role, least in policy.require]
    objects += [_of_attestation(policy, target, rule) for rule in rules]
    impossible = [found for found in objects if isinstance(found, Difference)]
    if impossible:
        return Rendered((), tuple(impossible))
    roots = [_trust_root(target, signer) for signer in policy.signers if isinstance(signer, KeylessSigner)]
    made = (*roots, *(found for found in objects if not isinstance(found, Difference)))
    return Rendered(made, (*not_said(policy, rules), *_about_logs(policy)))


def _of_role(policy: Policy, target: Target, role: str, least: int) -> Mapping[str, Any] | Difference:
    signers = [signer for signer in policy.signers if signer.role == role]
    told = _usable(policy, signers)
    if len({one.signer for one in told}) < least:
        return Difference(Gap.IMPOSSIBLE, f"require.{role}", _why(policy, signers))
    rego = {"policy": {"type": "rego", "data": _at_least(least)}} if least > 1 else {}
    return _policy(target, f"signed-{role}", [_authority(target, one) for one in told], rego)


def _of_attestation(policy: Policy, target: Target, rule: Rule) -> Mapping[str, Any] | Difference:
    signers = who_attests(policy, rule)
    told = _usable(policy, signers)
    if not told:
        return Difference(Gap.IMPOSSIBLE, f"attestations.{rule.topic}", _why(policy, signers))
    authorities = [
        _authority(target, one, number, [_attestation(rule, kind)])
        for one in told
        for number, kind in enumerate(types_of(rule), start=1)
    ]
    return _policy(target, f"attested-{rule.topic}", authorities, {})


def _usable(policy: Policy, signers: Iterable[Signer]) -> list[Told]:
    """What it can verify at all: the old format alone. Of bundles it knows attestations, but with no root of one's own.

    With a key: "the authority must be keyless"; an image's signature: "not yet implemented"; with a TrustRoot its log entries do
    not verify (policy-controller#1968).
    """
    return [one for signer in signers for one in _ways(signer)] if Format.COSIGN_LEGACY in policy.formats else []


def _ways(signer: Signer) -> list[Told]:
    """A time is proven by the log or by a stamp; an authority asks for one of them, so where either will do there are two."""
    if not isinstance(signer, KeylessSigner):
        return list(ways(signer))
    told = [Told(signer.name, "logged", keyless=signer)] if known_logs(signer.root) else []
    if not signer.rule.demands.log_entries:
        told.append(Told(signer.name, "stamped", keyless=signer))
    return told


def _why(policy: Policy, signers: Sequence[Signer]) -> str:
    known = ", ".join(signer.name for signer in signers if ways(signer))
    if known and Format.COSIGN_LEGACY not in policy.formats:
        return f"of {known} policy-controller verifies cosign_legacy alone, which the policy's formats do not accept"
    others = ", ".join(signer.name for signer in signers if not ways(signer)) or "nobody"
    return f"what {others} signs with cannot be told policy-controller"


def _authority(target: Target, told: Told, number: int = 0, attestations: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    named = {"name": f"{told.name}.{number}" if number else told.name, "signatureFormat": "legacy", **_means(target, told)}
    return {**named, "attestations": list(attestations)} if attestations else named


def _means(target: Target, told: Told) -> dict[str, Any]:
    if told.keyless is None:
        hashed = {} if told.variant == "sha256" else {"hashAlgorithm": told.variant}
        return {"key": {"data": told.pem, **hashed}}
    root, named = told.keyless.root, {"trustRootRef": _root_name(target, told.signer)}
    keyless = {"url": root.authorities[0].url, "identities": [identity_of(told.keyless)], **named}
    if told.variant == "stamped":
        return {"keyless": keyless, "rfc3161timestamp": named}
    return {"keyless": keyless, "ctlog": {"url": known_logs(root)[0].url, **named}}


def _root_name(target: Target, signer: str) -> str:
    return f"{target.name}-{signer.replace('_', '-')}"


def _trust_root(target: Target, signer: KeylessSigner) -> dict[str, Any]:
    metadata = {"name": _root_name(target, signer.name), "labels": target.labels}
    spec = {"sigstoreKeys": trust_root_keys(signer.root)}
    return {"apiVersion": TRUST_ROOT_API, "kind": TRUST_ROOT_KIND, "metadata": metadata, "spec": spec}


def _about_logs(policy: Policy) -> tuple[Difference, ...]:
    """Signatures in a log of a newer kind (Rekor v2, Ed25519) are not proven to it."""
    why = "A signature that is in a log with an Ed25519 key alone (Rekor v2) is refused: its root takes none."
    return tuple(
        Difference(Gap.STRICTER, f"signers.{signer.name}", why)
        for signer in policy.signers
        if isinstance(signer, KeylessSigner) and len(known_logs(signer.root)) < len(signer.root.logs)
    )


def _attestation(rule: Rule, kind: str) -> dict[str, Any]:
    rego = ""
    if isinstance(rule, ProvenanceRule):
        rego = _built_by(rule.builders)
    elif isinstance(rule, VulnerabilityRule) and kind in COSIGN_TYPES:
        rego = _scanned_within(rule.most_days)
    policy = {"policy": {"type": "rego", "data": rego}} if rego else {}
    return {"name": str(rule.topic), "predicateType": kind, **policy}


def _policy(target: Target, part: str, authorities: Sequence[Mapping[str, Any]], more: Mapping[str, Any]) -> dict[str, Any]:
    host, slash, path = target.repository.partition("/")
    repository = _HUB.get(host, host) + slash + path
    spec = {"images": [{"glob": f"{repository}@*"}, {"glob": f"{repository}:*"}], "mode": "enforce", "authorities": authorities}
    # A role's name may hold an underscore, an object's may not.
    metadata = {"name": f"{target.name}-{part.replace('_', '-')}", "labels": target.labels}
    return {"apiVersion": API, "kind": KIND, "metadata": metadata, "spec": {**spec, **more}}


def _module(*rules: str) -> str:
    """A module in the old Rego that policy-controller asks `data.sigstore.isCompliant` in."""
    return "\n\n".join(("package sigstore", "default isCompliant = false", *rules)) + "\n"


def _at_least(least: int) -> str:
    # The part before the first dot is the signer: told twice, he counts once.
    signers = 'signers := {split(name, ".")[0] | input.authorityMatches[name]}'
    return _module(f"isCompliant {{\n  {signers}\n  count(signers) >= {least}\n}}")


def _built_by(builders: Iterable[str]) -> str:
    listed = ", ".join(json.dumps(builder) for builder in sorted(builders))
    return _module(
        f"builders := {{{listed}}}",
        "isCompliant {\n  builders[input.predicate.runDetails.builder.id]\n}",  # SLSA provenance v1
        "isCompliant {\n  builders[input.predicate.builder.id]\n}",  # v0.2
    )


def _scanned_within(days: int) -> str:
    lines = (
        "finished := time.parse_rfc3339_ns(input.predicate.metadata.scanFinishedOn)",
        f"time.now_ns() - finished <= {days * 86_400} * 1000000000",
        "finished - time.now_ns() <= 300 * 1000000000",
    )
    return _module("isCompliant {\n  " + "\n  ".join(lines) + "\n}")
