# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup image_digest in plays: its examples as they stand, and one error for each way of not getting an answer."""

from __future__ import annotations

import base64
import importlib
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import hostile_registry
import pytest
import yaml
from hostile_registry import Manners
from oci_registry import Store

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import MANIFEST, digest_of

BIN = pathlib.Path(sys.executable).parent
BODY = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": []}).encode()
PASSWORD = "only-a-" + "test-password"
BASIC = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()


def play(folder: pathlib.Path, address: str, tasks: list[Any]) -> subprocess.CompletedProcess[str]:
    """Run the tasks on a host whose profile has this registry, with a login for it."""
    registry = {"address": address, "plain_http": True}
    aws = {"account": "123456789012", "region": "eu-west-1"}
    profile = {"name": "test", "aws": aws, "database": {"host": "database.example"}, "registry": registry}
    variables = {"microapp_environment": profile}
    (folder / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}])
    )
    (folder / "config.json").write_text(json.dumps({"auths": {address: {"auth": BASIC}}}))
    environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "DOCKER_CONFIG": str(folder), "COLUMNS": "1000"}
    command = [str(BIN / "ansible-playbook"), "-vvv", "play.yml"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def fill(store: Store) -> None:
    store.put("where2eat", "1.0", MANIFEST, BODY)


def asking(*names: str) -> list[Any]:
    message = "{{ query('goldenpath.microapps.image_digest', *names) }}"
    return [{"ansible.builtin.debug": {"msg": message}, "vars": {"names": names}}]


@pytest.mark.parametrize(
    ("manners", "name", "says"),
    [
        (Manners(), "where2eat:2.0", "The image HOST/where2eat:2.0: the registry does not have it."),
        (Manners(basic="Basic other"), "where2eat:1.0", "the registry answers 401"),
        (Manners(status=403), "where2eat:1.0", "the registry answers 403"),
        (Manners(status=503), "where2eat:1.0", "the registry answers 503"),
        (Manners(), "127.0.0.1:1/where2eat", "does not lead there|nobody answers there|does not speak TLS"),
        (Manners(), "Where2Eat:1.0", "is not the name of an image"),
    ],
    ids=["missing", "wrong login", "forbidden", "unwell", "nobody there", "no name"],
)
def test_each_way_of_not_getting_an_answer(tmp_path: pathlib.Path, manners: Manners, name: str, says: str) -> None:
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        done = play(tmp_path, host, asking("where2eat:1.0" if name.startswith("127") else name, name))
    assert done.returncode == 2
    assert any(part.replace("HOST", host) in done.stdout + done.stderr for part in says.split("|"))
    assert PASSWORD not in done.stdout + done.stderr and BASIC not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_registry_that_repeats_the_login(tmp_path: pathlib.Path) -> None:
    answer = json.dumps({"errors": [{"code": "DENIED", "message": f"{PASSWORD} {BASIC}"}]}).encode()
    with hostile_registry.serving(Manners(basic=f"Basic {BASIC}", says=answer)) as (host, _store):
        done = play(tmp_path, host, asking("where2eat:1.0"))
    assert "403 (DENIED ******** ********)" in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr and BASIC not in done.stdout + done.stderr


def test_names_in_their_order(tmp_path: pathlib.Path) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        fill(store)
        store.put("other", "latest", MANIFEST, BODY + b" ")
        done = play(tmp_path, host, asking("where2eat:1.0", "other", f"where2eat@{digest_of(BODY)}"))
    assert done.returncode == 0, done.stdout + done.stderr
    ours, other = f"{host}/where2eat@{digest_of(BODY)}", f"{host}/other@{digest_of(BODY + b' ')}"
    told = yaml.safe_load(done.stdout[done.stdout.index('{\n    "msg"') : done.stdout.index("PLAY RECAP")])
    assert told["msg"] == [ours, other, ours]


def test_the_examples_as_they_stand(tmp_path: pathlib.Path) -> None:
    plugin = importlib.import_module("ansible_collections.goldenpath.microapps.plugins.lookup.image_digest")
    with hostile_registry.serving(Manners()) as (host, store):
        fill(store)
        done = play(tmp_path, host, yaml.safe_load(plugin.EXAMPLES))
    assert done.returncode == 0, done.stdout + done.stderr
    written = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())
    assert written == {"images": [{"name": "where2eat", "newName": f"{host}/where2eat", "digest": digest_of(BODY)}]}
