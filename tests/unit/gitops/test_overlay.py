# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pinning an image in somebody's overlay changes these lines and nothing else, or is refused."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.gitops.overlay import Pin, path_of, pin_in, pinned

DIGEST = "sha256:" + "a" * 64
PIN = Pin("registry.example:5000/apps/app", DIGEST)
OVERLAY = """\
# Ours, with care.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
images:
  # the app itself
  - name: app
    newTag: unreleased   # until a promotion

  - name: sidecar
    newTag: "1.0"
replicas:
  - {name: app, count: 2}  # two
"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"images: [", "not YAML"),
        (b"\xff", "not YAML"),
        (b"- a", "no Kustomization"),
        (b"", "no Kustomization"),
        (b"images:\n  - name: other\n", "does not name the image"),
        (b"kind: Kustomization\n", "does not name the image"),
        (b"images: [{name: app, newTag: x}]\n", "no entry of its own"),
        (b"images:\n  - {name: app, newTag: x}\n", "no entry of its own"),
        (b"images:\n  - name: app\n  - name: app\n", "2 times"),
        (b"x:\n  - &a\n    name: app\nimages:\n  - *a\n", "changing something else|is not YAML|does not name"),
    ],
)
def test_what_cannot_be_pinned_alone_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        pinned(content, "app", PIN)


def test_only_its_own_lines_change() -> None:
    made = pinned(OVERLAY.encode(), "app", PIN).decode()
    assert yaml.safe_load(made)["images"] == [
        {"name": "app", "newName": PIN.repository, "digest": DIGEST},
        {"name": "sidecar", "newTag": "1.0"},
    ]
    for kept in ("# Ours, with care.", "  # the app itself", '    newTag: "1.0"', "  - {name: app, count: 2}  # two"):
        assert kept in made
    assert pin_in(made.encode(), "app") == PIN
    assert pinned(made.encode(), "app", PIN).decode() == made, "a second time changes nothing"


def test_a_later_digest_takes_the_place() -> None:
    later = Pin(PIN.repository, "sha256:" + "b" * 64)
    made = pinned(pinned(OVERLAY.encode(), "app", PIN), "app", later)
    assert pin_in(made, "app") == later
    assert DIGEST.encode() not in made


@pytest.mark.parametrize("digest", ["", "latest", "sha256:abc", 5, None])
def test_only_a_digest_counts_as_pinned(digest: object) -> None:
    text = yaml.safe_dump({"images": [{"name": "app", "digest": digest}]})
    assert pin_in(text.encode(), "app").digest == ""


def test_an_environment_has_its_overlay() -> None:
    assert path_of("dev") == "deploy/overlays/dev/kustomization.yaml"
