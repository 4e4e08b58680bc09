# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections to a registry that may be slow on purpose, and whom they trust.

urllib3 and http.client bound each single wait, so an answer that comes one byte a second, in its headers or its body, holds
them for hours. Here every answer is read through `Watched`, which sees each piece as it comes and knows the clock.
"""

from __future__ import annotations

import dataclasses
import functools
import http.client
import io
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import Invalid, MissingLibrary
from ..network import is_loopback, proxy_and_login, proxy_of

try:
    import urllib3
    import urllib3.connection
    import urllib3.connectionpool

    URLLIB3_MISSING: ImportError | None = None
except ImportError as error:
    URLLIB3_MISSING = error

CONNECT_SECONDS: Final = 5.0
# Until the first byte of an answer, and between two pieces of one that comes quickly.
ANSWER_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
# An answer that has begun and is slower than this on average is no slow line but an attack: a manifest would take an hour.
# The first moments do not count.
SLOWEST_BYTES_A_SECOND: Final = 1024
PATIENCE_SECONDS: Final = 1.2
HEADERS_LIMIT: Final = 256 * 1024
CONNECTIONS: Final = 16
# Content is sent in pieces of this size, each of which has CONNECT_SECONDS to go.
_SENT_AT_ONCE: Final = 64 * 1024


class TooSlow(Exception):
    """An answer that trickles, or headers without an end. Not an OSError, so that urllib3 hands it on as it is."""


class Near(Exception):
    """A name that a registry gave leads to this machine or its metadata service. Not an OSError, for the same reason."""


class Watched(io.RawIOBase):
    """What a socket gives, as long as it comes fast enough on the whole."""

    def __init__(self, raw: Any, sock: Any, clock: Callable[[], float]) -> None:
        self._raw, self._sock, self._clock = raw, sock, clock
        self._began: float | None = None
        self._got = 0
        self.in_headers = True

    def readable(self) -> bool:
        """For BufferedReader."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait no longer than the bytes so far have earned."""
        if self._began is not None:
            self._sock.settimeout(self._left(self._clock() - self._began))
        try:
            got: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if self._began is None:
                raise
            raise self._too_slow(self._clock() - self._began) from None
        if self._began is None:
            self._began = self._clock()
        self._got += got or 0
        if self.in_headers and self._got > HEADERS_LIMIT:
            raise TooSlow(f"its headers are longer than {HEADERS_LIMIT} bytes")
        if got:
            self._left(self._clock() - self._began)
        return got

    def _left(self, spent: float) -> float:
        earned = max(PATIENCE_SECONDS, self._got / SLOWEST_BYTES_A_SECOND)
        left = min(earned, BODY_SECONDS) - spent
        if left <= 0:
            raise self._too_slow(spent)
        return min(left, ANSWER_SECONDS)

    def _too_slow(self, spent: float) -> TooSlow:
        return TooSlow(f"after {spent:.1f} s only {self._got} bytes had come")

    def fileno(self) -> int:
        """For whoever waits on it."""
        number: int = self._raw.fileno()
        return number

    def close(self) -> None:
        """Give the socket back."""
        if not self.closed:
            self._raw.close()
        super().close()


class Response(http.client.HTTPResponse):
    """An answer that is read through `Watched`, from its first byte."""

    def __init__(self, clock: Callable[[], float], sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._watched = Watched(self.fp.detach(), sock, clock)
        self.fp = io.BufferedReader(self._watched)

    def begin(self) -> None:
        """Read the headers."""
        super().begin()
        self._watched.in_headers = False


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What a pool is made for. `met` is told each address that is connected to, before anything is sent; it may raise `Near`."""

    url: str
    context: ssl.SSLContext | None
    environ: Mapping[str, str]
    clock: Callable[[], float]
    met: Callable[[str], None]


def manager_for(wanted: Wanted) -> Any:
    """A pool of connections to the host of the URL, by the environment's proxy unless the host is this machine."""
    if URLLIB3_MISSING:
        raise MissingLibrary("urllib3", "talk to an image registry", URLLIB3_MISSING)
    settings: dict[str, Any] = {
        "maxsize": CONNECTIONS,
        "retries": False,
        "blocksize": _SENT_AT_ONCE,
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
    }
    if wanted.context:
        settings["ssl_context"] = wanted.context
    proxy = "" if is_loopback(wanted.url) else proxy_of(wanted.url, wanted.environ)
    if proxy:
        bare, login = proxy_and_login(proxy)
        manager: Any = urllib3.ProxyManager(bare, proxy_headers=login, **settings)
    else:
        manager = urllib3.PoolManager(**settings)
    # By a proxy the address is the proxy's own: where the name leads is for the proxy to judge.
    met = _nobody if proxy else wanted.met
    manager.pool_classes_by_scheme = {scheme: _pool_class(scheme == "https", wanted.clock, met) for scheme in ("http", "https")}
    return manager


def _nobody(_address: str) -> None:
    return None


def _pool_class(tls: bool, clock: Callable[[], float], met: Callable[[str], None]) -> type:
    plain, secure = urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection
    pool = urllib3.connectionpool.HTTPSConnectionPool if tls else urllib3.connectionpool.HTTPConnectionPool

    class Watching(secure if tls else plain):  # type: ignore[misc]  # one of two classes, chosen at run time
        response_class = staticmethod(functools.partial(Response, clock))

        def _new_conn(self) -> Any:
            sock = super()._new_conn()
            try:
                met(str(sock.getpeername()[0]))
            except Near:
                sock.close()
                raise
            return sock

    return type("WatchingPool", (pool,), {"ConnectionCls": Watching})


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The machine's trust, and `ca_file` beside it; nothing is ever reached unverified."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            why = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
            raise Invalid(f"registry.ca_file: {ca_file} cannot be used", why, "Name a file of certificates in PEM.") from None
    return context
