# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection to PostgreSQL ends at each statement that writes, COMMIT too: before the server has it, and after it acted."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import Issuer
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
import wire
from benches import Bench
from test_faults import settled, with_one_login
from test_without_a_password import with_passwords, without_a_password
from wire import Wire


@pytest.fixture(scope="module")
def relay(sandbox: Any) -> Iterator[Wire]:
    with wire.relay(int(sandbox.block("database")["port"])) as made:
        yield made


@pytest.fixture(scope="module")
def every(sandbox: Any, relay: Wire) -> Iterator[dict[str, Bench]]:
    """Each kind of login, whose issuer goes by the relay; its witness does not."""
    with contextlib.ExitStack() as stack:
        yield {
            name: by_the_relay(stack.enter_context(make(sandbox)), relay)
            for name, make in (
                ("alternating", benches.alternating),
                ("single", benches.single),
                ("by_identity", benches.by_identity),
            )
        }


def by_the_relay(bench: Bench, relay: Wire) -> Bench:
    def issuer(secrets: Secrets, cutover: str) -> Issuer:
        made: Any = bench.issuer(secrets, cutover)
        return dataclasses.replace(made, address=dataclasses.replace(made.address, port=relay.port))

    return dataclasses.replace(bench, issuer=issuer)


def each_write_in_turn(relay: Wire, acted: bool, begin: Callable[[], object], run: Callable[[], object]) -> Iterator[str]:
    """The run with the connection ended at its first statement that writes, its second, ...: where, and what was told."""
    budget = 0
    while True:
        budget += 1
        begin()
        told = ""
        with relay.cut(budget, acted):
            try:
                run()
            except MicroappsError as error:
                assert isinstance(error, Unreachable), error.sentence()
                told = error.sentence()
        if not relay.hit:
            return
        assert told, f"nobody was told of the connection that ended at {relay.hit}"
        yield f"{budget}, {relay.hit}: {told}"


SIDES = pytest.mark.parametrize("acted", [False, True], ids=["before", "after"])


@SIDES
def test_of_two_logins_the_former_one_stays_valid(every: dict[str, Bench], relay: Wire, acted: bool) -> None:
    bench, where = every["alternating"], []
    bench.run(leaked=bench.reset())
    former = bench.current()

    def begin() -> None:
        nonlocal former
        former = bench.current()

    for told in each_write_in_turn(relay, acted, begin, lambda: bench.run(force=True)):
        where.append(told)
        current = bench.current()
        assert bench.works(current), told
        assert current == former or bench.id_of(current) != bench.id_of(former), told
        assert len(bench.open()) <= 2, told
        bench.run()
        settled(bench, told)
    commits = [told for told in where if "COMMIT" in told]
    assert len(commits) == 2, f"one of the new login, one of the former one's retirement: {where}"


@SIDES
def test_one_login_is_never_without_a_known_password(every: dict[str, Bench], relay: Wire, acted: bool) -> None:
    bench, refused = every["single"], []
    bench.run(leaked=bench.reset())
    before, kept = bench.current(), ""

    def begin() -> None:
        nonlocal before, kept
        before, kept = bench.current(), bench.kept_by_target()

    for told in each_write_in_turn(relay, acted, begin, lambda: bench.run(force=True)):
        if with_one_login(bench, before, kept, told):
            refused.append(told)
        bench.run()
        settled(bench, told)
    assert bool(refused) is True, "the moment without overlap was not met: this test proves nothing"
    assert acted or all("ALTER ROLE" not in told for told in refused), refused


@SIDES
def test_on_the_way_to_no_password_somebody_always_gets_in(every: dict[str, Bench], relay: Wire, acted: bool) -> None:
    bench, where = every["by_identity"], []
    passwords = with_passwords(bench)

    for told in each_write_in_turn(relay, acted, lambda: passwords.run(leaked=bench.reset()), bench.run):
        where.append(told)
        assert bench.works(bench.current()), told
        assert len(bench.open()) <= 2, told
        bench.run()
        without_a_password(bench)
    assert len([told for told in where if "COMMIT" in told]) == 2, where
