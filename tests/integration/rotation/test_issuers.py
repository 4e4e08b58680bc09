# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every issuer must do, asked of each on its real part: whole lives, killed at every outside call, nothing told."""

from __future__ import annotations

import contextlib
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import jobs
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import PUBLIC_KEYS, is_claim, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
from benches import Bench
from lives import killed_at_every_call, whole_life

OF_VAULT = ("static_role-vault", "dynamic_role-vault")
# Killed at every call takes up to half a minute each: Vault, with the same API as OpenBao, is spared the first contact.
KILLED = [
    *((name, first) for name in ("vendor", "single", "static_role", "dynamic_role", "iam") for first in (True, False)),
    *((name, False) for name in OF_VAULT),
]
ISSUERS = ("generated", "overlap", "vendor", "iam", "single", "static_role", "dynamic_role", *OF_VAULT)


@pytest.fixture(scope="module")
def every(sandbox: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bench]]:
    """Each real part, started once."""
    with contextlib.ExitStack() as stack:
        yield {
            "generated": benches.generated(sandbox),
            "overlap": benches.generated(sandbox, hours=24),
            "vendor": stack.enter_context(benches.vendor(sandbox, root, tmp_path_factory.mktemp("vendor"))),
            "single": stack.enter_context(benches.single(sandbox)),
            "static_role": stack.enter_context(benches.static_role(sandbox, sandbox.block("openbao"))),
            "dynamic_role": stack.enter_context(benches.dynamic_role(sandbox, sandbox.block("openbao"))),
            "iam": stack.enter_context(benches.iam(tmp_path_factory.mktemp("iam"))),
        }


@pytest.fixture(scope="module")
def of_vault(sandbox: Any, vault: Any) -> Iterator[dict[str, Bench]]:
    """The same roles of HashiCorp Vault's engine."""
    with contextlib.ExitStack() as stack:
        yield {
            "static_role-vault": stack.enter_context(benches.static_role(sandbox, vault.block, "vaulted")),
            "dynamic_role-vault": stack.enter_context(benches.dynamic_role(sandbox, vault.block, "lent")),
        }


@pytest.fixture
def find(request: pytest.FixtureRequest, every: dict[str, Bench]) -> Callable[[str], Bench]:
    """One by its name; Vault is started (or the test is skipped) only for a name of its own."""

    def found(name: str) -> Bench:
        bench: Bench = (request.getfixturevalue("of_vault") if name in OF_VAULT else every)[name]
        return bench

    return found


@pytest.fixture(params=ISSUERS)
def bench(request: pytest.FixtureRequest, find: Callable[[str], Bench]) -> Bench:
    return find(request.param)


def settled(bench: Bench) -> None:
    """What must hold after any plain run."""
    current = bench.current()
    assert bench.works(current)
    assert bench.open() == {bench.id_of(current)}
    versions = bench.witness("secretsmanager").list_secret_version_ids(SecretId=bench.name)["Versions"]
    stages = sorted(stage for version in versions for stage in version["VersionStages"])
    assert stages in (["AWSCURRENT"], ["AWSCURRENT", "AWSPREVIOUS"])


def test_a_whole_life(bench: Bench) -> None:
    whole_life(bench, settled)


@pytest.mark.parametrize("name", ["vendor", "iam", "dynamic_role", "dynamic_role-vault"])
def test_a_pending_credential_that_was_revoked_since_a_kill_is_made_anew(find: Callable[[str], Bench], name: str) -> None:
    bench = find(name)
    bench.reset()
    bench.run()
    former, budget, pending = bench.current(), 0, {}
    while not pending or is_claim(pending):
        budget += 1
        assert bench.killed(budget, True, force=True), "no kill left a pending credential"
        pending = bench.current("AWSPENDING") if bench.pending() else {}
    assert pending != former
    # As a person would who looks at a list of what is open.
    bench.issuer(Secrets(), "now").retire((pending,), former)
    assert not bench.works(pending) and bench.works(former)
    bench.run()
    settled(bench)
    assert bench.id_of(bench.current()) not in (bench.id_of(pending), bench.id_of(former))


@pytest.mark.parametrize("stored", ["pending", "current"])
@pytest.mark.parametrize("name", ["vendor", "dynamic_role"])
def test_what_another_run_has_just_made_is_not_retired(every: dict[str, Bench], name: str, stored: str) -> None:
    """It was made, and in no store yet, when we looked: to us it was left over."""
    bench = every[name]
    bench.reset()
    bench.run()
    secrets = Secrets()
    before, base = bench.current(), bench.store(secrets).describe(bench.name)
    assert base is not None
    token = token_for(bench.name, base.versions[0].token)
    made = bench.issuer(secrets, "now").issue(token, before)
    sight, store = bench.look()
    assert sight.former, "it is not taken for left over: this test proves nothing"
    seen = jobs.rotate(sight, store)
    other = bench.store(secrets)
    other.put_pending(bench.name, token, made)
    if stored == "current":
        other.promote(bench.name, token, base.versions[0].token)
    with pytest.raises(Conflict, match="another run rotates it"):
        jobs.retire(sight, store, seen)
    assert bench.works(made) and bench.works(before)
    bench.run()
    settled(bench)


def test_both_are_valid_until_the_former_is_retired(bench: Bench) -> None:
    bench.reset()
    bench.run()
    former = bench.current()
    sight = bench.run(force=True, cutover="when_seen")
    assert bench.works(bench.current())
    assert bench.open() >= {bench.id_of(bench.current())}
    if bench.one_login:
        # The plan has said so: there is no such moment.
        assert "the former is refused from that moment" in str(sight.plans)
        assert not bench.works(former)
        return
    assert bench.works(former)
    assert not sight.retires


def test_the_former_value_is_accepted_for_its_hours_and_dropped_by_a_later_run(every: dict[str, Bench]) -> None:
    bench = every["overlap"]
    bench.reset()
    bench.run(cutover="when_seen")
    first = bench.current()
    assert first["previous"] == first["value"], "the app has one rule, at any time"
    sight = bench.run(force=True, cutover="when_seen")
    assert "with the former beside it" in str(sight.plans)
    second = bench.current()
    assert second["previous"] == first["value"] != second["value"]
    held = bench.run(force=True, cutover="when_seen", hours_later=23)
    assert not held.writes and "24 hours" in held.held
    assert bench.current() == second
    dropping = bench.run(cutover="when_seen", hours_later=25)
    assert "without the former" in str(dropping.plans)
    assert bench.current() == {"value": second["value"], "previous": second["value"]}
    assert not bench.run(cutover="when_seen", hours_later=60).writes


def test_what_is_known_to_others_is_not_accepted_for_another_hour(every: dict[str, Bench]) -> None:
    bench = every["overlap"]
    bench.reset()
    bench.run(cutover="when_seen")
    leaked = bench.current()["value"]
    assert bench.run(leaked=leaked, cutover="when_seen").rotating
    assert leaked not in bench.current().values()
    former = bench.current()["value"]
    bench.run(force=True, cutover="when_seen")
    assert bench.current()["previous"] == former
    assert bench.run(leaked=former, cutover="when_seen").rotating, "found while it was still accepted"
    assert former not in bench.current().values()
    third = bench.current()["value"]
    bench.run(force=True, cutover="now")
    assert third not in bench.current().values(), "compromised: no overlap"


def test_killed_while_the_former_value_is_dropped(every: dict[str, Bench]) -> None:
    bench = every["overlap"]
    bench.reset()
    bench.run(cutover="when_seen")
    budget = 0
    while True:
        budget += 1
        bench.run(force=True, cutover="when_seen", hours_later=1000)
        value = bench.current()["value"]
        assert bench.current()["previous"] != value
        if not bench.killed(budget, True, cutover="when_seen", hours_later=2000):
            break
        assert bench.current()["value"] == value
        bench.run(cutover="when_seen", hours_later=2000)
        assert bench.current() == {"value": value, "previous": value}
        settled(bench)
    assert budget > 8


@pytest.mark.parametrize(("name", "first"), KILLED, ids=[f"{name}-{'first' if first else 'again'}" for name, first in KILLED])
def test_killed_at_every_outside_call(find: Callable[[str], Bench], name: str, first: bool) -> None:
    killed_at_every_call(find(name), settled, first)


@pytest.mark.parametrize("name", ["vendor", "static_role", "dynamic_role", "iam", *OF_VAULT])
def test_a_value_of_a_person_that_nobody_here_can_make_valid_is_theirs_to_mend(find: Callable[[str], Bench], name: str) -> None:
    bench = find(name)
    bench.run(leaked=bench.reset())
    secret = next(key for key in ("password", "api_key", "secret_access_key") if key in bench.current())
    theirs = {**bench.current(), secret: "written-by-a-person"}
    bench.write(theirs)
    for _unused in range(2):
        sight, _store = bench.look()
        assert sight.refused and not sight.rotating
        with pytest.raises(Conflict, match="Ask for a rotation"):
            bench.run()
    assert bench.current() == theirs, "it is not overwritten"
    bench.run(force=True)
    assert bench.works(bench.current()) and bench.open() == {bench.id_of(bench.current())}


def test_nothing_is_told(bench: Bench) -> None:
    secrets = Secrets()
    leaked = bench.reset()
    sight = bench.run(leaked=leaked, secrets=secrets)
    again = bench.run(force=True, secrets=secrets)
    told = f"{sight!r} {sight.plans!r} {again!r} {again.plans!r} {again.job.issuer!r}"
    documents = (bench.current(), bench.current("AWSPREVIOUS"))
    values = {value for document in documents for key, value in document.items() if key not in PUBLIC_KEYS}
    for value in {leaked, *values} - {""}:
        assert value not in told
        assert value not in secrets.scrub_text(f"error: {value}")
