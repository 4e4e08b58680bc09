# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network and the servers at their worst, put between our clients and the real parts: the only place where that is made up.

Faults are made where bytes leave and come: below botocore's retries, below our HTTP client's, in the driver's own calls. What
they look like is what the systems document: AWS's JSON and XML errors, HTTP statuses, SQLSTATEs, MySQL's numbers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import http.client
import json
import types
from collections.abc import Callable, Iterator
from typing import Any

import botocore.awsrequest
import botocore.exceptions
import botocore.httpsession
import botocore.retries.standard
import psycopg
import pymysql
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import http_json
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import mysql_session, postgresql_session

ALWAYS = 1_000_000


class Kind(enum.StrEnum):
    """What goes wrong. Only with LOST did the server act."""

    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    DENIED = "denied"
    LOST = "lost"


AWS_ERRORS = {
    Kind.THROTTLED: (400, "ThrottlingException"),
    Kind.SERVER_ERROR: (500, "InternalServiceError"),
    Kind.DENIED: (400, "AccessDeniedException"),
}
# IAM and STS answer in XML, with names of their own.
XML_ERRORS = {
    Kind.THROTTLED: (400, "Throttling"),
    Kind.SERVER_ERROR: (500, "ServiceFailure"),
    Kind.DENIED: (403, "AccessDenied"),
}
HTTP_STATUSES = {Kind.THROTTLED: 429, Kind.SERVER_ERROR: 503, Kind.DENIED: 403}
SQL_ERRORS: dict[Kind, type[psycopg.Error]] = {
    Kind.THROTTLED: psycopg.errors.QueryCanceled,  # statement_timeout
    Kind.SERVER_ERROR: psycopg.errors.InternalError_,
    Kind.DENIED: psycopg.errors.InsufficientPrivilege,
}
NOT_CONNECTED = {
    Kind.THROTTLED: "FATAL:  sorry, too many clients already",
    Kind.SERVER_ERROR: "FATAL:  the database system is starting up",
    Kind.DENIED: 'FATAL:  password authentication failed for user "x"',
}
# By number: what a statement is answered with (lock wait timeout, an internal error, a missing right), and a login.
MYSQL_ERRORS = {Kind.THROTTLED: 1205, Kind.SERVER_ERROR: 1815, Kind.DENIED: 1227}
MYSQL_NOT_CONNECTED = {Kind.THROTTLED: 1040, Kind.SERVER_ERROR: 1053, Kind.DENIED: 1045, Kind.UNREACHABLE: 2003, Kind.LOST: 2013}


@dataclasses.dataclass
class Fault:
    """From its `call`-th call on, a system fails `most` times in this way. `hit` tells what it was asked then."""

    kind: Kind
    call: int
    most: int
    count: int = 0
    hit: str = ""

    def due(self, what: str) -> bool:
        """Count a call; whether it is one that fails."""
        self.count += 1
        fails = self.call <= self.count < self.call + self.most
        if fails and not self.hit:
            self.hit = what
        return fails


@contextlib.contextmanager
def between(system: str, fault: Fault) -> Iterator[Fault]:
    """Put the fault between us and one system: `aws`, `http`, `mysql` or `postgresql`. Nobody waits between two tries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda _self, _context: 0.0)
        patch.setattr(http_json, "PAUSES", tuple(0.0 for _pause in http_json.PAUSES))
        {"aws": _aws, "http": _http, "postgresql": _postgresql, "mysql": _mysql}[system](patch, fault)
        yield fault


def _aws(patch: pytest.MonkeyPatch, fault: Fault) -> None:
    original = botocore.httpsession.URLLib3Session.send

    def send(session: Any, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target")
        if not fault.due(str(target or request.body)):
            return original(session, request)
        if fault.kind is Kind.UNREACHABLE:
            raise botocore.exceptions.ConnectTimeoutError(endpoint_url=request.url)
        if fault.kind is Kind.LOST:
            original(session, request)
            raise botocore.exceptions.ReadTimeoutError(endpoint_url=request.url)
        status, code = (AWS_ERRORS if target else XML_ERRORS)[fault.kind]
        text = json.dumps({"__type": code, "message": "made up"})
        if not target:
            text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>x</Message></Error></ErrorResponse>"
        raw = types.SimpleNamespace(stream=lambda *_unused, **_also: iter([text.encode()]))
        return botocore.awsrequest.AWSResponse(request.url, status, {}, raw)

    patch.setattr(botocore.httpsession.URLLib3Session, "send", send)


def _http(patch: pytest.MonkeyPatch, fault: Fault) -> None:
    class Faulty(http.client.HTTPConnection):
        """One request of our HTTP client."""

        bad = False

        def request(self, method: str, url: str, *rest: Any, **also: Any) -> None:
            self.bad = fault.due(f"{method} {url}")
            if self.bad and fault.kind is Kind.UNREACHABLE:
                raise ConnectionRefusedError
            if not self.bad or fault.kind is Kind.LOST:
                super().request(method, url, *rest, **also)

        def getresponse(self) -> Any:
            if not self.bad:
                return super().getresponse()
            if fault.kind is Kind.LOST:
                super().getresponse().read()
                raise TimeoutError
            return types.SimpleNamespace(
                status=HTTP_STATUSES[fault.kind], read=lambda: b"", getheader=lambda _name, default=None: default
            )

    client = types.SimpleNamespace(HTTPConnection=Faulty, HTTPException=http.client.HTTPException)
    patch.setattr(http_json, "http", types.SimpleNamespace(client=client))


def _postgresql(patch: pytest.MonkeyPatch, fault: Fault) -> None:
    execute, connect = psycopg.Connection.execute, psycopg.connect

    def executed(connection: Any, query: Any, *rest: Any, **also: Any) -> Any:
        return _sql(fault, f"{query!s:.60}", lambda: execute(connection, query, *rest, **also), connection)

    def connected(*rest: Any, **also: Any) -> Any:
        if not fault.due("connect"):
            return connect(*rest, **also)
        if fault.kind is Kind.LOST:
            connect(*rest, **also).close()
        raise psycopg.OperationalError(NOT_CONNECTED.get(fault.kind, "timeout expired"))

    patch.setattr(psycopg.Connection, "execute", executed)
    patch.setattr(postgresql_session.psycopg, "connect", connected)


def _sql(fault: Fault, what: str, ask: Callable[[], Any], connection: Any) -> Any:
    if not fault.due(what):
        return ask()
    if fault.kind in SQL_ERRORS:
        raise SQL_ERRORS[fault.kind]("made up")
    if fault.kind is Kind.LOST:
        ask()
    connection.close()
    raise psycopg.OperationalError("server closed the connection unexpectedly")


def _mysql(patch: pytest.MonkeyPatch, fault: Fault) -> None:
    query, connect = pymysql.connections.Connection.query, pymysql.connect

    def asked(connection: Any, statement: Any, *rest: Any, **also: Any) -> Any:
        if not fault.due(f"{statement!s:.60}"):
            return query(connection, statement, *rest, **also)
        if fault.kind in MYSQL_ERRORS:
            raise pymysql.OperationalError(MYSQL_ERRORS[fault.kind], "made up")
        if fault.kind is Kind.LOST:
            query(connection, statement, *rest, **also)
        connection._force_close()
        raise pymysql.OperationalError(2013, "Lost connection to MySQL server during query")

    def connected(*rest: Any, **also: Any) -> Any:
        if not fault.due("connect"):
            return connect(*rest, **also)
        if fault.kind is Kind.LOST:
            connect(*rest, **also).close()
        raise pymysql.OperationalError(MYSQL_NOT_CONNECTED[fault.kind], "made up")

    patch.setattr(pymysql.connections.Connection, "query", asked)
    patch.setattr(mysql_session.pymysql, "connect", connected)
