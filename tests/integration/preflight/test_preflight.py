# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Preflight on real parts: a part that is down or wrong is one clear line, and the others are still asked."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.app_retire import CAPABILITY as RETIRE
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.fleet_orphans import CAPABILITY as ORPHANS
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request

pytestmark = pytest.mark.cluster
PARTS = ["AWS", "cluster", "registry", "database", "forge", "secret store", "promtool", "runner"]


@pytest.mark.parametrize(
    ("part", "block", "change", "sentence"),
    [
        ("AWS", "aws", {"account": "210987654321"}, "These credentials are for account 123456789012"),
        ("AWS", "aws", {"endpoint_url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ("cluster", "cluster", {"identity": "00000000-0000-0000-0000-000000000000"}, "not the profile's"),
        ("cluster", "cluster", {"available": False, "why": "Go is not installed", "next_step": "Install Go."}, "Install Go."),
        ("registry", "registry", {"address": "127.0.0.1:9"}, "127.0.0.1:9"),
        ("database", "database", {"port": 9}, "127.0.0.1:9"),
        ("database", "database", {"admin_user": "nobody_at_all"}, "nobody_at_all"),
        ("where2eat", "forge", {"base": "git://127.0.0.1:9"}, "127.0.0.1:9"),
        ("promtool", "observability", {"promtool": "/nonexistent/promtool"}, "/nonexistent/promtool"),
        ("runner", "runner", {"control": "/nonexistent/supervisor.sock"}, "/nonexistent/supervisor.sock"),
        (
            "secret store",
            "secret_store",
            {"scheme": "openbao", "address": "http://127.0.0.1:9", "token_file": "/nonexistent/token"},
            "127.0.0.1:9",
        ),
    ],
)
def test_a_part_that_is_down_or_wrong_is_one_line_and_the_others_are_asked(
    preflight: Any, row: Any, part: str, block: str, change: dict[str, Any], sentence: str
) -> None:
    result = preflight(**{block: change})
    assert result["failed"] and not result["changed"]
    assert sentence in row(result, part)["problem"]
    assert sentence in result["msg"]
    assert sum(sentence in line for line in result["said"].splitlines()) >= 1
    assert [entry["part"] for entry in result["parts"] if not entry["part"].startswith(" ")] == PARTS
    broken = {entry["part"].strip() for entry in result["parts"] if entry["problem"]}
    assert broken <= {part, "secret store"} if block == "aws" else broken == {part}


def test_the_sandbox_answers_and_what_could_not_be_told_is_not_called_ok(preflight: Any, row: Any) -> None:
    result = preflight()
    assert not result.get("failed"), result["msg"]
    assert row(result, "cluster")["version"].startswith("v1.")
    assert row(result, "database")["version"].startswith("PostgreSQL 1")
    assert row(result, "AWS")["permitted"] == "could not tell"
    assert "could not be told of: AWS" in result["said"]


def test_a_repository_that_is_not_there_and_a_name_that_is_almost_right(preflight: Any, row: Any) -> None:
    result = preflight(apps=("where2eat", "gone"))
    assert result["failed"] and "The repository of gone" in row(result, "gone")["problem"]
    assert row(result, "forge")["reachable"] == "yes" and "1 of 2" in row(result, "forge")["note"]
    assert not preflight(apps=("where2eat", "gone"), app="where2eat").get("failed")
    assert "Did you mean where2eat?" in preflight(app="where2eatt")["msg"]


def test_an_administrator_who_may_not_make_logins_is_told(preflight: Any, row: Any, sandbox: Any, tmp_path: Any) -> None:
    server = sandbox.block("database")
    import psycopg

    password = pathlib.Path(server["password_file"]).read_text(encoding="utf-8").strip()
    with psycopg.connect(
        host=server["host"], port=server["port"], user="postgres", password=password, dbname="postgres", autocommit=True
    ) as connection:
        connection.execute("CREATE ROLE powerless LOGIN PASSWORD 'made-up-for-this-test'")
        try:
            file = tmp_path / "password"
            file.write_text("made-up-for-this-test")
            result = preflight(database={"admin_user": "powerless", "password_file": str(file)})
        finally:
            connection.execute("DROP ROLE powerless")
    assert row(result, "database")["reachable"] == "yes" and row(result, "database")["permitted"] == "no"
    assert "ALTER ROLE powerless CREATEROLE" in result["msg"]


def test_a_secret_server_answers_and_a_token_without_rights_is_told(
    preflight: Any, row: Any, secret_server: Any, tmp_path: Any
) -> None:
    store = {"scheme": "openbao", **secret_server.block}
    assert row(preflight(secret_store=store), "secret store")["permitted"] == "yes"
    file = tmp_path / "token"
    file.write_text("not-a-token")
    result = preflight(secret_store={**store, "token_file": str(file)})
    assert result["failed"] and row(result, "secret store")["permitted"] == "no"
    engine = secret_server.block
    assert row(preflight(database_engine=engine), "database engine")["note"] == "the login by token works"
    result = preflight(database_engine={**engine, "token_file": str(file)})
    assert result["failed"] and row(result, "database engine")["permitted"] == "no"
    assert row(preflight(database_engine={**engine, "address": "http://127.0.0.1:9"}), "database engine")["reachable"] == "no"


def test_a_token_that_may_not_rotate_is_told_before_it_tries(preflight: Any, row: Any, secret_server: Any, tmp_path: Any) -> None:
    bao = secret_server.block
    root = {"X-Vault-Token": pathlib.Path(bao["token_file"]).read_text().strip()}
    may = {"data": ["create", "read", "update"], "metadata": ["create", "read", "update", "delete"]}

    def told(rights: dict[str, list[str]]) -> Any:
        policy = {f"secret/{kind}/microapps/*": {"capabilities": given} for kind, given in rights.items()}
        request(bao["address"], "PUT", "/v1/sys/policies/acl/preflight", root, {"policy": json.dumps({"path": policy})})
        status, made = request(bao["address"], "POST", "/v1/auth/token/create", root, {"policies": ["preflight"]})
        assert status == 200
        (tmp_path / "token").write_text(made["auth"]["client_token"])
        result = preflight(secret_store={"scheme": "openbao", **bao, "token_file": str(tmp_path / "token")})
        return row(result, "secret store")

    assert "may not patch" in told(may)["problem"]
    assert told({**may, "metadata": [*may["metadata"], "patch"]})["permitted"] == "yes"


def test_a_key_vault_lets_us_in_or_says_what_is_lacking(
    preflight: Any, row: Any, sandbox: Any, key_vault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sandbox.environ, "AZURE_AUTHORITY_HOST", key_vault.block["address"])
    assert row(preflight(secret_store=key_vault.block), "secret store")["permitted"] == "yes"
    assert not key_vault.vault.secrets, "it only looks"
    key_vault.vault.may_list = False
    result = preflight(secret_store=key_vault.block)
    assert result["failed"] and "docs/rotation.md" in row(result, "secret store")["problem"]
    result = preflight(secret_store={**key_vault.block, "address": "http://127.0.0.1:9"})
    assert result["failed"]


@pytest.fixture
def login(sandbox: Any, tmp_path: pathlib.Path) -> Any:
    """Makes a service account and a kubeconfig for it; `bind` gives it a ClusterRole. kubectl is the administrator."""
    cluster = sandbox.block("cluster")
    name = f"preflight-{os.getpid()}"

    def kubectl(*arguments: str, stdin: str | None = None) -> str:
        program = str(pathlib.Path(sys.executable).parent / "kubectl")
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        command = [program, "--kubeconfig", cluster["kubeconfig"], *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=True, env=environ)
        return done.stdout

    def bind(role: dict[str, Any]) -> None:
        named = {**role, "metadata": {"name": name}}
        kubectl("apply", "-f", "-", stdin=json.dumps(named))
        kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--serviceaccount=default:{name}")

    kubectl("create", "serviceaccount", name, "-n", "default")
    config = yaml.safe_load(pathlib.Path(cluster["kubeconfig"]).read_text(encoding="utf-8"))
    token = kubectl("create", "token", name, "-n", "default").strip()
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o600)
    yield {**cluster, "kubeconfig": str(file)}, bind
    for kind in ("clusterrolebinding", "clusterrole"):
        kubectl("delete", kind, name, "--ignore-not-found")
    kubectl("delete", "serviceaccount", name, "-n", "default")


def test_a_login_without_rights_is_told_which_and_the_printed_role_is_enough(preflight: Any, row: Any, login: Any) -> None:
    cluster, bind = login
    result = preflight(cluster=cluster, policies=True)
    # Everybody may ask what he may do, so of all rights these few are there; the gate needs to read kube-system.
    assert result["failed"] and "namespaces" in row(result, "cluster")["problem"]
    bind(result["cluster_role"])
    allowed = preflight(cluster=cluster)
    assert not allowed.get("failed"), allowed["msg"]
    assert row(allowed, "cluster")["permitted"] == "yes"
    printed = result["said"].partition("# The least ClusterRole for whoever runs the playbooks:\n")[2]
    assert yaml.safe_load(printed) == result["cluster_role"]


def test_with_nothing_but_the_printed_role_orphans_are_found_and_retire_works(
    preflight: Any, login: Any, profile: dict[str, Any], sandbox: Any
) -> None:
    from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform

    cluster, bind = login
    bind(preflight()["cluster_role"])
    mine = {**profile, "cluster": cluster}
    found = perform(ORPHANS, Request({"profile": mine, "apps": [], "unread": False}, environ=sandbox.environ))
    assert not found.get("failed") and not found.get("warnings")
    options = {"app": "nobody", "catalogued": False, "confirm": "", "images": "keep", "sessions": "refuse"}
    result = perform(RETIRE, Request({**options, "profile": mine}, environ=sandbox.environ))
    assert not result.get("failed"), result["msg"]
    assert "Nothing of the app nobody" in result["warnings"][0]
