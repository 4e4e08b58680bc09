# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry that asks for logins as real ones do, and misbehaves as no real one should; for tests only.

Each behaviour is an attribute of `Manners`; without any it is the registry of oci_registry.py. How Basic and Bearer registries
ask (`GET realm?scope=repository:R:pull&service=S`, Basic credentials to the realm) was recorded from Distribution and Docker Hub.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import oci_registry


@dataclasses.dataclass
class Manners:
    """How it behaves. `seen` are the requests: (method, path, Authorization header)."""

    basic: str = ""  # the Authorization header it wants
    bearer: str = ""  # the token it wants; its own /token hands it out to whoever sends `basic` (or to anybody)
    realm: str = ""  # another realm than its own
    tokens_elsewhere: str = ""  # an address that whoever asks for a token is redirected to
    blobs_elsewhere: str = ""  # an address that blobs are redirected to
    status: int = 0  # answer everything with this ...
    failures: int = -1  # ... so many times; below zero for ever
    says: bytes = b""  # refuse everything with this, after the login
    drip: str = ""  # what comes one byte at a time, slowly: "headers" or "body"; "stall": the body stops half-way
    endless: str = ""  # what never ends: "headers", "body" or "continue" (100 Continue without an answer)
    page: int = 0  # referrers come in pages of so many
    next_page: str = ""  # where the next page is said to be
    manifest_bytes: int = 0  # manifests are this long
    wrong_bytes: bool = False  # manifests by digest and blobs are something else
    writing: tuple[int, bytes] = (0, b"")  # answer every write with this
    other_digest: bool = False  # a manifest is stored under another digest than its own
    loses_first_write_to: str = ""  # tags that begin so: the first manifest under them is gone at once
    upload_query: str = ""  # what stands in the address of an upload
    uploads_elsewhere: str = ""  # where uploads go on
    seen: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    written: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # of them those that write
    proxy_logins: list[str] = dataclasses.field(default_factory=list)  # what a proxy would be told


class Handler(oci_registry.Handler):
    """One request, with manners."""

    @property
    def manners(self) -> Manners:
        """What all requests share."""
        assert isinstance(self.server, Server)
        return self.server.manners

    def do_GET(self) -> None:
        """Anything that is read."""
        manners, sent = self.manners, self.headers.get("Authorization", "")
        manners.seen.append((self.command, self.path, sent))
        manners.proxy_logins.append(self.headers.get("Proxy-Authorization", ""))
        if manners.endless:
            return self.without_end()
        if manners.status and manners.failures:
            manners.failures -= 1
            return self.answer(manners.status, b"{}")
        if urlsplit(self.path).path == "/token":
            return self.token(sent)
        if self.refused(sent):
            return None
        if manners.says:
            return self.answer(403, manners.says)
        if manners.blobs_elsewhere and "/blobs/" in self.path:
            return self.answer(307, Location=manners.blobs_elsewhere)
        if manners.page and "/referrers/" in self.path:
            return self.page()
        if manners.manifest_bytes and "/manifests/" in self.path:
            return self.answer(200, b"{" + b" " * manners.manifest_bytes + b"}")
        return super().do_GET()

    do_HEAD = do_GET

    def write(self, as_usual: Callable[[], None]) -> None:
        """Anything that is written."""
        manners, sent = self.manners, self.headers.get("Authorization", "")
        manners.seen.append((self.command, self.path, sent))
        manners.written.append((self.command, self.path))
        if manners.writing[0] or self.refused(sent):
            self.close_connection = True  # what was sent is not read
            return self.answer(*manners.writing) if manners.writing[0] else None
        tag = self.path.rpartition("/")[2]
        if manners.loses_first_write_to and tag.startswith(manners.loses_first_write_to):
            manners.loses_first_write_to = ""
            self.body  # noqa: B018  # read and forgotten
            return self.answer(201)
        return as_usual()

    def do_POST(self) -> None:
        """Begin an upload."""
        self.write(super().do_POST)

    def do_PUT(self) -> None:
        """Finish an upload, or store a manifest."""
        self.write(super().do_PUT)

    def accepted(self, upload: str, name: str) -> None:
        """More may come, perhaps elsewhere."""
        manners = self.manners
        query = f"?{manners.upload_query}" if manners.upload_query else ""
        self.answer(202, Location=f"{manners.uploads_elsewhere}/v2/{name}/blobs/uploads/{upload}{query}")

    def token(self, sent: str) -> None:
        """Hand out the token, to whom it is due."""
        if self.manners.tokens_elsewhere:
            return self.answer(307, Location=self.manners.tokens_elsewhere)
        if self.manners.basic and sent != self.manners.basic:
            return self.answer(401, b"{}")
        scope = parse_qs(urlsplit(self.path).query).get("scope", [""])[0]
        return self.answer(200, json.dumps({"token": self.manners.bearer, "scope": scope}).encode())

    def refused(self, sent: str) -> bool:
        """Ask for a login, where one is wanted and was not sent."""
        manners = self.manners
        if manners.bearer and sent != f"Bearer {manners.bearer}":
            own = f"http://127.0.0.1:{self.server.server_address[1]}/token"
            asked = f'Bearer realm="{manners.realm or own}",service="tests"'
        elif not manners.bearer and manners.basic and sent != manners.basic:
            asked = 'Basic realm="tests"'
        else:
            return False
        self.answer(401, b"{}", WWW_Authenticate=asked)
        return True

    def page(self) -> None:
        """Some of the referrers, and where the others are."""
        route = urlsplit(self.path)
        name, _unused, digest = route.path.removeprefix("/v2/").partition("/referrers/")
        start = int(parse_qs(route.query).get("from", ["0"])[0])
        found = self.store.referring(name, digest)
        index = {"schemaVersion": 2, "mediaType": oci_registry.INDEX, "manifests": found[start : start + self.manners.page]}
        more = start + self.manners.page < len(found)
        following = self.manners.next_page or f"{route.path}?from={start + self.manners.page}"
        links = {"Link": f'<{route.path}>; rel="first", <{following}>; rel="next"'} if more else {}
        return self.answer(200, json.dumps(index).encode(), oci_registry.INDEX, **links)

    def without_end(self) -> None:
        """Send until the client has enough."""
        self.close_connection = True
        began, piece = {
            "headers": (b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 60000 + b"\r\n"),
            "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
            "body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 60000),
        }[self.manners.endless]
        with contextlib.suppress(OSError):
            self.wfile.write(began)
            while True:
                self.wfile.write(piece)

    def answer(self, status: int, body: bytes = b"", media_type: str = "application/json", **headers: str) -> None:
        """Send it, slowly or wrong where that is asked."""
        if self.manners.wrong_bytes and status == 200 and ("sha256:" in self.path):
            body = body[:-1] + (b"!" if body[-1:] != b"!" else b"?")
        if self.manners.other_digest and "Docker_Content_Digest" in headers:
            headers["Docker_Content_Digest"] = "sha256:" + "0" * 64
        if not self.manners.drip or status != 200:
            return super().answer(status, body, media_type, **headers)
        self.close_connection = True
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with contextlib.suppress(OSError):
            if self.manners.drip == "stall":
                self.wfile.write(head + body[: len(body) // 2])
                time.sleep(5)
                return None
            if self.manners.drip == "body":
                self.wfile.write(head)
            for byte in body if self.manners.drip == "body" else head + body:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
        return None


class Server(oci_registry.Server):
    """A registry with manners."""

    def __init__(self, manners: Manners, referrers: bool) -> None:
        super().__init__(0, oci_registry.Store(referrers), Handler)
        self.manners = manners


@contextlib.contextmanager
def serving(
    manners: Manners, referrers: bool = True, certificate: pathlib.Path | None = None
) -> Iterator[tuple[str, oci_registry.Store]]:
    """`127.0.0.1:PORT` and the content of a registry that lives as long as the block; with a certificate (and key) over TLS."""
    made = Server(manners, referrers)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        made.socket = context.wrap_socket(made.socket, server_side=True)
    with oci_registry.running(made):
        yield f"127.0.0.1:{made.server_address[1]}", made.store
