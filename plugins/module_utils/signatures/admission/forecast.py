# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which controller would refuse an image that we verified, and why. Pure: what we found, and the table of facts.

It tells of signatures that are good, under the policy as it is rendered here. It says nothing of images that we refuse: where a
controller is looser than we are, the renderer says so (`Rendered.differences`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from ...errors import Invalid
from ..attestations.judge import is_about
from ..attestations.model import Rule
from ..model import Format, Kind, Reason, Verified
from ..policy import Policy
from ..signers import KeySigner
from ..verify import Verdict
from . import kyverno, policy_controller
from .facts import FACTS, NEWEST, Fact
from .model import Controller, Rendered, Target
from .signers import who_attests

_RENDER: Final = {Controller.POLICY_CONTROLLER: policy_controller.render, Controller.KYVERNO: kyverno.render}
_COSIGN: Final = (Format.COSIGN_BUNDLE, Format.COSIGN_LEGACY)
# What a controller does not read as a bundle either, and so is not kept by it from looking further.
_NO_BUNDLE: Final = (Reason.MALFORMED, Reason.UNSUPPORTED, Reason.CONTENT_MISMATCH, Reason.TOO_LARGE)


@dataclasses.dataclass(frozen=True, slots=True)
class Because:
    """One reason of a refusal. `fact` is a line of the table, '' where the policy itself cannot be expressed."""

    fact: str
    what: str
    why: str
    mend: str
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Forecast:
    """What a controller will say of an image that we verified; `because` is empty if it admits it."""

    controller: Controller
    version: str
    because: tuple[Because, ...]

    @property
    def admitted(self) -> bool:
        """Whether pods with this image will be admitted."""
        return not self.because


def render(policy: Policy, target: Target, controller: Controller) -> Rendered:
    """The policy as this controller takes it."""
    return _RENDER[controller](policy, target)


def forecast(
    verdict: Verdict,
    policy: Policy,
    target: Target,
    controller: Controller,
    version: str = "",
    unlisted: frozenset[str] = frozenset(),
) -> Forecast:
    """The answer for one verified image; `Invalid` if it is not verified.

    `version` is the controller's, else the newest in the table. `unlisted` are the digests of referrers that the registry's
    referrers API should list and does not (see `oci.client.Repository.unlisted`).
    """
    if not verdict.verified:
        raise Invalid(f"There is no forecast for {verdict.image}", "it is not verified", "See its own reason.")
    version = version or NEWEST[controller]
    rendered = render(policy, target, controller)
    if rendered.impossible:
        told = (
            Because("", one.what, one.why, "Choose the other controller, or change the policy.", "")
            for one in rendered.impossible
        )
        return Forecast(controller, version, tuple(told))
    seen = _Seen(controller, version, verdict, unlisted)
    because = [one for role, least in policy.require for one in _of_role(seen, policy, role, least)]
    because += [one for rule in policy.owed[target.path].rules for one in _of_rule(seen, policy, rule)]
    return Forecast(controller, version, tuple(dict.fromkeys(because)))


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    """What one controller makes of what is beside one image."""

    controller: Controller
    version: str
    verdict: Verdict
    unlisted: frozenset[str]

    def fact(self, name: str) -> str:
        """The name of a fact where it holds in this version, else ''."""
        return name if FACTS[name].holds(self.version) else ""

    def blind(self, found: Verified, keyed: bool) -> str:
        """The fact for which this controller does not count something that we verified; '' if it counts."""
        if self.controller is Controller.POLICY_CONTROLLER:
            return self._policy_controller(found, keyed)
        return self._kyverno(found)

    def _policy_controller(self, found: Verified, keyed: bool) -> str:
        if found.format not in _COSIGN:
            return self.fact("pc-notation")
        if found.format is Format.COSIGN_BUNDLE:
            keyless = "pc-keyless-attestation" if found.kind is Kind.ATTESTATION else "pc-keyless-bundle"
            return self.fact("pc-keyed-bundle" if keyed else keyless)
        if found.where.startswith("referrer"):
            return self.fact("pc-oci11")
        return self.fact("pc-ed25519ph") if found.algorithm == "ed25519ph" else ""

    def _kyverno(self, found: Verified) -> str:
        if found.format not in _COSIGN:
            return ""
        if found.algorithm == "ed25519ph":
            return self.fact("ky-ed25519ph")
        if found.format is Format.COSIGN_BUNDLE:
            unlisted = "" if self._lists(found.where) else self.fact("ky-empty-referrers")
            return self.fact("ky-no-bundles") or self.fact("ky-keyed-bundle") or unlisted
        if found.where.startswith("referrer"):
            return self.fact("ky-oci11")
        if found.kind is Kind.ATTESTATION:
            return self.fact("ky-legacy-attestation")
        return self.fact("ky-hidden") if self._bundles() else ""

    def _lists(self, where: str) -> bool:
        return where.removeprefix("referrer ") not in self.unlisted

    def _bundles(self) -> bool:
        """Whether Kyverno sees a bundle beside the image, ours or not."""
        ours = (found.where for found in (*self.verdict.signatures, *self.verdict.inputs) if found.format is Format.COSIGN_BUNDLE)
        others = (
            found.where
            for found in self.verdict.refused
            if found.where.startswith("referrer")
            and found.reason not in _NO_BUNDLE
            and found.format in (None, Format.COSIGN_BUNDLE)
        )
        return not self.fact("ky-no-bundles") and any(self._lists(where) for where in (*ours, *others))


def _of_role(seen: _Seen, policy: Policy, role: str, least: int) -> Iterable[Because]:
    having = [found for found in seen.verdict.signatures if found.role == role]
    answers = [(found, seen.blind(found, _keyed(policy, found))) for found in having]
    counted = {found.identity for found, fact in answers if not fact}
    if seen.controller is Controller.KYVERNO:
        # To it an attestation in a bundle is a signature as well.
        attested = [found for found in seen.verdict.inputs if found.role == role and found.format is Format.COSIGN_BUNDLE]
        counted |= {found.identity for found in attested if not seen.blind(found, keyed=True)}
    if len(counted) < least:
        missed = [(found, fact) for found, fact in answers if fact and found.identity not in counted]
        yield from (_because(f"require.{role}", found, FACTS[fact]) for found, fact in missed)


def _of_rule(seen: _Seen, policy: Policy, rule: Rule) -> Iterable[Because]:
    names = {signer.name for signer in who_attests(policy, rule)}
    having = [
        found
        for found in seen.verdict.inputs
        if found.signer in names and found.statement and is_about(rule, str(found.statement.get("predicateType", "")))
    ]
    answers = [(found, seen.blind(found, _keyed(policy, found))) for found in having]
    if all(fact for _found, fact in answers):
        yield from (_because(f"attestations.{rule.topic}", found, FACTS[fact]) for found, fact in answers)


def _keyed(policy: Policy, found: Verified) -> bool:
    return any(isinstance(signer, KeySigner) and signer.name == found.signer for signer in policy.signers)


def _because(what: str, found: Verified, fact: Fact) -> Because:
    return Because(fact.id, what, f"{found.where} by {found.signer}: {fact.why}", fact.mend, fact.source)
