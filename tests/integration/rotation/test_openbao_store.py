# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The key-value engine of OpenBao and of HashiCorp Vault as the store of each kind of issuer.

Killed at every outside call, each call failing in turn.
"""

from __future__ import annotations

import contextlib
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
import kills
from benches import Bench
from faults import ALWAYS, Kind
from lives import killed_at_every_call, whole_life
from test_faults import each_call_in_turn

PAIRS = ("generated", "vendor", "alternating")
# To a server it is all one what makes the secret: what takes longest is killed with one of them alone.
KILLED = [(server, name) for server in ("openbao", "vault") for name in PAIRS if (server, name) != ("vault", "alternating")]
FAULTS = [(Kind.UNREACHABLE, 1), (Kind.THROTTLED, 1), (Kind.UNREACHABLE, ALWAYS), (Kind.DENIED, ALWAYS), (Kind.LOST, 1)]


@pytest.fixture(scope="module")
def every(
    sandbox: Any, secret_server: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Bench]]:
    """Each real part, started once, with its secret in one of the servers."""
    with contextlib.ExitStack() as stack:
        bao = stack.enter_context(benches.bao(secret_server.block))
        made = {
            "generated": benches.generated(sandbox),
            "vendor": stack.enter_context(benches.vendor(sandbox, root, tmp_path_factory.mktemp("vendor"))),
            "alternating": stack.enter_context(benches.alternating(sandbox)),
        }
        for bench in made.values():
            bench.kept = bao
        yield made


def settled(bench: Bench) -> None:
    """What must hold after any plain run."""
    current = bench.current()
    assert bench.works(current)
    assert bench.open() == {bench.id_of(current)}
    assert not bench.pending()


@pytest.mark.parametrize("name", PAIRS)
def test_a_whole_life(every: dict[str, Bench], name: str) -> None:
    whole_life(every[name], settled)


@pytest.mark.parametrize("first", [True, False], ids=["first", "again"])
@pytest.mark.parametrize(("secret_server", "name"), KILLED, indirect=["secret_server"])
def test_killed_at_every_outside_call(every: dict[str, Bench], name: str, first: bool) -> None:
    # A database that is made anew for each call takes a minute; its own calls' turn is in test_rotation.py.
    killed_at_every_call(every[name], settled, first, store_alone=name == "alternating" and first)


def test_a_secret_is_ours_from_its_first_moment(every: dict[str, Bench]) -> None:
    """Killed while it was made: the next run makes it, and is never told that it is somebody else's (adopt: report)."""
    bench, about, value = every["generated"], About("a test", "", (("managed-by", "goldenpath.microapps"),)), {"value": "found"}
    token = token_for(bench.name, "")
    budget = 0
    while True:
        budget += 1
        bench.reset()
        if not kills.killed(lambda: bench.store(Secrets()).create(bench.name, token, value, about), budget, True):
            break
        left = bench.store(Secrets()).describe(bench.name)
        if left is None:
            bench.store(Secrets()).create(bench.name, token, value, about)
            left = bench.store(Secrets()).describe(bench.name)
        assert left is not None and left.about == about and bench.current() == value, budget
    assert budget > 3
    left = bench.store(Secrets()).describe(bench.name)
    assert left is not None and left.about == about and [version.token for version in left.versions] == [token]


@pytest.mark.parametrize(("kind", "most"), FAULTS, ids=["-".join(map(str, one)) for one in FAULTS])
def test_every_call_fails_in_turn(every: dict[str, Bench], kind: Kind, most: int) -> None:
    each_call_in_turn(every["generated"], "http", kind, most)
