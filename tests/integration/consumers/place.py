# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app of the test's own with secrets and two workloads; kubectl, psycopg and boto3 look at it without any code of ours."""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import time
from collections.abc import Callable, Iterable
from typing import Any

import boto3
import psycopg
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import app_secrets, on_demand
from ansible_collections.goldenpath.microapps.tests.integration.admission.askers import Cluster

ROOT = pathlib.Path(__file__).resolve().parents[3]
MARK = "goldenpath.microapps/started-with"
DRIVER = "secrets-store.csi.k8s.io"
VERDICT = {"path": "light", "score": 10, "reasons": [], "controls": [], "facts": {}, "credentials": []}
VERDICT |= {"contradictions": [], "commit": "0" * 40}
# Name -> the secrets it reads, and its place in the order of restarts.
WORKLOADS = {"api": (("database",), "5"), "worker": (("database", "session"), "-1")}
SECRETS = {
    "database": {"host": "DATABASE_HOST", "username": "DATABASE_USER", "password": "DATABASE_PASSWORD"},
    "session": {"value": "SESSION_KEY"},
}


def catalogued(name: str, folder: pathlib.Path) -> pathlib.Path:
    """A catalog entry, and the repository that it names."""
    repository = folder / f"{name}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
    entry = yaml.safe_load((ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8"))
    secrets = [
        {"name": secret, "kind": "postgresql" if secret == "database" else "generated", "variables": variables}
        for secret, variables in SECRETS.items()
    ]
    database = {"engine": "postgresql", "name": name.replace("-", "_")}
    entry |= {"name": name, "database": database, "secrets": secrets, "integrations": []}
    entry |= {"repository": {"url": str(repository), "branch": "main"}}
    file = folder / f"{name}.yml"
    file.write_text(yaml.safe_dump(entry), encoding="utf-8")
    return file


@dataclasses.dataclass(frozen=True)
class Place:
    """The app, its profile, and the ways to look at what is."""

    name: str
    file: pathlib.Path
    environ: dict[str, str]
    profile: dict[str, Any]
    cluster: Cluster

    @property
    def namespace(self) -> str:
        return f"{self.name}-sandbox"

    @property
    def database(self) -> str:
        return self.name.replace("-", "_")

    # What is asked of our code

    def request(self, params: dict[str, Any], check: bool = False, **profile: Any) -> Request:
        app = {"name": self.name, "environment": "sandbox", "file": str(self.file)}
        asked = {"app": app, "profile": {**self.profile, **profile}, **params}
        return Request(asked, check=check, environ=self.environ)

    def harden(self, **profile: Any) -> dict[str, Any]:
        """The secrets role's task; keywords are blocks of the profile."""
        return perform(app_secrets.CAPABILITY, self.request({"verdict": VERDICT, "max_age_days": 90}, **profile))

    def rotate(self, how: str = "due", *secrets: str, check: bool = False, cutover: str = "", **profile: Any) -> dict[str, Any]:
        """The rotate playbook's task; keywords are blocks of the profile."""
        params = {"secrets": list(secrets), "rotate": how, "max_age_days": 90, "grace_seconds": 0, "cutover": cutover}
        return perform(on_demand.CAPABILITY, self.request(params, check, **profile))

    # What is

    def kubectl(self, *arguments: str, stdin: Any = None) -> Any:
        """One call that has to work; its answer as data."""
        return json.loads(self.cluster.must(*arguments, "-n", self.namespace, "-o", "json", stdin=stdin))

    def held(self, secret: str) -> dict[str, str]:
        """What the Secret in the cluster holds."""
        found = self.kubectl("get", "secret", f"{self.name}-{secret}")
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    def marks(self, workload: str) -> list[str]:
        """The mark of each of its pods that is not on its way out."""
        pods = self.kubectl("get", "pods", "-l", f"app={workload}")["items"]
        live = [pod["metadata"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return [metadata.get("annotations", {}).get(MARK, "") for metadata in live]

    def mark(self, workload: str) -> str:
        """The mark that its pods should carry."""
        template = self.kubectl("get", "deployment", workload)["spec"]["template"]
        return str(template["metadata"].get("annotations", {}).get(MARK, ""))

    def generation(self, workload: str) -> int:
        return int(self.kubectl("get", "deployment", workload)["metadata"]["generation"])

    def current(self, name: str = "database") -> dict[str, str]:
        """What the store calls current."""
        answer = self.store().get_secret_value(SecretId=self.stored(name), VersionStage="AWSCURRENT")
        document: dict[str, str] = json.loads(answer["SecretString"])
        return document

    def stored(self, secret: str) -> str:
        """What the store calls it."""
        return f"microapps/sandbox/{self.name}/{secret}"

    def store(self) -> Any:
        """A plain Secrets Manager client."""
        return _store(self.profile["aws"]["endpoint_url"], self.profile["aws"]["region"])

    def open_logins(self) -> set[str]:
        """The roles of the app that may log in."""
        with self.admin() as connection:
            rows = connection.execute(
                "SELECT rolname::text FROM pg_roles WHERE rolcanlogin AND starts_with(rolname, %s)", (self.database,)
            )
            return {row[0] for row in rows}

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        server = self.profile["database"]
        password = pathlib.Path(server["password_file"]).read_text(encoding="utf-8").strip()
        login = {"host": server["host"], "port": server["port"], "user": server["admin_user"], "password": password}
        return psycopg.connect(dbname=database, autocommit=True, **login)

    def session(self, document: dict[str, str]) -> psycopg.Connection[Any]:
        """A session as the app opens it."""
        server = self.profile["database"]
        login = {"user": document["username"], "password": document["password"], "dbname": self.database}
        return psycopg.connect(host=server["host"], port=server["port"], application_name="the app", **login)

    def lets_in(self, document: dict[str, str]) -> bool:
        """Whether the database takes this login."""
        try:
            self.session(document).close()
        except psycopg.OperationalError:
            return False
        return True

    # What the test does to it

    def deploy(self, workload: str, reads: Iterable[str] = (), mounts: bool = False) -> None:
        """A Deployment that reads its secrets (or these) as variables, or mounts their classes; its pods run afterwards."""
        usual, order = WORKLOADS[workload]
        names = [f"{self.name}-{secret}" for secret in reads or usual]
        container: dict[str, Any] = {"name": "app", "image": f"{self.name}:1"}
        pod: dict[str, Any] = {"containers": [container]}
        if mounts:
            attributes = [{"secretProviderClass": name} for name in names]
            pod["volumes"] = [
                {"name": one["secretProviderClass"], "csi": {"driver": DRIVER, "readOnly": True, "volumeAttributes": one}}
                for one in attributes
            ]
        else:
            container["envFrom"] = [{"secretRef": {"name": name}} for name in names]
        template = {"metadata": {"labels": {"app": workload}}, "spec": pod}
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": workload}}, "template": template}
        metadata = {"name": workload, "annotations": {"goldenpath.microapps/restart-order": order}}
        self.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})

    def apply(self, workload: dict[str, Any]) -> None:
        """Make or change a workload, and wait until its pods run."""
        self.kubectl("apply", "-f", "-", stdin=workload)
        name = f"{workload['kind'].lower()}/{workload['metadata']['name']}"
        self.cluster.must("rollout", "status", name, "-n", self.namespace, "--timeout=60s")

    def tag(self, secret: str, key: str, value: str) -> None:
        """What the tags of a secret in the store say."""
        self.store().tag_resource(SecretId=self.stored(secret), Tags=[{"Key": key, "Value": value}])

    def clean(self) -> None:
        self.cluster.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
            for role in ("_a", "_b", "_owner"):
                connection.execute(f"DROP ROLE IF EXISTS {self.database}{role}")


@functools.cache
def _store(endpoint_url: str, region: str) -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    return session.client("secretsmanager", endpoint_url=endpoint_url)


def eventually(question: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What the question answers as soon as it is true; the question's last answer if it never is."""
    until = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < until:
        time.sleep(0.2)
    return answer


def app_name() -> str:
    """One that no other session has."""
    return f"c{os.getpid()}"
