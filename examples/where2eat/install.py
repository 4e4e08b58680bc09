#!/usr/bin/env python3
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the example app together: its git history and its database, as its owners left them.

The app is flawed on purpose, and its flaws include secrets in the code and in the history. None of these values opens
anything anywhere: all are computed here from a fixed seed. They stand nowhere in this repository as one string, because
forges refuse a push that holds what looks like a vendor's key; in the repository that this script makes, they look real.

    install.py --git-folder DIR    make DIR/where2eat.git; a branch that is there already is left alone
    install.py --database          make database, login and sample rows through PGHOST, PGPORT, PGUSER, PGPASSWORD;
                                   what is there already is left alone
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
from typing import Any

HISTORY = pathlib.Path(__file__).resolve().parent / "history"
APP = "where2eat"
BRANCH = "main"
SEED = "goldenpath.microapps: made up, opens nothing"
LETTERS = string.ascii_letters + string.digits
MARKER = re.compile(r"@@([a-z_]+)@@")
# What the platform makes when it takes the database over. From then on the old login is none of this script's business.
PLATFORM_ROLES = (f"{APP}_owner", f"{APP}_a", f"{APP}_b")


def planted() -> dict[str, str]:
    """Every made-up secret by name, the same on every machine; tests search for leaks of these values."""
    return {
        "database_password": _letters("database password", 24),
        "database_password_earlier": _letters("earlier database password", 16),
        "restaurant_api_key": "dd_" + "live_" + _letters("restaurant API key", 40),
        "session_key": hashlib.sha256(f"{SEED}: session key".encode()).hexdigest(),
        "mail_api_key": ".".join(("S" + "G", _letters("mail API key, name", 22), _letters("mail API key", 43))),
        "maps_key": "AI" + "za" + _letters("maps key", 35),
    }


def _letters(what: str, length: int) -> str:
    digest = hashlib.shake_256(f"{SEED}: {what}".encode()).digest(2 * length)
    return "".join(LETTERS[int.from_bytes(digest[2 * i : 2 * i + 2], "big") % len(LETTERS)] for i in range(length))


@dataclasses.dataclass(frozen=True)
class Commit:
    """One step of the app's history: who, when (git's own date format), why, and the files it writes and deletes."""

    author: str
    date: str
    message: str
    files: dict[str, bytes]
    delete: tuple[str, ...]


def commits() -> tuple[Commit, ...]:
    """The whole history, oldest first, with the planted values in their places."""
    values = planted()
    return tuple(_commit(folder, values) for folder in sorted(HISTORY.iterdir()))


def _commit(folder: pathlib.Path, values: dict[str, str]) -> Commit:
    about = json.loads((folder / "commit.json").read_text(encoding="utf-8"))
    tree = folder / "tree"
    files = {}
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        # Dot files are stored as dot.<name>: a .gitignore or .env of the example must not act on this repository.
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


def make_repository(folder: pathlib.Path) -> str:
    """Make `folder`/where2eat.git where it is missing and give it its main branch if it has none; answers the commit of main."""
    repository = folder / f"{APP}.git"
    if not (repository / "HEAD").exists():
        repository.parent.mkdir(parents=True, exist_ok=True)
        _git(["init", "-q", "--bare", "--template=", "--object-format=sha1", f"--initial-branch={BRANCH}", str(repository)])
    if not _head(repository):
        stream = fast_import_stream(commits())
        _git(["--git-dir", str(repository), "fast-import", "--quiet", "--done"], stream)
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


CREW = (
    ("Ada", "ada.nwosu@crew.example"),
    ("Bjarne", "bjarne.holm@crew.example"),
    ("Chiara", "chiara.conti@crew.example"),
    ("Deniz", "deniz.aydin@crew.example"),
    ("Eun-ji", "eunji.park@crew.example"),
)


def make_database() -> str:
    """Make what is missing of login, database and rows; answers one sentence. Never touches a login that exists."""
    import psycopg  # only this half of the script needs more than the standard library
    from psycopg import sql

    with psycopg.connect(dbname=os.environ.get("PGDATABASE", "postgres"), autocommit=True) as admin:
        # One at a time: two starts of a sandbox must not both find the database missing.
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"example {APP}",))
        roles = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", (APP,))}
        there = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (APP,)).fetchone() is not None
        if roles.intersection(PLATFORM_ROLES):
            return f"Database {APP} is in the platform's hands; left alone"
        if APP not in roles:
            if there:
                return f"Database {APP} is there and its login {APP} is not: somebody removed it; left alone"
            # A verifier instead of the password: statements end up in the server's log.
            verifier = admin.pgconn.encrypt_password(planted()["database_password"].encode(), APP.encode(), b"scram-sha-256")
            create_login = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            admin.execute(create_login.format(sql.Identifier(APP), sql.Literal(verifier.decode())))
        if not there:
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(APP), sql.Identifier(APP)))
        with psycopg.connect(dbname=APP) as database:
            filled = _fill(database)
    return f"Database {APP} {'made' if filled else 'is there'}"


def _fill(database: Any) -> bool:
    if database.execute("SELECT to_regclass('public.crew')").fetchone()[0] is not None:
        return False
    schema = commits()[-1].files["schema.sql"].decode()
    database.execute(f"SET ROLE {APP}")
    database.execute(schema)
    with database.cursor() as cursor:
        cursor.executemany("INSERT INTO crew (name, email) VALUES (%s, %s)", CREW)
    database.execute("INSERT INTO votes (crew_id, restaurant) SELECT id, 'Noodle Station' FROM crew WHERE id <= 2")
    return True


def main() -> None:
    """Say what was made; the planted values are never printed."""
    parser = argparse.ArgumentParser(description="Puts the example app together: its git history and its database.")
    parser.add_argument("--git-folder", type=pathlib.Path, metavar="DIR", help="folder for the bare repository where2eat.git")
    parser.add_argument("--database", action="store_true", help="make database, login and sample rows (PG* variables)")
    options = parser.parse_args()
    if not options.git_folder and not options.database:
        parser.error("give --git-folder, --database or both")
    if options.git_folder:
        print(f"{APP}.git: {BRANCH} is at {make_repository(options.git_folder)}")
    if options.database:
        print(make_database())


if __name__ == "__main__":
    sys.exit(main())
