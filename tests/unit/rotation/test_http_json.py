# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a busy server is waited for, a login's form, and when a connection is used again."""

from __future__ import annotations

import concurrent.futures
import http.server
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import http_json

FULL = (*http_json.PAUSES, 0.0)


class Busy(http.server.ThreadingHTTPServer):
    """It answers 429 with each of these Retry-After headers, then 200; it keeps what it was sent."""

    def __init__(self, *later: str | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.later, self.sent = list(later), list[tuple[str, str]]()
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Busy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.sent.append((self.headers["Content-Type"], body))
        later = self.server.later.pop(0) if self.server.later else ""
        self.send_response(200 if later == "" else 429)
        if later:
            self.send_header("Retry-After", later)
        self.send_header("WWW-Authenticate", "Bearer realm=x")
        self.end_headers()

    def log_message(self, *_unused: Any) -> None:
        """Silent."""


@pytest.fixture
def busy(request: pytest.FixtureRequest) -> Iterator[Busy]:
    server = Busy(*request.param)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("busy", "status", "waited"),
    [
        ((), 200, []),
        (("5",), 200, [5.0]),
        (("0", None, "3600"), 200, [FULL[0], FULL[1], http_json.LONGEST]),
        (("Wed, 21 Oct 2026 07:28:00 GMT", "-1"), 200, [FULL[0], FULL[1]]),
        (("1", "1", "1", "1"), 429, [1.0, 1.0, FULL[2]]),
    ],
    indirect=["busy"],
)
def test_a_busy_server_is_asked_again_when_it_says(
    busy: Busy, status: int, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(http_json.time, "sleep", slept.append)
    assert http_json.request(busy.address, "POST", "/x", {}, {"a": 1})[0] == status
    assert slept == waited


@pytest.mark.parametrize("busy", [()], indirect=True)
def test_a_form_is_sent_as_one_and_the_challenge_is_told(busy: Busy) -> None:
    reply = http_json.exchange(busy.address, "POST", "/token", {}, form={"client_id": "a b", "scope": "https://x/.default"})
    assert busy.sent == [("application/x-www-form-urlencoded", "client_id=a+b&scope=https%3A%2F%2Fx%2F.default")]
    assert (reply.status, reply.challenge) == (200, "Bearer realm=x")


class Keeping(http.server.ThreadingHTTPServer):
    """It keeps connections open until it is told to end them, and counts them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Patient)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.open = list[socket.socket]()
        # None is answered before so many have asked.
        self.together = threading.Barrier(1)

    def end_last(self) -> None:
        """As a server does with whom it has not heard of for a while."""
        self.open[-1].shutdown(socket.SHUT_RDWR)


class Patient(http.server.BaseHTTPRequestHandler):
    server: Keeping
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.server.open.append(self.request)
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.together.wait(10)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_unused: Any) -> None:
        """Silent."""


@pytest.fixture
def keeping() -> Iterator[Keeping]:
    server = Keeping()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def asked(server: Keeping) -> int:
    return http_json.request(server.address, "POST", "/x", {}, {"a": 1})[0]


def test_one_connection_serves_all_threads_that_follow_one_another(keeping: Keeping) -> None:
    assert [asked(keeping) for _turn in range(5)] == [200] * 5
    for _turn in range(3):
        other = threading.Thread(target=asked, args=(keeping,))
        other.start()
        other.join()
    assert len(keeping.open) == 1


def test_no_connection_is_used_by_two_threads_at_once(keeping: Keeping) -> None:
    keeping.together = threading.Barrier(4)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(asked, [keeping] * 4)) == [200] * 4
    keeping.together = threading.Barrier(1)
    assert len(keeping.open) == 4
    assert [asked(keeping) for _turn in range(8)] == [200] * 8
    assert len(keeping.open) == 4


def test_one_that_the_server_has_ended_is_opened_again_also_for_what_is_sent_once(keeping: Keeping) -> None:
    for turn in range(1, 4):
        assert asked(keeping) == 200
        assert len(keeping.open) == turn
        keeping.end_last()


def test_no_connection_is_used_on_both_sides_of_a_fork(keeping: Keeping) -> None:
    assert asked(keeping) == 200
    child = os.fork()
    if child == 0:
        os._exit(0 if asked(keeping) == 200 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(keeping.open) == 2
    assert asked(keeping) == 200
    assert len(keeping.open) == 2
