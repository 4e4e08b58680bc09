# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of verification: what was found beside an image, who may vouch for it, and what came of each candidate.

A candidate is verified by a function of its format (`cosign/`, `keyless/`, `notation/`) against one signer of the policy. It
returns `Verified` or raises `Rejected`; that something could not be told (the registry, a missing library) is another error and
is never taken for "unsigned".
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping
from typing import Any

from ..errors import MicroappsError
from ..oci.model import Descriptor


class Format(enum.StrEnum):
    """How a signature is stored. It is found out, never asked for; a policy may accept some only."""

    COSIGN_BUNDLE = "cosign_bundle"  # Sigstore bundle v0.3 as a referrer, or under the fallback tag
    COSIGN_LEGACY = "cosign_legacy"  # simple signing under <digest>.sig, .att, or as an OCI 1.1 referrer
    NOTATION_JWS = "notation_jws"
    NOTATION_COSE = "notation_cose"


class Kind(enum.StrEnum):
    """What a candidate claims: that the image is approved, or something about it. One never stands in for the other."""

    SIGNATURE = "signature"
    ATTESTATION = "attestation"


class Reason(enum.StrEnum):
    """Why a candidate was rejected, for programs; the sentence beside it is for people."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    FORMAT_NOT_ACCEPTED = "format_not_accepted"
    CONTENT_MISMATCH = "content_mismatch"  # the bytes are not what their digest or size says
    WRONG_DIGEST = "wrong_digest"  # it vouches for another image
    NOT_A_SIGNATURE = "not_a_signature"  # an attestation, or another kind of statement, in a signature's place
    NOT_AN_ATTESTATION = "not_an_attestation"
    WRONG_KEY = "wrong_key"  # not made by this signer's key, or the payload was changed
    WRONG_IDENTITY = "wrong_identity"
    WRONG_ISSUER = "wrong_issuer"
    UNTRUSTED_CERTIFICATE = "untrusted_certificate"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation_unknown"
    NOT_IN_LOG = "not_in_log"  # transparency log entry, inclusion proof, checkpoint or promise missing or wrong
    NO_CERTIFICATE_TRANSPARENCY = "no_certificate_transparency"
    NO_TRUSTED_TIME = "no_trusted_time"
    WRONG_ANNOTATIONS = "wrong_annotations"
    WRONG_REPOSITORY = "wrong_repository"


class Rejected(MicroappsError):
    """This candidate does not count for this signer."""

    def __init__(self, reason: Reason, what: str, why: str = "") -> None:
        super().__init__(what, why)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """One thing stored beside the image that may be a signature or an attestation, fetched and not verified.

    `where` is for people (`referrer sha256:…`, `tag sha256-….sig, layer 1`). `content` are the verified bytes of the layer: a
    Sigstore bundle, a simple-signing payload, a DSSE envelope (legacy attestation), a JWS or COSE envelope. `annotations` are
    those of the layer, unsigned: legacy signatures keep signature and certificates there. `digest` is that of `content`.
    """

    format: Format
    kind: Kind
    where: str
    digest: str
    content: bytes
    media_type: str
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What a candidate must vouch for: the image's descriptor and the repository it was asked for (`HOST/PATH`).

    `repository` is compared only where `bind_repository` is set and the format holds a name at all.
    """

    descriptor: Descriptor
    repository: str
    bind_repository: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """What a candidate proves once it is verified against one signer.

    `signer` and `role` are the policy's names. `identity` says who in the evidence's words: `key sha256:<fingerprint of the
    SubjectPublicKeyInfo>`, or `<subject alternative name> by <issuer>`, or a certificate's subject. `annotations` are signed
    ones. `statement` is the in-toto statement of an attestation. `signed_at` is a proven time (log, time stamp), else None.
    `claims` are the certificate's claims by name (GitHub's), where there are any. `algorithm` is how it was signed, where that
    is a question at all (see `keys.PublicKey.algorithm`). `notes` tell what did not hold and was not demanded (a permissive
    trust policy of notation's), a sentence each.
    """

    kind: Kind
    format: Format
    where: str
    digest: str
    signer: str
    role: str
    identity: str
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    statement: Mapping[str, Any] | None = None
    signed_at: datetime.datetime | None = None
    claims: Mapping[str, str] = dataclasses.field(default_factory=dict)
    algorithm: str = ""
    notes: tuple[str, ...] = ()
