# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of one commit in a folder, so that the supervisor can run them: nothing of the user's git settings applies."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from ..errors import MicroappsError

_KEEP = 3


def checked_out(repository: str, branch: str, commit: str, folder: pathlib.Path, environ: Mapping[str, str]) -> pathlib.Path:
    """The folder with the files of `commit` (of `branch` of the repository at this URL), made if it is not there yet.

    Made under another name and renamed, so that a killed checkout never counts; older ones are removed but for a few.
    """
    releases = folder / "releases"
    target = releases / commit
    if target.is_dir():
        return target
    releases.mkdir(mode=0o700, parents=True, exist_ok=True)
    mirror = folder / "repository.git"
    if not (mirror / "HEAD").exists():
        _git(["init", "--quiet", "--bare", str(mirror)], environ)
    _git(
        ["--git-dir", str(mirror), "fetch", "--quiet", "--no-tags", repository, f"+refs/heads/{branch}:refs/heads/fetched"],
        environ,
    )
    fresh = pathlib.Path(tempfile.mkdtemp(prefix=".", suffix=".tmp", dir=releases))
    index = {**environ, "GIT_INDEX_FILE": str(fresh / ".index")}
    _git(["--git-dir", str(mirror), "read-tree", commit], index)
    _git(["--git-dir", str(mirror), f"--work-tree={fresh}", "checkout-index", "--all"], index)
    (fresh / ".index").unlink(missing_ok=True)
    fresh.rename(target)
    _forget_old(releases, target)
    return target


def _forget_old(releases: pathlib.Path, newest: pathlib.Path) -> None:
    old = sorted((path for path in releases.iterdir() if path != newest), key=lambda path: path.stat().st_mtime)
    for path in old[: -(_KEEP - 1)]:
        shutil.rmtree(path, ignore_errors=True)


def _git(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_") or name == "GIT_INDEX_FILE"}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, env={**kept, **settings})
    if done.returncode:
        raise MicroappsError("The app's release could not be checked out", " ".join(done.stderr.split())[-300:])
