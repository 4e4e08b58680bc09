# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app of the catalog on MariaDB or MySQL, and what is asked of our capabilities for it; boto3 and PyMySQL look at it."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
import subprocess
import sys
from typing import Any

import mysql_benches
import yaml
from benches import witness
from mysql_benches import Database
from mysql_servers import Server

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Capability, Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.record import new_run
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY as FENCE
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire import app_retire, fleet_orphans
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import app_secrets, on_demand

VERDICT = {"path": "light", "score": 10, "reasons": [], "controls": [], "facts": {}, "credentials": []}
VERDICT |= {"contradictions": [], "commit": "0" * 40}
AT_ONCE = datetime.timedelta()


def well(result: dict[str, Any]) -> dict[str, Any]:
    """A result that is no failure."""
    assert not result.get("failed"), result["msg"]
    return result


@dataclasses.dataclass(frozen=True)
class SqlApp:
    """The app, its database, and its profile."""

    name: str
    file: pathlib.Path
    environ: dict[str, str]
    profile: dict[str, Any]
    there: Database

    @property
    def secret(self) -> str:
        """What the store calls its secret."""
        return f"microapps/sandbox/{self.name}/database"

    def asked(
        self, capability: Capability, check: bool = False, later: datetime.timedelta = AT_ONCE, **params: Any
    ) -> dict[str, Any]:
        """What one of our capabilities answers, when it is so much later."""
        request = Request(
            {"profile": self.profile, **params},
            check=check,
            environ=self.environ,
            run=new_run(self.environ),
            now=lambda: datetime.datetime.now(datetime.UTC) + later,
        )
        return perform(capability, request)

    @property
    def entry(self) -> dict[str, str]:
        """The app as a task names it."""
        return {"name": self.name, "environment": "sandbox", "file": str(self.file)}

    def harden(self, check: bool = False) -> dict[str, Any]:
        """The tasks of the roles k8s_tenancy and secrets."""
        fenced = self.asked(FENCE, app=self.entry, verdict=VERDICT)
        assert not fenced.get("failed"), fenced["msg"]
        return self.asked(app_secrets.CAPABILITY, check, app=self.entry, verdict=VERDICT, max_age_days=90)

    def rotate(
        self, how: str = "now", cutover: str = "when_seen", check: bool = False, later: datetime.timedelta = AT_ONCE
    ) -> dict[str, Any]:
        """The rotate playbook's task."""
        options = {"secrets": ["database"], "rotate": how, "max_age_days": 90, "cutover": cutover, "grace_seconds": 0}
        return self.asked(on_demand.CAPABILITY, check, later, app=self.entry, **options)

    def retire(self, check: bool = False, sessions: str = "refuse") -> dict[str, Any]:
        """The retire playbook's task."""
        options = {"app": self.name, "catalogued": False, "confirm": "", "images": "keep", "sessions": sessions}
        return self.asked(app_retire.CAPABILITY, check, **options)

    def orphan(self) -> list[str]:
        """The objects of this app among the orphans."""
        result = self.asked(fleet_orphans.CAPABILITY, apps=[], unread=False)
        assert not result.get("failed") and not result.get("warnings"), result
        return next((list(one["objects"]) for one in result["orphans"] if one["app"] == self.name), [])

    def client(self) -> Any:
        """A plain Secrets Manager client."""
        return witness(self.profile["aws"], "secretsmanager")

    def current(self, stage: str = "AWSCURRENT") -> dict[str, str]:
        """What the store says."""
        document: dict[str, str] = json.loads(
            self.client().get_secret_value(SecretId=self.secret, VersionStage=stage)["SecretString"]
        )
        return document

    def clean(self) -> None:
        """Nothing of it is left."""
        kubectl = [str(pathlib.Path(sys.executable).parent / "kubectl"), "--kubeconfig", self.profile["cluster"]["kubeconfig"]]
        gone = ["delete", "namespace", f"{self.name}-sandbox", "--ignore-not-found", "--wait=false"]
        subprocess.run([*kubectl, *gone], check=True, capture_output=True)
        self.there.forget()
        self.client().delete_secret(SecretId=self.secret, ForceDeleteWithoutRecovery=True)


def app(sandbox: Any, root: pathlib.Path, server: Server, name: str, folder: pathlib.Path, kind: str = "mysql") -> SqlApp:
    """As the catalog has it, with a login whose password stands in the code, and nothing in the store."""
    there = mysql_benches.database(server, name.replace("-", "_"))
    there.as_found()
    (folder / "administrator").write_text(there.administrator[1])
    repository = folder / f"{name}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
    entry = yaml.safe_load((root / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8"))
    variables = {key: f"DB_{key}".upper() for key in ("host", "port", "dbname", "username", "password")}
    entry |= {"name": name, "integrations": [], "secrets": [{"name": "database", "kind": kind, "variables": variables}]}
    entry |= {"database": {"engine": server.engine, "name": there.app}, "repository": {"url": str(repository), "branch": "main"}}
    file = folder / f"{name}.yml"
    file.write_text(yaml.safe_dump(entry), encoding="utf-8")
    address = there.address
    mysql = {"host": address.host, "port": address.port, "admin_user": there.administrator[0], "sslmode": address.sslmode}
    mysql |= {"password_file": str(folder / "administrator"), "sslrootcert": address.sslrootcert}
    blocks = {block: sandbox.block(block) for block in ("aws", "cluster", "database", "registry", "runner")}
    profile = {"name": "sandbox", "embedded": True, "forge": {"base": f"file://{folder}"}, **blocks, "mysql": mysql}
    return SqlApp(name, file, dict(sandbox.environ), profile, there)
