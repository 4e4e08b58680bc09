# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Kubernetes client: our own REST paths over one pool of connections, shared by a few threads.

No dynamic client and no discovery of everything: the kinds we use are known. A client is made after Ansible's fork, in the
worker that uses it.
"""

from __future__ import annotations

import concurrent.futures
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from ..errors import Conflict, Denied, MissingLibrary, NotFound, Unreachable
from ..network import is_loopback, proxy_and_login, proxy_of
from ..profile import Cluster
from ..scrubber import Secrets
from .answers import Call, error_of
from .kinds import BY_GROUP_KIND, BY_NAME, PROVIDERS, Kind
from .kubeconfig import Access, access_of
from .login import Outside
from .tls import context_of

try:
    import urllib3

    URLLIB3_MISSING: ImportError | None = None
except ImportError as error:
    URLLIB3_MISSING = error

MANAGER: Final = "goldenpath.microapps"
# More threads than this only wait for each other: one app's objects are a dozen.
THREADS: Final = 6
_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 30.0
# Waits before the second and later tries of a request that may be repeated.
_PAUSES: Final = (0.1, 0.3, 0.9)
_LONGEST_PAUSE: Final = 5.0
_BUSY: Final = frozenset({429, 502, 503, 504})

# Characters that JSON may hold as they are and YAML may not.
_NOT_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

Object = dict[str, Any]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Client:
    """One API server. Its methods raise our errors only; those that write take `dry_run`."""

    def __init__(self, access: Access, proxy: str, pause: Callable[[float], None] = time.sleep) -> None:
        if URLLIB3_MISSING:
            raise MissingLibrary("urllib3", "talk to a Kubernetes API server", URLLIB3_MISSING)
        self._access, self._proxy, self._pause = access, proxy, pause
        self._pool_lock, self._kinds_lock = threading.Lock(), threading.Lock()
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._context: tuple[tuple[str, str], Any] | None = None
        self._identity: str | None = None

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._access.server

    # Reading

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """One object; None if it is not there."""
        call = Call("get", kind.resource, namespace, name)
        try:
            return self._json(call, "GET", kind.path(namespace, name))
        except NotFound:
            return None

    def list_all(self, kind: Kind, namespace: str = "", labels: str = "") -> tuple[Object, ...]:
        """All objects of a kind in a namespace (or everywhere), with `labels` those that a label selector picks."""
        query = {"labelSelector": labels} if labels else {}
        answer = self._json(Call("list", kind.resource, namespace), "GET", kind.path(namespace), query)
        # Items of a list come without what stands at its head.
        return tuple({"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in answer.get("items") or ())

    def identity(self) -> str:
        """The UID of the namespace kube-system, which no two clusters share. Asked once for each client."""
        if self._identity is None:
            found = self.get(BY_GROUP_KIND["Namespace"], "", "kube-system")
            self._identity = str(found["metadata"]["uid"]) if found else ""
        return self._identity

    def kind_of(self, manifest: Mapping[str, Any]) -> Kind:
        """Where a manifest's kind lives; NotFound says what to install when the cluster does not know it."""
        return self.kind(str(manifest["apiVersion"]), str(manifest["kind"]))

    def kind(self, api_version: str, kind: str) -> Kind:
        """Like `kind_of`, by name."""
        built_in = BY_NAME.get((api_version, kind))
        if built_in:
            return built_in
        with self._kinds_lock:
            if (api_version, kind) not in self._kinds:
                self._kinds.update(self._served(api_version))
            found = self._kinds.get((api_version, kind))
        if found is None:
            provider = PROVIDERS.get(api_version.partition("/")[0], f"what brings {api_version}")
            raise NotFound(f"Find {kind} ({api_version}) in the cluster", "it does not serve this kind", f"Install {provider}.")
        return found

    def kind_in_group(self, group_kind: str) -> Kind | None:
        """The kind with this name (`ConfigMap`, `PrometheusRule.monitoring.coreos.com`), None if the cluster has none."""
        if group_kind in BY_GROUP_KIND:
            return BY_GROUP_KIND[group_kind]
        kind, _dot, group = group_kind.partition(".")
        try:
            answer = self._json(Call("get", group), "GET", f"/apis/{group}")
            return self.kind(str(answer["preferredVersion"]["groupVersion"]), kind)
        except NotFound:
            return None

    def _served(self, api_version: str) -> dict[tuple[str, str], Kind]:
        group, _slash, version = api_version.partition("/")
        try:
            answer = self._json(Call("get", api_version), "GET", f"/apis/{api_version}")
        except NotFound:
            return {}
        return {
            (api_version, entry["kind"]): Kind(group, version, entry["kind"], entry["name"], bool(entry["namespaced"]))
            for entry in answer.get("resources") or ()
            if "/" not in entry["name"]
        }

    # Writing

    def apply(self, kind: Kind, manifest: Mapping[str, Any], *, force: bool, dry_run: bool) -> Object:
        """Server-side apply as our field manager: the object as it is afterwards (dry run: as it would be)."""
        metadata = manifest["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        query = {"fieldManager": MANAGER, "force": "true" if force else "false"}
        call = Call("patch", kind.resource, namespace, name)
        return self._write(call, "PATCH", kind.path(namespace, name), query, manifest, "application/apply-patch+yaml", dry_run)

    def merge(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """JSON merge patch; null removes a field."""
        call = Call("patch", kind.resource, namespace, name)
        path = kind.path(namespace, name)
        return self._write(call, "PATCH", path, {"fieldManager": MANAGER}, patch, "application/merge-patch+json", dry_run)

    def create(self, kind: Kind, namespace: str, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """Make an object; Conflict if it is there. Never repeated by itself: the first try may have done it."""
        call = Call("create", kind.resource, namespace, str(manifest.get("metadata", {}).get("name", "")))
        return self._write(call, "POST", kind.path(namespace), {"fieldManager": MANAGER}, manifest, "application/json", dry_run)

    def replace(self, kind: Kind, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """Write a whole object; Conflict if it changed since its `resourceVersion`."""
        metadata = manifest["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        call = Call("update", kind.resource, namespace, name)
        query = {"fieldManager": MANAGER}
        return self._write(call, "PUT", kind.path(namespace, name), query, manifest, "application/json", dry_run)

    def delete(self, kind: Kind, namespace: str, name: str, *, uid: str = "", dry_run: bool = False) -> bool:
        """Delete an object (with `uid`: only this very one); False if it was not there."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        call = Call("delete", kind.resource, namespace, name)
        try:
            self._write(call, "DELETE", kind.path(namespace, name), {}, options, "application/json", dry_run)
        except NotFound:
            return False
        return True

    def _write(
        self, call: Call, method: str, path: str, query: Mapping[str, str], body: Any, content: str, dry_run: bool
    ) -> Object:
        # The one gate that every write passes.
        query = {**query, "dryRun": "All"} if dry_run else query
        return self._json(call, method, path, query, _encoded(body), content)

    # Asking

    def together(self, function: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """`function` of every item, a few at a time, in order; the first error ends it."""
        waiting = list(items)
        if len(waiting) < 2:
            return [function(item) for item in waiting]
        with concurrent.futures.ThreadPoolExecutor(min(THREADS, len(waiting))) as pool:
            return list(pool.map(function, waiting))

    def _json(
        self,
        call: Call,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content: str = "",
    ) -> Object:
        url = self.server + path + ("?" + urllib.parse.urlencode(query) if query else "")
        status, answer = self._asked(call, method, url, body, content)
        if status >= 400:
            raise error_of(call, status, answer, self.server)
        try:
            decoded = json.loads(answer)
        except ValueError:
            raise Unreachable(
                call.sentence(), f"{self.server} does not answer like an API server", "Is that its address?"
            ) from None
        if not isinstance(decoded, dict):
            raise Unreachable(call.sentence(), f"{self.server} does not answer like an API server", "Is that its address?")
        return decoded

    def _asked(self, call: Call, method: str, url: str, body: bytes | None, content: str) -> tuple[int, bytes]:
        renew = False
        for pause in (*_PAUSES, None):
            try:
                answer = self._sent(method, url, body, content, renew)
            except (urllib3.exceptions.HTTPError, OSError) as problem:
                if pause is None or not _may_repeat(method, problem):
                    raise Unreachable(
                        call.sentence(), why(self.server, problem), "Is the cluster up, and is the network?"
                    ) from None
                self._pause(pause)
                continue
            if answer.status == 401 and not renew:
                renew = True
                continue
            if pause is None or answer.status not in _BUSY or (method == "POST" and answer.status != 429):
                return answer.status, answer.data
            self._pause(min(float(_digits(answer.headers.get("Retry-After")) or pause), _LONGEST_PAUSE))
        raise AssertionError("the last try returns or raises")

    def _sent(self, method: str, url: str, body: bytes | None, content: str, renew: bool) -> Any:
        credential = self._access.login.credential(renew)
        headers = {"Accept": "application/json", "User-Agent": MANAGER, **credential.headers}
        if content:
            headers["Content-Type"] = content
        pool = self._pool(
            credential.certificate or self._access.certificate,
            credential.key or self._access.key,
        )
        return pool.request(method, url, body=body, headers=headers, redirect=False)

    def _pool(self, certificate: str, key: str) -> Any:
        with self._pool_lock:
            if self._context is None or self._context[0] != (certificate, key):
                self._context = ((certificate, key), self._connect(certificate, key))
            return self._context[1]

    def _connect(self, certificate: str, key: str) -> Any:
        access = self._access
        settings: dict[str, Any] = {
            "maxsize": THREADS,
            "retries": False,
            "timeout": urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        }
        if self.server.startswith("https"):
            settings["ssl_context"] = context_of(access.authority, access.verify, certificate, key)
            settings["cert_reqs"] = "CERT_REQUIRED" if access.verify else "CERT_NONE"
            if access.server_name:
                settings["server_hostname"] = settings["assert_hostname"] = access.server_name
        if self._proxy:
            bare, login = proxy_and_login(self._proxy)
            return urllib3.ProxyManager(bare, proxy_headers=login, **settings)
        return urllib3.PoolManager(**settings)


def _encoded(body: Any) -> bytes:
    """JSON that is YAML too: an apply is read by a YAML parser, which knows no surrogate pairs and refuses some characters."""
    text = json.dumps(body, ensure_ascii=False)
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text).encode("utf-8", "replace")


def _may_repeat(method: str, problem: Exception) -> bool:
    # A refused connection did nothing; a broken one may have, and only what can be done twice is done twice.
    if _distrusted(str(problem)):
        return False
    if isinstance(problem, urllib3.exceptions.ReadTimeoutError):
        return False  # whoever did not answer in time had its time, and the next role asks again
    return method != "POST" or isinstance(problem, urllib3.exceptions.NewConnectionError)


def _distrusted(text: str) -> bool:
    return any(sign in text for sign in ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "doesn't match"))


def _digits(text: str | None) -> str:
    return text if text and text.isascii() and text.isdigit() else ""


def why(server: str, problem: BaseException) -> str:
    """One line about a connection that failed; the libraries' own messages quote addresses of objects."""
    text = str(problem)
    if _distrusted(text):
        return f"{server} shows a certificate that the kubeconfig's authority did not sign for this name"
    if "SSL" in type(problem).__name__ or "SSLError" in text:
        return f"the TLS connection to {server} failed"
    if "NameResolution" in type(problem).__name__:
        return f"the name in {server} is not known"
    if "Timeout" in type(problem).__name__:
        return f"{server} did not answer in time"
    if "refused" in text:
        return f"nobody answers at {server}"
    return f"the connection to {server} broke ({type(problem).__name__})"


def connect(cluster: Cluster, environ: Mapping[str, str], secrets: Secrets | None = None) -> Client:
    """A client for the profile's cluster, whose identity was checked: right target or nothing.

    Unreachable with the profile's own words where there is no cluster; Conflict when it is another one than the profile
    names. Logins that are read are registered with `secrets`.
    """
    if not cluster.available:
        raise Unreachable("Reach the cluster", cluster.why or "the profile says that there is none", cluster.next_step)
    access = access_of(cluster, Outside(environ, (secrets or Secrets()).register))
    local = is_loopback(access.server)
    if cluster.loopback_only and (not local or access.proxy):
        raise Denied(
            f"Use the API server {access.server}",
            f"{access.source} leads to another machine, and this profile may only reach this one",
            "Start the sandbox, or remove loopback_only from the profile's cluster.",
        )
    client = Client(access, "" if local else access.proxy or proxy_of(access.server, environ))
    if cluster.identity and client.identity() != cluster.identity:
        raise Conflict(
            f"Use the cluster at {access.server}",
            f"it is not the profile's: its kube-system has the UID {client.identity() or '(none)'}, not {cluster.identity}",
            "Nothing was changed. Mend cluster.kubeconfig, cluster.context or cluster.identity.",
        )
    return client
