# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins that docker and podman left: found however they are spelled, for their own host only, and never said aloud."""

from __future__ import annotations

import base64
import json
import os
import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci import docker_config
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.docker_config import Login, login_for

PASSWORD = "only-a-" + "test-password"
AUTH = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
LOGIN = Login("robot", PASSWORD)


def home(folder: pathlib.Path, config: Any) -> dict[str, str]:
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return {"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}


def helper(folder: pathlib.Path, body: str, name: str = "tests") -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ("{", Invalid),
        ("[" * 100000, Invalid),
        ({"auths": {"r.example": {"auth": "%%%"}}}, Invalid),
        ({"auths": {"r.example": {"auth": "/////w=="}}}, Invalid),
        ({"credHelpers": {"r.example": "../../bin/sh"}}, Invalid),
        ({"credHelpers": {"r.example": "a b"}}, Invalid),
        ({"credsStore": ["tests"]}, Invalid),
        ({"credHelpers": {"r.example": "no-such-helper"}}, NotFound),
        ({"credsStore": "fails"}, Unreachable),
        ({"credsStore": "chatters"}, Unreachable),
        ({"credsStore": "empty"}, Unreachable),
    ],
)
def test_what_cannot_be_used_is_told_without_what_it_holds(tmp_path: pathlib.Path, config: Any, kind: type[Exception]) -> None:
    helper(tmp_path, f"echo '{PASSWORD}'; echo '{PASSWORD}' >&2; exit 3", "fails")
    helper(tmp_path, f"echo 'not JSON {PASSWORD}'", "chatters")
    helper(tmp_path, "echo '{}'", "empty")
    with pytest.raises(kind) as caught:
        login_for("r.example", home(tmp_path, config))
    assert PASSWORD not in str(caught.value) and AUTH not in str(caught.value)


def test_a_file_that_may_not_be_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(Invalid, match="directory"):
        login_for("r.example", {"DOCKER_CONFIG": str(tmp_path)})


def test_a_helper_that_hangs_is_ended_with_all_that_it_started(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_config, "_HELPER_SECONDS", 1)
    helper(tmp_path, f"sleep 1000 & echo $! >'{tmp_path}/child'; wait")
    with pytest.raises(Unreachable, match="did not answer"):
        login_for("r.example", home(tmp_path, {"credsStore": "tests"}))
    child = int((tmp_path / "child").read_text())
    for _try in range(200):
        try:
            state = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        os.sched_yield()
    pytest.fail("the helper's child still runs")


@pytest.mark.parametrize(
    "config",
    [
        {},
        [],
        {"auths": 5, "credHelpers": 5},
        {"auths": {"r.example": {}}},
        {"auths": {"r.example": 5}},
        {"auths": {"other.example": {"auth": AUTH}, "r.example:5000": {"auth": AUTH}, "x.r.example": {"auth": AUTH}}},
        {"auths": {"r.example/team": {"auth": AUTH}}},
        {"credsStore": "tests"},
    ],
    ids=str,
)
def test_nobodys_login(tmp_path: pathlib.Path, config: Any) -> None:
    helper(tmp_path, "cat >/dev/null; echo 'credentials not found in native keychain'; exit 1")
    assert login_for("r.example", home(tmp_path, config)) is None


@pytest.mark.parametrize("name", ["r.example", "R.Example", "https://r.example", "http://r.example/v2/", "r.example/v1/"])
def test_each_way_to_spell_a_host(tmp_path: pathlib.Path, name: str) -> None:
    assert login_for("r.example", home(tmp_path, {"auths": {name: {"auth": AUTH}}})) == LOGIN


@pytest.mark.parametrize("name", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_by_all_its_names(tmp_path: pathlib.Path, name: str) -> None:
    assert login_for("registry-1.docker.io", home(tmp_path, {"auths": {name: {"auth": AUTH}}})) == LOGIN


def test_other_forms_of_a_login(tmp_path: pathlib.Path) -> None:
    plain = {"username": "robot", "password": PASSWORD}
    assert login_for("r.example", home(tmp_path, {"auths": {"r.example": plain}})) == LOGIN
    token = {"auth": AUTH, "identitytoken": "a-refresh-token"}
    assert login_for("r.example", home(tmp_path, {"auths": {"r.example": token}})) == Login("robot", PASSWORD, "a-refresh-token")
    assert PASSWORD not in repr(LOGIN)


def test_a_helper_is_told_the_host_on_its_input_and_nothing_else(tmp_path: pathlib.Path) -> None:
    answer = json.dumps({"Username": "robot", "Secret": PASSWORD})
    helper(tmp_path, f"echo \"$@\" >'{tmp_path}/arguments'; cat >'{tmp_path}/asked'; echo '{answer}'")
    other = {"credsStore": "no-such-helper", "credHelpers": {"r.example:5000": "tests"}}
    assert login_for("r.example:5000", home(tmp_path, other)) == LOGIN
    assert ((tmp_path / "arguments").read_text(), (tmp_path / "asked").read_text()) == ("get\n", "r.example:5000")
    assert login_for("registry-1.docker.io", home(tmp_path, {"credsStore": "tests"})) == LOGIN
    assert (tmp_path / "asked").read_text() == "https://index.docker.io/v1/"
    helper(tmp_path, """echo '{"Username": "<token>", "Secret": "refresh"}'""")
    assert login_for("r.example", home(tmp_path, {"credsStore": "tests"})) == Login("", "", "refresh")


def test_podmans_logins_come_after_dockers(tmp_path: pathlib.Path) -> None:
    for name in ("docker", "podman/containers", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    podman, elsewhere = tmp_path / "podman" / "containers" / "auth.json", tmp_path / "elsewhere" / "auth.json"
    podman.write_text(json.dumps({"auths": {"r.example": {"auth": AUTH}}}))
    docker = home(tmp_path / "docker", {"auths": {"other.example": {"auth": AUTH}}})
    environ = {**docker, "XDG_RUNTIME_DIR": str(tmp_path / "podman")}
    assert login_for("r.example", environ) == LOGIN
    elsewhere.write_text(json.dumps({"auths": {"r.example": {"username": "other", "password": "p"}}}))
    assert login_for("r.example", {**environ, "REGISTRY_AUTH_FILE": str(elsewhere)}) == Login("other", "p")
    first = home(tmp_path / "docker", {"auths": {"r.example": {"username": "first", "password": "p"}}})
    assert login_for("r.example", {**environ, **first}) == Login("first", "p")
