# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A TCP relay that hands every answer on late, as a network between two machines does: late_relay.py PORT MILLISECONDS.

It prints the port that it serves on this machine. The sandbox's parts answer in a third of a millisecond, which no store that
others run does; behind this relay one sees whether the store's latency or our own work bounds a run.
"""

from __future__ import annotations

import asyncio
import sys


async def _handed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    while data := await reader.read(65536):
        await asyncio.sleep(seconds)
        writer.write(data)
        await writer.drain()
    writer.close()


async def main(port: int, seconds: float) -> None:
    """Serve until killed."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_handed_on(reader, back, 0), _handed_on(there, writer, seconds), return_exceptions=True)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) / 1000))
