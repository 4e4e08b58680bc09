# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running app whose secrets move to another store and back: the profile names it, the same command does the rest."""

from __future__ import annotations

import json
import pathlib
import urllib.error
import urllib.request
from typing import Any

import psycopg
import pytest
from leaks import leaks, of_the_sandbox, stored
from witness import Visitor, aws, login

SECRETS = ("database", "restaurant-api", "session")
PROFILE = pathlib.Path("group_vars/environment_sandbox/profile.yml")
OPENBAO = """
  secret_store:
    scheme: openbao
    address: "{{ lookup('goldenpath.microapps.sandbox', 'openbao').address }}"
    token_file: "{{ lookup('goldenpath.microapps.sandbox', 'openbao').token_file }}"
"""


@pytest.fixture(scope="module")
def in_openbao(estate: Any) -> str:
    """The sandbox's inventory with one block more in its profile."""
    folder, shipped = estate.home / "in-openbao", estate.root / "inventories/sandbox"
    (folder / PROFILE).parent.mkdir(parents=True)
    (folder / PROFILE).write_text((shipped / PROFILE).read_text() + OPENBAO)
    config = (shipped / "microapps.yml").read_text()
    (folder / "microapps.yml").write_text(config.replace("../apps", str(estate.root / "inventories/apps")))
    return str(folder)


def of_aws(estate: Any) -> dict[str, dict[str, str]]:
    """What AWS Secrets Manager calls current."""
    read = aws(estate, "secretsmanager").get_secret_value
    names = {name: f"microapps/sandbox/where2eat/{name}" for name in SECRETS}
    return {name: json.loads(read(SecretId=path, VersionStage="AWSCURRENT")["SecretString"]) for name, path in names.items()}


def asking(header: str, value: str) -> urllib.request.OpenerDirector:
    """A client that shows this in every request, and goes through no proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.addheaders = [(header, value)]
    return opener


def of_openbao(estate: Any) -> dict[str, dict[str, str]]:
    """What OpenBao calls current, asked over plain HTTP."""
    block = estate.block("openbao")
    client = asking("X-Vault-Token", pathlib.Path(block["token_file"]).read_text().strip())
    found = {}
    for name in SECRETS:
        with client.open(f"{block['address']}/v1/secret/data/microapps/sandbox/where2eat/{name}", timeout=10) as answer:
            found[name] = json.load(answer)["data"]["data"]
    return found


def vendor_says(estate: Any, key: str) -> int:
    """The status that the restaurant API's stand-in answers to whoever shows this key."""
    url = f"{estate.block('example')['restaurant_api_url']}/v1/keys/current"
    try:
        with asking("X-Api-Key", key).open(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def values(kind: str, documents: dict[str, dict[str, str]]) -> dict[str, str]:
    """The secret parts, by a name that may be told."""
    secret = ("password", "api_key", "value")
    return {f"{kind} {name} {key}": part for name, parts in documents.items() for key, part in parts.items() if key in secret}


def test_a_running_app_moves_to_another_store_and_back(estate: Any, in_openbao: str) -> None:
    assert estate.play("-e", "app=where2eat").rc == 0
    former = of_aws(estate)
    with Visitor(estate.block("example")["app_url"] + "/") as visitor, estate.watch() as watched:
        audited = estate.play("-e", "app=where2eat", "--check", "--diff", inventory=in_openbao)
        moved = estate.play("-e", "app=where2eat", "--diff", "-vvvv", inventory=in_openbao)
        assert (audited.rc, moved.rc) == (2, 0), audited.text + moved.text
        assert moved.changed_objects == audited.changed_objects
        assert "app:where2eat" in {name for name, _action, _fields in moved.changed_objects}
        again = estate.play("-e", "app=where2eat", inventory=in_openbao)
        assert (again.rc, again.changed_objects, again.changed_tasks) == (0, [], [])

        there = of_openbao(estate)
        assert there["database"]["username"] != former["database"]["username"], "the app logs in while its login is replaced"
        login(estate, there["database"]["username"], there["database"]["password"])
        with pytest.raises(psycopg.OperationalError):
            login(estate, former["database"]["username"], former["database"]["password"])
        # The former one is known by its name only if it was the first or second of its secret; the files before decide that.
        assert vendor_says(estate, there["restaurant-api"]["api_key"]) == 200
        secrets = {**values("new", there), **values("former", former), **stored(estate), **of_the_sandbox(estate)}
        assert len(values("new", there)) == len(SECRETS)
        assert not set(values("new", there).values()) & set(values("former", former).values())

        for path in (f"microapps/sandbox/where2eat/{name}" for name in SECRETS):
            aws(estate, "secretsmanager").delete_secret(SecretId=path, ForceDeleteWithoutRecovery=True)
        back = estate.play("-e", "app=where2eat")
        assert back.rc == 0, back.text
        assert estate.play("-e", "app=where2eat").changed_tasks == []
        with pytest.raises(psycopg.OperationalError):
            login(estate, there["database"]["username"], there["database"]["password"])
        assert vendor_says(estate, there["restaurant-api"]["api_key"]) == 401
    assert (visitor.asked > 5, visitor.failures) == (True, [])
    assert leaks(estate, secrets) == []
    assert watched.found(secrets) == []
