# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is stored beside an image, fetched: every candidate, and everything that looked like one and is none.

One bad artefact hides nothing: it is told, and the others are read. That the registry refuses or does not answer is an error of
the whole, for then nothing is known.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ..errors import Conflict, Unreachable
from ..oci.model import MANIFEST_LIMIT, Descriptor, Manifest, Repository
from .candidates import Found, in_referrer, in_tag, tag_of
from .model import Candidate, Format, Kind, Reason, Rejected

# An attestation (a bill of materials, a vulnerability report) may be large, a signature never is.
ATTESTATION_LIMIT: Final = 64 * 1024 * 1024
SIGNATURE_LIMIT: Final = 4 * 1024 * 1024
# Of everything that is read for one image, together.
IMAGE_LIMIT: Final = 128 * 1024 * 1024
IMAGE_SECONDS: Final = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """Something that does not count, and why: `reason` for programs, `why` for people."""

    where: str
    digest: str
    reason: Reason
    why: str
    format: Format | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Discovered:
    """What was found beside one image."""

    candidates: tuple[Candidate, ...]
    refused: tuple[Refused, ...]


@dataclasses.dataclass(slots=True)
class _Budget:
    clock: Callable[[], float]
    began: float
    left: int = IMAGE_LIMIT

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise Rejected(Reason.TOO_LARGE, "Too much is attached to this image", f"at most {IMAGE_LIMIT} bytes are read")
        if self.clock() - self.began > IMAGE_SECONDS:
            raise Unreachable("Read what is attached to this image", f"it was not done in {IMAGE_SECONDS:.0f} s", "Run again.")


def discover(
    repository: Repository, digest: str, formats: frozenset[Format], attestations: bool, clock: Callable[[], float]
) -> Discovered:
    """Everything in these formats that may be a signature of the image with this digest, and (if asked) an attestation.

    Raises Denied and Unreachable if it could not be told, Conflict if the list itself is wrong or floods.
    """
    budget = _Budget(clock, clock())
    candidates: list[Candidate] = []
    refused: list[Refused] = []
    for where, known, read in _sources(repository, digest, formats, attestations):
        listed: Iterable[Found] = ()
        with _telling(refused, where, known):
            listed = read()
        for found in listed:
            if found.kind is Kind.ATTESTATION and not attestations:
                continue
            # Each on its own: a layer that is lost or too large hides none of those beside it.
            with _telling(refused, found.where, known or found.layer.digest):
                candidates.append(_fetched(repository, found, budget))
    return Discovered(tuple(candidates), tuple(refused))


@contextlib.contextmanager
def _telling(refused: list[Refused], where: str, digest: str) -> Iterator[None]:
    try:
        yield
    except Rejected as error:
        refused.append(Refused(where, digest, error.reason, error.sentence()))
    except Conflict as error:
        refused.append(Refused(where, digest, Reason.CONTENT_MISMATCH, error.sentence()))


def in_another_format(repository: Repository, digest: str, formats: frozenset[Format]) -> tuple[Refused, ...]:
    """Whether an unsigned image has a signature in cosign's old format, which does not count: worth telling, never counted."""
    try:
        if Format.COSIGN_LEGACY in formats or repository.manifest(tag_of(digest, Kind.SIGNATURE)) is None:
            return ()
    except Conflict:
        # Something broken is there, and it would not count anyway.
        return ()
    why = "There is a signature in cosign's old format, which this policy does not accept (formats)."
    where = f"tag {tag_of(digest, Kind.SIGNATURE)}"
    return (Refused(where, "", Reason.FORMAT_NOT_ACCEPTED, why, Format.COSIGN_LEGACY),)


def _sources(
    repository: Repository, digest: str, formats: frozenset[Format], attestations: bool
) -> Iterator[tuple[str, str, Callable[[], Iterable[Found]]]]:
    for descriptor in repository.referrers(digest):
        yield f"referrer {descriptor.digest}", descriptor.digest, functools.partial(_in_referrer, repository, descriptor, digest)
    if Format.COSIGN_LEGACY in formats:
        for kind in (Kind.SIGNATURE, *([Kind.ATTESTATION] if attestations else ())):
            yield f"tag {tag_of(digest, kind)}", "", functools.partial(_in_tag, repository, digest, kind)


def _in_tag(repository: Repository, digest: str, kind: Kind) -> tuple[Found, ...]:
    manifest = repository.manifest(tag_of(digest, kind))
    return () if manifest is None else in_tag(manifest, digest, kind)


def _in_referrer(repository: Repository, descriptor: Descriptor, digest: str) -> tuple[Found, ...]:
    if descriptor.size > MANIFEST_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"The referrer {descriptor.digest} is too large", f"{descriptor.size} bytes")
    manifest: Manifest | None = repository.manifest(descriptor.digest)
    if manifest is None:
        raise Rejected(Reason.CONTENT_MISMATCH, f"The referrer {descriptor.digest} is listed and not there")
    return in_referrer(manifest, digest)


def _fetched(repository: Repository, found: Found, budget: _Budget) -> Candidate:
    limit = SIGNATURE_LIMIT if found.kind is Kind.SIGNATURE else ATTESTATION_LIMIT
    if found.layer.size > limit:
        why = f"{found.layer.size} bytes, at most {limit} are read"
        raise Rejected(Reason.TOO_LARGE, f"The {found.where} is too large", why)
    budget.spend(found.layer.size)
    return found.candidate(repository.blob(found.layer, limit))
