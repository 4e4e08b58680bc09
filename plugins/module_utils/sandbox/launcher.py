# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the supervisor starts for an app: check the release out, read its secrets from the store, become the app.

Run as `python -m module_utils.sandbox.launcher <release folder> <app>`. The secrets pass from the store into the app's
environment and nowhere else: they are in no file, no argument and no log.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
from collections.abc import Callable, Mapping

from ..errors import MicroappsError, MissingLibrary, NotFound
from ..rotation.model import Document, Stage
from ..rotation.stores import open_store
from ..scrubber import Secrets
from .checkout import checked_out
from .runner import Release, program, read_release, release_file

try:
    import psutil
except ImportError as error:
    PSUTIL_MISSING: ImportError | None = error
else:
    PSUTIL_MISSING = None

PROGRAM = "GOLDENPATH_SANDBOX_PROGRAM"
ENTRIES = ("goldenpath_entry.py", "app.py")


def secret_environment(release: Release, read: Callable[[str], Document]) -> dict[str, str]:
    """The variables that come from secrets; `read(name)` answers a secret's current document."""
    values: dict[str, str] = {}
    for secret in release.secrets:
        document = read(secret.name)
        missing = [key for key in secret.variables if key not in document]
        if missing:
            raise NotFound(f"The secret {secret.name} has no {', '.join(missing)}", "the app's release asks for it")
        values.update({variable: document[key] for key, variable in secret.variables.items()})
    return values


def secrets_of(release: Release) -> dict[str, str]:
    """The same, read from the release's store."""
    if release.place is None:
        why = "another version of this collection wrote it"
        raise NotFound(f"The release of {release.app} does not say where its secrets are", why, "Harden the app again.")
    store = open_store(release.place, Secrets(), os.environ)
    return secret_environment(release, lambda name: store.read_stage(name, Stage.CURRENT))


def app_environment(release: Release, secrets: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """All the app gets. Our own Python path and git settings are not the app's business."""
    kept = {name: inherited[name] for name in ("PATH", "HOME", "LANG") if name in inherited}
    marks = {name: value for name, value in inherited.items() if name.startswith("GOLDENPATH_")}
    own = {"PYTHONUNBUFFERED": "1", "PORT": str(release.port), "HOST": "127.0.0.1"}
    return {**kept, **marks, **own, **release.environment, **secrets, PROGRAM: program(release.app)}


def end_former(app: str) -> None:
    """End what a killed run of this app left behind (a debugger's second process holds the port)."""
    if PSUTIL_MISSING:
        raise MissingLibrary("psutil", "look after the sandbox's processes", PSUTIL_MISSING)
    mark = (os.environ.get("GOLDENPATH_SANDBOX"), program(app))
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if process.pid != os.getpid() and (environment.get("GOLDENPATH_SANDBOX"), environment.get(PROGRAM)) == mark:
                process.kill()
                process.wait(2)


def main(release_folder: str, app: str) -> None:
    """Become the app."""
    release = read_release(release_folder, app)
    if release is None:
        raise NotFound(f"The app {app} has no release in {release_folder}")
    end_former(app)
    home = release_file(release_folder, app).parent
    folder = checked_out(release.repository, release.branch, release.commit, home, os.environ)
    secrets = secrets_of(release) if release.secrets else {}
    os.chdir(folder)
    sys.stderr.write(f"{app}: commit {release.commit[:12]}, {len(release.secrets)} secrets from the store\n")
    # The platform's entry (health, metrics, no debugger) where the branch has one; the owner's own file as found.
    entry = next((name for name in ENTRIES if (folder / name).is_file()), ENTRIES[-1])
    os.execve(sys.executable, [sys.executable, entry], app_environment(release, secrets, os.environ))  # noqa: S606 - no shell


if __name__ == "__main__":
    try:
        main(str(pathlib.Path(sys.argv[1])), sys.argv[2])
    except MicroappsError as error:
        raise SystemExit(error.sentence()) from None
