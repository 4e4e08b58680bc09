# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The converger under bad weather: few rights, many at once, a server that dies, kinds that are not there."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import os
import pathlib
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes import drill, fence
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import Client, connect
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.converge import Scope, converge
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.objects import Wanted
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.plan import Rules
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.permissions import cluster_role, unknown
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Cluster

pytestmark = pytest.mark.cluster
RIGHTS = (*fence.CAPABILITY.permissions, *drill.CAPABILITY.permissions)


@pytest.fixture
def client(tenant: Any) -> Client:
    return connect(Cluster(**tenant.profile["cluster"]), tenant.environ)


def test_the_rights_that_we_name_are_enough_and_needed(tenant: Any, tmp_path: pathlib.Path) -> None:
    assert unknown(RIGHTS) == ()
    account, role = tenant.name, f"goldenpath-test-{tenant.name}"
    tenant.kubectl("create", "serviceaccount", account, "--namespace", "default")
    tenant.kubectl("create", "--filename", "-", stdin={**cluster_role(RIGHTS), "metadata": {"name": role}})
    tenant.kubectl("create", "clusterrolebinding", role, "--clusterrole", role, "--serviceaccount", f"default:{account}")
    try:
        token = tenant.kubectl("create", "token", account, "--namespace", "default").strip()
        config = json.loads(pathlib.Path(tenant.profile["cluster"]["kubeconfig"]).read_text(encoding="utf-8"))
        config["users"][0]["user"] = {"token": token}
        file = tmp_path / "kubeconfig"
        file.write_text(json.dumps(config), encoding="utf-8")
        limited = {"cluster": {**tenant.profile["cluster"], "kubeconfig": str(file)}}
        assert len(tenant.fence(**limited)["diff"]) == 12
        tenant.describe(exposure="internal", hostname=None)
        assert tenant.fence(**limited)["changed"]
        result = tenant.ask(capability=drill.CAPABILITY, **limited)
        assert {answer["state"] for answer in result["answers"]} == {"in_place"}, result.get("msg")
        tenant.kubectl("delete", "clusterrolebinding", role)
        denied = tenant.ask(**limited)
        assert denied["failed"] and "Grant " in denied["msg"] and " in the " in denied["msg"]
        assert token not in json.dumps(denied)
    finally:
        tenant.kubectl("delete", "clusterrole,clusterrolebinding", role, "--ignore-not-found")
        tenant.kubectl("delete", "serviceaccount", account, "--namespace", "default")


def test_fifty_apps_at_once(new_tenant: Callable[..., Any]) -> None:
    tenants = [new_tenant() for _unused in range(50)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda tenant: tenant.ask(), tenants))
        quiet = list(pool.map(lambda tenant: tenant.ask(), tenants))
    assert [result.get("msg") for result in made if result.get("failed")] == []
    assert all(len(result["diff"]) == 12 for result in made)
    assert not any(result["changed"] for result in quiet)


def api_server(tenant: Any) -> psutil.Process:
    folder = os.path.dirname(tenant.profile["cluster"]["kubeconfig"])
    # A process that is just ending, maybe the other sandbox's, has no command line any more.
    (found,) = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "kube-apiserver" and any(folder in part for part in process.info["cmdline"] or ())
    ]
    return found


def test_a_server_that_dies_is_ridden_out_or_gives_one_line_and_the_run_can_be_repeated(new_tenant: Callable[..., Any]) -> None:
    tenants = [new_tenant() for _unused in range(20)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(tenant.ask) for tenant in tenants]
        time.sleep(0.15)
        api_server(tenants[0]).send_signal(signal.SIGKILL)
        results = [future.result(timeout=120) for future in running]
    # A quick restart is ridden out; where it is not, one line says so.
    for result in (result for result in results if result.get("failed")):
        assert "defect" not in result["msg"] and "\n" not in result["msg"]
    deadline = time.monotonic() + 90
    while tenants[0].ask(check=True).get("failed"):
        assert time.monotonic() < deadline, "the sandbox did not restart its API server"
        time.sleep(0.5)
    for tenant in tenants:
        assert not tenant.ask().get("failed")
        assert not tenant.ask()["changed"]


def test_a_kind_that_the_cluster_does_not_serve_says_what_to_install(tenant: Any, client: Client) -> None:
    tenant.fence()
    missing = {"apiVersion": "monitoring.coreos.com/v9", "kind": "PrometheusRule"}
    rule = {**missing, "metadata": {"name": "x", "namespace": tenant.namespace}, "spec": {}}
    (plan, parent) = converge(client, [Wanted(rule, ("observability-01",))], Scope(tenant.namespace, "try"), Rules(), check=True)
    assert plan.failure and "Install the Prometheus Operator" in plan.failure.sentence()
    assert parent.verb == "created"


def test_two_sets_in_one_namespace_prune_their_own_only(tenant: Any, client: Client) -> None:
    def config(name: str) -> Wanted:
        return Wanted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": tenant.namespace}})

    rules = Rules()
    one, two = Scope(tenant.namespace, "one"), Scope(tenant.namespace, "two")
    tenant.fence()
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    alert = Wanted({**rule, "metadata": {"name": "a", "namespace": tenant.namespace}, "spec": {"groups": []}})
    converge(client, [config("a"), config("b"), alert], one, rules, check=False)
    converge(client, [config("c")], two, rules, check=False)
    # The kind that goes is not among those wanted: only the set's parent remembers it.
    plans = converge(client, [config("a")], one, rules, check=False)
    assert {plan.object.partition("/")[0] + plan.object[-2:]: plan.verb for plan in plans} == {
        "ConfigMap/a": "unchanged",
        "ConfigMapne": "updated",
        "ConfigMap/b": "deleted",
        "PrometheusRule/a": "deleted",
    }
    assert {plan.verb for plan in converge(client, [config("a")], one, rules, check=False)} == {"unchanged"}
    assert {plan.verb for plan in converge(client, [config("c")], two, rules, check=False)} == {"unchanged"}
    assert not tenant.ask()["changed"]
    names = tenant.kubectl("get", "configmap", "--output", "name").split()
    assert {"configmap/a", "configmap/c"} <= set(names) and "configmap/b" not in names


def test_a_set_in_a_namespace_of_others_is_refused(tenant: Any, client: Client) -> None:
    tenant.kubectl("create", "namespace", tenant.namespace)
    config = Wanted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": tenant.namespace}})
    plans = converge(client, [config], Scope(tenant.namespace, "one"), Rules(), check=False)
    assert {plan.verb for plan in plans} == {"refused"}
    assert {plan.verb for plan in converge(client, [config], Scope(tenant.namespace, "one"), Rules("take"), check=False)} == {
        "created"
    }


def test_without_a_namespace_a_run_fails_with_the_reason_and_a_check_predicts(tenant: Any, client: Client) -> None:
    config = Wanted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": tenant.namespace}})
    predicted = converge(client, [config], Scope(tenant.namespace, "one"), Rules(), check=True)
    assert {plan.verb for plan in predicted} == {"created"}
    done = converge(client, [config], Scope(tenant.namespace, "one"), Rules(), check=False)
    assert all(plan.failure and tenant.namespace in plan.failure.sentence() for plan in done)


def test_what_the_server_refuses_is_quoted_and_hides_nothing(tenant: Any, client: Client) -> None:
    def config(name: str, **body: Any) -> Wanted:
        metadata = {"name": name, "namespace": tenant.namespace}
        return Wanted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **body})

    tenant.fence()
    wanted = [config("good", data={"a": "b"}), config("bad", data={"a b": "c"})]
    good, bad, _parent = converge(client, wanted, Scope(tenant.namespace, "one"), Rules(), check=False)
    assert good.verb == "created" and tenant.look("configmap", "good")["data"] == {"a": "b"}
    assert bad.failure and "a b" in bad.failure.sentence()


def test_a_token_of_a_kubeconfig_is_registered_before_it_is_used(tenant: Any) -> None:
    from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

    secrets = Secrets()
    connect(Cluster(**tenant.profile["cluster"]), tenant.environ, secrets)
    config = json.loads(pathlib.Path(tenant.profile["cluster"]["kubeconfig"]).read_text(encoding="utf-8"))
    token = config["users"][0]["user"]["token"]
    encoded = base64.b64encode(token.encode()).decode()
    assert token not in secrets.scrub(f"Bearer {token}") and encoded not in secrets.scrub(f"x {encoded}")


def test_a_cluster_that_changes_what_it_is_told_is_found_out(tenant: Any, client: Client) -> None:
    """An admission policy writes over our label: planned or made, the object is never called in place."""
    group, name = "admissionregistration.k8s.io/v1", f"goldenpath-test-{tenant.name}"
    mutation = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": 'Object{data: {"a": "theirs"}}'}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    chosen = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": tenant.namespace}}, "resourceRules": [rule]}
    policy = {
        "apiVersion": group,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {"matchConstraints": chosen, "mutations": [mutation], "reinvocationPolicy": "Never", "failurePolicy": "Fail"},
    }
    binding = {
        "apiVersion": group,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name},
    }
    tenant.fence()
    metadata = {"name": "kept", "namespace": tenant.namespace}
    wanted = Wanted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "ours"}})
    scope = Scope(tenant.namespace, "one")
    try:
        tenant.kubectl("create", "--filename", "-", stdin=policy)
        tenant.kubectl("create", "--filename", "-", stdin=binding)
        deadline = time.monotonic() + 20
        while not (plan := converge(client, [wanted], scope, Rules(), check=True)[0]).failure:
            assert time.monotonic() < deadline, "the policy has no effect"
            time.sleep(0.3)
        assert plan.failure and "data.a" in plan.failure.sentence()
        plan = converge(client, [wanted], scope, Rules(), check=False)[0]
        assert plan.failure and "does not keep" in plan.failure.sentence()
    finally:
        tenant.kubectl("delete", "mutatingadmissionpolicybinding,mutatingadmissionpolicy", name, "--ignore-not-found")
