# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry in memory with the referrers API (OCI distribution specification 1.1), which no packaged registry has.

cosign, notation, oras and crane work against it. It is for tests: it checks digests and nothing else.

    python oci_registry.py --port 5000                  serves until it is ended
    with oci_registry.serving() as address: ...         serves during a test
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import http.server
import json
import re
import sys
import threading
import uuid
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
ROUTE = re.compile(r"/v2/(?P<name>[a-z0-9._/-]+)/(?P<what>manifests|blobs/uploads|blobs|referrers|tags)/?(?P<which>[^/]*)")


@dataclasses.dataclass
class Store:
    """Everything that was pushed: blobs by digest, and for each repository its manifests (media type, bytes) and tags."""

    referrers: bool = True
    blobs: dict[str, bytes] = dataclasses.field(default_factory=dict)
    manifests: dict[str, dict[str, tuple[str, bytes]]] = dataclasses.field(default_factory=dict)
    tags: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    uploads: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def manifest(self, name: str, which: str) -> tuple[str, bytes] | None:
        """What is under a tag or digest."""
        return self.manifests.get(name, {}).get(self.tags.get(name, {}).get(which, which))

    def put(self, name: str, which: str, media_type: str, body: bytes) -> str:
        """Store a manifest; its digest."""
        digest = digest_of(body)
        self.manifests.setdefault(name, {})[digest] = (media_type, body)
        if which != digest:
            self.tags.setdefault(name, {})[which] = digest
        return digest

    def referring(self, name: str, digest: str) -> list[dict[str, object]]:
        """The descriptors of all manifests of the repository whose subject this is."""
        found = []
        for own, (media_type, body) in self.manifests.get(name, {}).items():
            data = json.loads(body)
            if isinstance(data, dict) and (data.get("subject") or {}).get("digest") == digest:
                kind = data.get("artifactType") or (data.get("config") or {}).get("mediaType", "")
                entry = {"mediaType": media_type, "digest": own, "size": len(body), "artifactType": kind}
                found.append({**entry, "annotations": data.get("annotations") or {}})
        return found


def digest_of(content: bytes) -> str:
    """The digest as OCI writes it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """A server with a store; a client that goes away is no news."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, store: Store, handler: type[Handler] | None = None) -> None:
        super().__init__(("127.0.0.1", port), handler or Handler)
        self.store = store

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell of our own faults only."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; the store is the server's."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets, and the second would wait 40 ms for the first's receipt

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    @property
    def store(self) -> Store:
        """What all requests share."""
        assert isinstance(self.server, Server)
        return self.server.store

    def answer(self, status: int, body: bytes = b"", media_type: str = "application/json", **headers: str) -> None:
        """Send it all, or only the headers where a HEAD was asked."""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def missing(self, code: str = "NAME_UNKNOWN") -> None:
        """The registry's way to say that something is not there."""
        self.answer(404, json.dumps({"errors": [{"code": code}]}).encode())

    def do_GET(self) -> None:
        """Read a manifest, blob, list of tags or of referrers."""
        path = urlsplit(self.path).path
        match = ROUTE.fullmatch(path)
        if path in ("/v2", "/v2/"):
            return self.answer(200, b"{}")
        if match is None:
            return self.missing()
        name, what, which = match.group("name", "what", "which")
        if what == "manifests" and (found := self.store.manifest(name, which)):
            return self.answer(200, found[1], found[0], Docker_Content_Digest=digest_of(found[1]))
        if what == "blobs" and which in self.store.blobs:
            return self.answer(200, self.store.blobs[which], "application/octet-stream", Docker_Content_Digest=which)
        if what == "tags":
            return self.answer(200, json.dumps({"name": name, "tags": sorted(self.store.tags.get(name, {}))}).encode())
        if what == "referrers" and self.store.referrers:
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.store.referring(name, which)}
            return self.answer(200, json.dumps(index).encode(), INDEX)
        return self.missing("MANIFEST_UNKNOWN" if what == "manifests" else "BLOB_UNKNOWN")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Begin an upload; a mount from another repository becomes one as well."""
        match = ROUTE.fullmatch(urlsplit(self.path).path)
        if match is None or match["what"] != "blobs/uploads":
            return self.missing()
        upload = uuid.uuid4().hex
        self.store.uploads[upload] = b""
        return self.finish_upload(upload, match["name"]) if "digest" in self.query else self.accepted(upload, match["name"])

    def do_PATCH(self) -> None:
        """Add to an upload."""
        name, upload = self.upload
        self.store.uploads[upload] += self.body
        self.accepted(upload, name)

    def do_PUT(self) -> None:
        """Finish an upload, or store a manifest."""
        match = ROUTE.fullmatch(urlsplit(self.path).path)
        if match is None:
            return self.missing()
        if match["what"] != "manifests":
            name, upload = self.upload
            return self.finish_upload(upload, name)
        body = self.body
        digest = self.store.put(match["name"], match["which"], self.headers["Content-Type"], body)
        subject = json.loads(body).get("subject") if self.store.referrers else None
        headers = {"OCI_Subject": subject["digest"]} if subject else {}
        return self.answer(201, Location=f"/v2/{match['name']}/manifests/{digest}", Docker_Content_Digest=digest, **headers)

    def do_DELETE(self) -> None:
        """Forget a manifest or a tag."""
        match = ROUTE.fullmatch(urlsplit(self.path).path)
        if match is None or match["what"] != "manifests":
            return self.missing()
        for kept in (self.store.tags, self.store.manifests):
            kept.get(match["name"], {}).pop(match["which"], None)
        return self.answer(202)

    @property
    def query(self) -> dict[str, list[str]]:
        """The query of the address."""
        return parse_qs(urlsplit(self.path).query)

    @property
    def body(self) -> bytes:
        """What was sent, in one piece or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    @property
    def upload(self) -> tuple[str, str]:
        """Repository and upload that a request continues."""
        name, _path, upload = urlsplit(self.path).path.removeprefix("/v2/").partition("/blobs/uploads/")
        return name, upload

    def accepted(self, upload: str, name: str) -> None:
        """More may come."""
        size = max(len(self.store.uploads[upload]) - 1, 0)
        self.answer(202, Location=f"/v2/{name}/blobs/uploads/{upload}", Range=f"0-{size}", Docker_Upload_UUID=upload)

    def finish_upload(self, upload: str, name: str) -> None:
        """Store the blob if it is what it is said to be."""
        content = self.store.uploads.pop(upload) + self.body
        (digest,) = self.query["digest"]
        if digest != digest_of(content):
            return self.answer(400, json.dumps({"errors": [{"code": "DIGEST_INVALID"}]}).encode())
        self.store.blobs[digest] = content
        return self.answer(201, Location=f"/v2/{name}/blobs/{digest}", Docker_Content_Digest=digest)


def server(port: int = 0, referrers: bool = True) -> Server:
    """A server on loopback, not yet serving; `store` is what it holds."""
    return Server(port, Store(referrers))


@contextlib.contextmanager
def running(made: Server) -> Iterator[None]:
    """Serve in a thread as long as the block lasts."""
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


@contextlib.contextmanager
def serving(port: int = 0, referrers: bool = True) -> Iterator[str]:
    """`127.0.0.1:PORT` of a registry that lives as long as the block."""
    made = server(port, referrers)
    with running(made):
        yield f"127.0.0.1:{made.server_address[1]}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=5000)
    options.add_argument("--no-referrers", action="store_true", help="answer 404 to the referrers API, as older registries do")
    given = options.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        server(given.port, not given.no_referrers).serve_forever()
