# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A tenancy on a real API server: predicted, made, left alone, mended, and what belongs to others left to them."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

ALL = [
    "Namespace",
    "ResourceQuota/goldenpath",
    "LimitRange/goldenpath",
    "NetworkPolicy/default-deny",
    "NetworkPolicy/allow-dns",
    "NetworkPolicy/allow-metrics",
    "NetworkPolicy/allow-gateway",
    "NetworkPolicy/allow-egress",
    "ServiceAccount/default",
    "Role/owners",
    "RoleBinding/owners",
    "ConfigMap/goldenpath-k8s-tenancy",
]
ALLOW_ALL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "let-me-in"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
}


def changed(result: dict[str, Any]) -> dict[str, str]:
    """Short names of the objects that are (or would be) changed, and how."""
    entries = [entry for entry in result["objects"] if entry["action"] != "unchanged"]
    return {"/".join(part for part in entry["object"].split("/") if "-sandbox" not in part): entry["action"] for entry in entries}


def states(result: dict[str, Any]) -> dict[str, str]:
    return {answer["control"].rpartition("-")[2]: answer["state"] for answer in result["answers"]}


def test_check_predicts_the_run_and_writes_nothing(tenant: Any, audit_log: Callable[[str], list[Any]]) -> None:
    predicted = tenant.ask(check=True)
    assert audit_log(tenant.namespace) == []
    assert set(states(predicted).values()) == {"drifted"}
    done = tenant.fence()
    assert predicted["objects"] == done["objects"]
    assert predicted["diff"] == done["diff"]
    assert changed(done) == dict.fromkeys(ALL, "created")
    assert set(states(done).values()) == {"in_place"}
    state, writes = tenant.state(), audit_log(tenant.namespace)
    assert len(writes) == len(ALL)
    for check in (True, False):
        quiet = tenant.ask(check=check)
        assert not quiet["changed"] and quiet["diff"] == [] and changed(quiet) == {}
    assert tenant.state() == state
    assert audit_log(tenant.namespace) == writes


def test_a_quiet_run_asks_little(tenant: Any, sandbox: Any) -> None:
    def requests() -> list[str]:
        lines = (sandbox.folder / "kubernetes" / "audit.log").read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines if tenant.namespace in line and line.endswith("}")]
        return [f"{entry['verb']} {entry['requestURI'].split('?')[0].rpartition('/')[2]}" for entry in entries]

    tenant.fence()
    before = len(requests())
    tenant.fence()
    asked = requests()[before:]
    # The namespace, the set's parent, and a list for each kind: what is settled needs no dry run.
    assert {entry.partition(" ")[0] for entry in asked} == {"get", "list"}
    assert len(asked) == 8, asked


def deletion(kind: str, name: str) -> Callable[[Any], None]:
    return lambda tenant: tenant.kubectl("delete", kind, name)


def patch(kind: str, name: str, change: dict[str, Any]) -> Callable[[Any], None]:
    return lambda tenant: tenant.kubectl("patch", kind, name, "--type", "merge", "--patch", json.dumps(change))


def of_namespace(verb: str, *arguments: str) -> Callable[[Any], None]:
    return lambda tenant: tenant.kubectl(verb, "namespace", tenant.namespace, *arguments)


def rebound(tenant: Any) -> None:
    tenant.kubectl("delete", "rolebinding", "owners")
    tenant.kubectl("create", "rolebinding", "owners", "--clusterrole", "cluster-admin", "--group", "dining-club")


ENFORCE = "pod-security.kubernetes.io/enforce"
TAMPERING: dict[str, tuple[Callable[[Any], None], dict[str, str], str]] = {
    **{
        f"deleted {name}": (deletion(*name.split("/")), {name: "created"}, control)
        for name, control in {
            "ResourceQuota/goldenpath": "02",
            "LimitRange/goldenpath": "02",
            "NetworkPolicy/default-deny": "03",
            "NetworkPolicy/allow-dns": "04",
            "Role/owners": "05",
            "RoleBinding/owners": "05",
            "ConfigMap/goldenpath-k8s-tenancy": "07",
        }.items()
    },
    "Pod Security lowered": (of_namespace("label", "--overwrite", f"{ENFORCE}=privileged"), {"Namespace": "updated"}, "01"),
    "Pod Security switched off": (of_namespace("label", f"{ENFORCE}-"), {"Namespace": "updated"}, "01"),
    "Pod Security beside ours": (of_namespace("label", "pod-security.kubernetes.io/x=y"), {"Namespace": "updated"}, "01"),
    "an owner's name overwritten": (
        of_namespace("annotate", "--overwrite", "goldenpath.microapps/owner-name=nobody"),
        {"Namespace": "updated"},
        "06",
    ),
    "a cost label removed": (of_namespace("label", "goldenpath.microapps/cost-center-"), {"Namespace": "updated"}, "06"),
    "quota raised": (
        patch("resourcequota", "goldenpath", {"spec": {"hard": {"pods": "999"}}}),
        {"ResourceQuota/goldenpath": "updated"},
        "02",
    ),
    "quota key removed": (
        patch("resourcequota", "goldenpath", {"spec": {"hard": {"services.loadbalancers": None}}}),
        {"ResourceQuota/goldenpath": "updated"},
        "02",
    ),
    "quota key added": (
        patch("resourcequota", "goldenpath", {"spec": {"hard": {"count/roles.rbac.authorization.k8s.io": "1"}}}),
        {"ResourceQuota/goldenpath": "updated"},
        "02",
    ),
    "limits loosened": (
        patch("limitrange", "goldenpath", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "64"}}]}}),
        {"LimitRange/goldenpath": "updated"},
        "02",
    ),
    "everything let in": (
        patch("networkpolicy", "default-deny", {"spec": {"ingress": [{}]}}),
        {"NetworkPolicy/default-deny": "updated"},
        "03",
    ),
    "the denial narrowed": (
        patch("networkpolicy", "default-deny", {"spec": {"podSelector": {"matchLabels": {"no": "pod"}}}}),
        {"NetworkPolicy/default-deny": "updated"},
        "03",
    ),
    "a way out widened": (
        patch("networkpolicy", "allow-egress", {"spec": {"egress": [{}]}}),
        {"NetworkPolicy/allow-egress": "updated"},
        "04",
    ),
    "owners given more": (
        patch("role", "owners", {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        {"Role/owners": "updated"},
        "05",
    ),
    "somebody else bound": (
        patch("rolebinding", "owners", {"subjects": [{"kind": "User", "name": "eve", "apiGroup": "rbac.authorization.k8s.io"}]}),
        {"RoleBinding/owners": "updated"},
        "05",
    ),
    "the token mounted": (
        patch("serviceaccount", "default", {"automountServiceAccountToken": True}),
        {"ServiceAccount/default": "updated"},
        "05",
    ),
    "our mark removed": (
        lambda tenant: tenant.kubectl("label", "networkpolicy", "allow-dns", "applyset.kubernetes.io/part-of-"),
        {"NetworkPolicy/allow-dns": "updated"},
        "04",
    ),
    "a policy beside ours": (
        lambda tenant: tenant.kubectl("create", "--filename", "-", stdin=ALLOW_ALL),
        {"NetworkPolicy/let-me-in": "deleted"},
        "07",
    ),
    "a binding beside ours": (
        lambda tenant: tenant.kubectl("create", "rolebinding", "mine", "--clusterrole", "admin", "--user", "eve"),
        {"RoleBinding/mine": "deleted"},
        "07",
    ),
}


@pytest.mark.parametrize("case", TAMPERING)
def test_what_was_altered_is_mended_and_nothing_else_is_touched(case: str, tenant: Any) -> None:
    tamper, expected, control = TAMPERING[case]
    tenant.fence()
    before = tenant.state()
    tamper(tenant)
    rules = {"tenancy": {"foreign": "remove"}, "adopt": "take"}
    predicted = tenant.ask(check=True, **rules)
    assert changed(predicted) == expected
    assert states(predicted) == {**dict.fromkeys(states(predicted), "in_place"), control: "drifted"}
    done = tenant.fence(**rules)
    assert (done["objects"], done["diff"]) == (predicted["objects"], predicted["diff"])
    after = tenant.state()
    for state in (before, after):
        for item in state.values():
            for field in ("uid", "creationTimestamp", "generation"):
                item["metadata"].pop(field, None)
    assert after == before
    assert not tenant.ask(**rules)["changed"]


def test_a_binding_to_another_role_is_made_anew(tenant: Any) -> None:
    tenant.fence()
    rebound(tenant)
    predicted, done = tenant.ask(check=True, adopt="take"), tenant.fence(adopt="take")
    assert changed(predicted) == changed(done) == {"RoleBinding/owners": "updated"}
    assert predicted["diff"] == done["diff"]
    assert tenant.look("rolebinding", "owners")["roleRef"]["name"] == "owners"
    assert not tenant.ask()["changed"]


@pytest.mark.parametrize("scope", ["BestEffort", "Terminating"])
def test_a_quota_that_counts_only_some_pods_is_made_anew(tenant: Any, scope: str) -> None:
    """Under it, pods out of its scope take what they want. No update changes a quota's scopes."""
    tenant.fence()
    tenant.kubectl("delete", "resourcequota", "goldenpath")
    tenant.kubectl("create", "quota", "goldenpath", "--hard", "pods=1000", "--scopes", scope)
    predicted, done = tenant.ask(check=True, adopt="take"), tenant.fence(adopt="take")
    assert changed(predicted) == changed(done) == {"ResourceQuota/goldenpath": "updated"}
    assert predicted["diff"] == done["diff"]
    assert "scopes" not in tenant.look("resourcequota", "goldenpath")["spec"]
    assert not tenant.ask()["changed"]


def test_what_others_add_where_it_is_theirs_stays(tenant: Any) -> None:
    tenant.fence()
    of_namespace("label", "team.example.com/rota=blue")(tenant)
    of_namespace("annotate", "kubernetes.io/description=hello")(tenant)
    tenant.kubectl("create", "configmap", "theirs")
    tenant.kubectl("create", "role", "theirs", "--verb", "get", "--resource", "pods")
    assert not tenant.ask()["changed"]
    state = tenant.state()
    assert {"ConfigMap/theirs", "Role/theirs"} <= set(state)
    assert state[f"Namespace/{tenant.namespace}"]["metadata"]["labels"]["team.example.com/rota"] == "blue"


def test_a_named_controller_is_not_fought(tenant: Any, audit_log: Callable[[str], list[Any]]) -> None:
    tenant.fence()
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "goldenpath", "namespace": tenant.namespace},
        "spec": {"hard": {"pods": "77"}},
    }
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager", "argocd-controller", "--filename", "-")
    tenant.kubectl(*command, stdin=quota)
    patch("resourcequota", "goldenpath", {"spec": {"hard": {"secrets": "99"}}})(tenant)
    writes = audit_log(tenant.namespace)
    refused = tenant.ask(tenancy={"controllers": ["argocd-controller"]})
    assert refused["failed"] and "argocd-controller" in refused["msg"] and "pods" in refused["msg"]
    assert changed(refused) == {"ResourceQuota/goldenpath": "refused"}
    assert states(refused)["02"] == "violated"
    assert audit_log(tenant.namespace) == writes
    # The same hold by somebody whom the profile does not name is drift.
    assert changed(tenant.fence()) == {"ResourceQuota/goldenpath": "updated"}
    assert tenant.look("resourcequota", "goldenpath")["spec"]["hard"]["secrets"] == "20"


def test_what_a_named_controller_added_is_refused_with_its_name(tenant: Any) -> None:
    tenant.fence()
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "goldenpath", "namespace": tenant.namespace},
        "spec": {"hard": {"count/pods": "5"}},
    }
    tenant.kubectl("apply", "--server-side", "--field-manager", "argocd-controller", "--filename", "-", stdin=quota)
    refused = tenant.ask(tenancy={"controllers": ["argocd-controller"]})
    assert refused["failed"] and "spec.hard[count/pods] is held by argocd-controller" in refused["msg"]


def test_foreign_policies_are_reported_by_default_and_hide_nothing(tenant: Any) -> None:
    tenant.fence()
    tenant.kubectl("create", "--filename", "-", stdin=ALLOW_ALL)
    tenant.kubectl("delete", "role", "owners")
    result = tenant.ask()
    assert result["failed"] and "kubectl-create" in result["msg"] and "let-me-in" in result["msg"]
    assert changed(result) == {"Role/owners": "created", "NetworkPolicy/let-me-in": "refused"}
    assert states(result) == {"01": "in_place", "02": "in_place", "03": "in_place", "04": "in_place", "05": "in_place",
                              "06": "in_place", "07": "violated"}  # fmt: skip
    assert "NetworkPolicy/let-me-in" in tenant.state()


def test_what_is_no_longer_wanted_goes_and_nothing_else(tenant: Any) -> None:
    tenant.fence()
    tenant.kubectl("create", "configmap", "theirs")
    tenant.describe(exposure="internal", hostname=None, integrations=None, aws_actions=None, database=None, secrets=None)
    expected = {"NetworkPolicy/allow-gateway": "deleted", "NetworkPolicy/allow-egress": "deleted", "Namespace": "updated"}
    predicted, done = tenant.ask(check=True), tenant.fence()
    assert changed(predicted) == changed(done) == expected
    assert "ConfigMap/theirs" in tenant.state()
    assert not tenant.ask()["changed"]


def test_a_namespace_of_others_is_left_alone_until_the_profile_says_take(
    tenant: Any, audit_log: Callable[[str], list[Any]]
) -> None:
    tenant.kubectl("create", "namespace", tenant.namespace)
    writes = audit_log(tenant.namespace)
    refused = tenant.ask()
    assert refused["failed"] and "adopt: take" in refused["msg"]
    assert set(changed(refused).values()) == {"refused"} and len(changed(refused)) == len(ALL)
    assert set(states(refused).values()) == {"violated"}
    assert audit_log(tenant.namespace) == writes
    taken = tenant.fence(adopt="take")
    assert changed(taken)["Namespace"] == "updated"
    assert not tenant.ask()["changed"]


def test_an_object_of_others_in_our_namespace_is_refused_alone(tenant: Any) -> None:
    tenant.fence()
    tenant.kubectl("delete", "role", "owners")
    tenant.kubectl("create", "role", "owners", "--verb", "*", "--resource", "*")
    refused = tenant.ask()
    assert changed(refused) == {"Role/owners": "refused"}
    assert changed(tenant.fence(adopt="take")) == {"Role/owners": "updated"}


HOSTILE = [
    "nice\n  labels:\n    pod-security.kubernetes.io/enforce: privileged",
    "{{ lookup('pipe', 'id') }} ${HOME} $(id) `id`",
    "\"'\\ }]: - # & * ! | > % @ \ufeff\ufffe\uffff\u200b\u202e \U0001f355 <script>",
    "---\nkind: Namespace",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str, new_tenant: Callable[..., Any]) -> None:
    line = " ".join(text.split("\n"))
    tenant = new_tenant(title=line[:80], description=text, impact=text)
    tenant.describe(owner={"team": "t", "name": line, "email": "a@example.com", "group": "g"})
    predicted, done = tenant.ask(check=True), tenant.fence()
    assert predicted["diff"] == done["diff"]
    metadata = tenant.look("namespace", tenant.namespace)["metadata"]
    assert metadata["annotations"]["goldenpath.microapps/description"] == text
    assert metadata["annotations"]["goldenpath.microapps/owner-name"] == line
    assert metadata["labels"][ENFORCE] == "restricted"
    assert not tenant.ask()["changed"]


def test_a_namespace_that_is_going_is_waited_for(tenant: Any) -> None:
    tenant.fence()
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    tenant.kubectl("create", "--filename", "-", stdin=held)
    tenant.kubectl("delete", "namespace", tenant.namespace, "--wait=false")
    going = tenant.ask(check=True)
    assert going["failed"] and "being deleted" in going["msg"] and "\n" not in going["msg"]
    patch("configmap", "held", {"metadata": {"finalizers": None}})(tenant)
    assert changed(tenant.fence()) == dict.fromkeys(ALL, "created")


def test_another_cluster_than_the_profile_names_is_not_touched(tenant: Any, audit_log: Callable[[str], list[Any]]) -> None:
    other = {**tenant.profile["cluster"], "identity": "00000000-0000-4000-8000-000000000000"}
    refused = tenant.ask(cluster=other)
    assert (
        refused["failed"] and "00000000-0000-4000-8000-000000000000" in refused["msg"] and "Nothing was changed" in refused["msg"]
    )
    assert audit_log(tenant.namespace) == []


def test_the_owners_can_look_and_restart_and_no_more(tenant: Any) -> None:
    def can(*question: str) -> bool:
        given = ("auth", "can-i", *question, "--as", "ada", "--as-group", "dining-club", "--quiet")
        try:
            tenant.kubectl(*given)
        except AssertionError:
            return False
        return True

    tenant.fence(path="light")
    assert can("get", "pods/log") and can("delete", "pods") and can("patch", "deployments.apps")
    assert not can("get", "secrets") and not can("create", "pods/exec") and not can("update", "networkpolicies.networking.k8s.io")
    tenant.fence(path="full")
    assert can("get", "pods") and not can("patch", "deployments.apps")


def test_manifests_are_what_kubectl_takes(tenant: Any) -> None:
    tenant.fence()
    from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
    from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY

    params = {
        "app": {"name": tenant.name, "environment": "sandbox", "file": str(tenant.file)},
        "profile": tenant.profile,
        "verdict": {"path": "light", "score": 1, "reasons": [], "controls": [], "facts": {}, "credentials": [],
                    "contradictions": [], "commit": ""},
        "manifests": True,
    }  # fmt: skip
    result = perform(CAPABILITY, Request(params, check=True, environ=tenant.environ))
    printed = json.loads(result["manifests"])
    tenant.kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "--filename", "-", stdin=printed)


def test_another_client_library_sees_what_the_report_claims(tenant: Any, tmp_path: pathlib.Path) -> None:
    config, api = pytest.importorskip("kubernetes.config"), pytest.importorskip("kubernetes.client")
    done = tenant.fence()
    settings = api.Configuration()
    cluster = tenant.profile["cluster"]
    config.load_kube_config(
        cluster["kubeconfig"], cluster["context"], settings, persist_config=False, temp_file_path=str(tmp_path / "tls")
    )
    with api.ApiClient(settings) as connection:
        policies = api.NetworkingV1Api(connection).list_namespaced_network_policy(tenant.namespace).items
        bindings = api.RbacAuthorizationV1Api(connection).list_namespaced_role_binding(tenant.namespace).items
        namespace = api.CoreV1Api(connection).read_namespace(tenant.namespace)
    claimed = {entry["object"] for entry in done["objects"]}
    seen = {f"NetworkPolicy/{tenant.namespace}/{policy.metadata.name}" for policy in policies}
    seen |= {f"RoleBinding/{tenant.namespace}/{binding.metadata.name}" for binding in bindings}
    assert seen == {name for name in claimed if name.startswith(("NetworkPolicy/", "RoleBinding/"))}
    assert namespace.metadata.labels[ENFORCE] == "restricted"
    assert {entry.manager for entry in namespace.metadata.managed_fields} == {"goldenpath.microapps"}
