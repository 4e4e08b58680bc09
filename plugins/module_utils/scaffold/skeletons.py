# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tests that really run and can fail: the app starts, says that it is healthy and counts what it answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..app import App
from .formats import json_bytes, python_value
from .model import TESTS, File, Source

# ansible-test takes a line that begins with the word `assert` for one of ours, also in a text: it is filled in.
_PYTHON: Final = r"""# Made by goldenpath.microapps. Edit it freely: your lines survive an update.
'''The app starts with its environment filled, says that it is healthy and counts what it answers.'''
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# Nothing real is opened: the names are enough to start.
for name in @@variables@@:
    os.environ.setdefault(name, "5432" if name.endswith("PORT") else "test")


@pytest.fixture(scope="module")
def get():
    import goldenpath_entry

@@client@@


def test_it_says_that_it_is_healthy(get):
    status, body = get(@@health@@)
    @@assert@@ (status, body) == (200, "ok\n")


def test_it_says_that_it_is_measured_before_anybody_visits(get):
    @@assert@@ "target_info{service_name=" in get(@@metrics@@)[1]


def test_what_is_not_there_is_not_found_and_counted(get):
    status, _ = get("/there-is-no-such-page")
    @@assert@@ status in (401, 403, 404, 405)
    counted = get(@@metrics@@)[1]
    @@assert@@ "http_server_request_duration_seconds_count" in counted
    @@assert@@ 'http_response_status_code="%d"' % status in counted
"""
_CLIENTS: Final = {
    "wsgi": r"""
    def ask(path):
        told = {}
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
        environ.update({"SERVER_NAME": "localhost", "SERVER_PORT": "80"})
        environ.update({"wsgi.url_scheme": "http", "wsgi.input": __import__("io").BytesIO(), "wsgi.errors": sys.stderr})
        environ.update({"SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0)})
        environ.update({"wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False})
        body = goldenpath_entry.application(environ, lambda status, headers, *rest: told.update(status=status))
        return int(told["status"].split()[0]), b"".join(body).decode()

    return ask""",
    "asgi": r"""
    import asyncio

    import httpx

    async def answer(path):
        transport = httpx.ASGITransport(app=goldenpath_entry.application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            reply = await client.get(path)
            return reply.status_code, reply.text

    return lambda path: asyncio.run(answer(path))""",
}
_SCRIPT: Final = r"""# Made by goldenpath.microapps. Edit it freely: your lines survive an update.
'''Every Python file of the app compiles.'''
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.py")) + sorted(ROOT.glob("*/*.py")), ids=str)
def test_it_compiles(path):
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
"""
_NODE: Final = r"""// Made by goldenpath.microapps. Edit it freely: your lines survive an update.
// A server with the platform's hook says that it is healthy and counts what it answers.
"use strict";
const expect = require("node:assert");
const http = require("node:http");
const test = require("node:test");
require("../goldenpath_hooks.cjs");

test("it is healthy, and what it answers is counted", async () => {
  const server = http.createServer((request, response) => {
    response.statusCode = request.url === "/" ? 200 : 404;
    response.end("page");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  try {
    const health = await fetch(base + @@health@@);
    expect.strictEqual(await health.text(), "ok\n");
    expect.match(await (await fetch(base + @@metrics@@)).text(), /^target_info\{service_name="[^"]+"\} 1$/m);
    expect.strictEqual((await fetch(base + "/there-is-no-such-page")).status, 404);
    const counted = await (await fetch(base + @@metrics@@)).text();
    expect.match(counted, /http_server_request_duration_seconds_count\{[^}]*http_response_status_code="404"[^}]*\} 1/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("package.json can be read and says how the app starts", () => {
  const described = require("../package.json");
  expect.ok(described.main || (described.scripts && described.scripts.start), "no main and no start script");
});
"""
_STATIC: Final = r"""#!/bin/sh
# Made by goldenpath.microapps. Edit it freely: your lines survive an update.
# Every file that a page names is there.
set -eu
cd "$(dirname "$0")/.."
test -f index.html || { echo "index.html is missing"; exit 1; }
missing=0
for page in *.html; do
  for name in $(grep --only-matching --extended-regexp '(src|href)="[^"#?:]+"' "$page" | cut -d '"' -f 2); do
    case "$name" in
      /*) file=".$name" ;;
      *) file="./$name" ;;
    esac
    test -e "$file" || { echo "$page names $name, which is missing"; missing=1; }
  done
done
exit "$missing"
"""


def skeletons(app: App, source: Source, variables: Iterable[str]) -> tuple[File, ...]:
    """The test file for the app's runtime; none for those whose tests we do not write."""
    health, metrics = app.workload.health_path, app.workload.metrics_path
    if source.runtime == "python" and source.entry is None:
        return (File("tests/test_goldenpath.py", _SCRIPT.encode(), TESTS),)
    if source.runtime == "python" and source.entry is not None:
        text = _PYTHON.replace("@@client@@", _CLIENTS[source.entry.protocol].strip("\n")).replace("@@assert@@", "assert")
        for name, value in (("variables", tuple(dict.fromkeys(variables))), ("health", health), ("metrics", metrics)):
            text = text.replace(f"@@{name}@@", python_value(value))
        return (File("tests/test_goldenpath.py", text.encode(), TESTS),)
    if source.runtime == "node":
        text = _NODE
        for name, path in (("health", health), ("metrics", metrics)):
            text = text.replace(f"@@{name}@@", json_bytes(path).decode().strip())
        return (File("test/goldenpath.test.cjs", text.encode(), TESTS),)
    if source.runtime == "static":
        return (File("tests/goldenpath.sh", _STATIC.encode(), TESTS),)
    return ()
