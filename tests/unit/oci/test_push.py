# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing to registries: whatever is done twice is done once, and what others stored there is not written over."""

from __future__ import annotations

import json
from collections.abc import Callable

import hostile_registry
import pytest
from hostile_registry import Manners
from oci_registry import INDEX, Store

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, Invalid, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci import push
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import MANIFEST, RemoteRepository, digest_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor

Opener = Callable[..., RemoteRepository]
LAYERS = [("application/vnd.oci.image.layer.v1.tar+gzip", b"a layer"), ("text/plain", b"another")]
NOTE = [("text/plain", b"note")]


def image(repository: RemoteRepository, tag: str = "1.0") -> Descriptor:
    return push.put_image(repository, b'{"architecture":"amd64","os":"linux"}', LAYERS, tag)


def fallback(store: Store, subject: Descriptor) -> tuple[str, bytes] | None:
    return store.manifest("app", subject.digest.replace(":", "-"))


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (401, b"", Denied, "401"),
        (403, b'{"errors": [{"code": "DENIED", "message": "no right\\n to \\u001b[31mpush"}]}', Denied, "no right"),
        (400, b'{"errors": [{"code": "TAG_INVALID", "message": "the tag is immutable"}]}', Conflict, "immutable"),
        (400, b'{"errors": [{"code": "MANIFEST_INVALID"}]}', Invalid, "MANIFEST_INVALID"),
        (409, b"<html>", Conflict, "409"),
        (413, b'{"errors": 5}', Invalid, "413"),
        (429, b"[" * 9000, Unreachable, "429"),
        (500, b'{"errors": [7]}', Unreachable, "500"),
    ],
)
def test_a_registry_that_refuses(opened: Opener, status: int, body: bytes, kind: type[Exception], says: str) -> None:
    with hostile_registry.serving(Manners(writing=(status, body))) as (host, _store):
        with pytest.raises(kind, match=says) as caught:
            image(opened(host))
        assert str(caught.value).isprintable()


def test_a_registry_that_stores_something_else(opened: Opener) -> None:
    with hostile_registry.serving(Manners(other_digest=True)) as (host, _store), pytest.raises(Conflict, match="instead of"):
        image(opened(host))


def test_something_else_under_the_fallback_tag_stays(opened: Opener) -> None:
    with hostile_registry.serving(Manners(), referrers=False) as (host, store):
        repository = opened(host)
        subject = image(repository)
        store.put("app", subject.digest.replace(":", "-"), MANIFEST, b'{"layers": []}')
        with pytest.raises(Conflict, match="something else was stored there"):
            push.attach(repository, subject, "application/x", NOTE)
        assert fallback(store, subject) == (MANIFEST, b'{"layers": []}')


def test_an_image_is_what_was_given(opened: Opener) -> None:
    manners = Manners()
    with hostile_registry.serving(manners) as (host, _store):
        repository = opened(host)
        made = image(repository)
        found = repository.manifest("1.0")
        assert found and found.descriptor == made
        assert [layer["mediaType"] for layer in found.data["layers"]] == [media_type for media_type, _body in LAYERS]
        for media_type, body in LAYERS:
            assert repository.blob(Descriptor(media_type, digest_of(body), len(body))) == body
        sent = len(manners.written)
        assert image(repository) == made
        assert {method for method, _path in manners.written[sent:]} == {"PUT"}, "only the tag is set again, no content is sent"


@pytest.mark.parametrize("referrers", [True, False])
def test_the_fallback_tag_is_for_registries_without_the_api(opened: Opener, referrers: bool) -> None:
    with hostile_registry.serving(Manners(), referrers) as (host, store):
        repository = opened(host)
        subject = image(repository)
        made = push.attach(repository, subject, "application/x", NOTE, {"a": "b"})
        assert bool(fallback(store, subject)) != referrers
        (listed,) = repository.referrers(subject.digest)
        assert (listed.digest, listed.artifact_type, listed.annotations) == (made.digest, "application/x", {"a": "b"})


def test_what_others_listed_stays_as_it_is(opened: Opener) -> None:
    """cosign writes a wrong artifactType, and others fields that nobody here knows."""
    with hostile_registry.serving(Manners(), referrers=False) as (host, store):
        repository = opened(host)
        subject = image(repository)
        theirs = {"mediaType": MANIFEST, "digest": digest_of(b"x"), "size": 1, "artifactType": "wrong", "urls": ["u"], "new": 1}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [theirs], "annotations": {"kept": "yes"}}
        store.put("app", subject.digest.replace(":", "-"), INDEX, json.dumps(index).encode())
        push.attach(repository, subject, "application/x", NOTE)
        found = fallback(store, subject)
        assert found
        written = json.loads(found[1])
        assert written["manifests"][0] == theirs and len(written["manifests"]) == 2
        assert written["annotations"] == {"kept": "yes"}


def test_a_lost_entry_is_written_anew(opened: Opener) -> None:
    """Somebody who read the list before we wrote it writes it without us; it is read again, and so it is seen."""
    with hostile_registry.serving(Manners(loses_first_write_to="sha256-"), referrers=False) as (host, _store):
        repository = opened(host)
        subject = image(repository)
        made = push.attach(repository, subject, "application/x", NOTE)
        assert [one.digest for one in repository.referrers(subject.digest)] == [made.digest]


def test_more_may_be_attached_than_is_read(opened: Opener) -> None:
    with hostile_registry.serving(Manners(), referrers=False) as (host, _store):
        repository = opened(host)
        subject = image(repository)
        for number in range(52):
            push.attach(repository, subject, f"application/x{number}", NOTE)
        with pytest.raises(Conflict, match="more than 50"):
            repository.referrers(subject.digest)


def test_the_registrys_own_query_goes_back(opened: Opener) -> None:
    manners = Manners(upload_query="_state=a%2Bb%3D&empty=&digest_hint=1")
    with hostile_registry.serving(manners) as (host, _store):
        image(opened(host))
    places = [path for method, path in manners.written if method == "PUT" and "/uploads/" in path]
    assert places and all("?_state=a%2Bb%3D&empty=&digest_hint=1&digest=sha256%3A" in path for path in places)


def test_an_upload_may_go_elsewhere_but_not_the_login(opened: Opener) -> None:
    elsewhere = Manners()
    with hostile_registry.serving(elsewhere) as (other, theirs):
        here = Manners(bearer="push-token", uploads_elsewhere=f"http://{other}")
        with hostile_registry.serving(here) as (host, store):
            theirs.uploads = store.uploads
            theirs.blobs = store.blobs
            assert image(opened(host))
    assert elsewhere.seen and not any(sent for _method, _path, sent in elsewhere.seen)
