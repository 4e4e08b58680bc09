# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes and what stays, decided without any system: names, namespaces, logins, secrets, and the order of deeds."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Change, Plan
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.patterns import DNS_LABEL
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.kinds import BY_GROUP_KIND, Kind
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire import (
    account,
    database,
    model,
    mysql_logins,
    namespace,
    openbao,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.app_retire import done
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.fleet_orphans import by_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import mysql_hashes
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_accounts import Account, Server
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_accounts import Names as MysqlNames
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_grants import Right
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.mysql_session import Flavour
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_roles import Names

OURS = {"manager": "goldenpath.microapps", "operation": "Apply", "fieldsV1": {"f:metadata": {}, "f:spec": {}}}
NAMES = st.from_regex(DNS_LABEL, fullmatch=True)
ENVIRONMENTS = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)


@given(NAMES, ENVIRONMENTS)
def test_a_name_of_ours_leads_back_to_its_app(app: str, environment: str) -> None:
    assert model.app_of_namespace(f"{app}-{environment}", environment) == app
    assert model.app_of_role(f"microapp-{app}-{environment}", environment) == app
    assert model.app_of_secret(f"microapps/{environment}/{app}/database", environment) == app
    assert model.app_of_login(app.replace("-", "_") + "_b") == app


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (model.app_of_namespace, "where2eat-staging"),
        (model.app_of_namespace, "-dev"),
        (model.app_of_namespace, "dev"),
        (model.app_of_role, "where2eat-dev"),
        (model.app_of_role, "microapp-dev"),
        (model.app_of_secret, "microapps/dev/where2eat"),
        (model.app_of_secret, "microapps/dev/where2eat/a/b"),
        (model.app_of_secret, "microapps/devs/where2eat/a"),
        (model.app_of_secret, "microapps/dev/Where2Eat/a"),
    ],
)
def test_a_name_that_is_not_made_like_ours_leads_nowhere(function: Any, name: str) -> None:
    assert function(name, "dev") == ""


@pytest.mark.parametrize("name", ["", "where2eat/", "Where2Eat", "a b", "*", "a/../b", "where2eat\n"])
def test_prefixes_are_made_of_names_only(name: str) -> None:
    with pytest.raises(Invalid):
        model.checked_name(name)


@pytest.mark.parametrize(
    ("catalogued", "confirm", "may"),
    [(False, "", True), (True, "", False), (True, "app", True), (True, "other", False), (False, "other", False)],
)
def test_what_the_catalog_has_is_confirmed(catalogued: bool, confirm: str, may: bool) -> None:
    if may:
        model.may_retire("app", "dev", catalogued, confirm)
    else:
        with pytest.raises(Invalid):
            model.may_retire("app", "dev", catalogued, confirm)


def thing(kind: str, name: str, *others: dict[str, Any], ours: bool = True, **more: Any) -> dict[str, Any]:
    """An object as the API server answers it."""
    version = {"NetworkPolicy": "networking.k8s.io/v1", "Deployment": "apps/v1"}.get(kind, "v1")
    fields = [*([OURS] if ours else []), *others]
    space = {} if kind == "Namespace" else {"namespace": "app-dev"}
    metadata = {"name": name, "uid": f"uid-{kind}-{name}", "managedFields": fields, **space, **more}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def by(manager: str, *fields: str, **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "fieldsV1": {f"f:{field}": {} for field in fields}, **more}


SPACE = thing("Namespace", "app-dev")
POLICY = thing("NetworkPolicy", "default-deny")
PARENT = thing("ConfigMap", "goldenpath-k8s_tenancy")
BORN = thing("ServiceAccount", "default")
SECRETS = Kind("", "v1", "Secret", "secrets")


def names(entries: tuple[Any, ...]) -> list[str]:
    return [f"{entry['kind']}/{entry['metadata']['name']}" for entry in entries]


@pytest.mark.parametrize(
    ("seen", "deleted", "released", "kept", "refused"),
    [
        ({"live": None}, [], [], "", ""),
        ({"live": thing("Namespace", "app-dev", ours=False)}, [], [], "made by others", ""),
        ({"live": thing("Namespace", "app-dev", deletionTimestamp="now")}, [], [], "being deleted", ""),
        (
            {"members": (POLICY, BORN), "parents": (PARENT,)},
            ["NetworkPolicy/default-deny", "ConfigMap/goldenpath-k8s_tenancy", "Namespace/app-dev"],
            [],
            "",
            "",
        ),
        (
            {"members": (POLICY, BORN), "foreign": (thing("ConfigMap", "theirs", ours=False),)},
            ["NetworkPolicy/default-deny"],
            ["ServiceAccount/default"],
            "ConfigMap/theirs",
            "",
        ),
        ({"members": (POLICY,), "foreign": (thing("Deployment", "web", ours=False),)}, [], [], "", "Deployment/web"),
        ({"members": (POLICY,), "unread": (SECRETS,)}, ["NetworkPolicy/default-deny"], [], "may not list secrets", ""),
        ({"members": (POLICY,), "unread": (BY_GROUP_KIND["Deployment.apps"],)}, [], [], "", "could not be told"),
        (
            {"live": thing("Namespace", "app-dev", by("kubectl-create", "metadata")), "members": (POLICY,)},
            ["NetworkPolicy/default-deny"],
            ["Namespace/app-dev"],
            "kubectl-create",
            "",
        ),
        (
            {"live": thing("Namespace", "app-dev", by("kube-controller-manager", "status", subresource="status"))},
            ["Namespace/app-dev"],
            [],
            "",
            "",
        ),
        (
            {"members": (thing("NetworkPolicy", "dns", by("somebody", "spec")),)},
            [],
            ["NetworkPolicy/dns"],
            "NetworkPolicy/dns",
            "",
        ),
        (
            {"members": (thing("NetworkPolicy", "dns", by("a-controller", "metadata", "status")),)},
            ["NetworkPolicy/dns", "Namespace/app-dev"],
            [],
            "",
            "",
        ),
    ],
)
def test_what_goes_with_a_namespace(
    seen: dict[str, Any], deleted: list[str], released: list[str], kept: str, refused: str
) -> None:
    decision = namespace.decide(namespace.Seen("app-dev", **{"live": SPACE, **seen}))
    assert names(decision.delete) == deleted
    assert names(decision.release) == released
    assert kept in str(decision.kept) and bool(kept) == bool(decision.kept)
    assert refused in str(decision.refused) and bool(refused) == bool(decision.refused)


OF_APP = Names("my_app", "app")
LOGIN, BY_IDENTITY, OWNER = (OF_APP.comment(f"my_app_{end}") for end in ("a", "iam", "owner"))


@pytest.mark.parametrize(
    ("login", "end", "verb", "kept"),
    [
        (database.Login("my_app_a", True, LOGIN), False, "updated", ""),
        (database.Login("my_app_a", False, LOGIN), False, "", "postgresql:login/my_app_a"),
        (database.Login("my_app_a", True, LOGIN, ("web at 10.0.0.1 (1 session)",)), False, "refused", ""),
        (database.Login("my_app_a", True, LOGIN, ("web at 10.0.0.1 (1 session)",)), True, "updated", ""),
        (database.Login("my_app_a", False, LOGIN, ("web at 10.0.0.1 (1 session)",)), False, "refused", ""),
        (database.Login("my_app_a", False, LOGIN, ("web at 10.0.0.1 (1 session)",)), True, "updated", ""),
        (database.Login("my_app_iam", True, BY_IDENTITY), False, "updated", ""),
        (database.Login("my_app_iam", True, "of somebody else"), False, "", ""),
        (database.Login("other_app_iam", True, BY_IDENTITY), False, "", ""),
        (database.Login("my_app_owner", False, OWNER), False, "", "postgresql:database/app"),
        (database.Login("my_app_a", True, OWNER), False, "", ""),
        (database.Login("other_app_a", True, LOGIN), False, "", ""),
        (database.Login("my_app", True, LOGIN), False, "", ""),
    ],
)
def test_which_logins_are_closed(login: database.Login, end: bool, verb: str, kept: str) -> None:
    plans, stays = database.plan([login], "my-app", end)
    assert [plan.verb for plan in plans] == ([verb] if verb else [])
    assert [entry.object for entry in stays] == ([kept] if kept else [])


def test_an_open_login_without_a_password_is_an_orphan_too() -> None:
    assert database.open_logins([database.Login("my_app_iam", True, BY_IDENTITY)]) == (("my-app", "postgresql:login/my_app_iam"),)


IN_USE = ("a client at 10.0.0.1 (1 session)",)


def kept_by(user: str, password: str, host: str = "%", locked: bool = False, plugin: str = mysql_hashes.NATIVE) -> Account:
    return Account(user, host, locked, plugin, kept=(mysql_hashes.native(password).encode(),))


@pytest.mark.parametrize(
    ("accounts", "users", "end", "told"),
    [
        ([kept_by("my_app_a", "ours")], (), False, ["updated locked"]),
        ([kept_by("my_app_a", "ours")], IN_USE, False, ["refused 10.0.0.1"]),
        ([kept_by("my_app_a", "ours")], IN_USE, True, ["updated locked"]),
        # A run that was killed had locked it, and not yet ended its sessions.
        ([kept_by("my_app_a", "ours", locked=True)], IN_USE, False, ["refused 10.0.0.1"]),
        ([kept_by("my_app_a", "ours", locked=True)], IN_USE, True, ["updated sessions"]),
        ([kept_by("my_app_a", "ours", locked=True)], (), False, ["kept ALTER USER 'my_app_a'@'%' ACCOUNT UNLOCK opens it again"]),
        ([kept_by("my_app_a", "theirs")], (), True, ["kept no secret shows that we made it"]),
        ([kept_by("my_app_a", "ours", plugin="ldap")], (), True, ["kept no secret shows that we made it"]),
        ([kept_by("my_app_a", "ours"), kept_by("my_app_a", "ours", "10.%")], (), False, ["updated locked"]),
        ([kept_by("my_app_a", "ours"), kept_by("my_app_a", "theirs", "10.%")], (), True, ["refused is for 10.%"]),
        ([kept_by("my_app_a", "ours"), kept_by("my_app_a", "theirs", "10.%", locked=True)], (), False, ["updated locked"]),
        # Its one login was there before us, whatever password we gave it.
        ([kept_by("my_app", "ours")], (), True, ["kept ALTER USER 'my_app'@'%' ACCOUNT LOCK"]),
        ([kept_by("other_app_a", "ours")], (), True, []),
        ([], (), True, []),
    ],
)
def test_which_mysql_logins_are_closed(accounts: list[Account], users: tuple[str, ...], end: bool, told: list[str]) -> None:
    documents = [{"username": user, "password": "ours"} for user in ("my_app_a", "my_app")]
    seen = Server(Flavour("mariadb", (11, 4, 5)), "goldenpath", tuple(accounts))
    found = mysql_logins.logins_of(seen, MysqlNames("my_app", "my_app"), documents)
    logins = [dataclasses.replace(one, users=users if one.ours else ()) for one in found]
    plans, kept = mysql_logins.plan(logins, "my-app", end)
    lines = [f"{one.verb} {one.changes or [refusal.sentence() for refusal in one.refusals]}" for one, _login in plans]
    lines += [f"kept {entry.why}" for entry in kept]
    assert len(lines) == len(told)
    for line, words in zip(lines, told, strict=True):
        verb, _space, rest = words.partition(" ")
        assert line.startswith(verb) and rest in line


def test_that_the_data_stays_is_told_of_every_database_that_is_the_apps() -> None:
    rights = frozenset({Right("SELECT", "my_app"), Right("SELECT", "of_others")})
    seen = Server(
        Flavour("mariadb", (11, 4, 5)), "goldenpath", (dataclasses.replace(kept_by("my_app_a", "ours"), rights=rights),)
    )
    documents = [{"username": "my_app_a", "password": "ours", "dbname": "my_app"}]
    logins = mysql_logins.logins_of(seen, MysqlNames("my_app", "my_app"), documents)
    assert [one.object for one in mysql_logins.data_of(logins, "my-app", documents)] == ["mysql:database/my_app"]
    assert mysql_logins.data_of((), "my-app", documents) == ()


def test_an_administrator_of_the_server_is_not_closed() -> None:
    powerful = kept_by("my_app_a", "ours")
    seen = Server(Flavour("mariadb", (11, 4, 5)), "my_app_a", (powerful,))
    logins = mysql_logins.logins_of(seen, MysqlNames("my_app", "my_app"), [{"username": "my_app_a", "password": "ours"}])
    ((plan, _login),), _kept = mysql_logins.plan(logins, "my-app", True)
    assert plan.verb == "refused" and "administrator of the server" in plan.refusals[0].sentence()


def secret(name: str, app: str = "app", **more: Any) -> dict[str, Any]:
    tags = [{"Key": "app", "Value": app}, {"Key": "managed-by", "Value": "goldenpath.microapps"}]
    return {"Name": name, "Tags": tags, **more}


@pytest.mark.parametrize(
    ("entry", "goes"),
    [
        (secret("microapps/dev/app/database"), True),
        (secret("microapps/dev/app/database", app="other"), False),
        ({"Name": "microapps/dev/app/database"}, False),
        (secret("microapps/dev/app/database", Tags=[{"Key": "app", "Value": "app"}]), False),
        (secret("microapps/dev/app/database", DeletedDate=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)), False),
        (secret("microapps/dev/app/deeper/database"), False),
    ],
)
def test_which_secrets_are_scheduled(entry: dict[str, Any], goes: bool) -> None:
    plans, kept = account.secret_plans([entry], "app", "dev", 7)
    assert (len(plans), len(kept)) == ((1, 0) if goes else (0, 1))


def test_a_recovery_window_is_never_shorter_than_aws_allows() -> None:
    plans, _kept = account.secret_plans([secret("microapps/dev/app/a")], "app", "dev", 1)
    assert plans[0].after == {"deleted": "after 7 days"}


def test_replicas_go_first_because_aws_deletes_no_secret_that_has_them() -> None:
    entry = {**secret("microapps/dev/app/a"), "ReplicationStatus": [{"Region": "eu-north-1"}, {"Region": "eu-central-1"}]}
    plans, _kept = account.secret_plans([entry], "app", "dev", 7)
    assert [(change.action, change.field) for change in plans[0].changes] == [("delete", "replicas"), ("update", "deleted")]
    assert plans[0].before["replicas"] == "eu-central-1, eu-north-1"


def test_after_a_deed_that_fails_no_other_is_begun() -> None:
    told: list[str] = []

    def fail() -> None:
        raise Unreachable("Delete it", "the connection broke", "Run again.")

    def plan(name: str) -> Plan:
        return Plan(name, {}, None, (Change("delete"),))

    steps = (
        model.Step(plan("one"), lambda: told.append("one")),
        model.Step(plan("two"), fail),
        model.Step(plan("three"), lambda: told.append("three")),
    )
    assert [made.verb for made in done(steps)] == ["deleted", "failed", "failed"]
    assert told == ["one"]


def test_orphans_are_told_by_app_with_the_command_that_ends_them() -> None:
    found = [
        model.Marked("b", "iam:role/microapp-b-dev"),
        model.Marked("a", "ecr:repository/a"),
        model.Marked("b", "Namespace/b-dev"),
    ]
    told = by_app(found, "dev")
    assert [(entry["app"], entry["objects"]) for entry in told] == [
        ("a", ["ecr:repository/a"]),
        ("b", ["Namespace/b-dev", "iam:role/microapp-b-dev"]),
    ]
    assert told[0]["command"].endswith("-e app=a -e images=delete") and told[1]["command"].endswith("-e app=b")


def test_what_waits_beside_a_secret_of_ours_in_openbao_goes_and_nothing_else_that_is_unmarked() -> None:
    marks = {"app": "x", "managed-by": "goldenpath.microapps"}
    unmarked = ("a.pending", "theirs", "theirs.pending")
    found = (openbao.Entry("a", marks, False), *(openbao.Entry(name, {}, False) for name in unmarked))
    plans, kept = openbao.plan(found, "x", "kv")
    assert [(plan.object, plan.changes[0].action) for plan in plans] == [
        ("openbao:kv/a", "update"),
        ("openbao:kv/a.pending", "delete"),
    ]
    assert [entry.object for entry in kept] == ["openbao:kv/theirs", "openbao:kv/theirs.pending"]
