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
from ..signers import Signer
from .model import Difference, Gap, Rendered, Target
from .signers import Key, keys_of, not_said, types_of, who_attests

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
    return Rendered(tuple(found for found in objects if not isinstance(found, Difference)), not_said(policy, rules))


def _of_role(policy: Policy, target: Target, role: str, least: int) -> Mapping[str, Any] | Difference:
    signers = [signer for signer in policy.signers if signer.role == role]
    keys = _usable(policy, signers)
    if len({key.signer for key in keys}) < least:
        return Difference(Gap.IMPOSSIBLE, f"require.{role}", _why(policy, signers))
    authorities = [_authority(key) for key in keys]
    rego = {"policy": {"type": "rego", "data": _at_least(least)}} if least > 1 else {}
    return _policy(target, f"signed-{role}", authorities, rego)


def _of_attestation(policy: Policy, target: Target, rule: Rule) -> Mapping[str, Any] | Difference:
    signers = who_attests(policy, rule)
    keys = _usable(policy, signers)
    if not keys:
        return Difference(Gap.IMPOSSIBLE, f"attestations.{rule.topic}", _why(policy, signers))
    authorities = [
        _authority(key, number, [_attestation(rule, kind)]) for key in keys for number, kind in enumerate(types_of(rule), start=1)
    ]
    return _policy(target, f"attested-{rule.topic}", authorities, {})


def _usable(policy: Policy, signers: Iterable[Signer]) -> list[Key]:
    # With a key it knows cosign's old format alone, in any setting ("the authority must be keyless").
    return [key for signer in signers for key in keys_of(signer)] if Format.COSIGN_LEGACY in policy.formats else []


def _why(policy: Policy, signers: Sequence[Signer]) -> str:
    keyed = [signer.name for signer in signers if keys_of(signer)]
    if keyed and Format.COSIGN_LEGACY not in policy.formats:
        return (
            f"{', '.join(keyed)} sign with a key, and with a key policy-controller verifies cosign_legacy alone, which the "
            "policy's formats do not accept"
        )
    others = ", ".join(signer.name for signer in signers if not keys_of(signer)) or "nobody"
    return f"what {others} signs with cannot be told policy-controller"


def _authority(key: Key, number: int = 0, attestations: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    hashed = {} if key.hash == "sha256" else {"hashAlgorithm": key.hash}
    parts = (key.signer, key.hash, *([str(number)] if number else ()))
    named = {"name": ".".join(parts), "key": {"data": key.pem, **hashed}, "signatureFormat": "legacy"}
    return {**named, "attestations": list(attestations)} if attestations else named


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
