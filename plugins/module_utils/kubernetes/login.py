# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logging in to an API server: a token, a file that holds one, a password, or a program that hands out either.

A login is asked for headers at every request, so that a token that expires during a long run is renewed.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from ..errors import Denied, Invalid, Unreachable

# A login program may open a browser elsewhere or ask a slow identity provider; nobody waits longer than this.
_PROGRAM_SECONDS: Final = 60
_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Outside:
    """What logging in needs from outside: the environment, where secrets are registered, and the time."""

    environ: Mapping[str, str]
    register: Callable[[str], str]
    now: Callable[[], datetime.datetime] = _now


@dataclasses.dataclass(frozen=True, slots=True)
class Credential:
    """What a login gives: headers, or a client certificate with its key."""

    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    certificate: str = ""
    key: str = dataclasses.field(default="", repr=False)


class Login(Protocol):
    """Where credentials come from."""

    def credential(self, renew: bool = False) -> Credential:
        """The credential for the next request; a new one if the last was refused."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Fixed:
    fixed: Credential

    def credential(self, renew: bool = False) -> Credential:
        return self.fixed


def nobody() -> Login:
    """No header: a client certificate does it, or the server takes anybody."""
    return _Fixed(Credential())


def token(value: str) -> Login:
    """A bearer token."""
    return _Fixed(Credential({"Authorization": f"Bearer {value}"}))


def basic(user: str, password: str) -> Login:
    """User and password, for the proxies that still ask for them."""
    return _Fixed(Credential({"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}))


def from_file(path: str, register: Callable[[str], str]) -> Login:
    """A file with a bearer token that somebody renews."""
    return _FileLogin(path, register)


class _FileLogin:
    def __init__(self, path: str, register: Callable[[str], str]) -> None:
        self._path, self._register = path, register
        self._changed, self._current = -1, Credential()

    def credential(self, renew: bool = False) -> Credential:
        try:
            changed = os.stat(self._path).st_mtime_ns
            if renew or changed != self._changed:
                value = self._register(pathlib.Path(self._path).read_text(encoding="utf-8").strip())
                self._changed, self._current = changed, Credential({"Authorization": f"Bearer {value}"})
        except OSError:
            raise Unreachable("Log in to the cluster", f"the token file {self._path} cannot be read") from None
        return self._current


class ExecLogin:
    """A program that prints an ExecCredential (aws eks get-token, kubelogin, ...), run again when it expires."""

    def __init__(
        self,
        what: str,
        spec: Mapping[str, Any],
        folder: str,
        cluster: Mapping[str, Any],
        outside: Outside,
    ) -> None:
        self._what, self._spec, self._folder, self._cluster, self._outside = what, spec, folder, cluster, outside
        self._lock = threading.Lock()
        self._current: Credential | None = None
        self._expires: datetime.datetime | None = None

    def credential(self, renew: bool = False) -> Credential:
        """What the program last said, while it is good for another half minute."""
        with self._lock:
            soon = self._outside.now() + datetime.timedelta(seconds=30)
            if self._current is None or renew or (self._expires is not None and self._expires < soon):
                self._current, self._expires = read_credential(self._ask(), self._spec, self._what, self._outside.register)
            return self._current

    def _ask(self) -> str:
        spec = self._spec
        if spec.get("apiVersion") not in _VERSIONS or not spec.get("command"):
            raise Invalid(f"Log in as {self._what}", f"exec needs a command and one of the apiVersions {', '.join(_VERSIONS)}")
        if spec.get("interactiveMode") == "Always":
            raise Invalid(f"Log in as {self._what}", "its login program wants a terminal, and there is none here")
        command = str(spec["command"])
        if os.sep in command and not os.path.isabs(command):
            command = os.path.join(self._folder, command)
        environ = {**self._outside.environ, **{item["name"]: item["value"] for item in spec.get("env") or ()}}
        environ["KUBERNETES_EXEC_INFO"] = json.dumps(self._info())
        try:
            done = subprocess.run(
                [command, *map(str, spec.get("args") or ())],
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_PROGRAM_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            hint = str(spec.get("installHint") or f"Install {command}.").strip()
            raise Unreachable(f"Log in as {self._what}", f"its login program {command} is not installed", hint) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unreachable(f"Log in as {self._what}", f"{command} did not answer ({type(error).__name__})") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1][:300]
            raise Denied(f"Log in as {self._what}", f"{command} ended with {done.returncode}: {last}", "Log in again.")
        return done.stdout

    def _info(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"interactive": False}
        if self._spec.get("provideClusterInfo"):
            spec["cluster"] = {
                "server": self._cluster.get("server"),
                "certificate-authority-data": self._cluster.get("certificate-authority-data"),
                "insecure-skip-tls-verify": bool(self._cluster.get("insecure-skip-tls-verify")),
                "tls-server-name": self._cluster.get("tls-server-name"),
                "config": next(
                    (
                        extension.get("extension")
                        for extension in self._cluster.get("extensions") or ()
                        if extension.get("name") == "client.authentication.k8s.io/exec"
                    ),
                    None,
                ),
            }
        return {"apiVersion": self._spec["apiVersion"], "kind": "ExecCredential", "spec": spec}


def read_credential(
    text: str, spec: Mapping[str, Any], what: str, register: Callable[[str], str]
) -> tuple[Credential, datetime.datetime | None]:
    """The credential a login program printed, and when it expires; a wrong answer is Invalid and is never quoted."""
    try:
        data = json.loads(text)
        status = data["status"]
        expiry = status.get("expirationTimestamp")
        expires = datetime.datetime.fromisoformat(expiry) if expiry else None
        version = data["apiVersion"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid(f"Log in as {what}", f"{spec.get('command')} did not print an ExecCredential") from None
    if version != spec["apiVersion"]:
        raise Invalid(f"Log in as {what}", f"{spec.get('command')} speaks {version}, the kubeconfig says {spec['apiVersion']}")
    value, key = status.get("token"), status.get("clientKeyData")
    if not value and not (key and status.get("clientCertificateData")):
        raise Invalid(f"Log in as {what}", f"{spec.get('command')} gave neither a token nor a certificate with its key")
    return (
        Credential(
            {"Authorization": f"Bearer {register(value)}"} if value else {},
            status.get("clientCertificateData") or "",
            register(key) if key else "",
        ),
        expires,
    )
