# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cut-over of the sandbox's app: its secrets come from the store into its environment, and nowhere else."""

from __future__ import annotations

import dataclasses
import json
import secrets
import urllib.request

import boto3
import psutil
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, SecretStore, block_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import runner, supervisor

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def store(sandbox):
    block = sandbox.block("aws")
    session = boto3.Session("sandbox", "opens-nothing", region_name=block["region"])
    return session.client("secretsmanager", endpoint_url=block["endpoint_url"])


@pytest.fixture
def release(sandbox):
    """The app's release as it is; put back and restarted afterwards."""
    block = sandbox.block("runner")
    former = runner.read_release(block["release_folder"], "where2eat")
    yield former
    runner.write_release(block["release_folder"], former)
    runner.restart(block["control"], block["release_folder"], "where2eat", sandbox.environ)


def with_secret(sandbox, release, name):
    reference = runner.SecretReference(name, {"api_key": "RESTAURANT_API_KEY"})
    place = runner.Place(block_from(Aws, sandbox.block("aws")), SecretStore())
    return dataclasses.replace(release, secrets=(reference,), place=place)


def restart(sandbox):
    block = sandbox.block("runner")
    return runner.restart(block["control"], block["release_folder"], "where2eat", sandbox.environ)


def test_a_secret_reaches_the_apps_environment_and_no_file(sandbox, store, release):
    value = secrets.token_hex(16)
    store.create_secret(Name=f"runner/{value[:8]}", SecretString=json.dumps({"api_key": value}))
    folder = sandbox.block("runner")["release_folder"]
    changed = with_secret(sandbox, release, f"runner/{value[:8]}")
    assert runner.write_release(folder, changed) is True
    assert runner.write_release(folder, changed) is False
    assert runner.read_release(folder, "where2eat") == changed
    outage = restart(sandbox)
    print(f"the app was away for {outage:.2f} s, reading its secret included")
    state = runner.program_state(sandbox.block("runner")["control"], "where2eat")
    environment = psutil.Process(state.pid).environ()
    assert environment["RESTAURANT_API_KEY"] == value
    assert not [name for name in environment if name.startswith(("AWS_", "PYTHONPATH"))]
    assert value not in " ".join(" ".join(process.cmdline()) for process in supervisor.left_over(sandbox.layout))
    found = [path for path in sandbox.folder.rglob("*") if path.is_file() and value.encode() in path.read_bytes()]
    assert found == []  # the journal of the AWS API keeps it too, as base64
    store.delete_secret(SecretId=f"runner/{value[:8]}", ForceDeleteWithoutRecovery=True)


def test_a_release_that_cannot_start_is_told_with_its_log(sandbox, release, monkeypatch):
    monkeypatch.setattr(runner, "START_LIMIT", 3.0)
    runner.write_release(sandbox.block("runner")["release_folder"], with_secret(sandbox, release, "runner/is-not-there"))
    with pytest.raises(MicroappsError, match=r"does not answer on port \d+ .*app-where2eat.log"):
        restart(sandbox)
    log = sandbox.layout.log("app-where2eat").read_text()
    assert "Could not read the secret runner/is-not-there (AWSCURRENT): Secrets Manager can't find the specified secret." in log
    # The sandbox itself is none the worse: a start says so and goes on.
    assert "does not answer" in " ".join(sandbox.start()["warnings"])


def test_a_commit_that_is_not_there_leaves_the_running_app_alone(sandbox, release):
    block = sandbox.block("runner")
    before = runner.program_state(block["control"], "where2eat").pid
    runner.write_release(block["release_folder"], dataclasses.replace(release, commit="0" * 40))
    with pytest.raises(MicroappsError, match="could not be checked out"):
        restart(sandbox)
    assert runner.program_state(block["control"], "where2eat").pid == before


def test_an_app_without_a_release(sandbox):
    block = sandbox.block("runner")
    with pytest.raises(NotFound, match="no release"):
        runner.restart(block["control"], block["release_folder"], "unheard-of", sandbox.environ)
    with pytest.raises(NotFound, match="runs no program"):
        runner.program_state(block["control"], "unheard-of")
