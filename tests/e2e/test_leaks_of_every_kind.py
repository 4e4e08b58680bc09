# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of secret and the stores that the example's app does not have: rotated by both doors, and failing loudly.

Relays stand before every server (tests/tools/telltale.py): they note each secret and each login that passes, in either
direction, and in the second half of the play they fail with errors that quote them. Google's and Azure's parts are stand-ins.
The kind `aws_rds_iam` makes no token: the app signs its own; here a password is replaced by none.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import runpy
import subprocess
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from loud_plays import DOORS, asked, played
from telltale import Telltale, telling_database, telltale

sys.path.append(str(pathlib.Path(__file__).parents[1] / "integration" / "rotation"))
import benches
from benches import LEAKED, Bao, Bench

# The app, the kind of its first secret, and where it is kept.
APPS = {
    "benched": ("postgresql_single_user", "google"),
    "baoed": ("openbao_static_role", "azure"),
    "leased": ("openbao_dynamic_role", "bao"),
    "nameless": ("aws_rds_iam", "bao"),
    "bench": ("aws_iam_access_key", "google"),
}
IAM_KEY = {"name": "photos", "user": "photos", "variables": {"access_key_id": "KEY_ID", "secret_access_key": "KEY"}}
LOGIN = {"name": "database", "variables": {"host": "DB_HOST", "username": "DB_USER", "password": "DB_PASSWORD"}}
SESSION = {"name": "session", "kind": "generated", "variables": {"value": "SESSION_KEY"}}


@dataclasses.dataclass
class Places:
    """Everything that the plays reach: the relays by their names, each app's options, and what is secret besides."""

    relays: dict[str, Telltale]
    apps: dict[str, dict[str, Any]]
    environ: dict[str, str]
    secrets: dict[str, str]
    nameless: Bench
    bao: Bao

    def everything(self) -> dict[str, str]:
        """Every secret that passed a relay, and those that stand in files."""
        passed = {name: value for relay in self.relays.values() for value, name in relay.passed.items()}
        return {**self.secrets, **passed}

    def fail(self, how: str) -> None:
        for relay in self.relays.values():
            relay.fails = how


@pytest.fixture(scope="module")
def places(estate: Any, root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("places")
    with contextlib.ExitStack() as stack:
        google, azure = stack.enter_context(_google(root, folder)), stack.enter_context(_azure(root, folder))
        bao = stack.enter_context(benches.bao(estate.block("openbao")))
        made = {
            "benched": stack.enter_context(benches.single(estate)),
            "baoed": stack.enter_context(benches.static_role(estate, estate.block("openbao"))),
            "leased": stack.enter_context(benches.dynamic_role(estate, estate.block("openbao"))),
            "nameless": stack.enter_context(benches.by_identity(estate)),
            "bench": stack.enter_context(benches.iam(folder)),
        }
        servers = {
            "google": google.address,
            "azure": azure.address,
            "bao": bao.address,
            "iam": made["bench"].aws["endpoint_url"],
        }
        relays = {name: stack.enter_context(telltale(server)) for name, server in servers.items()}
        there = {
            "google": {"scheme": "gcp_secretmanager", "project": "acme-dev", "token_file": google.file},
            "azure": {"scheme": "azure_keyvault", **azure.login},
            "bao": {"scheme": "openbao", "mount": bao.mount, "token_file": estate.block("openbao")["token_file"]},
        }
        stores = {name: {**block, "address": relays[name].address} for name, block in there.items()}
        apps, secrets = {}, {**google.secrets, **azure.secrets, "as found": LEAKED}
        for app, bench in made.items():
            leaked = bench.reset()
            secrets |= {f"as found of {app}": leaked} if leaked else {}
            profile = _profile(estate, app, bench, stores[APPS[app][1]], relays, folder)
            secrets |= _of_files(app, profile)
            apps[app] = {"app": _entry(root, app, folder), "profile": profile, "rotate": "now"}
        yield Places(relays, apps, {"AZURE_AUTHORITY_HOST": azure.address}, secrets, made["nameless"], bao)


@contextlib.contextmanager
def _google(root: pathlib.Path, folder: pathlib.Path) -> Iterator[types.SimpleNamespace]:
    names = runpy.run_path(str(root / "tests" / "fixtures" / "google" / "secret_manager.py"))
    key, file = names["key_file"](folder)
    server = names["serve"](names["Project"](key))
    lines = json.loads(file.read_text())["private_key"].split("\n")
    secrets = {f"line {number} of Google's key": line for number, line in enumerate(lines) if len(line) == 64}
    assert len(secrets) > 10
    try:
        yield types.SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", file=str(file), secrets=secrets)
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def _azure(root: pathlib.Path, folder: pathlib.Path) -> Iterator[types.SimpleNamespace]:
    names = runpy.run_path(str(root / "tests" / "fixtures" / "azure" / "key_vault.py"))
    file = folder / "client-secret"
    file.write_text(names["CLIENT_SECRET"])
    login = {"token_file": str(file), "tenant_id": names["TENANT"], "client_id": names["CLIENT"]}
    with names["serve"](names["Vault"]()) as address:
        yield types.SimpleNamespace(address=address, login=login, secrets={"the client's secret": names["CLIENT_SECRET"]})


def _entry(root: pathlib.Path, app: str, folder: pathlib.Path) -> dict[str, str]:
    kind = APPS[app][0]
    entry = yaml.safe_load((root / "tests" / "fixtures" / "catalog" / "minimal.yml").read_text())
    variables = {key: name for key, name in LOGIN["variables"].items() if key != "password" or kind != "aws_rds_iam"}
    first = IAM_KEY if kind == "aws_iam_access_key" else {**LOGIN, "variables": variables}
    entry |= {"name": app, "secrets": [{**first, "kind": kind}, SESSION], "environments": {"test": {}}}
    if first is not IAM_KEY:
        entry["database"] = {"engine": "postgresql", "name": app}
    (folder / f"{app}.yml").write_text(yaml.safe_dump(entry))
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "forge" / f"{app}.git")], check=True)
    return {"name": app, "environment": "test", "file": str(folder / f"{app}.yml")}


def _profile(
    estate: Any, app: str, bench: Bench, store: dict[str, Any], relays: dict[str, Telltale], folder: pathlib.Path
) -> dict[str, Any]:
    profile = {
        "name": "test",
        "aws": estate.block("aws"),
        "database": {**estate.block("database"), "resource_id": "db-ABCDEFGHIJKL01234"},
        "registry": estate.block("registry"),
        "runner": estate.block("runner"),
        "forge": {"base": f"file://{folder / 'forge'}"},
        "secret_store": store,
        "adopt": "take",
        "cutover": "now",
    }
    if app == "bench":
        aws = {key: value for key, value in bench.aws.items() if key != "root"}
        profile["aws"] = {**aws, "endpoint_url": relays["iam"].address}
        return profile
    issuer = bench.issuer(benches.Secrets(), "now")
    engine = getattr(issuer, "engine", None)
    if engine is not None:
        (folder / f"{app}-token").write_text(engine.server.token())
        place = {"address": relays["bao"].address, "token_file": str(folder / f"{app}-token"), "mount": engine.mount}
        return {**profile, "database_engine": place}
    user, password = issuer.administrator
    (folder / f"{app}-administrator").write_text(password)
    return {
        **profile,
        "database": {**profile["database"], "admin_user": user, "password_file": str(folder / f"{app}-administrator")},
    }


def _of_files(app: str, profile: dict[str, Any]) -> dict[str, str]:
    files = {
        f"the administrator of {app}": profile["database"]["password_file"],
        f"the engine's token of {app}": profile.get("database_engine", {}).get("token_file", ""),
    }
    return {name: pathlib.Path(file).read_text().strip() for name, file in files.items() if file}


BY_DOOR = pytest.mark.parametrize("connection", DOORS.values(), ids=DOORS)


def watched(estate: Any, places: Places, tasks: list[dict[str, Any]], connection: str, base: pathlib.Path) -> dict[str, Any]:
    """The tasks' results by name; nothing of what passed a relay was seen."""
    return played(estate, tasks, connection, base, places.everything, places.environ)


@BY_DOOR
def test_every_kind_in_every_store(estate: Any, places: Places, talkative: None, tmp_path: pathlib.Path, connection: str) -> None:
    # A password that gives way to none.
    places.nameless.reset()
    places.bao.forget("microapps/test/nameless/database")
    issuer = places.nameless.issuer(benches.Secrets(), "now")
    found = {**issuer.outline(None), "username": "nameless", "password": LEAKED}
    places.bao.ask("POST", f"{places.bao.mount}/data/microapps/test/nameless/database", {"data": found})
    before = len(places.everything())
    places.fail("")
    results = watched(estate, places, [asked(app, places.apps[app]) for app in APPS], connection, tmp_path)
    for app in APPS:
        assert "msg" not in results[app], (app, results[app]["msg"])
        assert len(results[app]["rotated"]) == 2, (app, results[app])
    assert len(places.everything()) > before + 2 * len(APPS)
    log = (estate.state / "sandbox" / "logs" / "postgresql" / "postgresql.log").read_text(errors="replace")
    assert all(f'ALTER ROLE "{login}"' in log for login in ("benched", "baoed", "nameless_iam")), "the log holds no statements"


@BY_DOOR
@pytest.mark.parametrize("how", ["values", "all"])
def test_errors_that_quote_what_they_were_told(
    estate: Any, places: Places, talkative: None, tmp_path: pathlib.Path, connection: str, how: str
) -> None:
    before = {name: relay.quoted for name, relay in places.relays.items()}
    tasks = [asked(app, places.apps[app]) for app in APPS]
    with contextlib.ExitStack() as stack:
        if how == "all":
            tasks += _logins_that_are_refused(places, stack.enter_context(telling_database()))
        places.fail(how)
        stack.callback(places.fail, "")
        results = watched(estate, places, tasks, connection, tmp_path)
    for task in tasks:
        message = results[task["name"]]["msg"]
        assert message and "Traceback" not in message, (task["name"], message)
        # Of Entra's answer only the codes are told.
        assert "********" in message or task["name"] == "entra", (task["name"], message)
    # IAM is handed no secret: it makes them.
    assert {name for name, relay in places.relays.items() if relay.quoted == before[name]} == (
        {"iam"} if how == "values" else set()
    )


def _logins_that_are_refused(places: Places, port: int) -> list[dict[str, Any]]:
    """Entra's token endpoint quotes the whole form; a database the administrator's password, and the driver the database."""
    azure, postgresql = places.apps["baoed"], places.apps["benched"]
    store = {**azure["profile"]["secret_store"], "client_id": "7d3e5a90-0000-4222-8333-444455556666"}
    database = {**postgresql["profile"]["database"], "host": "127.0.0.1", "port": port}
    of_aws = {**postgresql["profile"], "database": database, "secret_store": {"scheme": "aws_secretsmanager"}}
    return [
        asked("entra", {**azure, "profile": {**azure["profile"], "secret_store": store}}),
        asked("driver", {**postgresql, "profile": of_aws}),
    ]
