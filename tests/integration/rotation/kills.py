# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run in a process of its own that ends by SIGKILL before or after its n-th call to the outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import botocore.client
import psycopg
import pymysql

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import (
    http_recipe,
    mysql_session,
    postgresql_session,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import azure_keyvault, openbao_server


def killed(run: Callable[[], object], budget: int, after: bool, store_alone: bool = False) -> bool:
    """Whether the run was killed at that call (with `store_alone`: of a store over HTTP); False if it ended before."""
    child = os.fork()
    if child == 0:
        try:
            wrap = _killing(budget, after)
            openbao_server.exchange = wrap(openbao_server.exchange)
            azure_keyvault.request = wrap(azure_keyvault.request)
            if not store_alone:
                _wrap_the_others(wrap)
            run()
            os._exit(0)
        finally:
            os._exit(1)
    _unused, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the run failed instead of being killed"
    return os.WIFSIGNALED(status)


def _wrap_the_others(wrap: Callable[[Any], Any]) -> None:
    botocore.client.BaseClient._make_api_call = wrap(botocore.client.BaseClient._make_api_call)
    psycopg.Connection.execute = wrap(psycopg.Connection.execute)
    postgresql_session.psycopg.connect = wrap(psycopg.connect)
    pymysql.connections.Connection.query = _but_reading(pymysql.connections.Connection.query, wrap)
    mysql_session.pymysql.connect = wrap(pymysql.connect)
    http_recipe.request = wrap(http_recipe.request)


def _but_reading(query: Any, wrap: Callable[[Any], Any]) -> Any:
    # A kill after a statement that only reads leaves what the kill after the call before it left, and of a hundred calls of a
    # rotation on MySQL these are sixty.
    counted = wrap(query)

    def asked(connection: Any, statement: Any, *rest: Any, **also: Any) -> Any:
        reads = str(statement).startswith(("SELECT", "SHOW", "SET SESSION", "\nSELECT")) and "GET_LOCK" not in str(statement)
        return (query if reads else counted)(connection, statement, *rest, **also)

    return asked


def _killing(budget: int, after: bool) -> Callable[[Any], Any]:
    count = [0]

    def wrap(original: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            count[0] += 1
            if count[0] != budget:
                return original(*args, **kwargs)
            try:
                if after:
                    original(*args, **kwargs)
            finally:  # an answer that is an error is an answer, too
                os.kill(os.getpid(), signal.SIGKILL)

        return counted

    return wrap
