# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password in the code that a person calls a false positive: a real PostgreSQL is asked all the same."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

sys.path.append(str(pathlib.Path(__file__).parent))
from benches import LEAKED, Database, database, witness

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Capability, Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY as FENCE
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.app_secrets import CAPABILITY as SECRETS
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.app_triage import CAPABILITY as TRIAGE

pytestmark = pytest.mark.cluster
NAME = "dismissed"
PINNED = "Wq7-lamps-Zr2-over-Kx9"
CODE = f"""import psycopg

database = psycopg.connect(dbname="{NAME}", user="{NAME}", password="{LEAKED}")
EXPORT_PASSWORD = "{PINNED}"
"""


@dataclasses.dataclass(frozen=True)
class Said:
    """The app, whose catalog entry a person may change between two runs."""

    file: pathlib.Path
    environ: dict[str, str]
    profile: dict[str, Any]
    there: Database

    def asked(self, capability: Capability, check: bool, **params: Any) -> dict[str, Any]:
        app = {"name": NAME, "environment": "sandbox", "file": str(self.file)}
        given = {"profile": self.profile, "app": app, **params}
        result = perform(capability, Request(given, check=check, environ=self.environ))
        assert not result.get("failed"), result["msg"]
        return result

    def triage(self) -> dict[str, Any]:
        verdict: dict[str, Any] = self.asked(TRIAGE, False)["verdict"]
        return verdict

    def harden(self, check: bool = False) -> dict[str, Any]:
        """The tasks of the roles triage, k8s_tenancy and secrets."""
        verdict = self.triage()
        self.asked(FENCE, False, verdict=verdict)
        return self.asked(SECRETS, check, verdict=verdict, max_age_days=90)

    def say(self, *fingerprints: str) -> None:
        """That these are no credentials."""
        usual = {"resolution": "false_positive", "by": "Ada Lovelace", "on": "2026-01-31", "reason": "A {{ 1/0 }} sample."}
        entry = yaml.safe_load(self.file.read_text())
        entry["resolved_credentials"] = [{**usual, "fingerprint": one} for one in fingerprints]
        self.file.write_text(yaml.safe_dump(entry))

    def lets_in(self) -> bool:
        return self.there.works({"username": NAME, "password": LEAKED})


@pytest.fixture
def app(sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Said]:
    there = database(sandbox, NAME)
    there.as_found()
    work, bare = tmp_path / "work", tmp_path / f"{NAME}.git"
    work.mkdir()
    (work / "app.py").write_text(CODE)
    git = ["git", "-C", str(work), "-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "As found"]):
        subprocess.run([*git, *words], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], check=True)
    entry = yaml.safe_load((root / "inventories" / "apps" / "where2eat.yml").read_text())
    variables = {key: f"DB_{key}".upper() for key in ("host", "port", "dbname", "username", "password")}
    entry |= {"name": NAME, "integrations": [], "database": {"engine": "postgresql", "name": NAME}}
    entry |= {"secrets": [{"name": "database", "kind": "postgresql", "variables": variables}]}
    entry |= {"repository": {"url": str(bare), "branch": "main"}}
    file = tmp_path / f"{NAME}.yml"
    file.write_text(yaml.safe_dump(entry))
    blocks = {block: sandbox.block(block) for block in ("aws", "cluster", "database", "registry", "runner")}
    profile = {"name": "sandbox", "embedded": True, "forge": {"base": f"file://{tmp_path}"}, "cutover": "now", **blocks}
    yield Said(file, dict(sandbox.environ), profile, there)
    there.forget()
    secrets = witness(profile["aws"], "secretsmanager")
    secrets.delete_secret(SecretId=f"microapps/sandbox/{NAME}/database", ForceDeleteWithoutRecovery=True)


def dead(result: dict[str, Any]) -> dict[str, Any]:
    return next(answer for answer in result["answers"] if answer["control"] == "secrets-01")


def test_whoever_says_so_a_password_that_the_database_takes_is_a_credential(app: Said) -> None:
    found = {one["variable"]: one["fingerprint"] for one in app.triage()["credentials"] if one["standing"] == "live"}
    password = next(one for name, one in found.items() if name != "EXPORT_PASSWORD")
    app.say(password, found["EXPORT_PASSWORD"])
    predicted, done = app.harden(check=True), app.harden()
    for answer in map(dead, (predicted, done)):
        assert answer["state"] == "violated", answer
        assert "was said to be a false_positive (Ada Lovelace said on 2026-01-31: A {{ 1/0 }} sample.)" in answer["reason"]
        assert f"Take {password} out of resolved_credentials in {app.file}" in answer["reason"]
        # What nobody can try is as the person says.
        assert "app.py:4" not in answer["reason"] and LEAKED not in str(answer)
    assert app.lets_in(), "told, and not acted against a person's word"
    app.say(found["EXPORT_PASSWORD"])
    assert dead(app.harden())["state"] == "in_place" and not app.lets_in()
    app.say(password, found["EXPORT_PASSWORD"])
    again = app.harden()
    assert dead(again)["state"] == "in_place" and not again["changed"], "it lets nobody in any more"
