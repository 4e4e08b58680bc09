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

# Docker Hub: its images are named docker.io/..., those of nobody in particular docker.io/library/..., its API is elsewhere.
_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_HUB_API: Final = "registry-1.docker.io"
_LONGEST: Final = 255
_LIKE_A_LOGIN: Final = re.compile(r"://|@.*/")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]{{2,45}}\])(?::[0-9]{{1,5}})?"
_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH: Final = rf"{_PART}(?:/{_PART})*"
_TAG: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
# What stands before the first slash and has a dot is a host, so without one a path begins without dots.
_OURS: Final = rf"{_PART}|[a-z0-9]+(?:(?:__?|-+)[a-z0-9]+)*/{_PATH}"
# The whole as one expression, for schemas; `written` says what is wrong, and knows that no port is 70000.
GRAMMAR: Final = rf"(?:{_HOST}/{_PATH}|{_OURS})(?::{_TAG})?(?:@sha256:[0-9a-f]{{64}})?"
# A registry with what all names in it begin with.
REGISTRY: Final = rf"{_HOST}(?:/{_PATH})?"
HOST: Final = re.compile(_HOST)
PATH: Final = re.compile(_PATH)
TAG: Final = re.compile(_TAG)


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """An image's name. `registry` is `HOST[:PORT]`; of `tag` and `digest` either, both or none may be there ('').

    As `written` it may have no registry either; from `parse` it always has one.
    """

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
        return _HUB_API if self.registry in _HUB else self.registry

    @property
    def wanted(self) -> str:
        """What a registry is asked for: the digest if there is one, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def at(self, digest: str) -> Reference:
        """The same repository, by digest alone: what a tag says tomorrow does not matter then."""
        return Reference(self.registry, self.path, "", digest)

    def __str__(self) -> str:
        name = self.repository if self.registry else self.path
        return name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str, default_registry: str = "") -> Reference:
    """The reference in a text; `default_registry` (`HOST[:PORT][/PREFIX]`) is for a name without a host.

    `Invalid` names the text and what is wrong with it.
    """
    found = written(text)
    if found.registry:
        return found
    if not default_registry:
        raise _invalid(text, "it names no registry")
    host, _slash, prefix = default_registry.partition("/")
    path = "/".join(filter(None, (prefix.strip("/"), found.path)))
    return _checked(dataclasses.replace(found, registry=host, path=path), text)


def written(text: str) -> Reference:
    """The parts of a text as they stand there, without a registry if it names none; raises as `parse` does."""
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
    if host in _HUB:
        host, path = "docker.io", path if "/" in path else f"library/{path}"
    return _checked(Reference(host, path, tag, digest), text)


def _checked(found: Reference, text: str) -> Reference:
    if found.registry and (not HOST.fullmatch(found.registry) or not _has_port(found.registry)):
        raise _invalid(text, f"{found.registry!r:.80} is no host")
    if not PATH.fullmatch(found.path) or len(found.path) > _LONGEST:
        raise _invalid(text, f"{found.path!r:.80} is no repository: lower-case letters, digits, and . _ - between them")
    return found


def _apart(name: str) -> tuple[str, str]:
    """The host ('' if there is none) and the rest: the first part is a host if nothing else can look like it."""
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or first.startswith("[") or "." in first or ":" in first or first.lower() != first):
        return first, rest
    return "", name


def _has_port(host: str) -> bool:
    try:
        return urllib.parse.urlsplit(f"//{host}").port != 0  # a number that is too large is a ValueError, and so is [::::]
    except ValueError:
        return False


def _invalid(text: str, why: str) -> Invalid:
    return Invalid(f"{text!r:.200} is not the name of an image", why, "Write it as REGISTRY/PATH:TAG or REGISTRY/PATH@sha256:….")
