# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Factories that the tests of attestations share: a context, a statement, a verified attestation."""

from __future__ import annotations

import copy
import datetime
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import Context, Knowledge
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Format, Kind, Subject, Verified

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "attestations"
IMAGE = "sha256:" + "ab" * 32


@pytest.fixture
def recorded() -> Callable[[str], Any]:
    """What a real tool wrote: `reports/grype`."""
    return lambda name: json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def context() -> Callable[..., Context]:
    """The image, its catalog entry and the day."""

    def make(
        now: str = "2026-11-26T08:00:00+00:00",
        digest: str = IMAGE,
        source: str = "https://github.com/example/where2eat.git",
        app: str = "where2eat",
        knowledge: Knowledge | None = None,
    ) -> Context:
        descriptor = Descriptor("application/vnd.oci.image.manifest.v1+json", digest, 500)
        subject = Subject(descriptor, "registry.example.com/where2eat")
        return Context(subject, source, app, datetime.datetime.fromisoformat(now), knowledge or Knowledge())

    return make


@pytest.fixture
def statement() -> Callable[..., dict[str, Any]]:
    """An in-toto statement about the image."""

    def make(predicate_type: str, predicate: Any, digest: str = IMAGE) -> dict[str, Any]:
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "where2eat", "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }

    return make


@pytest.fixture
def attested() -> Callable[..., Verified]:
    """A statement as the verifiers hand it over."""

    def make(statement: dict[str, Any] | None, number: int = 1, role: str = "ci", kind: Kind = Kind.ATTESTATION) -> Verified:
        digest = f"sha256:{number:064d}"
        return Verified(kind, Format.COSIGN_BUNDLE, f"referrer {number}", digest, f"{role}-key", role, "key", statement=statement)

    return make


@pytest.fixture
def changed() -> Callable[[dict[str, Any], str, Any], dict[str, Any]]:
    """A copy of data with one value at a path put in or, with None, taken out."""

    def make(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
        copied = copy.deepcopy(data)
        *holders, last = path.split(".")
        at = copied
        for name in holders:
            at = at[name]
        at.pop(last, None)
        if value is not None:
            at[last] = value
        return copied

    return make
