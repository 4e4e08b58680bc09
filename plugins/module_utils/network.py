# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which addresses are this machine, and which proxy leads to the others: asked by every client of ours. Pure."""

from __future__ import annotations

import base64
import ipaddress
import urllib.parse
from collections.abc import Mapping
from typing import Final

from .errors import Invalid


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine by its very address, whatever a resolver says."""
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_near(host: str) -> bool:
    """Whether an address is for this machine alone: itself, or what a cloud tells only to it (link-local: metadata services).

    `host` is a name or an IP address; of names only localhost is known to be one.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None) or address
    # AWS's metadata service has an IPv6 address that is not link-local.
    return mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified or mapped == _METADATA


_METADATA: Final = ipaddress.ip_address("fd00:ec2::254")


def proxy_of(server: str, environ: Mapping[str, str]) -> str:
    """The proxy that the environment names for this server ('' for none)."""
    parts = urllib.parse.urlsplit(server)
    named = environ.get(f"{parts.scheme}_proxy") or environ.get(f"{parts.scheme.upper()}_PROXY") or ""
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not named or _exempt(parts.hostname or "", exempt):
        return ""
    if "://" in named and not named.startswith(("http://", "https://")):
        raise Invalid(f"Reach {server}", f"the proxy {named.partition('://')[0]}:// of the environment is not HTTP")
    return named if "://" in named else f"http://{named}"


def proxy_and_login(address: str) -> tuple[str, dict[str, str]]:
    """A proxy's address without its login, and the headers that hold it: HTTP libraries do not look for one in the address."""
    parts = urllib.parse.urlsplit(address)
    if not parts.username:
        return address, {}
    login = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
    headers = {"proxy-authorization": "Basic " + base64.b64encode(login.encode()).decode("ascii")}
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), headers


def _exempt(host: str, names: str) -> bool:
    wanted = [name.strip().lstrip(".").lower() for name in names.split(",") if name.strip()]
    return "*" in wanted or any(host == name or host.endswith("." + name) for name in wanted)
