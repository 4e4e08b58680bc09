# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CRLs by HTTP, where a policy allows it: from the address that a trusted certificate names, once in a run."""

from __future__ import annotations

import dataclasses
import threading
from typing import Final

from ...errors import MicroappsError
from ...oci.transport import Transport
from .crls import CRL_LIMIT, Crl, parse

_OK: Final = 200


@dataclasses.dataclass(slots=True)
class HttpFetcher:
    """Lists by their address, kept for as long as the policy is. What could not be had is not asked for again either.

    Only http, as the specification has it: a list is signed, and TLS would ask for a list of its own.
    """

    transport: Transport
    kept: dict[str, Crl | None] = dataclasses.field(default_factory=dict)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def fetch(self, url: str) -> Crl | None:
        """See `Fetcher`. Several images are verified at once: the first to ask fetches, the others wait for it."""
        if not url.lower().startswith("http://"):
            return None
        with self.lock:
            if url not in self.kept:
                self.kept[url] = self._fetched(url)
            return self.kept[url]

    def _fetched(self, url: str) -> Crl | None:
        try:
            answer = self.transport.ask("GET", url, {}, CRL_LIMIT)
            return parse(answer.body, url) if answer.status == _OK else None
        except (MicroappsError, ValueError):
            return None
