# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate on the real API server and the AWS API: wrong targets end the road, two runs never walk it together."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.record import new_run
from ansible_collections.goldenpath.microapps.plugins.module_utils.gate.lease import ClusterLeases, leave, take
from ansible_collections.goldenpath.microapps.plugins.module_utils.gate.run_gate import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import connect
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Cluster

pytestmark = pytest.mark.cluster
BLOCKS = ("aws", "cluster", "database", "registry", "forge")
NOW = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def request_of(sandbox: Any, root: Any) -> Any:
    """A request for the gate, with blocks of the profile replaced."""

    def make(check: bool = False, run_id: str = "", state: str = "entered", **blocks: dict[str, Any]) -> Request:
        profile = {
            "name": "sandbox",
            "embedded": True,
            **{
                name: {**sandbox.block(name), **blocks.get(name, {})}
                for name in ("aws", "cluster", "database", "registry", "forge")
            },
        }
        app = {"name": "where2eat", "environment": "sandbox", "file": str(root / "inventories" / "apps" / "where2eat.yml")}
        run = dataclasses.replace(new_run({}), id=run_id or "run-1", host="elsewhere")
        return Request({"app": app, "profile": profile, "state": state}, check=check, run=run)

    return make


@pytest.mark.parametrize(
    ("block", "change", "sentence"),
    [
        ("aws", {"account": "210987654321"}, "210987654321"),
        ("cluster", {"identity": "00000000-0000-0000-0000-000000000000"}, "not the profile's"),
    ],
)
def test_a_wrong_target_ends_the_road(request_of: Any, block: str, change: dict[str, str], sentence: str) -> None:
    result = perform(CAPABILITY, request_of(**{block: change}))
    assert result["failed"]
    assert sentence in result["msg"]


def test_a_part_that_is_down_is_a_warning(request_of: Any) -> None:
    result = perform(CAPABILITY, request_of(check=True, aws={"endpoint_url": "http://127.0.0.1:9"}))
    assert not result.get("failed")
    assert "127.0.0.1:9" in result["warnings"][0]


def test_the_second_of_two_runs_says_who_is_at_work_and_an_audit_may_always_look(request_of: Any) -> None:
    assert not perform(CAPABILITY, request_of()).get("failed")
    second = perform(CAPABILITY, request_of(run_id="run-2"))
    assert second["failed"] and "another run is at it" in second["msg"]
    assert not perform(CAPABILITY, request_of(run_id="run-2", check=True)).get("failed")
    assert not perform(CAPABILITY, request_of(state="left")).get("failed")
    assert not perform(CAPABILITY, request_of(run_id="run-2")).get("failed")
    perform(CAPABILITY, request_of(run_id="run-2", state="left"))


def test_of_ten_that_ask_at_once_one_gets_the_lease(sandbox: Any) -> None:
    leases = ClusterLeases(connect(Cluster(**sandbox.block("cluster")), {}))

    def ask(number: int) -> str:
        holder = f"host-{number} 1 1 run-{number} x"
        try:
            take(leases, "race", holder, 900, NOW)
        except Conflict:
            return ""
        return holder

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        winners = [holder for holder in pool.map(ask, range(10)) if holder]
    assert len(winners) == 1
    leave(leases, "race", winners[0])
