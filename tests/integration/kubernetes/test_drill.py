# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drill: a closed fence is proven, an open one is found, and nothing is made by trying."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.drill import CAPABILITY

pytestmark = pytest.mark.cluster


def states(result: dict[str, Any]) -> dict[str, str]:
    return {answer["control"].rpartition("-")[2]: answer["state"] for answer in result["answers"]}


def test_a_closed_fence_refuses_everything_and_nothing_is_made(tenant: Any, audit_log: Callable[[str], list[Any]]) -> None:
    tenant.fence()
    writes, state = audit_log(tenant.namespace), tenant.state()
    result = tenant.ask(capability=CAPABILITY)
    assert not result.get("failed"), result["msg"]
    assert states(result) == {"08": "in_place", "09": "in_place", "10": "in_place"}
    said = {answer["control"]: answer["found"] for answer in result["answers"]}
    assert 'violates PodSecurity "restricted:' in said["k8s_tenancy-08"]
    assert "exceeded quota" in said["k8s_tenancy-09"]
    assert not result["changed"] and result["diff"] == []
    assert audit_log(tenant.namespace) == writes and tenant.state() == state


def opened_pods(tenant: Any) -> None:
    tenant.kubectl("label", "namespace", tenant.namespace, "--overwrite", "pod-security.kubernetes.io/enforce=baseline")


def opened_quota(tenant: Any) -> None:
    tenant.kubectl("delete", "resourcequota", "goldenpath")


def opened_account(tenant: Any) -> None:
    account = f"{tenant.namespace}:{tenant.name}"
    tenant.kubectl("create", "rolebinding", "oops", "--clusterrole", "admin", "--serviceaccount", account)


@pytest.mark.parametrize(
    ("open_it", "control", "attempt", "why"),
    [
        (opened_pods, "08", "pod that may be root", "it is admitted"),
        (opened_quota, "09", "load balancer of its own", "it is admitted"),
        (opened_account, "10", "list its own namespace's secrets", 'it is allowed (RBAC: allowed by RoleBinding "oops/'),
    ],
)
def test_an_open_fence_is_found(open_it: Callable[[Any], None], control: str, attempt: str, why: str, tenant: Any) -> None:
    tenant.fence()
    open_it(tenant)
    result = tenant.ask(capability=CAPABILITY)
    assert result["failed"] and attempt in result["msg"]
    assert why in next(answer["reason"] for answer in result["answers"] if answer["control"].endswith(control))
    assert states(result) == {**dict.fromkeys(("08", "09", "10"), "in_place"), control: "violated"}
    audit = tenant.ask(capability=CAPABILITY, check=True)
    assert not audit.get("failed")
    assert states(audit) == {**dict.fromkeys(("08", "09", "10"), "in_place"), control: "drifted"}


def test_before_there_is_a_namespace_the_audit_says_so(tenant: Any) -> None:
    assert set(states(tenant.ask(capability=CAPABILITY, check=True)).values()) == {"drifted"}
    assert set(states(tenant.ask(capability=CAPABILITY)).values()) == {"not_reached"}


def test_the_biggest_quota_is_still_exceeded(new_tenant: Callable[..., Any]) -> None:
    tenant = new_tenant(workload={"replicas": 10, "cpu_millicores": 300, "memory_mib": 300}, environments={"sandbox": {}})
    rules = {"tenancy": {"quota_factor": 50}}
    tenant.fence(**rules)
    assert states(tenant.ask(capability=CAPABILITY, **rules))["09"] == "in_place"
