# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A relay between our driver and PostgreSQL that ends a connection at one statement: before the server has it, or after it acted.

psycopg sends COMMIT by itself at the end of a transaction: it is no call that could be caught, so the cut is made on the wire.
Without TLS, and one statement at a time: the driver sends the next one when it has the answer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import select
import socket
import socketserver
import threading
from collections.abc import Iterator

# What changes something, or holds something until the connection ends. What only reads leaves nothing behind.
_WRITES = re.compile(rb"\b(BEGIN|COMMIT|ALTER|CREATE|GRANT|REVOKE|REASSIGN|COMMENT|pg_terminate_backend|pg_try_advisory_lock)\b")
# ReadyForQuery: the server has acted and waits for the next statement.
_READY = re.compile(rb"Z\x00\x00\x00\x05[IET]\Z")


@dataclasses.dataclass
class Wire:
    """The relay at `port`. The `call`-th statement that writes is the last one of its connection; `acted`: the server did it."""

    port: int
    call: int = 0
    acted: bool = False
    count: int = 0
    hit: str = ""

    @contextlib.contextmanager
    def cut(self, call: int, acted: bool) -> Iterator[None]:
        """At that statement, and at no other one."""
        self.call, self.acted, self.count, self.hit = call, acted, 0, ""
        try:
            yield
        finally:
            self.call = 0

    def ends(self, asked: bytes) -> bool:
        """Count a statement; whether it is the last one of its connection."""
        found = _WRITES.search(asked)
        if not self.call or not found:
            return False
        self.count += 1
        if self.count != self.call:
            return False
        self.hit = asked[found.start() : found.start() + 60].decode(errors="replace")
        return True


@contextlib.contextmanager
def relay(server: int) -> Iterator[Wire]:
    """To the PostgreSQL that listens at that port of this machine."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", server)) as there:
                _relayed(self.request, there, wire)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        wire = Wire(listening.server_address[1])
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield wire
        finally:
            listening.shutdown()


def _relayed(here: socket.socket, there: socket.socket, wire: Wire) -> None:
    while True:
        ready, _unused, _also = select.select([here, there], [], [])
        if there in ready:
            answered = there.recv(65536)
            if not answered:
                return
            here.sendall(answered)
        if here in ready:
            asked = here.recv(65536)
            ends = wire.ends(asked)
            if asked and (wire.acted or not ends):
                there.sendall(asked)
            if ends and wire.acted:
                _until_it_acted(there)
            if ends or not asked:
                _until_it_ended(there)
                return


def _until_it_acted(there: socket.socket) -> None:
    answered = b""
    while not _READY.search(answered):
        more = there.recv(65536)
        assert more, "the server ended the connection by itself"
        answered += more


def _until_it_ended(there: socket.socket) -> None:
    # Until the server has noticed: what this connection held is free before our side hears of the end.
    with contextlib.suppress(OSError):
        there.shutdown(socket.SHUT_WR)
        while there.recv(65536):
            pass
