# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The schema of a catalog entry: the single source for validation, for docs/schema/app.schema.json and for docs/catalog.md.

Identifiers become names of namespaces, roles, secrets and groups, so their patterns are narrow. Free text may be anything
that fits on its lines; whoever writes it into another format quotes it.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from ..app import DATABASE_ENGINES, DataClass, Exposure
from ..oci.reference import GRAMMAR
from ..verdict import FINGERPRINT_DIGITS
from . import patterns as kinds

ENGINES: Final = ("postgresql", "mysql", "mariadb", "sqlite", "mongodb", "other")
RUNTIMES: Final = ("python", "node", "static", "go", "java", "dotnet", "php", "ruby", "other")
IAM_KEY: Final = "aws_iam_access_key"
IAM_KEY_FIELDS: Final = frozenset({"access_key_id", "secret_access_key"})
# The key of a generated secret's document that holds the former value.
PREVIOUS: Final = "previous"
RESOLUTIONS: Final = ("revoked", "false_positive")
SECRET_KINDS: Final = (*DATABASE_ENGINES, "api_key", "generated", IAM_KEY)
# What an environment may say differently. Mappings are merged field by field, lists and single values replace.
OVERRIDABLE: Final = (
    "image",
    "repository",
    "data",
    "exposure",
    "peak_users",
    "monthly_cost",
    "escalation",
    "integrations",
    "database",
    "secrets",
    "workload",
    "aws_actions",
    "hostname",
    "impact",
)
MERGED: Final = ("repository", "database", "workload")

_LABEL_VALUE = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_SECRET_NAME = kinds.word(kinds.DNS_LABEL, "a name of a-z, 0-9 and hyphens", "database", "The secret's name.", 40)

_CONTACT = kinds.record(
    "A person or a rota.",
    {
        "name": kinds.line(100, "Ada Lovelace", "The name people know."),
        "email": kinds.email("Where mail reaches them."),
        "phone": kinds.word(
            r"\+?[0-9][0-9 ()/.-]{2,30}", "a telephone number in quotes", "+1 555 010 0100", "Where a call reaches them.", 32
        ),
    },
    ("name", "email"),
)

_REPOSITORY = kinds.record(
    "Where the app's source is.",
    {
        # No `ext::` or other remote helpers (they run programs), nothing that git could take for an option, no password.
        "url": kinds.word(
            r"(?:(?:https?|git|file)://|ssh://(?:[A-Za-z0-9._~-]+@)?)[A-Za-z0-9/][^\s:@\\]*(?::[0-9]{1,5}(?:/[^\s:@\\]*)?)?"
            r"|[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s\\:-][^\s\\:]*"
            r"|/[^\s:\\]*",
            "a URL that git takes (https, ssh, git, file, user@host:path or an absolute path), without a password or token",
            "https://git.example.com/dining-club/where2eat.git",
            "Any URL that git takes, without a password in it.",
            500,
        ),
        "branch": kinds.word(
            r"(?!.*(?:\.\.|//|@\{|\.lock$|/$|\.$))[A-Za-z0-9_][A-Za-z0-9._/-]*",
            "a branch name",
            "main",
            "The branch people work on.",
            200,
        ),
    },
    ("url",),
)

_INTEGRATION = kinds.record(
    "A third party that the app calls.",
    {
        "name": kinds.word(kinds.DNS_LABEL, "a name of a-z, 0-9 and hyphens", "restaurants", "A short name.", 40),
        "host": kinds.host("The host it is reached at.", "api.restaurants.example"),
        "port": kinds.port("Its port.", 443),
        "secret": {**_SECRET_NAME, "description": "The secret (of `secrets`) that the call needs."},
        "cidr": kinds.word(
            r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9a-f:]*:[0-9a-f:]*/[0-9]{1,3}",
            "an address range",
            "203.0.113.0/24",
            "Its address range, if it is known: the way out is then opened to that range only.",
            43,
        ),
    },
    ("name", "host"),
)

_DATABASE = kinds.record(
    "The app's database.",
    {
        "engine": kinds.one_of(list(ENGINES), "What it is."),
        "name": kinds.word(
            r"[a-z_][a-z0-9_]{0,56}",
            "a database name of a-z, 0-9 and _ (57 at most, so that the login's suffix fits)",
            "where2eat",
            "Its name on the server; logins are named after it.",
            57,
        ),
        "host": kinds.host("Its host, where it is not the environment's own server.", "db.example.com"),
        "port": kinds.port("Its port, with `host`; without it the one that such servers listen at (5432, 3306, 27017).", 5432),
    },
    ("engine", "name"),
)

_SECRET = kinds.record(
    "A secret that the app needs when it runs.",
    {
        "name": _SECRET_NAME,
        "kind": kinds.one_of(
            list(SECRET_KINDS),
            "`postgresql`: the database's login, two that take turns. `postgresql_single_user`: the one login of an app that "
            "cannot take a second one. `mysql`, `mysql_single_user`: the same on MySQL or MariaDB. "
            "`openbao_static_role`: a login whose password OpenBao's database engine changes. "
            "`openbao_dynamic_role`: logins that it makes for a while. `aws_rds_iam`: a login to Amazon RDS by identity, without "
            "a password. "
            "`api_key`: a third party's. `generated`: made by us, known to nobody else. "
            "`aws_iam_access_key`: the access key of an IAM user (keys access_key_id and secret_access_key).",
        ),
        "overlap_hours": kinds.whole(
            1,
            8760,
            24,
            "For generated: how long the app also accepts the former value, which it reads from the key `previous`.",
        ),
        "user": kinds.word(
            r"[A-Za-z0-9+=,.@_-]{1,64}",
            "the name of an IAM user",
            "where2eat-photos",
            "The IAM user, for aws_iam_access_key. It must carry the tags app and environment of this app.",
            64,
        ),
        "variables": kinds.table(
            r"^[a-z][a-z0-9_]{0,39}" + kinds.END,
            "a key of a-z, 0-9 and _",
            kinds.word(
                r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable", "DATABASE_PASSWORD", "The variable.", 100
            ),
            20,
            "Which environment variable the app reads each key of the stored document from.",
            1,
        ),
    },
    ("name", "kind", "variables"),
)

_WORKLOAD = kinds.record(
    "How the app runs.",
    {
        "port": kinds.port("The port it listens on.", 8080),
        "health_path": kinds.word(r"/[A-Za-z0-9._~/-]*", "a path", "/healthz", "Answers 200 when the app can serve.", 200),
        "metrics_path": kinds.word(r"/[A-Za-z0-9._~/-]*", "a path", "/metrics", "Prometheus metrics.", 200),
        "replicas": kinds.whole(0, 50, 1, "How many run at once."),
        "cpu_millicores": kinds.whole(10, 16000, 250, "CPU that one of them asks for, in thousandths of a core."),
        "memory_mib": kinds.whole(16, 65536, 256, "Memory that one of them asks for, in MiB."),
    },
)

_AWS_ACTION = kinds.record(
    "An AWS call that the app itself makes.",
    {
        "action": kinds.word(
            r"[a-z0-9-]{2,40}:[A-Z][A-Za-z0-9]{2,60}\*?",
            "one AWS action (a whole service is not granted)",
            "s3:GetObject",
            "The action, as IAM writes it.",
            101,
        ),
        "resource": kinds.word(
            r"\*|arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9*]*:[A-Za-z0-9_.:/*@+=,-]+",
            "an ARN",
            "arn:aws:s3:::where2eat-photos/*",
            "The ARN (or pattern of ARNs) it is made on.",
            1000,
        ),
    },
    ("action", "resource"),
)

_RESOLUTION = kinds.record(
    "What a person knows of a credential that triage found in the code.",
    {
        "fingerprint": kinds.word(
            f"[0-9a-f]{{{FINGERPRINT_DIGITS}}}",
            f"the {FINGERPRINT_DIGITS} digits that triage.json calls `fingerprint`, in quotes",
            "5c0f9a7be1d2438890aa61c3",
            "Which credential: its fingerprint in triage.json. Another value has another one.",
            FINGERPRINT_DIGITS,
        ),
        "resolution": kinds.one_of(
            list(RESOLUTIONS),
            "`revoked`: nobody is let in with it any more. `false_positive`: it never was a credential.",
        ),
        "by": kinds.line(100, "Ada Lovelace", "Who answers for that."),
        "on": kinds.word("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day as year-month-day", "2026-11-20", "Since when it is so.", 10),
        "reason": kinds.line(200, "Changed at the mail server; a login with the old one was refused.", "How they know."),
    },
    ("fingerprint", "resolution", "by", "on", "reason"),
)

FIELDS: Final[dict[str, Any]] = {
    "name": kinds.word(
        kinds.DNS_LABEL,
        "a DNS label of at most 40 characters (a-z, 0-9 and hyphens, beginning with a letter)",
        "where2eat",
        "The app's name: also the file's, and the stem of every name made for it.",
        40,
    ),
    "title": kinds.line(100, "Where2Eat", "What people call it."),
    "description": kinds.prose(4000, "Finds a table for the dining club.", "What it does, in its owner's words."),
    "owner": kinds.record(
        "Who answers for it.",
        {
            "team": kinds.word(
                r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?",
                "a team name in lower case (a-z, 0-9, dots, hyphens and _)",
                "dining-club",
                "The team; also a label value and the inventory group `owner_<team>`.",
                63,
            ),
            "name": kinds.line(100, "Ada Lovelace", "The person."),
            "email": kinds.email("Where mail reaches them."),
            "group": kinds.word(
                r"[A-Za-z0-9][A-Za-z0-9:._/@-]*",
                "the name of an identity provider's group",
                "dining-club",
                "The identity provider's group that gets access to the namespace.",
                128,
            ),
        },
        ("team", "name", "email", "group"),
    ),
    "escalation": kinds.listing(_CONTACT, 10, "Whom to call, in this order.", 1),
    "maintainer": {**_CONTACT, "description": "Who keeps it going day to day."},
    "repository": _REPOSITORY,
    "image": kinds.word(
        GRAMMAR,
        "an image's name",
        "where2eat",
        "The image's name in the environment's registry.",
    ),
    "runtime": kinds.one_of(list(RUNTIMES), "What it is written for."),
    "data": kinds.one_of(list(DataClass), "The most sensitive data it touches."),
    "exposure": kinds.one_of(list(Exposure), "Who can reach it."),
    "peak_users": kinds.whole(0, 10_000_000, 150, "Users at the same time, at its busiest."),
    "monthly_cost": kinds.whole(0, 10_000_000, 40, "What it may cost a month, in whole units of `currency`."),
    "currency": kinds.word("[A-Z]{3}", "a currency's three letters", "EUR", "ISO 4217.", 3),
    "cost_center": kinds.word(_LABEL_VALUE, "a cost centre (letters, digits, dots, hyphens, _)", "CC-1042", "Who pays.", 63),
    "integrations": kinds.listing(_INTEGRATION, 50, "The third parties it calls; nothing else may be reached."),
    "database": {**_DATABASE, "type": ["object", "null"]},
    "secrets": kinds.listing(_SECRET, 200, "The secrets it needs when it runs."),
    "workload": _WORKLOAD,
    "aws_actions": kinds.listing(_AWS_ACTION, 100, "The AWS calls it makes itself; it is granted these and nothing else."),
    "hostname": kinds.host("The name users reach it at.", "where2eat.apps.example.com"),
    "impact": kinds.prose(2000, "Nobody finds a table; nothing is lost.", "What happens when it is down, for the runbook."),
    "resolved_credentials": kinds.listing(
        _RESOLUTION,
        200,
        "Found credentials that nobody here can try, and what a person says of them; what can be tried is tried.",
    ),
}

REQUIRED: Final = (
    "name",
    "title",
    "description",
    "owner",
    "escalation",
    "maintainer",
    "repository",
    "image",
    "runtime",
    "data",
    "exposure",
    "peak_users",
    "monthly_cost",
    "currency",
    "cost_center",
    "environments",
)


def _override(field: str) -> Any:
    # A merged mapping may give some of its fields only.
    changed = copy.deepcopy(FIELDS[field])
    if field in MERGED:
        changed["required"] = []
    return changed


APP_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://github.com/goldenpath/microapps/schema/app.schema.json",
    "title": "A micro app in the catalog",
    **kinds.record(
        "One app. The file has the app's name.",
        {
            **FIELDS,
            "environments": {
                **kinds.table(
                    kinds.ENVIRONMENT,
                    "an environment's name: at most 10 of a-z and 0-9, beginning with a letter",
                    {
                        **kinds.record(
                            "What differs there; an empty mapping where nothing does.",
                            {field: _override(field) for field in OVERRIDABLE},
                        ),
                        "type": ["object", "null"],
                    },
                    10,
                    "The environments it lives in, and what differs in each.",
                    1,
                ),
                "examples": [{"sandbox": {}, "prod": {"peak_users": 300}}],
            },
        },
        REQUIRED,
    ),
}
