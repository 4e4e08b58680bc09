# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start a program as soon as an address answers: `python -m module_utils.sandbox.after <url> <ca file> -- command...`.

The supervisor has no order of its own; a program that dies because its server is not up yet is started again seconds later.
This one waits and then becomes the program, so the supervisor watches the real one.
"""

from __future__ import annotations

import http.client
import os
import ssl
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit


def answers(url: str, authority: str) -> bool:
    """Whether the address says it is ready. Never through a proxy: http.client knows none."""
    parts = urlsplit(url)
    port = parts.port or 443
    try:
        connection = http.client.HTTPSConnection(
            parts.hostname or "", port, timeout=2, context=ssl.create_default_context(cafile=authority)
        )
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def main(arguments: Sequence[str]) -> None:
    """Wait, then become the command."""
    url, authority, _dashes, *command = arguments
    while not answers(url, authority):
        time.sleep(0.05)
    os.execv(command[0], command)  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
