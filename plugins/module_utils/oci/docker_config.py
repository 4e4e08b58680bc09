# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The logins that `docker login` and `podman login` left: files with them, and the programs that keep them for others.

A credential helper (docker-credential-helpers' protocol) is started from a list, is told the host on its standard input and has a
time limit. What it prints is never quoted: it may be the password.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Invalid, NotFound, Unreachable

_HELPER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HELPER_SECONDS: Final = 20
# docker keeps Docker Hub's login under this name.
_HUB: Final = "https://index.docker.io/v1/"
# What docker writes behind a host; podman's logins for a part of a registry have other paths, and are for that part only.
_PATHS: Final = frozenset({"", "v1", "v2"})


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """A user name and password; `token` is an identity token in their place (OAuth 2 refresh token)."""

    username: str
    password: str = dataclasses.field(repr=False)
    token: str = dataclasses.field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")


def login_for(host: str, environ: Mapping[str, str]) -> Login | None:
    """The first login for a host in the user's files, None if there is none; a file or helper that is broken is an error."""
    for path in _files(environ):
        config = _read(path)
        found = _from_helper(host, config, environ) or _from_file(host, config, path)
        if found:
            return found
    return None


def _files(environ: Mapping[str, str]) -> Iterator[str]:
    """Where docker looks, then where podman does (docker/cli `config.json`, containers-auth.json(5))."""
    folder = environ.get("DOCKER_CONFIG") or (os.path.join(environ["HOME"], ".docker") if environ.get("HOME") else "")
    if folder:
        yield os.path.join(folder, "config.json")
    if environ.get("REGISTRY_AUTH_FILE"):
        yield environ["REGISTRY_AUTH_FILE"]
    elif environ.get("XDG_RUNTIME_DIR"):
        yield os.path.join(environ["XDG_RUNTIME_DIR"], "containers", "auth.json")


def _read(path: str) -> Mapping[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            config = json.loads(stream.read())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise Invalid(f"{path} cannot be read", error.strerror or "", "Mend its rights, or log in anew.") from None
    except (ValueError, RecursionError):
        raise Invalid(f"{path} cannot be read", "it is not a JSON file of docker's", "Mend it, or log in anew.") from None
    return config if isinstance(config, dict) else {}


def _from_file(host: str, config: Mapping[str, Any], path: str) -> Login | None:
    entry = _entry(host, config.get("auths"))
    if not isinstance(entry, dict) or not (entry.get("auth") or entry.get("identitytoken") or entry.get("username")):
        return None
    token = str(entry.get("identitytoken") or "")
    username, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if entry.get("auth"):
        try:
            username, _colon, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise Invalid(f"The login for {host} in {path}", "is not base64", "Log in anew.") from None
    return Login(username, password.rstrip("\0"), token)


def _from_helper(host: str, config: Mapping[str, Any], environ: Mapping[str, str]) -> Login | None:
    helper = _entry(host, config.get("credHelpers")) or config.get("credsStore")
    if not helper:
        return None
    if not isinstance(helper, str) or not _HELPER.fullmatch(helper):
        raise Invalid(f"The credential helper {helper!r:.60} of docker's config.json", "is no name of a program")
    return _asked(f"docker-credential-{helper}", _HUB if _named(host) == _named(_HUB) else host, environ)


def _asked(program: str, host: str, environ: Mapping[str, str]) -> Login | None:
    what = f"Ask {program} for the login of {host}"
    try:
        code, output, complaint = _run([program, "get"], host.encode(), environ)
    except FileNotFoundError:
        raise NotFound(f"The credential helper {program} for {host}", "it is not on PATH", "Install it.") from None
    except subprocess.TimeoutExpired:
        raise Unreachable(what, f"it did not answer in {_HELPER_SECONDS} s", "Run it by hand.") from None
    except OSError as error:
        raise Unreachable(what, error.strerror or type(error).__name__) from None
    if code:
        # Only its own word for "I have none" is looked at.
        if b"credentials not found" in output + complaint:
            return None
        raise Unreachable(what, f"it ended with {code}", "Run it by hand.")
    try:
        answer = json.loads(output)
        username, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreachable(what, "its answer is not a helper's") from None
    return Login("", "", secret) if username == "<token>" else Login(username, secret)


def _run(command: list[str], data: bytes, environ: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Exit code, output, complaint. When its time is over everything that it started ends with it: a child of its own would
    hold the pipes, and with them us."""
    started = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        process_group=0,
    )
    try:
        output, complaint = started.communicate(data, _HELPER_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        raise
    return started.returncode, output, complaint


def _entry(host: str, entries: Any) -> Any:
    """What a map of the file says about a host, whichever way the host is spelled there."""
    named = {_named(name): value for name, value in entries.items()} if isinstance(entries, dict) else {}
    return named.get(_named(host))


def _named(name: str) -> str:
    """A registry as docker's configuration may spell it: with or without scheme and path; Docker Hub by all its names."""
    host, _slash, path = name.split("://", 1)[-1].partition("/")
    if path.strip("/") not in _PATHS:
        return name
    host = host.lower()
    return "docker.io" if host in ("index.docker.io", "registry-1.docker.io") else host
