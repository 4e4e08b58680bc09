# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`gcp_workload_identity` on the stand-in for Google's IAM, whose file says what it cannot prove."""

from __future__ import annotations

import contextlib
import copy
import pathlib
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request as http
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity import google
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity.google_trust import ACCESSOR

sys.path.append(str(pathlib.Path(__file__).parent))
from deaths import Killed, dying

POOL = "projects/123456789012/locations/global/workloadIdentityPools"
MEMBER = f"principal://iam.googleapis.com/{POOL}/acme-dev.svc.id.goog/subject/ns/shop-dev/sa/shop"
WHOLE_POOL = f"principalSet://iam.googleapis.com/{POOL}/acme-dev.svc.id.goog/*"
ISSUER = "https://oidc.example.com/clusters/dev"


def readers(cloud: Any, name: str) -> dict[str, list[str]]:
    return {one["role"]: one["members"] for one in cloud.policies[name].get("bindings", [])}


def test_each_secret_gets_the_one_principal_and_the_second_run_is_quiet(cloud: Any) -> None:
    planned = cloud.ask(check=True)
    assert planned["changed"] and not any("bindings" in held for held in cloud.policies.values())
    done = cloud.ask()
    assert done["diff"] == planned["diff"] and [one["action"] for one in done["objects"]] == ["updated", "updated", "unchanged"]
    assert readers(cloud, "one") == readers(cloud, "two") == {ACCESSOR: [MEMBER]}
    assert done["principals"] == [MEMBER]
    assert "every cluster of the project acme-dev shares the pool" in done["warnings"][0]
    cloud.calls.clear()
    again = cloud.ask()
    assert not again["changed"] and not any(call.startswith("POST") and "setIam" in call for call in cloud.calls)


def test_strangers_are_reported_and_stay_until_the_profile_takes(cloud: Any) -> None:
    theirs = [
        {"role": ACCESSOR, "members": ["allUsers", WHOLE_POOL, "user:a@b.example"]},
        {"role": "roles/secretmanager.viewer", "members": ["group:g@b.example"]},
        {"role": ACCESSOR, "members": ["user:b@b.example"], "condition": {"title": "t", "expression": "request.time < x"}},
    ]
    cloud.policies["one"] = {"version": 3, "etag": "e5", "bindings": copy.deepcopy(theirs)}
    answer = cloud.ask(secrets=("one",))
    assert answer["failed"] and f"allUsers has {ACCESSOR} on" in answer["msg"] and WHOLE_POOL in answer["msg"]
    assert "the trust proof says: another namespace" in answer["msg"]
    members = [one["members"] for one in cloud.policies["one"]["bindings"]]
    assert members == [sorted(["allUsers", MEMBER, WHOLE_POOL, "user:a@b.example"]), ["group:g@b.example"], ["user:b@b.example"]]
    answer = cloud.ask(secrets=("one",), adopt="take")
    assert not answer.get("failed") and answer["changed"]
    held = cloud.policies["one"]["bindings"]
    assert held == [{**theirs[0], "members": sorted([MEMBER, "user:a@b.example"])}, *theirs[1:]], "with its condition"


def test_what_the_project_gives_is_reported_and_never_changed(cloud: Any) -> None:
    cloud.policy = {"version": 1, "etag": "p1", "bindings": [{"role": ACCESSOR, "members": [MEMBER, "user:a@b.example"]}]}
    before = copy.deepcopy(cloud.policy)
    answer = cloud.ask(adopt="take")
    assert answer["failed"] and "so the app may read every secret of the project" in answer["msg"]
    assert cloud.policy == before and "user:a@b.example has" not in answer["msg"]


@pytest.mark.parametrize("name", ["*", "shop-*", "ns/x", ""])
def test_a_wildcard_subject_is_refused_before_anything_is_asked(cloud: Any, name: str) -> None:
    for workload in (
        {"namespace": name, "service_account": "shop", "secrets": ["one"]},
        {"namespace": "shop-dev", "service_account": name, "secrets": ["one"]},
    ):
        answer = cloud.ask(workloads=[workload])
        assert answer["failed"] and "does not name exactly one" in answer["msg"]
    assert not cloud.calls


def test_one_secret_has_one_workload(cloud: Any) -> None:
    both = [{"namespace": "shop-dev", "service_account": name, "secrets": ["one"]} for name in ("shop", "other")]
    assert "The secret one is listed twice" in cloud.ask(workloads=both)["msg"]
    assert not cloud.calls


def test_a_secret_that_is_not_there_is_that_secrets_answer(cloud: Any) -> None:
    planned = cloud.ask(check=True, secrets=("one", "none"))
    assert [one["action"] for one in planned["objects"]] == ["updated", "created", "unchanged"]
    answer = cloud.ask(secrets=("one", "none"))
    assert answer["failed"] and "The secret none: it is not in the store" in answer["msg"]
    assert readers(cloud, "one") == {ACCESSOR: [MEMBER]}


def own_pool(cloud: Any, **fields: Any) -> dict[str, Any]:
    name = f"{POOL}/microapps"
    entry = {
        "name": f"{name}/providers/cluster-dev",
        "state": "ACTIVE",
        "attributeMapping": {"google.subject": "assertion.sub"},
        "oidc": {"issuerUri": ISSUER},
    }
    cloud.pools[name] = {"providers": [{**entry, **fields}]}
    return {"identity_provider": entry["name"], "issuer": ISSUER}


def test_a_pool_of_ones_own_keeps_other_clusters_out(cloud: Any) -> None:
    answer = cloud.ask(secrets=("one",), **own_pool(cloud))
    assert not answer.get("failed") and "warnings" not in answer
    member = f"principal://iam.googleapis.com/{POOL}/microapps/subject/system:serviceaccount:shop-dev:shop"
    assert readers(cloud, "one") == {ACCESSOR: [member]}
    second = {"name": f"{POOL}/microapps/providers/cluster-prod", "oidc": {"issuerUri": f"{ISSUER}2"}}
    second["attributeMapping"] = {"google.subject": "assertion.sub"}
    cloud.pools[f"{POOL}/microapps"]["providers"].append(second)
    answer = cloud.ask(secrets=("one",), identity_provider=f"{POOL}/microapps/providers/cluster-dev", issuer=ISSUER)
    assert answer["failed"] and f"another cluster ({ISSUER}2)" in answer["msg"]
    second["disabled"] = True
    assert not cloud.ask(secrets=("one",), identity_provider=f"{POOL}/microapps/providers/cluster-dev", issuer=ISSUER).get(
        "failed"
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"oidc": {"issuerUri": "https://elsewhere.example.com"}}, "not the workload itself"),
        # Google compares it as a text.
        ({"oidc": {"issuerUri": f"{ISSUER}/"}}, "not the workload itself"),
        ({"oidc": {"issuerUri": ISSUER, "allowedAudiences": ["https://kubernetes.default.svc"]}}, "another audience"),
        ({"disabled": True}, "not the workload itself"),
        ({"state": "DELETED"}, "not the workload itself"),
        ({"attributeMapping": {"google.subject": "'all'"}}, "maps google.subject"),
        ({"attributeCondition": "true || false"}, "has a condition that this proof cannot judge"),
    ],
)
def test_a_provider_that_is_wrong_is_refused(cloud: Any, fields: dict[str, Any], words: str) -> None:
    answer = cloud.ask(secrets=("one",), **own_pool(cloud, **fields))
    assert answer["failed"] and words in answer["msg"]


def test_a_pool_that_is_not_there_and_one_without_an_issuer_are_named(cloud: Any) -> None:
    named = own_pool(cloud)
    assert "is not the URL of an issuer" in cloud.ask(**{**named, "issuer": None})["msg"]
    cloud.pools.clear()
    assert "Google does not know it" in cloud.ask(**named)["msg"]
    assert "is neither GKE's pool nor" in cloud.ask(identity_provider=f"{POOL}/*")["msg"]


def test_who_was_slower_reads_again_and_nothing_of_others_is_lost(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "PAUSES", (0.0, 0.0, 0.0))
    raced = []

    def racing(address: str, method: str, path: str, *rest: Any) -> Any:
        if path.endswith("one:setIamPolicy") and len(raced) < 2:
            raced.append(path)
            held = cloud.policies["one"]
            bindings = [{"role": "roles/x", "members": [f"user:{len(raced)}@b.example"]}, *held.get("bindings", [])]
            cloud.policies["one"] = {"version": 1, "etag": f"e{int(held['etag'][1:]) + 1}", "bindings": bindings}
        return http(address, method, path, *rest)

    monkeypatch.setattr(google, "http_json", racing)
    assert not cloud.ask(secrets=("one",)).get("failed")
    assert len(raced) == 2
    members = {member for one in cloud.policies["one"]["bindings"] for member in one["members"]}
    assert members == {"user:1@b.example", "user:2@b.example", MEMBER}


def test_others_that_write_all_the_time_are_a_refusal(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "PAUSES", (0.0, 0.0))

    def racing(address: str, method: str, path: str, *rest: Any) -> Any:
        if path.endswith(":setIamPolicy"):
            cloud.policies["one"]["etag"] += "0"
        return http(address, method, path, *rest)

    monkeypatch.setattr(google, "http_json", racing)
    answer = cloud.ask(secrets=("one",))
    assert answer["failed"] and "others write it all the time" in answer["msg"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_the_next_run_finishes(cloud: Any, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"role": ACCESSOR, "members": [WHOLE_POOL]}
    for count in range(1, 50):
        cloud.policies = {"one": {"version": 1, "etag": "e1", "bindings": [copy.deepcopy(bad)]}}
        calls: list[int] = []
        monkeypatch.setattr(google, "http_json", dying(http, calls, count, when))
        with contextlib.suppress(Killed):
            cloud.ask(secrets=("one",), adopt="take")
        monkeypatch.setattr(google, "http_json", http)
        assert not cloud.ask(secrets=("one",), adopt="take").get("failed")
        assert readers(cloud, "one") == {ACCESSOR: [MEMBER]}, count
        assert not cloud.ask(secrets=("one",), adopt="take")["changed"]
        if len(calls) < count:
            assert count > 5
            return
    pytest.fail("it never ended")


@pytest.mark.parametrize("address", ["http://iam.example.com/", "http://127.0.0.1.example.com", "ftp://127.1", ""])
def test_no_login_is_sent_in_clear_to_another_machine(cloud: Any, address: str) -> None:
    cloud.environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"] = address
    answer = cloud.ask()
    assert answer["failed"] and "a login is sent in clear to this machine alone" in answer["msg"] and not cloud.calls


def test_a_login_that_is_refused_is_one_sentence(cloud: Any) -> None:
    cloud.audiences = frozenset()
    answer = cloud.ask()
    assert answer["failed"] and "docs/workload-identity.md" in answer["msg"] and not cloud.calls
