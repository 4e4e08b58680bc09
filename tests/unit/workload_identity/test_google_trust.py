# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The trust proof for Google: our policies let the workload in and no stranger, and policies seen in the wild are found out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.google_plan import (
    Wish,
    inherited,
    plan,
    strangers_in,
    wanted,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.google_trust import (
    ACCESSOR,
    Pool,
    Provider,
    Token,
    accepts,
    is_workload,
    opens,
    own_token,
    shared,
    strangers,
    wrong,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.subject import Subject, checked

SHOP = Subject("shop-dev", "shop")
ISSUER = "https://oidc.example.com/clusters/dev"
GKE = Pool("123456789012", "acme-dev.svc.id.goog")
BASE = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools"
NAMED = "projects/123456789012/locations/global/workloadIdentityPools/microapps/providers/cluster-dev"
OWN = Pool("123456789012", "microapps", (Provider(NAMED, ISSUER),))
GKE_TOKEN = own_token(GKE, SHOP, "", "")
OWN_TOKEN = own_token(OWN, SHOP, ISSUER, NAMED)


def policy(*members: str, role: str = ACCESSOR, **more: Any) -> dict[str, Any]:
    return {"etag": "e0", "bindings": [{"role": role, "members": list(members), **more}]}


GKE_MEMBER = f"principal:{BASE}/acme-dev.svc.id.goog/subject/ns/shop-dev/sa/shop"
OWN_MEMBER = f"principal:{BASE}/microapps/subject/system:serviceaccount:shop-dev:shop"


@pytest.mark.parametrize(
    ("member", "let_in"),
    [
        ("allUsers", "another namespace"),
        ("allUsers", "another audience"),
        ("allAuthenticatedUsers", "another namespace"),
        (f"principalSet:{BASE}/acme-dev.svc.id.goog/*", "another namespace"),
        (f"principalSet:{BASE}/acme-dev.svc.id.goog/namespace/shop-dev", "another service account"),
        (f"principalSet:{BASE}/acme-dev.svc.id.goog/namespace/shop-devx", "another namespace"),
        (
            f"principalSet:{BASE}/acme-dev.svc.id.goog/kubernetes.cluster/"
            "https://container.googleapis.com/v1/projects/acme-dev/locations/x/clusters/y",
            "another namespace",
        ),
        (f"principalSet:{BASE}/acme-dev.svc.id.goog/group/anybody", "another namespace"),
        (f"principal:{BASE}/acme-dev.svc.id.goog/kubernetes.serviceaccount.uid/1-2-3", "another namespace"),
        (f"principal:{BASE}/acme-dev.svc.id.goog/subject/ns/shop-dev/sa/default", "another service account"),
        (f"principal:{BASE}/acme-dev.svc.id.goog/subject/ns/shop-dev/sa/shop-2", "a longer service account"),
        (f"principal:{BASE}/acme-dev.svc.id.goog/subject/ns/shop-de/sa/shop", "another namespace's prefix"),
        ("serviceAccount:acme-dev.svc.id.goog[shop-dev/*]", "another service account"),
        ("serviceAccount:acme-dev.svc.id.goog[*]", "another namespace"),
        ("serviceAccount:acme-dev.svc.id.goog[shop-dev/default]", "another service account"),
    ],
)
def test_a_policy_that_lets_strangers_in_is_found_out(member: str, let_in: str) -> None:
    found = policy(GKE_MEMBER, member)
    assert let_in in wrong(found, GKE, GKE_TOKEN)
    assert strangers_in(found, Wish(GKE, GKE_TOKEN)) == ((ACCESSOR, member),)


def test_the_right_policy_refuses_every_stranger_and_lets_the_workload_in() -> None:
    for pool, token, member in ((GKE, GKE_TOKEN, GKE_MEMBER), (OWN, OWN_TOKEN, OWN_MEMBER)):
        assert pool.principal(SHOP) == member
        assert wrong(policy(member), pool, token) == ()
        assert {what for what, _token in strangers(pool, token)} >= {
            "another namespace",
            "another namespace's prefix",
            "another service account",
            "a longer service account",
            "another audience",
        }


def test_without_ours_the_workload_itself_is_refused() -> None:
    for found in ({}, policy(GKE_MEMBER, role="roles/secretmanager.viewer"), policy(OWN_MEMBER)):
        assert wrong(found, GKE, GKE_TOKEN) == ("not the workload itself",)


def test_a_shared_pool_is_said_to_be_one() -> None:
    assert "every cluster of the project acme-dev shares the pool" in shared(GKE, GKE_TOKEN)
    twin = dataclasses.replace(GKE_TOKEN, issuer="https://container.googleapis.com/v1/projects/acme-dev/locations/l/clusters/2")
    assert accepts(policy(GKE_MEMBER), GKE, twin), "so the sentence is true"
    other = dataclasses.replace(
        GKE_TOKEN, issuer="https://container.googleapis.com/v1/projects/acme-dev-2/locations/l/clusters/2"
    )
    assert not accepts(policy(GKE_MEMBER), GKE, other)
    assert shared(OWN, OWN_TOKEN) == ""


def provider(**fields: Any) -> Pool:
    return dataclasses.replace(OWN, providers=(dataclasses.replace(OWN.providers[0], **fields),))


@pytest.mark.parametrize(
    ("pool", "what"),
    [
        (provider(issuer="https://oidc.example.com/clusters/prod"), "not the workload itself"),
        (provider(audiences=("https://kubernetes.default.svc",)), "another audience"),
        (provider(condition="assertion.sub == 'system:serviceaccount:shop-dev:other'"), "not the workload itself"),
        (dataclasses.replace(OWN, providers=()), "not the workload itself"),
        (
            dataclasses.replace(
                OWN, providers=(*OWN.providers, Provider(f"{NAMED}-2", "https://oidc.example.com/clusters/prod"))
            ),
            "another cluster (https://oidc.example.com/clusters/prod)",
        ),
        (provider(mapping={"google.subject": "'x::' + assertion.sub"}), "maps google.subject in a way"),
        (provider(mapping={}), "maps google.subject in a way"),
        (provider(condition="assertion.namespace in ['shop-dev']"), "has a condition that this proof cannot judge"),
        (provider(condition="assertion.sub == 'a' || true"), "has a condition that this proof cannot judge"),
    ],
)
def test_a_provider_of_ones_own_that_is_wrong_is_found_out(pool: Pool, what: str) -> None:
    token = own_token(pool, SHOP, ISSUER, NAMED)
    assert what in ", ".join(wrong(policy(OWN_MEMBER), pool, token))


def test_a_provider_may_be_narrower_and_another_clusters_may_be_kept_out() -> None:
    narrow = (
        "assertion.sub.startsWith('system:serviceaccount:shop-dev:') && google.subject == \"system:serviceaccount:shop-dev:shop\""
    )
    assert wrong(policy(OWN_MEMBER), provider(condition=narrow), OWN_TOKEN) == ()
    actions = Provider(f"{NAMED}-2", "https://actions.example.com", condition="assertion.sub.startsWith('repo:')")
    pool = dataclasses.replace(OWN, providers=(*OWN.providers, actions))
    assert wrong(policy(OWN_MEMBER), pool, OWN_TOKEN) == ()


def test_a_provider_takes_its_own_name_as_audience_by_both_spellings() -> None:
    for audience in (f"//iam.googleapis.com/{NAMED}", f"https://iam.googleapis.com/{NAMED}"):
        assert accepts(policy(OWN_MEMBER), OWN, Token(SHOP, ISSUER, audience))
    assert not accepts(policy(OWN_MEMBER), OWN, Token(SHOP, ISSUER, f"//iam.googleapis.com/{NAMED}x"))


@pytest.mark.parametrize("namespace", ["*", "", "shop-*", "shop/dev", "shop-dev/sa/x", "Shop"])
def test_a_wildcard_subject_is_refused_when_it_is_written(namespace: str) -> None:
    with pytest.raises(Invalid, match="does not name exactly one"):
        checked(Subject(namespace, "shop"))
    with pytest.raises(Invalid, match="does not name exactly one"):
        checked(Subject("shop-dev", namespace))


def test_only_what_opens_a_secret_counts() -> None:
    assert opens("roles/secretmanager.admin") and opens("projects/acme-dev/roles/anything") and opens("roles/owner")
    assert not opens("roles/secretmanager.viewer") and not opens("roles/storage.objectViewer")
    people = ("user:a@b.example", "group:a@b.example", "serviceAccount:a@acme-dev.iam.gserviceaccount.com")
    workforce = "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/a@b.example"
    assert not any(is_workload(member) for member in (*people, workforce))


def test_what_is_written_keeps_everything_of_others() -> None:
    theirs = {"role": ACCESSOR, "members": ["user:a@b.example"], "condition": {"title": "t", "expression": "request.time < x"}}
    found = {
        "version": 3,
        "etag": "e7",
        "auditConfigs": [{"service": "allServices"}],
        "bindings": [theirs, {"role": ACCESSOR, "members": ["group:g@b.example"]}, {"role": "roles/x", "members": ["user:c@d"]}],
    }
    after = wanted(found, Wish(GKE, GKE_TOKEN, take=True))
    assert after["etag"] == "e7" and after["auditConfigs"] == found["auditConfigs"] and after["version"] == 3
    assert after["bindings"][0] == theirs and after["bindings"][2] == found["bindings"][2]
    assert after["bindings"][1]["members"] == ["group:g@b.example", GKE_MEMBER]
    assert wanted(after, Wish(GKE, GKE_TOKEN, take=True)) == after


def test_a_binding_of_ours_under_a_condition_is_not_yet_ours() -> None:
    found = policy(GKE_MEMBER, condition={"title": "t", "expression": "false"})
    assert [one["members"] for one in wanted(found, Wish(GKE, GKE_TOKEN))["bindings"]] == [[GKE_MEMBER], [GKE_MEMBER]]


def test_report_refuses_by_name_and_take_removes() -> None:
    bad = f"principalSet:{BASE}/acme-dev.svc.id.goog/namespace/shop-dev"
    admin = {"role": "roles/secretmanager.admin", "members": [GKE_MEMBER]}
    found = {"etag": "e0", "bindings": [{"role": ACCESSOR, "members": [bad, "user:a@b.example"]}, admin]}
    made, refused = plan("x", found, Wish(GKE, GKE_TOKEN, control="secrets-08"))
    assert made.verb == "updated" and not made.refusals, "the workload is let in all the same"
    assert [one.what for one in refused.refusals] == [f"{GKE_MEMBER} has {admin['role']} on x", f"{bad} has {ACCESSOR} on x"]
    assert "the trust proof says: another service account" in refused.refusals[1].why
    (taken,) = plan("x", found, Wish(GKE, GKE_TOKEN, take=True))
    assert taken.after == {"readers": {ACCESSOR: sorted([GKE_MEMBER, "user:a@b.example"])}}


def test_the_older_spelling_of_the_same_workload_is_no_stranger() -> None:
    found = policy(GKE_MEMBER, "serviceAccount:acme-dev.svc.id.goog[shop-dev/shop]")
    assert plan("x", found, Wish(GKE, GKE_TOKEN))[0].verb == "unchanged"
    assert strangers_in(found, Wish(GKE, GKE_TOKEN)) == () and wrong(found, GKE, GKE_TOKEN) == ()


def test_what_the_project_gives_to_workloads_reaches_every_secret() -> None:
    wish = Wish(GKE, GKE_TOKEN, control="secrets-08")
    assert inherited("acme-dev", policy("user:a@b.example", role="roles/owner"), [wish]).verb == "unchanged"
    told = inherited("acme-dev", policy(GKE_MEMBER, f"principal:{BASE}/else/subject/x"), [wish]).refusals
    assert [one.why for one in told] == [
        "so the app may read every secret of the project",
        "so it may read the app's secrets and all others",
    ]
    assert inherited("acme-dev", policy(GKE_MEMBER, role="roles/storage.objectViewer"), [wish]).verb == "unchanged"


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES, NAMES, NAMES)
def test_nobody_else_of_any_name_is_let_in(namespace: str, account: str, other: str, stranger: str) -> None:
    subject, foreign = Subject(namespace, account), Subject(other, stranger)
    for pool, token in ((GKE, own_token(GKE, subject, "", "")), (OWN, own_token(OWN, subject, ISSUER, NAMED))):
        held = policy(pool.principal(subject))
        assert accepts(held, pool, dataclasses.replace(token, subject=foreign)) == (foreign == subject)
        assert wrong(held, pool, token) == ()
