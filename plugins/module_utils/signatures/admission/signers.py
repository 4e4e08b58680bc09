# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signers of a policy as controllers are told them, and what of a policy no controller can be told.

A signer is told in one or more ways (`Told`) and counts once: cosign 3 signs with the hash of the curve, cosign 2 with SHA-256,
and controllers take one hash a key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from ..attestations import provenance
from ..attestations.model import ProvenanceRule, Rule, SbomRule, VulnerabilityRule
from ..attestations.reports.wrapped import COSIGN_TYPES
from ..attestations.sbom import CYCLONEDX, SPDX
from ..keyless.rules import Text
from ..keys import KeyKind
from ..policy import Policy
from ..signers import KeylessSigner, KeySigner, Signer
from .model import Difference, Gap

_HASHES: Final = {KeyKind.P384: ("sha256", "sha384"), KeyKind.P521: ("sha256", "sha512")}


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """One way to tell a controller a signer: with a key (`pem` is set) and the `variant` its hash, or with an identity."""

    signer: str
    variant: str
    pem: str = ""
    keyless: KeylessSigner | None = None

    @property
    def name(self) -> str:
        """What the controller calls it; the part before the dot is the signer, and no signer's name has a dot."""
        return f"{self.signer}.{self.variant}"


def ways(signer: Signer) -> tuple[Told, ...]:
    """Every way that a signer must be told; empty for one of a kind that no controller here is told."""
    if isinstance(signer, KeySigner):
        hashes = _HASHES.get(signer.key.kind, ("sha256",))
        return tuple(Told(signer.name, name, pem=signer.key.pem) for name in hashes)
    if isinstance(signer, KeylessSigner):
        return (Told(signer.name, "keyless", keyless=signer),)
    return ()


def identity_of(signer: KeylessSigner) -> dict[str, str]:
    """An identity as both controllers write it; their patterns are RE2's, which ours are too."""
    return {**_either("issuer", signer.rule.issuer), **_either("subject", signer.rule.identity)}


def _either(name: str, text: Text) -> dict[str, str]:
    return {f"{name}RegExp": text.pattern.text} if text.pattern else {name: text.exact}


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
    for signer in policy.signers:
        if isinstance(signer, KeylessSigner) and (signer.rule.claims or signer.rule.demands.log_entries > 1):
            what = f"signers.{signer.name}"
            found.append((what, "Claims of the certificate, and how many logs and times must prove it, are not compared."))
    for rule in rules:
        if isinstance(rule, ProvenanceRule) and (rule.source or rule.pinned or rule.build_types):
            found.append(("attestations.provenance", "Only the builder is compared: not source, build type, materials."))
        if isinstance(rule, SbomRule):
            found.append(("attestations.sbom", "That a bill of materials is there is asked for, not what it holds."))
        if isinstance(rule, VulnerabilityRule):
            found.append(("attestations.vulnerabilities", "That a scan is recent is asked for, not what it found."))
    return tuple(Difference(Gap.LOOSER, what, why) for what, why in found)
