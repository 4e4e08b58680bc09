# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app on MariaDB down the whole road, told in order: found, hardened, rotated and retired by the playbooks.

The witnesses are PyMySQL, git, and the app itself, run from the branch that was pushed with what the store says. The sandbox's
supervisor runs the example alone, so this app is started here; that a restart by its runner is waited for is not proven here.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import secrets as random_source
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import benches
import mysql_benches
import mysql_citizen
import mysql_servers
import pytest
from leaks import leaks, of_the_sandbox, stored
from mysql_citizen import APP, EARLIER, FOUND
from witness import aws

SECRET = f"microapps/sandbox/{APP}/database"


@dataclasses.dataclass
class Story:
    """The app's database and inventory, and what the tests of this file hand on to each other."""

    estate: Any
    there: mysql_benches.Database
    inventory: str
    folder: pathlib.Path
    told: dict[str, Any] = dataclasses.field(default_factory=dict)

    def play(self, *arguments: str, playbook: str = "harden") -> Any:
        return self.estate.play(
            "-e", f"app={APP}", *arguments, playbook=f"goldenpath.microapps.{playbook}", inventory=self.inventory
        )

    def current(self, stage: str = "AWSCURRENT") -> dict[str, str]:
        client = aws(self.estate, "secretsmanager")
        document: dict[str, str] = json.loads(client.get_secret_value(SecretId=SECRET, VersionStage=stage)["SecretString"])
        return document

    def accounts(self) -> list[Any]:
        return self.there.server.root("SELECT * FROM mysql.global_priv ORDER BY User, Host")

    def evidence(self, file: str) -> str:
        text: str = (self.estate.state / "evidence" / "sandbox" / APP / file).read_text()
        return text


@pytest.fixture(scope="module")
def story(estate: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("snacks")
    with mysql_servers.demanded("mariadb") as server:
        there = mysql_benches.Database("snack_box", server, ("goldenpath", "Adm" + random_source.token_hex(12)))
        there.as_found()
        there.server.root(f"ALTER USER 'snack_box'@'%' {there.hashed(FOUND)}", "INSERT INTO snack_box.votes VALUES (1, 'nuts')")
        (folder / "administrator").write_text(there.administrator[1])
        mysql_citizen.repository(
            estate.state / "sandbox" / "git", mysql_citizen.Place("mariadb", "127.0.0.1", server.port), folder
        )
        block = {"host": "127.0.0.1", "port": server.port, "admin_user": "goldenpath", "sslmode": "verify-full"}
        block |= {"password_file": str(folder / "administrator"), "sslrootcert": str(server.authority)}
        yield Story(estate, there, str(mysql_citizen.inventory(root, folder, "mariadb", "mysql", block)), folder)


def controls(story: Story, mode: str) -> dict[str, str]:
    """What the secrets' controls answered."""
    answered = story.estate.evidence(mode, APP)["state"]["controls"]
    return {name: one["state"] for name, one in answered.items() if name.startswith("secrets-0")}


def served(story: Story, path: str, document: dict[str, str]) -> str:
    """What the app answers that is run from the pushed branch with this credential."""
    clone = story.folder / "branch"
    if not clone.exists():
        url = str(story.estate.state / "sandbox" / "git" / f"{APP}.git")
        subprocess.run(["git", "clone", "--quiet", "--branch", "goldenpath/baseline", url, str(clone)], check=True)
    port = benches.free_port()
    variables = {mysql_citizen.VARIABLES[key]: document[key] for key in mysql_citizen.VARIABLES}
    environ = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(port), **variables}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with subprocess.Popen([sys.executable, "goldenpath_entry.py"], cwd=clone, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            benches.wait_for(port)
            opener.open(f"http://127.0.0.1:{port}/", timeout=20).close()
            with opener.open(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
                return str(answer.read().decode())
        finally:
            process.kill()


def test_preflight_asks_its_server(story: Story) -> None:
    asked = story.play(playbook="preflight")
    assert asked.rc == 0, asked.text
    assert "goldenpath may make logins" in asked.text and "MariaDB" in asked.text


def test_a_check_predicts_and_changes_nothing(story: Story) -> None:
    before = story.accounts()
    checked = story.play("--check", "--diff")
    assert checked.rc == 2, checked.text
    assert story.accounts() == before and story.there.login("snack_box", FOUND)
    states = controls(story, "audit")
    assert {states[f"secrets-0{number}"] for number in (1, 2, 3, 4, 5)} == {"drifted"}, checked.text
    story.told["predicted"] = checked.changed_objects


def test_the_run_does_exactly_that(story: Story) -> None:
    hardened = story.play("--diff", "-vvvv")
    assert hardened.rc == 0, hardened.text
    assert hardened.changed_objects == story.told["predicted"]
    logins = [one for one in hardened.changed_objects if one[0].startswith("mysql:")]
    assert logins == [("mysql:login/snack_box", "updated", ("locked",)), ("mysql:login/snack_box_a", "created", ())]
    assert set(controls(story, "converge").values()) == {"in_place", "not_applicable"}
    assert not any(word in hardened.text for word in (FOUND, EARLIER, story.current()["password"], story.there.administrator[1]))


def test_the_second_run_changes_nothing(story: Story) -> None:
    again = story.play("--diff")
    assert (again.rc, again.changed_tasks) == (0, []), again.text


def test_both_passwords_of_the_code_are_dead_and_the_new_one_serves_the_app(story: Story) -> None:
    assert not any(story.there.login("snack_box", word) for word in (FOUND, EARLIER))
    current = story.current()
    assert current["username"] == "snack_box_a" and story.there.works(current)
    assert not story.there.works({**current, "password": current["password"] + "x"})
    assert "<li>nuts</li>" in served(story, "/", current)
    assert 'db_system_name="mysql"' in served(story, "/metrics", current)
    tree = b"".join(
        path.read_bytes() for path in (story.folder / "branch").rglob("*") if path.is_file() and ".git" not in path.parts
    )
    assert FOUND.encode() not in tree and EARLIER.encode() not in tree


def test_what_people_read_is_about_this_database(story: Story) -> None:
    port = story.there.server.port
    runbook = story.evidence("runbook.md")
    assert f"mariadb-dump -h 127.0.0.1 -P {port} -u goldenpath " in runbook and "the MariaDB database snack" in runbook
    for page in ("runbook.md", "runbook.html"):
        assert not any(word in story.evidence(page) for word in ("pg_", "PostgreSQL", "psql")), page
    assert "PostgreSQL" not in story.evidence("converge.html")


def test_a_rotation_is_predicted_and_done(story: Story) -> None:
    before, former = story.accounts(), story.current()
    asked = ("-e", "secret=database", "-e", "rotate=now", "--diff")
    checked = story.play(*asked, "--check", playbook="rotate")
    assert checked.rc == 0 and story.accounts() == before and story.current() == former, checked.text
    rotated = story.play(*asked, playbook="rotate")
    assert rotated.rc == 0 and rotated.changed_objects == checked.changed_objects, rotated.text
    assert [name for name, _action, _fields in rotated.changed_objects] == [
        "mysql:login/snack_box_a",
        "mysql:login/snack_box_b",
        f"secretsmanager:secret/{SECRET}",
    ]
    current = story.current()
    assert current["username"] == "snack_box_b" and story.there.works(current) and not story.there.works(former)
    assert story.current("AWSPREVIOUS") == former
    assert "<li>nuts</li>" in served(story, "/", current)
    again = story.play(playbook="rotate")
    assert (again.rc, again.changed_tasks) == (0, []), again.text


def test_no_secret_of_it_is_anywhere(story: Story) -> None:
    secrets = {"found": FOUND, "earlier": EARLIER, "administrator": story.there.administrator[1], **stored(story.estate)}
    assert leaks(story.estate, {**secrets, **of_the_sandbox(story.estate)}) == []
    log = story.there.server.log.read_bytes().decode(errors="replace")
    assert "ALTER USER 'snack_box_b'" in log, "the log holds no statements"
    assert [name for name, value in secrets.items() if value in log] == []


def test_what_left_the_catalog_is_retired_as_predicted_and_its_data_stays(story: Story) -> None:
    current, before = story.current(), story.accounts()
    (story.folder / "apps" / f"{APP}.yml").unlink()
    told = story.play(playbook="preflight")
    assert "mysql:login/snack_box_b" in told.text and f"-e app={APP}" in told.text
    checked = story.play("--check", "--diff", playbook="retire")
    assert checked.rc == 0 and story.accounts() == before and story.there.works(current), checked.text
    retired = story.play("--diff", playbook="retire")
    assert retired.rc == 0 and retired.changed_objects == checked.changed_objects, retired.text
    assert ("mysql:login/snack_box_b", "updated", ("locked",)) in retired.changed_objects
    assert "mysql:database/snack_box: data is never removed" in retired.text
    assert not story.there.works(current) and story.there.open_logins() == set()
    assert story.there.server.root("SELECT place FROM snack_box.votes") == [("nuts",)]
    again = story.play(playbook="retire")
    assert (again.rc, again.changed_tasks) == (0, []), again.text
