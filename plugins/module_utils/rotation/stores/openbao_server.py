# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An OpenBao (or HashiCorp Vault) server: who we are to it, and one call.

| `login.method` | what is shown                                           | where it is                                     |
| -------------- | ------------------------------------------------------- | ----------------------------------------------- |
| `token`        | a token                                                 | `token_file`                                    |
| `approle`      | the role's id (`login.role`) and its secret id          | `token_file`; none if the role asks for none    |
| `jwt`          | a JWT that others signed: a CI's, a cloud's             | `token_file`                                    |
| `kubernetes`   | the token of our pod's service account                  | `token_file`, or where Kubernetes puts it       |
| `aws`          | a request to AWS's STS that was signed and not sent     | whoever we are to AWS, as the block `aws` says  |

All but the first give a token for a while. It is taken when the server is opened, and again in the second half of its time,
so that a run may be longer than a token; nothing keeps it, and it ends by itself.

A cluster's standby nodes may answer reading calls with what they have heard of so far (OpenBao since 2.5). A call that must see
what we wrote says so, and a node that has not heard of it hands the call on to the active one (OpenBao 2.7, "Eventual
consistency" in its documentation); a server that does not know these headers ignores them.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from ...aws.session import session_for
from ...errors import MicroappsError
from ...profile import Aws, BaoLogin
from ...scrubber import Secrets
from ..http_json import exchange
from .shared import meaning, token_of

_POD: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"
# The server calls STS with what we signed, so it can be sent nowhere else.
_QUESTION: Final = "Action=GetCallerIdentity&Version=2011-06-15"
_OK: Final = (200, 204)


class Place(Protocol):
    """A block of the profile that has such a server."""

    @property
    def address(self) -> str:
        """Its address."""

    @property
    def namespace(self) -> str:
        """The namespace that everything is in, '' for the root's."""

    @property
    def token_file(self) -> str:
        """See the table above."""

    @property
    def login(self) -> BaoLogin:
        """See the table above."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entered:
    """A token and the seconds it is good for from when it was given; 0 if it is another's, who knows when it ends.

    `index`: the state of the server that knows it.
    """

    token: str = dataclasses.field(repr=False)
    seconds: int = 0
    index: str = ""


class Server:
    """One call to the server, in its namespace, with a token that is still good. Safe to share between threads."""

    def __init__(self, address: str, namespace: str, enter: Callable[[], Entered]) -> None:
        self.address = address
        self.namespace = namespace
        self._enter = enter
        self._lock = threading.Lock()
        # The state that our last call left the server in, of each thing that calls are about.
        self._left: dict[str, str] = {}
        self._take()

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        about: str = "",
    ) -> tuple[int, Any]:
        """Status and answer of a path below `/v1/`, which is quoted here. Unreachable if there is no answer.

        The answer knows of all that we wrote before about the thing that `about` names; without it, of our last call.
        """
        token = self.token()
        index = self._left.get(about) or self._left.get("", "")
        after = {"X-Vault-Index": index, "X-Vault-Inconsistent": "forward-active-node"} if index else {}
        sent = {"X-Vault-Token": token, **_namespaced(self.namespace), **after, **(headers or {})}
        reply = exchange(self.address, method, f"/v1/{urllib.parse.quote(path)}", sent, body, query)
        if reply.index:
            self._left[about] = reply.index
            if method != "GET":
                self._left[""] = reply.index
        return reply.status, reply.body

    def seconds_left(self) -> int | None:
        """How long what is made with the token outlives this moment: it ends with the token. None if it never does.

        Denied where the token may not ask about itself. A periodic token that we were given is renewed by whoever keeps it.
        """
        with self._lock:
            entered, since = self._entered, self._since
        if entered.seconds:
            return max(0, entered.seconds - int(time.monotonic() - since))
        status, answer = self.request("GET", "auth/token/lookup-self")
        data = answer.get("data") if status == 200 and isinstance(answer, dict) else None
        if not isinstance(data, dict):
            mend = "Give the token the policy that docs/rotation.md lists."
            raise meaning("Ask how long the token is good for", status, "", (200, 403), mend)
        ends = data.get("expire_time") and not data.get("period")
        return int(data.get("ttl") or 0) if ends else None

    def token(self) -> str:
        """One that is still good."""
        with self._lock:
            if self._entered.seconds and time.monotonic() - self._since > self._entered.seconds / 2:
                self._take()
            return self._entered.token

    def _take(self) -> None:
        self._since = time.monotonic()
        self._entered = self._enter()
        if self._entered.index:
            self._left = {"": self._entered.index}


def open_server(place: Place, aws: Aws, secrets: Secrets, environ: Mapping[str, str], whose: str = "the secret store") -> Server:
    """The server at the place's address, logged in. Every token is registered as secret.

    NotFound, Denied, Invalid, Unreachable.
    """
    if place.login.method == "token":
        return Server(place.address, place.namespace, lambda: Entered(token_of(place.token_file, secrets, whose)))
    return Server(place.address, place.namespace, lambda: _logged_in(place, aws, secrets, environ, whose))


def _logged_in(place: Place, aws: Aws, secrets: Secrets, environ: Mapping[str, str], whose: str) -> Entered:
    login = place.login
    body = _shown(place, aws, secrets, environ, whose)
    path = f"/v1/auth/{urllib.parse.quote(login.mount or login.method)}/login"
    reply = exchange(place.address, "POST", path, _namespaced(place.namespace), body)
    auth = reply.body.get("auth") if reply.status == 200 and isinstance(reply.body, dict) else None
    if not isinstance(auth, dict) or not isinstance(auth.get("client_token"), str) or not auth["client_token"]:
        raise _refused(f"The login at {whose} by {login.method}", reply.status, reply.body)
    seconds = auth.get("lease_duration")
    return Entered(secrets.register(auth["client_token"]), seconds if isinstance(seconds, int) else 0, reply.index)


def _shown(place: Place, aws: Aws, secrets: Secrets, environ: Mapping[str, str], whose: str) -> dict[str, str]:
    login = place.login
    if login.method == "aws":
        return {**({"role": login.role} if login.role else {}), **_signed(login, aws, secrets, environ)}
    file = place.token_file or (_POD if login.method == "kubernetes" else "")
    shown = token_of(file, secrets, whose) if file else ""
    if login.method == "approle":
        return {"role_id": login.role, **({"secret_id": shown} if shown else {})}
    return {**({"role": login.role} if login.role else {}), "jwt": shown}


def _signed(login: BaoLogin, aws: Aws, secrets: Secrets, environ: Mapping[str, str]) -> dict[str, str]:
    """A signed `GetCallerIdentity`, as the server's method `aws` wants it: it sends it to STS and sees who we are."""
    named = {"X-Vault-AWS-IAM-Server-ID": login.server_id} if login.server_id else {}
    url, headers = session_for(aws, environ).signed_sts(_QUESTION, named, login.region)
    for value in (headers.get("Authorization", ""), headers.get("X-Amz-Security-Token", "")):
        if value:
            # Whoever has it is us for a quarter of an hour.
            secrets.register(value)
    parts = {"url": url, "body": _QUESTION, "headers": json.dumps(headers)}
    encoded = {f"iam_request_{name}": base64.b64encode(text.encode()).decode() for name, text in parts.items()}
    secrets.register(encoded["iam_request_headers"])
    return {"iam_http_request_method": "POST", **encoded}


def _namespaced(namespace: str) -> dict[str, str]:
    return {"X-Vault-Namespace": namespace} if namespace else {}


def _refused(what: str, status: int, answer: Any) -> MicroappsError:
    reasons = "; ".join(str(reason) for reason in answer.get("errors") or ()) if isinstance(answer, dict) else ""
    mend = "Renew the file, or mend login.role, login.mount or the role at the server (docs/rotation.md)."
    # OpenBao answers 400 for a secret id or a signature that it does not know, and 404 for a method that is not there.
    return meaning(what, status, reasons or "no token", (*_OK, 400, 403, 404), mend)
