# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signers of a policy as controllers are told them: a key in PEM, and the hash that its signatures may have.

cosign 3 signs with the hash of the curve and cosign 2 with SHA-256, and controllers take one hash a key: for the larger curves a
signer is therefore told twice, and counts once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from ..attestations import provenance
from ..attestations.model import ProvenanceRule, Rule, SbomRule, VulnerabilityRule
from ..attestations.reports.wrapped import COSIGN_TYPES
from ..attestations.sbom import CYCLONEDX, SPDX
from ..keys import KeyKind
from ..policy import Policy
from ..signers import KeySigner, Signer
from .model import Difference, Gap

_HASHES: Final = {KeyKind.P384: ("sha256", "sha384"), KeyKind.P521: ("sha256", "sha512")}


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One way to tell a controller a signer's key."""

    signer: str
    hash: str
    pem: str


def keys_of(signer: Signer) -> tuple[Key, ...]:
    """Every way that a signer with a key must be told; empty for signers of another kind."""
    if not isinstance(signer, KeySigner):
        return ()
    return tuple(Key(signer.name, name, signer.key.pem) for name in _HASHES.get(signer.key.kind, ("sha256",)))


def types_of(rule: Rule) -> tuple[str, ...]:
    """The predicate types of which one must be there, without those that only some tools write."""
    if isinstance(rule, ProvenanceRule):
        return provenance.TYPES
    if isinstance(rule, SbomRule):
        return tuple({"cyclonedx": CYCLONEDX, "spdx": SPDX}[name] for name in rule.formats)
    return (COSIGN_TYPES[0], *rule.predicate_types)


def who_attests(policy: Policy, rule: Rule) -> tuple[Signer, ...]:
    """The signers whose attestation counts for the rule."""
    return tuple(signer for signer in policy.signers if not rule.roles or signer.role in rule.roles)


def not_said(policy: Policy, rules: Iterable[Rule]) -> tuple[Difference, ...]:
    """What no controller is told, because none can be: it admits more than the policy does."""
    found = []
    if policy.annotations:
        found.append(("annotations", "Signed annotations are not compared."))
    if policy.bind_repository:
        found.append(("bind_repository", "A signature that was made for another repository counts."))
    if policy.all_platforms:
        found.append(("platforms", "Of an index only its own signature is asked for, not that of each platform's image."))
    for rule in rules:
        if isinstance(rule, ProvenanceRule) and (rule.source or rule.pinned or rule.build_types):
            found.append(("attestations.provenance", "Only the builder is compared: not source, build type, materials."))
        if isinstance(rule, SbomRule):
            found.append(("attestations.sbom", "That a bill of materials is there is asked for, not what it holds."))
        if isinstance(rule, VulnerabilityRule):
            found.append(("attestations.vulnerabilities", "That a scan is recent is asked for, not what it found."))
    return tuple(Difference(Gap.LOOSER, what, why) for what, why in found)
