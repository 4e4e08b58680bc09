# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several runs at once in an order that the test chooses: each stops before every call to the outside until it is its turn.

Only one run moves at any time, so an order of turns is a whole history: the same order, the same history. A killed run makes no
call any more, not even from its `finally`: what is outside never hears of it again, as after SIGKILL.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

import botocore.client
import botocore.exceptions
import psycopg
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import jobs
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import http_recipe, postgresql_session
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import openbao_server

# No call of ours takes as long: whoever does not come to his next call waits for somebody who must not move.
PATIENCE = 20.0
_MINE = threading.local()


class Killed(BaseException):
    """The run is gone. Nothing of ours catches this."""


@dataclasses.dataclass
class Run:
    """One run in a thread of its own. `calls` are those it made, `seen` what it looked at, `said` why it did not end well."""

    name: str
    work: Callable[[Callable[[jobs.Sight], object]], jobs.Sight]
    calls: list[str] = dataclasses.field(default_factory=list)
    seen: list[jobs.Sight] = dataclasses.field(default_factory=list)
    said: MicroappsError | None = None
    killed: bool = False
    broken: BaseException | None = None
    ended: bool = False
    _moves: threading.Semaphore = dataclasses.field(default_factory=lambda: threading.Semaphore(0))
    _rests: threading.Semaphore = dataclasses.field(default_factory=lambda: threading.Semaphore(0))

    def start(self) -> Run:
        """Up to its first call."""
        threading.Thread(target=self._run, daemon=True).start()
        self._until_it_rests()
        return self

    def _run(self) -> None:
        _MINE.run = self
        try:
            self.work(self.seen.append)
        except MicroappsError as error:
            self.said = error
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - a traceback: the test tells of it
            self.broken = error
        self.ended = True
        self._rests.release()

    def arrive(self, call: str) -> None:
        """Called by the run itself, before a call."""
        if self.killed:
            raise Killed
        self._rests.release()
        self._moves.acquire()
        if self.killed:
            raise Killed
        self.calls.append(call)

    def step(self) -> bool:
        """One call, and on to the next one; whether it has not ended."""
        if not self.ended:
            self._moves.release()
            self._until_it_rests()
        return not self.ended

    def finish(self) -> Run:
        """To its end, without anybody else."""
        while self.step():
            pass
        return self

    def kill(self) -> None:
        """Instead of its next call."""
        self.killed = True
        self.finish()

    def _until_it_rests(self) -> None:
        assert self._rests.acquire(timeout=PATIENCE), f"{self.name} waits for another run after {self.calls[-1:]}"
        assert self.broken is None, f"{self.name} broke: {self.broken!r}"


@contextlib.contextmanager
def gates() -> Iterator[None]:
    """Until the end of the block a run stops at each call; everybody else passes."""
    with pytest.MonkeyPatch.context() as patch:
        api = botocore.client.BaseClient._make_api_call
        patch.setattr(botocore.client.BaseClient, "_make_api_call", _aws(api))
        patch.setattr(psycopg.Connection, "execute", _gate(psycopg.Connection.execute, lambda given: f"sql {given[1]!s:.40}"))
        patch.setattr(postgresql_session, "_connect", _gate(postgresql_session._connect, lambda given: f"login {given[1]}"))
        for module, name in ((http_recipe, "request"), (openbao_server, "exchange")):
            patch.setattr(module, name, _gate(getattr(module, name), lambda given: f"{given[1]} {given[2]}"))
        yield


def _gate(original: Callable[..., Any], told: Callable[[Any], str]) -> Callable[..., Any]:
    def gated(*given: Any, **also: Any) -> Any:
        run: Run | None = getattr(_MINE, "run", None)
        if run is not None:
            run.arrive(told(given))
        return original(*given, **also)

    return gated


def _aws(original: Callable[..., Any]) -> Callable[..., Any]:
    """With what AWS does and moto 5.2.5 does not: a used ClientRequestToken with another value is refused."""
    passed = _gate(original, lambda given: str(given[1]))

    def asked(client: Any, operation: str, options: Any) -> Any:
        return (put if "ClientRequestToken" in options and operation == "PutSecretValue" else passed)(client, operation, options)

    def stored(client: Any, options: Any) -> str:
        version = {"SecretId": options["SecretId"], "VersionId": options["ClientRequestToken"]}
        try:
            return str(original(client, "GetSecretValue", version)["SecretString"])
        except botocore.exceptions.ClientError:
            return ""

    def refusing(client: Any, operation: str, options: Any) -> Any:
        if stored(client, options) not in ("", options["SecretString"]):
            error = {"Error": {"Code": "ResourceExistsException", "Message": "the token is used"}}
            raise botocore.exceptions.ClientError(error, operation)
        return original(client, operation, options)

    put = _gate(refusing, lambda given: str(given[1]))
    return asked
