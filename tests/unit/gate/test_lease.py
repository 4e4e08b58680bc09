# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may hold a lease: never two at once, and never for longer than a dead holder deserves."""

from __future__ import annotations

import datetime
import os
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.record import Run
from ansible_collections.goldenpath.microapps.plugins.module_utils.gate.lease import (
    FileLeases,
    Held,
    holder_of,
    leave,
    may_take,
    process_started,
    take,
)

NOW = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
EARLIER = NOW - datetime.timedelta(seconds=60)
LONG_AGO = NOW - datetime.timedelta(hours=2)
ME = "here 100 7000 run-me somebody"
RUNNING = {100: "7000", 200: "8000"}


def started(pid: int) -> str:
    return RUNNING.get(pid, "")


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        (Held("here 200 8000 run-other x", EARLIER, 900), False),
        (Held("elsewhere 200 8000 run-other x", EARLIER, 900), False),
        (Held("elsewhere 300 1 run-other x", EARLIER, 900), False),
        (Held("written by something else", EARLIER, 900), False),
        (Held("here 300 9000 run-dead x", EARLIER, 900), True),
        (Held("here 200 7999 run-same-pid-earlier-process x", EARLIER, 900), True),
        (Held("elsewhere 200 8000 run-other x", LONG_AGO, 900), True),
        (Held("", EARLIER, 900), True),
        (Held(ME, EARLIER, 900), True),
        (None, True),
    ],
)
def test_a_lease_is_taken_only_from_the_dead_and_the_late(held: Held | None, allowed: bool) -> None:
    assert may_take(held, ME, NOW, started) is allowed


def test_a_second_run_is_told_who_is_at_work(tmp_path: pathlib.Path) -> None:
    leases = FileLeases(tmp_path)
    take(leases, "where2eat.sandbox", "elsewhere 200 8000 run-1 ada", 900, NOW, started)
    with pytest.raises(Conflict, match="ada on elsewhere, process 200"):
        take(leases, "where2eat.sandbox", ME, 900, NOW, started)
    leave(leases, "where2eat.sandbox", ME)
    with pytest.raises(Conflict):
        take(leases, "where2eat.sandbox", ME, 900, NOW, started)
    leave(leases, "where2eat.sandbox", "elsewhere 200 8000 run-1 ada")
    take(leases, "where2eat.sandbox", ME, 900, NOW, started)


def test_of_two_that_read_the_same_lease_the_slower_is_refused(tmp_path: pathlib.Path) -> None:
    leases = FileLeases(tmp_path)
    leases.write("a", Held("one", NOW, 900), None)
    with pytest.raises(Conflict):
        leases.write("a", Held("two", NOW, 900), None)


def test_half_a_file_is_no_lease(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.json").write_text('{"holder": "x", "rene')
    assert FileLeases(tmp_path).read("a") is None


def test_a_real_process_is_told_from_its_successor() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert process_started(process.pid)
        process.kill()
    assert process_started(process.pid) == ""
    mine = holder_of(Run("run", "", "me", "here", os.getpid()), process_started)
    assert not may_take(Held(mine, NOW, 900), "here 1 1 other x", NOW, process_started)
