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
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import oci_registry


@dataclasses.dataclass
class Manners:
    """How it behaves. `seen` are the requests: (method, path, Authorization header)."""

    basic: str = ""  # the Authorization header it wants
    bearer: str = ""  # the token it wants; its own /token hands it out to whoever sends `basic` (or to anybody)
    realm: str = ""  # another realm than its own
    blobs_elsewhere: str = ""  # an address that blobs are redirected to
    status: int = 0  # answer everything with this ...
    failures: int = -1  # ... so many times; below zero for ever
    drip: bool = False  # bodies come one byte at a time
    silent: bool = False  # headers never come
    manifest_bytes: int = 0  # manifests are this long
    wrong_bytes: bool = False  # manifests by digest and blobs are something else
    seen: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)


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
        if manners.silent:
            time.sleep(30)
        if manners.status and manners.failures:
            manners.failures -= 1
            return self.answer(manners.status, b"{}")
        if urlsplit(self.path).path == "/token":
            return self.token(sent)
        if self.refused(sent):
            return None
        if manners.blobs_elsewhere and "/blobs/" in self.path:
            return self.answer(307, Location=manners.blobs_elsewhere)
        if manners.manifest_bytes and "/manifests/" in self.path:
            return self.answer(200, b"{" + b" " * manners.manifest_bytes + b"}")
        return super().do_GET()

    do_HEAD = do_GET

    def token(self, sent: str) -> None:
        """Hand out the token, to whom it is due."""
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

    def answer(self, status: int, body: bytes = b"", media_type: str = "application/json", **headers: str) -> None:
        """Send it, slowly or wrong where that is asked."""
        if self.manners.wrong_bytes and status == 200 and ("sha256:" in self.path):
            body = body[:-1] + (b"!" if body[-1:] != b"!" else b"?")
        if not self.manners.drip or status != 200:
            return super().answer(status, body, media_type, **headers)
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            for position in range(len(body)):
                self.wfile.write(body[position : position + 1])
                time.sleep(0.05)
        return None


class Server(oci_registry.Server):
    """A registry with manners."""

    def __init__(self, manners: Manners, referrers: bool) -> None:
        super().__init__(0, oci_registry.Store(referrers), Handler)
        self.manners = manners


@contextlib.contextmanager
def serving(manners: Manners, referrers: bool = True) -> Iterator[tuple[str, oci_registry.Store]]:
    """`127.0.0.1:PORT` and the content of a registry that lives as long as the block."""
    made = Server(manners, referrers)
    with oci_registry.running(made):
        yield f"127.0.0.1:{made.server_address[1]}", made.store
