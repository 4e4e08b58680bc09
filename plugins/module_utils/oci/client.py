# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repositories of registries over HTTP (OCI distribution specification 1.1), safe to share between threads.

    registries = Registries(profile.registry, logins, Settings(environ=request.environ))
    repository = registries.repository(parse("where2eat:1.0", profile.registry.address))
    repository.manifest("1.0")

No request is made that is not needed: a registry is not pinged, its challenge comes with the first answer, and a token is kept
for its scope as long as the client lives.
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import urllib.parse
from collections.abc import Mapping
from typing import Final

from ..errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable
from ..profile import Registry
from . import strict_json
from .auth import Login, Logins, challenge_of, token_in, token_url
from .descriptors import DIGEST, descriptor_from
from .model import BLOB_LIMIT, MANIFEST_LIMIT, REFERRERS_LIMIT, Descriptor, Manifest
from .reference import Reference
from .transport import Answer, Settings, Transport, shown

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
MEDIA_TYPES: Final = (
    MANIFEST,
    INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_NO_API: Final = frozenset({404, 405, 501})
_TOKEN_LIMIT: Final = 256 * 1024
_PAGES: Final = 10


class Registries:
    """The registries that a run talks to, each with one pool of connections and one login."""

    def __init__(self, ours: Registry, logins: Logins, settings: Settings) -> None:
        self._ours, self._logins = ours, logins
        self._transport = Transport(dataclasses.replace(settings, ca_file=ours.ca_file or settings.ca_file))
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}

    def repository(self, reference: Reference) -> RemoteRepository:
        """The repository of an image. In clear only the profile's own registry is reached, and only if the profile says so."""
        name = reference.api_host
        with self._lock:
            if name not in self._hosts:
                clear = self._ours.plain_http and self._ours.address.partition("/")[0] == reference.registry
                self._hosts[name] = Host(f"{'http' if clear else 'https'}://{name}", name, self._logins, self._transport)
            host = self._hosts[name]
        return RemoteRepository(host, reference.path, reference.repository)


class Host:
    """One registry: requests with its login."""

    def __init__(self, address: str, name: str, logins: Logins, transport: Transport) -> None:
        self.address, self._name, self._logins, self._transport = address, name, logins, transport
        self._lock = threading.Lock()
        self._headers: dict[str, str] = {}
        self._login: tuple[Login | None] | None = None

    def ask(
        self, method: str, path: str, scope: str, headers: Mapping[str, str], limit: int, body: bytes | None = None
    ) -> Answer:
        """A request to this registry; `path` may be an absolute address, which is not given the login elsewhere."""
        url = urllib.parse.urljoin(self.address, path)
        ours = url.startswith(self.address + "/")
        sent = self._headers.get(scope, "") if ours else ""
        answer = self._transport.ask(method, url, headers, limit, body, sent)
        if answer.status == 401 and ours:
            login = self._logged_in(scope, sent, answer)
            if login:
                answer = self._transport.ask(method, url, headers, limit, body, login)
        return answer

    def _logged_in(self, scope: str, failed: str, answer: Answer) -> str:
        """The Authorization header that the challenge asks for; '' if there is nothing (new) to offer."""
        with self._lock:
            known = self._headers.get(scope, "")
            if known and known != failed:
                return known  # another thread was asked the same a moment ago
            challenge = challenge_of(answer.headers.get("www-authenticate", ""))
            if self._login is None:
                self._login = (self._logins.login(self._name),)
            login = self._login[0]
            if challenge.scheme == "basic":
                header = login.basic if login else ""
            elif challenge.scheme == "bearer":
                header = f"Bearer {self._token(token_url(challenge, scope, self.address), login)}"
            else:
                raise Unreachable(f"Log in to {self.address}", f"it asks for {challenge.scheme!r}, which is not known here")
            if header == failed:
                return ""
            self._headers[scope] = header
            return header

    def _token(self, url: str, login: Login | None) -> str:
        if login and login.token:
            # distribution's OAuth 2 form: the identity token is a refresh token.
            parts = urllib.parse.urlsplit(url)
            fields = {**dict(urllib.parse.parse_qsl(parts.query)), "grant_type": "refresh_token", "refresh_token": login.token}
            form = urllib.parse.urlencode({**fields, "client_id": "goldenpath.microapps"}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._transport.ask("POST", url.partition("?")[0], headers, _TOKEN_LIMIT, form)
        else:
            answer = self._transport.ask("GET", url, {}, _TOKEN_LIMIT, login=login.basic if login else "")
        if answer.status in (401, 403):
            raise Denied(
                f"Log in to {self.address}", "its token server refuses the login", "Log in with docker login, or mend it."
            )
        if answer.status != 200:
            raise Unreachable(f"Log in to {self.address}", f"{shown(url)} answers {answer.status}", "Run again when it is well.")
        return self._logins.secrets.register(token_in(answer.body, self.address))


@dataclasses.dataclass(frozen=True)
class RemoteRepository:
    """See `Repository`."""

    host: Host = dataclasses.field(repr=False)
    path: str
    name: str

    def manifest(self, reference: str) -> Manifest | None:
        """See `Repository`."""
        answer = self._get(
            f"manifests/{urllib.parse.quote(reference, safe=':')}", MANIFEST_LIMIT, {"Accept": ", ".join(MEDIA_TYPES)}
        )
        if answer is None:
            return None
        digest = reference if DIGEST.fullmatch(reference) else answer.headers.get("docker-content-digest", "")
        what = f"{self.name}{'@' if DIGEST.fullmatch(reference) else ':'}{reference}"
        if digest and (not DIGEST.fullmatch(digest) or digest_of(answer.body, digest.partition(":")[0]) != digest):
            raise Conflict(f"The manifest {what} is not what its digest says", "the registry served other bytes")
        return manifest_from(answer.body, answer.headers.get("content-type", ""), what, reference)

    def blob(self, descriptor: Descriptor, limit: int = BLOB_LIMIT) -> bytes:
        """See `Repository`."""
        what = f"The blob {descriptor.digest} of {self.name}"
        if descriptor.size > limit:
            raise Conflict(f"{what} is too large", f"{descriptor.size} bytes, at most {limit} are read")
        answer = self._get(f"blobs/{descriptor.digest}", descriptor.size, {})
        if answer is None:
            raise Conflict(f"{what} is not there", "its manifest is")
        return checked(answer.body, descriptor, what)

    def referrers(self, digest: str, limit: int = REFERRERS_LIMIT) -> tuple[Descriptor, ...]:
        """See `Repository`. The fallback tag is looked at in any case: a registry that learned the API keeps what was there
        before, and some answer the API with an empty list and keep everything under the tag."""
        found: dict[str, Descriptor] = {}
        for descriptor in (*self._listed(digest, limit), *self._under_tag(digest, limit)):
            found.setdefault(descriptor.digest, descriptor)
        return _capped(tuple(found.values()), limit, self.name)

    def _listed(self, digest: str, limit: int) -> tuple[Descriptor, ...]:
        path, found = f"referrers/{digest}", list[Descriptor]()
        for _page in range(_PAGES):
            answer = self._get(path, MANIFEST_LIMIT, {"Accept": INDEX}, _NO_API)
            if answer is None or not answer.headers.get("content-type", INDEX).startswith(INDEX):
                return tuple(found)  # a registry that does not know the API may answer with a page of its own
            found += _entries(answer.body, f"The referrers of {self.name}@{digest}")
            following = _next_page(answer.headers.get("link", ""))
            if not following:
                return tuple(found)
            _capped(tuple(found), limit, self.name)
            path = following
        raise _flooded(self.name, limit)

    def _under_tag(self, digest: str, limit: int) -> tuple[Descriptor, ...]:
        index = self.manifest(digest.replace(":", "-"))
        if index is None or index.media_type != INDEX:
            return ()
        return _capped(_entries(index.body, f"The fallback tag of {self.name}@{digest}"), limit, self.name)

    def _get(self, path: str, limit: int, headers: Mapping[str, str], absent: frozenset[int] = frozenset({404})) -> Answer | None:
        whole = path if path.startswith("/v2/") else f"/v2/{self.path}/{path}"
        answer = self.host.ask("GET", whole, f"repository:{self.path}:pull", headers, limit)
        if answer.status in absent:
            return None
        if answer.status != 200:
            raise refused(answer.status, f"Read {path.partition('?')[0]} of {self.name}")
        return answer


def refused(status: int, what: str) -> MicroappsError:
    """A registry's answer as an error of ours. None of them says that something is not there."""
    if status in (401, 403):
        return Denied(what, f"the registry answers {status}", "Log in with docker login, or ask for the right to pull.")
    if status == 404:
        return NotFound(what, "the registry does not have it")
    if status == 429 or status >= 500:
        return Unreachable(what, f"the registry answers {status}", "Run again when it is well.")
    return Invalid(what, f"the registry answers {status}")


def digest_of(body: bytes, algorithm: str = "sha256") -> str:
    """The digest as OCI writes it."""
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def checked(body: bytes, descriptor: Descriptor, what: str) -> bytes:
    """The bytes, if they are those that the descriptor means."""
    if len(body) != descriptor.size:
        raise Conflict(f"{what} is not what its descriptor says", f"{len(body)} bytes instead of {descriptor.size}")
    if digest_of(body, descriptor.digest.partition(":")[0]) != descriptor.digest:
        raise Conflict(f"{what} is not what its digest says", "the registry served other bytes")
    return body


def manifest_from(body: bytes, content_type: str, what: str, reference: str = "") -> Manifest:
    """A manifest from its bytes. What it calls itself goes before what the registry calls it: only that is hashed."""
    try:
        data = strict_json.parse_object(body, f"The manifest {what}")
    except Invalid as error:
        raise Conflict(error.what, error.why) from None
    named = data.get("mediaType")
    media_type = named if isinstance(named, str) else content_type.partition(";")[0].strip()
    algorithm = reference.partition(":")[0] if DIGEST.fullmatch(reference) else "sha256"
    return Manifest(digest_of(body, algorithm), media_type, body, data)


def _entries(body: bytes, what: str) -> tuple[Descriptor, ...]:
    try:
        listed = strict_json.parse_object(body, what).get("manifests")
        if not isinstance(listed, list):
            raise Invalid(f"{what} is no index", "it has no manifests")
        if len(listed) > 10 * REFERRERS_LIMIT:
            raise _flooded(what, REFERRERS_LIMIT)
        return tuple(descriptor_from(entry, f"An entry of {what[0].lower()}{what[1:]}") for entry in listed)
    except Invalid as error:
        raise Conflict(error.what, error.why) from None


def _capped(found: tuple[Descriptor, ...], limit: int, name: str) -> tuple[Descriptor, ...]:
    if len(found) > limit:
        raise _flooded(name, limit)
    return found


def _flooded(name: str, limit: int) -> Conflict:
    return Conflict(
        f"Too much is attached to an image of {name}", f"more than {limit} artefacts name it", "Remove what nobody needs there."
    )


def _next_page(link: str) -> str:
    """The path of the next page (RFC 8288), on this registry only."""
    target, _semicolon, rest = link.partition(";")
    if 'rel="next"' not in rest and "rel=next" not in rest:
        return ""
    parts = urllib.parse.urlsplit(target.strip().removeprefix("<").removesuffix(">"))
    return f"{parts.path}?{parts.query}" if parts.path.startswith("/v2/") else ""
