# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our own verdict on an image as a SLSA verification summary (https://slsa.dev/verification_summary/v1, as of SLSA 1.2).

Only the statement: whoever has a key wraps it in an envelope (its payload is exactly these bytes) and stores it beside the image.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Final

from ..model import Subject
from .times import shown

PREDICATE_TYPE: Final = "https://slsa.dev/verification_summary/v1"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
SLSA_VERSION: Final = "1.2"
# What is said where no provenance was asked for: the image was judged, its build was not.
UNEVALUATED: Final = "SLSA_BUILD_LEVEL_UNEVALUATED"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Input:
    """A signature or attestation that the verdict rests on: its digest, and where it can be fetched."""

    digest: str
    uri: str


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """What a summary says. `resource` is where consumers fetch the image (a package URL or `oci://…`), as they will compare it.

    `policy_uri` and `policy_digest` (`sha256:…`) name the policy that was applied. `level` is the Build level of a provenance
    that passed, None where none was owed. `versions` are of the verifier's parts.
    """

    verifier: str
    resource: str
    policy_uri: str
    policy_digest: str
    passed: bool
    level: int | None
    inputs: tuple[Input, ...] = ()
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


def summary_of(subject: Subject, judged: Judged, now: datetime.datetime) -> bytes:
    """The statement as canonical JSON: the same verdict at the same time is the same bytes."""
    predicate = {
        "verifier": {"id": judged.verifier, "version": dict(judged.versions)},
        "timeVerified": shown(now),
        "resourceUri": judged.resource,
        "policy": {"uri": judged.policy_uri, "digest": _digest(judged.policy_digest)},
        "inputAttestations": [{"uri": one.uri, "digest": _digest(one.digest)} for one in _in_order(judged.inputs)],
        "verificationResult": "PASSED" if judged.passed else "FAILED",
        "verifiedLevels": [_level(judged)],
        "slsaVersion": SLSA_VERSION,
    }
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": subject.repository, "digest": _digest(subject.descriptor.digest)}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _level(judged: Judged) -> str:
    if not judged.passed:
        return "FAILED"
    return UNEVALUATED if judged.level is None else f"SLSA_BUILD_LEVEL_{judged.level}"


def _in_order(inputs: Iterable[Input]) -> list[Input]:
    return sorted(set(inputs))


def _digest(digest: str) -> dict[str, str]:
    algorithm, _unused, value = digest.partition(":")
    return {algorithm: value}
