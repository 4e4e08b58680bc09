# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a new quota is waited for. The cluster is a script here: on a real one it takes minutes, and comes by chance."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes import drill
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.answers import QuotaNotCounted
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.kinds import BY_GROUP_KIND

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked", "namespace": "ns"}}
NEVER = 10**9


@dataclasses.dataclass
class Cluster:
    """Admits until it enforces at try `enforces`; its quota has a status from try `counts` on."""

    enforces: int
    counts: int
    tries: int = 0

    def kind_of(self, _manifest: Any) -> Any:
        return BY_GROUP_KIND["Pod"]

    def create(self, *_arguments: Any, dry_run: bool) -> None:
        assert dry_run
        self.tries += 1
        if self.tries >= self.enforces:
            raise Denied("Create a pod", "exceeded quota: pods")

    def list_all(self, *_arguments: Any) -> list[dict[str, Any]]:
        return [{"status": {"hard": {"pods": "4"}} if self.tries >= self.counts else {}}]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill.time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("later", [0, 1, 40])
@pytest.mark.parametrize("counts", [1, 150, 250, 559])
def test_a_quota_that_is_counted_late_still_refuses(counts: int, later: int) -> None:
    """Counted right after a try was admitted, it refuses no sooner than at the next one."""
    assert drill.refusal_of(Cluster(counts + later, counts), POD, True) == "exceeded quota: pods"


def test_one_that_is_counted_and_refuses_nothing_is_open() -> None:
    cluster = Cluster(NEVER, 1)
    assert drill.refusal_of(cluster, POD, True) is None and cluster.tries == 200


def test_one_that_nobody_counts_is_not_called_open() -> None:
    with pytest.raises(Conflict, match="has not counted the new quota"):
        drill.refusal_of(Cluster(NEVER, NEVER), POD, True)


def test_what_is_not_awaited_is_told_at_once() -> None:
    cluster = Cluster(NEVER, NEVER)
    assert drill.refusal_of(cluster, POD, False) is None and cluster.tries == 1


def test_a_server_that_says_that_it_has_not_counted_is_asked_again() -> None:
    answers = itertools.chain([QuotaNotCounted("Create a pod", "status unknown for quota")] * 3, [Denied("x", "exceeded quota")])

    class Unready(Cluster):
        def create(self, *_arguments: Any, dry_run: bool) -> None:
            raise next(answers)

    assert drill.refusal_of(Unready(NEVER, NEVER), POD, False) == "exceeded quota"
