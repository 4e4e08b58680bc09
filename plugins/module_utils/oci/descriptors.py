# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Descriptors as manifests and indexes hold them (OCI image specification, descriptor.md), read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors import Invalid
from .model import Descriptor

# The two registered algorithms, with as many hex digits as they have; other letters would make one digest look like two.
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
# More than any manifest, layer or image that a registry serves.
_LARGEST: Final = 2**50


def descriptor_from(value: Any, what: str) -> Descriptor:
    """The descriptor in a parsed manifest; `Invalid` names `what` and the field that is missing or wrong."""
    if not isinstance(value, dict):
        raise Invalid(f"{what} is no descriptor", "it is not an object")
    media_type, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        raise Invalid(f"{what} is no descriptor", f"its mediaType is {media_type!r:.60}")
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise Invalid(f"{what} is no descriptor", f"its digest is {digest!r:.100}")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
        raise Invalid(f"{what} is no descriptor", f"its size is {size!r:.60}")
    artifact_type = value.get("artifactType", "")
    if not isinstance(artifact_type, str):
        raise Invalid(f"{what} is no descriptor", f"its artifactType is {artifact_type!r:.60}")
    return Descriptor(media_type, digest, size, annotations_from(value.get("annotations"), what), artifact_type)


def annotations_from(value: Any, what: str) -> Mapping[str, str]:
    """The annotations of a manifest or descriptor: a map of text to text, which may be left out."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Invalid(f"{what} has annotations that are no map of texts")
    return value
