# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of images, as the distribution project's reference grammar has them: `HOST[:PORT]/PATH[:TAG][@DIGEST]`. Pure.

One thing is not taken over: a name without a host is not Docker Hub's, it belongs to the registry of the environment's profile.
"""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import Final

from ..errors import Invalid
from .descriptors import DIGEST

# Where Docker Hub's API is; its images are named docker.io/...
_API_HOSTS: Final = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
_LONGEST: Final = 255
_LIKE_A_LOGIN: Final = re.compile(r"://|@.*/")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]{{2,45}}\])(?::[0-9]{{1,5}})?")
_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH: Final = re.compile(rf"{_PART}(?:/{_PART})*")
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """An image's name. `registry` is `HOST[:PORT]`; of `tag` and `digest` either, both or none may be there ('')."""

    registry: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """`HOST[:PORT]/PATH`, as signatures name it."""
        return f"{self.registry}/{self.path}"

    @property
    def api_host(self) -> str:
        """The host that is asked."""
        return _API_HOSTS.get(self.registry, self.registry)

    @property
    def wanted(self) -> str:
        """What a registry is asked for: the digest if there is one, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def at(self, digest: str) -> Reference:
        """The same repository, by digest alone: what a tag says tomorrow does not matter then."""
        return Reference(self.registry, self.path, "", digest)

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str, default_registry: str = "") -> Reference:
    """The reference in a text; `default_registry` (`HOST[:PORT][/PREFIX]`) is for a name without a host.

    `Invalid` names the text and what is wrong with it.
    """
    if len(text) > _LONGEST + 200:
        raise _invalid(text, f"it is longer than {_LONGEST} characters")
    name, at, digest = text.partition("@")
    if _LIKE_A_LOGIN.search(text):
        # Not quoted: whoever pastes an address with a password in it should not find it in the log.
        raise _invalid("What was given", "it is an address, perhaps with a login in it")
    if at and not DIGEST.fullmatch(digest):
        raise _invalid(text, "behind the @ must stand sha256: and 64 hex digits in lower case")
    host, path = _apart(name)
    path, colon, tag = path.partition(":")
    if colon and not TAG.fullmatch(tag):
        raise _invalid(text, f"{tag!r:.60} is no tag")
    if not host:
        if not default_registry:
            raise _invalid(text, "it names no registry")
        host, _slash, prefix = default_registry.partition("/")
        path = f"{prefix.strip('/')}/{path}" if prefix.strip("/") else path
    if not _HOST.fullmatch(host) or not _is_port(host):
        raise _invalid(text, f"{host!r:.80} is no host")
    if not _PATH.fullmatch(path) or len(path) > _LONGEST:
        raise _invalid(text, f"{path!r:.80} is no repository: lower-case letters, digits, and . _ - between them")
    return Reference(host, path, tag, digest)


def _apart(name: str) -> tuple[str, str]:
    """The host ('' if there is none) and the rest: the first part is a host if nothing else can look like it."""
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or first.startswith("[") or "." in first or ":" in first or first.lower() != first):
        return first, rest
    return "", name


def _is_port(host: str) -> bool:
    try:
        return urllib.parse.urlsplit(f"//{host}").port != 0  # a number that is too large is a ValueError, and so is [::::]
    except ValueError:
        return False


def _invalid(text: str, why: str) -> Invalid:
    return Invalid(f"{text!r:.200} is not the name of an image", why, "Write it as REGISTRY/PATH:TAG or REGISTRY/PATH@sha256:….")
