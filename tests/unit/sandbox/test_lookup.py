# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup of the sandbox's blocks: one look for all blocks of a profile, and a sandbox that ended is soon noticed."""

from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.goldenpath.microapps.plugins.lookup.sandbox import LookupModule


class Supervisor:
    """Listens as the sandbox's supervisor does, and counts who knocked."""

    def __init__(self, path: pathlib.Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(20)
        self._path, self.knocks = path, 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                asking, _address = self._socket.accept()
            except OSError:
                return
            self.knocks += 1
            asking.close()

    def end(self) -> None:
        """As when it is killed: the path stays, nobody answers."""
        with contextlib.suppress(OSError):  # ended already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A running sandbox with two blocks."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("GOLDENPATH_STATE", folder)
        place = pathlib.Path(folder, "sandbox")
        place.mkdir()
        (place / "state.json").write_text(json.dumps({"blocks": {"aws": {"region": "r"}, "forge": {"kind": "git"}}}))
        running = Supervisor(place / "supervisor.sock")
        yield running
        running.end()


def soon() -> None:
    """The beginning of the next second."""
    time.sleep(1.02 - time.monotonic() % 1)


def test_a_profile_knocks_once(supervisor: Supervisor) -> None:
    soon()
    for _field in range(5):
        assert LookupModule().run(["aws", "forge"]) == [{"region": "r"}, {"kind": "git"}]
    with pytest.raises(AnsibleLookupError, match="no block 'x'"):
        LookupModule().run(["x"])
    time.sleep(0.1)
    assert supervisor.knocks == 1


def test_a_sandbox_that_ended_is_noticed(supervisor: Supervisor) -> None:
    LookupModule().run(["aws"])
    supervisor.end()
    soon()
    with pytest.raises(AnsibleLookupError, match="The sandbox is not running"):
        LookupModule().run(["aws"])
