# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins for registries: what the user's docker configuration says, ECR's own, and the tokens that registries hand out.

Sources, in this order: what docker or podman know (docker_config.py), for a host of ECR its authorization token, nobody.
A login is registered as secret when it is read, and is never in a command line.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Final

from ..aws.errors import calling
from ..aws.session import AwsSession
from ..errors import Denied, Invalid, Unreachable
from ..network import is_loopback
from ..scrubber import Secrets
from .docker_config import Login, login_for
from .transport import not_near

_ECR: Final = re.compile(
    r"(?P<account>[0-9]{12})\.dkr(?:\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"|-ecr(?:-fips)?\.(?P<dual>[a-z0-9-]+)\.on\.aws)"
)
# A scheme, or one of its parameters: name="quoted" or name=token (RFC 9110 section 11.6.1).
_PART: Final = re.compile(r"""([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?""")


@dataclasses.dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry asks for (RFC 9110 section 11; distribution's token specification)."""

    scheme: str
    realm: str = ""
    service: str = ""


def challenge_of(header: str) -> Challenge:
    """The WWW-Authenticate header, as far as registries use it: of several challenges a token before a password.

    An unknown scheme is named, not guessed.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for match in _PART.finditer(header[:4000]):
        name, quoted, bare = match.groups()
        if quoted is None and bare is None:
            found.append((name.lower(), {}))
        elif found:
            found[-1][1][name.lower()] = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    known = sorted(
        (scheme != "bearer", number) for number, (scheme, _unused) in enumerate(found) if scheme in ("bearer", "basic")
    )
    if not known:
        return Challenge(found[0][0][:20] if found else "")
    scheme, given = found[known[0][1]]
    return Challenge(scheme, given.get("realm", ""), given.get("service", ""))


def token_url(challenge: Challenge, scope: str, registry: str) -> str:
    """Where a token is asked for. A realm in clear is refused, unless it and the registry are on this machine.

    The realm may be another host than the registry (Docker Hub's is), and it gets the login. That gives nobody anything new:
    only the registry's own answer is believed (never one that a redirect led to), it was reached over TLS, and whoever holds
    the registry could have asked for the login itself.
    """
    try:
        parts = urllib.parse.urlsplit(challenge.realm)
        local = is_loopback(challenge.realm) and is_loopback(registry)
    except ValueError:
        raise Invalid(f"{registry} names no address for tokens", "its realm is malformed") from None
    if not parts.hostname or parts.username or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        raise Denied(
            f"{registry} wants a login sent to {parts.scheme}://{parts.hostname or ''}", "that is not https, so it was not sent"
        )
    not_near(registry, challenge.realm)
    asked = [*urllib.parse.parse_qsl(parts.query), ("service", challenge.service), ("scope", scope)]
    query = urllib.parse.urlencode([(name, value) for name, value in asked if value])
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def token_in(body: bytes, registry: str) -> str:
    """The token in a token server's answer: `token` or, as OAuth 2 calls it, `access_token`."""
    try:
        data = json.loads(body)
        token = data.get("token") or data.get("access_token") if isinstance(data, dict) else None
    except (ValueError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Unreachable(f"Log in to {registry}", "its token server's answer holds no token", "Is its realm right?")
    return token


@dataclasses.dataclass(frozen=True)
class Logins:
    """Where logins come from. `aws` opens the profile's account, which is done for hosts of ECR only (None: never)."""

    environ: Mapping[str, str] = dataclasses.field(repr=False)
    secrets: Secrets = dataclasses.field(repr=False)
    aws: Callable[[], AwsSession] | None = None

    def login(self, host: str) -> Login | None:
        """The login for a registry, None for nobody's."""
        found = login_for(host, self.environ) or self._from_ecr(host)
        if found is not None:
            for secret in (found.password, found.token, found.basic.removeprefix("Basic ")):
                self.secrets.register(secret)
        return found

    def _from_ecr(self, host: str) -> Login | None:
        place = ecr_place(host)
        if place is None or self.aws is None:
            return None
        session = self.aws()
        ours = session.aws.region
        if place[1] != ours:
            raise Denied(
                f"Log in to {host}",
                f"a token of ECR is good for one region, and the profile's is {ours}",
                "Use the registry of the profile's region, or docker's credential helper for ECR.",
            )
        with calling(f"ask ECR for a login to {host}"):
            data = session.verify_account().ecr.get_authorization_token()["authorizationData"]
        if not data:
            raise Unreachable(f"Ask ECR for a login to {host}", "its answer holds none")
        return ecr_login(data[0].get("authorizationToken", ""), host)


def ecr_place(host: str) -> tuple[str, str] | None:
    """Account and region of a host of ECR; None for every other host."""
    found = _ECR.fullmatch(host)
    return (found["account"], found["region"] or found["dual"]) if found else None


def ecr_login(token: str, host: str) -> Login:
    """ECR's authorization token (base64 of `AWS:<password>`) as a login; its expiry is hours away and not looked at."""
    try:
        username, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        username, colon, password = "", "", ""
    if not colon:
        raise Unreachable(f"Ask ECR for a login to {host}", "its token is not what AWS documents")
    return Login(username, password)
