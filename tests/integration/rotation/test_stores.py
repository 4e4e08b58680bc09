# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every store must do, asked of each on its real part."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import json
import pathlib
import runpy
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from leaks import unwrapped
from telltale import telltale

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import aws_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import (
    Conflict,
    Denied,
    Invalid,
    MicroappsError,
    NotFound,
    Unreachable,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import DatabaseServer, Profile, Registry, SecretStore
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.machine import Step, begin, course
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import (
    About,
    Stage,
    Stored,
    claim_of,
    register,
    to_text,
    token_for,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import Store, gcp_secretmanager, open_store
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.azure_keyvault import AzureKeyVault
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.gcp_secretmanager import GcpSecretManager
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao import OpenBao
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao_server import Entered, Server
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

ONE, TWO, THREE = ({"username": name, "password": f"password of {name}"} for name in ("a", "b", "c"))
ABOUT = About("made by a test", "", (("owner", "tests"),))


@pytest.fixture
def google(tmp_path: Any) -> Iterator[tuple[Any, SecretStore]]:
    """The stand-in for Google Secret Manager (its file says what it cannot prove), and a profile's block that logs in there."""
    stand_in = runpy.run_path(str(pathlib.Path(__file__).parents[2] / "fixtures/google/secret_manager.py"))
    key, file = stand_in["key_file"](tmp_path)
    project = stand_in["Project"](key)
    server = stand_in["serve"](project)
    address = f"http://127.0.0.1:{server.server_port}"
    yield project, SecretStore("gcp_secretmanager", address, str(file), project="acme-dev")
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["aws_secretsmanager", "azure_keyvault", "gcp_secretmanager", "openbao", "vault"])
def profile(request: pytest.FixtureRequest, sandbox: Any) -> Profile:
    if request.param == "azure_keyvault":
        block = SecretStore(**request.getfixturevalue("key_vault").block)
        return Profile("test", aws_from(sandbox.block("aws")), Registry("r"), DatabaseServer("db"), secret_store=block)
    if request.param == "gcp_secretmanager":
        block = request.getfixturevalue("google")[1]
        return Profile("test", aws_from(sandbox.block("aws")), Registry("r"), DatabaseServer("db"), secret_store=block)
    if request.param == "aws_secretsmanager":
        return Profile("test", aws_from(sandbox.block("aws")), Registry("r"), DatabaseServer("db"))
    bao = sandbox.block("openbao") if request.param == "openbao" else request.getfixturevalue("vault").block
    _mount(bao)
    store = SecretStore("openbao", bao["address"], bao["token_file"])
    return Profile("test", aws_from(sandbox.block("aws")), Registry("r"), DatabaseServer("db"), secret_store=store)


def _mount(bao: dict[str, str]) -> None:
    import hvac

    with open(bao["token_file"], encoding="utf-8") as stream:
        client = hvac.Client(bao["address"], stream.read().strip())
    with contextlib.suppress(hvac.exceptions.InvalidRequest):  # mounted already
        client.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def store(profile: Profile, secrets: Secrets, sandbox: Any) -> Store:
    return open_store(profile, secrets, environ_for(profile, sandbox))


def environ_for(profile: Profile, sandbox: Any) -> dict[str, str]:
    return {**sandbox.environ, "AZURE_AUTHORITY_HOST": profile.secret_store.address}


@pytest.fixture
def name() -> str:
    return f"microapps/test/conformance/{uuid.uuid4()}"


def tokens(name: str) -> tuple[str, str, str]:
    first = token_for(name, "")
    second = token_for(name, first)
    return first, second, token_for(name, second)


def staged(stored: Stored) -> dict[str, frozenset[Stage]]:
    return {version.token: version.stages for version in stored.versions if version.stages}


def test_a_whole_life(store: Store, secrets: Secrets, name: str) -> None:
    first, second, third = tokens(name)
    assert store.describe(name) is None
    store.create(name, first, ONE, ABOUT)
    stored = store.describe(name)
    assert stored is not None
    current = stored.at(Stage.CURRENT)
    assert current is not None and current.token == first and current.ours
    assert (stored.about.description, stored.about.tags) == (ABOUT.description, ABOUT.tags)
    assert store.read(name, first) == ONE
    store.put_pending(name, second, TWO)
    assert store.read_stage(name, Stage.CURRENT) == ONE, "a pending value is nobody's current one"
    assert store.read(name, second) == TWO
    before = store.describe(name)
    assert before is not None
    store.promote(name, second, first)
    stored = store.describe(name)
    assert stored is not None
    assert staged(before.promoted(second)) == staged(stored), "what is computed is what the store then says"
    stages = {stage: version.token for version in stored.versions for stage in version.stages}
    assert stages == {Stage.CURRENT: second, Stage.PREVIOUS: first}
    assert store.read_stage(name, Stage.PREVIOUS) == ONE
    store.put_pending(name, third, THREE)
    store.promote(name, third, second)
    assert store.read_stage(name, Stage.CURRENT) == THREE
    made = store.created(name, third)
    assert made is not None
    assert abs(datetime.datetime.now(datetime.UTC) - made) < datetime.timedelta(minutes=2)
    assert "password of a" not in secrets.scrub_text("x password of a y")


def test_every_write_may_be_repeated(store: Store, name: str) -> None:
    first, second, _unused = tokens(name)
    for _unused in range(2):
        store.create(name, first, ONE, ABOUT)
    for _unused in range(2):
        store.put_pending(name, second, TWO)
    for _unused in range(2):
        store.promote(name, second, first)
    store.drop_pending(name, second)
    assert store.read_stage(name, Stage.CURRENT) == TWO
    stored = store.describe(name)
    assert stored is not None and stored.at(Stage.PENDING) is None


def test_a_value_that_somebody_wrote_is_not_overwritten(store: Store, name: str) -> None:
    first, second, third = tokens(name)
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, TWO)
    store.promote(name, second, first)
    store.put_pending(name, third, THREE)
    with pytest.raises(Conflict):
        store.promote(name, third, first)
    assert store.read_stage(name, Stage.CURRENT) == TWO


def test_an_abandoned_pending_value_goes(store: Store, name: str) -> None:
    first, second, _unused = tokens(name)
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, TWO)
    store.drop_pending(name, second)
    stored = store.describe(name)
    assert stored is not None and stored.at(Stage.PENDING) is None
    assert store.read_stage(name, Stage.CURRENT) == ONE
    # What is given up is gone for good, or its id is known to be taken.
    left = token_for(name, first, frozenset(version.token for version in store.versions(name)))
    store.put_pending(name, left, THREE)
    assert store.read(name, left) == THREE


def test_a_secret_that_is_gone_has_no_versions(store: Store, profile: Profile, name: str) -> None:
    # AWS answers ResourceNotFoundException; moto 5.2.5 fails by itself.
    with pytest.raises(Unreachable if profile.secret_store.scheme == "aws_secretsmanager" else NotFound):
        store.versions(name)


def test_a_secret_without_a_value(store: Store, name: str) -> None:
    first, _unused, _unused = tokens(name)
    store.create(name, first, None, ABOUT)
    stored = store.describe(name)
    assert stored is not None and stored.at(Stage.CURRENT) is None
    store.put_pending(name, first, ONE)
    store.promote(name, first, "")
    assert store.read_stage(name, Stage.CURRENT) == ONE


def test_labels_of_others_stay(store: Store, name: str) -> None:
    first, _unused, _unused = tokens(name)
    store.create(name, first, ONE, About("theirs", "", (("team", "b"),)))
    stored = store.describe(name)
    assert stored is not None
    store.label(name, stored.about, ABOUT)
    after = store.describe(name)
    assert after is not None
    assert (after.about.description, dict(after.about.tags)) == ("made by a test", {"owner": "tests", "team": "b"})
    assert after.at(Stage.CURRENT) == stored.at(Stage.CURRENT)


def test_two_runs_make_one_pending_version(store: Store, profile: Profile, name: str) -> None:
    if profile.secret_store.scheme == "aws_secretsmanager":
        pytest.skip("moto 5.2.5 takes a second value under one ClientRequestToken; AWS answers ResourceExistsException")
    first, second, _unused = tokens(name)
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, TWO)
    with pytest.raises(Conflict):
        store.put_pending(name, second, THREE)


def test_a_pending_value_of_a_rotation_that_another_run_has_ended_goes(store: Store, profile: Profile, name: str) -> None:
    if profile.secret_store.scheme == "aws_secretsmanager":
        pytest.skip("moto 5.2.5 takes a second value under one ClientRequestToken; AWS answers ResourceExistsException")
    first, second, third = tokens(name)
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, TWO)
    store.promote(name, second, first)
    with contextlib.suppress(Conflict):
        store.put_pending(name, second, THREE)
        store.promote(name, second, first)
        pytest.fail("it is not told that its value is not current")
    assert store.read_stage(name, Stage.CURRENT) == TWO
    stored = store.describe(name)
    assert stored is not None
    current, way = stored.at(Stage.CURRENT), course(stored, True)
    assert current is not None and current.token == second
    if way.overtaken:
        store.drop_pending(name, way.overtaken)
    store.put_pending(name, way.token, THREE)
    store.promote(name, way.token, way.base)
    assert (way.token, store.read_stage(name, Stage.CURRENT)) == (third, THREE)


@pytest.mark.parametrize("ended", [False, True])
def test_what_another_run_has_put_in_the_place_of_ours_stays_pending(
    store: Store, profile: Profile, sandbox: Any, name: str, ended: bool
) -> None:
    """Another run ends our rotation and begins its next one before we end ours: `ended`, where we saw that it was ending."""
    first, second, third = tokens(name)
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, TWO)
    assert store.read(name, second) == TWO
    other = open_store(profile, Secrets(), environ_for(profile, sandbox))
    other.promote(name, second, first)
    if ended:
        store.describe(name)
    other.put_pending(name, third, THREE)
    with contextlib.suppress(Conflict):
        store.promote(name, second, second if ended else first)
    stored = other.describe(name)
    assert stored is not None
    current, pending = stored.at(Stage.CURRENT), stored.at(Stage.PENDING)
    assert (current and current.token, pending and pending.token) == (second, third)
    other.promote(name, third, second)
    assert store.read_stage(name, Stage.CURRENT) == THREE


@pytest.mark.parametrize("claimed", [True, False])
def test_of_two_runs_one_replaces_a_claim(store: Store, profile: Profile, name: str, claimed: bool) -> None:
    """A claim waits in the place of a value that is yet to be made; who takes it over stores under its owner's next id."""
    if profile.secret_store.scheme == "aws_secretsmanager":
        pytest.skip("moto 5.2.5 takes a second value under one ClientRequestToken; AWS answers ResourceExistsException")
    first, second, _unused = tokens(name)
    next_one, last = (token_for(name, first, frozenset({second, *more})) for more in ((), (f"{second[:-1]}1",)))
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, claim_of("one"))
    assert store.read(name, second) == claim_of("one")
    with pytest.raises(Conflict):
        store.put_pending(name, second, claim_of("other"))
    store.put_pending(name, next_one, claim_of("other") if claimed else TWO, second)
    with pytest.raises(Conflict):
        store.put_pending(name, next_one, THREE, second)
    if claimed:
        store.put_pending(name, last, TWO, next_one)
    stored = store.describe(name)
    assert stored is not None
    pending = stored.at(Stage.PENDING)
    assert pending is not None and pending.token == (last if claimed else next_one)
    assert store.read(name, pending.token) == TWO
    store.promote(name, pending.token, first)
    stored = store.describe(name)
    assert stored is not None and stored.at(Stage.PENDING) is None
    assert store.read_stage(name, Stage.CURRENT) == TWO


def test_missing_forbidden_and_unreachable_are_three_errors(profile: Profile, store: Store, sandbox: Any, name: str) -> None:
    with pytest.raises(NotFound):
        store.read_stage(name, Stage.CURRENT)
    if profile.secret_store.scheme == "openbao":
        nobody = Server(profile.secret_store.address, "", lambda: Entered("no-such-token"))
        with pytest.raises(Denied):
            OpenBao(nobody, "secret", Secrets()).read_stage(name, Stage.CURRENT)
    if profile.secret_store.scheme == "gcp_secretmanager":
        with pytest.raises(Denied):
            GcpSecretManager(profile.secret_store.address, "acme-dev", "no.such.token", Secrets()).read_stage(name, Stage.CURRENT)
    if profile.secret_store.scheme == "azure_keyvault":
        with pytest.raises(Denied):
            AzureKeyVault(profile.secret_store.address, "no-such-token", Secrets()).read_stage(name, Stage.CURRENT)
    if profile.secret_store.scheme != "aws_secretsmanager":
        gone = dataclasses.replace(profile, secret_store=dataclasses.replace(profile.secret_store, address="http://127.0.0.1:1"))
    else:
        gone = dataclasses.replace(profile, aws=dataclasses.replace(profile.aws, endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(Unreachable):
        open_store(gone, Secrets(), environ_for(gone, sandbox)).read_stage(name, Stage.CURRENT)


@pytest.mark.parametrize("step", ["pending", "current"])
def test_an_error_that_quotes_what_was_sent_tells_nothing(profile: Profile, sandbox: Any, name: str, step: str) -> None:
    of_aws, known = profile.secret_store.scheme == "aws_secretsmanager", Secrets()
    first, second, _unused = tokens(name)
    # A person's password, whose characters JSON and base64 write in ways of their own, once for each level.
    odd = {"username": "a", "password": 'canary-one"canary-two\\canary-thr\u00e9e'}
    register(known, to_text(odd), odd)
    with telltale(profile.aws.endpoint_url if of_aws else profile.secret_store.address) as relay:
        aws = dataclasses.replace(profile.aws, endpoint_url=relay.address if of_aws else profile.aws.endpoint_url)
        quoting = dataclasses.replace(profile.secret_store, address=relay.address)
        there = dataclasses.replace(profile, aws=aws, secret_store=quoting)
        store = open_store(there, known, environ_for(profile, sandbox))
        store.create(name, first, ONE, ABOUT)
        if step == "current":
            store.put_pending(name, second, odd)
        # What AWS calls broken is asked again, with longer and longer pauses.
        relay.fails = "all" if of_aws else "values"
        with pytest.raises(MicroappsError) as caught:
            if step == "current":
                store.promote(name, second, first)
            else:
                store.put_pending(name, second, odd)
    assert relay.quoted
    said = known.scrub_text(caught.value.sentence())
    assert [part for part in ("canary", "two", "thr") if part in f"{said} {unwrapped(said)}"] == []


class Killed(BaseException):
    """The process is gone: nothing of ours catches this."""


def rotate(store: Store, name: str) -> None:
    """The machine's steps 0, 1 and 4 for a secret that has to get from ONE to TWO."""
    stored = begin(store, name, ABOUT, ONE)
    current = stored.at(Stage.CURRENT)
    assert current is not None
    way = course(stored, due=store.read(name, current.token) == ONE)
    assert not way.overtaken and not way.foreign
    if Step.CREATE in way.steps:
        store.put_pending(name, way.token, TWO)
    if Step.FINISH in way.steps:
        assert store.read(name, way.token) == TWO
        store.promote(name, way.token, way.base)


def killing_after(count: int, when: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From now on the process dies before, or after, its `count`th request to Google."""
    calls = [0]

    def dying(*args: Any) -> Any:
        calls[0] += 1
        if calls[0] == count and when == "before":
            raise Killed
        answer = request(*args)
        if calls[0] == count:
            raise Killed
        return answer

    monkeypatch.setattr(gcp_secretmanager, "request", dying)
    return calls


@pytest.mark.parametrize("when", ["before", "after"])
def test_google_killed_at_every_call_the_next_run_finishes(
    google: Any, when: str, monkeypatch: pytest.MonkeyPatch, sandbox: Any
) -> None:
    project, block = google
    profile = Profile("test", aws_from(sandbox.block("aws")), Registry("r"), DatabaseServer("db"), secret_store=block)
    store = open_store(profile, Secrets(), {})
    for count in range(1, 100):
        name = f"microapps/test/killed/{when}-{count}"
        calls = killing_after(count, when, monkeypatch)
        with contextlib.suppress(Killed):
            rotate(store, name)
        died = calls[0] >= count
        monkeypatch.setattr(gcp_secretmanager, "request", request)
        rotate(store, name)
        stored = store.describe(name)
        assert stored is not None and stored.at(Stage.PENDING) is None, count
        current = stored.at(Stage.CURRENT)
        assert current is not None and current.token == tokens(name)[1], count
        assert (store.read_stage(name, Stage.CURRENT), store.read_stage(name, Stage.PREVIOUS)) == (TWO, ONE), count
        assert len(project.secrets[gcp_secretmanager.secret_id(name)]["versions"]) == 2, count
        if not died:
            assert count > 20
            return
    pytest.fail("it never ended")


@pytest.mark.parametrize("killed", [False, True])
def test_google_puts_back_what_somebody_wrote_at_the_very_moment(
    google: Any, killed: bool, monkeypatch: pytest.MonkeyPatch, sandbox: Any
) -> None:
    _unused, block = google
    profile = Profile("test", aws_from(sandbox.block("aws")), Registry("r"), DatabaseServer("db"), secret_store=block)
    store = open_store(profile, Secrets(), {})
    name = "microapps/test/app/raced"
    first, second, _unused = tokens(name)
    store.create(name, first, ONE, ABOUT)
    store.put_pending(name, second, TWO)

    def racing(address: str, method: str, path: str, *rest: Any) -> Any:
        if not path.endswith(":addVersion"):
            return request(address, method, path, *rest)
        monkeypatch.setattr(gcp_secretmanager, "request", request)
        theirs = {"payload": {"data": base64.b64encode(json.dumps(THREE).encode()).decode()}}
        request(address, method, path, rest[0], theirs)
        answer = request(address, method, path, *rest)
        if killed:
            raise Killed
        return answer

    monkeypatch.setattr(gcp_secretmanager, "request", racing)
    with pytest.raises(Killed if killed else Conflict):
        store.promote(name, second, first)
    if killed:
        with pytest.raises(Conflict):
            store.promote(name, second, second)
    assert store.read_stage(name, Stage.CURRENT) == THREE
    stored = store.describe(name)
    assert stored is not None
    current = stored.at(Stage.CURRENT)
    assert current is not None and not current.ours, "theirs: the machine then drops our pending version"


def test_google_takes_no_name_that_could_be_two() -> None:
    with pytest.raises(Invalid, match="underscore"):
        gcp_secretmanager.secret_id("microapps/dev/x_y")
