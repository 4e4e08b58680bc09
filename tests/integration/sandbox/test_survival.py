# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Any part, and the supervisor, may be killed at any moment: it comes back with what it held, and nothing is left behind."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import time
import urllib.request

import boto3
import hvac
import psutil
import psycopg
import pytest
from psycopg import sql

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import health, layout, runner, supervisor

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# A sandbox that is kept between sessions ($GOLDENPATH_TEST_STATE) may hold what an interrupted one wrote.
NAME = f"survival_{secrets.token_hex(4)}"
TABLE = sql.Identifier(NAME)
PARTS = ("aws", "openbao", "postgresql", "registry", "git", "restaurant-api", "gateway", "app-where2eat")
CLUSTER = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


def secrets_manager(sandbox):
    block = sandbox.block("aws")
    session = boto3.Session("sandbox", "opens-nothing", region_name=block["region"])
    return session.client("secretsmanager", endpoint_url=block["endpoint_url"])


def admin(sandbox):
    block = sandbox.block("database")
    password = pathlib.Path(block["password_file"]).read_text()
    return psycopg.connect(
        host=block["host"], port=block["port"], user="postgres", password=password, dbname="postgres", autocommit=True
    )


def kubectl(sandbox, *arguments):
    command = ["kubectl", "--kubeconfig", sandbox.block("cluster")["kubeconfig"], *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def openbao(sandbox):
    block = sandbox.block("openbao")
    return hvac.Client(block["address"], token=pathlib.Path(block["token_file"]).read_text())


def holdings(sandbox):
    """What every part holds, in its own words."""
    store = secrets_manager(sandbox)
    with admin(sandbox) as database:
        rows = database.execute(sql.SQL("SELECT note FROM {} ORDER BY note").format(TABLE)).fetchall()
    manifest = OPENER.open(f"http://{sandbox.block('registry')['address']}/v2/_catalog").read()
    read = {"mount_point": "secret", "raise_on_deleted_version": True}
    held = {
        "aws": {
            key: value
            for key, value in store.get_secret_value(SecretId=NAME).items()
            if key in ("ARN", "VersionId", "SecretString")
        },
        "openbao": openbao(sandbox).secrets.kv.v2.read_secret(NAME, **read)["data"]["data"],
        "postgresql": rows,
        "registry": manifest,
        "git": subprocess.run(
            ["git", "ls-remote", f"{sandbox.block('forge')['base']}/where2eat.git"], check=True, capture_output=True, text=True
        ).stdout,
    }
    if sandbox.block("cluster")["available"]:
        held["cluster"] = json.loads(kubectl(sandbox, "get", "configmap", NAME.replace("_", "-"), "-o", "json"))["metadata"][
            "uid"
        ]
    return held


@pytest.fixture(scope="module")
def held(sandbox):
    """Something written into every part, and read back."""
    secrets_manager(sandbox).create_secret(Name=NAME, SecretString="one")
    secrets_manager(sandbox).put_secret_value(SecretId=NAME, SecretString="two")
    openbao(sandbox).secrets.kv.v2.create_or_update_secret(NAME, {"here": "still"}, mount_point="secret")
    with admin(sandbox) as database:
        database.execute(sql.SQL("CREATE TABLE {} (note text)").format(TABLE))
        database.execute(sql.SQL("INSERT INTO {} VALUES ('here')").format(TABLE))
    push_blob(sandbox)
    if sandbox.block("cluster")["available"]:
        kubectl(sandbox, "create", "configmap", NAME.replace("_", "-"))
    yield holdings(sandbox)
    secrets_manager(sandbox).delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    with admin(sandbox) as database:
        database.execute(sql.SQL("DROP TABLE {}").format(TABLE))
    if sandbox.block("cluster")["available"]:
        kubectl(sandbox, "delete", "configmap", NAME.replace("_", "-"))


def push_blob(sandbox):
    """The smallest image: an empty config, no layers."""
    base = f"http://{sandbox.block('registry')['address']}/v2/survival"
    config = b"{}"
    digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    place = ask(f"{base}/blobs/uploads/", "POST", b"", "").headers["Location"]
    ask(place + ("&" if "?" in place else "?") + f"digest={digest}", "PUT", config, "application/octet-stream")
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 2},
        "layers": [],
    }
    ask(f"{base}/manifests/one", "PUT", json.dumps(manifest).encode(), kind)


def ask(url, method, data, kind):
    request = urllib.request.Request(url, method=method, data=data, headers={"Content-Type": kind})  # noqa: S310 - loopback
    with OPENER.open(request) as answer:
        return answer


def kill_and_wait(sandbox, name):
    control = supervisor.Supervisor(sandbox.layout.socket)
    before = control.state(name).pid
    assert before
    os.kill(before, signal.SIGKILL)
    probe = health.probes(sandbox.layout, layout.read_state(sandbox.layout)["ports"])[name]
    deadline = time.monotonic() + 30
    # A dead server's port may still answer for a moment: the new process is waited for, then its answer.
    while not (control.state(name).pid not in (0, before) and health.healthy(probe)):
        assert time.monotonic() < deadline, f"{name} is {control.state(name)}"
        time.sleep(0.1)


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back_with_what_it_held(sandbox, held, name):
    kill_and_wait(sandbox, name)
    assert holdings(sandbox) == held


@pytest.mark.cluster
@pytest.mark.parametrize("name", CLUSTER)
def test_a_killed_part_of_the_cluster_comes_back_with_what_it_held(sandbox, held, name):
    kill_and_wait(sandbox, name)
    sandbox.start()
    assert holdings(sandbox) == held


def test_a_part_that_somebody_stopped_is_repaired_and_nothing_else_is_touched(sandbox, held):
    control = supervisor.Supervisor(sandbox.layout.socket)
    control.stop("openbao")
    before = {name: state.pid for name, state in control.states().items()}
    result = sandbox.start()
    assert [entry["object"] for entry in result["objects"] if entry["action"] != "unchanged"] == ["sandbox:openbao"]
    after = {name: state.pid for name, state in control.states().items()}
    assert {name for name in after if after[name] != before[name]} == {"openbao"}
    assert holdings(sandbox) == held


def processes(sandbox):
    return {process.pid for process in supervisor.left_over(sandbox.layout)}


def test_a_killed_supervisor_leaves_orphans_and_the_next_start_ends_them(sandbox, held):
    former = processes(sandbox)
    os.kill(supervisor.Supervisor(sandbox.layout.socket).pid(), signal.SIGKILL)
    wait_until(lambda: not layout.answers(sandbox.layout.socket))
    with pytest.raises(Exception, match="make sandbox-up"):
        sandbox.block("aws")
    sandbox.start()
    assert holdings(sandbox) == held
    assert not {pid for pid in former if psutil.pid_exists(pid)} & processes(sandbox)


def wait_until(done, limit=10):
    deadline = time.monotonic() + limit
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_starts_at_once_are_one_supervisor(sandbox, held):
    sandbox.ask("stopped")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _number: start_in_a_process(sandbox), range(2)))
    assert sorted(result["changed"] for result in results) == [False, True]
    mine = [psutil.Process(pid) for pid in processes(sandbox)]
    assert len([process for process in mine if "supervisor.supervisord" in process.cmdline()]) == 1
    assert holdings(sandbox) == held


START = """
import json, sys
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.sandbox import CAPABILITY
print(json.dumps(perform(CAPABILITY, Request({"state": "started"}))))
"""


def start_in_a_process(sandbox, **environ):
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**sandbox.environ, **environ})
    return json.loads(done.stdout)


def test_stop_ends_everything_and_keeps_the_data(sandbox, held):
    former = processes(sandbox)
    assert len(former) > 10
    assert sandbox.ask("stopped", check=True)["changed"] is True
    assert processes(sandbox) == former
    assert sandbox.ask("stopped")["changed"] is True
    assert processes(sandbox) == set()
    assert not {pid for pid in former if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE}
    assert sandbox.ask("stopped")["changed"] is False
    assert sandbox.ask("started", check=True)["changed"] is True
    assert processes(sandbox) == set()
    sandbox.start()
    assert holdings(sandbox) == held


def test_a_foreign_process_with_the_same_program_is_left_alone(sandbox, held):
    foreign = subprocess.Popen(["git", "daemon", "--listen=127.0.0.1", "--port=19999"], stderr=subprocess.DEVNULL)
    try:
        sandbox.ask("stopped")
        assert foreign.poll() is None
    finally:
        foreign.terminate()
        foreign.wait()
        subprocess.run(["true"], check=True)
    sandbox.start()


def test_a_proxy_of_the_users_is_ignored(sandbox, held):
    sandbox.ask("stopped")
    nonsense = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    assert start_in_a_process(sandbox, **nonsense, NO_PROXY="")["changed"] is True
    program = supervisor.Supervisor(sandbox.layout.socket).state("aws")
    assert not [name for name in psutil.Process(program.pid).environ() if name.lower().endswith("_proxy")]


def test_restarting_the_app_is_quick_and_waits_for_its_answer(sandbox, held):
    block = sandbox.block("runner")
    outage = runner.restart(block["control"], block["release_folder"], "where2eat", sandbox.environ)
    assert OPENER.open(sandbox.block("example")["app_url"]).status == 200
    print(f"the app was away for {outage:.2f} s")
