# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database secrets engine of OpenBao (and HashiCorp Vault): one call, and what its answers mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...errors import Conflict, Denied, MicroappsError, NotFound, Unreachable
from ..stores.openbao_server import Server


@dataclasses.dataclass(frozen=True)
class Engine:
    """The server that lets us in, and where the engine is mounted there."""

    server: Server
    mount: str

    def call(self, method: str, path: str) -> Any:
        """A path under the engine's mount: the answer. NotFound, Denied, Unreachable, Conflict."""
        return self.ask(method, f"{self.mount}/{path}")

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The same with a path of the whole server (`sys/leases/...`)."""
        status, answer = self.server.request(method, path, body)
        if status in (200, 204):
            return answer
        raise _told(f"{method} {path}", status, answer)


def _told(what: str, status: int, answer: Any) -> MicroappsError:
    reasons = "; ".join(str(reason) for reason in answer.get("errors") or ()) if isinstance(answer, dict) else ""
    if status == 403:
        return Denied(what, reasons or "permission denied", "Give the token the policy that docs/rotation.md lists.")
    if status == 404 or (status == 400 and "unknown role" in reasons):
        return NotFound(what, reasons or "the engine does not know it", "Make the role (docs/rotation.md).")
    if status == 429 or status >= 500:
        return Unreachable(what, f"the engine answers {status} {reasons}".strip(), "Run again when it is well.")
    return Conflict(what, f"the engine answers {status} {reasons}".strip())
