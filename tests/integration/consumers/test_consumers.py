# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret is replaced in the store; the real External Secrets brings it into the cluster, and the workloads follow."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import botocore.client
import psycopg
import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import Client
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.aws_secretsmanager import AwsSecretsManager
from ansible_collections.goldenpath.microapps.tests.integration.admission.askers import Cluster
from ansible_collections.goldenpath.microapps.tests.integration.consumers import controller as external_secrets
from ansible_collections.goldenpath.microapps.tests.integration.consumers.controller import Controller
from ansible_collections.goldenpath.microapps.tests.integration.consumers.place import (
    SECRETS,
    WORKLOADS,
    Place,
    app_name,
    catalogued,
    eventually,
)

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def whole(sandbox: Any, demand_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Controller]]:
    """The app as the secrets role leaves it, with its workloads running and the controller at work."""
    # Built where it is not there yet: with a cluster there is Go, so no reason is left to do without it.
    external_secrets.program()
    blocks = {block: sandbox.block(block) for block in ("aws", "cluster", "database", "registry")}
    profile = {"name": "sandbox", "adopt": "take", "cutover": "now", "runner": {"kind": "kubernetes"}, **blocks}
    name, folder = app_name(), tmp_path_factory.mktemp("consumers")
    cluster = Cluster(profile["cluster"]["kubeconfig"], folder)
    place = Place(name, catalogued(name, folder), dict(sandbox.environ), profile, cluster)
    with contextlib.ExitStack() as stack:
        stack.callback(place.clean)
        with place.admin() as connection:
            connection.execute(f"CREATE DATABASE {place.database}")
        cluster.must("create", "namespace", place.namespace)
        address = profile["aws"]["endpoint_url"]
        there = {"AWS_SECRETSMANAGER_ENDPOINT": address, "AWS_STS_ENDPOINT": address}
        controller = stack.enter_context(external_secrets.running(cluster, place.namespace, there))
        result = place.harden()
        assert not result.get("failed"), result["msg"]
        for workload in WORKLOADS:
            place.deploy(workload)
        assert eventually(lambda: all(len(place.marks(workload)) == 2 for workload in WORKLOADS))
        yield place, controller


@pytest.fixture
def place(whole: tuple[Place, Controller]) -> Place:
    """The app, settled."""
    place, controller = whole
    if controller.process is None:
        controller.start()
    result = place.harden()
    assert not result.get("failed"), result["msg"]
    return place


def test_the_secret_arrives(place: Place) -> None:
    current = place.current()
    assert place.held("database") == {key: current[key] for key in ("host", "username", "password")}


def pods_started(place: Place) -> dict[str, list[str]]:
    return {workload: place.marks(workload) for workload in WORKLOADS}


def settled(place: Place) -> None:
    """What must hold after any run that ended well."""
    current = place.current()
    assert place.lets_in(current) and place.open_logins() == {current["username"]}
    for secret, keys in SECRETS.items():
        document = place.current(secret)
        assert place.held(secret) == {key: document[key] for key in keys}
    for workload in WORKLOADS:
        assert place.marks(workload) == [place.mark(workload)] * 2
    assert not place.rotate()["changed"], "a second run changes nothing"


def refused_in(result: dict[str, Any], *documents: dict[str, str]) -> str:
    """The one line of a run that failed, which shows no password."""
    assert result["failed"]
    assert not [one for one in documents if one["password"] in json.dumps(result, default=str)]
    return str(result["msg"])


def waiting(seconds: int) -> dict[str, Any]:
    return {"runner": {"kind": "kubernetes", "wait_seconds": seconds}}


@dataclasses.dataclass
class Watcher:
    """Looks again and again, in an order in which an answer that comes later cannot be older: the old login first."""

    place: Place
    old: dict[str, str]
    wrong: list[str] = dataclasses.field(default_factory=list)
    seen: set[str] = dataclasses.field(default_factory=set)
    done: threading.Event = dataclasses.field(default_factory=threading.Event)

    def watch(self) -> None:
        before = pods_started(self.place)
        while not self.done.is_set():
            refused = not self.place.lets_in(self.old)
            api, worker = self.place.marks("api"), self.place.marks("worker")
            held = self.place.held("database")
            former = {*before["api"], *before["worker"]}
            behind = former & {*api, *worker}
            if refused and (behind or held["password"] == self.old["password"]):
                self.wrong.append(f"the old login is refused while pods of {behind} run")
            if {*api} - former and former & {*worker}:
                self.wrong.append("api was restarted before worker was ready")
            self.seen |= {"retired" if refused else "open", "restarted" if {*api, *worker} - former else "as before"}


@contextlib.contextmanager
def watched(place: Place) -> Iterator[Watcher]:
    watcher = Watcher(place, place.current())
    thread = threading.Thread(target=watcher.watch)
    thread.start()
    try:
        time.sleep(1)  # what is before is seen, too
        yield watcher
        time.sleep(2)
    finally:
        watcher.done.set()
        thread.join()


def test_pods_are_restarted_in_order_and_only_then_the_old_login_goes(place: Place) -> None:
    old = place.current()
    predicted = place.rotate("now", check=True)
    assert place.current() == old
    with watched(place) as watcher:
        done = place.rotate("now")
    assert not done.get("failed"), done["msg"]
    assert not watcher.wrong
    assert watcher.seen == {"open", "as before", "restarted", "retired"}
    assert done["objects"] == predicted["objects"] and done["diff"] == predicted["diff"]
    assert place.current()["username"] != old["username"] and not place.lets_in(old)
    settled(place)


def test_only_what_reads_a_secret_is_restarted(place: Place) -> None:
    before = place.generation("api"), place.generation("worker"), place.current()
    result = place.rotate("now", "session")
    assert not result.get("failed"), result["msg"]
    assert place.generation("api") == before[0] and place.generation("worker") == before[1] + 1
    assert place.current() == before[2]
    settled(place)


def test_without_the_cluster_nothing_is_begun(place: Place) -> None:
    old = place.current()
    nowhere = {**place.profile["cluster"], "kubeconfig": "/nonexistent/kubeconfig"}
    assert "/nonexistent/kubeconfig" in refused_in(place.rotate("now", cluster=nowhere), old)
    assert place.current() == old
    settled(place)


def test_without_the_controller_the_old_login_stays(whole: tuple[Place, Controller], place: Place) -> None:
    _unused, controller = whole
    old, before = place.current(), pods_started(place)
    controller.stop()
    result = place.rotate("now", "database", **waiting(5))
    told = refused_in(result, old, place.current())
    left = next(one for one in result["objects"] if one["object"] == f"postgresql:login/{old['username']}")
    assert left["action"] == "failed", "it is not called retired"
    assert f"The Secret {place.name}-database" in told and "does its controller run" in told and "secret synced" not in told
    new = place.current()
    assert new != old and place.lets_in(new) and place.lets_in(old)
    # Asked for again, it would be the turn of the login that the pods still use.
    assert "does its controller run" in refused_in(place.rotate("now", "database", **waiting(5)), old, new)
    assert place.current() == new and place.lets_in(old) and pods_started(place) == before
    controller.start()
    result = place.rotate("now", "database")
    assert not result.get("failed"), result["msg"]
    assert place.current() == new and not place.lets_in(old)
    settled(place)


def test_what_external_secrets_says_is_said(place: Place) -> None:
    old = place.current()
    path = "/spec/provider/aws/auth/jwt/serviceAccountRef/name"
    patch = [{"op": "replace", "path": path, "value": "nobody-of-this-name"}]
    place.kubectl("patch", "secretstore", place.name, "--type=json", "-p", json.dumps(patch))
    told = refused_in(place.rotate("now", "database", **waiting(8)), old)
    assert "External Secrets says: could not get secret data from provider" in told
    assert place.lets_in(old) and place.lets_in(place.current())
    result = place.harden()
    assert not result.get("failed"), result["msg"]
    settled(place)


def test_a_workload_that_is_never_ready_keeps_the_old_login(place: Place) -> None:
    old, api = place.current(), place.generation("api")
    # Four pods run, and a new one must be ready before an old one goes.
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": {"hard": {"pods": "4"}}}
    place.kubectl("create", "-f", "-", stdin=quota)
    assert eventually(lambda: place.kubectl("get", "resourcequota", "full").get("status", {}).get("used", {}).get("pods") == "4")
    for how in ("now", "due", "now"):
        told = refused_in(place.rotate(how, **waiting(5)), old, place.current())
        assert f"Deployment/{place.namespace}/worker" in told and "exceeded quota" in told
        assert place.lets_in(old) and place.lets_in(place.current()) and place.generation("api") == api
    place.cluster.must("delete", "resourcequota", "full", "-n", place.namespace)
    result = place.rotate()
    assert not result.get("failed"), result["msg"]
    assert not place.lets_in(old)
    settled(place)


def test_a_pod_that_is_still_ending_keeps_the_old_login(place: Place) -> None:
    old = place.current()
    pod = place.kubectl("get", "pods", "-l", "app=api")["items"][0]["metadata"]["name"]
    place.kubectl("patch", "pod", pod, "--type=merge", "-p", '{"metadata": {"finalizers": ["example.com/drains"]}}')
    told = refused_in(place.rotate("now", **waiting(8)), old)
    assert "pods that are still ending: 1" in told
    assert place.lets_in(old)
    place.kubectl("patch", "pod", pod, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    result = place.rotate()
    assert not result.get("failed"), result["msg"]
    settled(place)


def test_a_secret_that_cannot_be_looked_at_keeps_every_old_login(place: Place) -> None:
    old, before = place.current(), pods_started(place)
    place.tag("session", "app", "another")
    refused_in(place.rotate("now", "database"), old)
    assert place.lets_in(old) and place.lets_in(place.current())
    assert pods_started(place) == before
    place.tag("session", "app", place.name)
    result = place.rotate()
    assert not result.get("failed"), result["msg"]
    settled(place)


def test_a_login_is_kept_while_nothing_that_runs_takes_it_from_its_secret(place: Place) -> None:
    old = place.current()
    for workload in WORKLOADS:
        place.deploy(workload, reads=("session",))
    for check in (True, False):
        result = place.rotate("now", "database", check=check)
        assert not result.get("failed"), result["msg"]
        assert f"Deployment/{place.namespace}/api" in result["held"][place.stored("database")]
    assert place.lets_in(old) and place.lets_in(place.current())
    # Known to others, it goes all the same.
    result = place.rotate("compromised", "database")
    assert not result.get("failed"), result["msg"]
    assert place.open_logins() == {place.current()["username"]}
    for workload in WORKLOADS:
        place.deploy(workload)
    place.rotate()
    settled(place)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_other_kinds_of_workloads_are_restarted_too(place: Place, kind: str) -> None:
    label = {"app": "other"}
    container = {"name": "app", "image": "other:1", "envFrom": [{"secretRef": {"name": f"{place.name}-session"}}]}
    template = {"metadata": {"labels": label}, "spec": {"containers": [container]}}
    spec: dict[str, Any] = {"selector": {"matchLabels": label}, "template": template}
    if kind == "StatefulSet":
        spec |= {"replicas": 2, "serviceName": "other"}
    place.apply({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "other"}, "spec": spec})
    before = place.marks("other")
    result = place.rotate("now", "session")
    assert not result.get("failed"), result["msg"]
    after = place.marks("other")
    assert len(after) == len(before) > 0 and "" not in after
    assert not place.rotate()["changed"]
    place.cluster.must("delete", kind.lower(), "other", "-n", place.namespace)


def test_the_login_is_retired_when_the_app_was_seen_with_the_new_one(place: Place) -> None:
    old = place.current()
    result = place.rotate("now", "database", cutover="when_seen")
    assert not result.get("failed"), result["msg"]
    new, started = place.current(), pods_started(place)
    assert place.held("database")["password"] == new["password"] and place.lets_in(old)
    with place.session(old):
        result = place.rotate("due", cutover="when_seen")
        assert "still in use by" in result["held"][place.stored("database")] and place.lets_in(old)
    with place.session(new):
        result = place.rotate("due", cutover="when_seen")
    assert not result.get("failed") and not place.lets_in(old)
    assert pods_started(place) == started
    settled(place)


def test_with_the_secrets_store_driver_what_mounts_a_class_is_restarted(place: Place) -> None:
    csi = {"secret_store": {"delivery": "csi"}}
    for changed in (True, False):
        result = place.harden(**csi)
        assert not result.get("failed") and result["changed"] == changed, result
    names = [one["metadata"]["name"] for one in place.kubectl("get", "secretproviderclass")["items"]]
    assert names == [f"{place.name}-{secret}" for secret in SECRETS]
    assert not place.kubectl("get", "externalsecret,secretstore")["items"]
    # The driver itself cannot run here: what takes its Secrets waits, and says for what.
    old = place.current()
    told = refused_in(place.rotate("now", "database", **csi, **waiting(5)), old)
    assert "the Secrets Store CSI driver did not do it" in told and place.lets_in(old)
    for workload in WORKLOADS:
        place.deploy(workload, mounts=True)
    result = place.rotate(**csi)
    assert not result.get("failed"), result["msg"]
    assert not place.lets_in(old) and place.lets_in(place.current())
    for workload in WORKLOADS:
        assert place.marks(workload) == [place.mark(workload)] * 2
    for workload in WORKLOADS:
        place.deploy(workload)
    place.harden()
    place.rotate("now", "database")
    settled(place)


def test_one_login_is_not_changed_while_nothing_that_runs_takes_it_from_its_secret(place: Place) -> None:
    entry = place.file.read_text(encoding="utf-8")
    place.file.write_text(entry.replace("kind: postgresql\n", "kind: postgresql_single_user\n"), encoding="utf-8")
    try:
        for workload in WORKLOADS:
            place.deploy(workload, reads=("session",))
        old = place.current()
        with place.admin(place.database) as connection:
            connection.execute("CREATE TABLE owned ()")
            connection.execute(f"ALTER TABLE owned OWNER TO {old['username']}")
        for check in (True, False):
            result = place.rotate("now", "database", check=check, cutover="when_seen")
            assert not result.get("failed"), result["msg"]
            assert place.current() == old and place.lets_in(old)
        assert f"Deployment/{place.namespace}/api" in result["held"][place.stored("database")]
    finally:
        place.file.write_text(entry, encoding="utf-8")
        for workload in WORKLOADS:
            place.deploy(workload)


@pytest.fixture
def one_login(place: Place) -> Iterator[dict[str, str]]:
    """The app has one login from here on: what the store calls current."""
    entry = place.file.read_text(encoding="utf-8")
    old = place.current()
    with place.admin(place.database) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS owned ()")
        connection.execute(f"ALTER TABLE owned OWNER TO {old['username']}")
    place.file.write_text(entry.replace("kind: postgresql\n", "kind: postgresql_single_user\n"), encoding="utf-8")
    yield old
    place.file.write_text(entry, encoding="utf-8")


def test_a_secret_that_somebody_else_rotates_keeps_the_app_from_nothing(place: Place, one_login: dict[str, str]) -> None:
    text = json.dumps({"value": "theirs"})
    theirs = place.store().put_secret_value(SecretId=place.stored("session"), SecretString=text, VersionStages=["AWSPENDING"])
    before = pods_started(place), place.current("session")
    try:
        result = place.rotate("now")
        assert "rotated by somebody else" in result["msg"] and "not restarted" not in result["msg"]
        assert place.lets_in(place.current()) and not place.lets_in(one_login)
        assert pods_started(place) != before[0] and place.held("database")["password"] == place.current()["password"]
        assert place.current("session") == before[1]
    finally:
        stage = {"SecretId": place.stored("session"), "VersionStage": "AWSPENDING", "RemoveFromVersionId": theirs["VersionId"]}
        place.store().update_secret_version_stage(**stage)


def test_one_login_is_not_changed_while_the_app_lacks_a_secret(place: Place, one_login: dict[str, str]) -> None:
    entry = yaml.safe_load(place.file.read_text(encoding="utf-8"))
    entry["secrets"].append({"name": "vendor", "kind": "api_key", "variables": {"api_key": "VENDOR_KEY"}})
    place.file.write_text(yaml.safe_dump(entry), encoding="utf-8")
    before = pods_started(place)
    for check in (True, False):
        result = place.rotate("now", check=check)
        assert f"The secret {place.stored('vendor')} is not in the store" in result["msg"]
        assert f"not replaced: {place.stored('vendor')}" in result["held"][place.stored("database")]
        assert place.lets_in(one_login) and place.current() == one_login, "the app cannot be restarted with another password"
    assert pods_started(place) == before


def failing_for(place: Place, secret: str, broken: pytest.MonkeyPatch, call: str) -> None:
    """That call of the store fails for this secret."""
    original = getattr(AwsSecretsManager, call)

    def failing(store: Any, name: str, *rest: Any) -> None:
        if name == place.stored(secret):
            raise Unreachable("Store it", "the network is down", "Run again.")
        original(store, name, *rest)

    broken.setattr(AwsSecretsManager, call, failing)


def test_one_login_is_changed_last_and_only_if_the_app_can_be_restarted_with_it(
    place: Place, one_login: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        failing_for(place, "session", broken, "put_pending")
        result = place.rotate("now")
    assert "the network is down" in result["msg"] and f"not replaced: {place.stored('session')}" in result["msg"]
    assert place.lets_in(one_login) and place.current() == one_login
    result = place.rotate("now")
    assert not result.get("failed"), result["msg"]
    assert place.lets_in(place.current()) and not place.lets_in(one_login)


def test_a_rotation_of_one_login_that_was_begun_is_ended_whoever_fails(
    place: Place, one_login: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        failing_for(place, "database", broken, "promote")
        assert "By now the database refuses the password" in place.rotate("now")["msg"]
    assert place.current() == one_login and not place.lets_in(one_login)
    with monkeypatch.context() as broken:
        failing_for(place, "session", broken, "put_pending")
        assert "the network is down" in place.rotate("now")["msg"]
    assert place.lets_in(place.current())


# Kill: the process ends by SIGKILL before or after its n-th write to the outside; between two of them nothing changes by us.


def _killing(budget: int, after: bool) -> Callable[[Any, Callable[..., bool]], Any]:
    count = [0]

    def wrap(original: Any, writes: Callable[..., bool]) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            count[0] += writes(*args, **kwargs)
            if count[0] != budget or not writes(*args, **kwargs):
                return original(*args, **kwargs)
            answer = original(*args, **kwargs) if after else None
            os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return counted

    return wrap


def _asks_to_write(_client: Any, method: str, *_more: Any) -> bool:
    return method != "GET"


def _calls_to_write(_client: Any, operation: str, *_more: Any) -> bool:
    return not operation.startswith(("Get", "Describe", "List"))


def _always(*_arguments: Any) -> bool:
    return True


def _killed_run(place: Place, budget: int, after: bool) -> bool:
    """Whether a run in a process of its own was killed at that write; False if it ended before."""
    child = os.fork()
    if child == 0:
        try:
            wrap = _killing(budget, after)
            # In the forked child alone, which ends here: what it calls is wrapped for good.
            Client._sent = wrap(Client._sent, _asks_to_write)
            botocore.client.BaseClient._make_api_call = wrap(botocore.client.BaseClient._make_api_call, _calls_to_write)
            psycopg.Transaction.__exit__ = wrap(psycopg.Transaction.__exit__, _always)
            os._exit(1 if place.rotate("now").get("failed") else 0)
        finally:
            os._exit(1)
    _unused, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the run failed instead of being killed"
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_write(place: Place, after: bool) -> None:
    budget = 0
    while True:
        budget += 1
        old, before = place.current(), pods_started(place)
        if not _killed_run(place, budget, after):
            break
        assert place.lets_in(place.current()), f"killed at {budget}: what the store calls current does not work"
        if not place.lets_in(old):
            former = {*before["api"], *before["worker"]}
            assert not former & {*place.marks("api"), *place.marks("worker")}, f"killed at {budget}: pods use the old login"
        result = place.rotate()
        assert not result.get("failed"), result["msg"]
        settled(place)
    assert budget > 8, "too few writes: the counting is broken"
