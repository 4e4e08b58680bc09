# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plays of rotations as loud as they can be, through either door, and a search for every secret in all that was seen of them."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import second_door
from leaks import leaks, of_the_sandbox, told

# The connection that takes each door, by what it is called.
DOORS = {"in Ansible's worker": "local", "as a module": second_door.CONNECTION}


def asked(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """A task that rotates; its result is kept under its name."""
    return {"name": name, "goldenpath.microapps.secret_rotation": options, "register": name, "ignore_errors": True}


def play_of(tasks: list[dict[str, Any]], base: pathlib.Path) -> str:
    """Each result is registered, kept as a fact and printed, with the second door's connection beside the play."""
    second_door.written(base / "collections")
    tasks = [
        *tasks,
        {"ansible.builtin.set_fact": {"kept": [f"{{{{ {task['register']} }}}}" for task in tasks]}},
        {"ansible.builtin.debug": {"var": "kept"}},
    ]
    (base / "play.yml").write_text(json.dumps([{"hosts": "where2eat.sandbox", "gather_facts": False, "tasks": tasks}]))
    return str(base / "play.yml")


def played(
    estate: Any,
    tasks: list[dict[str, Any]],
    connection: str,
    base: pathlib.Path,
    everything: Callable[[], Mapping[str, str]],
    environ: Mapping[str, str],
) -> dict[str, Any]:
    """The tasks' results by name, after a search for `everything` that is secret in all that could be seen of the play."""
    environ = {
        **environ,
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "TRAVELLED": str(base / "travelled"),
    }
    arguments = ("-vvvv", "--diff", "-e", f"ansible_connection={connection}")
    with estate.watch() as watched:
        done = estate.play(*arguments, playbook=play_of(tasks, base), environ=environ)
    assert done.rc == 0, done.text
    assert (base / "travelled").exists() == (connection != "local")
    secrets = {**everything(), **of_the_sandbox(estate)}
    # By name: this file is no test's, so pytest tells nothing of what it compares.
    seen = [*(f"{name} in what was told" for name in told(done.text, secrets)), *watched.found(secrets), *leaks(estate, secrets)]
    assert seen == [], seen
    left = [path.name for path in estate.temporary.iterdir()]
    assert left == [], left
    return dict(done.results)
