# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTTP to a registry that may be slow, huge or hostile: bounded in time and bytes, and no login follows a redirect.

Connections are pooled and shared by the threads of one verification; a pool is made after Ansible's fork.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import re
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..errors import Conflict, Denied, MissingLibrary, Unreachable
from ..network import is_near
from .connection import URLLIB3_MISSING, Near, TooSlow, Wanted, manager_for, tls_context

if not URLLIB3_MISSING:
    import urllib3

# All tries and redirects of one question together; what has been begun may still go on for BODY_SECONDS.
WHOLE_SECONDS: Final = 60.0
_PIECE: Final = 64 * 1024
_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_PAUSES: Final = (0.2, 0.6)
_LONGEST_PAUSE: Final = 2.0
_USER_AGENT: Final = "goldenpath.microapps"
# What OpenSSL says of a certificate: its own words, without anything that was sent.
_DISTRUSTED: Final = re.compile(r"certificate verify failed: (?P<why>[^\n]*?) \(_ssl\.c")


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read whole. `headers` have lower-case names; `url` is who gave it, after all redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


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
        self._pools: dict[tuple[str, bool], Any] = {}
        self._near: set[str] = set()
        self._tls: ssl.SSLContext | None = None

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        limit: int,
        body: bytes | None = None,
        login: str = "",
        origin: str = "",
    ) -> Answer:
        """One request, redirected and repeated where that is safe. `login` is the Authorization header, for this host only.

        `origin` is the registry that named the address, if it is not the user's own word: such an address is not followed to
        this machine, nor to another one, for whoever answers there was not meant to be asked.
        """
        question = _Question(method, limit, body, origin or url, self._settings.clock() + WHOLE_SECONDS)
        own = place_of(url)
        for _hop in range(_REDIRECTS + 1):
            mine = {"Authorization": login} if login and place_of(url) == own else {}
            answer = self._repeated(question, url, {**headers, **mine, "User-Agent": _USER_AGENT})
            if origin or answer.status not in _MOVED or method not in ("GET", "HEAD"):
                return answer
            url = redirected(url, answer.headers.get("location", ""), question.origin)
        raise Conflict(f"{method} {shown(url)}", f"it was redirected more than {_REDIRECTS} times")

    def _repeated(self, question: _Question, url: str, headers: Mapping[str, str]) -> Answer:
        method = question.method
        for pause in (*_PAUSES, None):
            last = pause is None or self._settings.clock() > question.until
            try:
                answer = self._once(question, url, headers)
            except (urllib3.exceptions.HTTPError, OSError) as problem:
                if last or not _may_repeat(method, problem):
                    raise Unreachable(
                        f"{method} {shown(url)}", _why(url, problem), "Is the registry up, and the network?"
                    ) from None
            else:
                if last or answer.status not in _BUSY or method not in ("GET", "HEAD"):
                    return answer
                asked = answer.headers.get("retry-after", "")
                pause = float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else pause
                if pause is None or pause > _LONGEST_PAUSE:
                    return answer
            self._settings.pause(pause or 0.0)
        raise AssertionError("the last try returns or raises")

    def _once(self, question: _Question, url: str, headers: Mapping[str, str]) -> Answer:
        method, body = question.method, question.body
        # As a stream content is sent piece by piece: each has its time, where all at once would have to fit in it.
        content = None if body is None else io.BytesIO(body)
        sized = headers if body is None else {**headers, "Content-Length": str(len(body))}
        response: Any = None
        whole = False
        try:
            response = self._pool(url, question.origin).request(
                method, url, body=content, headers=dict(sized), redirect=False, preload_content=False, decode_content=False
            )
            names = {str(name).lower(): str(value) for name, value in response.headers.items()}
            data = b"" if method == "HEAD" else b"".join(_pieces(response, names, question.limit, url))
            whole = True
            return Answer(int(response.status), names, data, url)
        except TooSlow as problem:
            raise Unreachable(f"Read {shown(url)}", str(problem), "Is the line broken?") from None
        except Near as problem:
            raise _not_inside(question.origin, url, str(problem)) from None
        finally:
            # A connection whose answer was not read to its end cannot be used again.
            if whole:
                response.release_conn()
            elif response is not None:
                response.close()

    def _pool(self, url: str, origin: str) -> Any:
        place = place_of(url)
        # What a registry on this machine names may be on this machine as well.
        own = place_of(origin) in (place, *self._near) or is_near(urllib.parse.urlsplit(origin).hostname or "")
        with self._lock:
            if (place, own) not in self._pools:
                if url.startswith("https:"):
                    self._tls = self._tls or tls_context(self._settings.ca_file)
                context = self._tls if url.startswith("https:") else None
                met = functools.partial(self._met, place, own)
                self._pools[place, own] = manager_for(Wanted(url, context, self._settings.environ, self._settings.clock, met))
            return self._pools[place, own]

    def _met(self, place: str, own: bool, address: str) -> None:
        """Judged by the address that is really connected to: a name may lead anywhere, and elsewhere the next time."""
        if is_near(address):
            if not own:
                raise Near(address)
            self._near.add(place)


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    """What all tries and hops of one request have in common."""

    method: str
    limit: int
    body: bytes | None
    origin: str
    until: float


def _pieces(response: Any, headers: Mapping[str, str], limit: int, url: str) -> Iterator[bytes]:
    said = headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:19]) > limit:
        raise _too_large(url, f"it says that it has {said[:19]} bytes", limit)
    got = 0
    while piece := response.read1(_PIECE):
        got += len(piece)
        if got > limit:
            raise _too_large(url, "it goes on and on", limit)
        yield piece


def place_of(url: str) -> str:
    """Scheme, host and port: who a login belongs to."""
    parts = urllib.parse.urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or default}"


def redirected(url: str, location: str, origin: str = "") -> str:
    """Where an answer sends us, if that may be followed: not into the clear, and not from elsewhere to this machine."""
    try:
        target = urllib.parse.urljoin(url, location)
        parts = urllib.parse.urlsplit(target)
        place = place_of(target)
    except ValueError:
        raise Conflict(f"{shown(url)} redirects to {location!r:.80}", "that is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not location:
        raise Conflict(f"{shown(url)} redirects to an address that cannot be followed", "it is none, or holds a login")
    if url.startswith("https:") and parts.scheme != "https":
        raise Denied(f"{shown(url)} redirects to {place}", "that would be in clear", "Mend the registry's storage settings.")
    not_near(origin or url, target)
    return target


def not_near(origin: str, target: str) -> None:
    """Refuse an address for this machine alone, where the registry that gives it is not on it. Names are judged when met."""
    if is_near(urllib.parse.urlsplit(target).hostname or "") and not is_near(urllib.parse.urlsplit(origin).hostname or ""):
        raise _not_inside(origin, target, "")


def _not_inside(origin: str, target: str, address: str) -> Denied:
    leads = f"{place_of(target)}{f' ({address})' if address else ''}"
    return Denied(f"{place_of(origin)} sends us to {leads}", "that is this machine or its metadata service")


def shown(url: str) -> str:
    """An address without what may be secret in it: signed links carry their signature in the query."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _too_large(url: str, why: str, limit: int) -> Conflict:
    return Conflict(f"{shown(url)} is too large", f"{why}, and at most {limit} are read")


def _may_repeat(method: str, problem: Exception) -> bool:
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return False
    if isinstance(problem, urllib3.exceptions.NewConnectionError):
        return True  # nothing was sent yet
    # Whoever did not answer in time had its time; a broken connection says nothing about the next one.
    return method in ("GET", "HEAD") and not isinstance(problem, (urllib3.exceptions.TimeoutError, TimeoutError))


def _why(url: str, problem: Exception) -> str:
    """One line of our own: a library's message may quote what was sent."""
    text, kind = str(problem), type(problem).__name__
    if isinstance(problem, urllib3.exceptions.ProxyError):
        return "the proxy of the environment does not lead there"
    if found := _DISTRUSTED.search(text):
        return f"its certificate is not trusted: {found['why'].lower()} (registry.ca_file names a private authority)"
    if "WRONG_VERSION_NUMBER" in text or "SSL" in kind:
        return "it does not speak TLS; a registry in clear needs plain_http: true"
    if "NameResolution" in kind or "getaddrinfo" in text:
        return "its name is not known"
    if "refused" in text:
        return "nobody answers there"
    return "it did not answer in time" if "Timeout" in kind or "timed out" in text else f"the connection broke ({kind})"
