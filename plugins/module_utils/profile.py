# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An environment's profile: every outside system as one small block, and every rule that differs between environments.

It lives in `inventories/<env>/group_vars/environment_<env>/profile.yml` as `microapp_environment`. Made only by
`profile_from`, which validates against `catalog.profile_schema`. No block holds a secret: files and names only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from .app import MYSQL_ENGINES, App, Database


@dataclasses.dataclass(frozen=True, slots=True)
class Aws:
    """The AWS account this environment owns. An empty `endpoint_url` is the real AWS (refused if `loopback_only`)."""

    account: str
    region: str
    endpoint_url: str = ""
    profile: str = ""
    credentials_file: str = ""
    loopback_only: bool = False
    permissions_boundary: str = ""
    kms_key: str = ""
    oidc_provider: str = ""
    eks_cluster: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """The Kubernetes cluster: a kubeconfig and context, and the UID of its kube-system namespace as its identity.

    `available` is false where there is none (say, no Go to build the sandbox's): its controls are answered `not_reached`
    with `why` and `next_step`.
    """

    kubeconfig: str = ""
    context: str = ""
    identity: str = ""
    oidc_issuer: str = ""
    loopback_only: bool = False
    available: bool = True
    why: str = ""
    next_step: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Registry:
    """The OCI registry images are pushed to and pulled from. `ca_file` is trusted for it beside the machine's authorities.

    `available` is false where there is none (say, no Go to build the sandbox's): see `Cluster`.
    """

    address: str
    plain_http: bool = False
    ca_file: str = ""
    available: bool = True
    why: str = ""
    next_step: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class BaoLogin:
    """How we log in to OpenBao or HashiCorp Vault; `stores/openbao_server.py` has the table of what each method shows.

    `mount` is where the method is mounted; empty: by its own name. `region` and `server_id` are of the method `aws` alone.
    """

    method: str = "token"
    role: str = ""
    mount: str = ""
    region: str = ""
    server_id: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SecretStore:
    """Where secrets live, by scheme (`aws_secretsmanager`, `azure_keyvault`, ...). `token_file` and `login` are the login.

    `delivery` is who brings them to pods: `external_secrets` or `csi` (the Secrets Store CSI driver). `replicas` maps regions
    to keys, `readers` are who may read values beside the app; None: whatever there is, is left alone. `identity_provider` is who
    vouches to Google for the cluster's tokens; empty: GKE, in the store's own project. `pods_mount` is where the cluster's pods
    log in to OpenBao.
    """

    scheme: str = "aws_secretsmanager"
    address: str = ""
    token_file: str = ""
    mount: str = "secret"
    namespace: str = ""
    login: BaoLogin = BaoLogin()
    pods_mount: str = "kubernetes"
    recovery_days: int = 7
    delivery: str = "external_secrets"
    project: str = ""
    identity_provider: str = ""
    tenant_id: str = ""
    client_id: str = ""
    vault_id: str = ""
    replicas: tuple[tuple[str, str], ...] | None = None
    readers: tuple[str, ...] | None = None


class StorePlace(Protocol):
    """The two blocks of a profile that say where secrets live and how they are asked for; a `Profile` is one."""

    @property
    def aws(self) -> Aws:
        """The account, for a store of AWS and for logins by IAM."""

    @property
    def secret_store(self) -> SecretStore:
        """The store."""


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseServer:
    """The PostgreSQL server of the environment's apps and the administrator who may make logins there."""

    host: str
    port: int = 5432
    admin_user: str = "postgres"
    password_file: str = ""
    maintenance_database: str = "postgres"
    resource_id: str = ""
    sslmode: str = "verify-full"
    sslrootcert: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class MysqlServer:
    """The MySQL or MariaDB server of the apps that have one, and the administrator who may make logins there."""

    host: str
    port: int = 3306
    admin_user: str = "root"
    password_file: str = ""
    sslmode: str = "verify-full"
    sslrootcert: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseEngine:
    """The database secrets engine of OpenBao or HashiCorp Vault, for secrets of the two `openbao_*` kinds."""

    address: str
    token_file: str = ""
    mount: str = "database"
    namespace: str = ""
    login: BaoLogin = BaoLogin()


@dataclasses.dataclass(frozen=True, slots=True)
class Forge:
    """Where the apps' repositories are. With `base`, an app's repository is `<base>/<app>.git`, else the catalog's URL."""

    kind: str = "git"
    base: str = ""
    branch: str = "goldenpath/baseline"
    author_name: str = "goldenpath.microapps"
    author_email: str = "goldenpath@example.com"


@dataclasses.dataclass(frozen=True, slots=True)
class Runner:
    """What restarts the app after a cut-over: `kubernetes` (its Deployments) or `supervisor` (the sandbox's own).

    `wait_seconds`: longer than an image takes to start, shorter than a person waits; the same run can be repeated.
    """

    kind: str = "kubernetes"
    control: str = ""
    release_folder: str = ""
    wait_seconds: int = 180


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """The other side of a network policy: a namespace, and labels of the pods in it (empty: all of them)."""

    namespace: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Tenancy:
    """The fence around a namespace. `controllers` are field managers whose hold on a field is respected and refused."""

    pod_security_version: str = "v1.37"
    gateway: Peer = Peer("gateway-system")
    monitoring: Peer = Peer("monitoring")
    dns: Peer = Peer("kube-system", (("k8s-app", "kube-dns"),))
    node_local_dns: str = ""
    controllers: tuple[str, ...] = ()
    foreign: str = "report"
    quota_factor: int = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Observability:
    """Where rules go and what is too much. Ratios are 0 to 1, times in seconds.

    `promtool` is the program that proves the rules before they are applied; empty: found on PATH.
    """

    rule_labels: tuple[tuple[str, str], ...] = (("release", "prometheus"),)
    runbook_base_url: str = ""
    error_ratio: float = 0.05
    error_ratio_full: float = 0.01
    fewest_requests: int = 20
    latency_seconds: float = 1.0
    database_latency_seconds: float = 0.5
    logs_url: str = ""
    promtool: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Vendor:
    """How a third party is asked about its keys over HTTP: whether one is valid, for a new one, and to revoke one.

    Paths are below `base_url`; an empty one means that the vendor offers no such call. `{id}` stands for a key's id, and
    `id_of_found` says how a key is named whose value is all that is known (`{sha256}`: its digest in hexadecimal).
    """

    base_url: str
    check_path: str = ""
    key_header: str = "Authorization"
    key_prefix: str = ""
    admin_token_file: str = ""
    list_path: str = ""
    create_path: str = ""
    value_field: str = "key"
    id_field: str = "id"
    revoke_path: str = ""
    id_of_found: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Admission:
    """What verifies images in the cluster itself when a pod is admitted: `policy_controller`, `kyverno`, or decidedly `none`.

    Empty: nobody has decided. `version` is the controller's, for the forecast; empty: the newest that is known.
    """

    controller: str
    version: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """Everything that differs between environments, and nothing else."""

    name: str
    aws: Aws
    registry: Registry
    database: DatabaseServer | None = None
    cluster: Cluster = Cluster()
    secret_store: SecretStore = SecretStore()
    database_engine: DatabaseEngine | None = None
    mysql: MysqlServer | None = None
    forge: Forge = Forge()
    runner: Runner = Runner()
    tenancy: Tenancy = Tenancy()
    observability: Observability = Observability()
    admission: Admission = Admission("")
    vendors: tuple[tuple[str, Vendor], ...] = ()
    embedded: bool = False
    adopt: str = "report"
    cutover: str = "when_seen"
    all_apps: bool = False
    serial: str = "100%"
    max_fail_percentage: int = 0
    lease_seconds: int = 900
    approval_required: bool = False
    evidence_directory: str = ""
    # As it stands in the profile; `signatures.policy` makes a policy of it for one app.
    signature_policy: Mapping[str, Any] | None = None

    @property
    def enforces_images(self) -> bool:
        """Whether an admission controller of the cluster is to verify images."""
        return self.signature_policy is not None and self.admission.controller not in ("", "none")

    def server_of(self, database: Database) -> DatabaseServer | MysqlServer | None:
        """The environment's own server for databases of this engine; None where there is none."""
        if database.engine in MYSQL_ENGINES:
            return self.mysql
        return self.database if database.engine == "postgresql" else None

    def place_of(self, database: Database) -> tuple[str, int] | None:
        """Host and port of an app's database: what its catalog entry names, else the environment's own server."""
        if database.host:
            return database.host, database.port
        server = self.server_of(database)
        return (server.host, server.port) if server else None

    def repository_url(self, app: App) -> str:
        """The URL git is given for the app's repository in this environment."""
        return f"{self.forge.base.rstrip('/')}/{app.name}.git" if self.forge.base else app.repository.url


Block = TypeVar("Block")


def block_from(kind: type[Block], data: Mapping[str, Any]) -> Block:
    """A frozen block from plain data that the schema has accepted: nested blocks and mappings are converted by field type."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # every caller hands a dataclass
        if field.name not in data:
            continue
        value = data[field.name]
        nested = _BLOCKS.get(str(field.type))
        if str(field.type) == "Mapping[str, Any] | None":
            pass
        elif nested is not None:
            value = block_from(nested, value)
        elif str(field.type) == "tuple[tuple[str, Vendor], ...]":
            value = tuple(sorted((str(key), block_from(Vendor, item)) for key, item in value.items()))
        elif isinstance(value, Mapping):
            value = tuple(sorted((str(key), str(item)) for key, item in value.items()))
        elif isinstance(value, (list, tuple)):
            value = tuple(value)
        values[field.name] = value
    return kind(**values)


_BLOCKS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Aws,
        BaoLogin,
        Cluster,
        Registry,
        SecretStore,
        Forge,
        Runner,
        Peer,
        Tenancy,
        Observability,
        Admission,
    )
} | {f"{kind.__name__} | None": kind for kind in (DatabaseServer, DatabaseEngine, MysqlServer)}
