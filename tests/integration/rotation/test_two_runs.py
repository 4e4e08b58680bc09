# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two runs at once on the real parts, without the playbook's gate: every point at which one of them stands while the other runs
from its beginning to its end; a person who writes at every such point; and walks in an order drawn by chance, with kills.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import OURS, Stage

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
from benches import Bench
from turns import Run, gates

ROTATE, PLAIN = {"force": True}, {"force": False}
MODES = {"both rotate": (ROTATE, ROTATE), "a plain one comes": (ROTATE, PLAIN), "a plain one stands": (PLAIN, ROTATE)}
PAIRS = ("generated", "vendor", "iam", "alternating", "single", "static_role", "dynamic_role", "generated-bao", "vendor-bao")
# How many walks each pair is sent on. A longer search: GOLDENPATH_WALKS=200.
WALKS = int(os.environ.get("GOLDENPATH_WALKS", "1"))
# All points of all pairs take a quarter of an hour: of the slow ones each n-th is taken, in each mode others. All of them:
# GOLDENPATH_EVERY_POINT=1.
EVERY = bool(os.environ.get("GOLDENPATH_EVERY_POINT"))
STRIDES = {
    "generated": 2,
    "static_role": 2,
    "vendor": 4,
    "vendor-bao": 3,
    "dynamic_role": 4,
    "single": 6,
    "alternating": 12,
    "iam": 16,
}


@pytest.fixture(scope="module")
def every(sandbox: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bench]]:
    """Each pair of a store and an issuer, on its real parts."""
    with contextlib.ExitStack() as stack:
        bao = stack.enter_context(benches.bao(sandbox.block("openbao")))
        made = {
            "generated": benches.generated(sandbox),
            "vendor": stack.enter_context(benches.vendor(sandbox, root, tmp_path_factory.mktemp("vendor"))),
            "alternating": stack.enter_context(benches.alternating(sandbox)),
            "single": stack.enter_context(benches.single(sandbox)),
            "static_role": stack.enter_context(benches.static_role(sandbox, sandbox.block("openbao"))),
            "dynamic_role": stack.enter_context(benches.dynamic_role(sandbox, sandbox.block("openbao"))),
            "iam": stack.enter_context(benches.iam(tmp_path_factory.mktemp("iam"))),
            "generated-bao": benches.generated(sandbox),
            "vendor-bao": stack.enter_context(benches.vendor(sandbox, root, tmp_path_factory.mktemp("vendor-bao"))),
        }
        for name in ("generated-bao", "vendor-bao"):
            made[name].kept = bao
        yield made


@pytest.fixture(autouse=True)
def gated() -> Iterator[None]:
    with gates():
        yield


def started(bench: Bench, name: str, asked: dict[str, Any]) -> Run:
    return Run(name, lambda told: bench.run(told, **asked)).start()


def valid(bench: Bench, told: str) -> None:
    """What the store calls current lets somebody in, at any moment at which no login is being replaced."""
    assert bench.works(bench.current()), told


def said_so(run: Run) -> bool:
    """Whether it ended with one sentence about somebody else; any other error is a defect."""
    if run.said is None:
        return False
    sentence = run.said.sentence()
    assert isinstance(run.said, Conflict) and ("another run" in sentence or "somebody else" in sentence), (sentence, run.calls)
    return True


def settled(bench: Bench, told: str, forgotten: int = 0) -> None:
    """One plain run more, and there is one credential, the current one; and another that changes nothing."""
    bench.run()
    current = bench.current()
    assert bench.works(current), told
    assert bench.id_of(current) in bench.open(), told
    assert len(bench.open()) <= 1 + forgotten, told
    assert not bench.pending(), told
    assert not bench.run().writes, told
    assert bench.current() == current, told


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("name", PAIRS)
def test_one_stands_at_every_call_while_another_runs(every: dict[str, Bench], name: str, mode: str) -> None:
    bench, (ours, theirs) = every[name], MODES[mode]
    bench.run(leaked=bench.reset())
    bench.run()
    for point in points(name, sorted(MODES).index(mode)):
        before = bench.current()
        one = started(bench, "one", ours)
        if not all(one.step() for _unused in range(point)):
            break
        other = started(bench, "other", theirs).finish()
        told = f"{mode}: one stood after {one.calls[-1:]} ({point}), other said {other.said and other.said.sentence()}"
        if not bench.one_login:
            valid(bench, told)
        one.finish()
        told += f", one said {one.said and one.said.sentence()}"
        valid(bench, told)
        assert [said_so(one), said_so(other)] != [True, True], told
        if ours is ROTATE or theirs is ROTATE:
            assert bench.current() != before, told
        settled(bench, told)
    assert len(one.calls) > 2, "too few calls: the counting is broken"


def points(name: str, offset: int) -> Iterator[int]:
    """After how many calls a run is to stand."""
    stride = 1 if EVERY else STRIDES.get(name, 1)
    return itertools.count(1 + offset % stride, stride)


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in ("iam", "static_role")])
def test_a_person_writes_at_every_call(every: dict[str, Bench], name: str) -> None:
    """Of an access key and a static role nobody but a run makes a value that works."""
    bench = every[name]
    assert bench.of_a_person is not None
    bench.run(leaked=bench.reset())
    for point in points(name, 2):
        run = started(bench, "run", ROTATE)
        if not all(run.step() for _unused in range(point)):
            break
        theirs = bench.of_a_person(bench.current())
        bench.write(theirs)
        run.finish()
        told = f"written after {run.calls[point - 1 : point]} ({point}), the run said {run.said and run.said.sentence()}"
        said_so(run)
        kept(bench, theirs, [run], told)
        settled(bench, told)
    assert len(run.calls) > 3, "too few calls: the counting is broken"


def kept(bench: Bench, theirs: dict[str, str], runs: list[Run], told: str) -> None:
    """What a person wrote last is current, and a run says whose it is; unless a run began with it and replaced it."""
    bases = [sight.way.base for run in runs for sight in run.seen if sight.rotating]
    if any(base and not base.startswith(OURS) for base in bases):
        return
    assert bench.current() == theirs, f"a person's value is lost: {told}"
    sight = bench.run()
    current = sight.stored.at(Stage.CURRENT) if sight.stored else None
    assert current is not None and not current.ours, f"it is not reported: {told}"
    assert bench.current() == theirs, told


@pytest.mark.parametrize("seed", range(WALKS))
@pytest.mark.parametrize("name", PAIRS)
def test_a_walk(every: dict[str, Bench], name: str, seed: int) -> None:
    """Three runs, each some calls at a time; some are killed, and now and then a person writes. The same seed, the same walk."""
    bench, chance = every[name], random.Random(f"{name} {seed}")
    bench.run(leaked=bench.reset())
    asked = [ROTATE, chance.choice((ROTATE, PLAIN)), chance.choice((ROTATE, PLAIN))]
    runs = [started(bench, f"run {number}", one) for number, one in enumerate(asked)]
    writes = bench.of_a_person is not None and chance.random() < 0.4
    theirs: dict[str, str] = {}
    told = f"seed {seed} of {name}:"
    while waiting := [run for run in runs if not run.ended]:
        run, act = chance.choice(waiting), chance.random()
        if act < 0.04:
            told += f" {run.name} killed;"
            run.kill()
        elif act < 0.1 and writes and bench.of_a_person is not None:
            theirs, writes = bench.of_a_person(bench.current()), False
            bench.write(theirs)
            told += " a person writes;"
        else:
            count = chance.randint(1, 6)
            told += f" {run.name} {count};"
            for _unused in range(count):
                run.step()
    said = [said_so(run) for run in runs]
    if not theirs and not any(run.killed for run in runs):
        assert not all(said), told
    if theirs:
        kept(bench, theirs, runs, told)
    # What was current before a person's value, and a killed run did not come to retire, no store and no name remembers.
    settled(bench, told, int(bool(theirs) and bench.spec.kind == "api_key" and any(run.killed for run in runs)))
