# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An OCI image layout on disk (image specification, image-layout.md) as a repository: what `oras copy --to-oci-layout` writes."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Final

from ..errors import Conflict, Invalid
from . import strict_json
from .client import INDEX, checked, entries, manifest_from
from .descriptors import DIGEST, descriptor_from
from .model import BLOB_LIMIT, MANIFEST_LIMIT, REFERRERS_LIMIT, Descriptor, Manifest

_TAG: Final = "org.opencontainers.image.ref.name"


@dataclasses.dataclass(frozen=True)
class Layout:
    """See `Repository`. `name` is what the repository is called where the images were signed."""

    folder: pathlib.Path
    name: str

    def manifest(self, reference: str) -> Manifest | None:
        """See `Repository`: by digest, or by the tag that the index gives it."""
        if DIGEST.fullmatch(reference):
            listed = [entry for entry in self._index() if entry.digest == reference]
            body = self._bytes(reference, MANIFEST_LIMIT)
            if body is None:
                return None
            descriptor = listed[0] if listed else Descriptor("", reference, len(body))
            return manifest_from(checked(body, descriptor, reference), descriptor.media_type, reference, reference)
        tagged = [entry for entry in self._index() if entry.annotations.get(_TAG) == reference]
        return self.manifest(tagged[0].digest) if tagged else None

    def blob(self, descriptor: Descriptor, limit: int = BLOB_LIMIT) -> bytes:
        """See `Repository`."""
        what = f"The blob {descriptor.digest} of {self.name}"
        if descriptor.size > limit:
            raise Conflict(f"{what} is too large", f"{descriptor.size} bytes, at most {limit} are read")
        body = self._bytes(descriptor.digest, limit)
        if body is None:
            raise Conflict(f"{what} is not there", "its manifest is")
        return checked(body, descriptor, what)

    def referrers(self, digest: str, limit: int = REFERRERS_LIMIT) -> tuple[Descriptor, ...]:
        """See `Repository`: the index lists all manifests; those with this subject count, and a fallback tag's entries."""
        found = {entry.digest: entry for entry in self._index() if self._subject(entry) == digest}
        fallback = self.manifest(digest.replace(":", "-"))
        if fallback is not None and fallback.media_type == INDEX:
            for entry in entries(fallback.body, f"The fallback tag of {self.name}@{digest}"):
                found.setdefault(entry.digest, entry)
        if len(found) > limit:
            raise Conflict(f"Too much is attached to an image of {self.name}", f"more than {limit} artefacts name it")
        return tuple(found.values())

    def _subject(self, entry: Descriptor) -> str:
        body = self._bytes(entry.digest, MANIFEST_LIMIT)
        try:
            subject = strict_json.parse_object(body or b"{}", "").get("subject")
        except Invalid:
            return ""  # a registry would not have taken it
        return str(subject.get("digest")) if isinstance(subject, dict) else ""

    def _index(self) -> tuple[Descriptor, ...]:
        path = self.folder / "index.json"
        try:
            listed = strict_json.parse_object(path.read_bytes(), str(path)).get("manifests")
        except OSError as error:
            raise Invalid(f"{self.folder} is no OCI layout", f"index.json: {error.strerror}") from None
        if not isinstance(listed, list):
            raise Invalid(f"{self.folder} is no OCI layout", "there are no manifests in its index.json")
        return tuple(descriptor_from(entry, f"An entry of {path}") for entry in listed)

    def _bytes(self, digest: str, limit: int) -> bytes | None:
        algorithm, _colon, value = digest.partition(":")
        path = self.folder / "blobs" / algorithm / value
        try:
            if path.stat().st_size > limit:
                raise Conflict(f"{path} is too large", f"at most {limit} bytes are read")
            return path.read_bytes()
        except FileNotFoundError:
            return None
