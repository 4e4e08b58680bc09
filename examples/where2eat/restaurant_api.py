#!/usr/bin/env python3
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A local stand-in for the restaurant API that the example app calls, so that a key can be watched while it rotates.

    GET    /v1/restaurants?near=   header X-Api-Key (or ?key=); 401 without a valid key
    GET    /v1/keys/current        the same header; which key this is: {"id", "name", "created", "uses"}
    GET    /v1/keys                admin: all keys, never their values
    POST   /v1/keys                admin: a new key beside the others, {"name"} if wanted: {"id", "key"}; its value is told once
    GET    /v1/keys/<id>           admin: {"id", "name", "created", "uses"}
    DELETE /v1/keys/<id>           admin: gone at once; <id> may also be sha256:<hex of the key's SHA-256>
    GET    /healthz

Admin calls carry `Authorization: Bearer <token>`. The state file holds hashes only, is written atomically with mode 0600
and so survives kill -9; `uses` counts since the last start. The key that the app has in its code is valid at first.

Environment: RESTAURANT_API_PORT, RESTAURANT_API_STATE (file), RESTAURANT_API_ADMIN_TOKEN_FILE (made if missing, 0600);
RESTAURANT_API_HOST (127.0.0.1).
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import secrets
import tempfile
import threading
import urllib.parse
from typing import Any

from install import planted

RESTAURANTS = (
    {"name": "Noodle Station", "cuisine": "Chinese", "rating": 4.5, "address": "12 Harbour Street"},
    {"name": "Casa Lola", "cuisine": "Spanish", "rating": 4.2, "address": "3 Mill Lane"},
    {"name": "The Green Fork", "cuisine": "vegetarian", "rating": 4.7, "address": "88 Station Road"},
    {"name": "Pizzeria Da Enzo", "cuisine": "Italian", "rating": 4.1, "address": "5 Market Square"},
)


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


class Keys:
    """The valid keys by id, on disk as hashes; every change is on disk before it is answered."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.uses: dict[str, int] = {}
        if path.exists():
            self.keys: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        else:
            self.keys = {"key-1": {"sha256": digest(planted()["restaurant_api_key"]), "created": "2026-02-02T08:00:00+00:00"}}
            self._save(self.keys)

    def add(self, label: str) -> tuple[str, str]:
        """A new key under a label of the caller's: its id and, this once, its value."""
        value = "dd_live_" + secrets.token_urlsafe(30)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with self.lock:
            name = f"key-{secrets.token_hex(4)}"
            changed = {**self.keys, name: {"sha256": digest(value), "created": now, "name": label}}
            self._save(changed)
            self.keys = changed
        return name, value

    def remove(self, name: str) -> bool:
        """Whether there was such a key; it is refused from now on."""
        with self.lock:
            found = self.find(name)
            if found is None:
                return False
            changed = {key: about for key, about in self.keys.items() if key != found}
            self._save(changed)
            self.keys = changed
        return True

    def find(self, name: str) -> str | None:
        """The id of a key, given its id or `sha256:<hex>`."""
        wanted = name.removeprefix("sha256:")
        return next((key for key, about in self.keys.items() if key == name or about["sha256"] == wanted), None)

    def about(self, name: str) -> dict[str, Any]:
        """What may be told about a key."""
        kept = self.keys[name]
        return {"id": name, "name": kept.get("name", ""), "created": kept["created"], "uses": self.uses.get(name, 0)}

    def use(self, value: str) -> str | None:
        """The id of the key with this value, counted as used."""
        wanted = digest(value)
        for name, about in list(self.keys.items()):
            if hmac.compare_digest(about["sha256"], wanted):
                with self.lock:
                    self.uses[name] = self.uses.get(name, 0) + 1
                return name
        return None

    def _save(self, keys: dict[str, dict[str, str]]) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(keys, stream, indent=2, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, self.path)


class Server(http.server.ThreadingHTTPServer):
    """Holds what the handlers share."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], keys: Keys, token: str) -> None:
        super().__init__(address, Handler)
        self.keys = keys
        self.token = token


class Handler(http.server.BaseHTTPRequestHandler):
    """One request. Keys and tokens are never logged."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, query = self._target()
        if path == "/healthz":
            return self._answer(200, {"status": "ok"})
        if path in ("/v1/restaurants", "/v1/keys/current"):
            return self._with_key(path, query)
        if not self._is_admin():
            return self._answer(401, {"error": "admin token missing or wrong"})
        keys = self.server.keys
        if path == "/v1/keys":
            return self._answer(200, {"keys": [keys.about(name) for name in sorted(keys.keys)]})
        name = keys.find(path.removeprefix("/v1/keys/")) if path.startswith("/v1/keys/") else None
        return self._answer(200, keys.about(name)) if name else self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._is_admin():
            return self._answer(401, {"error": "admin token missing or wrong"})
        if self._target()[0] != "/v1/keys":
            return self._answer(404, {"error": "not found"})
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            return self._answer(400, {"error": "the body is not JSON"})
        label = asked.get("name", "") if isinstance(asked, dict) else ""
        name, value = self.server.keys.add(str(label)[:128])
        return self._answer(201, {"id": name, "key": value})

    def do_DELETE(self) -> None:
        if not self._is_admin():
            return self._answer(401, {"error": "admin token missing or wrong"})
        path = self._target()[0]
        gone = path.startswith("/v1/keys/") and self.server.keys.remove(path.removeprefix("/v1/keys/"))
        return self._answer(200, {"deleted": True}) if gone else self._answer(404, {"error": "not found"})

    def _with_key(self, path: str, query: dict[str, list[str]]) -> None:
        value = self.headers.get("X-Api-Key") or query.get("key", [""])[0]
        name = self.server.keys.use(value)
        if name is None:
            return self._answer(401, {"error": "API key missing or not valid"})
        if path == "/v1/keys/current":
            return self._answer(200, self.server.keys.about(name))
        return self._answer(200, {"near": query.get("near", [""])[0], "restaurants": RESTAURANTS})

    def _target(self) -> tuple[str, dict[str, list[str]]]:
        parts = urllib.parse.urlsplit(self.path)
        return urllib.parse.unquote(parts.path), urllib.parse.parse_qs(parts.query)

    def _is_admin(self) -> bool:
        given = self.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode())

    def _answer(self, status: int, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # The query may hold a key, and so may the path of a DELETE.
        path = self._target()[0]
        self.log_message("%s %s %s", self.command, path if path == "/v1/restaurants" else path[:9], code)


def admin_token(path: pathlib.Path) -> str:
    """The token in the file; a missing file is made with a random one, readable by its owner only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        token = secrets.token_urlsafe(32)
        stream.write(token + "\n")
    return token


def main() -> None:
    """Serve until the supervisor ends it."""
    token = admin_token(pathlib.Path(os.environ["RESTAURANT_API_ADMIN_TOKEN_FILE"]))
    if not token:
        raise SystemExit("The admin token's file is empty: delete it, and the next start makes a new one.")
    keys = Keys(pathlib.Path(os.environ["RESTAURANT_API_STATE"]))
    address = (os.environ.get("RESTAURANT_API_HOST", "127.0.0.1"), int(os.environ["RESTAURANT_API_PORT"]))
    with Server(address, keys, token) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
