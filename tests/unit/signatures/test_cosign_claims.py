# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a verified payload says is compared with what is asked: the repository by name, annotations as texts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures import keys
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign import legacy
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.keyed import verify_with_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import (
    Candidate,
    Format,
    Kind,
    Reason,
    Rejected,
    Subject,
    Verified,
)

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = keys.from_key(PRIVATE.public_key(), "It")
DIGEST = "sha256:" + "a" * 64


def verify(reference: str, repository: str, asked: dict[str, str] | None = None, **optional: Any) -> Verified:
    """A signature of the old format for `reference`, verified for `repository`."""
    critical = {
        "identity": {"docker-reference": reference},
        "image": {"docker-manifest-digest": DIGEST},
        "type": legacy.PAYLOAD_TYPE,
    }
    payload = json.dumps({"critical": critical, "optional": optional or None}).encode()
    signature = base64.b64encode(PRIVATE.sign(payload, ec.ECDSA(hashes.SHA256()))).decode()
    candidate = Candidate(
        Format.COSIGN_LEGACY,
        Kind.SIGNATURE,
        "it",
        "sha256:b",
        payload,
        legacy.SIGNATURE_MEDIA_TYPE,
        {legacy.SIGNATURE: signature},
    )
    subject = Subject(Descriptor("application/x", DIGEST, 1), repository, bind_repository=True)
    return verify_with_key(candidate, subject, KEY, "release", "ci", asked or {})


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("", "registry.example/shop"),
        ("shop", "registry.example/shop"),
        ("registry.example/shop2", "registry.example/shop"),
        ("registry.example/shop/x", "registry.example/shop"),
        ("registry.example/team/shop", "registry.example/shop"),
        ("registry.example:5000/shop", "registry.example/shop"),
        ("registry.example/Shop", "registry.example/shop"),
        ("registry.example/shop/../shop", "registry.example/shop"),
        ("ghcr.io/library/nginx", "docker.io/library/nginx"),
        ("docker.io/nginx", "docker.io/library/nginx"),
    ],
)
def test_another_repository_is_refused(reference: str, repository: str) -> None:
    with pytest.raises(Rejected) as caught:
        verify(reference, repository)
    assert caught.value.reason is Reason.WRONG_REPOSITORY


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("registry.example/shop", "registry.example/shop"),
        ("registry.example/shop:1.0", "registry.example/shop"),
        (f"registry.example/shop@{DIGEST}", "registry.example/shop"),
        (f"localhost:5000/team/shop:1.0@{DIGEST}", "localhost:5000/team/shop"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx"),
        ("docker.io/library/nginx", "registry-1.docker.io/library/nginx"),
    ],
)
def test_the_same_repository_by_another_spelling_is_accepted(reference: str, repository: str) -> None:
    assert verify(reference, repository)


@pytest.mark.parametrize(
    ("signed", "asked"),
    [
        ({}, {"env": "prod"}),
        ({"env": "dev"}, {"env": "prod"}),
        ({"ENV": "prod"}, {"env": "prod"}),
        ({"env": "prod "}, {"env": "prod"}),
        ({"env": ["prod"]}, {"env": "prod"}),
        ({"build": 7}, {"build": "7"}),
        ({"signed": True}, {"signed": "True"}),
        ({"env": None}, {"env": ""}),
        ({"env": "prod"}, {"env": "prod", "team": "food"}),
    ],
)
def test_an_annotation_that_was_not_signed_so_is_refused(signed: dict[str, Any], asked: dict[str, str]) -> None:
    with pytest.raises(Rejected) as caught:
        verify("r.example/shop", "r.example/shop", asked, **signed)
    assert caught.value.reason is Reason.WRONG_ANNOTATIONS


def test_only_texts_are_annotations() -> None:
    made = verify("r.example/shop", "r.example/shop", {"env": "prod"}, env="prod", timestamp=1767225600, creator="podman")
    assert dict(made.annotations) == {"env": "prod", "creator": "podman"}
