# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing to a repository: content, manifests, tags, and artefacts attached to an image. Every call may be repeated.

A registry with the referrers API (distribution specification 1.1) keeps the list of what is attached itself; for others it is
the index under the fallback tag, which is read, extended and read again: two writers at once can lose an entry, and the one that
finds its own missing writes it anew.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import Conflict
from .client import INDEX, MANIFEST, RemoteRepository, digest_of, refused
from .model import MANIFEST_LIMIT, Descriptor, Manifest

EMPTY: Final = b"{}"
EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"
# A registry's answer to a write says little.
_ANSWER_LIMIT: Final = 64 * 1024
_TRIES: Final = 5


def encoded(data: Mapping[str, Any]) -> bytes:
    """A manifest's bytes: the same data, the same digest."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def described(media_type: str, body: bytes, annotations: Mapping[str, str] | None = None) -> Descriptor:
    """What points to these bytes."""
    return Descriptor(media_type, digest_of(body), len(body), annotations or {})


def entry(descriptor: Descriptor) -> dict[str, Any]:
    """A descriptor as a manifest holds it."""
    found: dict[str, Any] = {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
    if descriptor.artifact_type:
        found["artifactType"] = descriptor.artifact_type
    return {**found, "annotations": dict(descriptor.annotations)} if descriptor.annotations else found


def put_blob(repository: RemoteRepository, body: bytes) -> str:
    """Store content; its digest. Nothing is sent if it is there."""
    digest = digest_of(body)
    if _ask(repository, "HEAD", f"blobs/{digest}", {}).status == 200:
        return digest
    begun = _ask(repository, "POST", "blobs/uploads/", {"Content-Length": "0"}, b"")
    if begun.status not in (201, 202):
        raise refused(begun.status, f"Upload to {repository.name}")
    place = urllib.parse.urlsplit(begun.headers.get("location", ""))
    query = urllib.parse.urlencode([*urllib.parse.parse_qsl(place.query), ("digest", digest)])
    target = urllib.parse.urlunsplit((place.scheme, place.netloc, place.path, query, ""))
    done = _ask(repository, "PUT", target, {"Content-Type": "application/octet-stream"}, body)
    if done.status != 201:
        raise refused(done.status, f"Upload {digest} to {repository.name}")
    return digest


def put_manifest(repository: RemoteRepository, data: Mapping[str, Any], tag: str = "") -> Descriptor:
    """Store a manifest or index (its `mediaType` says which), under its digest and, if given, a tag."""
    body, media_type = encoded(data), str(data["mediaType"])
    digest = digest_of(body)
    answer = _ask(repository, "PUT", f"manifests/{tag or digest}", {"Content-Type": media_type}, body)
    if answer.status not in (201, 202):
        raise refused(answer.status, f"Store {repository.name}{':' + tag if tag else '@' + digest}")
    return Descriptor(media_type, digest, len(body), {}, str(data.get("artifactType", "")))


def attach(
    repository: RemoteRepository,
    subject: Descriptor,
    artifact_type: str,
    layers: Sequence[tuple[str, bytes]],
    annotations: Mapping[str, str] | None = None,
) -> Descriptor:
    """An artefact whose subject is an image: `layers` are (media type, content). Its descriptor."""
    for body in (EMPTY, *(body for _media_type, body in layers)):
        put_blob(repository, body)
    data = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact_type,
        "config": entry(described(EMPTY_TYPE, EMPTY)),
        "layers": [entry(described(media_type, body)) for media_type, body in layers],
        "subject": entry(Descriptor(subject.media_type, subject.digest, subject.size)),
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    made = put_manifest(repository, data)
    listed = Descriptor(made.media_type, made.digest, made.size, annotations or {}, artifact_type)
    if made.digest not in {one.digest for one in repository.referrers(subject.digest)}:
        _listed_under_tag(repository, subject.digest, listed)
    return listed


def _listed_under_tag(repository: RemoteRepository, digest: str, listed: Descriptor) -> None:
    tag = digest.replace(":", "-")
    for _try in range(_TRIES):
        manifests = _manifests(repository.manifest(tag))
        if any(one.get("digest") == listed.digest for one in manifests):
            return
        put_manifest(repository, {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*manifests, entry(listed)]}, tag)
    raise Conflict(f"Attach {listed.digest} to {repository.name}@{digest}", "somebody else writes the same list", "Run again.")


def _manifests(index: Manifest | None) -> list[Any]:
    found = index.data.get("manifests") if index else None
    return list(found) if isinstance(found, list) else []


def _ask(repository: RemoteRepository, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:
    whole = path if path.startswith(("/", "http://", "https://")) else f"/v2/{repository.path}/{path}"
    scope = f"repository:{repository.path}:pull,push"
    return repository.host.ask(method, whole, scope, headers, MANIFEST_LIMIT if method == "HEAD" else _ANSWER_LIMIT, body)
