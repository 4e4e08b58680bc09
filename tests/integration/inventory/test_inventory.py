# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory plugin and the lookup app_hosts as people run them: from programs, without any configuration."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml

BIN = pathlib.Path(sys.executable).parent
ENVIRONMENTS = ("sandbox", "dev", "staging", "prod")
PLAY = """
- name: Greet
  hosts: "{{ query('goldenpath.microapps.app_hosts', app | default(''), all_apps=all_apps | default(false)) }}"
  gather_facts: false
  tasks:
    - name: Say who
      ansible.builtin.debug:
        msg: "{{ microapp.name }} in {{ microapp.environment }} by {{ ansible_python_interpreter }}"
    - name: Prove that a module finds the interpreter
      ansible.builtin.ping:
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: pathlib.Path) -> Run:
    """A program of Ansible's in an empty environment and a folder without ansible.cfg."""
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")

    def call(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "COLUMNS": "1000"}
        command = [str(BIN / program), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120)

    return call


@pytest.fixture
def estate(tmp_path: pathlib.Path, root: pathlib.Path) -> pathlib.Path:
    """A copy of the shipped inventories, free to be broken."""
    shutil.copytree(root / "inventories", tmp_path / "estate")
    return tmp_path / "estate"


def listed(run: Run, *inventories: pathlib.Path) -> dict[str, Any]:
    done = run("ansible-inventory", *(f"--inventory={path}" for path in inventories), "--list")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def last_error(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that counts."""
    return done.stderr[done.stderr.rindex("[ERROR]") :].splitlines()[0]


def test_every_host_has_its_own_environments_profile_in_any_order(run: Run, root: pathlib.Path) -> None:
    folders = [root / "inventories" / name for name in ENVIRONMENTS]
    alone: dict[str, Any] = {}
    for folder in folders:
        alone |= listed(run, folder)["_meta"]["hostvars"]
    assert {variables["microapp_environment"]["name"] for variables in alone.values()} == set(ENVIRONMENTS)
    for host, variables in alone.items():
        assert variables["microapp_environment"]["name"] == host.partition(".")[2]
    assert listed(run, *folders)["_meta"]["hostvars"] == alone
    assert listed(run, *reversed(folders))["_meta"]["hostvars"] == alone


def test_groups_and_identity(run: Run, root: pathlib.Path) -> None:
    data = listed(run, root / "inventories" / "prod")
    assert data["app_where2eat"]["hosts"] == ["where2eat.prod"]
    assert data["path_light"]["hosts"] == ["lunch-poll.prod", "standup-bot.prod"]
    assert sorted(data["environment_prod"]["hosts"]) == sorted(data["_meta"]["hostvars"])
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in data if name != "_meta")
    assert "all_apps" not in data
    variables = data["_meta"]["hostvars"]["where2eat.prod"]
    assert set(variables) == {"microapp", "microapp_environment", "ansible_connection", "ansible_python_interpreter"}
    assert set(variables["microapp"]) == {"name", "environment", "file"}


def test_the_export_that_awx_stores_can_be_read_back(run: Run, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = run("ansible-inventory", "-i", str(root / "inventories" / "sandbox"), "--list", "--export")
    script = tmp_path / "stored"
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{done.stdout}\nEND\n", encoding="utf-8")
    script.chmod(0o755)
    done = run("ansible-playbook", "play.yml", "-i", str(script), "-e", "app=where2eat")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"where2eat in sandbox by {sys.executable}" in done.stdout
    assert run("ansible-playbook", "play.yml", "-i", str(script)).returncode == 0


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--limit", "where2eat.sandbox")])
def test_a_play_takes_its_app_without_any_warning(run: Run, root: pathlib.Path, arguments: tuple[str, ...]) -> None:
    done = run("ansible-playbook", "play.yml", "-i", str(root / "inventories" / "sandbox"), "-e", "app=where2eat", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "where2eat in sandbox by " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--limit", "where2eat.sandbox"), ("--list-hosts",)])
def test_a_wrong_name_fails_at_once_in_every_mode(run: Run, root: pathlib.Path, arguments: tuple[str, ...]) -> None:
    done = run("ansible-playbook", "play.yml", "-i", str(root / "inventories" / "sandbox"), "-e", "app=where2eatt", *arguments)
    assert done.returncode == 4
    assert (
        'There is no app "where2eatt" in sandbox. Did you mean where2eat? The apps are: brochure, lunch-poll, where2eat.'
        in last_error(done)
    )
    assert "TASK" not in done.stdout


def test_the_whole_of_another_environment_must_be_asked_for(run: Run, root: pathlib.Path) -> None:
    prod = str(root / "inventories" / "prod")
    done = run("ansible-playbook", "play.yml", "-i", prod)
    assert done.returncode == 4
    assert "every app of prod (6). Add -e app=<name> for one of them, or -e all_apps=true" in last_error(done)
    done = run("ansible-playbook", "play.yml", "-i", prod, "-e", "all_apps=true", "--list-hosts")
    assert done.returncode == 0
    assert "hosts (6)" in done.stdout


def test_without_an_inventory_the_shipped_example_is_named(run: Run, root: pathlib.Path) -> None:
    done = run("ansible-playbook", "play.yml", "-e", "app=where2eat")
    assert done.returncode == 4
    assert f"-i {root / 'inventories' / 'sandbox'}" in last_error(done)


def test_the_folder_of_all_environments_is_refused_with_the_reason(run: Run, root: pathlib.Path) -> None:
    done = run("ansible-playbook", "play.yml", "-i", str(root / "inventories"), "-e", "app=where2eat")
    assert done.returncode == 4
    line = last_error(done)
    assert line.count("is a folder of inventories") == 1
    assert f"-i {root / 'inventories'}/<environment>" in line


def test_only_the_syntax_needs_no_inventory(run: Run) -> None:
    assert run("ansible-playbook", "play.yml", "--syntax-check").returncode == 0


def break_entries(estate: pathlib.Path) -> None:
    for name in ("brochure", "lunch-poll"):
        file = estate / "apps" / f"{name}.yml"
        file.write_text(file.read_text(encoding="utf-8").replace("data: ", "data: very-"), encoding="utf-8")


def test_bad_entries_refuse_the_inventory_and_all_of_them_are_told(run: Run, estate: pathlib.Path) -> None:
    break_entries(estate)
    done = run("ansible-playbook", "play.yml", "-i", str(estate / "sandbox"), "-e", "app=where2eat")
    assert done.returncode == 4
    for name, word in (("brochure", "public"), ("lunch-poll", "internal")):
        line = re.escape(f"{estate}/apps/{name}.yml:") + rf'\d+: data: "very-{word}" is not one of public.*did you mean {word}\?'
        assert re.search(line, done.stderr[done.stderr.rindex("[ERROR]") :])
    done = run("ansible-inventory", "-i", str(estate / "sandbox"), "--list")
    assert done.returncode != 0
    assert 'data: "very-public" is not one of' in done.stderr


def test_the_others_load_if_the_user_says_so(run: Run, estate: pathlib.Path) -> None:
    break_entries(estate)
    config = estate / "prod" / "microapps.yml"
    config.write_text(config.read_text(encoding="utf-8") + "skip_invalid: true\n", encoding="utf-8")
    done = run("ansible-inventory", "-i", str(estate / "prod"), "--list")
    assert done.returncode == 0
    assert sorted(json.loads(done.stdout)["_meta"]["hostvars"]) == [
        "expense-claims.prod",
        "health-questionnaire.prod",
        "standup-bot.prod",
        "where2eat.prod",
    ]
    assert done.stderr.count("Not loaded: ") == 2


@pytest.mark.parametrize("name", ["all", "all.yml", "all.yaml", "all.json"])
def test_variables_for_all_are_refused(run: Run, estate: pathlib.Path, name: str) -> None:
    (estate / "sandbox" / "group_vars" / name).write_text("{}", encoding="utf-8")
    done = run("ansible-playbook", "play.yml", "-i", str(estate / "sandbox"), "-e", "app=where2eat")
    assert done.returncode == 4
    assert f"group_vars/{name} is not read together with" in last_error(done)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plugin: goldenpath.microapps.catalog\n", "environment"),
        ("plugin: goldenpath.microapps.catalog\nenvironment: pre-prod\n", "'pre-prod' is not at most 10 of a-z and 0-9"),
        ("plugin: goldenpath.microapps.catalog\nenvironment: prod\ncatalog: ../nowhere\n", "nowhere is not there"),
    ],
)
def test_a_bad_configuration_is_told(run: Run, estate: pathlib.Path, text: str, words: str) -> None:
    (estate / "prod" / "microapps.yml").write_text(text, encoding="utf-8")
    done = run("ansible-playbook", "play.yml", "-i", str(estate / "prod"), "-e", "app=where2eat")
    assert done.returncode == 4
    assert words in last_error(done)


def test_nobodys_text_is_in_the_inventory_or_a_template(run: Run, estate: pathlib.Path, tmp_path: pathlib.Path) -> None:
    file = estate / "apps" / "where2eat.yml"
    entry = yaml.safe_load(file.read_text(encoding="utf-8"))
    hostile = "HOSTILE {{ lookup('pipe', 'touch owned') }} \u202e"
    entry |= {"title": hostile, "description": f"{hostile}\n---\nx: y", "impact": hostile}
    entry["owner"]["name"] = entry["maintainer"]["name"] = entry["escalation"][0]["name"] = hostile
    file.write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")
    for arguments in ((), ("--export",), ("--yaml",)):
        done = run("ansible-inventory", "-i", str(estate / "sandbox"), "--list", *arguments)
        assert done.returncode == 0
        assert "where2eat.sandbox" in done.stdout
        assert "HOSTILE" not in done.stdout + done.stderr
    done = run("ansible-playbook", "play.yml", "-i", str(estate / "sandbox"), "-e", "app=where2eat", "-vvvv")
    assert done.returncode == 0
    assert "HOSTILE" not in done.stdout + done.stderr
    assert not (tmp_path / "owned").exists()


def test_refreshing_the_inventory_reads_the_catalog_again(run: Run, estate: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "refresh.yml").write_text(
        f"""
- name: Change the catalog and read it again
  hosts: where2eat.sandbox
  gather_facts: false
  tasks:
    - name: Add an app
      ansible.builtin.shell: "sed 's/^name: where2eat$/name: another/' {estate}/apps/where2eat.yml > {estate}/apps/another.yml"
    - name: Read it again
      ansible.builtin.meta: refresh_inventory
- name: Greet the new one
  hosts: "{{{{ query('goldenpath.microapps.app_hosts', 'another') }}}}"
  gather_facts: false
  tasks:
    - name: Say who
      ansible.builtin.debug:
        msg: "{{{{ microapp.name }}}} is there"
""",
        encoding="utf-8",
    )
    done = run("ansible-playbook", "refresh.yml", "-i", str(estate / "sandbox"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "another is there" in done.stdout


def test_from_a_runner(run: Run, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(tmp_path / "play.yml", project / "play.yml")
    inventory = str(root / "inventories" / "sandbox")
    command = ("ansible-runner", "run", str(tmp_path), "-p", "play.yml", "--inventory", inventory)
    done = run(*command, "--cmdline", "-e app=where2eat")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(*command, "--cmdline", "-e app=where2eatt")
    assert done.returncode == 4
    assert "Did you mean where2eat?" in done.stdout


@pytest.mark.parametrize(("environments", "batches"), [(("prod",), 6), (("dev",), 2), (("dev", "prod"), 10), (("sandbox",), 1)])
def test_the_profile_sets_the_pace(
    run: Run, root: pathlib.Path, tmp_path: pathlib.Path, environments: tuple[str, ...], batches: int
) -> None:
    play = PLAY.replace(
        "  gather_facts", "  serial: \"{{ lookup('goldenpath.microapps.pace', 'serial', default='100%') }}\"\n  gather_facts"
    )
    (tmp_path / "paced.yml").write_text(play, encoding="utf-8")
    inventories = [f"--inventory={root / 'inventories' / name}" for name in environments]
    done = run("ansible-playbook", "paced.yml", "-e", "all_apps=true", *inventories)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PLAY [Greet]") == batches
