# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Azure Key Vault (a stand-in) as a store at its worst: killed and failing at every call, raced, deleted, written by people."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import aws_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import (
    Conflict,
    Denied,
    Invalid,
    MicroappsError,
    NotFound,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import DatabaseServer, Profile, Registry, SecretStore
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import http_json
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.machine import course
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About, Stage, Stored, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import azure_keyvault
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.azure_keyvault import AzureKeyVault
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.azure_versions import name_of, secret_id
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
import kills
from benches import Bench
from faults import ALWAYS, Kind
from lives import killed_at_every_call, whole_life
from test_faults import each_call_in_turn

ONE, TWO, THREE = ({"username": name, "password": f"password of {name}"} for name in ("a", "b", "c"))
ABOUT = About("made by a test", "", (("app", "x"), ("managed-by", "goldenpath.microapps")))
NAME = "microapps/test/x/database"
FIRST = token_for(NAME, "")
SECOND = token_for(NAME, FIRST)
FAULTS = [
    *((kind, 1) for kind in (Kind.UNREACHABLE, Kind.THROTTLED, Kind.SERVER_ERROR, Kind.LOST)),
    *((kind, ALWAYS) for kind in (Kind.UNREACHABLE, Kind.DENIED, Kind.SERVER_ERROR)),
]


@dataclasses.dataclass
class Witness:
    """See `benches.Kept`: looks into the stand-in's own memory."""

    vault: Any
    profile: Profile

    def values(self, name: str) -> list[dict[str, str]]:
        """The documents of all enabled versions, as they were made."""
        made = self.vault.secrets.get(secret_id(name), {}).values()
        return [json.loads(one["value"]) for one in made if one["attributes"]["enabled"]]

    def current(self, name: str, stage: str) -> dict[str, str]:
        """See `benches.Kept`."""
        values = self.values(name)
        back = 2 if stage == "AWSPREVIOUS" else 1
        return values[-back] if len(values) >= back else {}

    def pending(self, name: str) -> bool:
        """See `benches.Kept`."""
        waiting = self.vault.secrets.get(f"{secret_id(name)}--pending", {})
        return any(one["attributes"]["enabled"] for one in waiting.values())

    def forget(self, name: str) -> None:
        """See `benches.Kept`."""
        for one in (secret_id(name), f"{secret_id(name)}--pending"):
            self.vault.secrets.pop(one, None)

    def store(self, known: Secrets) -> AzureKeyVault:
        """See `benches.Kept`."""
        return AzureKeyVault.open(self.profile, known, {"AZURE_AUTHORITY_HOST": self.vault.address})


@pytest.fixture
def kept(sandbox: Any, key_vault: Any) -> Witness:
    aws = aws_from(sandbox.block("aws"))
    return Witness(
        key_vault.vault, Profile("test", aws, Registry("r"), DatabaseServer("db"), secret_store=SecretStore(**key_vault.block))
    )


@pytest.fixture
def bench(sandbox: Any, kept: Witness) -> Bench:
    made = benches.generated(sandbox)
    made.kept = kept
    return made


@pytest.fixture
def store(kept: Witness) -> AzureKeyVault:
    return kept.store(Secrets())


def settled(bench: Bench) -> None:
    """What must hold after any plain run."""
    current = bench.current()
    assert bench.works(current)
    assert bench.open() == {bench.id_of(current)}
    assert not bench.pending()


def described(store: AzureKeyVault, name: str = NAME) -> Stored:
    stored = store.describe(name)
    assert stored is not None
    return stored


def written(kept: Witness, document: dict[str, str], tags: dict[str, str] | None = None, suffix: str = "") -> str:
    """What a person writes with the Azure CLI; the version's id."""
    entry = kept.vault.put(secret_id(NAME) + suffix, {"value": json.dumps(document), "tags": tags or {}})
    return str(entry["id"].rpartition("/")[2])


def at_the_put(
    monkeypatch: pytest.MonkeyPatch, secret: str, before: Callable[[], object], after: Callable[[], object] = lambda: None
) -> None:
    """The next version that is written to this secret meets somebody: right before, and right afterwards."""

    def racing(address: str, method: str, path: str, *rest: Any) -> Any:
        if method != "PUT" or path != f"/secrets/{secret}":
            return request(address, method, path, *rest)
        monkeypatch.setattr(azure_keyvault, "request", request)
        before()
        answer = request(address, method, path, *rest)
        after()
        return answer

    monkeypatch.setattr(azure_keyvault, "request", racing)


# The machine on it, at every call.


def test_a_whole_life(bench: Bench) -> None:
    whole_life(bench, settled)


@pytest.mark.parametrize("first", [True, False], ids=["first", "again"])
def test_killed_at_every_outside_call(bench: Bench, first: bool) -> None:
    killed_at_every_call(bench, settled, first)


def test_killed_before_every_outside_call(bench: Bench) -> None:
    leaked, budget = bench.reset(), 0
    bench.run(leaked=leaked)
    while True:
        budget += 1
        if not bench.killed(budget, False, leaked=leaked, force=True):
            break
        assert bench.works(bench.current()), budget
        bench.run(leaked=leaked)
        settled(bench)
    assert budget > 15, "too few calls: the counting is broken"


def test_a_secret_is_ours_from_its_first_moment(bench: Bench, kept: Witness) -> None:
    """Killed while it was made: the next run makes it, and is never told that it is somebody else's (adopt: report)."""
    budget = 0
    while True:
        budget += 1
        kept.forget(NAME)
        if not kills.killed(lambda: kept.store(Secrets()).create(NAME, FIRST, ONE, ABOUT), budget, True):
            break
        kept.store(Secrets()).create(NAME, FIRST, ONE, ABOUT)
        left = described(kept.store(Secrets()))
        assert left.about == ABOUT and kept.values(NAME) == [ONE], budget
    assert budget > 3


@pytest.mark.parametrize(("kind", "most"), FAULTS, ids=["-".join(map(str, one)) for one in FAULTS])
def test_every_call_fails_in_turn(bench: Bench, kind: Kind, most: int) -> None:
    each_call_in_turn(bench, "http", kind, most)


def test_a_busy_vault_is_waited_for_as_long_as_it_asks(
    kept: Witness, store: AzureKeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    waits: list[float] = []
    monkeypatch.setattr(http_json.time, "sleep", waits.append)
    kept.vault.busy = 2
    store.put_pending(NAME, SECOND, TWO)
    assert waits == [7.0, 7.0]
    kept.vault.busy = ALWAYS
    with pytest.raises(MicroappsError, match="429"):
        store.promote(NAME, SECOND, FIRST)


# Somebody writes at the very moment.


@pytest.mark.parametrize("killed", [False, True])
def test_what_somebody_wrote_at_the_very_moment_is_put_back(
    kept: Witness, store: AzureKeyVault, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    store.put_pending(NAME, SECOND, TWO)

    def gone() -> None:
        if killed:
            raise KeyboardInterrupt

    at_the_put(monkeypatch, secret_id(NAME), lambda: written(kept, THREE, {"by": "hand"}), gone)
    with pytest.raises(KeyboardInterrupt if killed else Conflict):
        store.promote(NAME, SECOND, FIRST)
    if killed:
        assert store.read_stage(NAME, Stage.CURRENT) == TWO, "for a moment it is ours"
        with pytest.raises(Conflict):
            store.promote(NAME, SECOND, SECOND)
    assert store.read_stage(NAME, Stage.CURRENT) == THREE
    stored = described(store)
    current = stored.at(Stage.CURRENT)
    assert current is not None and not current.ours
    assert dict(stored.about.tags)["by"] == "hand"
    way = course(stored, due=False)
    assert way.overtaken == SECOND, "the next run drops our pending version"
    store.drop_pending(NAME, SECOND)
    assert not kept.pending(NAME)


def test_what_somebody_wrote_right_afterwards_stays(kept: Witness, store: AzureKeyVault, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    store.put_pending(NAME, SECOND, TWO)
    at_the_put(monkeypatch, secret_id(NAME), lambda: None, lambda: written(kept, THREE))
    with pytest.raises(Conflict):
        store.promote(NAME, SECOND, FIRST)
    assert kept.values(NAME) == [ONE, TWO, THREE]


@pytest.mark.parametrize("document", [ONE, None], ids=["value", "no value"])
def test_whoever_makes_the_secret_at_the_very_moment_keeps_his_value(
    kept: Witness, store: AzureKeyVault, monkeypatch: pytest.MonkeyPatch, document: dict[str, str] | None
) -> None:
    at_the_put(monkeypatch, secret_id(NAME), lambda: written(kept, THREE))
    with pytest.raises(Conflict):
        store.create(NAME, FIRST, document, ABOUT)
    assert store.read_stage(NAME, Stage.CURRENT) == THREE


@pytest.mark.parametrize("later", [0, -1], ids=["same second", "earlier"])
def test_of_two_runs_at_once_the_second_gives_up(
    kept: Witness, store: AzureKeyVault, monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    now = time.time()
    clock = [now + later, now]
    monkeypatch.setattr(time, "time", lambda: clock.pop(0) if len(clock) > 1 else now)
    other = kept.store(Secrets())
    at_the_put(monkeypatch, f"{secret_id(NAME)}--pending", lambda: other.put_pending(NAME, SECOND, THREE))
    with pytest.raises(Conflict, match="another run"):
        store.put_pending(NAME, SECOND, TWO)
    assert store.read(NAME, SECOND) == THREE
    store.promote(NAME, SECOND, FIRST)
    assert kept.values(NAME) == [ONE, THREE] and not kept.pending(NAME)


def test_a_second_pending_version_of_a_killed_run_goes_with_the_first(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    store.put_pending(NAME, SECOND, TWO)
    first = next(iter(kept.vault.secrets[f"{secret_id(NAME)}--pending"].values()))
    written(kept, {**json.loads(first["value"]), "document": json.dumps(THREE)}, suffix="--pending")
    for one in list(kept.vault.secrets[f"{secret_id(NAME)}--pending"].values())[1:]:
        one["attributes"]["created"] += 1
    store.promote(NAME, SECOND, FIRST)
    assert not kept.pending(NAME) and store.read_stage(NAME, Stage.CURRENT) == TWO
    assert described(store).at(Stage.PENDING) is None


def test_a_pending_value_takes_the_place_of_no_other_version_than_it_was_made_for(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    store.put_pending(NAME, SECOND, TWO)
    version = written(kept, THREE)
    for replaced in (FIRST, version):
        with pytest.raises(Conflict):
            store.promote(NAME, SECOND, replaced)
    assert kept.values(NAME) == [ONE, THREE]


# People and their tools.


def test_a_value_written_by_hand_without_tags_leaves_the_secret_ours(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    version = written(kept, THREE)
    stored = described(store)
    current, previous = stored.at(Stage.CURRENT), stored.at(Stage.PREVIOUS)
    assert current is not None and previous is not None and (current.token, previous.token) == (version, FIRST)
    assert stored.about == ABOUT
    third = token_for(NAME, version)
    store.put_pending(NAME, third, TWO)
    store.promote(NAME, third, version)
    assert described(store).about == ABOUT
    assert store.read_stage(NAME, Stage.PREVIOUS) == THREE


def test_a_version_that_copies_our_tags_is_not_ours(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    tags = next(iter(kept.vault.secrets[secret_id(NAME)].values()))["tags"]
    version = written(kept, THREE, dict(tags))
    current = described(store).at(Stage.CURRENT)
    assert current is not None and current.token == version and not current.ours
    store.put_pending(NAME, SECOND, TWO)
    with pytest.raises(Conflict):
        store.promote(NAME, SECOND, FIRST)
    assert store.read_stage(NAME, Stage.CURRENT) == THREE


def test_a_pending_version_that_we_did_not_make_is_left_alone(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    written(kept, THREE, suffix="--pending")
    assert course(described(store), due=True).foreign == "foreign"
    with pytest.raises(Conflict):
        store.put_pending(NAME, SECOND, TWO)
    assert kept.pending(NAME)


def test_a_newest_version_that_is_disabled_is_a_deletion(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    next(iter(kept.vault.secrets[secret_id(NAME)].values()))["attributes"]["enabled"] = False
    assert described(store).deleted
    with pytest.raises(NotFound):
        store.read_stage(NAME, Stage.CURRENT)


def test_a_deleted_secret_is_told_and_never_made_anew(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    store.put_pending(NAME, SECOND, TWO)
    store.close(NAME)
    assert not kept.vault.secrets and len(kept.vault.deleted) == 2
    stored = described(store)
    assert stored.deleted and stored.about == ABOUT
    kept.vault.may_see_deleted = False
    assert store.describe(NAME) is None, "who may not see what is deleted is told by the vault when he writes"
    with pytest.raises(Conflict, match="recover"):
        store.create(NAME, FIRST, ONE, ABOUT)
    assert not kept.vault.secrets


def test_what_waits_no_more_is_disabled_and_its_name_stays_usable(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    for _unused in range(3):
        store.put_pending(NAME, SECOND, TWO)
        store.drop_pending(NAME, SECOND)
    waiting = kept.vault.secrets[f"{secret_id(NAME)}--pending"].values()
    assert [one["attributes"]["enabled"] for one in waiting] == [False] * 3
    assert not kept.vault.deleted


def test_many_versions_are_read_page_by_page_from_this_vault_alone(kept: Witness, store: AzureKeyVault) -> None:
    token = FIRST
    store.create(NAME, token, {"value": "0"}, ABOUT)
    for number in range(1, 60):
        former, token = token, token_for(NAME, token)
        store.put_pending(NAME, token, {"value": str(number)})
        store.promote(NAME, token, former)
    # A next page is said to be on another host: whoever followed it there would not get here.
    assert len(described(store).versions) == 60
    assert store.read_stage(NAME, Stage.PREVIOUS) == {"value": "58"}
    assert store.read(NAME, FIRST) == {"value": "0"}


def test_a_description_that_is_too_long_for_a_tag_is_refused(store: AzureKeyVault) -> None:
    with pytest.raises(Invalid, match="15 tags of 256"):
        store.create(NAME, FIRST, ONE, About("x" * 257))


@pytest.mark.parametrize(
    "name",
    ["a--b", "a-/b", "A/b", "a_b", "microapps/dev/x/pending", "a/" + "b" * 120, "a/../b", "", "a?b", "a%2fb"],
)
def test_names_that_could_be_two_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        secret_id(name)


@pytest.mark.parametrize("name", ["microapps/dev/x/database", "a-b/c", "a/-b"])
def test_a_name_is_found_again(name: str) -> None:
    assert name_of(secret_id(name)) == name
    assert name_of(f"{secret_id(name)}--pending") == ""


def test_who_may_not_list_is_denied_with_the_way_out(kept: Witness, store: AzureKeyVault) -> None:
    store.create(NAME, FIRST, ONE, ABOUT)
    kept.vault.may_list = False
    assert store.read_stage(NAME, Stage.CURRENT) == ONE, "reading the current value takes no right to list"
    with pytest.raises(Denied, match=r"docs/rotation\.md"):
        store.describe(NAME)
    with pytest.raises(Denied):
        store.look()


def test_every_value_is_known_as_secret_the_moment_it_is_read(kept: Witness, key_vault: Any) -> None:
    known = Secrets()
    kept.store(Secrets()).create(NAME, FIRST, ONE, ABOUT)
    store = kept.store(known)
    store.describe(NAME)
    text = json.dumps(ONE, sort_keys=True)
    for secret in (text, key_vault.names["CLIENT_SECRET"], store.token):
        assert secret not in known.scrub_text(f"x {secret} y")
    assert store.token not in repr(store)
