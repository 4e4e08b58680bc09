# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The app model: what a catalog entry says about one micro app, as every room reads it.

Made only by `catalog.load`, which validates against `catalog.schema` first: identifiers here are safe to use as names;
free text (title, description, people's names, notes) is not, and is quoted by whoever writes it into a format.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping

# The kinds of secrets that are a login to the app's database, and what that database may be.
DATABASE_ENGINES = {
    "postgresql": ("postgresql",),
    "postgresql_single_user": ("postgresql",),
    "openbao_static_role": ("postgresql",),
    "openbao_dynamic_role": ("postgresql",),
    "aws_rds_iam": ("postgresql",),
    "mysql": ("mysql", "mariadb"),
    "mysql_single_user": ("mysql", "mariadb"),
}
DATABASE_KINDS = frozenset(DATABASE_ENGINES)
MYSQL_ENGINES = ("mysql", "mariadb")
MYSQL_KINDS = frozenset(kind for kind, engines in DATABASE_ENGINES.items() if engines == MYSQL_ENGINES)

# Where a server of each engine listens, unless somebody says otherwise.
PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mongodb": 27017}

# The kinds whose stored document holds nothing that could leak: whoever logs in proves who they are.
KEYLESS_KINDS = frozenset({"aws_rds_iam"})

# What people call them.
PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite", "mongodb": "MongoDB"}


def identity_login(app: str) -> str:
    """The login of an app (its name or what of it SQL takes) that has no password: roles and IAM policies name the same one."""
    return f"{app.replace('-', '_')}_iam"


class DataClass(enum.StrEnum):
    """The most sensitive data the app touches, from harmless to harmful."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    PAYMENT = "payment"
    HEALTH = "health"


class Exposure(enum.StrEnum):
    """Who can reach the app."""

    INTERNAL = "internal"
    PARTNER = "partner"
    PUBLIC = "public"


@dataclasses.dataclass(frozen=True, slots=True)
class Contact:
    """A person or a rota to call, in the order of escalation."""

    name: str
    email: str
    phone: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for the app. `team` is a slug; `group` is the identity provider's group that RBAC binds."""

    team: str
    name: str
    email: str
    group: str


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """Where the app's source is: any URL git takes (or a path), and the branch people work on."""

    url: str
    branch: str = "main"


@dataclasses.dataclass(frozen=True, slots=True)
class Integration:
    """A third party the app calls. `secret` names the credential it needs ('' if none); `cidr` narrows egress if known."""

    name: str
    host: str
    port: int = 443
    secret: str = ""
    cidr: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Database:
    """The app's database. `name` is its name on the server; `port` counts with `host` only."""

    engine: str
    name: str
    host: str = ""
    port: int = 5432


@dataclasses.dataclass(frozen=True, slots=True)
class SecretSpec:
    """A secret the app needs at run time: its name, the environment variables it fills, and what kind it is.

    `kind` says who makes it (`catalog.schema.SECRET_KINDS`). `variables` maps a key of the stored JSON document to the
    environment variable the app reads it from. `user` is the IAM user whose access key it is; `overlap_hours` is how long
    the app accepts the former value (key `previous`) of a generated one.
    """

    name: str
    kind: str
    variables: tuple[tuple[str, str], ...]
    user: str = ""
    overlap_hours: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Resolution:
    """What a person says of a credential that triage found, known by its fingerprint.

    `resolution` is `revoked` (nobody is let in with it any more) or `false_positive` (it never was a credential); `on` is the
    day, in ISO 8601.
    """

    fingerprint: str
    resolution: str
    by: str
    on: str
    reason: str

    @property
    def is_false_positive(self) -> bool:
        """Whether it never was a credential."""
        return self.resolution == "false_positive"

    def sentence(self) -> str:
        """Who said it, when and why, for people."""
        return f"{self.by} said on {self.on}: {self.reason}"


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """How the app runs: its port, health path and size. CPU in millicores, memory in MiB."""

    port: int = 8080
    health_path: str = "/healthz"
    metrics_path: str = "/metrics"
    replicas: int = 1
    cpu_millicores: int = 250
    memory_mib: int = 256


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """One micro app in one environment: the catalog entry with that environment's overrides applied.

    `monthly_cost` is in whole `currency` units; `peak_users` are concurrent users expected at peak.
    `aws_actions` are the AWS calls the app itself needs, as (action, resource ARN pattern) pairs.
    """

    name: str
    environment: str
    title: str
    description: str
    owner: Owner
    escalation: tuple[Contact, ...]
    maintainer: Contact
    repository: Repository
    image: str
    runtime: str
    data: DataClass
    exposure: Exposure
    peak_users: int
    monthly_cost: int
    currency: str
    cost_center: str
    environments: tuple[str, ...]
    integrations: tuple[Integration, ...] = ()
    database: Database | None = None
    secrets: tuple[SecretSpec, ...] = ()
    workload: Workload = Workload()
    aws_actions: tuple[tuple[str, str], ...] = ()
    hostname: str = ""
    impact: str = ""
    resolved_credentials: tuple[Resolution, ...] = ()
    file: str = ""

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace: one for each app and environment."""
        return f"{self.name}-{self.environment}"

    @property
    def service_account(self) -> str:
        """The Kubernetes service account its pods run as."""
        return self.name

    @property
    def role_name(self) -> str:
        """The IAM role of its workload; fits IAM's 64 characters because names and environments are limited."""
        return f"microapp-{self.name}-{self.environment}"

    def resolutions(self, today: datetime.date) -> Mapping[str, Resolution]:
        """What counts of `resolved_credentials`, by fingerprint: a promise for a later day is none."""
        return {one.fingerprint: one for one in self.resolved_credentials if one.on <= today.isoformat()}

    def secret_name(self, secret: str) -> str:
        """Where a secret of this app lives in the store: no two apps or environments share a prefix."""
        return f"microapps/{self.environment}/{self.name}/{secret}"
