# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One JSON request over HTTP, for systems whose interface is a handful of calls."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

from ..errors import Unreachable

SECONDS: Final = 10
# Seconds between tries: a server that restarts or is busy is back within them, or it is down.
PAUSES: Final = (0.2, 0.6, 1.8)
# It did nothing with the request, and says so (RFC 9110, section 15.6.4; RFC 6585, section 4).
_LATER: Final = frozenset({429, 503})
# Asking again does no harm when the answer was lost (RFC 9110, section 9.2.2).
_REPEATABLE: Final = frozenset({"GET", "LIST", "DELETE"})


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
    for pause in PAUSES:
        try:
            status, answer = _once(address, method, path, headers, body, query)
        except Unreachable:
            if method not in _REPEATABLE:
                raise
        else:
            if status not in _LATER:
                return status, answer
        time.sleep(pause)
    return _once(address, method, path, headers, body, query)


def _once(
    address: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None,
    query: Mapping[str, str] | None,
) -> tuple[int, Any]:
    parts = urllib.parse.urlsplit(address)
    target = f"{parts.path.rstrip('/')}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, timeout=SECONDS, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        text = json.dumps(body) if body is not None else None
        connection.request(method, target, text, {**headers, "Content-Type": "application/json"})
        response = connection.getresponse()
        raw = response.read()
    except (OSError, http.client.HTTPException) as error:
        why = f"it does not answer ({type(error).__name__})"
        raise Unreachable(f"Ask {parts.scheme}://{parts.netloc}", why, "Look whether it runs, then run this again.") from None
    finally:
        connection.close()
    try:
        return response.status, json.loads(raw) if raw else None
    except ValueError:
        return response.status, None
