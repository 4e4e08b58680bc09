# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MySQL's protocol with servers that say back what they were told: a relay that fails by quoting statements, and one that quotes
the password.

Without TLS, for only so can anybody between the two read along. Packets are those of MySQL's client/server protocol: three bytes
of length, a number, and what they carry.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Final

_QUERY: Final = b"\x03"
# What a statement holds that is made of a password: MariaDB's and MySQL's ways to hand over a hash.
_HASH: Final = re.compile(r"\*[0-9A-F]{40}|(?<=0x)[0-9a-f]{80,}")
# ER_TABLEACCESS_DENIED_ERROR, whose text we pass on, and ER_PARSE_ERROR, whose text quotes by nature.
_DENIED, _PARSE = 1142, 1064
# mysql_clear_password is asked for by another packet: no server may begin with it.
_GREETING: Final = (
    b"\x0a9.9.9\x00\x01\x00\x00\x00" + b"12345678" + b"\x00\xff\xff\x2d\x02\x00\xff\xc1\x15" + b"\x00" * 10
    + b"123456789012\x00mysql_native_password\x00"
)  # fmt: skip


@dataclasses.dataclass
class Wire:
    """A relay to a server on this machine. `fails`: nothing, statements with a hash (`values`), or all of them (`all`).

    `passed` are the hashes that were handed over; `quoted` counts the statements that were said back.
    """

    port: int
    fails: str = ""
    quoted: int = 0
    passed: dict[str, str] = dataclasses.field(default_factory=dict)

    def answer(self, statement: str) -> bytes | None:
        """What a server that fails says to a statement; None if it does its work."""
        hashes = _HASH.findall(statement)
        for one in hashes:
            self.passed.setdefault(one, f"hash {len(self.passed)}")
        if not (self.fails == "all" or (self.fails == "values" and hashes)):
            return None
        self.quoted += 1
        return _error(_DENIED if self.fails == "values" else _PARSE, f"this was refused: {statement}")


def _error(number: int, text: str) -> bytes:
    return b"\xff" + number.to_bytes(2, "little") + b"#42000" + text.encode()


def _packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def _read(source: socket.socket) -> tuple[int, bytes]:
    """The next packet; an empty one at the end of the connection."""
    head = _exactly(source, 4)
    return (head[3], _exactly(source, int.from_bytes(head[:3], "little"))) if head else (0, b"")


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = source.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data


@contextlib.contextmanager
def wire(server: int) -> Iterator[Wire]:
    """A relay to the server at that port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server)) as there:
                threading.Thread(target=_copied, args=(there, self.request), daemon=True).start()
                _relayed(self.request, there, made)

    with _listening(Handler) as port:
        made = Wire(port)
        yield made


def _copied(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


def _relayed(here: socket.socket, there: socket.socket, made: Wire) -> None:
    while True:
        number, payload = _read(here)
        if not payload:
            return
        # Only a command has the number 0.
        asked = number == 0 and payload.startswith(_QUERY)
        failed = made.answer(payload[1:].decode(errors="replace")) if asked else None
        if failed is None:
            there.sendall(_packet(number, payload))
        else:
            here.sendall(_packet(1, failed))


@contextlib.contextmanager
def telling_mysql() -> Iterator[Wire]:
    """A server that asks for the password in clear and refuses with an error that quotes it; `quoted` counts how often it did."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(_packet(0, _GREETING))
            number, _login = _read(self.request)
            self.request.sendall(_packet(number + 1, b"\xfemysql_clear_password\x00"))
            number, password = _read(self.request)
            told = password.rstrip(b"\x00").decode()
            made.quoted += bool(told)
            self.request.sendall(_packet(number + 1, _error(1045, f"nobody is let in by {told}")))

    with _listening(Handler) as port:
        made = Wire(port)
        yield made


@contextlib.contextmanager
def _listening(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
