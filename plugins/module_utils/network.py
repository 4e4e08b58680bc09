# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which addresses are this machine, and which proxy leads to the others: asked by every client of ours. Pure."""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Mapping

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


def _exempt(host: str, names: str) -> bool:
    wanted = [name.strip().lstrip(".").lower() for name in names.split(",") if name.strip()]
    return "*" in wanted or any(host == name or host.endswith("." + name) for name in wanted)
