# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a pod really runs, in all the ways that runtimes write it, against what was verified."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.running import Place, running, strangers

GOOD, BAD = "sha256:" + "a" * 64, "sha256:" + "b" * 64
NAMES = frozenset({"apps/where2eat", "where2eat"})
PLACE = Place("where2eat", "app")
OURS = {"app.kubernetes.io/name": "where2eat"}


def pod(
    image: str, image_id: str = "", phase: str = "Running", name: str = "app", labels: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "metadata": {"name": "web-1", "labels": labels},
        "spec": {"containers": [{"name": name, "image": image}]},
        "status": {"phase": phase, "containerStatuses": [{"name": name, "imageID": image_id}]},
    }


@pytest.mark.parametrize(
    ("image", "image_id", "verified"),
    [
        (f"r.example/apps/where2eat@{GOOD}", "", True),
        (f"r.example/apps/where2eat@{GOOD}", f"r.example/apps/where2eat@{GOOD}", True),
        ("r.example/apps/where2eat:1", f"docker-pullable://r.example/apps/where2eat@{GOOD}", True),
        # What was pulled goes before what was asked for.
        (f"r.example/apps/where2eat@{GOOD}", f"r.example/apps/where2eat@{BAD}", False),
        (f"r.example/apps/where2eat@{BAD}", "", False),
        ("r.example/apps/where2eat:latest", "", False),
        ("where2eat", "sha256:" + "a" * 64, False),
        (f"mirror.example/where2eat@{BAD}", "", False),
    ],
)
def test_only_the_verified_digest_may_run(image: str, image_id: str, verified: bool) -> None:
    found = running([pod(image, image_id)], NAMES, PLACE)
    assert len(found) == 1
    assert (not strangers(found, frozenset({GOOD}))) is verified


@pytest.mark.parametrize(
    "one",
    [
        pod("r.example/other:1"),
        pod(f"r.example/apps/where2eat@{BAD}", phase="Succeeded"),
        pod("not an image at all"),
        pod("r.example/mesh/proxy:1", name="istio-proxy", labels=OURS),
        pod("r.example/other:1", phase="Failed", labels=OURS),
        {"metadata": {"name": "x"}},
    ],
)
def test_other_images_and_pods_that_are_over_are_not_its_own(one: dict[str, Any]) -> None:
    assert running([one], NAMES, PLACE) == ()


@pytest.mark.parametrize("image", ["r.example/other:1", f"r.example/other@{BAD}", "not an image at all"])
def test_another_image_in_its_place_is_told(image: str) -> None:
    (sentence,) = strangers(running([pod(image, labels=OURS)], NAMES, PLACE), frozenset({GOOD}))
    assert f"runs {image}" in sentence


def test_who_runs_it_is_named() -> None:
    (sentence,) = strangers(running([pod("where2eat:latest")], NAMES, PLACE), frozenset({GOOD}))
    assert "container app of the pod web-1" in sentence and "by a tag" in sentence
