# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app of a test's own with everything that the road applies, on real parts; boto3, kubectl and psycopg are the witnesses."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import psycopg
import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.app_supply_chain import CAPABILITY as SUPPLY_CHAIN
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Capability, Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.record import new_run
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY as FENCE
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.app_retire import CAPABILITY as RETIRE
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.fleet_orphans import CAPABILITY as ORPHANS

ROOT = pathlib.Path(__file__).resolve().parents[3]
MARK = "goldenpath.microapps: "
VERDICT = {"path": "light", "score": 10, "reasons": [], "controls": [], "facts": {}, "credentials": []}
VERDICT |= {"contradictions": [], "commit": "0" * 40}
_NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Estate:
    """One app in the sandbox, as the road leaves it, and ways to look at it that share no code with us."""

    name: str
    file: pathlib.Path
    environ: dict[str, str]
    profile: dict[str, Any]

    @property
    def namespace(self) -> str:
        return f"{self.name}-sandbox"

    @property
    def login(self) -> str:
        return self.name.replace("-", "_") + "_a"

    def ask(self, capability: Capability, params: dict[str, Any], check: bool = False, **profile: Any) -> dict[str, Any]:
        asked = {**params, "profile": {**self.profile, **profile}}
        return perform(capability, Request(asked, check=check, environ=self.environ, run=new_run(self.environ)))

    def retire(self, check: bool = False, **options: Any) -> dict[str, Any]:
        """One call of the capability; keywords are its options, `profile_...` blocks of the profile."""
        profile = {key.removeprefix("profile_"): options.pop(key) for key in list(options) if key.startswith("profile_")}
        params = {"app": self.name, "catalogued": False, "confirm": "", "images": "keep", "sessions": "refuse", **options}
        return self.ask(RETIRE, params, check, **profile)

    def orphans(self, *apps: str, **profile: Any) -> dict[str, Any]:
        return self.ask(ORPHANS, {"apps": list(apps), "unread": False}, **profile)

    def orphan(self) -> dict[str, Any] | None:
        """This app's entry among the orphans."""
        result = self.orphans()
        assert not result.get("warnings"), result["warnings"]
        return next((entry for entry in result["orphans"] if entry["app"] == self.name), None)

    def harden(self) -> None:
        """What the road applies: by its own capabilities, but the secret and the logins, which are made as it makes them."""
        identity = {"name": self.name, "environment": "sandbox", "file": str(self.file)}
        for capability, more in ((FENCE, {}), (SUPPLY_CHAIN, {"mutable_tags": [], "images_kept": 10, "untagged_days": 7})):
            result = self.ask(capability, {"app": identity, "verdict": VERDICT, **more}, adopt="take")
            assert not result.get("failed"), result["msg"]
        tags = {"app": self.name, "environment": "sandbox", "managed-by": "goldenpath.microapps"}
        self.store(f"microapps/sandbox/{self.name}/database", tags)
        owner = self.name.replace("-", "_") + "_owner"
        self.sql(f"CREATE ROLE {owner} NOLOGIN", f"COMMENT ON ROLE {owner} IS '{MARK}owns the objects of database d'")
        comment = f"{MARK}login to database d, rotated"
        self.sql(
            f"CREATE ROLE {self.login} LOGIN PASSWORD 'made-up-for-this-test'", f"COMMENT ON ROLE {self.login} IS '{comment}'"
        )

    def store(self, name: str, tags: dict[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        copies = [{"Region": "eu-north-1"}]
        self.aws("secretsmanager").create_secret(Name=name, SecretString="{}", Tags=listed, AddReplicaRegions=copies)

    def aws(self, service: str) -> Any:
        aws = self.profile["aws"]
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=aws["region"])
        return session.client(service, endpoint_url=aws["endpoint_url"])

    def secret(self) -> dict[str, Any]:
        found: dict[str, Any] = self.aws("secretsmanager").describe_secret(SecretId=f"microapps/sandbox/{self.name}/database")
        return found

    def roles(self) -> list[str]:
        pages = self.aws("iam").get_paginator("list_roles").paginate()
        return [role["RoleName"] for page in pages for role in page["Roles"]]

    def images(self) -> list[str]:
        return [entry["repositoryName"] for entry in self.aws("ecr").describe_repositories()["repositories"]]

    def connect(self, **other: str) -> Any:
        server = self.profile["database"]
        password = pathlib.Path(server["password_file"]).read_text(encoding="utf-8").strip()
        login = {"user": server["admin_user"], "password": password, **other}
        return psycopg.connect(host=server["host"], port=server["port"], dbname="postgres", autocommit=True, **login)

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def may_log_in(self) -> bool:
        return bool(self.roles_of_database()[self.login])

    def roles_of_database(self) -> dict[str, bool]:
        """Every role of the server, and whether it may log in."""
        return dict(self.sql("SELECT rolname::text, rolcanlogin FROM pg_roles"))

    def kubectl(self, *arguments: str, stdin: Any = None, fails: bool = False) -> str:
        program = str(pathlib.Path(sys.executable).parent / "kubectl")
        command = [program, "--kubeconfig", self.profile["cluster"]["kubeconfig"], *arguments]
        text = None if stdin is None else json.dumps(stdin)
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.file.parent)}
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False, env=environ)
        assert (done.returncode != 0) == fails, done.stderr + done.stdout
        return done.stderr if fails else done.stdout

    def namespace_phase(self) -> str:
        """Active, Terminating, or '' when it is gone."""
        return self.kubectl("get", "namespace", self.namespace, "--ignore-not-found", "-o", "jsonpath={.status.phase}")

    def names(self, kind: str) -> list[str]:
        return self.kubectl("get", kind, "-n", self.namespace, "-o", "name").split()

    def clean(self) -> None:
        self.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")
        self.kubectl("delete", "lease", "-n", "default", f"microapp-{self.name}.sandbox", "--ignore-not-found")
        self.sql(*(f"DROP ROLE IF EXISTS {self.login[:-2]}{end}" for end in ("_a", "_owner")))
        self.retire(images="delete", sessions="end")


@pytest.fixture(scope="session")
def retire_profile(sandbox: Any) -> dict[str, Any]:
    """The sandbox's profile, as its inventory makes it."""
    blocks = ("aws", "cluster", "database", "registry", "forge", "runner")
    return {"name": "sandbox", "embedded": True, "adopt": "report", **{block: sandbox.block(block) for block in blocks}}


@pytest.fixture
def new_estate(sandbox: Any, retire_profile: dict[str, Any], tmp_path: pathlib.Path) -> Iterator[Callable[[], Estate]]:
    """Makes apps with names nobody had, of which nothing is applied yet."""
    made: list[Estate] = []

    def make() -> Estate:
        name = f"r{os.getpid()}-{next(_NUMBERS)}"
        entry = yaml.safe_load((ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8"))
        file = tmp_path / f"{name}.yml"
        file.write_text(yaml.safe_dump({**entry, "name": name, "image": f"registry.example.com/{name}"}), encoding="utf-8")
        made.append(Estate(name, file, dict(sandbox.environ), retire_profile))
        return made[-1]

    yield make
    for estate in made:
        estate.clean()


@pytest.fixture
def estate(new_estate: Callable[[], Estate]) -> Estate:
    """An app as the road leaves it."""
    made = new_estate()
    made.harden()
    return made
