# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `app_image`: the image that an app runs in an environment is verified, pinned by its digest, and all that runs.

It is a gate. What is not signed as the profile's policy asks ends the road: nothing after it is done for an image that nobody
vouches for. An app that has no image yet owes nothing here; one whose image could not be asked about is not let through either,
nor one whose branch names an image that is gone, or somebody else's.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..capability import Capability, Change, Outcome, Plan, Refusal, Request, answers_of
from ..controls import Answer, State
from ..errors import Conflict, Invalid, MicroappsError, NotFound, Unreachable
from ..evidence.record import app_folder, mode, write_text
from ..gitops.git import Author, Mirror, last_mirror, mirror
from ..gitops.overlay import CONTAINER, Pin, path_of, pinned
from ..gitops.process import standing
from ..kubernetes.client import connect
from ..kubernetes.kinds import BY_GROUP_KIND
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from ..oci.client import RemoteRepository, open_registries
from ..oci.model import Descriptor
from ..oci.reference import parse
from ..profile import Profile
from .attestations.model import Topic
from .attestations.summary import Input, Judged, summary_of
from .image_signature import PERMISSIONS as REGISTRY_PERMISSIONS
from .image_signature import as_result
from .model import Subject
from .policy import Policy, missing, policy_of
from .release import Meant, Sight, kustomize_name, look
from .running import Place, running, strangers
from .scanned import SCANNED, lets_through, scanned
from .verify import Asked, Verdict, verify_images

SIGNED: Final = "supply_chain-10"
ATTESTED: Final = "supply_chain-11"
PINNED: Final = "supply_chain-12"
CONTROLS: Final = (SIGNED, ATTESTED, PINNED, SCANNED)
PERMISSIONS: Final = (*REGISTRY_PERMISSIONS, "ecr:DescribeImageScanFindings", "pods:list", "git: push the branch of forge.branch")
SPEC: Final[dict[str, Any]] = {**MICROAPP_OPTIONS, **VERDICT_OPTION}
PUSH_TRIES: Final = 3
VERIFIER: Final = "https://github.com/goldenpath/microapps"


def run(request: Request) -> Outcome:
    """Verify; pin what was verified; compare what runs. A closed gate fails the task, with every answer beside it."""
    context = context_of(request)
    profile = context.profile
    if not profile.registry.available:
        reason = f"{profile.registry.why}. {profile.registry.next_step}".strip()
        return Outcome((), tuple(Answer(control, State.NOT_REACHED, reason=reason) for control in CONTROLS))
    if profile.signature_policy is None:
        return Outcome((), _without_policy(profile))
    try:
        return _decided(context, request)
    except MicroappsError as error:
        # What could not be asked is not let through.
        reason = error.sentence()
        answers = tuple(Answer(control, State.NOT_REACHED, reason=reason, found="could not be told") for control in CONTROLS)
        return Outcome((), answers, gate=reason)


def _decided(context: Context, request: Request) -> Outcome:
    policy = policy_of(context.profile, context.app, request.now(), request.environ)
    if policy is None:
        raise Invalid("Verify the app's image", "the profile has no signature_policy")
    copy, untold = _latest(context.profile.repository_url(context.app), request)
    sight = look(context.app, context.profile, copy)
    if sight.other:
        return _closed(f"git:{context.app.name}@{context.profile.forge.branch}", sight.other)
    verdict, where = verified(context, policy, sight.meant, request)
    if isinstance(verdict.error, NotFound) and sight.meant.promised:
        return _closed(f"image:{verdict.image}", f"{str(sight.meant.source).capitalize()} names it: {verdict.error.sentence()}")
    if isinstance(verdict.error, NotFound):
        return Outcome((), _nothing_released(sight.meant))
    findings = scanned(context, policy, verdict, where, request)
    goes_on = verdict.verified and lets_through(findings)
    plans, branch = _pinned(context, sight, verdict, request) if goes_on and not untold else ((), {})
    foreign: tuple[str, ...] = ()
    if goes_on:
        try:
            foreign = _foreign(context, verdict, request)
        except MicroappsError as error:
            # Whether it is signed is known; whether it is all that runs is not.
            untold = untold or error.sentence()
    artefacts = {**_kept(context, policy, verdict, request), **branch}
    answers = tuple(
        _not_told(answer, untold) if untold and goes_on and answer.control == PINNED else answer
        for answer in (*_answers(policy, verdict, goes_on, plans, foreign, request.check), findings)
    )
    result = {"image": as_result(verdict), "artefacts": artefacts}
    return Outcome(plans, answers, result, gate="" if goes_on else verdict.reason or findings.reason)


def _latest(url: str, request: Request) -> tuple[Mirror, str]:
    """The app's repository; while the forge is down, as the last run left it, and why. Unreachable if there is none."""
    try:
        return mirror(url, request.environ), ""
    except Unreachable as error:
        copy = last_mirror(url, request.environ)
        if copy is None:
            raise
        return copy, error.sentence()


def _not_told(answer: Answer, why: str) -> Answer:
    return Answer(answer.control, State.NOT_REACHED, answer.proof, reason=why, found="could not be told")


def verified(context: Context, policy: Policy, meant: Meant, request: Request) -> tuple[Verdict, RemoteRepository]:
    """The verdict on the first of the images that is there (on the last one if none is), and where it lies."""
    profile, app = context.profile, context.app
    if context.verdict is None:
        raise Invalid("Verify the app's image", "there is no verdict", "Run the role triage first.")
    asked = Asked(policy, request.now(), context.verdict.path, profile.repository_url(app), app.name)
    registries = open_registries(profile.registry, profile.aws, request.environ, request.secrets)
    for reference in meant.references:
        repository = registries.repository(reference)
        (verdict,) = verify_images([reference], registries.repository, asked)
        if not isinstance(verdict.error, NotFound):
            break
    return verdict, repository


def _pinning(context: Context, sight: Sight, verdict: Verdict) -> Plan:
    """The overlay's plan. One that the scaffold has yet to make is pinned like one that is there."""
    name = f"git:{context.app.name}@{context.profile.forge.branch}:{path_of(context.app.environment)}"
    after = {"image": verdict.reference}
    before = {"image": f"{sight.pin.repository}@{sight.pin.digest}" if sight.pin.digest else "by a tag"}
    if sight.tip is not None and sight.overlay is None:
        refusal = Refusal(
            f"{name} is not there", "the branch has no overlay for this environment", "Let the scaffold role make it.", PINNED
        )
        return Plan(name, {}, {}, (), (refusal,), (PINNED,))
    if before == after:
        return Plan(name, before, after, (), (), (PINNED,))
    return Plan(name, before, after, (Change("update", "digest", before["image"], after["image"], PINNED),), (), (PINNED,))


def _pinned(context: Context, sight: Sight, verdict: Verdict, request: Request) -> tuple[tuple[Plan], dict[str, str]]:
    """The overlay's plan as it came out, and where the branch stands by now if this run moved it."""
    plan, commit = _pinning(context, sight, verdict), ""
    if plan.changes and not request.check:
        plan, commit = _pushed(context, plan, verdict, request)
    app, profile = context.app, context.profile
    stands = standing(profile.repository_url(app), profile.forge.branch, commit, app.repository.branch)
    return (plan,), {"branch": stands} if commit else {}


def _pushed(context: Context, plan: Plan, verdict: Verdict, request: Request) -> tuple[Plan, str]:
    """One commit with the pinned overlay, and its id; read again if somebody pushed meanwhile."""
    app, profile = context.app, context.profile
    author = Author(profile.forge.author_name, profile.forge.author_email)
    repository, _at, digest = verdict.reference.partition("@")
    for tried in range(1, PUSH_TRIES + 1):
        try:
            sight = look(app, profile, mirror(profile.repository_url(app), request.environ))
            if sight.tip is None or sight.overlay is None:
                raise Invalid(f"{plan.object} cannot be pinned", "the branch is gone", "Run again: the scaffold role makes it.")
            content = pinned(sight.overlay, kustomize_name(app), Pin(repository, digest))
            tree = sight.copy.write_tree(sight.tip, {path_of(app.environment): content})
            message = f"Run the verified image in {app.environment}\n\n{verdict.reference}\n"
            commit = sight.copy.commit(tree, [sight.tip], message, author, request.now())
            sight.copy.push(commit, profile.forge.branch, sight.tip)
        except Conflict as error:
            if tried == PUSH_TRIES:
                return plan.failed(error), ""
        except MicroappsError as error:
            return plan.failed(error), ""
        else:
            return plan, commit
    raise AssertionError("the last try returns")


def _foreign(context: Context, verdict: Verdict, request: Request) -> tuple[str, ...]:
    """What runs in the app's namespace and was not verified; nothing where there is no cluster, which others answer for."""
    app, profile = context.app, context.profile
    if not profile.cluster.available:
        return ()
    client = connect(profile.cluster, request.environ, request.secrets)
    pods = client.list_all(BY_GROUP_KIND["Pod"], app.namespace)
    verified = frozenset({verdict.digest, *(child.digest for child in verdict.platforms)})
    names = frozenset({parse(app.image, profile.registry.address).path, kustomize_name(app)})
    return strangers(running(pods, names, Place(app.name, CONTAINER)), verified)


def _answers(
    policy: Policy, verdict: Verdict, goes_on: bool, plans: Iterable[Plan], foreign: tuple[str, ...], check: bool
) -> tuple[Answer, ...]:
    proof = (f"image:{verdict.reference or verdict.image}",)
    if verdict.error is not None:
        reason = verdict.error.sentence()
        asked = (SIGNED, ATTESTED, PINNED)
        return tuple(Answer(control, State.NOT_REACHED, proof, reason=reason, found="could not be told") for control in asked)
    unmet = missing(policy, verdict.signatures)
    covered = policy.covers(verdict.reference.partition("@")[0])
    failed = [one for one in verdict.attestations if not one.passed]
    if unmet or not covered:
        # What the attestations lack is the next control's to say.
        reason = verdict.reason.removesuffix(" ".join(one.why for one in failed)).strip()
        signed = Answer(SIGNED, State.VIOLATED, proof, reason=reason, found=reason)
    else:
        signed = Answer(SIGNED, State.IN_PLACE, proof, found=f"signed by {_signers(verdict)}")
    if not verdict.attestations:
        reason = "The profile's signature_policy asks for no attestation on this path." if not unmet else verdict.reason
        attested = Answer(ATTESTED, State.NOT_APPLICABLE if not unmet else State.VIOLATED, proof, reason=reason)
    elif failed:
        reason = " ".join(one.why for one in failed)
        attested = Answer(ATTESTED, State.VIOLATED, proof, reason=reason, found=reason)
    else:
        told = ", ".join(str(one.topic) for one in verdict.attestations)
        attested = Answer(ATTESTED, State.IN_PLACE, proof, found=f"{told} attested")
    if not goes_on:
        found = "held back for what its scan found" if verdict.verified else "not verified"
        reason = f"An image that is {found} is not pinned, and what runs is compared with nothing."
        return (signed, attested, Answer(PINNED, State.VIOLATED, proof, reason=reason, found=found))
    (pin,) = answers_of(plans, (PINNED,), check)
    if foreign:
        reason = f"Not the verified image: {'; '.join(foreign[:5])}. Deploy the branch, or find out who did"
        pin = Answer(PINNED, State.VIOLATED, proof, reason=reason, found=reason)
    return (signed, attested, pin)


def _signers(verdict: Verdict) -> str:
    return ", ".join(dict.fromkeys(f"{one.signer} ({one.identity})" for one in verdict.signatures))


def _without_policy(profile: Profile) -> tuple[Answer, ...]:
    reason = (
        f"Nobody says whose signature counts in {profile.name}. Add signature_policy to {profile.name}'s profile "
        "(docs/signatures.md)"
    )
    none = "Nothing is verified without a signature_policy."
    return (
        Answer(SIGNED, State.VIOLATED, reason=reason, found=reason),
        *(Answer(control, State.NOT_APPLICABLE, reason=none) for control in (ATTESTED, PINNED, SCANNED)),
    )


def _closed(proof: str, reason: str) -> Outcome:
    """The gate, closed by what is to run and not by who signed it."""
    answers = tuple(Answer(control, State.VIOLATED, (proof,), reason=reason, found=reason) for control in CONTROLS)
    return Outcome((), answers, gate=reason)


def _nothing_released(meant: Meant) -> tuple[Answer, ...]:
    first, *more = [str(one) for one in meant.references]
    others = f", nor an image of the {len(more)} commits before" if more else ""
    reason = f"No image of it is released yet: the registry does not have {first}{others}."
    return tuple(Answer(control, State.NOT_APPLICABLE, reason=reason) for control in CONTROLS)


def _kept(context: Context, policy: Policy, verdict: Verdict, request: Request) -> dict[str, str]:
    """What an auditor reads: our verdict as a SLSA verification summary, and the bill of materials that was verified."""
    evidence: Mapping[str, str] | None = request.params.get("evidence")
    if not evidence or verdict.error is not None:
        return {}
    folder, prefix = app_folder(evidence), mode(request.check)
    files = {"verification summary": folder / f"{prefix}.vsa.json"}
    write_text(files["verification summary"], _summary(context, policy, verdict, request))
    bill = next((one for one in verdict.attestations if one.topic is Topic.SBOM and one.passed), None)
    statement = next((one.statement for one in verdict.inputs if bill and one.digest == bill.digest), None)
    if statement is not None:
        files["bill of materials"] = folder / f"{prefix}.sbom.json"
        write_text(files["bill of materials"], json.dumps(statement["predicate"], indent=1, sort_keys=True) + "\n")
    return {label: str(pathlib.Path(path)) for label, path in files.items()}


def _summary(context: Context, policy: Policy, verdict: Verdict, request: Request) -> str:
    repository, _at, digest = verdict.reference.partition("@")
    rule = policy.owed[context.verdict.path].provenance if context.verdict else None
    judged = Judged(
        verifier=VERIFIER,
        resource=f"oci://{verdict.reference}",
        policy_uri=f"signature_policy of {context.profile.name}",
        policy_digest=policy.digest,
        passed=verdict.verified,
        level=rule.level if rule else None,
        inputs=tuple(Input(one.digest, f"oci://{repository}@{one.digest}") for one in (*verdict.signatures, *verdict.inputs)),
    )
    return summary_of(Subject(Descriptor(verdict.media_type, digest, 0), repository), judged, request.now()).decode()


CAPABILITY: Final = Capability("app_image", SPEC, run, PERMISSIONS, CONTROLS)
