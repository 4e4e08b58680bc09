# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every pair of a store and an issuer must live through: whole, and killed at every outside call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import botocore.exceptions
from benches import Bench


def whole_life(bench: Bench, settled: Callable[[Bench], None]) -> None:
    """First contact, nothing to do, two rotations, nothing to do; `settled` looks after each."""
    leaked = bench.reset()
    assert bench.run(leaked=leaked).rotating
    settled(bench)
    first = bench.current()
    assert leaked not in first.values()
    assert not bench.run(leaked=leaked).writes, "a second run changes nothing"
    for _unused in range(2):
        before = bench.current()
        assert bench.run(force=True).rotating
        settled(bench)
        assert bench.id_of(bench.current()) != bench.id_of(before)
    assert not bench.run().writes


def killed_at_every_call(bench: Bench, settled: Callable[[Bench], None], first: bool, store_alone: bool = False) -> None:
    """Killed after one call is killed before the next: nothing is outside between the two. One plain run finishes each."""
    leaked = bench.reset()
    if not first:
        bench.run(leaked=leaked)
        settled(bench)
    budget = 0
    while True:
        budget += 1
        if not bench.killed(budget, True, store_alone, leaked=leaked, force=not first):
            break
        document: dict[str, str] = {}
        with contextlib.suppress(botocore.exceptions.ClientError):
            document = bench.current()
        if document and not bench.one_login:
            assert bench.works(document), f"killed at {budget}: what the store calls current does not work"
            assert len(bench.open()) <= 2, f"killed at {budget}"
        bench.run(leaked=leaked)
        settled(bench)
        if first:
            leaked = bench.reset()
    assert budget > 8, "too few calls: the counting is broken"
