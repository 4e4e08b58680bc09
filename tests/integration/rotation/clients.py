# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client of a database that logs in twenty times a second while its credential is rotated."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

PAUSE = 0.05


@dataclasses.dataclass
class Client:
    """Logs in with what the store says is current, and with the oldest of what it said within the last `seconds`.

    `held` are the credentials that the store named, each with when that was; `failed` are those that were refused.
    """

    current: Callable[[], Any]
    works: Callable[[Any], bool]
    seconds: float
    logins: int = 0
    held: list[tuple[float, Any]] = dataclasses.field(default_factory=list, repr=False)
    failed: list[Any] = dataclasses.field(default_factory=list, repr=False)

    @property
    def seen(self) -> int:
        """How many credentials it has logged in with: on a busy machine it gets round less often, but in every turn."""
        return len({repr(credential) for _when, credential in self.held})

    @contextlib.contextmanager
    def logging_in(self) -> Iterator[None]:
        """For as long as the block runs; what broke the client meanwhile is raised at its end."""
        done = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            watching = pool.submit(self._until, done)
            try:
                yield
            finally:
                done.set()
        watching.result()

    def _until(self, done: threading.Event) -> None:
        while not done.is_set():
            began = time.monotonic()
            self._log_in(began)
            done.wait(max(0.0, PAUSE - (time.monotonic() - began)))

    def _log_in(self, began: float) -> None:
        newest = self.current()
        self.held.append((began, newest))
        oldest = next(value for seen, value in self.held if seen >= began - self.seconds)
        for credential in (newest,) if newest == oldest else (newest, oldest):
            self.logins += 1
            if not self.works(credential):
                self.failed.append(credential)
