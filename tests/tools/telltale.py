# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers that say back what they were told: a relay that notes every secret that passes, and can fail by quoting it.

What they quote is what a careless server or proxy in the middle may put into its error: the request's headers and its body.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import html
import http.client
import http.server
import json
import socketserver
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any, Final

# The keys of documents, logins and answers under which a secret stands.
SECRET_KEYS: Final = frozenset({"password", "value", "api_key", "secret_access_key", "client_secret", "client_token"})


@dataclasses.dataclass
class Telltale:
    """A relay to one server. `fails`: nothing, the calls that hand over a secret (`values`, 500), or all of them (`all`, 403)."""

    server: str
    address: str = ""
    fails: str = ""
    quoted: int = 0
    # What each secret is that passed, by its value.
    passed: dict[str, str] = dataclasses.field(default_factory=dict)

    def note(self, headers: dict[str, str], *texts: bytes) -> None:
        """Remember the login of a request, and whatever secret stands in a body."""
        for login in (headers.get("X-Vault-Token", ""), headers.get("Authorization", "").removeprefix("Bearer ")):
            # What AWS calls so is a signature.
            if login and not login.startswith("AWS4-"):
                self.passed.setdefault(login, f"login {len(self.passed)} at {self.server}")
        for text in texts:
            for key, value in parts_of(text.decode(errors="replace")):
                self.passed.setdefault(value, f"{key} {len(self.passed)} at {self.server}")

    def quotes(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        """The answer of a server that fails and says what it was told; None if it does its work."""
        text = body.decode(errors="replace")
        if not (self.fails == "all" or (self.fails == "values" and any(parts_of(text)))):
            return None
        self.quoted += 1
        told = f"{method} {path} {headers} {text}"
        status = 403 if self.fails == "all" else 500
        if text.startswith("Action="):
            error = f"<Error><Type>Sender</Type><Code>ServiceFailure</Code><Message>{html.escape(told)}</Message></Error>"
            return status, f"<ErrorResponse>{error}</ErrorResponse>".encode()
        error = {"code": told, "message": told, "status": told, "innererror": {"code": told}}
        return status, json.dumps({"errors": [told], "error": error, "__type": told, "message": told}).encode()


def parts_of(text: str) -> Iterator[tuple[str, str]]:
    """Every secret in a body: JSON within JSON, base64 within JSON, or a form."""
    data = _data(text)
    if data is None:
        data = dict(urllib.parse.parse_qsl(text))
    yield from _secrets("", data)


def _secrets(key: str, data: Any) -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for inner, value in data.items():
            yield from _secrets(str(inner), value)
    elif isinstance(data, list):
        for value in data:
            yield from _secrets(key, value)
    elif isinstance(data, str) and data:
        within = _data(data)
        if within is not None:
            yield from _secrets(key, within)
        elif key in SECRET_KEYS:
            yield key, data


def _data(text: str) -> Any:
    for way in (text, _decoded(text)):
        with contextlib.suppress(ValueError):
            data = json.loads(way)
            if isinstance(data, (dict, list)):
                return data
    return None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


@contextlib.contextmanager
def telltale(server: str) -> Iterator[Telltale]:
    """A relay to the HTTP server at that address, at a free port of this machine."""
    relay = Telltale(server)
    place = urllib.parse.urlsplit(server).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = dict(self.headers.items())
            answered: list[tuple[str, str]] = []
            quoted = relay.quotes(self.command, self.path, headers, body)
            if quoted is None:
                status, text, answered = _passed_on(place, self.command, self.path, headers, body)
            else:
                status, text = quoted
            relay.note(headers, body, text if quoted is None else b"")
            self.send_response(status)
            for name, value in answered:
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_LIST = handle_any

        def log_message(self, *_unused: Any) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        relay.address = f"http://127.0.0.1:{listening.server_port}"
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield relay
        finally:
            listening.shutdown()


def _passed_on(
    place: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection(place, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheaders()
    finally:
        connection.close()


@contextlib.contextmanager
def telling_database() -> Iterator[int]:
    """A PostgreSQL that asks for the password in clear and refuses with an error that quotes it: its port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.read(int.from_bytes(self.rfile.read(4), "big") - 4)
            self.wfile.write(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
            kind = self.rfile.read(1)
            password = self.rfile.read(int.from_bytes(self.rfile.read(4), "big") - 4).rstrip(b"\x00")
            assert kind == b"p"
            fields = b"SFATAL\x00VFATAL\x00CXX000\x00Mnobody is let in by " + password + b"\x00\x00"
            self.wfile.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
