# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether two git URLs name the same repository: `git@host:a/b.git`, `ssh://git@host/a/b`, `git+https://host/a/b@refs/heads/x`.

The way to a repository (scheme, user, standard port) does not make it another one; host and path do. What is ambiguous names
nothing: it is equal to no URL, not even to itself.
"""

from __future__ import annotations

import re
from typing import Final

_SCHEME: Final = re.compile(r"(?:git\+)?(https|http|ssh|git|file)://(?P<rest>.*)", re.IGNORECASE)
_SCP: Final = re.compile(r"(?:[A-Za-z0-9._-]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/:][^:]*)")
_STANDARD_PORTS: Final = {"https": "443", "http": "80", "ssh": "22", "git": "9418"}
# Their paths are the same in any case; elsewhere case may tell two repositories apart.
_CASELESS: Final = ("github.com", "gitlab.com", "bitbucket.org")
# Anything else before the @ is where readers of URLs disagree about which part is the host.
_USER: Final = re.compile(r"[A-Za-z0-9._~:%!$&'()*+,;=-]*")
_PATH: Final = re.compile(r"[A-Za-z0-9._~+-]+(?:/[A-Za-z0-9._~+-]+)*")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?|\[[0-9a-f:]+\](?::[0-9]{1,5})?")


def repository_of(url: str) -> str:
    """`host[:port]/path` of a git URL without what belongs to the way or to a revision; empty if it is none or is ambiguous."""
    matched = _SCHEME.fullmatch(url)
    if matched:
        scheme = matched[1].lower()
        host, slash, path = _without_revision(matched["rest"]).partition("/")
        user, _unused, host = host.lower().rpartition("@")
        if not _USER.fullmatch(user):
            return ""
        host = host.removesuffix(f":{_STANDARD_PORTS.get(scheme, '')}") if scheme in _STANDARD_PORTS else host
        return _joined(host, path, local=scheme == "file") if slash else ""
    if url.startswith("/"):
        return _joined("", url[1:], local=True)
    scp = _SCP.fullmatch(url)
    return _joined(scp["host"].lower(), scp["path"]) if scp else ""


def same_repository(one: str, other: str) -> bool:
    """Whether both name one repository, as far as that can be told from the names."""
    found = repository_of(one)
    return bool(found) and found == repository_of(other)


def _without_revision(rest: str) -> str:
    # A revision follows the path: after @ (in-toto, SPDX download locations) or # (pip, BuildKit).
    rest = rest.partition("#")[0]
    host, slash, path = rest.partition("/")
    return host + slash + path.partition("@")[0]


def _joined(host: str, path: str, local: bool = False) -> str:
    path = path.rstrip("/").removesuffix(".git")
    if not _PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        return ""
    if local:
        return f"{host}/{path}" if host in ("", "localhost") else ""
    if not _HOST.fullmatch(host):
        return ""
    return f"{host}/{path.lower() if host in _CASELESS else path}"
