# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""moto's AWS API with a memory: every request that writes is kept in a journal and played again at the next start.

moto keeps its state in memory only. Its own recorder replays over HTTP after the server listens (so clients see half a
state), keeps reads as well, gives new random parts to every ARN and id, and stumbles over a line that a kill cut off. Here
the journal is played before the port opens, each request under the seed it first ran with, so that ARNs, version ids and
access keys come back as they were. Dates are those of the replay. The journal holds secrets: 0600, and wiped with the rest.

Run under the supervisor: `python -m module_utils.sandbox.aws_server <port> <journal>`.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import os
import pathlib
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

try:
    from moto.moto_api._internal import mock_random
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Dispatcher(DomainDispatcherApplication):
        """moto's application. It looks through its own folder and addresses at each request: here once for each host."""

        def __init__(self) -> None:
            super().__init__(create_backend_app)
            self._known = functools.lru_cache(maxsize=64)(super().get_backend_for_host)

        def get_backend_for_host(self, host: str | None) -> Any:
            """The service that answers at the host's name, None if there is none."""
            return self._known(host)

    MISSING: ImportError | None = None
except ImportError as error:  # the documentation checks import this file without moto
    MISSING = error

READS = re.compile(r"^(Get|List|Describe|BatchGet|Head|Simulate|Validate|Lookup|Search|Filter)")
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Journal:
    """One JSON line a request, appended in one write, so that a kill can only cut off the last line."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._mend()
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND)

    def _mend(self) -> None:
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(self._path, whole)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every kept request, oldest first."""
        with self._path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def append(self, entry: Mapping[str, Any]) -> None:
        """Keep one more request."""
        os.write(self._handle, json.dumps(entry).encode() + b"\n")


def is_write(method: str, headers: Mapping[str, str], query: str, body: bytes) -> bool:
    """Whether a request may change something: by its action's name where the protocol has one, else by its method."""
    action = headers.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not action and headers.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    if not action:
        action = parse_qs(query).get("Action", [""])[0]
    if action:
        return not READS.match(action)
    return method not in ("GET", "HEAD", "OPTIONS")


def as_documented(target: str, body: bytes) -> bytes:
    """The request's body, spelled out where moto answers otherwise than AWS documents.

    GetSecretValue without a version means the stage AWSCURRENT (AWS Secrets Manager API reference). moto answers with the
    version that was current before the stage was moved: a client that reads plainly would get the replaced password.
    """
    if target.rpartition(".")[2] != "GetSecretValue":
        return body
    try:
        asked = json.loads(body)
    except ValueError:
        return body  # moto refuses it in AWS's words
    if not isinstance(asked, dict) or asked.get("VersionId") or asked.get("VersionStage"):
        return body
    return json.dumps({**asked, "VersionStage": "AWSCURRENT"}).encode()


class Remembering:
    """The application around moto's: one request at a time, each write seeded and kept before it is carried out."""

    def __init__(self, application: Application, journal: Journal) -> None:
        self._application = application
        self._journal = journal
        # moto's randomness is one object: a second request in between would change what a replay gives.
        self._one = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        body = as_documented(environ.get("HTTP_X_AMZ_TARGET", ""), _body(environ))
        environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        with self._one:
            if is_write(environ["REQUEST_METHOD"], environ, environ.get("QUERY_STRING", ""), body):
                seed = secrets.randbits(64)
                self._journal.append({"seed": seed, "environ": _plain(environ), "body": base64.b64encode(body).decode()})
                mock_random.seed(seed)
            return _collected(self._application(environ, start_response))

    def replay(self) -> int:
        """Carry out every kept request again, with the seeds of then; returns how many."""
        count = 0
        for entry in self._journal.entries():
            mock_random.seed(entry["seed"])
            body = base64.b64decode(entry["body"])
            environ = {**entry["environ"], **_server_side(body)}
            _collected(self._application(environ, lambda *_given: None))
            count += 1
        # Without this, every new id after a restart would repeat one of the last replayed request.
        mock_random.seed(secrets.randbits(64))
        return count


def _body(environ: Environ) -> bytes:
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    if length:
        return bytes(stream.read(int(length)))
    return bytes(stream.read()) if environ.get("wsgi.input_terminated") else b""


def _plain(environ: Environ) -> dict[str, str]:
    return {key: value for key, value in environ.items() if isinstance(value, str)}


def _server_side(body: bytes) -> Environ:
    return {
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _collected(chunks: Iterable[bytes]) -> list[bytes]:
    try:
        return list(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()


def main(port: int, journal: pathlib.Path) -> None:
    """Replay, then listen until ended."""
    if MISSING:
        raise SystemExit(f"The sandbox's AWS API needs moto[server]: {MISSING}")
    application = Remembering(Dispatcher(), Journal(journal))
    sys.stderr.write(f"{application.replay()} requests replayed\n")
    make_server("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
