# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of an OCI registry (OCI image and distribution specifications 1.1), and what is asked of a repository.

Whatever implements `Repository` (the registry client, an OCI layout on disk) hands over only bytes whose digest and size it
has checked, and tells "is not there" from "could not tell".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, Protocol

# Upper bounds of what is read from a registry that may be hostile, in bytes or counts.
MANIFEST_LIMIT: Final = 4 * 1024 * 1024  # what the distribution specification asks every registry to accept
BLOB_LIMIT: Final = 4 * 1024 * 1024  # a signature or a bundle; attestations may ask for more
REFERRERS_LIMIT: Final = 50
JSON_DEPTH_LIMIT: Final = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Descriptor:
    """What points to content: `digest` is `sha256:<64 hex digits>` (or sha512), `size` in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    artifact_type: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or index: `digest` was computed from `body` by us; `data` is `body`, strictly parsed."""

    digest: str
    media_type: str
    body: bytes
    data: Mapping[str, Any]

    @property
    def descriptor(self) -> Descriptor:
        """What points to this manifest."""
        return Descriptor(self.media_type, self.digest, len(self.body))


class Repository(Protocol):
    """One repository, read only. Errors: Denied, Unreachable ("could not tell"), Conflict (content belies its digest)."""

    @property
    def name(self) -> str:
        """`HOST[:PORT]/PATH`, as signatures name it."""

    def manifest(self, reference: str) -> Manifest | None:
        """The manifest under a tag or a digest; None only if the registry says that there is none."""

    def blob(self, descriptor: Descriptor, limit: int = BLOB_LIMIT) -> bytes:
        """The content, never more than `limit` bytes; refused before it is fetched if the descriptor says more."""

    def referrers(self, digest: str, limit: int = REFERRERS_LIMIT) -> tuple[Descriptor, ...]:
        """What names this digest as its subject, by the referrers API or, where there is none, by the fallback tag.

        `artifact_type` is as listed and proves nothing: cosign writes a wrong one into the fallback index. More than `limit`
        entries are a `Conflict`: somebody floods the list.
        """
