# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several secrets worked on at once, as far as their targets allow: lanes run side by side, what is in one lane in turn."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

# As many as AWS Secrets Manager answers without throttling; a database is one lane, however many logins it has.
CONCURRENCY: Final = 16

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_lanes(items: Sequence[Item], lane_of: Callable[[Item], str], work: Callable[[Item], Result]) -> list[Result]:
    """What `work` gives for each item, in the order of the items. The first exception is raised when all lanes are at rest."""
    lanes: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        lanes.setdefault(lane_of(item), []).append(number)
    results: dict[int, Result] = {}

    def run(lane: list[int]) -> None:
        for number in lane:
            results[number] = work(items[number])

    if len(lanes) < 2:
        for lane in lanes.values():
            run(lane)
    else:
        with concurrent.futures.ThreadPoolExecutor(min(CONCURRENCY, len(lanes))) as pool:
            # Read, so that an exception is not lost; the block waits for the others.
            list(pool.map(run, lanes.values()))
    return [results[number] for number in range(len(items))]
