# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gateway on real sockets: a visitor is served over the app's restart, and nothing that changes something is sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import gateway

GET = b"GET / HTTP/1.1\r\nHost: where2eat\r\n\r\n"
POST = b"POST /vote HTTP/1.1\r\nHost: where2eat\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200000
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n" + b"y" * 300000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class App:
    """An app that hangs up over its first `rude` requests, and keeps what it was sent."""

    def __init__(self, port: int, rude: int = 0) -> None:
        self.port, self.rude = port, rude
        self.requests: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(got)
        if len(self.requests) > self.rude:
            if b"POST" in got:
                self.requests[-1] += await reader.readexactly(200000)
            writer.write(PAGE)
            await writer.drain()
        writer.close()


async def visit(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    with contextlib.suppress(OSError):
        return await reader.read(-1)
    return b""


def played(scene: Callable[[int, int], Awaitable[None]], patience: float = 10) -> None:
    """The scene, given the gateway's port and the app's, while the gateway is there."""

    async def run() -> None:
        port, app_port = free_port(), free_port()
        serving = asyncio.create_task(gateway.serve(port, app_port, patience))
        while True:
            with contextlib.suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            await asyncio.sleep(0.01)
        await scene(port, app_port)
        serving.cancel()

    asyncio.run(asyncio.wait_for(run(), 30))


async def started(app: App) -> None:
    await asyncio.start_server(app.answer, "127.0.0.1", app.port)


def test_a_visitor_who_comes_before_the_app_is_served() -> None:
    async def scene(port: int, app_port: int) -> None:
        app = App(app_port)
        visitor = asyncio.create_task(visit(port, GET))
        await asyncio.sleep(0.3)
        await started(app)
        assert await visitor == PAGE and app.requests == [GET]

    played(scene)


def test_a_question_over_which_the_app_was_stopped_is_asked_again() -> None:
    async def scene(port: int, app_port: int) -> None:
        app = App(app_port, rude=2)
        await started(app)
        assert await visit(port, GET) == PAGE and app.requests == [GET] * 3

    played(scene)


@pytest.mark.parametrize(("rude", "answer"), [(0, PAGE), (1, b"")])
def test_what_changes_something_is_sent_once(rude: int, answer: bytes) -> None:
    async def scene(port: int, app_port: int) -> None:
        app = App(app_port, rude)
        await started(app)
        assert await visit(port, POST) == answer and len(app.requests) == 1
        assert rude or app.requests == [POST]

    played(scene)


def test_patience_ends() -> None:
    async def scene(port: int, app_port: int) -> None:
        assert await visit(port, GET) == b""
        app = App(app_port, rude=10**6)
        await started(app)
        assert await visit(port, GET) == b""

    played(scene, patience=0.2)
