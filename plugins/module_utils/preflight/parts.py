# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each outside system of a profile asked whether it is there, what it lets us do and which version it is. Reads only.

Every question is a function of `Asked` that answers with a `Row` or raises one of our errors; `rows` asks all of them at
once and makes a row of every error, so a part that is down keeps no other from being asked.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..errors import Denied, Invalid, MicroappsError, Unreachable
from ..observability.promtool import find as find_promtool
from ..oci.client import open_registries
from ..profile import DatabaseEngine, DatabaseServer, MysqlServer, Profile
from ..rotation.http_json import request as http_json
from ..rotation.issuers.database_login import Address, read_password
from ..rotation.issuers.postgresql_session import session
from ..rotation.stores.azure_keyvault import AzureKeyVault
from ..rotation.stores.gcp_secretmanager import GcpSecretManager
from ..rotation.stores.openbao_server import open_server
from ..sandbox.supervisor import Supervisor
from ..scrubber import Secrets
from ..workload_identity.azure import Azure
from ..workload_identity.google import Google
from .aws import ask_aws
from .cluster import ask_cluster
from .forge import ask_forge
from .mysql import PART, ask_mysql
from .permissions import azure_rights, google_rights
from .rows import COULD_NOT_TELL, NO, YES, Answer, Repository, Row

SECONDS: Final = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What the questions need: the profile, the rights to ask about, and the apps' repositories."""

    profile: Profile
    permissions: tuple[str, ...]
    repositories: tuple[Repository, ...]
    environ: Mapping[str, str]
    secrets: Secrets


Question = Callable[[Asked], Iterable[Row]]


def rows(asked: Asked) -> tuple[Row, ...]:
    """One row for each part (the forge: one more for each repository that cannot be read), in a fixed order."""

    def answered(part: tuple[str, str, Question]) -> tuple[Row, ...]:
        name, target, question = part
        try:
            return tuple(question(asked))
        except MicroappsError as error:
            return (refused(name, target, error),)

    parts = parts_of(asked.profile)
    with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
        return tuple(row for answer in pool.map(answered, parts) for row in answer)


def refused(part: str, target: str, error: MicroappsError) -> Row:
    """The row of a part that did not answer as it should: whoever was refused was at least answered."""
    answered: Answer = YES if isinstance(error, (Denied, Invalid)) else NO
    return Row(part, target, answered, NO if isinstance(error, Denied) else COULD_NOT_TELL, problem=error)


def parts_of(profile: Profile) -> tuple[tuple[str, str, Question], ...]:
    """The parts that this profile has: name, what is asked, and the question."""
    aws = f"account {profile.aws.account}, {profile.aws.region}"
    endpoint = f" at {profile.aws.endpoint_url}" if profile.aws.endpoint_url else ""
    store = profile.secret_store
    return (
        ("AWS", aws + endpoint, lambda asked: ask_aws(asked.profile.aws, asked.permissions, asked.environ)),
        (
            "cluster",
            profile.cluster.context or profile.cluster.kubeconfig or "of this pod",
            lambda asked: ask_cluster(asked.profile.cluster, asked.permissions, asked.environ, asked.secrets),
        ),
        ("registry", profile.registry.address, _registry),
        *_postgresql(profile.database),
        *_mysql(profile.mysql),
        (
            "forge",
            profile.forge.base or "the apps' own",
            lambda asked: ask_forge(asked.profile, asked.repositories, asked.environ),
        ),
        ("secret store", store.address or store.scheme, _STORES[store.scheme]),
        *_engine(profile.database_engine),
        ("promtool", profile.observability.promtool or "on PATH", _promtool),
        ("runner", profile.runner.kind, _supervisor if profile.runner.kind == "supervisor" else _rollout),
    )


def _engine(engine: DatabaseEngine | None) -> tuple[tuple[str, str, Question], ...]:
    if engine is None:
        return ()
    return (("database engine", engine.address, lambda asked: _database_engine(asked, engine)),)


def _postgresql(server: DatabaseServer | None) -> tuple[tuple[str, str, Question], ...]:
    if server is None:
        return ()
    return (("database", f"{server.host}:{server.port}", lambda asked: _database(server, asked.secrets)),)


def _mysql(server: MysqlServer | None) -> tuple[tuple[str, str, Question], ...]:
    if server is None:
        return ()
    return ((PART, f"{server.host}:{server.port}", lambda asked: ask_mysql(server, asked.secrets)),)


def _registry(asked: Asked) -> Iterable[Row]:
    registry = asked.profile.registry
    open_registries(registry, asked.profile.aws, asked.environ, asked.secrets).knock()
    return (Row("registry", registry.address, YES, YES, "v2"),)


_ADMINISTRATOR: Final = """
SELECT current_setting('server_version'), r.rolsuper, r.rolcreaterole FROM pg_roles r WHERE r.rolname = current_user
"""


def _database(server: DatabaseServer, secrets: Secrets) -> Iterable[Row]:
    password = secrets.register(read_password(server.password_file)) if server.password_file else ""
    address = Address(server.host, server.port, server.maintenance_database, server.sslmode, server.sslrootcert)
    with session(address, server.admin_user, password) as connection:
        version, superuser, creates_roles = connection.execute(_ADMINISTRATOR).fetchone()
    row = Row("database", address.words(), YES, YES, f"PostgreSQL {version}", f"{server.admin_user} may make logins")
    if superuser or creates_roles:
        return (row,)
    problem = Denied(
        f"The login {server.admin_user} at {address.words()} may not make logins",
        "it has neither CREATEROLE nor superuser",
        f"Run there as an administrator: ALTER ROLE {server.admin_user} CREATEROLE.",
    )
    return (dataclasses.replace(row, permitted=NO, note="", problem=problem),)


def _secrets_manager(asked: Asked) -> Iterable[Row]:
    target = f"{asked.profile.secret_store.scheme} in {asked.profile.aws.region}"
    # Whether it may be written is told in AWS' own row, by the same login.
    return ask_aws(asked.profile.aws, (), asked.environ, part="secret store", target=target, service="secretsmanager")


# Those of the least policy in docs/rotation.md without which no secret can be rotated.
_BAO_RIGHTS: Final[Mapping[str, frozenset[str]]] = {
    "data": frozenset({"create", "read", "update"}),
    "metadata": frozenset({"create", "read", "update", "patch", "delete"}),
}


def _bao_version(what: str) -> str:
    """The version of the OpenBao at an address that is up."""
    status, health = http_json(what, "GET", "/v1/sys/health", {})
    if status not in (200, 429, 473) or not isinstance(health, dict):
        words = {501: "it is not initialised", 503: "it is sealed"}
        raise Unreachable(f"OpenBao at {what}", words.get(status, f"it answered {status}"), "Unseal or start it.")
    return str(health.get("version", ""))


def _database_engine(asked: Asked, engine: DatabaseEngine) -> Iterable[Row]:
    version = _bao_version(engine.address)
    # Each app's role has a policy of its own, so what is permitted is told by each app's own run.
    open_server(engine, asked.profile.aws, asked.secrets, asked.environ, "the database engine").seconds_left()
    return (Row("database engine", engine.address, YES, COULD_NOT_TELL, version, f"the login by {engine.login.method} works"),)


def _openbao(asked: Asked) -> Iterable[Row]:
    store = asked.profile.secret_store
    version = _bao_version(store.address)
    server = open_server(store, asked.profile.aws, asked.secrets, asked.environ)
    paths = {f"{store.mount}/{kind}/microapps/{asked.profile.name}/preflight": rights for kind, rights in _BAO_RIGHTS.items()}
    status, answer = server.request("POST", "sys/capabilities-self", {"paths": list(paths)})
    if status != 200 or not isinstance(answer, dict):
        raise Denied(
            f"The secret store {store.address} does not know the token", f"it answered {status}", "Renew the token file."
        )
    told = answer.get("data") or {}
    row = Row("secret store", store.address, YES, YES, version)
    for path, rights in paths.items():
        allowed = set(told.get(path) or ())
        if "root" not in allowed and not rights <= allowed:
            what = f"The token of {store.address} may not {', '.join(sorted(rights - allowed))}"
            problem = Denied(what, f"asked for {path}", "Give it the policy that docs/rotation.md lists.")
            return (dataclasses.replace(row, permitted=NO, problem=problem),)
    return (row,)


def _google(asked: Asked) -> Iterable[Row]:
    store = GcpSecretManager.open(asked.profile, asked.secrets, asked.environ)
    store.describe(f"microapps/{asked.profile.name}/preflight")
    row = Row("secret store", store.address, YES, YES, note=f"in the project {store.project}")
    # Pools are asked about only where the profile names one of its own, which may be another project's.
    rights = (right for right in google_rights(asked.permissions) if not right.startswith("iam."))
    lacking = Google.open(asked.profile.secret_store, asked.secrets, asked.environ).lacking(rights)
    return (_with(row, lacking, f"asked for the project {store.project}; what is given on single secrets is not seen"),)


def _with(row: Row, lacking: Iterable[str], asked: str) -> Row:
    words = ", ".join(lacking)
    if not words:
        return row
    problem = Denied(f"The login at {row.target} may not {words}", asked, "Give it a role with these permissions.")
    return dataclasses.replace(row, permitted=NO, note="", problem=problem)


def _key_vault(asked: Asked) -> Iterable[Row]:
    store = AzureKeyVault.open(asked.profile, asked.secrets, asked.environ)
    # Looking and listing are answered; what may be written is told by nobody but a write.
    store.describe(f"microapps/{asked.profile.name}/preflight")
    store.look()
    row = Row("secret store", store.address, YES, YES, note="secrets may be read and listed")
    if not asked.profile.secret_store.vault_id:
        return (row,)
    lacking = Azure.open(asked.profile.secret_store, asked.secrets, asked.environ).lacking(azure_rights(asked.permissions))
    return (_with(row, lacking, "asked for the resource group of the vault"),)


_STORES: Final[Mapping[str, Question]] = {
    "aws_secretsmanager": _secrets_manager,
    "azure_keyvault": _key_vault,
    "gcp_secretmanager": _google,
    "openbao": _openbao,
}


def _promtool(asked: Asked) -> Iterable[Row]:
    path = find_promtool(asked.profile.observability.promtool, asked.environ)
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(f"{path} cannot be run", type(error).__name__, "Install Prometheus' promtool again.") from None
    # "promtool, version 3.8.0 (branch: ...": a build without release numbers leaves them out.
    found = re.search(r"version (\d[^ ,]*)", done.stdout + done.stderr)
    if done.returncode:
        raise Unreachable(f"{path} cannot be run", f"it ended with {done.returncode}", "Install Prometheus' promtool again.")
    return (Row("promtool", path, YES, YES, found[1] if found else ""),)


def _supervisor(asked: Asked) -> Iterable[Row]:
    runner = asked.profile.runner
    programs = Supervisor(pathlib.Path(os.path.expanduser(runner.control))).states()
    folder = pathlib.Path(os.path.expanduser(runner.release_folder))
    if not os.access(folder, os.W_OK):
        raise Denied(f"The folder {folder} cannot be written", "releases are put there", "Correct runner.release_folder.")
    return (Row("runner", f"supervisor with {len(programs)} programs", YES, YES),)


def _rollout(asked: Asked) -> Iterable[Row]:
    note = "the cluster rolls out; see its row"
    return (Row("runner", "kubernetes", COULD_NOT_TELL, COULD_NOT_TELL, note=note),)
