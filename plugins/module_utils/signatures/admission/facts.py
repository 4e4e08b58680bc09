# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What admission controllers do not know about signatures that are good: a table, each line with its versions and its source.

`measured` are versions that were asked, by the tests in tests/integration/admission (policy-controller's webhook) or with
Kyverno's own engine (`kyverno apply`); the other lines were read in the issues they name, and in the sources.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from .model import Controller

# What a forecast is for when nobody says which version runs: the newest that was asked.
NEWEST: Final = {Controller.POLICY_CONTROLLER: "0.13.1", Controller.KYVERNO: "1.19.1"}


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """One thing a controller does. It holds from version `since` on, and until before `until`; empty: always, still.

    `why` completes "it refuses the image: ..."; `mend` says what the owner of the image or of the policy can do.
    """

    id: str
    controller: Controller
    why: str
    mend: str
    source: str
    since: str = ""
    until: str = ""
    measured: tuple[str, ...] = ()

    def holds(self, version: str) -> bool:
        """Whether it is so in this version."""
        asked = numbers(version)
        return (not self.since or asked >= numbers(self.since)) and (not self.until or asked < numbers(self.until))


def numbers(version: str) -> tuple[int, ...]:
    """A version that can be compared: `v1.19.1-rc.1` is (1, 19, 1)."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3])


_PC: Final = Controller.POLICY_CONTROLLER
_KYVERNO: Final = Controller.KYVERNO
_LEGACY: Final = "Sign with cosign sign --new-bundle-format=false as well, and accept cosign_legacy."

FACTS: Final[dict[str, Fact]] = {
    fact.id: fact
    for fact in (
        Fact(
            "pc-keyed-bundle",
            _PC,
            "a bundle that was made with a key cannot be verified in any setting (signatureFormat legacy does not look for it, "
            "bundle demands a keyless signer)",
            _LEGACY,
            "https://github.com/sigstore/policy-controller/issues/1958",
            measured=("0.13.1",),
        ),
        Fact(
            "pc-keyless-bundle",
            _PC,
            "an image's signature in a bundle is not found, also if it is keyless",
            _LEGACY,
            "https://github.com/sigstore/policy-controller/issues/1899",
            measured=("0.13.1",),
        ),
        Fact(
            "pc-keyless-attestation",
            _PC,
            "an attestation in a bundle does not verify with a trusted root that is given: no log entry of it counts",
            "Attest with cosign attest --new-bundle-format=false as well, and accept cosign_legacy.",
            "https://github.com/sigstore/policy-controller/pull/1968",
        ),
        Fact(
            "pc-oci11",
            _PC,
            "a signature of the old format that is attached as an OCI 1.1 referrer is not looked for",
            "Sign without --registry-referrers-mode=oci-1-1.",
            "https://github.com/sigstore/policy-controller/blob/v0.13.1/pkg/webhook/validator.go",
            measured=("0.13.1",),
        ),
        Fact(
            "pc-ed25519ph",
            _PC,
            "cosign 3 signs with Ed25519ph, and it verifies Ed25519",
            "Sign with a P-256 key, or with cosign 2.",
            "https://github.com/sigstore/cosign/pull/5074",
            measured=("0.13.1",),
        ),
        Fact(
            "pc-notation",
            _PC,
            "it does not know notation",
            "Sign with cosign as well, or have Kyverno verify.",
            "https://docs.sigstore.dev/policy-controller/overview/",
        ),
        Fact(
            "ky-no-bundles",
            _KYVERNO,
            "it does not verify what cosign 3 writes",
            "Update Kyverno to 1.18 or newer.",
            "https://github.com/kyverno/kyverno/issues/15462",
            until="1.18",
        ),
        Fact(
            "ky-keyed-bundle",
            _KYVERNO,
            "in this version no bundle that was made with a key verifies",
            "Update Kyverno to 1.19.1.",
            "https://github.com/kyverno/kyverno/issues/17363",
            since="1.19.0",
            until="1.19.1",
        ),
        Fact(
            "ky-empty-referrers",
            _KYVERNO,
            "the registry answers the referrers API with a list that lacks it, and the fallback tag is then not looked at",
            "Use a registry that lists it, or sign with --new-bundle-format=false as well.",
            "https://github.com/kyverno/kyverno/issues/16678",
            measured=("1.19.1",),
        ),
        Fact(
            "ky-hidden",
            _KYVERNO,
            "there is a bundle beside the image, anybody's, and signatures of the old format are then not looked at",
            "Sign in the bundle format as well.",
            "https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/image/verifiers/ivpol/cosign/verifier.go",
            measured=("1.19.1",),
        ),
        Fact(
            "ky-oci11",
            _KYVERNO,
            "a signature of the old format that is attached as an OCI 1.1 referrer is not looked for",
            "Sign without --registry-referrers-mode=oci-1-1.",
            "https://github.com/kyverno/kyverno/issues/16854",
            measured=("1.19.1",),
        ),
        Fact(
            "ky-ed25519ph",
            _KYVERNO,
            "cosign 3 signs with Ed25519ph, and it verifies Ed25519",
            "Sign with a P-256 key, or with cosign 2.",
            "https://github.com/sigstore/cosign/pull/5074",
            measured=("1.19.1",),
        ),
        Fact(
            "ky-legacy-attestation",
            _KYVERNO,
            "an attestation of the old format that was made with a key and is in no transparency log is refused",
            "Attest in the bundle format (cosign attest without --new-bundle-format=false).",
            "https://github.com/kyverno/kyverno/issues/16267",
            measured=("1.19.1",),
        ),
    )
}
