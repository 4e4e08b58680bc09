# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an envelope signs: the descriptor of an image, with the user's metadata as its annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...errors import Invalid
from ...oci.descriptors import descriptor_from
from ...oci.model import Descriptor
from ..model import Reason, Rejected
from ..reading import json_object, needed, only

_WHAT: Final = "The signed payload"
# Those of a descriptor (image specification, descriptor.md); what else stood there could be meant for another reader.
_FIELDS: Final = ("mediaType", "digest", "size", "annotations", "artifactType", "urls", "data", "platform")


def parse(content: bytes) -> Descriptor:
    """The descriptor that was signed; Rejected if it is none."""
    data = json_object(content, _WHAT)
    only(data, ("targetArtifact",), _WHAT)
    target = needed(data, "targetArtifact", _WHAT)
    only(target, _FIELDS, _WHAT)
    try:
        return descriptor_from(target, _WHAT)
    except Invalid as error:
        raise Rejected(Reason.MALFORMED, error.what, error.why) from None


def check(signed: Descriptor, image: Descriptor, annotations: Mapping[str, str]) -> None:
    """That it is this image, with these metadata; Rejected otherwise.

    The media type is compared as well: the same bytes, read as another kind of manifest, can be another image.
    """
    if signed.digest != image.digest:
        raise Rejected(Reason.WRONG_DIGEST, "It was signed for another image", f"for {signed.digest}")
    if (signed.media_type, signed.size) != (image.media_type, image.size):
        raise Rejected(
            Reason.CONTENT_MISMATCH,
            "It was signed for this digest as something else",
            f"{signed.media_type} of {signed.size} bytes; it is {image.media_type} of {image.size} bytes",
        )
    for name, value in annotations.items():
        found = signed.annotations.get(name)
        if found != value:
            why = f"{name!r:.80} is {found!r:.80}" if found is not None else f"{name!r:.80} is missing"
            raise Rejected(Reason.WRONG_ANNOTATIONS, "It was signed with other annotations", why)
