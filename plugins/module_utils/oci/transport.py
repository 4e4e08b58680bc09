# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTTP to a registry that may be slow, huge or hostile: bounded in time and bytes, and no login follows a redirect.

Connections are pooled and shared by the threads of one verification; a pool is made after Ansible's fork.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..errors import Conflict, Denied, Invalid, MissingLibrary, Unreachable
from ..network import is_loopback, proxy_of

try:
    import urllib3
    import urllib3.connection
    import urllib3.connectionpool

    URLLIB3_MISSING: ImportError | None = None
except ImportError as error:
    URLLIB3_MISSING = error

CONNECT_SECONDS: Final = 5.0
# Until the headers of an answer are there, and between two pieces of its body.
ANSWER_SECONDS: Final = 15.0
BODY_SECONDS: Final = 60.0
# Slower than this on average, once it has begun, is no line but an attack: a manifest would take hours.
SLOWEST_BYTES_A_SECOND: Final = 1024
PATIENCE_SECONDS: Final = 1.0
CONNECTIONS: Final = 16
_PIECE: Final = 64 * 1024
_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_PAUSES: Final = (0.2, 0.6)
_LONGEST_PAUSE: Final = 2.0
_USER_AGENT: Final = "goldenpath.microapps"


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read whole. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """How a registry is reached. `ca_file` is trusted beside the machine's own certificates ('' for none)."""

    ca_file: str = ""
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class Transport:
    """Requests with bounds. Raises Unreachable ("could not tell"), Denied (a redirect in clear) and Conflict (too large)."""

    def __init__(self, settings: Settings) -> None:
        if URLLIB3_MISSING:
            raise MissingLibrary("urllib3", "talk to an image registry", URLLIB3_MISSING)
        self._settings = settings
        self._lock = threading.Lock()
        self._pools: dict[str, Any] = {}
        self._tls: ssl.SSLContext | None = None

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None = None, login: str = ""
    ) -> Answer:
        """One request, redirected and repeated where that is safe. `login` is the Authorization header, for this host only."""
        own = _place(url)
        for _hop in range(_REDIRECTS + 1):
            mine = {"Authorization": login} if login and _place(url) == own else {}
            answer = self._repeated(method, url, {**headers, **mine, "User-Agent": _USER_AGENT}, limit, body)
            if answer.status not in _MOVED or method not in ("GET", "HEAD"):
                return answer
            url = _next(url, answer.headers.get("location", ""))
        raise Conflict(f"{method} {shown(url)}", f"it was redirected more than {_REDIRECTS} times")

    def _repeated(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Answer:
        for pause in (*_PAUSES, None):
            try:
                answer = self._once(method, url, headers, limit, body)
            except (urllib3.exceptions.HTTPError, OSError) as problem:
                if pause is None or not _may_repeat(method, problem):
                    raise Unreachable(
                        f"{method} {shown(url)}", _why(url, problem), "Is the registry up, and the network?"
                    ) from None
            else:
                if pause is None or answer.status not in _BUSY or method not in ("GET", "HEAD"):
                    return answer
                asked = answer.headers.get("retry-after", "")
                pause = float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else pause
                if pause > _LONGEST_PAUSE:
                    return answer
            self._settings.pause(pause)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Answer:
        response = self._pool(url).urlopen(
            method, url, body=body, headers=dict(headers), redirect=False, preload_content=False, decode_content=False
        )
        whole = False
        try:
            names = {str(name).lower(): str(value) for name, value in response.headers.items()}
            data = b"" if method == "HEAD" else b"".join(self._pieces(response, names, limit, url))
            whole = True
            return Answer(int(response.status), names, data)
        finally:
            # A connection whose answer was not read to its end cannot be used again.
            if whole:
                response.release_conn()
            else:
                response.close()

    def _pieces(self, response: Any, headers: Mapping[str, str], limit: int, url: str) -> Iterator[bytes]:
        said = headers.get("content-length", "")
        if said.isascii() and said.isdigit() and int(said[:19]) > limit:
            raise _too_large(url, f"it says that it has {said[:19]} bytes", limit)
        began, got = self._settings.clock(), 0
        while piece := response.read1(_PIECE):
            got += len(piece)
            if got > limit:
                raise _too_large(url, "it goes on and on", limit)
            spent = self._settings.clock() - began
            if spent > BODY_SECONDS or (spent > PATIENCE_SECONDS and got < SLOWEST_BYTES_A_SECOND * spent):
                raise Unreachable(f"Read {shown(url)}", f"after {spent:.1f} s only {got} bytes had come", "Is the line broken?")
            yield piece

    def _pool(self, url: str) -> Any:
        place = _place(url)
        with self._lock:
            if place not in self._pools:
                self._pools[place] = self._manager(url)
            return self._pools[place]

    def _manager(self, url: str) -> Any:
        settings: dict[str, Any] = {
            "maxsize": CONNECTIONS,
            "retries": False,
            "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
        }
        if url.startswith("https:"):
            settings["ssl_context"] = self._tls = self._tls or tls_context(self._settings.ca_file)
        proxy = "" if is_loopback(url) else proxy_of(url, self._settings.environ)
        manager = urllib3.ProxyManager(proxy, **settings) if proxy else urllib3.PoolManager(**settings)
        manager.pool_classes_by_scheme = {"http": _pool_class(False), "https": _pool_class(True)}
        return manager


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The machine's trust, and `ca_file` beside it; nothing is ever reached unverified."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "it holds no certificate in PEM"
            raise Invalid(f"registry.ca_file: {ca_file} cannot be used", why, "Name a file of certificates in PEM.") from None
    return context


def _pool_class(tls: bool) -> type:
    """A pool whose connections give up when the headers of an answer take too long, whatever trickles in meanwhile."""
    plain, secure = urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection
    pool: type = urllib3.connectionpool.HTTPSConnectionPool if tls else urllib3.connectionpool.HTTPConnectionPool

    class Bounded(secure if tls else plain):  # type: ignore[misc]  # one of two classes, chosen at run time
        def getresponse(self) -> Any:
            watch = threading.Timer(ANSWER_SECONDS, _cut, (self,))
            watch.daemon = True
            watch.start()
            try:
                return super().getresponse()
            finally:
                watch.cancel()

    return type("BoundedPool", (pool,), {"ConnectionCls": Bounded})


def _cut(connection: Any) -> None:
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _place(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or default}"


def _next(url: str, location: str) -> str:
    try:
        target = urllib.parse.urljoin(url, location)
        parts = urllib.parse.urlsplit(target)
        place = _place(target)
    except ValueError:
        raise Conflict(f"{shown(url)} redirects to {location!r:.80}", "that is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not location:
        raise Conflict(f"{shown(url)} redirects to {location!r:.80}", "that is no address to go to")
    if url.startswith("https:") and parts.scheme != "https":
        raise Denied(f"{shown(url)} redirects to {place}", "that would be in clear", "Mend the registry's storage settings.")
    return target


def shown(url: str) -> str:
    """An address without what may be secret in it: signed links carry their signature in the query."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _too_large(url: str, why: str, limit: int) -> Conflict:
    return Conflict(f"{shown(url)} is too large", f"{why}, and at most {limit} are read")


def _may_repeat(method: str, problem: Exception) -> bool:
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return False
    return method in ("GET", "HEAD") or isinstance(problem, urllib3.exceptions.NewConnectionError)


def _why(url: str, problem: Exception) -> str:
    """One line of our own: a library's message may quote what was sent."""
    text, kind = str(problem), type(problem).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not signed by anybody this machine trusts (registry.ca_file names a private authority)"
    if "WRONG_VERSION_NUMBER" in text or "SSL" in kind:
        return "it does not speak TLS; a registry in clear needs plain_http: true"
    if "NameResolution" in kind or "getaddrinfo" in text:
        return "its name is not known"
    if "refused" in text:
        return "nobody answers there"
    return "it did not answer in time" if "Timeout" in kind or "timed out" in text else f"the connection broke ({kind})"
