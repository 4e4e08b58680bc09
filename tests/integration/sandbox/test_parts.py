# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every part answers an ordinary client, and a start on a running sandbox changes nothing."""

from __future__ import annotations

import pathlib
import subprocess
import urllib.request
import uuid

import boto3
import botocore.config
import hvac
import psycopg
import pytest

# Loopback is never reached through a proxy.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def test_a_second_start_changes_nothing(sandbox):
    result = sandbox.start()
    assert result["changed"] is False
    assert {entry["action"] for entry in result["objects"]} == {"unchanged"}


def test_check_mode_on_a_running_sandbox_changes_nothing(sandbox):
    result = sandbox.ask("started", check=True)
    assert result["changed"] is False
    assert result["blocks"] == sandbox.start()["blocks"]


def test_aws(sandbox):
    block = sandbox.block("aws")
    session = boto3.Session("sandbox", "opens-nothing", region_name=block["region"])
    assert session.client("sts", endpoint_url=block["endpoint_url"]).get_caller_identity()["Account"] == block["account"]


def test_a_plain_reader_gets_the_current_version_of_a_secret(sandbox):
    block = sandbox.block("aws")
    client = boto3.client(
        "secretsmanager",
        endpoint_url=block["endpoint_url"],
        region_name=block["region"],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=botocore.config.Config(proxies={}),
    )
    name = f"stages-{uuid.uuid4()}"
    first = client.create_secret(Name=name, SecretString="old")["VersionId"]
    second = client.put_secret_value(SecretId=name, SecretString="new", VersionStages=["AWSPENDING"])["VersionId"]
    client.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=second, RemoveFromVersionId=first
    )
    assert client.get_secret_value(SecretId=name)["SecretString"] == "new"
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "old"


def test_openbao(sandbox):
    block = sandbox.block("openbao")
    client = hvac.Client(block["address"], token=pathlib.Path(block["token_file"]).read_text())
    client.secrets.kv.v2.create_or_update_secret("a/b", {"c": "d"}, mount_point="secret")
    assert client.secrets.kv.v2.read_secret("a/b", mount_point="secret", raise_on_deleted_version=True)["data"]["data"] == {
        "c": "d"
    }


def test_postgresql_knows_scram_only(sandbox):
    block = sandbox.block("database")
    password = pathlib.Path(block["password_file"]).read_text()
    with psycopg.connect(
        host=block["host"], port=block["port"], user=block["admin_user"], password=password, dbname="postgres"
    ) as admin:
        assert admin.execute("SHOW password_encryption").fetchone() == ("scram-sha-256",)
        methods = admin.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert methods == [("scram-sha-256",)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=block["host"], port=block["port"], user=block["admin_user"], password="wrong", dbname="postgres")


def test_registry_has_the_referrers_api_or_says_it_has_not(sandbox):
    with OPENER.open(f"http://{sandbox.block('registry')['address']}/v2/") as answer:
        assert answer.status == 200


def test_git(sandbox, tmp_path):
    repository = f"{sandbox.block('forge')['base']}/where2eat.git"
    subprocess.run(["git", "clone", "-q", repository, str(tmp_path / "w")], check=True)
    assert (tmp_path / "w" / "app.py").exists()


@pytest.mark.cluster
def test_a_deployment_becomes_ready(sandbox):
    block = sandbox.block("cluster")
    kubectl = ["kubectl", "--kubeconfig", block["kubeconfig"]]
    subprocess.run([*kubectl, "create", "namespace", "ready"], check=True)
    try:
        subprocess.run([*kubectl, "-n", "ready", "create", "deployment", "web", "--image=web:1", "--replicas=2"], check=True)
        subprocess.run([*kubectl, "-n", "ready", "rollout", "status", "deployment/web", "--timeout=30s"], check=True)
    finally:
        subprocess.run([*kubectl, "delete", "namespace", "ready", "--wait=false"], check=True)


def test_the_example_app_shows_its_page(sandbox):
    with OPENER.open(sandbox.block("example")["app_url"]) as page:
        assert "Noodle Station" in page.read().decode()
