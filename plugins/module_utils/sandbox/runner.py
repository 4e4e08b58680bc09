# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sandbox's stand-in for a rollout: what an app runs is one file, and a restart puts a new one into effect.

`release.json` names the commit, the port, the plain environment and, by reference only, the secrets; the launcher
(`launcher.py`) reads the secrets from the store when the app starts.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import time
from collections.abc import Mapping
from typing import Any

from ..errors import MicroappsError, NotFound
from ..profile import Aws, SecretStore, block_from
from . import checkout, supervisor
from .health import listens
from .layout import START, write_private

# How long an app may take to answer after its start; the app's own imports are nearly all of it.
START_LIMIT = 20.0


@dataclasses.dataclass(frozen=True, slots=True)
class SecretReference:
    """One secret of the store, and which key of its JSON document becomes which environment variable."""

    name: str
    variables: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where the app's secrets are and how they are asked for (`profile.StorePlace`); there is no secret in it."""

    aws: Aws
    secret_store: SecretStore


@dataclasses.dataclass(frozen=True, slots=True)
class Release:
    """What one app runs. `place` is where its secrets are, None while it has none."""

    app: str
    repository: str
    branch: str
    commit: str
    port: int
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    secrets: tuple[SecretReference, ...] = ()
    place: Place | None = None


def program(app: str) -> str:
    """The supervised program that runs this app."""
    return f"app-{app}"


def release_file(release_folder: str | pathlib.Path, app: str) -> pathlib.Path:
    """Where the app's release is written."""
    return pathlib.Path(release_folder) / app / "release.json"


def write_release(release_folder: str | pathlib.Path, release: Release) -> bool:
    """Put a release in the place of the former one, atomically; False when it was the same already. Restart afterwards."""
    path = release_file(release_folder, release.app)
    text = json.dumps(dataclasses.asdict(release), indent=2, sort_keys=True) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    write_private(path, text)
    return True


def read_release(release_folder: str | pathlib.Path, app: str) -> Release | None:
    """The app's release, None when it has none."""
    try:
        data: dict[str, Any] = json.loads(release_file(release_folder, app).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    # What another version of this collection wrote is read as far as it is known here; the next cut-over writes it anew.
    known = {field.name: data[field.name] for field in dataclasses.fields(Release) if field.name in data}
    secrets = tuple(SecretReference(entry["name"], entry["variables"]) for entry in known.pop("secrets"))
    blocks = known.pop("place", None)
    place = Place(block_from(Aws, blocks["aws"]), block_from(SecretStore, blocks["secret_store"])) if blocks else None
    return Release(**known, secrets=secrets, place=place)


def program_state(control: str | pathlib.Path, app: str) -> supervisor.ProgramState:
    """What the supervisor at this socket knows of the app's program."""
    return supervisor.Supervisor(pathlib.Path(control)).state(program(app))


def restart(
    control: str | pathlib.Path, release_folder: str | pathlib.Path, app: str, environ: Mapping[str, str] | None = None
) -> float:
    """Put the written release into effect and wait until the app's port answers; returns how long nothing answered (seconds).

    The checkout is made before the running app is stopped.
    """
    release = read_release(release_folder, app)
    if release is None:
        raise NotFound(f"The app {app} has no release in {release_folder}", next_step=START)
    checkout.checked_out(
        release.repository, release.branch, release.commit, release_file(release_folder, app).parent, environ or os.environ
    )
    runner = supervisor.Supervisor(pathlib.Path(control))
    name = program(app)
    before = time.monotonic()
    runner.stop(name)
    runner.start(name)
    while not listens(release.port):
        if time.monotonic() - before > START_LIMIT:
            state = runner.state(name)
            raise MicroappsError(
                f"The app {app} does not answer on port {release.port} after its restart",
                f"its program is {state.state}: {state.why}",
                f"Read its log: {pathlib.Path(release_folder).parent / 'logs' / name}.log",
            )
        runner.state(name)
        time.sleep(supervisor.POLL)
    return time.monotonic() - before
