# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The running sandbox that integration tests share: real parts, started once a session, never a mock."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import secret_servers
from xdist.scheduler import LoadFileScheduling

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build, layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.sandbox import CAPABILITY

OWNER = "pytest-pid"


@dataclasses.dataclass(frozen=True)
class Sandbox:
    """A sandbox in a state folder of its own; `environ` is what a client or a playbook needs to find it."""

    environ: dict[str, str]

    @property
    def layout(self) -> layout.Layout:
        """Its paths."""
        return layout.layout_of(self.environ)

    @property
    def folder(self) -> pathlib.Path:
        """`<state>/sandbox`."""
        return self.layout.folder

    @property
    def state_folder(self) -> pathlib.Path:
        """What GOLDENPATH_STATE names."""
        return self.folder.parent

    def block(self, name: str) -> dict[str, Any]:
        """The same dict as the lookup `goldenpath.microapps.sandbox` gives; fails when the sandbox is down."""
        return layout.block(self.environ, name)

    def ask(self, state: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Call the capability: its Ansible result."""
        return perform(CAPABILITY, Request({"state": state, **options}, check=check, environ=self.environ, progress=print))

    def start(self) -> dict[str, Any]:
        """Start or repair; a part that does not come up fails the test, it never skips it."""
        result = self.ask("started")
        assert not result.get("failed"), result["msg"]
        return result


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The session's sandbox: in $GOLDENPATH_TEST_STATE (kept, for a quick next run) or in a folder that goes with it."""
    kept = os.environ.get("GOLDENPATH_TEST_STATE")
    # A short path: a unix socket's may have about a hundred bytes.
    state = pathlib.Path(kept) if kept else pathlib.Path(tempfile.mkdtemp(prefix="gp-"))
    if not kept:
        _wipe_what_killed_sessions_left()
        (state / OWNER).write_text(str(os.getpid()))
    running = Sandbox({**os.environ, "GOLDENPATH_STATE": str(state)})
    running.start()
    yield running
    if not kept:
        wiped = running.ask("wiped")
        assert not wiped.get("failed"), wiped["msg"]
        shutil.rmtree(state)


@pytest.fixture(scope="session")
def vault() -> Iterator[secret_servers.Server]:
    """A server of HashiCorp Vault for all tests of the session that ask for it."""
    with secret_servers.running(secret_servers.vault()) as (server,):
        yield server


@pytest.fixture(scope="module", params=["openbao", "vault"])
def secret_server(request: pytest.FixtureRequest, sandbox: Sandbox) -> secret_servers.Server:
    """Each server that speaks OpenBao's API: the sandbox's OpenBao, and HashiCorp Vault."""
    if request.param == "openbao":
        return secret_servers.server_at(sandbox.block("openbao"))
    server: secret_servers.Server = request.getfixturevalue("vault")
    return server


def _wipe_what_killed_sessions_left() -> None:
    """A session that was killed could not end its sandbox; its folder says who it was."""
    for owner in pathlib.Path(tempfile.gettempdir()).glob(f"gp-*/{OWNER}"):
        text = owner.read_text()
        if text.isdigit() and not psutil.pid_exists(int(text)):
            Sandbox({**os.environ, "GOLDENPATH_STATE": str(owner.parent)}).ask("wiped")
            shutil.rmtree(owner.parent, ignore_errors=True)


@pytest.fixture(autouse=True)
def _needs_cluster(request: pytest.FixtureRequest) -> None:
    """Tests marked `cluster` are skipped where there is no Go to build one, and only there."""
    if request.node.get_closest_marker("cluster") is not None:
        request.getfixturevalue("demand_cluster")


@pytest.fixture(scope="session")
def demand_cluster(sandbox: Sandbox) -> None:
    """For fixtures that need a cluster: without Go to build one their tests are skipped, and for any other reason they fail."""
    block = sandbox.block("cluster")
    if block["available"]:
        return
    if block["next_step"] == build.NEXT_STEP:
        pytest.skip(f"{block['why']}: {block['next_step']}")
    pytest.fail(f"the cluster is not there: {block['why']}")


class _Scheduling(LoadFileScheduling):
    """One worker runs a file, or the folder whose files share the one webhook that there can be (its ports are fixed)."""

    def _split_scope(self, nodeid: str) -> str:
        path = pathlib.PurePosixPath(nodeid.partition("::")[0])
        return str(path.parent if path.parent.name == "admission" else path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    """Not by pytest-xdist's groups: with pytest 9.2 it (3.8) loses them without a word, and spreads every test."""
    return _Scheduling(config, log)


@pytest.fixture(scope="session")
def cycle() -> Any:
    """The module cycle.py beside this file: `cycle.cycle`, `cycle.stage` and `cycle.ask`."""
    path = pathlib.Path(__file__).with_name("cycle.py")
    spec = importlib.util.spec_from_file_location("goldenpath_test_cycle", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
