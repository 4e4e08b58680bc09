# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A candidate verified with a public key: the signature first, then what it says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..keys import PublicKey
from ..model import Candidate, Reason, Rejected, Subject, Verified
from .content import Who, read, verified

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def verify_with_key(
    candidate: Candidate, subject: Subject, key: PublicKey, signer: str, role: str, annotations: Mapping[str, str] = _NONE
) -> Verified:
    """What the candidate proves for this signer, or Rejected. Pure; the key was loaded before.

    1. It is read strictly; nothing in it is believed yet.
    2. A bundle must say that it was made with a key: one with a certificate is for an identity, which `key` is not.
    3. The signature is verified over the bytes as stored.
    4. Kind, digest, repository and annotations are compared with what is asked.

    The caller has checked the digest of the image and of `candidate.content`, and which formats the policy accepts.
    """
    content = read(candidate)
    if content.bundle and content.bundle.key_hint is None:
        raise Rejected(Reason.WRONG_KEY, "It was made with a certificate", f"{signer} signs with a key")
    algorithm = key.algorithm(content.signature, content.signed)
    if not algorithm:
        raise Rejected(Reason.WRONG_KEY, f"It was not made with the key of {signer}, or was changed afterwards")
    return verified(content, subject, Who(signer, role, key.identity, algorithm=algorithm), annotations)
