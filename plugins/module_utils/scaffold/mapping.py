# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which secret of the catalog a credential in the code is, and which variable the app reads it from afterwards."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from ..app import DATABASE_KINDS, KEYLESS_KINDS, App, SecretSpec
from ..verdict import CredentialFinding

_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SAY_NOTHING: Final = frozenset(("api", "key", "token", "secret", "app", "config", "my", "the", "access", "auth"))


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """Where a credential belongs: the secret's name in the catalog and the key in its document ('' if the catalog has none),
    and the variable the app reads."""

    secret: str
    key: str
    variable: str


def target_of(finding: CredentialFinding, app: App) -> Target:
    """The secret of the catalog that the finding is; by its kind, then by its name, then because only one is left."""
    spec = _spec(finding, app)
    if spec is None:
        # `k` says nothing where the app is run: it becomes API_KEY_K.
        name = finding.variable if len(finding.variable) > 2 else f"{finding.kind}_{finding.variable}"
        return Target("", "", variable_name(name))
    keys = dict(spec.variables)
    key = next((name for name in ("password", "api_key", "value", "key", "token") if name in keys), next(iter(keys)))
    return Target(spec.name, key, keys[key])


def database_variables(app: App) -> dict[str, str]:
    """The variables of the app's database secret by key (host, port, dbname, username, password), or nothing."""
    spec = next((spec for spec in app.secrets if spec.kind in DATABASE_KINDS), None)
    return dict(spec.variables) if spec else {}


def variable_name(name: str) -> str:
    """A name as an environment variable: `app.secret_key` is APP_SECRET_KEY."""
    return "_".join(_words(name)).upper() or "SECRET"


def _spec(finding: CredentialFinding, app: App) -> SecretSpec | None:
    by_variable = [spec for spec in app.secrets if variable_name(finding.variable) in dict(spec.variables).values()]
    if by_variable:
        return by_variable[0]
    if is_database(finding):
        # Who logs in by identity has no password that could take the place of the one that was found.
        return next((spec for spec in app.secrets if spec.kind in DATABASE_KINDS - KEYLESS_KINDS), None)
    if finding.standing == "signing_key" or finding.kind == "signing_key":
        return next((spec for spec in app.secrets if spec.kind == "generated"), None)
    keys = [spec for spec in app.secrets if spec.kind == "api_key"]
    told = set(_words(finding.variable)) | set(_words(finding.kind))
    alike = [spec for spec in keys if told & (set(_words(spec.name)) - _SAY_NOTHING)]
    return alike[0] if len(alike) == 1 else None


def is_database(finding: CredentialFinding) -> bool:
    """Whether the credential opens the app's database."""
    words = set(_words(finding.kind)) | set(_words(finding.variable))
    return bool(words & {"postgresql", "postgres", "database", "db", "pg", "pgpassword", "mysql", "mariadb"})


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
