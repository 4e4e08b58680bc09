# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ECR's own scanner found in the verified image, judged by the policy's `ecr_findings` as attested reports are.

A gate like the signature: findings over the limit, a scan that still runs and one that cannot be read let nothing through.
"""

from __future__ import annotations

from typing import Final

from ..aws.ecr_image_scan import Judging, judged, scan_of
from ..aws.session import session_for
from ..capability import Request
from ..controls import Answer, State
from ..errors import Invalid, MicroappsError, NotFound
from ..microapp import Context
from ..oci.auth import ecr_place
from ..oci.model import Repository
from ..oci.reference import Reference, parse
from .attestations.knowledge import knowledge_for
from .attestations.model import Checked, VulnerabilityRule
from .policy import Policy
from .verify import INDEXES, Verdict, platforms_of

SCANNED: Final = "supply_chain-14"
_PASSED: Final = frozenset({State.IN_PLACE, State.NOT_APPLICABLE})


def lets_through(answer: Answer) -> bool:
    """Whether the road goes on."""
    return answer.state in _PASSED


def scanned(context: Context, policy: Policy, verdict: Verdict, repository: Repository, request: Request) -> Answer:
    """The control's answer for a verdict on the image in this repository; AWS is asked for a verified image only."""
    proof = (f"image:{verdict.reference or verdict.image}",)
    rule = policy.findings.get(context.verdict.path) if context.verdict else None
    if rule is None:
        reason = "The profile's signature_policy has no ecr_findings for this path."
        return Answer(SCANNED, State.NOT_APPLICABLE, proof, reason=reason)
    if verdict.error is not None:
        return Answer(SCANNED, State.NOT_REACHED, proof, reason=verdict.error.sentence(), found="could not be told")
    if not verdict.verified:
        reason = "Nobody looks into an image that is not verified."
        return Answer(SCANNED, State.VIOLATED, proof, reason=reason, found="not verified")
    try:
        checked = _looked_at(context, rule, verdict, repository, request)
    except MicroappsError as error:
        return Answer(SCANNED, State.NOT_REACHED, proof, reason=error.sentence(), found="could not be told")
    reason = " ".join(one.why for one in checked if not one.passed)
    if reason:
        return Answer(SCANNED, State.VIOLATED, proof, reason=reason, found=reason)
    return Answer(SCANNED, State.IN_PLACE, proof, found=f"scanned, and nothing that blocks at {rule.fail_at.word}")


def _looked_at(
    context: Context, rule: VulnerabilityRule, verdict: Verdict, repository: Repository, request: Request
) -> tuple[Checked, ...]:
    """Each image that a node could run: ECR scans those of an index, never the index."""
    aws, place = context.profile.aws, parse(repository.name)
    if ecr_place(place.registry) != (aws.account, aws.region):
        raise Invalid(
            f"signature_policy.ecr_findings: {place.registry} is not ECR's registry of the account {aws.account} in {aws.region}",
            "only that one can be asked what its scanner found",
            "Remove ecr_findings from the profile, or keep the image there.",
        )
    judging = Judging(context.app.name, request.now(), knowledge_for(rule, request.now()))
    ecr = session_for(aws, request.environ).verify_account().ecr
    images = [Reference(place.registry, place.path, digest=digest) for digest in _runnable(verdict, repository)]
    return tuple(judged(scan_of(ecr, image), image, rule, judging) for image in images)


def _runnable(verdict: Verdict, repository: Repository) -> tuple[str, ...]:
    if verdict.media_type not in INDEXES:
        return (verdict.digest,)
    index = repository.manifest(verdict.digest)
    if index is None:
        raise NotFound(f"The index {verdict.reference}", "it was there a moment ago")
    return tuple(child.digest for _platform, child in platforms_of(index))
