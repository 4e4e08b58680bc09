# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One candidate of cosign's, whichever way it is stored: what its signature is over, and, once that is verified, what it says.

`read` comes before the cryptography, `verified` after it: nothing of a payload is believed before it is known who signed it.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final

from .. import statement
from ..dsse import Envelope
from ..model import Candidate, Format, Kind, Reason, Rejected, Subject, Verified
from . import bundle, legacy

# Docker Hub under the names that tools write it by.
_DOCKER_HUB: Final = {"index.docker.io": "docker.io", "registry-1.docker.io": "docker.io"}


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """A candidate, read. `signed` are the bytes that `signature` is over; either `bundle` or `legacy` is set."""

    candidate: Candidate
    signed: bytes
    signature: bytes
    envelope: Envelope | None
    bundle: bundle.Bundle | None
    legacy: legacy.Legacy | None


@dataclasses.dataclass(frozen=True, slots=True)
class Who:
    """Who was found to have signed: the policy's names for signer and role, and what was proven of him (see `Verified`)."""

    signer: str
    role: str
    identity: str
    signed_at: datetime.datetime | None = None
    claims: Mapping[str, str] = dataclasses.field(default_factory=dict)
    algorithm: str = ""


def read(candidate: Candidate) -> Content:
    """The candidate with its parts apart; Rejected as malformed or unsupported."""
    if candidate.format is Format.COSIGN_BUNDLE:
        found = bundle.parse(candidate.content)
        return Content(candidate, found.envelope.signed, found.envelope.signature, found.envelope, found, None)
    if candidate.format is Format.COSIGN_LEGACY:
        old = legacy.read(candidate)
        return Content(candidate, old.signed, old.signature, old.envelope, None, old)
    raise Rejected(Reason.UNSUPPORTED, "It was not made by cosign", f"its format is {candidate.format}")


def kind_of_bundle(content: bytes) -> Kind:
    """What an unlabelled bundle claims to be. One that cannot be read counts as a signature, to be rejected where it is seen."""
    try:
        found = statement.parse(bundle.parse(content).envelope.payload)
    except Rejected:
        return Kind.SIGNATURE
    return Kind.SIGNATURE if found.is_signature else Kind.ATTESTATION


def verified(content: Content, subject: Subject, who: Who, annotations: Mapping[str, str]) -> Verified:
    """What the candidate proves, if it says what is asked; the caller has verified the signature over `content.signed`.

    Rejected if it is of another kind, about another image, without one of the `annotations`, or, where that is asked, for
    another repository.
    """
    candidate = content.candidate
    if content.envelope is None:
        notes, data = _simple_signing(content.signed, subject), None
    else:
        notes, data = _statement(content.envelope, candidate.kind, subject)
    missing = {name: value for name, value in annotations.items() if notes.get(name) != value}
    if missing:
        name, value = min(missing.items())
        signed = f"signed is {notes[name]!r:.60}" if name in notes else "it is not signed"
        raise Rejected(Reason.WRONG_ANNOTATIONS, f"The annotation {name} must be {value!r}", signed)
    return Verified(
        kind=candidate.kind,
        format=candidate.format,
        where=candidate.where,
        digest=candidate.digest,
        signer=who.signer,
        role=who.role,
        identity=who.identity,
        annotations=notes,
        statement=data,
        signed_at=who.signed_at,
        claims=who.claims,
        algorithm=who.algorithm,
    )


def _simple_signing(payload: bytes, subject: Subject) -> Mapping[str, str]:
    found = legacy.simple_signing(payload)
    digest = subject.descriptor.digest
    if found.digest != digest:
        raise Rejected(Reason.WRONG_DIGEST, "It vouches for something else", f"{found.digest!r:.100} instead of {digest}")
    if subject.bind_repository:
        _same_repository(found.reference, subject.repository)
    return _texts(found.optional)


def _statement(envelope: Envelope, kind: Kind, subject: Subject) -> tuple[Mapping[str, str], Mapping[str, Any] | None]:
    if envelope.payload_type != statement.PAYLOAD_TYPE:
        raise _not_a(kind, f"its payload is {envelope.payload_type!r:.80}")
    found = statement.parse(envelope.payload)
    if found.is_signature is not (kind is Kind.SIGNATURE):
        raise _not_a(kind, f"its predicate is {found.predicate_type!r:.100}")
    about = found.about(subject.descriptor.digest)
    if subject.bind_repository and about.name:
        _same_repository(about.name, subject.repository)
    return _texts(about.annotations), None if found.is_signature else found.data


def _not_a(kind: Kind, why: str) -> Rejected:
    if kind is Kind.SIGNATURE:
        return Rejected(Reason.NOT_A_SIGNATURE, "It is not a signature of an image", why)
    return Rejected(Reason.NOT_AN_ATTESTATION, "It is not an attestation", why)


def _same_repository(reference: str, repository: str) -> None:
    if _repository(reference) != _repository(repository):
        why = f"{reference!r:.150} instead of {repository}"
        raise Rejected(Reason.WRONG_REPOSITORY, "It was made for another repository", why)


def _repository(reference: str) -> str:
    """The repository in a reference: cosign signs `HOST/PATH`, podman `HOST/PATH:TAG`."""
    host, slash, path = reference.partition("@")[0].partition("/")
    return _DOCKER_HUB.get(host, host) + slash + path.partition(":")[0]


def _texts(annotations: Mapping[str, Any]) -> Mapping[str, str]:
    # podman adds the time as a number; only texts can be asked for.
    return {name: value for name, value in annotations.items() if isinstance(value, str)}
