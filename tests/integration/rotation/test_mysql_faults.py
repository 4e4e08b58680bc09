# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rotation on a real MariaDB and a real MySQL: a whole life, killed and failed at every outside call."""

from __future__ import annotations

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).parent))
from benches import LEAKED, Bench
from faults import ALWAYS, Kind
from lives import killed_at_every_call, whole_life
from test_faults import each_call_in_turn

# A broken server's number is to the driver as a busy one's.
FAULTS = [(Kind.THROTTLED, 1), (Kind.UNREACHABLE, ALWAYS), (Kind.DENIED, ALWAYS), (Kind.LOST, 1)]


def settled(bench: Bench) -> None:
    """What must hold after any plain run."""
    current = bench.current()
    assert bench.works(current)
    assert bench.open() == {bench.id_of(current)}
    assert not bench.works({**current, "username": current["username"][:-2], "password": LEAKED})
    assert not bench.pending()


def test_a_whole_life(bench: Bench) -> None:
    whole_life(bench, settled)


@pytest.mark.parametrize("first", [True, False], ids=["first", "again"])
def test_killed_at_every_outside_call(bench: Bench, first: bool) -> None:
    killed_at_every_call(bench, settled, first)


@pytest.mark.parametrize(("kind", "most"), FAULTS, ids=["-".join(map(str, one)) for one in FAULTS])
def test_every_call_of_the_server_fails_in_turn(bench: Bench, kind: Kind, most: int) -> None:
    each_call_in_turn(bench, "mysql", kind, most)
