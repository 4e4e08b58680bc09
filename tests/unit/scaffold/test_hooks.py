# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever an app is made of, its metrics say from the first moment that it is measured, in text that Prometheus reads."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
import pymysql.cursors
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, Workload
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import container
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.hooks import hooks
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.model import Entry, Source

TYPE, TARGET = "# TYPE target_info gauge", 'target_info{service_name="where2eat"} 1'
OWN = b'# TYPE target_info gauge\ntarget_info{service_name="its own"} 1\n'


def written(apps: tuple[App, ...], source: Source, file: str, **workload: Any) -> str:
    app = dataclasses.replace(apps[0], workload=Workload(**workload))
    return {one.path: one.content.decode() for one in hooks(app, source)}[file]


def python_hooks(apps: tuple[App, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    exec(written(apps, Source("python", "", Entry("app", "app", "wsgi")), "platform_hooks.py"), made)  # noqa: S102 - what we write
    return made


def wsgi(app: Any, path: str) -> bytes:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
    return b"".join(app(environ, lambda *_answer: None))


def asgi(app: Any, path: str) -> bytes:
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "method": "GET", "path": path}, None, send))
    return b"".join(message.get("body", b"") for message in sent)


def wsgi_app(own: bytes) -> Any:
    def app(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK" if own else "404 Not Found", [("Content-Type", "text/plain")])
        return [own]

    return app


def asgi_app(own: bytes) -> Any:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200 if own else 404, "headers": headers})
        await send({"type": "http.response.body", "body": own})

    return app


@pytest.mark.parametrize(("wrapper", "inner", "ask"), [("Wsgi", wsgi_app, wsgi), ("Asgi", asgi_app, asgi)])
def test_a_python_app_says_before_its_first_visitor_that_it_is_measured(
    apps: tuple[App, ...], wrapper: str, inner: Any, ask: Any
) -> None:
    app = python_hooks(apps)[wrapper](inner(b""))
    assert ask(app, "/metrics").decode().splitlines()[:2] == [TYPE, TARGET]
    ask(app, "/menu")
    lines = ask(app, "/metrics").decode().splitlines()
    assert lines[:2] == [TYPE, TARGET]
    assert [line for line in lines if "_count{" in line and 'http_response_status_code="404"' in line]


@pytest.mark.parametrize(("wrapper", "inner", "ask"), [("Wsgi", wsgi_app, wsgi), ("Asgi", asgi_app, asgi)])
def test_an_app_that_measures_itself_is_not_contradicted(apps: tuple[App, ...], wrapper: str, inner: Any, ask: Any) -> None:
    text = ask(python_hooks(apps)[wrapper](inner(OWN)), "/metrics").decode()
    assert text.startswith(OWN.decode())
    assert text.count("target_info{") == 1
    assert "http_server_request_duration_seconds" in text


@pytest.mark.parametrize("cursor", [pymysql.cursors.Cursor, pymysql.cursors.DictCursor])
def test_queries_to_mysql_are_timed(apps: tuple[App, ...], monkeypatch: pytest.MonkeyPatch, cursor: Any) -> None:
    for driver in (psycopg.Cursor, pymysql.cursors.Cursor):
        # Put back afterwards what the hook replaces.
        monkeypatch.setattr(driver, "execute", driver.execute)
    asked: list[str] = []
    monkeypatch.setattr(pymysql.cursors.Cursor, "_query", lambda _cursor, text: asked.append(text) or len(asked))
    made = python_hooks(apps)
    for _twice in range(2):
        made["time_queries"]()
    connection = types.SimpleNamespace(_result=None, close=lambda: None)
    assert cursor(connection).execute("SELECT 1") == 1 and cursor(connection).execute(query="insert into x values (1)") == 2
    assert asked == ["SELECT 1", "insert into x values (1)"]
    counts = [
        line for line in made["metrics"]().decode().splitlines() if line.startswith("db_client_operation_duration_seconds_count")
    ]
    assert [line.rpartition(" ")[2] for line in counts] == ["1", "1"]
    assert all('db_system_name="mysql"' in line for line in counts)
    assert [word in text for word, text in zip(("SELECT", "INSERT"), counts, strict=True)] == [True, True]


def test_an_app_starts_with_a_driver_that_names_its_cursor_otherwise(
    apps: tuple[App, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.Cursor, "execute", psycopg.Cursor.execute)
    monkeypatch.setitem(sys.modules, "pymysql.cursors", types.ModuleType("pymysql.cursors"))
    python_hooks(apps)["time_queries"]()
    assert psycopg.Cursor.execute.timed_by_platform


def test_a_node_app_says_before_its_first_visitor_that_it_is_measured(apps: tuple[App, ...], tmp_path: Any) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    (tmp_path / "hooks.cjs").write_text(written(apps, Source("node", "npm"), "goldenpath_hooks.cjs"))
    program = """
        require("./hooks.cjs");
        const server = require("node:http").createServer((_request, response) => response.end("page"));
        server.listen(0, "127.0.0.1", async () => {
          const answer = await fetch(`http://127.0.0.1:${server.address().port}/metrics`);
          console.log(await answer.text());
          process.exit(0);
        });
    """
    done = subprocess.run([node, "-e", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[:2] == [TYPE, TARGET]


@pytest.mark.parametrize(("health", "metrics"), [("/healthz", "/metrics"), ("/up", "/internal/numbers")])
def test_a_static_page_answers_the_probe_and_the_scrape(apps: tuple[App, ...], health: str, metrics: str) -> None:
    text = written(apps, Source("static"), "goldenpath-nginx.conf", health_path=health, metrics_path=metrics)
    places = re.findall(r'location = (\S+) \{[^}]*?return 200 ("(?:[^"\\]|\\.)*");', text)
    # nginx and JSON read these escapes alike.
    assert {path: json.loads(body) for path, body in places} == {health: "ok\n", metrics: f"{TYPE}\n{TARGET}\n"}
    assert "$" not in text
    app = dataclasses.replace(apps[0], workload=Workload(health_path=health, metrics_path=metrics))
    image = container.dockerfile(app, Source("static"))
    assert image and f'{health}"]' in image.content.decode()
