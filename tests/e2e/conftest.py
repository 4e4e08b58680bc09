# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole road as users walk it: the playbooks, run by ansible-runner the way AWX runs them, on a sandbox of their own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import ansible_runner
import psutil
import psycopg
import pytest
from witness import Watcher

# The servers that tests of both folders start.
sys.path.append(str(pathlib.Path(__file__).parents[1] / "integration" / "rotation"))

BIN = pathlib.Path(sys.executable).parent
OWNER = "pytest-pid"
# Nothing of the user's own may matter: no profile, no proxy that answers, no ansible.cfg, no collections of theirs.
HOSTILE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "AWS_PROFILE": "somebody-elses",
    "AWS_ACCESS_KEY_ID": "not-for-the-sandbox",
    "AWS_SECRET_ACCESS_KEY": "not-for-the-sandbox",
    "PGPASSWORD": "not-for-the-sandbox",
    "KUBECONFIG": "/nonexistent",
}


@dataclasses.dataclass(frozen=True)
class Played:
    """One ansible-playbook: its exit code, everything it printed, and its job events."""

    rc: int
    text: str
    events: tuple[dict[str, Any], ...]
    folder: pathlib.Path

    @property
    def results(self) -> list[tuple[str, dict[str, Any]]]:
        """(task name, result) of every task that ended on a host."""
        ended = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")
        return [
            (event["event_data"]["task"], event["event_data"].get("res") or {})
            for event in self.events
            if event["event"] in ended
        ]

    @property
    def changed_tasks(self) -> list[str]:
        """Names of the tasks that said they changed something."""
        return [name for name, result in self.results if result.get("changed")]

    @property
    def changed_objects(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """(object, action, fields) of everything that was, or in check mode would be, changed; sorted."""
        return sorted(
            (entry["object"], entry["action"], tuple(entry.get("fields", ())))
            for _name, result in self.results
            for entry in result.get("objects") or []
            if entry["action"] != "unchanged"
        )


@dataclasses.dataclass(frozen=True)
class Estate:
    """A sandbox with a state folder and a home of its own."""

    root: pathlib.Path
    state: pathlib.Path
    home: pathlib.Path

    @property
    def environ(self) -> dict[str, str]:
        """What a play of this estate finds in its environment."""
        return {
            **HOSTILE,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(pathlib.Path.home() / ".cache"),
            "GOLDENPATH_STATE": str(self.state),
            "ANSIBLE_CONFIG": "/nonexistent",
            "ANSIBLE_LOG_PATH": str(self.home / "ansible.log"),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.temporary),
        }

    @property
    def temporary(self) -> pathlib.Path:
        """The folder for temporary files, of this estate alone."""
        folder = self.home / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def watch(self) -> Watcher:
        """Keeps what others could see while the block runs."""
        return Watcher(self.home.parent, [self.temporary, self.home / ".ansible"])

    def play(
        self,
        *arguments: str,
        playbook: str = "goldenpath.microapps.harden",
        inventory: str = "inventories/sandbox",
        environ: Mapping[str, str] | None = None,
    ) -> Played:
        """Run a playbook to its end under ansible-runner."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.home))
        command = ["-i", str(self.root / inventory), playbook, *arguments]
        out = ansible_runner.interface.run_command(
            executable_cmd=str(BIN / "ansible-playbook"),
            cmdline_args=command,
            envvars={**self.environ, **(environ or {})},
            private_data_dir=str(folder),
            host_cwd=str(self.home),
            quiet=True,
        )
        events = []
        for path in (folder / "artifacts").rglob("job_events/*.json"):
            with contextlib.suppress(json.JSONDecodeError):
                events.append(json.loads(path.read_text()))
        events.sort(key=lambda event: event["counter"])
        return Played(int(out[2] if len(out) > 2 else 0), out[0] + out[1], tuple(events), folder)

    def start(self, *arguments: str, log: pathlib.Path) -> subprocess.Popen[bytes]:
        """Begin a harden in the background, in a session of its own, so that all of it can be killed at once."""
        with log.open("wb") as stream:
            return subprocess.Popen(
                [
                    str(BIN / "ansible-playbook"),
                    "-i",
                    str(self.root / "inventories/sandbox"),
                    "goldenpath.microapps.harden",
                    *arguments,
                ],
                env={**self.environ, "ANSIBLE_LOG_PATH": ""},
                cwd=self.home,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def evidence(self, mode: str, app: str = "where2eat") -> dict[str, Any]:
        """The evidence document of the newest run of that mode."""
        return json.loads((self.state / "evidence" / "sandbox" / app / f"{mode}.json").read_text())

    def block(self, name: str) -> dict[str, Any]:
        """One block of the sandbox's state, as the lookup returns it."""
        return json.loads((self.state / "sandbox" / "state.json").read_text())["blocks"][name]


@pytest.fixture(scope="session")
def estate(root: pathlib.Path) -> Iterator[Estate]:
    """An empty sandbox: wiped after the last file that asks. The path is short: Unix sockets allow 107 bytes."""
    _wipe_what_killed_sessions_left(root)
    base = pathlib.Path(tempfile.mkdtemp(prefix="road-"))
    (base / OWNER).write_text(str(os.getpid()))
    estate = Estate(root, base / "s", base / "home")
    estate.home.mkdir()
    started = estate.play(playbook="goldenpath.microapps.sandbox")
    assert started.rc == 0, started.text
    yield estate
    estate.play("-e", "sandbox_state=wiped", playbook="goldenpath.microapps.sandbox")
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def talkative(estate: Estate) -> Iterator[None]:
    """A database that logs every statement."""
    _database_administrator(estate, "ALTER SYSTEM SET log_statement = 'all'")
    yield
    _database_administrator(estate, "ALTER SYSTEM RESET log_statement")


def _database_administrator(estate: Estate, statement: str) -> None:
    block = estate.block("database")
    password = pathlib.Path(block["password_file"]).read_text().strip()
    login = {"user": block["admin_user"], "password": password, "dbname": "postgres", "autocommit": True}
    with psycopg.connect(host=block["host"], port=block["port"], **login) as connection:
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


def _wipe_what_killed_sessions_left(root: pathlib.Path) -> None:
    """A session that was killed could not end its sandbox; its folder says who it was."""
    for owner in pathlib.Path(tempfile.gettempdir()).glob(f"road-*/{OWNER}"):
        text = owner.read_text()
        if text.isdigit() and not psutil.pid_exists(int(text)):
            Estate(root, owner.parent / "s", owner.parent / "home").play(
                "-e", "sandbox_state=wiped", playbook="goldenpath.microapps.sandbox"
            )
            shutil.rmtree(owner.parent, ignore_errors=True)
