# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deciding about objects, as tables: what is there and what the server's dry run says in, a step out; no client, no mock."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.answers import (
    Call,
    FieldConflict,
    Holder,
    QuotaNotCounted,
    Terminating,
    Unchangeable,
    error_of,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.applyset import ApplySet, kinds_in
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.kinds import BUILT_IN, BY_GROUP_KIND
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.objects import (
    MANAGER,
    Wanted,
    additions,
    as_told,
    differences,
    field_of,
    holds,
    managers_of,
    name_of,
    overfull,
    removal,
    settled,
    without,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.plan import Rules, Seen, Step, decide, expel, prune

QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "q", "namespace": "n", "labels": {"a": "1"}},
    "spec": {"hard": {"pods": "4"}},
}
WANTED = Wanted(QUOTA, ("f-01", "f-02"), fields=((("metadata",), "f-02"),), exclusive=(("spec",),))


def live(manager: str = MANAGER, held: dict[str, Any] | None = None, **spec: str) -> dict[str, Any]:
    """The quota as a server has it; `held` are the fields that others manage."""
    entries = [{"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:hard": {"f:pods": {}}}}}]
    entries += [{"manager": name, "operation": "Update", "fieldsV1": fields} for name, fields in (held or {}).items()]
    found = copy.deepcopy(QUOTA)
    found["metadata"].update(uid="u-1", resourceVersion="7", generation=2, creationTimestamp="then", managedFields=entries)
    found["spec"]["hard"].update(spec)
    return {**found, "status": {"hard": {"pods": "4"}}}


ADDED = {"kubectl-edit": {"f:spec": {"f:hard": {"f:secrets": {}}}}}
REPORT, TAKE = Rules(), Rules("take")
NAMED = Rules("take", controllers=("argocd", "kubectl-edit"))


@pytest.mark.parametrize(
    ("seen", "rules", "verb", "deed", "controls"),
    [
        (Seen(WANTED), REPORT, "created", "apply", {"f-01", "f-02"}),
        (Seen(WANTED, live(), live()), REPORT, "unchanged", "none", set()),
        (
            Seen(WANTED, live(pods="9"), live(), (Holder("kubectl-edit", ".spec.hard.pods"),)),
            REPORT,
            "updated",
            "apply",
            {"f-01"},
        ),
        (Seen(WANTED, live(pods="9"), live(), (Holder("argocd", ".spec.hard.pods"),)), NAMED, "refused", "none", {"f-01"}),
        (Seen(WANTED, live(pods="9"), live(), (Holder("argocd", ".spec.hard.pods"),)), TAKE, "updated", "apply", {"f-01"}),
        (Seen(WANTED, live(secrets="9"), live(secrets="9")), REPORT, "updated", "apply", {"f-01"}),
        (Seen(WANTED, live(held=ADDED, secrets="9"), live(secrets="9")), NAMED, "refused", "none", {"f-01"}),
        (Seen(WANTED, live("helm"), live()), REPORT, "refused", "none", {"f-01", "f-02"}),
        (Seen(WANTED, live("helm", pods="9"), live()), TAKE, "updated", "apply", {"f-01"}),
        (Seen(WANTED, live(pods="9"), anew=True), REPORT, "updated", "anew", {"f-01"}),
    ],
    ids=range(10),
)
def test_a_decision(seen: Seen, rules: Rules, verb: str, deed: str, controls: set[str]) -> None:
    before = copy.deepcopy((seen.live, seen.after, seen.wanted.manifest))
    step = decide(seen, rules)
    assert (step.plan.verb, step.deed) == (verb, deed)
    named = step.plan.refusals or step.plan.changes
    assert {one.control for one in named} == controls
    assert (seen.live, seen.after, seen.wanted.manifest) == before


def test_what_was_added_is_taken_away_after_the_apply() -> None:
    step = decide(Seen(WANTED, live(secrets="9"), live(secrets="9")), REPORT)
    assert step.patch == {"spec": {"hard": {"secrets": None}}}
    assert "secrets" in step.plan.before["spec"]["hard"] and "secrets" not in step.plan.after["spec"]["hard"]


def test_a_cluster_that_does_not_keep_what_it_is_told_is_a_failure() -> None:
    step = decide(Seen(WANTED, live(pods="9"), live(pods="9")), REPORT)
    assert step.plan.failure and "spec.hard.pods" in step.plan.failure.sentence()


def test_a_diff_shows_nothing_that_the_server_keeps_for_itself() -> None:
    step = decide(Seen(WANTED, live(pods="9"), live()), REPORT)
    for side in (step.plan.before, step.plan.after):
        assert set(side["metadata"]) == {"name", "namespace", "labels"} and "status" not in side


def policy(manager: str, kind: str = "NetworkPolicy", role: str = "") -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "n", "uid": "u", "managedFields": [{"manager": manager, "operation": "Update"}]}
    reference = {"roleRef": {"kind": "ClusterRole", "name": role}} if role else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **reference}


@pytest.mark.parametrize(
    ("found", "rules", "verb"),
    [
        (policy("kubectl-create"), REPORT, "refused"),
        (policy("kubectl-create"), Rules(foreign="remove"), "deleted"),
        (policy("argocd"), Rules(foreign="remove", controllers=("argocd",)), "refused"),
        (policy("x", "RoleBinding", "system:image-puller"), Rules(foreign="remove"), None),
        (policy("x", "RoleBinding", "admin"), Rules(foreign="remove"), "deleted"),
    ],
)
def test_what_does_not_belong_there(found: dict[str, Any], rules: Rules, verb: str | None) -> None:
    step = expel(found, "f-07", rules)
    assert (step.plan.verb if step else None) == verb
    if step and verb == "deleted":
        assert step.uid == "u" and step.plan.changes[0].control == "f-07"
    if step and verb == "refused":
        assert found["metadata"]["managedFields"][0]["manager"] in step.plan.refusals[0].sentence()


def test_pruning_names_the_very_object() -> None:
    step = prune(policy("x"), "f-07")
    assert isinstance(step, Step) and (step.deed, step.uid, step.plan.verb) == ("delete", "u", "deleted")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {}, "Denied", "does not know this login"),
        (403, {"message": 'pods is forbidden: User "ada" cannot list resource "pods"'}, "Denied", "Grant list on pods in the"),
        (403, {"message": "exceeded quota: q"}, "Denied", "An admission rule of the cluster refuses it"),
        (403, {"message": "x", "details": {"causes": [{"reason": "NamespaceTerminating"}]}}, "Terminating", "being deleted"),
        (403, {"message": "status unknown for quota: q"}, "QuotaNotCounted", "controller manager"),
        (404, {"message": "gone"}, "NotFound", "gone"),
        (409, {"message": "the object has been modified"}, "Conflict", "modified"),
        (422, {"message": "spec.x: Invalid value"}, "Invalid", "spec.x"),
        (422, {"message": "roleRef: cannot change roleRef"}, "Unchangeable", "roleRef"),
        (422, {"message": "spec.scopes: unsupported scope applied to resource."}, "Unchangeable", "scope"),
        (500, {"message": "etcd"}, "Unreachable", "etcd"),
        (400, {"message": 'admission webhook "policy.sigstore.dev" denied the request: no'}, "Denied", "policy.sigstore.dev"),
        (418, {"message": "teapot"}, "Invalid", "418"),
    ],
)
def test_what_an_answer_means(status: int, body: dict[str, Any], kind: str, words: str) -> None:
    import json

    error = error_of(Call("list", "pods", "n"), status, json.dumps(body).encode(), "https://s")
    assert type(error).__name__ == kind and words in error.sentence()
    assert "\n" not in error.sentence()


def test_who_holds_a_field() -> None:
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using v1', "field": ".spec.hard.pods"}
    body = (
        b'{"message": "Apply failed", "details": {"causes": [%s]}}'
        % str(cause)
        .replace("'", '"')
        .replace('""kubectl', '"kubectl')
        .replace('conflict with "kubectl-edit"', 'conflict with \\"kubectl-edit\\"')
        .encode()
    )
    error = error_of(Call("patch", "resourcequotas", "n", "q"), 409, body, "https://s")
    assert isinstance(error, FieldConflict) and error.holders == (Holder("kubectl-edit", ".spec.hard.pods"),)
    assert issubclass(Terminating, Exception) and issubclass(QuotaNotCounted, Exception) and issubclass(Unchangeable, Exception)


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[1]", b"\xff\xfe", b'{"details": 7}'])
def test_a_broken_answer_is_still_an_error_of_ours(body: bytes) -> None:
    assert error_of(Call("get", "pods"), 502, body, "https://s").sentence()


@pytest.mark.parametrize(
    ("wanted", "got", "expected"),
    [
        ("2000m", "2", True),
        ("1024Mi", "1Gi", True),
        ("1.5Gi", "1536Mi", True),
        ("1000m", "1001m", False),
        ("a", "b", False),
        ([], None, True),
        ([], [{}], False),
        ({}, None, True),
        (None, "", True),
        ([{"a": 1}], [{"a": 1, "b": 2}], True),
        ([1], [1, 2], False),
        ([{"name": "ours", "a": 1}], [{"name": "theirs"}, {"name": "ours", "a": 1, "b": 2}], True),
        ([{"name": "ours", "a": 1}], [{"name": "theirs"}, {"name": "ours", "a": 2}], False),
        ([{"name": "ours"}], [{"name": "theirs"}], False),
        ({"a": {"b": "1"}}, {"a": {"b": "1", "c": "2"}}, True),
        ({"a": {"b": "1"}}, {"a": None}, False),
        (True, False, False),
        (8080, 8080, True),
        ("80", 80, False),
    ],
)
def test_holds(wanted: Any, got: Any, expected: bool) -> None:
    assert holds(wanted, got) is expected


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=10,
)
MAPPINGS = st.dictionaries(st.text(min_size=1, max_size=4), DATA, max_size=4)


@given(MAPPINGS)
def test_everything_holds_itself_and_differs_in_nothing(data: dict[str, Any]) -> None:
    assert holds(data, data) and list(differences(data, data)) == []


@given(MAPPINGS, MAPPINGS)
def test_what_is_added_and_only_that_is_taken_away(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    wanted = Wanted({"spec": ours}, exclusive=(("spec",),))
    merged = {**theirs, **ours}
    found = additions(wanted, {"spec": merged})
    assert without({"spec": merged}, found)["spec"] == ours
    patch = removal(found)
    assert set(patch.get("spec", {})) == set(theirs) - set(ours)


def test_only_keys_with_a_beginning() -> None:
    wanted = Wanted({"metadata": {"labels": {"p/a": "1"}}}, exclusive=(("metadata", "labels", "p/*"),))
    assert additions(wanted, {"metadata": {"labels": {"p/a": "2", "p/b": "1", "q/c": "1"}, "annotations": {"p/d": "1"}}}) == (
        ("metadata", "labels", "p/b"),
    )


def test_names() -> None:
    assert name_of(QUOTA) == "ResourceQuota/n/q"
    assert name_of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}) == "Namespace/n"
    assert field_of(("metadata", "labels", "a.b/c")) == "metadata.labels[a.b/c]"


def test_who_manages_a_field() -> None:
    held = {
        "kubectl-edit": {"f:spec": {"f:hard": {"f:secrets": {}}}},
        "whole": {"f:spec": {}},
        "other": {"f:metadata": {"f:labels": {}}},
    }
    assert managers_of(live(held=held), ("spec", "hard", "secrets")) == ("kubectl-edit", "whole")


OWNED = {
    "f:metadata": {"f:labels": {"f:a": {}}},
    "f:spec": {"f:hard": {"f:pods": {}}},
}


def applied(fields: dict[str, Any], **entry: Any) -> dict[str, Any]:
    found = live()
    found["metadata"]["managedFields"] = [
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}},
        {"manager": MANAGER, "operation": "Apply", "apiVersion": "v1", "fieldsV1": fields, **entry},
    ]
    return found


def test_what_is_exactly_ours_and_as_wanted_is_settled() -> None:
    assert settled(QUOTA, applied(OWNED))
    dotted = {**OWNED, "f:metadata": {"f:labels": {".": {}, "f:a": {}}}}
    assert settled(QUOTA, applied(dotted))


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        (QUOTA, live()),
        (QUOTA, applied({**OWNED, "f:data": {}})),
        (QUOTA, applied({"f:spec": OWNED["f:spec"]})),
        (QUOTA, applied({**OWNED, "f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}})),
        (QUOTA, applied({**OWNED, "f:spec": {"f:hard": {'k:{"a":1}': {}}}})),
        (QUOTA, applied(OWNED, apiVersion="v2")),
        (QUOTA, applied(OWNED, operation="Update")),
        (QUOTA, {**applied(OWNED), "spec": {"hard": {"pods": "9"}}}),
        (QUOTA, {**applied(OWNED), "spec": None}),
        ({**QUOTA, "spec": {"hard": {"pods": "4000m"}}}, applied(OWNED)),
        ({**QUOTA, "spec": {"hard": {"pods": "4", "secrets": "1"}}}, applied(OWNED)),
        ({**QUOTA, "data": {}}, applied(OWNED)),
    ],
)
def test_everything_else_is_for_the_server_to_say(manifest: dict[str, Any], found: dict[str, Any]) -> None:
    assert not settled(manifest, found)


def test_an_apply_set_is_named_by_the_kep() -> None:
    # Computed with kubectl's own formula: base64url(sha256("<name>.<namespace>.<kind>.<group>")), unpadded.
    one = ApplySet("n", "k8s-tenancy")
    assert one.id.startswith("applyset-") and one.id.endswith("-v1") and len(one.id) == 55
    assert one.id != ApplySet("m", "k8s-tenancy").id != ApplySet("m", "other").id
    parent = one.parent_manifest([BY_GROUP_KIND["NetworkPolicy.networking.k8s.io"], BY_GROUP_KIND["ConfigMap"]])
    assert kinds_in(parent) == ("ConfigMap", "NetworkPolicy.networking.k8s.io")
    assert kinds_in(None) == ()


def test_every_kind_has_a_path() -> None:
    paths = {kind.kind: kind.path("n", "x") for kind in BUILT_IN}
    assert paths["Namespace"] == "/api/v1/namespaces/x"
    assert paths["NetworkPolicy"] == "/apis/networking.k8s.io/v1/namespaces/n/networkpolicies/x"
    assert len(set(paths.values())) == len(BUILT_IN)


def test_what_others_put_into_a_set_of_ours_is_taken_out_again() -> None:
    policy = {"apiVersion": "v1", "kind": "P", "metadata": {"name": "p"}, "spec": {"actions": ["Deny"], "list": [{"a": "b"}]}}
    ours = {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:spec": {"f:actions": {'v:"Deny"': {}}}}}
    found = {**policy, "metadata": {"name": "p", "uid": "u", "managedFields": [ours]}}
    # A set: the server's apply leaves what others hold in it.
    found["spec"] = {**policy["spec"], "actions": ["Audit", "Deny"]}
    step = decide(Seen(Wanted(policy, ("f-01",), exclusive=(("spec",),)), found, found), REPORT)
    assert (step.deed, step.patch) == ("apply", {"spec": {"actions": ["Deny"]}})
    assert [(change.field, change.after) for change in step.plan.changes] == [("spec.actions", ["Deny"])]
    # Where not everything is ours, the server's word counts: it did not keep what it was told.
    assert decide(Seen(Wanted(policy, ("f-01",)), found, found), REPORT).plan.verb == "failed"


GROUP = {"name": "ours", "rules": [{"alert": "Down"}]}


@pytest.mark.parametrize(
    ("live", "held"),
    [
        ([{**GROUP, "limit": 1}], {'k:{"name":"ours"}': {"f:limit": {}}}),
        ([GROUP, {"name": "theirs"}], {'k:{"name":"theirs"}': {".": {}, "f:name": {}}}),
    ],
    ids=["a field", "an entry"],
)
def test_what_others_put_into_entries_with_names_is_taken_out_again(live: list[Any], held: dict[str, Any]) -> None:
    rule = {"apiVersion": "v1", "kind": "P", "metadata": {"name": "p"}, "spec": {"groups": [GROUP]}}
    ours = {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:spec": {"f:groups": {'k:{"name":"ours"}': {}}}}}
    theirs = {"manager": "kubectl-patch", "operation": "Update", "fieldsV1": {"f:spec": {"f:groups": held}}}
    found = {**rule, "metadata": {"name": "p", "uid": "u", "managedFields": [ours, theirs]}, "spec": {"groups": live}}
    step = decide(Seen(Wanted(rule, ("o-01",), exclusive=(("spec",),)), found, found), REPORT)
    assert (step.deed, step.patch) == ("apply", {"spec": {"groups": [GROUP]}})
    filled = {**found, "metadata": {**found["metadata"], "managedFields": [ours]}}
    assert decide(Seen(Wanted(rule, ("o-01",), exclusive=(("spec",),)), filled, filled), REPORT).deed == "none", "by the server"
    assert [(change.field, change.after) for change in step.plan.changes] == [("spec.groups", [GROUP])]
    assert decide(Seen(Wanted(rule, ("o-01",)), found, found), REPORT).deed == "none", "where not everything is ours, it may stay"


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_no_answer_of_a_server_breaks_looking_for_it(value: Any) -> None:
    wanted = Wanted({"spec": {"actions": ["Deny"], "deeper": {"actions": []}}}, exclusive=(("spec",),))
    for path in overfull(wanted, {"spec": value}):
        assert as_told({"spec": value}, wanted.manifest, (path,))
