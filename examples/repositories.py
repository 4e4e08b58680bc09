#!/usr/bin/env python3
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the git repositories of the example apps from their histories: <app>/history/<step>/{commit.json,tree}.

A marker @@name@@ in a file stands for a made-up secret, which is computed here from a fixed seed and opens nothing anywhere.
No such value stands in this repository as one string, because forges refuse a push that holds what looks like a key.

    repositories.py --git-folder DIR    make DIR/<app>.git of the apps that are a history only (where2eat has an installer of
                                        its own); a branch that is there already is left alone
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import string
import subprocess
import sys
from collections.abc import Mapping

FOLDER = pathlib.Path(__file__).resolve().parent
BRANCH = "main"
SEED = "goldenpath.microapps: made up, opens nothing"
LETTERS = string.ascii_letters + string.digits
MARKER = re.compile(r"@@([a-z_]+)@@")


def letters(what: str, length: int) -> str:
    """A made-up secret of letters and digits."""
    digest = hashlib.shake_256(f"{SEED}: {what}".encode()).digest(2 * length)
    return "".join(LETTERS[int.from_bytes(digest[2 * i : 2 * i + 2], "big") % len(LETTERS)] for i in range(length))


def hexadecimal(what: str) -> str:
    """A made-up secret of 64 hexadecimal digits."""
    return hashlib.sha256(f"{SEED}: {what}".encode()).hexdigest()


# The apps that are nothing but a history, and what is planted in each.
SMALL: Mapping[str, Mapping[str, str]] = {
    "brochure": {},
    "lunch-poll": {"session_secret": letters("poll's session secret", 48)},
}


@dataclasses.dataclass(frozen=True)
class Commit:
    """One step of an app's history: who, when (git's own date format), why, and the files it writes and deletes."""

    author: str
    date: str
    message: str
    files: dict[str, bytes]
    delete: tuple[str, ...]


def commits(app: str, values: Mapping[str, str]) -> tuple[Commit, ...]:
    """The whole history, oldest first, with the planted values in their places."""
    return tuple(_commit(folder, values) for folder in sorted((FOLDER / app / "history").iterdir()))


def _commit(folder: pathlib.Path, values: Mapping[str, str]) -> Commit:
    about = json.loads((folder / "commit.json").read_text(encoding="utf-8"))
    tree = folder / "tree"
    files = {}
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        # Dot files are stored as dot.<name>: a .gitignore or .env of an example must not act on this repository.
        name = path.relative_to(tree).with_name(re.sub(r"^dot\.", ".", path.name)).as_posix()
        text = path.read_text(encoding="utf-8")
        files[name] = MARKER.sub(lambda match: values[match[1]], text).encode()
    return Commit(about["author"], about["date"], about["message"], files, tuple(about["delete"]))


def fast_import_stream(history: tuple[Commit, ...]) -> bytes:
    """The history in the format of `git fast-import`: names, dates and contents decide the commit ids, nothing else."""
    lines: list[bytes] = []
    for commit in history:
        message = commit.message.encode() + b"\n"
        lines.append(f"commit refs/heads/{BRANCH}\n".encode())
        lines.append(f"author {commit.author} {commit.date}\ncommitter {commit.author} {commit.date}\n".encode())
        lines.append(b"data %d\n%s\n" % (len(message), message))
        lines += [f"D {name}\n".encode() for name in commit.delete]
        for name, content in sorted(commit.files.items()):
            lines.append(f"M 100644 inline {name}\n".encode() + b"data %d\n%s\n" % (len(content), content))
    return b"".join([*lines, b"done\n"])


def make_repository(folder: pathlib.Path, app: str, values: Mapping[str, str]) -> str:
    """Make `folder`/<app>.git where it is missing and give it its main branch if it has none; answers the commit of main."""
    repository = folder / f"{app}.git"
    if not (repository / "HEAD").exists():
        repository.parent.mkdir(parents=True, exist_ok=True)
        _git(["init", "-q", "--bare", "--template=", "--object-format=sha1", f"--initial-branch={BRANCH}", str(repository)])
    if not _head(repository):
        _git(["--git-dir", str(repository), "fast-import", "--quiet", "--done"], fast_import_stream(commits(app, values)))
    return _head(repository)


def _head(repository: pathlib.Path) -> str:
    name = f"refs/heads/{BRANCH}"
    return _git(["--git-dir", str(repository), "for-each-ref", "--format=%(objectname)", name]).decode().strip()


def _git(arguments: list[str], stdin: bytes = b"") -> bytes:
    # The caller's git settings (signing, hooks, default formats) must not change a byte.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=environ, check=False)
    if done.returncode:
        raise SystemExit(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def main() -> None:
    """Say what was made; the planted values are never printed."""
    parser = argparse.ArgumentParser(description="Makes the repositories of the example apps that are a history only.")
    parser.add_argument("--git-folder", type=pathlib.Path, metavar="DIR", required=True)
    options = parser.parse_args()
    for app, values in SMALL.items():
        print(f"{app}.git: {BRANCH} is at {make_repository(options.git_folder, app, values)}")


if __name__ == "__main__":
    sys.exit(main())
