# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sandboxes of their own: without Go, with parts that are there already, with a port taken, interrupted, wiped."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import psutil
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import layout, supervisor


@pytest.fixture
def other(sandbox):
    """A second sandbox beside the session's, wiped afterwards."""
    state = pathlib.Path(tempfile.mkdtemp(prefix="gp-"))
    second = dataclasses.replace(sandbox, environ={**sandbox.environ, "GOLDENPATH_STATE": str(state)})
    yield second
    wiped = second.ask("wiped")
    assert not wiped.get("failed"), wiped["msg"]
    assert supervisor.left_over(second.layout) == []
    shutil.rmtree(state)


def with_environ(sandbox, **environ):
    return dataclasses.replace(sandbox, environ={**sandbox.environ, **environ})


def with_only(sandbox, folder, *names):
    """A PATH with these programs alone."""
    for name in names:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return with_environ(sandbox, PATH=str(folder))


def test_without_go_all_but_the_cluster_works_and_says_what_to_do(other, tmp_path):
    # An empty cache: of what Go has built before, the cluster would be started.
    second = with_environ(with_only(other, tmp_path, "git", "unshare", "setpriv"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    result = second.start()
    block = second.block("cluster")
    assert (block["available"], block["why"], block["identity"]) == (False, "Go is not installed", "")
    assert block["next_step"] == "Install Go 1.26 or newer, then run the same command."
    assert ["cluster" in warning and "Go is not installed" in warning for warning in result["warnings"]] == [True]
    started = {entry["object"] for entry in result["objects"]}
    assert {"sandbox:aws", "sandbox:openbao", "sandbox:postgresql", "sandbox:git", "sandbox:app-where2eat"} <= started
    assert not started & {"sandbox:etcd", "sandbox:kube-apiserver"}
    # Go is there now: the same command adds what was missing.
    assert other.start()["changed"] is True
    assert other.block("cluster")["available"] is True


def test_a_shell_without_go_finds_the_cluster_that_go_has_built(other, tmp_path):
    other.start()
    result = with_only(other, tmp_path, "git", "unshare", "setpriv").start()
    assert (result["changed"], result.get("warnings", [])) == (False, [])
    assert other.block("cluster")["available"] is True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to run PostgreSQL as somebody else")
def test_where_namespaces_are_forbidden_root_runs_postgresql_as_nobody_and_goes_on_doing_so(other, tmp_path):
    second = with_only(other, tmp_path, "git", "setpriv")
    second.start()
    server = psutil.Process(supervisor.Supervisor(second.layout.socket).state("postgresql").pid)
    assert server.uids().real == 65534
    second.ask("stopped")
    other.start()
    server = psutil.Process(supervisor.Supervisor(second.layout.socket).state("postgresql").pid)
    assert server.uids().real == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to run PostgreSQL as somebody else")
def test_where_root_can_do_neither_it_is_one_clear_line(other, tmp_path):
    result = with_only(other, tmp_path, "git").ask("started")
    assert result["failed"]
    assert result["msg"].startswith("The sandbox's PostgreSQL cannot run as root")


def test_parts_of_the_users_own_are_taken_instead(sandbox, other):
    theirs = {
        "cluster": {"kubeconfig": sandbox.block("cluster")["kubeconfig"], "context": "sandbox"},
        "aws": {"endpoint_url": sandbox.block("aws")["endpoint_url"]},
        "registry": {"address": sandbox.block("registry")["address"]},
        "database": {name: sandbox.block("database")[name] for name in ("host", "port", "password_file")},
    }
    result = other.ask("started", **theirs)
    assert not result.get("failed"), result["msg"]
    assert {entry["object"] for entry in result["objects"]} == {
        "sandbox:openbao",
        "sandbox:git",
        "sandbox:restaurant-api",
        "sandbox:gateway",
        "sandbox:app-where2eat",
    }
    for name, values in theirs.items():
        assert {key: other.block(name)[key] for key in values} == values
    assert other.block("cluster")["identity"] == sandbox.block("cluster")["identity"]
    variables = {
        "GOLDENPATH_SANDBOX_KUBECONFIG": theirs["cluster"]["kubeconfig"],
        "GOLDENPATH_SANDBOX_CONTEXT": "sandbox",
        "GOLDENPATH_SANDBOX_AWS_ENDPOINT_URL": theirs["aws"]["endpoint_url"],
        "GOLDENPATH_SANDBOX_REGISTRY": theirs["registry"]["address"],
        "GOLDENPATH_SANDBOX_DATABASE_HOST": theirs["database"]["host"],
        "GOLDENPATH_SANDBOX_DATABASE_PORT": str(theirs["database"]["port"]),
        "GOLDENPATH_SANDBOX_DATABASE_PASSWORD_FILE": theirs["database"]["password_file"],
    }
    assert with_environ(other, **variables).start()["changed"] is False


def test_an_aws_endpoint_elsewhere_is_refused(other):
    result = other.ask("started", aws={"endpoint_url": "https://sts.amazonaws.com"})
    assert result["failed"]
    assert "not on this machine" in result["msg"]
    assert not other.folder.exists()


def test_the_users_own_control_plane_programs_are_run(sandbox, other, tmp_path):
    programs = supervisor.Supervisor(sandbox.layout.socket)
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).symlink_to(psutil.Process(programs.state(name).pid).exe())
    second = with_environ(other, KUBEBUILDER_ASSETS=str(tmp_path))
    second.start()
    config = second.layout.path("supervisord.conf").read_text()
    assert str(tmp_path / "etcd") in config
    assert str(tmp_path / "kube-apiserver") in config


def test_a_taken_port_is_one_clear_line(other):
    other.start()
    other.ask("stopped")
    port = layout.read_state(other.layout)["ports"]["registry"]
    with socket.socket() as squatter:
        # The registry's last connections are in TIME_WAIT.
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        result = other.ask("started")
    assert result["failed"]
    assert f"another program listens on its port {port} (registry)" in result["msg"]
    assert "make sandbox-wipe" in result["msg"]
    assert other.start()["blocks"]["registry"]["address"] == f"127.0.0.1:{port}"


START = """
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.sandbox import CAPABILITY
perform(CAPABILITY, Request({"state": "started"}))
"""


@pytest.mark.parametrize("after", [0.4, 0.9, 1.6, 3.0])
def test_a_start_that_was_killed_can_be_repeated(other, after):
    starter = subprocess.Popen([sys.executable, "-c", START], env=other.environ, start_new_session=True)
    time.sleep(after)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    other.start()
    assert other.start()["changed"] is False


def test_wiped_removes_the_data_and_only_the_sandboxs(other):
    neighbour = other.state_folder / "evidence"
    neighbour.mkdir(parents=True)
    other.start()
    assert other.ask("wiped", check=True)["changed"] is True
    assert other.folder.exists()
    assert other.ask("wiped")["changed"] is True
    assert not other.folder.exists()
    assert neighbour.exists()
    assert other.ask("wiped")["changed"] is False


def test_a_long_path_gets_a_short_socket(sandbox, tmp_path):
    state = tmp_path / ("long-" * 20)
    second = with_environ(sandbox, GOLDENPATH_STATE=str(state))
    try:
        second.start()
        assert second.block("runner")["control"] == str(second.layout.socket)
        assert not str(second.layout.socket).startswith(str(state))
    finally:
        second.ask("wiped")


def test_files_with_secrets_are_for_their_owner_only(sandbox):
    private = ("state.json", "supervisord.conf", "openbao/root-token", "openbao/unseal-key", "openbao/config.hcl")
    private += ("postgresql/admin-password", "aws/credentials", "aws/journal.jsonl", "restaurant-api/admin-token")
    for name in private:
        assert oct(sandbox.folder.joinpath(name).stat().st_mode & 0o077) == "0o0", name
    assert oct(sandbox.folder.stat().st_mode & 0o777) == "0o700"
    assert sandbox.layout.socket.stat().st_mode & 0o077 == 0
