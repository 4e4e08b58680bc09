# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at (and damages) the sandbox without any code of ours: psycopg, boto3, kubectl and HTTP."""
# ruff: noqa: S101, S106, S310 - a witness asserts; the sandbox takes any key; its address is its own

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import boto3
import psycopg

BLOCKS = json.loads((pathlib.Path(os.environ["GOLDENPATH_STATE"]) / "sandbox" / "state.json").read_text())["blocks"]
SECRET = "microapps/sandbox/where2eat/database"  # noqa: S105 - a name
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "where2eat"))


def store() -> object:
    """A plain Secrets Manager client."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=BLOCKS["aws"]["region"])
    return session.client("secretsmanager", endpoint_url=BLOCKS["aws"]["endpoint_url"])


def login(user: str, password: str, database: str = "where2eat") -> psycopg.Connection:
    """A connection, or psycopg's own error."""
    address = {"host": BLOCKS["database"]["host"], "port": BLOCKS["database"]["port"]}
    return psycopg.connect(**address, user=user, password=password, dbname=database, autocommit=True)


def damage() -> None:
    """What people do by hand."""
    password = pathlib.Path(BLOCKS["database"]["password_file"]).read_text().strip()
    with login("postgres", password) as connection:
        connection.execute("ALTER ROLE where2eat LOGIN")
    store().untag_resource(SecretId=SECRET, TagKeys=["owner"])
    kubectl = [str(pathlib.Path(sys.executable).with_name("kubectl")), "--kubeconfig", BLOCKS["cluster"]["kubeconfig"]]
    subprocess.run([*kubectl, "-n", "where2eat-sandbox", "delete", "externalsecret", "where2eat-session"], check=True)


def verify() -> None:
    """The end of the road, from outside."""
    from install import planted

    found = planted()
    for password in (found["database_password"], found["database_password_earlier"]):
        try:
            login("where2eat", password)
        except psycopg.OperationalError as error:
            assert "password authentication failed" in str(error) or "not permitted to log in" in str(error)
        else:
            raise SystemExit("the password as found still works")
    current = json.loads(store().get_secret_value(SecretId=SECRET, VersionStage="AWSCURRENT")["SecretString"])
    with login(current["username"], current["password"]) as connection:
        assert connection.execute("SELECT current_user::text").fetchone() == ("where2eat_owner",)
        assert connection.execute("SELECT count(*) FROM crew").fetchone() == (5,)
    assert any(tag["Key"] == "owner" for tag in store().describe_secret(SecretId=SECRET)["Tags"])
    with urllib.request.urlopen(BLOCKS["example"]["app_url"]) as answer:
        assert answer.status == 200


if __name__ == "__main__":
    {"damage": damage, "verify": verify}[sys.argv[1]]()
