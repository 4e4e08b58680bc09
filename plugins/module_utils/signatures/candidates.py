# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was found beside an image, sorted: which manifests hold signatures or attestations, and which of their layers.

Pure: whoever reads the registry asks here what a manifest is, fetches the layers that are named, and gets the candidates. What
a manifest says of itself only decides how its layers are read; that a layer is what it claims is for the verifiers to prove.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final, TypeVar

from ..errors import Invalid
from ..oci.descriptors import annotations_from, descriptor_from
from ..oci.model import REFERRERS_LIMIT, Descriptor, Manifest
from .cosign import bundle
from .cosign.content import kind_of_bundle
from .model import Candidate, Format, Kind, Reason, Rejected
from .statement import SIGNATURE_TYPE

IMAGE_MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",  # cosign with COSIGN_DOCKER_MEDIA_TYPES
)
# Where cosign's old format keeps them: the tag is made of the image's digest and this suffix.
TAGS: Final = {Kind.SIGNATURE: ".sig", Kind.ATTESTATION: ".att"}
COSIGN_SIGNATURE: Final = "application/vnd.dev.cosign.artifact.sig.v1+json"
NOTATION: Final = "application/vnd.cncf.notary.signature"
_BUNDLE_FAMILY: Final = "application/vnd.dev.sigstore.bundle"
_PREDICATE_TYPE: Final = "dev.sigstore.bundle.predicateType"
_T = TypeVar("_T")
_NOTATION_LAYERS: Final = {"application/jose+json": Format.NOTATION_JWS, "application/cose": Format.NOTATION_COSE}


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A layer that is a candidate once its bytes are there. `kind` is None where only the bytes can tell."""

    format: Format
    kind: Kind | None
    where: str
    layer: Descriptor

    def candidate(self, content: bytes) -> Candidate:
        """The candidate with the layer's bytes, whose digest and size the caller has checked."""
        kind = self.kind or kind_of_bundle(content)
        layer = self.layer
        return Candidate(self.format, kind, self.where, layer.digest, content, layer.media_type, layer.annotations)


def tag_of(digest: str, kind: Kind | None = None) -> str:
    """The tag that cosign and the fallback of the referrers API make of a digest; with `kind` that of the old format."""
    return digest.replace(":", "-") + (TAGS[kind] if kind else "")


def in_referrer(manifest: Manifest, digest: str) -> tuple[Found, ...]:
    """The layers of a manifest that was listed as a referrer of `digest`; none if it is something else than a signature.

    Rejected if it looks like a signature of a known kind, and is malformed, unsupported, or has another subject.
    """
    where = f"referrer {manifest.digest}"
    if manifest.media_type not in IMAGE_MANIFESTS:
        return ()
    kind = _artifact_type(manifest)
    reader = _READERS.get(kind)
    if reader is None:
        if kind.startswith(_BUNDLE_FAMILY):
            raise Rejected(Reason.UNSUPPORTED, f"The {where} is a bundle of another version", f"{kind!r:.100}")
        return ()
    _well_formed(manifest, where)
    _of_subject(manifest, digest, where)
    return reader(manifest, where)


def in_tag(manifest: Manifest, digest: str, kind: Kind) -> tuple[Found, ...]:
    """The layers of the manifest under the tag that cosign's old format uses for this `kind`."""
    where = f"tag {tag_of(digest, kind)}"
    if manifest.media_type not in IMAGE_MANIFESTS:
        raise Rejected(Reason.MALFORMED, f"The {where} holds no manifest", f"{manifest.media_type!r:.80}")
    _well_formed(manifest, where)
    if "subject" in manifest.data:
        _of_subject(manifest, digest, where)
    return _legacy(manifest, where, kind)


def _artifact_type(manifest: Manifest) -> str:
    # The manifest's own, else that of its config (image specification 1.1); never the one in the list, cosign writes it wrong.
    config = manifest.data.get("config")
    found = manifest.data.get("artifactType") or (config.get("mediaType") if isinstance(config, dict) else None)
    return found if isinstance(found, str) else ""


def _well_formed(manifest: Manifest, where: str) -> None:
    """What the signature does not hang on and every tool reads all the same: what cosign refuses is not taken here either."""
    version = manifest.data.get("schemaVersion")
    if version != 2 or isinstance(version, (bool, float)):
        raise Rejected(Reason.MALFORMED, f"The {where} is malformed", f"its schemaVersion is {version!r:.40}, not 2")
    if manifest.data.get("config") is not None:
        _descriptor(manifest.data["config"], f"The config of the {where}")


def _of_subject(manifest: Manifest, digest: str, where: str) -> None:
    found = _descriptor(manifest.data.get("subject"), f"The subject of the {where}")
    if found.digest != digest:
        raise Rejected(Reason.WRONG_DIGEST, f"The {where} belongs to something else", f"its subject is {found.digest}")


def _bundle(manifest: Manifest, where: str) -> tuple[Found, ...]:
    layer = _single_layer(manifest, where)
    if layer.media_type != bundle.MEDIA_TYPE:
        raise Rejected(Reason.UNSUPPORTED, f"The {where} holds no bundle", f"its layer is {layer.media_type!r:.80}")
    says = _reading(annotations_from, manifest.data.get("annotations"), f"The {where}").get(_PREDICATE_TYPE)
    # What the label says is what it is tried as: an attestation under a signature's label is then told as what it is.
    kind = None if says is None else Kind.SIGNATURE if says == SIGNATURE_TYPE else Kind.ATTESTATION
    return (Found(Format.COSIGN_BUNDLE, kind, where, layer),)


def _legacy(manifest: Manifest, where: str, kind: Kind = Kind.SIGNATURE) -> tuple[Found, ...]:
    return tuple(
        Found(Format.COSIGN_LEGACY, kind, f"{where}, layer {number}", layer)
        for number, layer in enumerate(_layers(manifest, where), start=1)
    )


def _notation(manifest: Manifest, where: str) -> tuple[Found, ...]:
    layer = _single_layer(manifest, where)
    form = _NOTATION_LAYERS.get(layer.media_type)
    if form is None:
        raise Rejected(
            Reason.UNSUPPORTED, f"The {where} holds no envelope that we know", f"its layer is {layer.media_type!r:.80}"
        )
    return (Found(form, Kind.SIGNATURE, where, layer),)


_READERS: Final[dict[str, Callable[[Manifest, str], tuple[Found, ...]]]] = {
    bundle.MEDIA_TYPE: _bundle,
    COSIGN_SIGNATURE: _legacy,
    NOTATION: _notation,
}


def _single_layer(manifest: Manifest, where: str) -> Descriptor:
    layers = _layers(manifest, where)
    if len(layers) != 1:
        raise Rejected(Reason.MALFORMED, f"The {where} is malformed", f"it has {len(layers)} layers, not one")
    return layers[0]


def _layers(manifest: Manifest, where: str) -> tuple[Descriptor, ...]:
    layers = manifest.data.get("layers")
    if not isinstance(layers, list) or not layers:
        raise Rejected(Reason.MALFORMED, f"The {where} is malformed", "it has no layers")
    if len(layers) > REFERRERS_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"The {where} is too large", f"{len(layers)} layers, {REFERRERS_LIMIT} are taken")
    return tuple(_descriptor(layer, f"A layer of the {where}") for layer in layers)


def _descriptor(value: Any, what: str) -> Descriptor:
    return _reading(descriptor_from, value, what)


def _reading(reader: Callable[[Any, str], _T], value: Any, what: str) -> _T:
    try:
        return reader(value, what)
    except Invalid as error:
        raise Rejected(Reason.MALFORMED, error.what, error.why) from None
