# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The count of what is left, and what an app could do without: claimed only where catalog and profile show it."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, Database, Integration, SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, DatabaseServer, Profile, Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.ledger import ledger

RDS = "apps.c1x2.eu-west-1.rds.amazonaws.com"


@pytest.fixture
def app(root: pathlib.Path) -> App:
    entry = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    return dataclasses.replace(entry, secrets=(), integrations=(), database=None)


def profile(host: str = "db.example.com") -> Profile:
    return Profile("test", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer(host))


def spec(name: str, kind: str) -> SecretSpec:
    return SecretSpec(name, kind, ())


@pytest.mark.parametrize(
    "host", ["db.example.com", f"{RDS}.evil.example", "rds.amazonaws.com.example", "notrds.amazonaws.com", "10.0.0.1"]
)
def test_a_database_elsewhere_keeps_its_password(app: App, host: str) -> None:
    asked = dataclasses.replace(app, database=Database("postgresql", "x", host), secrets=(spec("database", "postgresql"),))
    assert not ledger(asked, profile(RDS)).could_vanish


@pytest.mark.parametrize("kind", ["postgresql", "postgresql_single_user", "openbao_static_role", "openbao_dynamic_role"])
@pytest.mark.parametrize(("own", "server"), [(RDS, "db.example.com"), ("", RDS)])
def test_a_login_to_rds_could_vanish(app: App, kind: str, own: str, server: str) -> None:
    asked = dataclasses.replace(app, database=Database("postgresql", "x", own), secrets=(spec("database", kind),))
    assert ledger(asked, profile(server)).could_vanish == {"database": "IAM database authentication (kind aws_rds_iam)"}


def test_a_login_by_identity_is_no_secret(app: App) -> None:
    specs = (spec("database", "aws_rds_iam"), spec("session", "generated"))
    left = ledger(dataclasses.replace(app, database=Database("postgresql", "x", RDS), secrets=specs), profile(RDS))
    assert left.left == ("session",)
    assert left.line() == "1 secret is left (session), none could vanish (database: by identity, without a secret)"
    alone = ledger(dataclasses.replace(app, database=Database("postgresql", "x", RDS), secrets=specs[:1]), profile(RDS))
    assert alone.line() == "no secret is left (database: by identity, without a secret)"


def test_keys_of_aws_could_vanish_and_those_of_others_stay(app: App) -> None:
    integrations = (
        Integration("photos", "s3.eu-west-1.amazonaws.com", secret="photos"),
        Integration("mail", "mail.example", secret="mail"),
    )
    kinds = {"keys": "aws_iam_access_key", "photos": "api_key", "mail": "api_key", "session": "generated", "unused": "api_key"}
    asked = dataclasses.replace(app, integrations=integrations, secrets=tuple(spec(*pair) for pair in kinds.items()))
    assert set(ledger(asked, profile()).could_vanish) == {"keys", "photos"}


def test_the_line_counts_down(app: App) -> None:
    role = f"workload identity (the role {app.role_name}, with the catalog's aws_actions)"
    two = dataclasses.replace(app, secrets=(spec("keys", "aws_iam_access_key"), spec("session", "generated")))
    assert ledger(two, profile()).line() == f"2 secrets are left (keys, session), of which 1 could vanish: keys by {role}"
    one = dataclasses.replace(app, secrets=(spec("session", "generated"),))
    assert ledger(one, profile()).line() == "1 secret is left (session), none could vanish"
    assert ledger(app, profile()).line() == "no secret is left"
