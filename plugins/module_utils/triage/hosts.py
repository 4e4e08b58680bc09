# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts: whose machine a password is for, as far as the text around it tells."""

from __future__ import annotations

import re
from typing import Final

from .model import SourceFile

_LOCAL_HOST: Final = re.compile(
    r"^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1|\[::1\]|host\.docker\.internal|gateway\.docker\.internal|"
    r"[\w-]+\.(local|localhost|test|invalid|lan)|"
    r"\(localdb\).*|\.|\(local\)|10\.0\.2\.2|\.\\.*|)$",
    re.IGNORECASE,
)


def is_local(host: str) -> bool:
    """A host that is one's own machine, or the name of a service in a compose file."""
    return bool(_LOCAL_HOST.match(host)) or ("." not in host and not host.startswith(("${", "{", "<")))


def is_reserved(host: str) -> bool:
    """A name that documents use and no machine has."""
    return bool(
        re.search(
            r"(^|\.)(example\.(com|org|net)|example|domain\.com|yourdomain\.\w+|mydomain\.\w+|host\.com|server\.com|"
            r"company\.com)$",
            host.lower(),
        )
    ) or host.lower() in ("host", "hostname", "server", "your-host", "dbhost", "myhost", "cluster0.xxxxx.mongodb.net")


_HOST: Final = re.compile(
    r"(?i)\b(?:[\w.]*_?)(?:host|hostname|server|servername|db_?host|url|endpoint|address|addr|"
    r"datasource_url)\b[\"']?\]?\s*(?:=>|=|:|,)\s*(?:[A-Za-z_][\w.]*\(\s*(?:[\"'][\w.]+[\"']\s*,\s*)?)?"
    r"[\"'`]?(?:[a-z][a-z0-9+.:-]*//)?(?:[^\s\"'`@/]*@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.\-]*|\[?::1\]?)"
)


def host_near(file: SourceFile, line: int) -> str | None:
    """The host that the lines around name (nearest first), or None: `host=`, `DB_HOST:`, a URL's host."""
    for distance in range(9):
        for number in dict.fromkeys((line - distance, line + distance)):
            if 1 <= number <= len(file.lines) and (match := _HOST.search(file.lines[number - 1][:600])):
                return match["host"]
    return None
