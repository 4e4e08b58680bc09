# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repositories of registries over HTTP (OCI distribution specification 1.1), safe to share between threads.

    registries = open_registries(profile.registry, profile.aws, request.environ, request.secrets)
    repository = registries.repository(parse("where2eat:1.0", profile.registry.address))
    repository.manifest("1.0")

No request is made that is not needed: a registry is not pinged, its challenge comes with the first answer, and a token is kept
for its scope as long as the client lives.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import threading
import urllib.parse
from collections.abc import Mapping
from typing import Final

from ..aws.session import session_for
from ..errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable
from ..profile import Aws, Registry
from ..scrubber import Secrets
from . import strict_json
from .auth import Challenge, Logins, challenge_of, token_in, token_url
from .descriptors import DIGEST, descriptor_from
from .docker_config import Login
from .model import BLOB_LIMIT, MANIFEST_LIMIT, REFERRERS_LIMIT, Descriptor, Manifest
from .reference import TAG, Reference
from .transport import Answer, Settings, Transport, place_of, redirected, shown

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
MEDIA_TYPES: Final = (
    MANIFEST,
    INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
# How registries answer that do not know the referrers API.
_NO_API: Final = frozenset({400, 404, 405, 406, 501})
# These say that the repository or image is not there, and nothing about the API (distribution specification, error codes).
_OF_THE_IMAGE: Final = (b"NAME_UNKNOWN", b"NAME_INVALID", b"MANIFEST_UNKNOWN")
_TOKEN_LIMIT: Final = 256 * 1024
_PAGES: Final = 10
_ENTRIES: Final = 10 * REFERRERS_LIMIT
_LINK: Final = re.compile(r"<([^<>]*)>([^<]*)")
_IS_NEXT: Final = re.compile(r';\s*rel\s*=\s*("([^"]*\s)?next(\s[^"]*)?"|next\b)', re.IGNORECASE)


def open_registries(ours: Registry, aws: Aws | None, environ: Mapping[str, str], secrets: Secrets) -> Registries:
    """The registries as a profile's blocks reach them. Nothing is asked yet, and AWS only when a host of ECR wants a login."""
    logins = Logins(environ, secrets, (lambda: session_for(aws, environ)) if aws else None)
    return Registries(ours, logins, Settings(environ=environ))


class Registries:
    """The registries that a run talks to, each with one pool of connections and one login."""

    def __init__(self, ours: Registry, logins: Logins, settings: Settings) -> None:
        self._ours, self._logins = ours, logins
        self._transport = Transport(dataclasses.replace(settings, ca_file=_expanded(ours.ca_file, settings.environ)))
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}

    def repository(self, reference: Reference) -> RemoteRepository:
        """The repository of an image. In clear only the profile's own registry is reached, and only if the profile says so."""
        return RemoteRepository(self._host(reference.registry, reference.api_host), reference.path, reference.repository)

    def knock(self) -> None:
        """Ask the profile's own registry whether it is one and takes the login; raises Denied and Unreachable."""
        name = self._ours.address.partition("/")[0]
        what = f"Use the registry {self._ours.address}"
        answer = self._host(name, Reference(name, "").api_host).ask("GET", "/v2/", "", {}, _TOKEN_LIMIT)
        if answer.status in (401, 403):
            raise refused(answer, what)
        if answer.status != 200:
            raise Unreachable(what, f"it answers {answer.status} to GET /v2/", "Is that the address of a registry?")

    def _host(self, registry: str, name: str) -> Host:
        with self._lock:
            if name not in self._hosts:
                clear = self._ours.plain_http and self._ours.address.partition("/")[0] == registry
                self._hosts[name] = Host(f"{'http' if clear else 'https'}://{name}", name, self._logins, self._transport)
            return self._hosts[name]


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    """A path of the profile's: `~` is the home folder that the environment names."""
    return os.path.join(environ.get("HOME", "~"), path[2:]) if path.startswith("~/") else path


class Host:
    """One registry: requests with its login.

    What it asked for once (a password, or tokens of some realm) is brought along from then on: for each further scope that is
    one request less.
    """

    def __init__(self, address: str, name: str, logins: Logins, transport: Transport) -> None:
        self.address, self._name, self._logins, self._transport = address, name, logins, transport
        self.without_referrers = False
        self.writing = threading.Lock()
        self._lock = threading.Lock()
        self._scopes: dict[str, threading.Lock] = {}
        self._headers: dict[str, str] = {}
        self._challenge: Challenge | None = None
        self._login: tuple[Login | None] | None = None

    def ask(
        self, method: str, path: str, scope: str, headers: Mapping[str, str], limit: int, body: bytes | None = None
    ) -> Answer:
        """A request to this registry; `path` may be an absolute address, which is not given the login elsewhere."""
        url, own = redirected(self.address + "/", path), place_of(self.address)
        if place_of(url) != own:
            return self._transport.ask(method, url, headers, limit, body, origin=self.address)
        sent = self._headers.get(scope, "")
        if not sent and self._challenge:
            sent = self._logged_in(scope, "", self._challenge)
        answer = self._transport.ask(method, url, headers, limit, body, sent)
        # A challenge of somebody whom a redirect led to is his: answered with our login it would be his as well.
        if answer.status == 401 and place_of(answer.url) == own:
            login = self._logged_in(scope, sent, challenge_of(answer.headers.get("www-authenticate", "")))
            if login:
                answer = self._transport.ask(method, url, headers, limit, body, login)
        return answer

    def _logged_in(self, scope: str, failed: str, challenge: Challenge) -> str:
        """The Authorization header that the challenge asks for; '' if there is nothing (new) to offer."""
        with self._lock:
            waiting = self._scopes.setdefault(scope, threading.Lock())
        with waiting:
            known = self._headers.get(scope, "")
            if known and known != failed:
                return known  # another thread was asked the same a moment ago
            header = self._header(scope, challenge)
            if not header or header == failed:
                return ""
            self._headers[scope], self._challenge = header, challenge
            return header

    def _header(self, scope: str, challenge: Challenge) -> str:
        with self._lock:
            if self._login is None:
                self._login = (self._logins.login(self._name),)
            (login,) = self._login
        if challenge.scheme == "basic":
            return login.basic if login else ""
        if challenge.scheme == "bearer":
            return f"Bearer {self._token(token_url(challenge, scope, self.address), login)}"
        if not challenge.scheme:
            return ""  # it refuses and does not say what it wants
        raise Unreachable(f"Log in to {self.address}", f"it asks for {challenge.scheme!r}, which is not known here")

    def _token(self, url: str, login: Login | None) -> str:
        if login and login.token:
            # distribution's OAuth 2 form: the identity token is a refresh token.
            parts = urllib.parse.urlsplit(url)
            fields = {**dict(urllib.parse.parse_qsl(parts.query)), "grant_type": "refresh_token", "refresh_token": login.token}
            form = urllib.parse.urlencode({**fields, "client_id": "goldenpath.microapps"}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._transport.ask("POST", url.partition("?")[0], headers, _TOKEN_LIMIT, form, origin=self.address)
        else:
            answer = self._transport.ask("GET", url, {}, _TOKEN_LIMIT, login=login.basic if login else "", origin=self.address)
        if answer.status in (401, 403):
            why = "its token server refuses the login" if login else "its token server gives nothing to those without a login"
            raise Denied(f"Log in to {self.address}", why, "Log in with docker login, or ask for the right.")
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
        by_digest = DIGEST.fullmatch(reference)
        if not by_digest and not TAG.fullmatch(reference):
            raise Invalid(f"{reference!r:.100} is neither a tag nor a digest")
        answer = self._get(f"manifests/{reference}", MANIFEST_LIMIT, ", ".join(MEDIA_TYPES))
        if answer.status != 200:
            return None
        what = f"{self.name}{'@' if by_digest else ':'}{reference}"
        digest = reference if by_digest else answer.headers.get("docker-content-digest", "")
        if digest and (not DIGEST.fullmatch(digest) or digest_of(answer.body, digest.partition(":")[0]) != digest):
            raise Conflict(f"The manifest {what} is not what its digest says", "the registry served other bytes")
        return manifest_from(answer.body, answer.headers.get("content-type", ""), what, reference)

    def blob(self, descriptor: Descriptor, limit: int = BLOB_LIMIT) -> bytes:
        """See `Repository`."""
        what = f"The blob {descriptor.digest} of {self.name}"
        if descriptor.size > limit:
            raise Conflict(f"{what} is too large", f"{descriptor.size} bytes, at most {limit} are read")
        answer = self._get(f"blobs/{descriptor.digest}", descriptor.size, "*/*")
        if answer.status != 200:
            raise Conflict(f"{what} is not there", "its manifest is")
        return checked(answer.body, descriptor, what)

    def referrers(self, digest: str, limit: int = REFERRERS_LIMIT) -> tuple[Descriptor, ...]:
        """See `Repository`. The fallback tag is looked at in any case: a registry that learned the API keeps what was there
        before, and some answer the API with an empty list and keep everything under the tag."""
        found: dict[str, Descriptor] = {}
        for descriptor in (*self._listed(digest, limit), *self._under_tag(digest, limit)):
            found.setdefault(descriptor.digest, descriptor)
        return _capped(tuple(found.values()), limit, self.name)

    def lists(self, digest: str, referrer: str) -> bool:
        """Whether the referrers API, where there is one, tells this referrer by itself."""
        return any(one.digest == referrer for one in self._listed(digest, _ENTRIES))

    def unlisted(self, digest: str, limit: int = REFERRERS_LIMIT) -> frozenset[str]:
        """What only the fallback tag lists although there is a referrers API: other clients do not look there then."""
        listed = {descriptor.digest for descriptor in self._listed(digest, limit)}
        if self.host.without_referrers:
            return frozenset()
        return frozenset(descriptor.digest for descriptor in self._under_tag(digest, limit)) - listed

    def _listed(self, digest: str, limit: int) -> tuple[Descriptor, ...]:
        if self.host.without_referrers:
            return ()
        path, found = f"/v2/{self.path}/referrers/{digest}", list[Descriptor]()
        for page in range(_PAGES):
            answer = self._get(path, MANIFEST_LIMIT, INDEX, _NO_API if page == 0 else frozenset())
            if answer.status != 200 or not answer.headers.get("content-type", INDEX).startswith(INDEX):
                # Asked once, not for every image; but an image that is missing says nothing about the registry.
                self.host.without_referrers = not any(code in answer.body for code in _OF_THE_IMAGE)
                return ()
            found += entries(answer.body, f"The referrers of {self.name}@{digest}")
            _capped(tuple(found), limit, self.name)
            path = _next_page(answer.headers.get("link", ""), self.host.address + path)
            if not path:
                return tuple(found)
        raise _flooded(self.name, limit)

    def _under_tag(self, digest: str, limit: int) -> tuple[Descriptor, ...]:
        index = self.manifest(digest.replace(":", "-"))
        if index is None or index.media_type != INDEX:
            return ()
        return _capped(entries(index.body, f"The fallback tag of {self.name}@{digest}"), limit, self.name)

    def _get(self, path: str, limit: int, accept: str, absent: frozenset[int] = frozenset({404})) -> Answer:
        """An answer with status 200, or one of `absent`; all others are errors."""
        whole = path if path.startswith("/v2/") else f"/v2/{self.path}/{path}"
        answer = self.host.ask("GET", whole, f"repository:{self.path}:pull", {"Accept": accept}, limit)
        if answer.status != 200 and answer.status not in absent:
            raise refused(answer, f"Read {path.partition('?')[0]} of {self.name}")
        return answer


def refused(answer: Answer, what: str) -> MicroappsError:
    """A registry's answer as an error of ours. None of them says that something is not there."""
    status, why = answer.status, f"the registry answers {answer.status}{_said(answer.body)}"
    if status in (401, 403):
        return Denied(what, why, "Log in with docker login, or ask for the right to do this.")
    if status == 404:
        return NotFound(what, why)
    if status == 429 or status >= 500:
        return Unreachable(what, why, "Run again when it is well.")
    return Conflict(what, why) if status == 409 or "IMMUTABLE" in why.upper() else Invalid(what, why)


def _said(body: bytes) -> str:
    """The first error of a registry's answer (distribution specification, error codes), as printable text of bounded length."""
    try:
        first = json.loads(body)["errors"][0]
        text = f"{first.get('code', '')} {first.get('message', '')}".strip()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    return f" ({''.join(letter if letter.isprintable() else ' ' for letter in text[:200])})" if text else ""


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
    """A manifest from its bytes. What it calls itself is hashed, so a registry that calls it otherwise is refused.

    So is one that can be read as an image and as an index: who verifies it and who runs it could see two different things
    (CVE-2021-41190).
    """
    try:
        data = strict_json.parse_object(body, f"The manifest {what}")
    except Invalid as error:
        raise Conflict(error.what, error.why) from None
    said, named = content_type.partition(";")[0].strip(), data.get("mediaType", "")
    if not isinstance(named, str) or (named and said in MEDIA_TYPES and named != said):
        raise Conflict(f"The manifest {what} has two media types", f"{named!r:.80} within and {said!r:.80} outside")
    if "manifests" in data and ("layers" in data or "config" in data):
        raise Conflict(f"The manifest {what} has two meanings", "it is an image and an index at once")
    algorithm = reference.partition(":")[0] if DIGEST.fullmatch(reference) else "sha256"
    return Manifest(digest_of(body, algorithm), named or said, body, data)


def entries(body: bytes, what: str) -> tuple[Descriptor, ...]:
    """What an index lists; more than anybody would read is a `Conflict`, and so is an index that is none."""
    try:
        listed = strict_json.parse_object(body, what).get("manifests")
        if not isinstance(listed, list):
            raise Invalid(f"{what} are no index", "there are no manifests in it")
        if len(listed) > _ENTRIES:
            raise _flooded(what, _ENTRIES)
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


def _next_page(link: str, here: str) -> str:
    """The path of the next page (RFC 8288) on this registry, '' if this is the last. One elsewhere is refused: without it the
    list would look whole."""
    for target, parameters in _LINK.findall(link[:8000]):
        if not _IS_NEXT.search(parameters):
            continue
        try:
            url = urllib.parse.urljoin(here, target)
            parts = urllib.parse.urlsplit(url)
            if place_of(url) == place_of(here) and parts.path.startswith("/v2/"):
                return f"{parts.path}?{parts.query}"
        except ValueError:
            pass
        raise Conflict(f"The list at {shown(here)} goes on elsewhere", f"at {target!r:.100}, where it was not followed")
    return ""
