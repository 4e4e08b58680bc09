# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is decided about roles, findings and deliveries: tables, no connection and no mock."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, SecretSpec
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.objects import additions
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.delivery import objects, wanted_objects
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import Found, key_of, spec_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import STORED
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.database_login import new_password
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.generated import Generated
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.postgresql_roles import (
    Names,
    Role,
    Server,
    plan,
    unused_login,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.jobs import Job, Wish, look
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import (
    About,
    Stage,
    Stored,
    Version,
    from_text,
    to_text,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.aws_secretsmanager import same_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

NAMES = Names("x", "xdb")
OWNER = Role("x_owner", False, comment=NAMES.comment("x_owner"))
A = Role("x_a", True, member_of=("x_owner",), acts_as="x_owner", comment=NAMES.comment("x_a"))
FOUND = Role("x", True, owns=True, settings=("search_path=app",))
AS_FOUND = Server(180000, "admin", False, "x", (FOUND,))
SETTLED = Server(180000, "admin", False, "x_owner", (OWNER, A, Role("x", False, comment=NAMES.comment("x"))))


def changed(server: Server, current: str, wanted: str, fresh: bool = False, retire: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Object without its kind -> its changed fields ('' for a new object)."""
    plans = plan(server, NAMES, current, wanted, fresh, retire)
    return {one.object.rpartition("/")[2]: [change.field for change in one.changes] for one in plans if one.changes}


def with_role(server: Server, role: Role) -> Server:
    return dataclasses.replace(server, roles=(*(one for one in server.roles if one.name != role.name), role))


@pytest.mark.parametrize(
    ("what", "server", "arguments", "wanted"),
    [
        ("first contact", AS_FOUND, ("x", "x_a", True, ("x",)), {"x_owner": [""], "x_a": [""], "x": ["login", "comment"]}),
        ("nothing to do", SETTLED, ("x_a", "x_a", False, ("x", "x_b")), {}),
        ("the other's turn", SETTLED, ("x_a", "x_b", True, ("x_a",)), {"x_b": [""], "x_a": ["login"]}),
        ("a new password", SETTLED, ("x_a", "x_a", True, ()), {"x_a": ["password"]}),
        ("a login somebody chose is left alone", SETTLED, ("person", "person", False, ()), {}),
        (
            "made superuser by hand",
            with_role(SETTLED, dataclasses.replace(A, elevated=("superuser",))),
            ("x_a", "x_a", False, ()),
            {"x_a": ["elevated"]},
        ),
        (
            "acts as itself, so that its tables would be its own",
            with_role(SETTLED, dataclasses.replace(A, acts_as="", owns=True)),
            ("x_a", "x_a", False, ()),
            {"x_owner": ["owned_by_logins"], "x_a": ["acts_as"]},
        ),
        (
            "the old login opened again",
            with_role(SETTLED, Role("x", True, comment=NAMES.comment("x"))),
            ("x_a", "x_a", False, ("x",)),
            {"x": ["login"]},
        ),
        (
            "a database that an administrator owns stays his",
            dataclasses.replace(SETTLED, database_owner="admin"),
            ("x_a", "x_a"),
            {},
        ),
    ],
)
def test_roles(what: str, server: Server, arguments: tuple[Any, ...], wanted: dict[str, list[str]]) -> None:
    assert changed(server, *arguments) == wanted, what


@pytest.mark.parametrize(("current", "told"), [("x_a", STORED), ("x_b", "a new one"), ("x", "a new one")])
def test_a_password_that_is_put_back_is_not_called_new(current: str, told: str) -> None:
    one = plan(SETTLED, NAMES, current, "x_a", True, ())[-1]
    assert one.after is not None and one.after["password"] == told


@pytest.mark.parametrize(
    ("opened", "used", "wanted"),
    [("", "", "x_a"), ("a", "", "x_b"), ("b", "", "x_a"), ("ab", "a", "x_b"), ("ab", "b", "x_a"), ("ab", "ab", "x_a")],
)
def test_the_login_whose_turn_it_is_where_the_store_knows_neither(opened: str, used: str, wanted: str) -> None:
    server = Server(180000, "admin", False, "x_owner", (OWNER, *(Role(f"x_{one}", one in opened) for one in "ab")))
    assert unused_login(server, NAMES, lambda login: login[-1] in used) == wanted


def test_settings_of_the_login_as_found_are_carried_over() -> None:
    (login,) = (one for one in plan(AS_FOUND, NAMES, "x", "x_a", True, ()) if one.object.endswith("x_a"))
    assert login.after["settings"] == ["search_path=app"]


@pytest.mark.parametrize(
    ("what", "server", "retire", "words"),
    [
        ("a role of others", with_role(AS_FOUND, Role("x_owner", False)), (), "was not made for database xdb"),
        (
            "an administrator",
            with_role(AS_FOUND, dataclasses.replace(FOUND, elevated=("superuser",))),
            ("x",),
            "is an administrator",
        ),
        ("shared", with_role(AS_FOUND, dataclasses.replace(FOUND, elsewhere=("other",))), ("x",), "owns something in other"),
        ("lacking", dataclasses.replace(AS_FOUND, lacking=("SELECT on public.prices",)), (), "SELECT on public.prices"),
    ],
)
def test_refusals(what: str, server: Server, retire: tuple[str, ...], words: str) -> None:
    sentences = [refusal.sentence() for one in plan(server, NAMES, "x", "x_a", True, retire) for refusal in one.refusals]
    assert any(words in sentence for sentence in sentences), (what, sentences)


@pytest.fixture(scope="module")
def where2eat(root: Any) -> App:
    return load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")


@pytest.mark.parametrize(
    ("kind", "standing", "variable", "wanted"),
    [
        ("postgresql_password", "live", "DATABASE_URL", "database"),
        ("password", "live", "DB_PASSWORD", "database"),
        ("password", "live", "spring.datasource.password", "database"),
        ("password", "live", "JDBC_PASSWORD", "database"),
        ("password", "live", "ADMIN_PASSWORD", ""),
        ("api_key", "live", "RESTAURANT_API_KEY", "restaurant-api"),
        ("api_key", "live", "restaurantApiKey", "restaurant-api"),
        ("sendgrid_api_key", "live", "SENDGRID_API_KEY", ""),
        ("api_key", "live", "API_KEY", ""),
        ("signing_key", "signing_key", "app.secret_key", "session"),
    ],
)
def test_which_secret_a_finding_is(where2eat: App, kind: str, standing: str, variable: str, wanted: str) -> None:
    finding = CredentialFinding(kind, standing, "config.py", 1, "", "f", "why", variable)
    spec = spec_of(finding, where2eat)
    assert (spec.name if spec else "") == wanted


class EmptyStore:
    """A store without secrets."""

    @staticmethod
    def object(name: str) -> str:
        return f"memory:{name}"

    @staticmethod
    def describe(_name: str) -> None:
        return None

    @staticmethod
    def versions(_name: str) -> tuple[()]:
        return ()


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [
        ("SLACK_BOT_TOKEN", "bot_token"),
        ("botToken", "bot_token"),
        ("slack.app_token", "app_token"),
        ("SLACK_SIGNING_SECRET", "signing"),
        ("TOKEN", "app_token"),
        ("", "app_token"),
    ],
)
def test_which_key_of_a_secret_with_several_a_finding_is(variable: str, wanted: str) -> None:
    variables = (("app_token", "SLACK_APP_TOKEN"), ("bot_token", "SLACK_BOT_TOKEN"), ("signing", "SLACK_SIGNING_SECRET"))
    spec = SecretSpec("slack", "api_key", variables)
    finding = CredentialFinding("slack_token", "live", "main.go", 1, "", "f", "why", variable)
    assert key_of(Found(finding, "value", spec), spec) == wanted


def test_several_values_of_one_vendor_are_moved_as_one_document(where2eat: App) -> None:
    """Of two values for one key, the one that the app runs with: it was found before those of the history."""
    spec = SecretSpec("slack", "api_key", (("app_token", "SLACK_APP_TOKEN"), ("bot_token", "SLACK_BOT_TOKEN")))
    names = (("SLACK_APP_TOKEN", "xapp"), ("SLACK_BOT_TOKEN", "xoxb"), ("SLACK_BOT_TOKEN", "xoxb of long ago"))
    found = tuple(
        Found(CredentialFinding("slack_token", "live", "main.go", line, "", value, "why", name), value, spec)
        for line, (name, value) in enumerate(names)
    )
    job = Job(spec, "name", About(), None, found)
    now = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
    sight = look(job, EmptyStore(), Wish(now, None, "now"))
    assert sight.first == {"app_token": "xapp", "bot_token": "xoxb"} and not sight.refused


def test_who_is_to_store_a_secret_is_told_all_its_keys() -> None:
    spec = SecretSpec("slack", "api_key", (("app_token", "SLACK_APP_TOKEN"), ("bot_token", "SLACK_BOT_TOKEN")))
    now = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
    sight = look(Job(spec, "name", About(), None, ()), EmptyStore(), Wish(now, None, "now"))
    (refusal,) = {refusal for plan in sight.plans for refusal in plan.refusals}
    assert "with the keys app_token, bot_token" in refusal.sentence()


class StoreOf(EmptyStore):
    """A store with one secret that is its own document's only version."""

    conditional = False

    def __init__(self, value: str, days_old: int) -> None:
        self.value, self.written = value, NOW - datetime.timedelta(days=days_old)

    def describe(self, name: str) -> Stored:
        return Stored(name, (Version("goldenpath-1", frozenset({Stage.CURRENT})),))

    def read(self, _name: str, _token: str) -> dict[str, str]:
        return {"value": self.value}

    def created(self, _name: str, _token: str) -> datetime.datetime:
        return self.written


NOW = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
RANDOM = Generated("value", Secrets(), bytes)


def generated(name: str, variable: str, in_code: str = "") -> Job:
    spec = SecretSpec(name, "generated", (("value", variable),))
    finding = CredentialFinding("signing_key", "signing_key", "app.py", 6, "", "f", "why", in_code)
    return Job(spec, "name", About(), RANDOM, (Found(finding, "as found", spec),) if in_code else ())


ENCRYPTING = [
    ("field-encryption", "KEY", "KEY"),
    ("data", "FERNET_KEY", "KEY"),
    ("data", "KEY", "cipherKey"),
    ("x", "aesKey", "K"),
]


@pytest.mark.parametrize(("name", "variable", "in_code"), ENCRYPTING)
def test_a_key_that_encrypts_is_not_replaced_because_it_stands_in_the_code(name: str, variable: str, in_code: str) -> None:
    """With another one, nobody could read what the app has encrypted."""
    job, wish = generated(name, variable, in_code), Wish(NOW, datetime.timedelta(days=90), "now")
    for store in (EmptyStore(), StoreOf("as found", 1)):
        sight = look(job, store, wish)
        assert not sight.rotating and sight.refused
        (refusal,) = {refusal for plan in sight.plans for refusal in plan.refusals}
        assert "encrypted anew" in refusal.next_step and f"-e secret={name}" in refusal.next_step
        assert look(job, store, dataclasses.replace(wish, force=True)).rotating, "whoever asks for it gets it"


def test_a_key_that_encrypts_does_not_end_by_age_and_its_age_is_told() -> None:
    wish = Wish(NOW, datetime.timedelta(days=90), "now")
    sight = look(generated("field-encryption", "KEY"), StoreOf("made long ago", 91), wish)
    assert not sight.rotating and not sight.refused and "91 days old" in sight.due


@pytest.mark.parametrize("name", ["session", "bcrypt-rounds", "caesar"])
def test_other_keys_are_replaced_and_a_first_one_is_made(name: str) -> None:
    wish = Wish(NOW, datetime.timedelta(days=90), "now")
    assert look(generated(name, "SESSION_KEY", "app.secret_key"), EmptyStore(), wish).rotating
    assert look(generated("field-encryption", "KEY"), EmptyStore(), wish).rotating, "nothing is encrypted yet"


def test_a_provider_class_asks_for_each_key_as_the_pods_account(where2eat: App) -> None:
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"))
    account, *classes = objects(where2eat, dataclasses.replace(profile, secret_store=SecretStore(delivery="csi")))
    assert account["kind"] == "ServiceAccount" and {one["kind"] for one in classes} == {"SecretProviderClass"}
    assert [one["metadata"]["name"] for one in classes] == [f"where2eat-{spec.name}" for spec in where2eat.secrets]
    database, spec = classes[0]["spec"], where2eat.secrets[0]
    keys = [key for key, _variable in spec.variables]
    assert database["provider"] == "aws" and database["parameters"]["region"] == "eu-west-1"
    parts = [{"path": f'"{key}"', "objectAlias": key} for key in keys]
    asked = {"objectName": where2eat.secret_name("database"), "objectType": "secretsmanager", "jmesPath": parts}
    assert yaml.safe_load(database["parameters"]["objects"]) == [asked]
    data = [{"objectName": key, "key": key} for key in keys]
    assert database["secretObjects"] == [{"secretName": "where2eat-database", "type": "Opaque", "data": data}]


def test_a_provider_class_of_openbao_names_mount_and_role(where2eat: App) -> None:
    store = SecretStore("openbao", "https://bao.example.com", "/t", delivery="csi")
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), secret_store=store)
    spec = objects(where2eat, profile)[1]["spec"]
    assert spec["provider"] == "vault" and spec["parameters"]["roleName"] == where2eat.role_name
    assert spec["parameters"]["vaultAddress"] == "https://bao.example.com"
    path = f"secret/data/{where2eat.secret_name('database')}"
    asked = [{"objectName": key, "secretPath": path, "secretKey": key} for key, _variable in where2eat.secrets[0].variables]
    assert yaml.safe_load(spec["parameters"]["objects"]) == asked


def test_delivery_is_by_workload_identity(where2eat: App) -> None:
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"))
    account, store, *secrets = objects(where2eat, profile)
    assert store["spec"]["provider"]["aws"]["auth"] == {"jwt": {"serviceAccountRef": {"name": account["metadata"]["name"]}}}
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith(":role/microapp-where2eat-sandbox")
    keys = {entry["remoteRef"]["key"] for one in secrets for entry in one["spec"]["data"]}
    assert keys == {where2eat.secret_name(spec.name) for spec in where2eat.secrets}
    assert all(one["metadata"]["namespace"] == "where2eat-sandbox" for one in (account, store, *secrets))
    bao = dataclasses.replace(profile, secret_store=SecretStore("openbao", "https://bao.example.com", "/t"))
    assert "vault" in objects(where2eat, bao)[1]["spec"]["provider"]
    assert objects(dataclasses.replace(where2eat, secrets=()), profile) == ()


def test_what_others_add_to_where_the_values_come_from_is_drift(where2eat: App) -> None:
    """External Secrets itself writes defaults beside ours: those stay."""
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"))
    of_kind = {one.manifest["kind"]: one for one in wanted_objects(where2eat, profile)}
    asked, store = of_kind["ExternalSecret"], of_kind["SecretStore"]
    theirs = {
        "dataFrom": [{"extract": {"key": "of-others"}}],
        "target": {"template": {"data": {"password": "x"}}, "immutable": False},
    }
    assert additions(asked, {"spec": theirs}) == (("spec", "dataFrom"), ("spec", "target", "template"))
    assert additions(store, {"spec": {"controller": "none", "conditions": [], "refreshInterval": 0}}) == (
        ("spec", "controller"),
        ("spec", "conditions"),
    )


def test_delivery_from_google_names_project_and_ids(where2eat: App) -> None:
    store = SecretStore("gcp_secretmanager", project="acme-dev")
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), secret_store=store)
    account, provider, secret, *_others = objects(where2eat, profile)
    login = {"workloadIdentity": {"serviceAccountRef": {"name": where2eat.service_account}}}
    assert provider["spec"]["provider"] == {"gcpsm": {"projectID": "acme-dev", "auth": login}}
    assert "annotations" not in account["metadata"], "a policy names the service account itself"
    irsa = dataclasses.replace(profile, aws=dataclasses.replace(profile.aws, oidc_provider="oidc.example.com"))
    assert "eks.amazonaws.com/role-arn" in objects(where2eat, irsa)[0]["metadata"]["annotations"], "it still has a role at AWS"
    assert {entry["remoteRef"]["key"] for entry in secret["spec"]["data"]} == {"microapps_sandbox_where2eat_database"}


def test_delivery_from_google_by_a_provider_of_ones_own_asks_for_its_audience(where2eat: App) -> None:
    named = "projects/123456789012/locations/global/workloadIdentityPools/microapps/providers/cluster-dev"
    store = SecretStore("gcp_secretmanager", project="acme-dev", identity_provider=named)
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), secret_store=store)
    audience = f"//iam.googleapis.com/{named}"
    account = {"name": where2eat.service_account, "audiences": [audience]}
    login = {"workloadIdentityFederation": {"audience": audience, "serviceAccountRef": account}}
    assert objects(where2eat, profile)[1]["spec"]["provider"]["gcpsm"]["auth"] == login


@pytest.mark.parametrize(
    ("address", "environment"),
    [
        ("https://acme-dev.vault.azure.net", "PublicCloud"),
        ("https://acme-dev.vault.usgovcloudapi.net", "USGovernmentCloud"),
        ("https://acme-dev.vault.azure.cn", "ChinaCloud"),
    ],
)
def test_delivery_from_azure_names_vault_and_ids(where2eat: App, address: str, environment: str) -> None:
    store = SecretStore("azure_keyvault", address, tenant_id="2b1c8f0e-1111-4222-8333-444455556666")
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), secret_store=store)
    _account, provider, secret, *_others = objects(where2eat, profile)
    assert provider["spec"]["provider"] == {
        "azurekv": {
            "vaultUrl": address,
            "environmentType": environment,
            "tenantId": "2b1c8f0e-1111-4222-8333-444455556666",
            "authType": "WorkloadIdentity",
            "serviceAccountRef": {"name": where2eat.service_account},
        }
    }
    remotes = [entry["remoteRef"] for entry in secret["spec"]["data"]]
    assert {one["key"] for one in remotes} == {"secret/microapps--sandbox--where2eat--database"}
    assert [one["property"] for one in remotes] == [key for key, _variable in where2eat.secrets[0].variables]


def test_a_service_account_says_which_identity_of_azure_it_is(where2eat: App) -> None:
    store = SecretStore("azure_keyvault", "https://acme-dev.vault.azure.net", tenant_id="t", vault_id="/subscriptions/x")
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), secret_store=store)
    said = {"azure.workload.identity/client-id": "c", "azure.workload.identity/tenant-id": "t"}
    assert objects(where2eat, profile, said)[0]["metadata"]["annotations"] == said
    assert "annotations" not in objects(where2eat, profile)[0]["metadata"], "it is not known yet"
    assert "tenantId" not in objects(where2eat, profile, said)[1]["spec"]["provider"]["azurekv"], "it would be told twice"
    irsa = dataclasses.replace(profile, aws=dataclasses.replace(profile.aws, oidc_provider="oidc.example.com"))
    assert len(objects(where2eat, irsa, said)[0]["metadata"]["annotations"]) == 3


def test_passwords_are_even_and_need_no_quoting() -> None:
    values = iter(range(10**6))
    password = new_password(lambda size: bytes(next(values) % 256 for _unused in range(size)))
    assert len(password) == 32
    assert password.isalnum()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("alias/x", "alias/x", True),
        ("arn:aws:kms:eu-west-1:1:alias/x", "alias/x", True),
        ("arn:aws:kms:eu-west-1:1:key/12", "12", True),
        ("arn:aws:kms:eu-west-1:1:alias/xx", "alias/x", False),
        ("", "alias/x", False),
    ],
)
def test_kms_keys_by_any_name(one: str, other: str, same: bool) -> None:
    assert same_key(one, other) is same


@pytest.mark.parametrize("text", ["plain", "[1, 2]", "17", '"quoted"', "{broken"])
def test_a_value_that_is_no_document_is_kept_whole(text: str) -> None:
    assert from_text("n", text) == {"value": text}


def test_documents_round_trip() -> None:
    document = {"password": 'with "quotes", ünicode and \n lines', "port": "5432"}
    assert from_text("n", to_text(document)) == document
    assert from_text("n", '{"port": 5432}') == {"port": "5432"}
