# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The trust proof for Azure: our credential lets the workload in and no stranger, and what is seen in the wild is found out."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.azure_plan import (
    CREDENTIAL,
    Found,
    Identity,
    Wish,
    assignment_name,
    credential,
    foreign,
    plan,
    strange_assignments,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.azure_trust import (
    AUDIENCE,
    SECRETS_USER,
    Assignment,
    Credential,
    Role,
    Token,
    accepts,
    may_read,
    strangers,
    wrong,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.subject import Subject

ISSUER = "https://oidc.example.com/clusters/dev"
GROUP = "/subscriptions/00000000-1111-4222-8333-444455556666/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/acme-dev"
OWN = Token(Subject("shop-dev", "shop"), ISSUER)
WISH = Wish(
    "id-shop-dev", VAULT, OWN, ("one", "two"), {"app": "shop", "managed-by": "goldenpath.microapps"}, control="secrets-08"
)
RIGHT = credential(WISH)
READER = Role("Key Vault Secrets User", data_actions=("Microsoft.KeyVault/vaults/secrets/getSecret/action",))
OFFICER = Role("Key Vault Secrets Officer", data_actions=("Microsoft.KeyVault/vaults/secrets/*",))
OWNER = Role("Owner", actions=("*",))
CONTRIBUTOR = Role("Contributor", actions=("*",), but_actions=("Microsoft.Authorization/*/Write",))
ROLES = {SECRETS_USER: READER, "officer": OFFICER, "owner": OWNER, "contributor": CONTRIBUTOR}
IDENTITY = Identity("client", "me", "tenant", WISH.tags)


def others(**fields: object) -> Credential:
    return dataclasses.replace(RIGHT, name="theirs", **fields)


def test_the_right_credential_refuses_every_stranger_and_lets_the_workload_in() -> None:
    assert wrong((RIGHT,), OWN) == ()
    assert {what for what, _token in strangers(OWN, ())} == {
        "another namespace",
        "another namespace's prefix",
        "another service account",
        "a longer service account",
        "another audience",
        "another cluster",
    }
    assert wrong((), OWN) == ("not the workload itself",)
    assert wrong((dataclasses.replace(RIGHT, audiences=()),), OWN) == ("not the workload itself",)


@pytest.mark.parametrize(
    ("credential_", "let_in"),
    [
        (others(subject="", expression="claims['sub'] matches 'system:serviceaccount:shop-dev:*'"), "another service account"),
        (others(subject="", expression="claims['sub'] matches 'system:serviceaccount:*:shop'"), "another namespace"),
        (
            others(subject="", expression="claims['sub'] matches '*' and claims['sub'] matches '*:shop-2'"),
            "a longer service account",
        ),
        (others(subject="", expression="claims['sub'] eq 'system:serviceaccount:shop-dev:default'"), "another service account"),
        (others(subject="", expression="claims['namespace'] eq 'x'"), "another namespace"),
        (others(subject=""), "another namespace"),
        (others(subject="system:serviceaccount:shop-devx:shop"), "another namespace"),
        (others(subject="system:serviceaccount:shop-dev:default"), "another service account"),
        (others(issuer="https://oidc.example.com/clusters/prod"), "another cluster (https://oidc.example.com/clusters/prod)"),
        (others(audiences=(AUDIENCE, "https://kubernetes.default.svc")), "another audience"),
        (others(audiences=("api://else",)), "another audience (api://else)"),
    ],
)
def test_a_credential_that_lets_strangers_in_is_found_out(credential_: Credential, let_in: str) -> None:
    assert let_in in wrong((RIGHT, credential_), OWN)
    found = Found(IDENTITY, (RIGHT, credential_))
    refused = plan(found, WISH)[-1]
    assert refused.verb == "refused" and "it is not the app's workload; the trust proof says" in refused.refusals[0].why
    taken = plan(found, dataclasses.replace(WISH, take=True))
    assert [one.object for one in taken if one.verb == "deleted"] == ["azure:identity/id-shop-dev/others/theirs"]
    assert not any(one.refusals for one in taken)


def assigned(scope: str, role: str = SECRETS_USER, principal: str = "me", **fields: str) -> Assignment:
    return Assignment(f"{scope}/x/{principal}-{role}", scope, role, principal, **fields)


MINE = (assigned(f"{VAULT}/secrets/one"), assigned(f"{VAULT}/secrets/two"))


@pytest.mark.parametrize(
    "strange",
    [
        assigned(VAULT),
        assigned(GROUP),
        assigned(f"{VAULT}/secrets/three"),
        assigned(f"{VAULT}/secrets/one", "officer"),
        assigned(VAULT, "owner"),
        assigned(VAULT, "a role whose definition is gone"),
        assigned(f"{VAULT}/secrets/one", principal="another", kind="ServicePrincipal"),
        assigned(f"{VAULT}/secrets/one", principal="nobody any more", kind="Unknown"),
    ],
)
def test_what_opens_more_than_its_own_secrets_or_them_to_others_is_strange(strange: Assignment) -> None:
    found = Found(IDENTITY, (RIGHT,), (*MINE, strange), ROLES)
    assert strange_assignments(found, WISH) == (strange,)
    assert strange.scope in plan(found, WISH)[-1].refusals[0].what


@pytest.mark.parametrize(
    "harmless",
    [
        assigned(VAULT, "contributor"),
        assigned(f"{VAULT}/secrets/one", "officer", principal="a@b.example", kind="User"),
        assigned(f"{VAULT}/secrets/one", "officer", principal="operators", kind="Group"),
        assigned(VAULT, "officer", principal="whoever runs this"),
    ],
)
def test_persons_and_what_opens_nothing_are_left_alone(harmless: Assignment) -> None:
    made = plan(Found(IDENTITY, (RIGHT,), (*MINE, harmless), ROLES), dataclasses.replace(WISH, take=True))
    assert {one.verb for one in made} == {"unchanged"}


def test_the_identity_reads_exactly_its_own_secrets() -> None:
    for secret, reads in (("one", True), ("two", True), ("three", False), ("one--pending", False), ("on", False)):
        assert may_read(MINE, ROLES, "me", f"{VAULT}/secrets/{secret}") is reads
    assert may_read((assigned(GROUP.upper()),), ROLES, "me", f"{VAULT}/secrets/three"), "scopes know no capitals"
    assert not may_read((assigned(f"{GROUP}x"),), ROLES, "me", f"{VAULT}/secrets/three")


def test_an_assignment_under_a_condition_is_not_yet_ours() -> None:
    found = Found(IDENTITY, (RIGHT,), (MINE[0], dataclasses.replace(MINE[1], condition="@Resource[x] StringEquals 'y'")), ROLES)
    assert [one.object for one in plan(found, WISH) if one.changes] == ["azure:acme-dev/secrets/two/reader"]


def test_nothing_is_there_yet() -> None:
    made = plan(Found(), WISH)
    assert {one.verb for one in made} == {"created"} and len(made) == 4
    assert all(one.controls == ("secrets-08",) for one in made)


def test_what_has_our_name_is_mended_and_the_same_under_another_name_is_enough() -> None:
    drifted = dataclasses.replace(RIGHT, subject="system:serviceaccount:shop-dev:*")
    trust = plan(Found(IDENTITY, (drifted,), MINE, ROLES), WISH)[1]
    assert trust.verb == "updated" and trust.before == {"trust": drifted.words()}
    assert drifted.name == CREDENTIAL and "another service account" not in wrong((drifted,), OWN), "Azure compares it as a text"
    made = plan(Found(IDENTITY, (others(),), MINE, ROLES), WISH)
    assert {one.verb for one in made} == {"unchanged"}


@pytest.mark.parametrize(
    ("tags", "take", "words"),
    [
        ({}, False, "it exists and was not made by us"),
        ({"app": "other", "managed-by": "goldenpath.microapps"}, True, "its tags say that it belongs to app other"),
        ({"app": "other"}, True, "its tags say that it belongs to app other"),
    ],
)
def test_an_identity_of_others_is_not_touched(tags: dict[str, str], take: bool, words: str) -> None:
    found = Found(dataclasses.replace(IDENTITY, tags=tags))
    (refused,) = plan(found, dataclasses.replace(WISH, take=take))
    assert refused.verb == "refused" and words in refused.refusals[0].why
    assert not foreign(Found(dataclasses.replace(IDENTITY, tags={})), dataclasses.replace(WISH, take=True))


def test_the_name_of_an_assignment_is_the_same_in_every_run() -> None:
    one = assignment_name(f"{VAULT}/secrets/one", "me")
    assert one == assignment_name(f"{VAULT}/secrets/one".upper(), "ME")
    assert one != assignment_name(f"{VAULT}/secrets/two", "me") and one != assignment_name(f"{VAULT}/secrets/one", "you")


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES, NAMES, NAMES)
def test_nobody_else_of_any_name_is_let_in(namespace: str, account: str, other: str, stranger: str) -> None:
    token = Token(Subject(namespace, account), ISSUER)
    held = (credential(dataclasses.replace(WISH, own=token)),)
    foreigner = Subject(other, stranger)
    assert accepts(held, dataclasses.replace(token, subject=foreigner)) == (foreigner == token.subject)
    assert wrong(held, token) == ()
