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
import os
import pathlib
import sys
from typing import Any

# What all examples share lies one folder up; this file is run as a program.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

import repositories
from repositories import BRANCH, hexadecimal, letters

APP = "where2eat"
# What the platform makes when it takes the database over. From then on the old login is none of this script's business.
PLATFORM_ROLES = (f"{APP}_owner", f"{APP}_a", f"{APP}_b")


def planted() -> dict[str, str]:
    """Every made-up secret by name, the same on every machine; tests search for leaks of these values."""
    return {
        "database_password": letters("database password", 24),
        "database_password_earlier": letters("earlier database password", 16),
        "restaurant_api_key": "dd_" + "live_" + letters("restaurant API key", 40),
        "session_key": hexadecimal("session key"),
        "mail_api_key": ".".join(("S" + "G", letters("mail API key, name", 22), letters("mail API key", 43))),
        "maps_key": "AI" + "za" + letters("maps key", 35),
    }


def commits() -> tuple[repositories.Commit, ...]:
    """The whole history, oldest first, with the planted values in their places."""
    return repositories.commits(pathlib.Path(__file__).resolve().parent.name, planted())


def make_repository(folder: pathlib.Path) -> str:
    """Make `folder`/where2eat.git where it is missing and give it its main branch if it has none; answers the commit of main."""
    return repositories.make_repository(folder, APP, planted())


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
