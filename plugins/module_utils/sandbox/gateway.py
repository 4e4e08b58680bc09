# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sandbox's stand-in for a Service in front of a rolling update: visitors reach the app through it while it restarts.

Run as `python -m module_utils.sandbox.gateway <port> <the app's port>`. A visitor waits until the app listens. A request that
changes nothing (GET and HEAD: RFC 9110, section 9.2.1) and got not one byte of an answer, because the app was stopped over it, is
sent again; any other is sent once.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Final

# How long a visitor waits for the app, and how long between two looks, in seconds.
PATIENCE: Final = 20.0
_AGAIN: Final = 0.05
_CHUNK: Final = 65536
_SAFE: Final = (b"GET ", b"HEAD ")

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def serve(port: int, app_port: int, patience: float = PATIENCE) -> None:
    """Until the process is ended."""

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever hangs up, on either side, ends the visit; there is nobody left to tell.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            await _exchange((reader, writer), app_port, patience)
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", port, limit=_CHUNK)
    await server.serve_forever()


async def _exchange(visitor: Stream, app_port: int, patience: float) -> None:
    head = await visitor[0].readuntil(b"\r\n\r\n")
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        app = await _reached(app_port, deadline)
        app[1].write(head)
        sending = None if head.startswith(_SAFE) else asyncio.create_task(_pass_on(visitor[0], app[1]))
        try:
            first = await _answer(app[0])
            if first or sending or asyncio.get_running_loop().time() > deadline:
                sending = sending or asyncio.create_task(_pass_on(visitor[0], app[1]))
                visitor[1].write(first)
                await _pass_on(app[0], visitor[1])
                return
        finally:
            if sending:
                sending.cancel()
            app[1].close()
        await asyncio.sleep(_AGAIN)


async def _reached(port: int, deadline: float) -> Stream:
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_AGAIN)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Its first bytes; none if the app went away."""
    try:
        return await reader.read(_CHUNK)
    except OSError:
        return b""


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
