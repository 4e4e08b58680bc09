# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""in-toto statements (in-toto/attestation, spec v0.1 and v1): what is said about which digests."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from .model import Reason, Rejected
from .reading import json_object, malformed, mapping, objects, text

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
TYPES: Final = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
# cosign 3 writes an image signature as a statement of this type. Every other type is an attestation.
SIGNATURE_TYPE: Final = "https://sigstore.dev/cosign/sign/v1"
# An image has one subject, a release some dozens.
_SUBJECTS: Final = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class StatementSubject:
    """One thing that a statement is about. `name` may be empty: cosign's signatures have none."""

    name: str
    digest: Mapping[str, str]
    annotations: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """A statement; `data` is the whole of it, as parsed."""

    predicate_type: str
    subjects: tuple[StatementSubject, ...]
    data: Mapping[str, Any]

    @property
    def is_signature(self) -> bool:
        """Whether it says "this image is signed", and nothing else."""
        return self.predicate_type == SIGNATURE_TYPE

    def about(self, digest: str) -> StatementSubject:
        """The subject with this digest (`sha256:…`). Rejected as another image's, or if two such subjects differ.

        Other digests of the same subject are not compared: we cannot know them.
        """
        algorithm, _colon, value = digest.partition(":")
        found = [subject for subject in self.subjects if subject.digest.get(algorithm) == value]
        if not found:
            raise Rejected(Reason.WRONG_DIGEST, "It vouches for something else", f"no subject has the digest {digest}")
        if any(subject != found[0] for subject in found):
            raise malformed("The statement", f"it says two things about {digest}")
        return found[0]


def parse(payload: bytes, what: str = "The statement") -> Statement:
    """The statement in the payload of an envelope. Unknown fields are allowed, as the specification demands."""
    return from_data(json_object(payload, what), what)


def from_data(data: Mapping[str, Any], what: str = "The statement") -> Statement:
    """The statement in JSON that was parsed strictly before, as `model.Verified` carries it.

    The predicate may be anything, left out too: cosign writes an SPDX document in the tag-value form as one text.
    """
    kind = text(data, "_type", what)
    if kind not in TYPES:
        raise Rejected(Reason.UNSUPPORTED, f"{what} is of an unknown type", f"{kind!r:.100} instead of {' or '.join(TYPES)}")
    subjects = tuple(_subject(entry, what) for entry in objects(data, "subject", what, most=_SUBJECTS))
    if not subjects:
        raise malformed(what, "it has no subject")
    predicate_type = text(data, "predicateType", what)
    if not predicate_type:
        raise malformed(what, "its predicateType is empty")
    return Statement(predicate_type, subjects, data)


def _subject(entry: Mapping[str, Any], what: str) -> StatementSubject:
    digest = mapping(entry, "digest", f"a subject of {what}") or {}
    if not all(isinstance(value, str) for value in digest.values()):
        raise malformed(what, "a subject's digest is no text")
    return StatementSubject(
        name=text(entry, "name", what, default=""),
        digest=digest,
        annotations=mapping(entry, "annotations", what) or {},
    )
