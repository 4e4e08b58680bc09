# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The schema of an environment's profile, and the one way to make a `Profile`.

The single source for validation, for docs/schema/profile.schema.json and for docs/catalog.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..errors import Invalid
from ..network import is_loopback
from ..oci.reference import REGISTRY
from ..profile import Profile, block_from
from ..signatures.policy_schema import SIGNATURE_POLICY
from . import patterns as kinds
from .check import Checker, Complaint, quoted
from .profile_openbao import LOGIN, MOUNT, NAMESPACE, login_contradictions
from .profile_patterns import KMS_KEY, api_path, host, label, path, url
from .profile_secret_store import SECRET_STORE, secret_store_contradictions
from .source import Faulty, documents

VARIABLE: Final = "microapp_environment"

_LABELS = kinds.table(
    r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,251}[A-Za-z0-9])?" + kinds.END,
    "a label's key",
    kinds.word(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?", "a label's value", "prometheus", "The value.", 63),
    20,
    "Labels and their values.",
)

_PEER = kinds.record(
    "The other side of a network policy.",
    {
        "namespace": kinds.word(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a namespace", "monitoring", "Its namespace.", 63),
        "labels": {**_LABELS, "description": "Labels of the pods there; none means all of them."},
    },
    ("namespace",),
)

_SSLMODE: Final = kinds.one_of(["verify-full", "verify-ca", "require", "disable"], "How the connection is protected.")

BLOCKS: Final[dict[str, kinds.Schema]] = {
    "aws": kinds.record(
        "The AWS account of this environment. Checked before the first write.",
        {
            "account": kinds.word("[0-9]{12}", "an account's twelve digits in quotes", "123456789012", "The account's id.", 12),
            "region": kinds.word(r"[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS region", "eu-west-1", "The region.", 25),
            "endpoint_url": url("Another AWS API (a local one); empty for the real one.", "http://127.0.0.1:4566", "https|http"),
            "profile": kinds.word(r"[A-Za-z0-9._@/+-]*", "the name of an AWS profile", "platform-dev", "Its credentials.", 128),
            "credentials_file": path("The file of that profile; empty for the usual one.", "/etc/goldenpath/aws-credentials"),
            "loopback_only": kinds.yes_or_no("Refuse an endpoint that is missing or is not on this machine."),
            "permissions_boundary": kinds.word(
                r"(?:arn:[a-z0-9-]+:iam::[0-9]{12}:policy/[A-Za-z0-9+=,.@_/-]+)?",
                "the ARN of an IAM policy, or empty",
                "arn:aws:iam::123456789012:policy/microapps-boundary",
                "The permissions boundary of every role made for an app.",
                512,
            ),
            "kms_key": kinds.word(
                KMS_KEY,
                "a KMS key (ARN, alias/name or id), or empty",
                "alias/microapps",
                "The key that encrypts images and secrets; empty for AWS's own.",
                512,
            ),
            "oidc_provider": kinds.word(
                r"(?:[a-z0-9.-]+(?:/[A-Za-z0-9._/-]+)?)?",
                "an OIDC issuer without https://, or empty",
                "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE",
                "The cluster's OIDC issuer, where roles are trusted by IRSA as well as by Pod Identity.",
                512,
            ),
            "eks_cluster": kinds.word(
                r"(?:arn:[a-z0-9-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9][A-Za-z0-9_-]{0,99})?",
                "the ARN of an EKS cluster, or empty",
                "arn:aws:eks:eu-west-1:123456789012:cluster/microapps",
                "With it, a role that trusts Pod Identity trusts the pods of this cluster only.",
                200,
            ),
        },
        ("account", "region"),
    ),
    "cluster": kinds.record(
        "The Kubernetes cluster. Its identity is checked before the first write.",
        {
            "kubeconfig": path("The kubeconfig; empty for the usual one.", "~/.kube/config"),
            "context": kinds.word(r"[A-Za-z0-9._:@/+-]*", "a context of the kubeconfig", "platform-dev", "The context.", 253),
            "identity": kinds.word(
                r"(?:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?",
                "the UID of the namespace kube-system, or empty",
                "6f2d1c1e-8f0b-4a44-9b5e-0d6c1f1f2a3b",
                "`kubectl get namespace kube-system -o jsonpath={.metadata.uid}`.",
                36,
            ),
            "oidc_issuer": url(
                "The issuer of its service accounts' tokens, where a cloud is to trust this cluster alone.",
                "https://oidc.example.com/clusters/dev",
                "https",
            ),
            "loopback_only": kinds.yes_or_no("Refuse an API server that is not on this machine."),
            "available": kinds.yes_or_no("False where there is none: its controls are then answered `not_reached`."),
            "why": kinds.line(500, "Go is not installed.", "Why there is none.", 0),
            "next_step": kinds.line(500, "Install Go 1.24 or newer.", "What to do about it.", 0),
        },
    ),
    "registry": kinds.record(
        "The OCI registry.",
        {
            "address": kinds.word(
                REGISTRY,
                "a registry's host, port and path",
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
                "Host, port and path, without a scheme.",
            ),
            "plain_http": kinds.yes_or_no("Speak HTTP to it, for a registry on this machine."),
            "available": kinds.yes_or_no("False where there is none: what is asked of it is then answered `not_reached`."),
            "why": kinds.line(500, "Go is not installed.", "Why there is none.", 0),
            "next_step": kinds.line(500, "Install Go 1.26 or newer.", "What to do about it.", 0),
            "ca_file": path("A private authority's certificates in PEM, trusted for it too.", "/etc/ssl/private-ca.pem"),
        },
        ("address",),
    ),
    "secret_store": SECRET_STORE,
    "database": kinds.record(
        "The PostgreSQL server of the apps, where there is one, and the administrator who makes logins there.",
        {
            "host": host("Its host.", "postgres.dev.example.com"),
            "port": kinds.port("Its port.", 5432),
            "admin_user": kinds.word(r"[A-Za-z_][A-Za-z0-9_.$-]*", "a login's name", "goldenpath", "The administrator.", 63),
            "password_file": path("The file that holds its password.", "/run/secrets/postgresql-admin"),
            "maintenance_database": kinds.word(
                r"[A-Za-z_][A-Za-z0-9_-]*", "a database's name", "postgres", "The database to connect to first.", 63
            ),
            "resource_id": kinds.word(
                r"(db|cluster|prx)-[A-Z0-9]{1,60}",
                "an RDS resource id",
                "db-ABCDEFGHIJKL01234",
                "For secrets of kind aws_rds_iam: what AWS calls the instance, cluster or proxy in policies (DbiResourceId).",
                70,
            ),
            "sslmode": _SSLMODE,
            "sslrootcert": path("The authority that signed its certificate; empty for the system's.", "/etc/ssl/certs/rds.pem"),
        },
        ("host",),
    ),
    "mysql": kinds.record(
        "The MySQL or MariaDB server of the apps that have one, and the administrator who makes logins there.",
        {
            "host": host("Its host.", "mysql.dev.example.com"),
            "port": kinds.port("Its port.", 3306),
            "admin_user": kinds.word(r"[A-Za-z_][A-Za-z0-9_.$-]*", "a login's name", "goldenpath", "The administrator.", 32),
            "password_file": path("The file that holds its password.", "/run/secrets/mysql-admin"),
            "sslmode": _SSLMODE,
            "sslrootcert": path("The authority that signed its certificate; empty for the system's.", "/etc/ssl/certs/rds.pem"),
        },
        ("host",),
    ),
    "database_engine": kinds.record(
        "OpenBao's database secrets engine, for secrets of the kinds openbao_static_role and openbao_dynamic_role.",
        {
            "address": url("Its address.", "https://bao.example.com", "https|http"),
            "token_file": path("Its token, or what else logs in there, see login.", "/run/secrets/bao-database-token"),
            "mount": kinds.word(MOUNT, "a mount", "database", "Where the engine is mounted.", 128),
            "namespace": NAMESPACE,
            "login": LOGIN,
        },
        ("address",),
    ),
    "forge": kinds.record(
        "Where the apps' repositories are, and the branch that the baseline is pushed to.",
        {
            "kind": kinds.one_of(["git", "github", "gitlab"], "What it is."),
            "base": url(
                "With it, an app's repository is <base>/<app>.git; without, the catalog's URL.",
                "https://git.example.com/apps",
                "https|http|git|file|ssh",
            ),
            "branch": kinds.word(r"[A-Za-z0-9][A-Za-z0-9._/-]*", "a branch", "goldenpath/baseline", "Our branch.", 200),
            "author_name": kinds.line(100, "goldenpath.microapps", "Who our commits are by."),
            "author_email": kinds.email("Their mail address."),
        },
    ),
    "runner": kinds.record(
        "What restarts an app after a cut-over.",
        {
            "kind": kinds.one_of(["kubernetes", "supervisor"], "Its Deployments, or the sandbox's supervisor."),
            "control": path("The supervisor's socket.", "/var/lib/goldenpath/supervisor.sock"),
            "release_folder": path("The folder of releases, for the supervisor.", "/var/lib/goldenpath/apps"),
            "wait_seconds": kinds.whole(5, 3600, 180, "How long a workload may take until it is ready after a restart."),
        },
    ),
    "vendors": kinds.table(
        r"^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?" + kinds.END,
        "the name of a secret in the catalog, or a kind of credential as triage names it (sendgrid_api_key)",
        kinds.record(
            "How a third party is asked about its keys over HTTP.",
            {
                "base_url": url("Where its API is.", "https://api.vendor.example", "https|http"),
                "check_path": api_path("Asked with a key: 401 or 403 means that the key is refused.", "/v1/me"),
                "key_header": kinds.word(r"[A-Za-z0-9-]+", "a header's name", "X-Api-Key", "The header that carries a key.", 64),
                "key_prefix": kinds.word(r"[A-Za-z]* ?", "a word and a space, or empty", "Bearer ", "What stands before it.", 20),
                "admin_token_file": path("The file with the token for the calls below.", "/run/secrets/vendor-admin"),
                "list_path": api_path("Lists the keys, with their names.", "/v1/keys"),
                "create_path": api_path("Makes a key (POST, with a name).", "/v1/keys"),
                "value_field": kinds.word(r"[A-Za-z0-9_.-]+", "a field's name", "key", "Where the answer holds the key.", 64),
                "id_field": kinds.word(r"[A-Za-z0-9_.-]+", "a field's name", "id", "Where the answer holds its id.", 64),
                "revoke_path": api_path("Revokes a key (DELETE); {id} is its id.", "/v1/keys/{id}"),
                "id_of_found": kinds.word(
                    r"[A-Za-z0-9:{}_.-]*",
                    "a name with {sha256} in it, or empty",
                    "sha256:{sha256}",
                    "How a key is named whose value is all that is known.",
                    64,
                ),
            },
            ("base_url",),
        ),
        50,
        "Third parties whose keys are checked, replaced and revoked, by the secret's name or the credential's kind.",
    ),
    "tenancy": kinds.record(
        "The fence around an app's namespace.",
        {
            "pod_security_version": kinds.word(
                r"v1\.[0-9]{1,3}|latest", "a Pod Security version", "v1.37", "The version of the standard.", 8
            ),
            "gateway": {**_PEER, "description": "Where requests come from."},
            "monitoring": {**_PEER, "description": "Where metrics are scraped from."},
            "dns": {**_PEER, "description": "Where names are resolved."},
            "node_local_dns": kinds.word(
                r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f:]+)?",
                "an address, or empty",
                "169.254.20.10",
                "The node-local DNS cache's address, if there is one.",
                45,
            ),
            "controllers": kinds.listing(
                label("a field manager's name", "argocd-controller", "One of them."),
                50,
                "Field managers whose hold on a field is respected: a difference is refused with their name, not taken back.",
            ),
            "foreign": kinds.one_of(["report", "remove"], "What to do with network policies and role bindings of others."),
            "quota_factor": kinds.whole(1, 100, 4, "How many times the app's own size the namespace may hold."),
        },
    ),
    "admission": kinds.record(
        "What verifies images in the cluster itself, by the same `signature_policy`.",
        {
            "controller": kinds.one_of(
                ["policy_controller", "kyverno", "none"],
                "sigstore policy-controller, Kyverno (1.17 or newer), or by decision nothing.",
            ),
            "version": kinds.word(
                r"(?:v?[0-9]{1,4}(?:\.[0-9]{1,4}){1,2})?",
                "a version, or empty",
                "1.19.1",
                "Its version, for the forecast of what it will refuse; empty: the newest that is known.",
                20,
            ),
        },
        ("controller",),
    ),
    "observability": kinds.record(
        "Where alert rules go, and what is too much.",
        {
            "rule_labels": {**_LABELS, "description": "The labels that Prometheus selects rules by."},
            "runbook_base_url": url("Where runbooks are published.", "https://runbooks.example.com", "https|http"),
            "error_ratio": kinds.ratio("The share of failed requests that is too much, on the light path.", 0.05),
            "error_ratio_full": kinds.ratio("The same on the full path.", 0.01),
            "fewest_requests": kinds.whole(1, 1_000_000, 20, "With fewer requests than this a ratio says nothing."),
            "latency_seconds": kinds.seconds("Too slow for a request.", 1.0),
            "database_latency_seconds": kinds.seconds("Too slow for a query.", 0.5),
            "logs_url": url("Where logs are read.", "https://logs.example.com", "https|http"),
            "promtool": path("The program that proves rules before they are applied; empty: found on PATH.", "/usr/bin/promtool"),
        },
    ),
}

PROFILE_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://github.com/goldenpath/microapps/schema/profile.schema.json",
    "title": f"An environment's profile ({VARIABLE})",
    **kinds.record(
        "Everything that differs between environments, and nothing else. No field holds a secret: files and names only.",
        {
            "name": kinds.word(
                "[a-z][a-z0-9]{0,9}",
                "an environment's name: at most 10 of a-z and 0-9, beginning with a letter",
                "sandbox",
                "The environment's name.",
                10,
            ),
            **BLOCKS,
            "signature_policy": SIGNATURE_POLICY,
            "embedded": kinds.yes_or_no("True for the sandbox, whose parts we start ourselves."),
            "adopt": kinds.one_of(["report", "take"], "What to do on first contact with objects that others made."),
            "cutover": kinds.one_of(
                ["when_seen", "now"],
                "When an old credential is retired: once the running app was seen with the new one, or at once, by a restart.",
            ),
            "all_apps": kinds.yes_or_no("Whether a run without `-e app=` may take every app without `-e all_apps=true`."),
            "serial": {
                "description": "How many apps at a time: a number, or a share such as 20%.",
                "type": ["string", "integer"],
                "pattern": "^(?:[1-9][0-9]{0,4}|(?:[1-9][0-9]?|100)%)" + kinds.END,
                "minimum": 1,
                "wants": "a number from 1, or a share from 1% to 100%",
                "examples": ["20%"],
            },
            "max_fail_percentage": kinds.whole(0, 100, 0, "How many of them in a hundred may fail before the run stops."),
            "lease_seconds": kinds.whole(60, 86400, 900, "How long one run holds an app."),
            "approval_required": kinds.yes_or_no("Whether a promotion waits for a person."),
            "evidence_directory": path("Where evidence is kept; empty for the state folder.", "/var/lib/goldenpath/evidence"),
        },
        ("name", "aws", "registry"),
    ),
}

CHECKER: Final = Checker(PROFILE_SCHEMA)


def profile_from(mapping: Mapping[str, Any]) -> Profile:
    """The profile from `microapp_environment`; raises `Invalid` with field, value, file and mend of every fault."""
    # A setting that a template leaves empty is one that is not there.
    data = {key: value for key, value in _plain(mapping).items() if value is not None}
    complaints = CHECKER.complaints(data) or list(_contradictions(data))
    if complaints:
        sentences = " | ".join(complaint.sentence for complaint in complaints)
        raise Invalid(f"{profile_file(data)}: {VARIABLE}: {sentences}", "", "Nothing was changed.")
    return block_from(Profile, {**data, **({"serial": str(data["serial"])} if "serial" in data else {})})


def profile_file(data: Mapping[str, Any]) -> str:
    """Where a profile stands, as far as its own name tells."""
    name = data.get("name")
    named = name if isinstance(name, str) and name.isalnum() else "<name>"
    return f"group_vars/environment_{named}/profile.yml"


def plain_settings(texts: Iterable[str]) -> dict[str, Any]:
    """The profile's settings that stand in these files (of `group_vars/environment_<env>`) in plain words.

    For what Ansible asks before any template can be rendered: which apps a play takes, and how many at a time. Whatever
    cannot be read as plain YAML, or is a block or a template, is left out.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        try:
            found = [document.data for document in documents(text)]
        except Faulty:
            continue
        for data in found:
            profile = data.get(VARIABLE) if isinstance(data, dict) else None
            if isinstance(profile, dict):
                settings |= {key: value for key, value in profile.items() if _is_plain(value)}
    return settings


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int)) or (isinstance(value, str) and "{" not in value)


def _contradictions(data: Mapping[str, Any]) -> Iterator[Complaint]:
    aws = data["aws"]
    endpoint = aws.get("endpoint_url", "")
    if (data.get("embedded") or aws.get("loopback_only")) and not is_loopback(endpoint):
        yield Complaint(
            ("aws", "endpoint_url"),
            f"aws.endpoint_url: {quoted(endpoint)} is not on this machine, and this profile may only reach this machine; "
            "start the sandbox, or remove embedded and loopback_only",
        )
    if data.get("embedded") and not aws.get("loopback_only"):
        yield Complaint(("aws",), "aws.loopback_only: false is not possible with embedded: true; set it to true")
    if "database_engine" in data:
        yield from login_contradictions("database_engine", data["database_engine"])
    yield from secret_store_contradictions(data.get("secret_store", {}), aws, data.get("cluster", {}))
    runner = data.get("runner", {})
    if runner.get("kind") == "supervisor" and not (runner.get("control") and runner.get("release_folder")):
        yield Complaint(("runner",), "runner: supervisor needs control and release_folder; add them")


def _plain(value: Any) -> Any:
    # Ansible hands over tagged strings and lazy containers; the schema is asked about ordinary data.
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if not isinstance(value, str):
        return value
    # Paths may begin at the home of whoever runs this; nothing else in a profile begins like that.
    return os.path.expanduser(value) if value.startswith("~/") else str(value)
