# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a part works: each is asked in its own protocol, not only for an open port. Nothing here knows a proxy."""

from __future__ import annotations

import concurrent.futures
import http.client
import pathlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final

from ..errors import MicroappsError, MissingLibrary
from . import cluster
from .layout import Layout

try:
    import psycopg

    PSYCOPG_MISSING: ImportError | None = None
except ImportError as error:
    PSYCOPG_MISSING = error

Probe = Callable[[], bool]
_TIMEOUT: Final = 3.0
# moto reads service and region from this and checks nothing else of it.
_STS: Final = "AWS4-HMAC-SHA256 Credential=sandbox/20260101/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0"


def probes(layout: Layout, ports: Mapping[str, int]) -> dict[str, Probe]:
    """The question for each part, by the supervised program's name."""
    files = cluster.files_of(layout)
    api = cluster.Api(ports["kube-apiserver"], files)
    return {
        "aws": lambda: _aws(ports["aws"]),
        "openbao": lambda: _get(ports["openbao"], "/v1/sys/health") == http.client.OK,
        "postgresql": lambda: _postgresql(ports["postgresql"], layout.path("postgresql", "admin-password")),
        "registry": lambda: _get(ports["registry"], "/v2/") == http.client.OK,
        "git": lambda: _git(ports["git"]),
        "etcd": lambda: _get(ports["etcd"], "/health") == http.client.OK,
        "kube-apiserver": lambda: api.call("GET", "/readyz")[0] == http.client.OK and bool(api.identity()),
        "kube-controller-manager": lambda: (
            _get(ports["kube-controller-manager"], "/healthz", files.certificate) == http.client.OK
        ),
        "kube-scheduler": lambda: _get(ports["kube-scheduler"], "/healthz", files.certificate) == http.client.OK,
        "kwok": api.node_is_ready,
        "restaurant-api": lambda: _get(ports["restaurant-api"], "/healthz") == http.client.OK,
        "gateway": lambda: listens(ports["gateway"]),
        "app-where2eat": lambda: listens(ports["app-where2eat"]),
    }


def healthy(probe: Probe) -> bool:
    """The answer to one question now; whatever goes wrong in asking is a no."""
    try:
        return probe()
    except (OSError, http.client.HTTPException, MicroappsError):
        return False


def all_healthy(wanted: Mapping[str, Probe]) -> dict[str, bool]:
    """Every part asked side by side."""
    if not wanted:
        return {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        return dict(zip(wanted, pool.map(healthy, wanted.values()), strict=True))


def wait(wanted: Mapping[str, Probe], limit: float, tick: Callable[[], object]) -> tuple[str, ...]:
    """Ask until all answer or the time (seconds) is over; returns those that still do not. `tick` runs between the rounds."""
    deadline = time.monotonic() + limit
    pending = dict(wanted)
    while pending:
        told = all_healthy(pending)
        pending = {name: probe for name, probe in pending.items() if not told[name]}
        if pending and time.monotonic() > deadline:
            break
        if pending:
            tick()
            time.sleep(0.05)
    return tuple(pending)


def listens(port: int) -> bool:
    """Whether a server accepts connections on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT):
            return True
    except OSError:
        return False


def _get(port: int, path: str, authority: pathlib.Path | None = None) -> int:
    connection: http.client.HTTPConnection
    if authority:
        context = ssl.create_default_context(cafile=str(authority))
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def account(port: int) -> str:
    """The AWS account that answers on this port, '' if the answer is not AWS's."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    headers = {"Authorization": _STS, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", headers)
        found = re.search(r"<Account>(\d+)</Account>", connection.getresponse().read().decode())
        return found[1] if found else ""
    finally:
        connection.close()


def _aws(port: int) -> bool:
    return account(port) != ""


def _postgresql(port: int, password_file: pathlib.Path) -> bool:
    if PSYCOPG_MISSING:
        raise MissingLibrary("psycopg[binary]", "ask the sandbox's PostgreSQL", PSYCOPG_MISSING)
    password = password_file.read_text(encoding="utf-8").strip()
    try:
        with psycopg.connect(
            host="127.0.0.1",
            port=port,
            user="postgres",
            dbname="postgres",
            password=password,
            sslmode="disable",
            connect_timeout=3,
        ) as connection:
            return bool(connection.execute("SELECT 1").fetchone() == (1,))
    except psycopg.Error:
        return False


def _git(port: int) -> bool:
    request = b"git-upload-pack /is-there-anybody.git\0host=127.0.0.1\0"
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
        connection.sendall(b"%04x" % (len(request) + 4) + request)
        # A pkt-line: four hex digits of length, then "ERR no such repository".
        return bool(connection.recv(8)[4:] == b"ERR ")
