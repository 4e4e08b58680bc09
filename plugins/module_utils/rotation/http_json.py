# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One JSON request over HTTP, for systems whose interface is a handful of calls."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import select
import socket
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

from ..errors import Unreachable

SECONDS: Final = 10
# Seconds between tries: a server that restarts or is busy is back within them, or it is down.
PAUSES: Final = (0.2, 0.6, 1.8)
# A server may say when it will be less busy (RFC 9110, section 10.2.3); nobody is made to wait longer than this for one answer.
LONGEST: Final = 20.0
# It did nothing with the request, and says so (RFC 9110, section 15.6.4; RFC 6585, section 4).
_LATER: Final = frozenset({429, 503})
# Asking again does no harm when the answer was lost (RFC 9110, section 9.2.2).
_REPEATABLE: Final = frozenset({"GET", "LIST", "DELETE"})
# Connections that nobody uses right now, of each process (by two of them one stream of answers would be read) and server.
_IDLE: Final[dict[tuple[int, type, str], list[http.client.HTTPConnection]]] = {}


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `challenge` is the way to log in that a 401 names, `seconds` how long to wait before asking again, `index`
    what a server of several nodes calls the state that the request left it in (OpenBao's and Vault's X-Vault-Index)."""

    status: int
    body: Any = dataclasses.field(repr=False)
    challenge: str = ""
    seconds: float = 0.0
    index: str = ""


def request(
    address: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """One JSON request to an address, never through a proxy and never redirected: status and answer. Unreachable if none.

    It is made again, after a pause, where the server says that it did nothing, or where doing it twice does no harm.
    """
    reply = exchange(address, method, path, headers, body, query)
    return reply.status, reply.body


def exchange(
    address: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Reply:
    """The same with all of the reply. `form` is sent in the place of a JSON body, as logins by OAuth want it.

    `headers` may say that the JSON body is of a narrower type (RFC 7396: a merge patch).
    """
    text = urllib.parse.urlencode(form) if form is not None else json.dumps(body) if body is not None else None
    kind = "application/json" if form is None else "application/x-www-form-urlencoded"
    wanted = {"Content-Type": kind, **headers} if text is not None else dict(headers)
    target = path + (f"?{urllib.parse.urlencode(query)}" if query else "")
    for pause in PAUSES:
        wait = pause
        try:
            reply = _once(address, method, target, wanted, text)
        except Unreachable:
            if method not in _REPEATABLE:
                raise
        else:
            if reply.status not in _LATER:
                return reply
            wait = max(pause, min(reply.seconds, LONGEST))
        time.sleep(wait)
    return _once(address, method, target, wanted, text)


def _once(address: str, method: str, target: str, headers: dict[str, str], text: str | None) -> Reply:
    parts = urllib.parse.urlsplit(address)
    idle, connection = _connection(parts.scheme, parts.netloc)
    try:
        connection.request(method, f"{parts.path.rstrip('/')}{target}", text, headers)
        response = connection.getresponse()
        raw = response.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        why = f"it does not answer ({type(error).__name__})"
        raise Unreachable(f"Ask {parts.scheme}://{parts.netloc}", why, "Look whether it runs, then run this again.") from None
    idle.append(connection)
    try:
        answer = json.loads(raw) if raw else None
    except ValueError:
        answer = None
    asked = response.getheader("Retry-After", "") if response.status in _LATER else ""
    wait = float(asked) if asked.isdecimal() else 0.0
    challenge, index = (response.getheader(name, "") for name in ("WWW-Authenticate", "X-Vault-Index"))
    return Reply(response.status, answer, challenge, wait, index)


def _connection(scheme: str, place: str) -> tuple[list[http.client.HTTPConnection], http.client.HTTPConnection]:
    """A connection for one call, and the list that it goes to afterwards: a handshake for each call costs more than the call.

    Threads come and go, so what one of them has opened is used by the next; taking from a list and adding to it are atomic.
    """
    secure = scheme == "https"
    kind: type[http.client.HTTPConnection] = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    idle = _IDLE.setdefault((os.getpid(), kind, place), [])
    try:
        connection = idle.pop()
    except IndexError:
        trust: dict[str, Any] = {"context": ssl.create_default_context()} if secure else {}
        connection = kind(place, timeout=SECONDS, **trust)
    if connection.sock is not None and _speaks(connection.sock):
        # Between two answers a server has nothing to say but that it ends the connection.
        connection.close()
    return idle, connection


def _speaks(sock: socket.socket) -> bool:
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
