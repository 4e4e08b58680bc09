# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text of `platform_hooks.py` and `goldenpath_entry.py`: health, metrics and browser values around an untouched app."""

from __future__ import annotations

from typing import Final

HOOKS: Final = r"""# Made by goldenpath.microapps. Edit it freely: your lines survive an update.
'''Health and metrics around the app, with the names of OpenTelemetry's semantic conventions; needs no package.

Traces are sent as well where the OpenTelemetry packages are installed and OTEL_EXPORTER_OTLP_ENDPOINT is set.
'''
import functools
import importlib
import json
import os
import threading
import time

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Says that this app is measured, also before its first visitor.
TARGET = ("# TYPE target_info gauge", "target_info{service_name=%s} 1" % json.dumps(@@service@@))


class Histogram:
    def __init__(self, name):
        self.name, self.lock, self.series = name, threading.Lock(), {}

    def observe(self, labels, seconds):
        key = tuple(sorted(labels.items()))
        with self.lock:
            counts, total = self.series.get(key, ([0] * (len(BUCKETS) + 1), 0.0))
            place = next((at for at, edge in enumerate(BUCKETS) if seconds <= edge), len(BUCKETS))
            counts[place] += 1
            self.series[key] = (counts, total + seconds)

    def lines(self):
        yield "# TYPE %s histogram" % self.name
        with self.lock:
            series = [(key, list(counts), total) for key, (counts, total) in self.series.items()]
        for key, counts, total in series:
            labels = ",".join("%s=%s" % (name, json.dumps(value)) for name, value in key)
            running = 0
            for edge, count in zip(BUCKETS + ("+Inf",), counts):
                running += count
                yield '%s_bucket{%s,le="%s"} %d' % (self.name, labels, edge, running)
            yield "%s_sum{%s} %r" % (self.name, labels, total)
            yield "%s_count{%s} %d" % (self.name, labels, running)


REQUESTS = Histogram("http_server_request_duration_seconds")
QUERIES = Histogram("db_client_operation_duration_seconds")


def metrics(own=b""):
    # `own` is what the app says of itself; a series that stands there is not said again.
    lines = [] if b"target_info{" in own else list(TARGET)
    lines += list(REQUESTS.lines()) + list(QUERIES.lines())
    return own + ("\n".join(lines) + "\n").encode()


def answered(method, route, status, seconds):
    labels = {
        "http_request_method": method if method in METHODS else "_OTHER",
        "http_route": route,
        "http_response_status_code": str(status),
    }
    REQUESTS.observe(labels, seconds)


# Drivers that keep their cursor in Python, where it is, and what they talk to; one written in C cannot be timed from outside.
DRIVERS = (
    ("psycopg", "Cursor", "postgresql"),
    ("pymysql.cursors", "Cursor", "mysql"),
    ("MySQLdb.cursors", "BaseCursor", "mysql"),
    ("mysql.connector.cursor", "MySQLCursor", "mysql"),
    ("mysql.connector.cursor_cext", "CMySQLCursor", "mysql"),
)


def timed(execute, system):
    def run(self, *args, **kwargs):
        start, error = time.monotonic(), ""
        try:
            return execute(self, *args, **kwargs)
        except Exception as problem:
            error = type(problem).__name__
            raise
        finally:
            query = args[0] if args else next(iter(kwargs.values()), "")
            word = query.split(None, 1)[0].upper() if isinstance(query, str) and query.strip() else "OTHER"
            known = word if word in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH") else "OTHER"
            labels = {"db_system_name": system, "db_operation_name": known, "error_type": error}
            QUERIES.observe(labels, time.monotonic() - start)

    run.timed_by_platform = True
    return run


def time_queries():
    for module, name, system in DRIVERS:
        try:
            cursor = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):  # not installed, or a release that names it otherwise
            continue
        if not getattr(cursor.execute, "timed_by_platform", False):
            cursor.execute = timed(cursor.execute, system)
    time_commands()


COMMANDS = ("find", "getMore", "aggregate", "count", "distinct", "insert", "update", "delete", "findAndModify")
# What MongoDB's driver says to greet, keep and leave a server is no query of the app.
GREETINGS = ("hello", "ismaster", "ping", "saslstart", "saslcontinue", "authenticate", "getnonce", "endsessions")


def commanded(event, error):
    if event.command_name.lower() not in GREETINGS:
        known = event.command_name if event.command_name in COMMANDS else "OTHER"
        labels = {"db_system_name": "mongodb", "db_operation_name": known, "error_type": str(error)}
        QUERIES.observe(labels, event.duration_micros / 1e6)


@functools.lru_cache(maxsize=None)  # the driver would call a second listener, too
def time_commands():
    # MongoDB's driver tells of its commands by itself; Motor, Beanie and MongoEngine ask through it.
    try:
        from pymongo.monitoring import CommandListener, register
    except ImportError:
        return

    class Commands(CommandListener):
        def started(self, event):
            pass

        def succeeded(self, event):
            # What could not be written is told in an answer that is a success otherwise.
            wrong = event.reply.get("writeErrors")
            commanded(event, wrong[0].get("code", "") if wrong else "")

        def failed(self, event):
            # The server's code, or the name of what the driver met; never the message, which may quote what people entered.
            commanded(event, event.failure.get("code") or event.failure.get("errtype", ""))

    register(Commands())


def traced_wsgi(app):
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return app
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return app
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return OpenTelemetryMiddleware(app)


def filled(body, values):
    for mark, variable in values.items():
        body = body.replace(mark.encode(), json.dumps(os.environ.get(variable, ""))[1:-1].encode())
    return body


class Wsgi:
    '''A WSGI app with health and metrics beside it. `browser` maps paths to the marks that are filled in there.'''

    def __init__(self, app, health="/healthz", metrics="/metrics", browser=None):
        self.inner, self.health, self.metrics, self.browser = app, health, metrics, browser or {}
        self.app = traced_wsgi(getattr(app, "wsgi_app", app))
        if hasattr(app, "after_request"):
            app.after_request(self.note_route)

    def note_route(self, response):
        from flask import request

        request.environ["platform.route"] = request.url_rule.rule if request.url_rule else ""
        return response

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == self.health:
            return self.plain(start_response, b"ok\n")
        if path == self.metrics:
            return self.plain(start_response, metrics(self.own_metrics(environ)))
        start, told = time.monotonic(), {}

        def begin(status, headers, *rest):
            told["status"] = status.split(" ", 1)[0]
            told["answer"] = (status, headers, rest)
            return start_response(status, headers, *rest)

        values = next((marks for tail, marks in self.browser.items() if path.endswith(tail)), None)
        if values:
            partial = ("HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
            environ = {name: value for name, value in environ.items() if name not in partial}
        try:
            body = self.fill(environ, start_response, told, values) if values else self.app(environ, begin)
        except Exception:
            answered(environ.get("REQUEST_METHOD", ""), environ.get("platform.route", ""), 500, time.monotonic() - start)
            raise
        route, status = environ.get("platform.route", ""), told.get("status", "200")
        answered(environ.get("REQUEST_METHOD", ""), route, status, time.monotonic() - start)
        return body

    def own_metrics(self, environ):
        # An app that measures itself keeps its own series beside ours.
        told = {}
        parts = self.app(environ, lambda status, headers, *rest: told.update(status=status, headers=headers))
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        kind = next((value for name, value in told.get("headers", []) if name.lower() == "content-type"), "")
        return body.rstrip() + b"\n" if told.get("status", "").startswith("200") and kind.startswith("text/plain") else b""

    def fill(self, environ, start_response, told, values):
        def hold(status, headers, *rest):
            told["status"] = status.split(" ", 1)[0]
            told["answer"] = (status, headers)

        parts = self.app(environ, hold)
        try:
            body = filled(b"".join(parts), values)
        finally:
            getattr(parts, "close", lambda: None)()
        status, headers = told["answer"]
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "etag", "cache-control")]
        start_response(status, kept + [("Content-Length", str(len(body))), ("Cache-Control", "no-cache")])
        return [body]

    def plain(self, start_response, body):
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]


class Asgi:
    '''An ASGI app with health and metrics beside it.'''

    def __init__(self, app, health="/healthz", metrics="/metrics", browser=None):
        self.app, self.health, self.metrics, self.browser = app, health, metrics, browser or {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"] == self.health:
            return await self.plain(send, b"ok\n")
        if scope["path"] == self.metrics:
            return await self.plain(send, metrics(await self.own_metrics(scope, receive)))
        start, told = time.monotonic(), {"status": 500}

        async def begin(message):
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
            await send(message)

        values = next((marks for tail, marks in self.browser.items() if scope["path"].endswith(tail)), None)
        try:
            await self.app(scope, receive, self.filler(begin, values) if values else begin)
        finally:
            route = getattr(scope.get("route"), "path", "")
            answered(scope["method"], route, told["status"], time.monotonic() - start)

    async def own_metrics(self, scope, receive):
        # An app that measures itself keeps its own series beside ours.
        told = {"status": 0, "headers": [], "body": b""}

        async def hold(message):
            if message["type"] == "http.response.start":
                told.update(status=message["status"], headers=message.get("headers", []))
            else:
                told["body"] += message.get("body", b"")

        await self.app(scope, receive, hold)
        kind = next((value for name, value in told["headers"] if name.lower() == b"content-type"), b"")
        return told["body"].rstrip() + b"\n" if told["status"] == 200 and kind.startswith(b"text/plain") else b""

    def filler(self, send, values):
        held = {}

        async def hold(message):
            if message["type"] == "http.response.start":
                held["start"], held["body"] = message, b""
                return
            held["body"] += message.get("body", b"")
            if message.get("more_body"):
                return
            body = filled(held["body"], values)
            dropped = (b"content-length", b"etag", b"cache-control")
            headers = [pair for pair in held["start"].get("headers", []) if pair[0].lower() not in dropped]
            headers += [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-cache")]
            await send({**held["start"], "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return hold

    async def plain(self, send, body):
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
"""

ENTRY: Final = r"""# Made by goldenpath.microapps. Edit it freely: your lines survive an update.
'''Starts the app as it is, with the platform's health and metrics around it: `python goldenpath_entry.py`, or a server.'''
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import platform_hooks  # noqa: E402 - the line above lets it be found

MODULE = @@module@@
ATTRIBUTE = @@attribute@@
IS_FACTORY = @@is_factory@@
HEALTH = @@health@@
METRICS = @@metrics@@
PORT = @@port@@
# Values that browsers see: the path's end, the mark in the file, the variable that fills it.
BROWSER = @@browser@@

platform_hooks.time_queries()
app = getattr(importlib.import_module(MODULE), ATTRIBUTE)
if IS_FACTORY:
    app = app()
application = platform_hooks.@@wrapper@@(app, health=HEALTH, metrics=METRICS, browser=BROWSER)

if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", PORT))
@@serve@@
"""
SERVE: Final = {
    "wsgi": """\
    try:
        from werkzeug.serving import run_simple
    except ImportError:
        import socketserver
        from wsgiref.simple_server import WSGIServer, make_server

        class Threaded(socketserver.ThreadingMixIn, WSGIServer):
            daemon_threads = True

        make_server(host, port, application, server_class=Threaded).serve_forever()
    else:
        run_simple(host, port, application, threaded=True)
""",
    "asgi": """\
    import uvicorn

    uvicorn.run(application, host=host, port=port)
""",
}
