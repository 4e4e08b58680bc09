# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `image_signature`: a list of images verified against a policy, each answered; nothing is ever changed."""

from __future__ import annotations

import datetime
from typing import Any, Final

from ..aws.session import AWS_OPTION, aws_from
from ..capability import Capability, Outcome, Plan, Request
from ..controls import Path
from ..errors import Invalid, MicroappsError, Unreachable
from ..oci.client import open_registries
from ..oci.reference import parse
from ..profile import Registry, block_from
from .attestations.model import Checked
from .discovery import Refused
from .model import Verified
from .policy import policy_from
from .signers import Loading, read_file
from .verify import Asked, Verdict, verify_images

SPEC: Final[dict[str, Any]] = {
    "images": {"type": "list", "elements": "str", "required": True},
    "policy": {"type": "dict", "required": True},
    "registry": {
        "type": "dict",
        "options": {
            "address": {"type": "str", "required": True},
            "plain_http": {"type": "bool", "default": False},
            "ca_file": {"type": "path"},
            "available": {"type": "bool", "default": True},
            "why": {"type": "str"},
            "next_step": {"type": "str"},
        },
    },
    "aws": {**AWS_OPTION, "required": False},
    "path": {"type": "str", "choices": [str(path) for path in Path], "default": str(Path.FULL)},
    "source": {"type": "str", "default": ""},
    "app": {"type": "str", "default": ""},
}
PERMISSIONS: Final = ("ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer")


def run(request: Request) -> Outcome:
    """Load the policy (everything wrong with it is told before a registry is asked), then verify all images."""
    params = request.params
    given = {name: value for name, value in (params.get("registry") or {}).items() if value is not None}
    registry = block_from(Registry, given) if given else Registry("")
    if not registry.available:
        raise Unreachable("Verify images", registry.why, registry.next_step)
    _is_address(registry.address)
    references = [parse(image, registry.address) for image in params["images"]]
    if not references:
        raise Invalid("images: the list is empty", "", "Name at least one image.")
    loading = Loading(read_file, None, request.now(), request.environ)
    asked = Asked(
        policy_from(params["policy"], registry.address, loading, "policy"),
        loading.now,
        Path(params["path"]),
        params["source"],
        params["app"],
    )
    aws = aws_from(params["aws"]) if params.get("aws") else None
    registries = open_registries(registry, aws, request.environ, request.secrets)
    verdicts = verify_images(references, registries.repository, asked)
    return Outcome(tuple(_plan(verdict) for verdict in verdicts), (), {"images": [as_result(one) for one in verdicts]})


def _is_address(address: str) -> None:
    """Else every image would be blamed for it. The whole is not quoted: a login may stand in it."""
    try:
        parse("any", address or "localhost")
    except Invalid as error:
        raise Invalid(f"registry.address: {error.why}", "", "Write HOST[:PORT][/PREFIX], without a scheme.") from None


def _plan(verdict: Verdict) -> Plan:
    name = f"image:{verdict.image}"
    if verdict.verified:
        return Plan(name, {}, {})
    error = verdict.error or MicroappsError(f"The image {verdict.image} is not verified", verdict.reason)
    return Plan(name, {}, {}).failed(error)


def as_result(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data, for results and evidence."""
    return {
        "image": verdict.image,
        "reference": verdict.reference,
        "digest": verdict.digest,
        "media_type": verdict.media_type,
        "platform": verdict.platform,
        "verified": verdict.verified,
        "covers": verdict.covers,
        "could_not_tell": verdict.error is not None,
        "reason": verdict.reason,
        "signatures": [_signature(found) for found in verdict.signatures],
        "attestations": [_attestation(found) for found in verdict.attestations],
        "rejected": [_refused(found) for found in verdict.refused],
        "platforms": [as_result(child) for child in verdict.platforms],
    }


def _signature(found: Verified) -> dict[str, Any]:
    return {
        "format": str(found.format),
        "signer": found.signer,
        "role": found.role,
        "identity": found.identity,
        "where": found.where,
        "digest": found.digest,
        "annotations": dict(found.annotations),
        "claims": dict(found.claims),
        "signed_at": _time(found.signed_at),
        "notes": list(found.notes),
    }


def _attestation(found: Checked) -> dict[str, Any]:
    return {
        "topic": str(found.topic),
        "passed": found.passed,
        "fault": str(found.fault or ""),
        "why": found.why,
        "where": found.where,
        "digest": found.digest,
        "facts": dict(found.facts),
        "notes": list(found.notes),
    }


def _refused(found: Refused) -> dict[str, Any]:
    return {
        "where": found.where,
        "digest": found.digest,
        "format": str(found.format or ""),
        "reason": str(found.reason),
        "why": found.why,
    }


def _time(moment: datetime.datetime | None) -> str:
    return "" if moment is None else moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


CAPABILITY: Final = Capability("image_signature", SPEC, run, PERMISSIONS)
