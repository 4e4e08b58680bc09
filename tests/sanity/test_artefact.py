# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The built collection holds what git holds, and nothing that a run left in the checkout."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Made by `ansible-galaxy collection build` itself, in place of galaxy.yml.
MADE_BY_BUILD = {"MANIFEST.json", "FILES.json"}
# Tracked, but of no use to somebody who installs the collection.
LEFT_OUT = ("galaxy.yml", ".git", ".ci/", ".github/")


def test_the_artefact_is_what_git_holds(tmp_path: pathlib.Path) -> None:
    galaxy = pathlib.Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run(
        [str(galaxy), "collection", "build", str(ROOT), "--output-path", str(tmp_path)], check=True, capture_output=True
    )
    (artefact,) = tmp_path.glob("goldenpath-microapps-*.tar.gz")
    with tarfile.open(artefact) as tar:
        packed = {member.name for member in tar.getmembers() if not member.isdir()}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).exists() and not name.startswith(LEFT_OUT)}
    assert packed - MADE_BY_BUILD == tracked
