# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing to a repository: content, manifests, tags, and artefacts attached to an image. Every call may be repeated.

A registry with the referrers API (distribution specification 1.1) keeps the list of what is attached itself, and says so when a
manifest with a subject is stored; for others it is the index under the fallback tag, which is read, extended and read again:
two writers at once can lose an entry, and the one that finds its own missing writes it anew. Threads of one run take turns.
"""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import Conflict, Unreachable
from .client import INDEX, MANIFEST, RemoteRepository, digest_of, refused
from .model import MANIFEST_LIMIT, Descriptor, Manifest
from .transport import Answer

CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"
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
    what = f"Upload {digest} to {repository.name}"
    if _ask(repository, "HEAD", f"blobs/{digest}", {}).status == 200:
        return digest
    begun = _ask(repository, "POST", "blobs/uploads/", {}, b"")
    if begun.status != 202:
        raise refused(begun, what)
    place = begun.headers.get("location", "")
    if not place:
        raise Unreachable(what, "the registry does not say where")
    # What is in the query is the registry's own and goes back as it came.
    target = f"{place}{'&' if '?' in place else '?'}{urllib.parse.urlencode({'digest': digest})}"
    done = _ask(repository, "PUT", target, {"Content-Type": "application/octet-stream"}, body)
    if done.status != 201:
        raise refused(done, what)
    return digest


def put_manifest(repository: RemoteRepository, data: Mapping[str, Any], tag: str = "") -> Descriptor:
    """Store a manifest or index (its `mediaType` says which), under its digest and, if given, a tag."""
    return _put_manifest(repository, data, tag)[0]


def put_image(
    repository: RemoteRepository,
    config: bytes,
    layers: Sequence[tuple[str, bytes]],
    tag: str = "",
    annotations: Mapping[str, str] | None = None,
) -> Descriptor:
    """Store an image for one platform: its configuration (image specification, config.md) and `layers` (media type, content)."""
    for body in (config, *(body for _media_type, body in layers)):
        put_blob(repository, body)
    data = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": entry(described(CONFIG_TYPE, config)),
        "layers": [entry(described(media_type, body)) for media_type, body in layers],
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    return put_manifest(repository, data, tag)


def attach(
    repository: RemoteRepository,
    subject: Descriptor,
    artifact_type: str,
    layers: Sequence[tuple[str, bytes]],
    annotations: Mapping[str, str] | None = None,
) -> Descriptor:
    """An artefact whose subject is an image: `layers` are (media type, content). Its descriptor.

    The same artefact is the same manifest, so attaching it again changes nothing; that is why no time is noted in it.
    """
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
    made, listed_for = _put_manifest(repository, data)
    listed = dataclasses.replace(made, annotations=annotations or {})
    # The header is the API's own answer; some registries have the API and forget the header.
    if listed_for != subject.digest and not repository.lists(subject.digest, made.digest):
        with repository.host.writing:
            _list_under_tag(repository, subject.digest, listed)
    return listed


def _list_under_tag(repository: RemoteRepository, digest: str, listed: Descriptor) -> None:
    tag = digest.replace(":", "-")
    for _try in range(_TRIES):
        index = repository.manifest(tag)
        manifests = _manifests(index, f"{repository.name}:{tag}")
        if any(isinstance(one, dict) and one.get("digest") == listed.digest for one in manifests):
            return
        kept = dict(index.data) if index else {"schemaVersion": 2, "mediaType": INDEX}
        put_manifest(repository, {**kept, "mediaType": INDEX, "manifests": [*manifests, entry(listed)]}, tag)
    raise Conflict(f"Attach {listed.digest} to {repository.name}@{digest}", "somebody else writes the same list", "Run again.")


def _manifests(index: Manifest | None, name: str) -> list[Any]:
    if index is None:
        return []
    found = index.data.get("manifests")
    if index.media_type != INDEX or not isinstance(found, list):
        raise Conflict(f"{name} is no list of what is attached", "something else was stored there", "Remove that tag.")
    return found


def _put_manifest(repository: RemoteRepository, data: Mapping[str, Any], tag: str = "") -> tuple[Descriptor, str]:
    """The stored manifest, and the digest of the subject that the registry lists it for ('' if it does not)."""
    body, media_type = encoded(data), str(data["mediaType"])
    digest = digest_of(body)
    what = f"Store {repository.name}{':' + tag if tag else '@' + digest}"
    answer = _ask(repository, "PUT", f"manifests/{tag or digest}", {"Content-Type": media_type}, body)
    if answer.status not in (201, 202):
        raise refused(answer, what)
    stored = answer.headers.get("docker-content-digest", digest)
    if stored != digest:
        raise Conflict(what, f"the registry stored {stored!r:.100} instead of {digest}")
    made = Descriptor(media_type, digest, len(body), {}, str(data.get("artifactType", "")))
    return made, answer.headers.get("oci-subject", "")


def _ask(repository: RemoteRepository, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    whole = path if path.startswith(("/", "http://", "https://")) else f"/v2/{repository.path}/{path}"
    scope = f"repository:{repository.path}:pull,push"
    return repository.host.ask(method, whole, scope, headers, MANIFEST_LIMIT if method == "HEAD" else _ANSWER_LIMIT, body)
