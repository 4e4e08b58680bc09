# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A citizen's app on MariaDB or MySQL as found, its password in the code and an earlier one in the history; and its inventory.

The passwords are put together here, so that none stands in this repository as one string.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import subprocess
from collections.abc import Mapping
from typing import Any

import yaml

APP = "snack-box"
DATABASE = "snack_box"
VARIABLES = {
    "host": "SNACKS_DB_HOST",
    "port": "SNACKS_DB_PORT",
    "dbname": "SNACKS_DB_NAME",
    "username": "SNACKS_DB_USER",
    "password": "SNACKS_DB_PASSWORD",
}
_CODE = """\
import html

import pymysql
from flask import Flask

app = Flask(__name__)


def database():
    return pymysql.connect(host="@@host@@", port=@@port@@, user="@@user@@", password="@@password@@", database="snack_box")


@app.route("/")
def home():
    with database() as db, db.cursor() as cursor:
        cursor.execute("SELECT place FROM votes ORDER BY id")
        return "<ul>" + "".join("<li>%s</li>" % html.escape(place) for (place,) in cursor.fetchall()) + "</ul>"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
"""


def password(what: str) -> str:
    """A made-up password, the same each time."""
    return "Sn4" + hashlib.sha256(f"snack-box, made up, opens nothing: {what}".encode()).hexdigest()[:21]


FOUND, EARLIER = password("now"), password("earlier")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where its database is."""

    engine: str
    host: str
    port: int


def repository(folder: pathlib.Path, place: Place, scratch: pathlib.Path) -> pathlib.Path:
    """Its bare repository `<folder>/snack-box.git` with two commits: the second replaced the password of the first."""
    bare, clone = folder / f"{APP}.git", scratch / f"{APP}.clone"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(clone)], check=True)
    git = ["git", "-C", str(clone), "-c", "user.name=Ida", "-c", "user.email=ida@example.com"]
    (clone / "requirements.txt").write_text("flask\npymysql\n")
    for word, message in ((EARLIER, "snacks we like, first version"), (FOUND, "new database password")):
        words = {"host": place.host, "port": str(place.port), "user": DATABASE, "password": word}
        text = _CODE
        for name, value in words.items():
            text = text.replace(f"@@{name}@@", value)
        (clone / "app.py").write_text(text)
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", message], check=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", str(clone), str(bare)], check=True)
    return bare


def inventory(root: pathlib.Path, folder: pathlib.Path, engine: str, kind: str, mysql: Mapping[str, Any]) -> pathlib.Path:
    """An inventory as somebody makes it from the sandbox's: a catalog of one app, and `mysql` in the place of `database`."""
    entry = yaml.safe_load((root / "inventories" / "apps" / "lunch-poll.yml").read_text())
    entry |= {
        "name": APP,
        "title": "Snack box",
        "description": "What is in the snack box, and what people would like in it.",
        "image": APP,
        "runtime": "python",
        "hostname": f"{APP}.apps.example.com",
        "repository": {"url": f"https://git.example.com/office-services/{APP}.git"},
        "database": {"engine": engine, "name": DATABASE},
        "secrets": [{"name": "database", "kind": kind, "variables": VARIABLES}],
        "environments": {"sandbox": {}},
        "workload": {"port": 8080},
    }
    (folder / "apps").mkdir()
    (folder / "apps" / f"{APP}.yml").write_text(yaml.safe_dump(entry))
    sandbox = root / "inventories" / "sandbox"
    place = folder / "sandbox"
    (place / "group_vars" / "environment_sandbox").mkdir(parents=True)
    (place / "microapps.yml").write_text((sandbox / "microapps.yml").read_text())
    profile = (sandbox / "group_vars" / "environment_sandbox" / "profile.yml").read_text()
    others = [line for line in profile.splitlines(keepends=True) if not line.startswith("  database:")]
    block = yaml.safe_dump({"mysql": dict(mysql)}, indent=2).replace("\n", "\n  ").rstrip()
    (place / "group_vars" / "environment_sandbox" / "profile.yml").write_text(f"{''.join(others)}  {block}\n")
    return place
