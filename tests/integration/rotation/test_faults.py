# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each outside call of a rotation fails in turn, in every way: one clear error or none, and nobody is ever locked out."""

from __future__ import annotations

import contextlib
import pathlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import is_claim

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
import faults
from benches import Bench
from faults import ALWAYS, Fault, Kind

# Who is behind the calls that fail. The store's own are asked with the issuer that has nobody behind it.
SYSTEMS = {
    "generated": "aws",
    "vendor": "http",
    "single": "postgresql",
    "static_role": "http",
    "dynamic_role": "http",
    "iam": "aws",
}
# What an error says where it left the app's one login with a password that its secret does not have yet.
REFUSED = re.compile("By now the database (refuses|may refuse) the password that the app has")
ONCE = [(Kind.UNREACHABLE, 1), (Kind.THROTTLED, 1), (Kind.SERVER_ERROR, 1)]
EVERYWHERE = [(Kind.UNREACHABLE, ALWAYS), (Kind.DENIED, ALWAYS), (Kind.LOST, 1)]
CASES = [
    *(("generated", *case) for case in (*ONCE, *EVERYWHERE, (Kind.SERVER_ERROR, ALWAYS))),
    *((name, *case) for name in ("vendor", "single", "static_role", "dynamic_role") for case in (*ONCE, *EVERYWHERE)),
    *(("iam", *case) for case in EVERYWHERE),
]


@pytest.fixture(scope="module")
def every(sandbox: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bench]]:
    """Each real part, started once."""
    with contextlib.ExitStack() as stack:
        yield {
            "generated": benches.generated(sandbox),
            "vendor": stack.enter_context(benches.vendor(sandbox, root, tmp_path_factory.mktemp("vendor"))),
            "single": stack.enter_context(benches.single(sandbox)),
            "static_role": stack.enter_context(benches.static_role(sandbox, sandbox.block("openbao"))),
            "dynamic_role": stack.enter_context(benches.dynamic_role(sandbox, sandbox.block("openbao"))),
            "iam": stack.enter_context(benches.iam(tmp_path_factory.mktemp("iam"))),
        }


def tried(bench: Bench, system: str, fault: Fault) -> MicroappsError | None:
    """A rotation with that fault: our own error if it failed. Any other exception is a defect."""
    with faults.between(system, fault):
        try:
            bench.run(force=True)
        except MicroappsError as error:
            return error
    return None


@pytest.mark.parametrize(("name", "kind", "most"), CASES, ids=["-".join(map(str, one)) for one in CASES])
def test_every_call_fails_in_turn(every: dict[str, Bench], name: str, kind: Kind, most: int) -> None:
    each_call_in_turn(every[name], SYSTEMS[name], kind, most)


@pytest.mark.parametrize(("kind", "most"), EVERYWHERE, ids=["-".join(map(str, one)) for one in EVERYWHERE])
@pytest.mark.parametrize("name", ["single", "static_role"])
def test_the_store_fails_while_one_login_is_replaced(every: dict[str, Bench], name: str, kind: Kind, most: int) -> None:
    each_call_in_turn(every[name], "aws", kind, most)


def each_call_in_turn(bench: Bench, system: str, kind: Kind, most: int) -> None:
    """A rotation for each call of a system's, with that one failing."""
    bench.run(leaked=bench.reset())
    call = 0
    while True:
        call += 1
        fault, former, kept = Fault(kind, call, most), bench.current(), bench.kept_by_target()
        error = tried(bench, system, fault)
        if not fault.hit:
            break
        told = f"call {call}, {fault.hit}: {error}"
        current = bench.current()
        if bench.one_login:
            refused = with_one_login(bench, former, kept, told)
            assert not refused or error is not None, told
        else:
            assert bench.works(current), told
        assert len(bench.open()) <= 2, told
        if (
            kind is Kind.DENIED and error is None and "RELEASE_LOCK" not in fault.hit
        ):  # The session's end gives the lock back too.
            # Whoever may not ask who he is has no valid key (STS lets every other ask): the proof that the former is dead.
            assert "GetCallerIdentity" in fault.hit and bench.open() == {bench.id_of(current)} != {bench.id_of(former)}, told
        assert error is None or error.sentence(), told
        if most == 1 and (system == "aws" or (system == "http" and kind is Kind.THROTTLED)):
            assert error is None, f"it is asked again: {told}"
        # The next run finishes what is begun; what a vendor made and we never heard of goes with the next key.
        bench.run(force=error is not None and bench.spec.kind == "api_key")
        settled(bench, told)
    assert call > 3, "too few calls: the counting is broken"


@pytest.mark.parametrize("kind", [kind for kind, _most in ONCE])
def test_every_call_is_made_again(every: dict[str, Bench], kind: Kind) -> None:
    """Of IAM's rotation each call fails at its first try, all in one run: a run for each takes minutes and tells no more."""
    bench = every["iam"]
    bench.run(leaked=bench.reset())
    former, fault = bench.current(), EveryFirstTry(kind, 1, 1)
    assert tried(bench, "aws", fault) is None, fault.hit
    assert fault.count > 40, "too few calls: the counting is broken"
    assert bench.current() != former
    settled(bench, str(kind))


class EveryFirstTry(Fault):
    """Every other call fails: with each asked again once, the first try of each."""

    def due(self, what: str) -> bool:
        """See `Fault`."""
        super().due(what)
        return self.count % 2 == 1


def with_one_login(bench: Bench, former: dict[str, str], kept: str, told: str) -> bool:
    """What must hold at any moment of a rotation of one login: whether it is the moment in which the store's value is refused.

    Before the target has taken the new password, the store's value is the former one, and valid. From then on it is refused until
    the rotation is ended: the valid one is kept all the while, and whoever was told of the failure was told this, too.
    """
    current = bench.current()
    if bench.kept_by_target() == kept:
        assert current == former, told
        assert bench.works(current), told
        return False
    if bench.works(current):
        return False
    assert current == former, told
    waiting = bench.current("AWSPENDING") if bench.pending() else {}
    # A claim holds no password: until it is replaced, the target itself keeps the valid one.
    waiting = bench.told_by_target() if not waiting or is_claim(waiting) else waiting
    assert bench.works({**current, **waiting}), told
    assert REFUSED.search(told), told
    return True


def settled(bench: Bench, told: str) -> None:
    """What must hold after a plain run and a rotation: one credential is open, the one that the store calls current."""
    current = bench.current()
    assert bench.works(current), told
    assert bench.open() == {bench.id_of(current)}, told
